"""One step of the hybrid's equations, with its exact derivatives, as expression graphs.

The step is dX/dt = F_p(X) + F_dl(X): the ionic model and the stimulus are expressions, the
network's rate n is an input, evaluated at the step's *stage point*. From the step follow, exactly,
the transposed derivatives that the adjoint needs and the tangents that least squares needs, so
every engine shares one definition.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache, reduce

from aphyn_gui.hybrid.expression_graph import ExpressionGraph, Tracer
from aphyn_gui.hybrid.expression_translation import trace
from aphyn_gui.physics import GATE_SYMBOL, STIMULUS_PARAMETERS, VOLTAGE_SYMBOL, IonicModel

INITIAL_VOLTAGE = "initial_voltage"
"""Name of v(0) among the quantities to differentiate by."""


class Integrator(StrEnum):
    """How the equations are stepped.

    EULER is the paper's. LINEARLY_IMPLICIT takes the physics' own slope implicitly (midpoint) for
    v, with one network evaluation a step, and exact exponential half steps for h before and after;
    it bears steps several times longer.
    """

    EULER = "euler"
    LINEARLY_IMPLICIT = "linearly-implicit"


@dataclass(frozen=True, slots=True)
class StepGraph:
    """One step and its derivatives.

    Inputs of ``stage``: v, h, dt, parameters. Inputs of ``advance``: those and n (the network's
    rate at the stage point) and t. Inputs of ``adjoint``: those of ``advance``, the cotangents
    lambda_v, lambda_h of the new state, and, from the network's own adjoint, a_v, a_h of the stage
    point. Inputs of ``tangent``: those of ``advance``, and the tangents dv, dh of the old state and
    dn of n; one tangent a parameter.

    Parameters
    ----------
    parameter_names : tuple of str
        The model's parameters, then the stimulus's: the order of every physical vector.
    stage : ExpressionGraph
        (v_s, h_s): where the network is evaluated.
    advance : ExpressionGraph
        (new v, new h, physics rate, network rate); the two rates add up to (new v - v) / dt.
    network_cotangent : ExpressionGraph
        Cotangent of n.
    adjoint : ExpressionGraph
        Cotangents of the old v and h, then of each parameter.
    tangents : tuple of ExpressionGraph
        For each parameter, and last for v(0): tangents of (new v, new h).
    """

    parameter_names: tuple[str, ...]
    stage: ExpressionGraph
    advance: ExpressionGraph
    network_cotangent: ExpressionGraph
    adjoint: ExpressionGraph
    tangents: tuple[ExpressionGraph, ...]


def physical_names(model: IonicModel) -> tuple[str, ...]:
    """Names of a physical vector's entries: the model's parameters, then the stimulus's."""
    return (*model.parameter_names, *(parameter.name for parameter in STIMULUS_PARAMETERS))


@lru_cache(maxsize=32)
def step_graph(
    model: IonicModel, integrator: Integrator, *, is_stimulated: bool = True
) -> StepGraph:
    """Derive the step of a model and everything the engines need of it.

    Parameters
    ----------
    model : IonicModel
        F_p.
    integrator : Integrator
        How a step is taken.
    is_stimulated : bool
        Whether the pulse may still be on; without it the step is a few operations shorter.
    """
    tracer = Tracer()
    names = physical_names(model)
    step = _Step(tracer, model, is_stimulated)
    if integrator is Integrator.EULER:
        step.euler()
    else:
        step.linearly_implicit()
    state = [step.v, step.h]
    parameters = [tracer.input(name) for name in names]

    new_cotangents = dict(
        zip((step.new_v, step.new_h), map(tracer.input, ("lambda_v", "lambda_h")), strict=True)
    )
    (network_cotangent,) = tracer.gradients(new_cotangents, [step.n])
    direct = tracer.gradients(new_cotangents, [*state, *parameters])
    through_stage = [
        tracer.gradients({point: tracer.input(name)}, [*state, *parameters])
        for point, name in ((step.v_stage, "a_v"), (step.h_stage, "a_h"))
    ]
    adjoint = [reduce(tracer.add, terms) for terms in zip(direct, *through_stage, strict=True)]

    # One Jacobian of the step serves all parameters: a tangent is then a few products, and code
    # that carries several of them computes it once.
    new_state = [step.new_v, step.new_h]
    one = tracer.constant(1.0)
    columns = [
        (tracer.tangents({value: one}, new_state), tracer.input(tangent))
        for value, tangent in ((step.v, "dv"), (step.h, "dh"), (step.n, "dn"))
    ]
    carried = [
        reduce(tracer.add, (tracer.multiply(column[row], along) for column, along in columns))
        for row in range(2)
    ]
    sources = [tracer.tangents({parameter: one}, new_state) for parameter in parameters]
    tangents = [
        tracer.graph([tracer.add(*pair) for pair in zip(carried, source, strict=True)])
        for source in sources
    ]
    tangents.append(tracer.graph(carried))

    return StepGraph(
        parameter_names=names,
        stage=tracer.graph([step.v_stage, step.h_stage]),
        advance=tracer.graph([step.new_v, step.new_h, step.physics_rate, step.network_rate]),
        network_cotangent=tracer.graph([network_cotangent]),
        adjoint=tracer.graph(adjoint),
        tangents=tuple(tangents),
    )


