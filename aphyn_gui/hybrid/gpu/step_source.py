"""One step of one sequence as CUDA C++ statements: what all kernels are made of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from aphyn_gui.hybrid.gpu.c_arithmetic import statements
from aphyn_gui.hybrid.gpu.network_source import unit_count
from aphyn_gui.hybrid.residual_network import NetworkShape
from aphyn_gui.hybrid.step_graph import StepGraph

SEQUENCE_THREADS = 32
"""Threads a block where each takes a whole trajectory: one warp, to spread over the device."""

STEP_THREADS = 128
"""Threads a block where each takes one step of one sequence."""


@dataclass(frozen=True, slots=True)
class ProgramSpecification:
    """What the kernels of one program compute.

    Parameters
    ----------
    step : StepGraph
        The step and its derivatives.
    network : NetworkShape or None
        F_dl.
    tangents : tuple of int
        Physical parameters along which ``sensitivities`` carries tangents.
    bits : int
        Precision, 32 or 64.
    """

    step: StepGraph
    network: NetworkShape | None
    tangents: tuple[int, ...]
    bits: int


class StepSource:
    """Writes the step of a specification, in the kernels' names.

    Parameters
    ----------
    specification : ProgramSpecification
        What the kernels compute.
    """

    def __init__(self, specification: ProgramSpecification) -> None:
        self.network = specification.network
        self.step = specification.step
        self.tangents = specification.tangents
        self.bits = specification.bits
        self.weights = "" if self.network is None else "const Weights weights, "

    def advance(self) -> tuple[str, tuple[str, ...]]:
        """One step from v, h at ``index``: new v, new h, both rates, and F_dl itself."""
        symbols = self.symbols(n="real(0.0)")
        lines = ["const real t = real(index) * dt;"]
        if self.network is not None:
            code, (v_stage, h_stage) = statements(self.step.stage, self.bits, symbols, "s")
            units = unit_count(self.network)
            lines += [
                code,
                f"real inputs[{units + 2}], unit_slopes[{units}];",
                f"const real n = network_rate(weights, {v_stage}, {h_stage}, inputs, unit_slopes);",
            ]
            symbols["n"] = "n"
        code, outputs = statements(self.step.advance, self.bits, symbols, "x")
        return joined([*lines, code]), (*outputs, symbols["n"])

    def evaluate_network(self, network: NetworkShape) -> str:
        """F_dl and its derivatives at step ``first + offset`` of ``sequence``."""
        units = unit_count(network)
        code, (v_stage, h_stage) = statements(self.step.stage, self.bits, self.symbols(), "s")
        return f"""const real *state = states + (first + offset) * 2 * width + sequence;
const real v = state[0], h = state[width];
{self.load_physical(code)}
{code}
real inputs[{units + 2}], unit_slopes[{units}], arguments[{units}];
const real rate = network_rate(weights, {v_stage}, {h_stage}, inputs, unit_slopes);
real by_v, by_h;
network_slopes(weights, unit_slopes, arguments, by_v, by_h);"""

    def symbols(self, **others: str) -> dict[str, str]:
        """C++ of each symbol of the step."""
        parameters = {name: f"p_{name}" for name in self.step.parameter_names}
        return {**parameters, "v": "v", "h": "h", "t": "t", "dt": "dt", **others}

    def load_physical(self, code: str) -> str:
        """Statements that load the parameters which ``code`` uses."""
        return joined(
            f"const real p_{name} = physical[{position} * width + sequence];"
            for position, name in enumerate(self.step.parameter_names)
            if f"p_{name}" in code
        )


def joined(texts: Iterable[str]) -> str:
    """Some texts, each on a line of its own; empty ones vanish."""
    return "\n".join(line for line in texts if line)


def read_arrays(*names: str) -> str:
    """Declarations of arrays that a kernel reads."""
    return ", ".join(f"const real *__restrict__ {name}" for name in names)


def written_arrays(*names: str) -> str:
    """Declarations of arrays that a kernel writes."""
    return ", ".join(f"real *__restrict__ {name}" for name in names)
