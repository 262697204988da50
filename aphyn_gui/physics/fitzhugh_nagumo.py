"""The FitzHugh-Nagumo model, rescaled to rest at 0 and to peak at 1.

FitzHugh wrote, with x falling during the action potential and r the recovery,

    dx/dt = c (x - x^3/3 + r + J),    dr/dt = -(x - a + b r)/c.

Let (x0, r0) be his rest and x1 < x0 the lowest root of x - x^3/3 + r0, where the upstroke would
end if r stood still. With the span L = x0 - x1 and v = (x0 - x)/L, w = 3 (r - r0)/L^3, the cubic
factorises and the equations become, exactly,

    dv/dt = k (v (v - v_threshold)(1 - v) - w),    dw/dt = epsilon (v - gamma w),

with k = c L^2/3, epsilon = 1/k, gamma = b L^2/3 and v_threshold = (x0 - x2)/L, x2 being the middle
root. FitzHugh's a 0.7 and b 0.8 give v_threshold 0.130 and gamma 2.70. His c sets the ratio
k/epsilon; a unit of time in milliseconds makes k and epsilon independent of each other.

The model hyperpolarises: after the action potential v falls to about -0.25 and takes some hundred
milliseconds to come back. k, v_threshold and epsilon are learned: one beat identifies them together
(10 traces of 350 ms, 5 % noise, 3.7 ms frames, stimulus known: 4 %, 5 % and 2 %).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from aphyn_gui.physics.ionic_model import IonicModel, Parameter

if TYPE_CHECKING:
    import sympy

_SOURCE = "FitzHugh, Biophys. J. 1:445-466, 1961; Nagumo et al., Proc. IRE 50:2061-2070, 1962"
_SHAPE_SOURCE = "FitzHugh, Biophys. J. 1:445-466, 1961: a 0.7, b 0.8, rescaled"
_PACE_SOURCE = "chosen here for an action potential of about 250 ms"

# With gamma < 4/(1 - v_threshold)^2 rest is the only equilibrium: no parameters inside these
# bounds leave the cell on its plateau. It is stable for all of them.
_PARAMETERS = (
    Parameter(
        "k", "1/ms", 0.8, 0.05, 8.0,
        "Speed of v; larger means a steeper upstroke and a sharper end of the action potential.",
        _PACE_SOURCE, learned=True,
    ),
    Parameter(
        "v_threshold", "", 0.13, 0.02, 0.4,
        "Potential above which v rises on its own, the threshold of excitation; larger means a "
        "shorter action potential and a deeper undershoot.",
        _SHAPE_SOURCE, learned=True,
    ),
    Parameter(
        "epsilon", "1/ms", 0.0008, 0.00005, 0.05,
        "Speed of the recovery variable; larger means a shorter action potential.",
        _PACE_SOURCE, learned=True,
    ),
    Parameter(
        "gamma", "", 2.7, 0.1, 4.0,
        "Pull of the recovery variable back to zero; larger means a longer action potential and "
        "a shorter undershoot.",
        _SHAPE_SOURCE,
    ),
)  # fmt: skip


def _rates(
    v: sympy.Expr, w: sympy.Expr, parameters: Mapping[str, sympy.Symbol]
) -> tuple[sympy.Expr, sympy.Expr]:
    voltage_rate = parameters["k"] * (v * (v - parameters["v_threshold"]) * (1 - v) - w)
    gate_rate = parameters["epsilon"] * (v - parameters["gamma"] * w)
    return voltage_rate, gate_rate


FITZHUGH_NAGUMO = IonicModel(
    name="fitzhugh_nagumo",
    title="FitzHugh-Nagumo",
    source=_SOURCE,
    parameters=_PARAMETERS,
    rates=_rates,
    resting_gate=0.0,
    gate_label="w",
)
"""The classic model, affinely equivalent to FitzHugh's; it hyperpolarises after the beat."""