class _Step:
    """Writes one step down; the attributes are positions in the tracer."""

    def __init__(self, tracer: Tracer, model: IonicModel, is_stimulated: bool) -> None:
        self._tracer = tracer
        self._is_stimulated = is_stimulated
        self._model = model
        self.v, self.h = tracer.input(VOLTAGE_SYMBOL), tracer.input(GATE_SYMBOL)
        self.n = tracer.input("n")
        self._dt = tracer.input("dt")
        self._voltage_rate, self._gate_rate = trace(tracer, model.rate_expressions)

    def euler(self) -> None:
        """The paper's explicit step."""
        tracer = self._tracer
        self.v_stage, self.h_stage = self.v, self.h
        self.physics_rate = tracer.add(self._voltage_rate, self._stimulus_current())
        self.network_rate = self.n
        self._advance_voltage()
        self.new_h = tracer.add(self.h, tracer.multiply(self._dt, self._gate_rate))

    def linearly_implicit(self) -> None:
        """Half a gate step, a linearly implicit voltage step, half a gate step."""
        tracer = self._tracer
        self.v_stage = self.v
        self.h_stage = self._exponential_half_step(self.v, self.h)
        voltage_rate = self._rates_at(self.v, self.h_stage)[0]
        (slope,) = tracer.tangents({self.v: tracer.constant(1.0)}, [self._voltage_rate])
        (slope,) = self._moved(slope, self.v, self.h_stage)
        half = tracer.multiply(tracer.constant(0.5), self._dt)
        one = tracer.constant(1.0)
        implicit = tracer.divide(one, tracer.subtract(one, tracer.multiply(half, slope)))
        explicit_rate = tracer.add(voltage_rate, self._stimulus_current())
        self.physics_rate = tracer.multiply(explicit_rate, implicit)
        self.network_rate = tracer.multiply(self.n, implicit)
        self._advance_voltage()
        self.new_h = self._exponential_half_step(self.new_v, self.h_stage)

    def _advance_voltage(self) -> None:
        tracer = self._tracer
        rate = tracer.add(self.physics_rate, self.network_rate)
        self.new_v = tracer.add(self.v, tracer.multiply(self._dt, rate))

    def _stimulus_current(self) -> int:
        """Mean of the rectangular pulse over the step, so that its edges may fall between steps."""
        tracer = self._tracer
        if not self._is_stimulated:
            return tracer.constant(0.0)
        amplitude, duration, onset = (tracer.input(p.name) for p in STIMULUS_PARAMETERS)
        t, zero = tracer.input("t"), tracer.constant(0.0)
        end, off = tracer.add(t, self._dt), tracer.add(onset, duration)
        start = tracer.select_less(t, onset, onset, t)
        end = tracer.select_less(end, off, end, off)
        overlap = tracer.subtract(end, start)
        overlap = tracer.select_less(zero, overlap, overlap, zero)
        # The reciprocal stays the same from step to step: it is computed once.
        per_step = tracer.divide(tracer.constant(1.0), self._dt)
        return tracer.multiply(tracer.multiply(amplitude, per_step), overlap)

    def _exponential_half_step(self, v: int, h: int) -> int:
        """Advance the gate by half a step at fixed v.

        Exact when the gate's rate is linear in h, as in Mitchell-Schaeffer; the exponential
        Rosenbrock-Euler step otherwise.
        """
        tracer = self._tracer
        (slope,) = tracer.tangents({self.h: tracer.constant(1.0)}, [self._gate_rate])
        rate, slope = self._moved(self._gate_rate, v, h) + self._moved(slope, v, h)
        half = tracer.multiply(tracer.constant(0.5), self._dt)
        x = tracer.multiply(slope, half)
        # (exp(x) - 1) / x by its series: |x| is half a step over a gate's time constant, and the
        # quotient itself cannot be computed at x = 0.
        one = tracer.constant(1.0)
        relative = one
        for order in range(7, 1, -1):
            term = tracer.multiply(tracer.multiply(x, tracer.constant(1 / order)), relative)
            relative = tracer.add(one, term)
        return tracer.add(h, tracer.multiply(tracer.multiply(rate, half), relative))

    def _rates_at(self, v: int, h: int) -> tuple[int, ...]:
        return self._moved(self._voltage_rate, v, h) + self._moved(self._gate_rate, v, h)

    def _moved(self, position: int, v: int, h: int) -> tuple[int, ...]:
        """The same value, at another state."""
        graph = self._tracer.graph([position])
        inputs = {
            str(operation.payload): self._tracer.input(str(operation.payload))
            for operation in graph.operations
            if operation.name == "input"
        }
        inputs.update({VOLTAGE_SYMBOL: v, GATE_SYMBOL: h})
        return graph.evaluate(self._tracer, inputs)
