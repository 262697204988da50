"""The Aliev-Panfilov model, in milliseconds.

With U = time_unit,

    U dv/dt = k v (v - a)(1 - v) - v w,
    U dw/dt = (epsilon + mu1 w/(mu2 + v)) (-w - k v (v - b - 1)).

Its action potential is long, about 400 ms for the values below: a window of 300 ms does not show
its end, and then epsilon in particular is known poorly. k, mu1 and epsilon are learned: one beat
identifies them together (10 traces of 600 ms, 5 % noise, 3.7 ms frames, stimulus known: 3 %, 5 %
and 10 %; of 350 ms: 10 %, 11 % and 16 %).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from aphyn_gui.physics.ionic_model import IonicModel, Parameter

if TYPE_CHECKING:
    import sympy

_SOURCE = "Aliev and Panfilov, Chaos Solitons Fractals 7:293-301, 1996"
_THRESHOLDS_SOURCE = "Goektepe and Kuhl, Int. J. Numer. Methods Eng. 79:156-178, 2009"

# The bounds keep Euler's step of 0.1 ms stable: w reaches about 0.4 k, so the fastest rates are
# 1.4 k / time_unit for v and 0.4 k mu1 / (mu2 time_unit) for w.
_PARAMETERS = (
    Parameter(
        "k", "", 8.0, 1.0, 20.0,
        "Strength of the inward current; larger means a steeper upstroke and, through the "
        "recovery that it drives, a shorter action potential.",
        _SOURCE, learned=True,
    ),
    Parameter(
        "a", "", 0.01, 0.002, 0.3,
        "Potential above which v rises on its own, the threshold of excitation.",
        _THRESHOLDS_SOURCE,
    ),
    Parameter(
        "b", "", 0.15, 0.01, 0.4,
        "Share of k that the recovery variable heads for at v = 1; larger means a shorter action "
        "potential.",
        _THRESHOLDS_SOURCE,
    ),
    Parameter(
        "mu1", "", 0.2, 0.01, 0.8,
        "How much faster the recovery variable moves once it has grown; larger means a shorter "
        "action potential.",
        _SOURCE, learned=True,
    ),
    Parameter(
        "mu2", "", 0.3, 0.1, 2.0,
        "Potential scale of that acceleration: it is strongest where v lies below mu2.",
        _SOURCE,
    ),
    Parameter(
        "epsilon", "", 0.002, 0.0002, 0.1,
        "Speed of the recovery variable at rest; larger means a shorter action potential.",
        _SOURCE, learned=True,
    ),
    Parameter(
        "time_unit", "ms", 12.9, 4.0, 50.0,
        "Milliseconds in the model's unit of time; multiplying it, k and epsilon by one number "
        "changes nothing in v, so learn it only where k or epsilon is fixed.",
        _SOURCE,
    ),
)  # fmt: skip


def _rates(
    v: sympy.Expr, w: sympy.Expr, parameters: Mapping[str, sympy.Symbol]
) -> tuple[sympy.Expr, sympy.Expr]:
    import sympy

    k, a, b = (parameters[name] for name in ("k", "a", "b"))
    # The published model never leaves v >= 0, but a network can push it there: without this guard
    # it would meet the pole at v = -mu2.
    positive_v = sympy.Piecewise((0, v < 0), (v, True))
    speed = parameters["epsilon"] + parameters["mu1"] * w / (parameters["mu2"] + positive_v)
    voltage_rate = k * v * (v - a) * (1 - v) - v * w
    gate_rate = speed * (-w - k * v * (v - b - 1))
    return voltage_rate / parameters["time_unit"], gate_rate / parameters["time_unit"]


ALIEV_PANFILOV = IonicModel(
    name="aliev_panfilov",
    title="Aliev-Panfilov",
    source=_SOURCE,
    parameters=_PARAMETERS,
    rates=_rates,
    resting_gate=0.0,
    gate_label="w",
)
"""A FitzHugh-Nagumo type model whose recovery current v w vanishes at rest: no undershoot."""
