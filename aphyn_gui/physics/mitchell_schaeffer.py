"""The Mitchell-Schaeffer model, with its original gate and with a smooth one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from aphyn_gui.physics.ionic_model import IonicModel, Parameter

if TYPE_CHECKING:
    import sympy

_SOURCE = "Mitchell and Schaeffer, Bull. Math. Biol. 65:767-793, 2003"

TIME_CONSTANTS = (
    Parameter(
        "tau_in", "ms", 0.3, 0.1, 3.0,
        "Time constant of the inward current; smaller means a steeper upstroke.",
        _SOURCE, learned=True,
    ),
    Parameter(
        "tau_out", "ms", 6.0, 0.5, 60.0,
        "Time constant of the outward current; smaller means faster repolarisation.",
        _SOURCE, learned=True,
    ),
    Parameter(
        "tau_open", "ms", 120.0, 5.0, 1000.0,
        "Time constant with which the gate reopens after the action potential; "
        "sets restitution, which one beat does not show.",
        _SOURCE,
    ),
    Parameter(
        "tau_close", "ms", 150.0, 2.0, 1000.0,
        "Time constant with which the gate closes; larger means a longer action potential.",
        _SOURCE, learned=True,
    ),
    Parameter(
        "v_gate", "", 0.13, 0.05, 0.4,
        "Potential at which the gate changes between opening and closing.",
        _SOURCE,
    ),
)  # fmt: skip
"""The model's five constants; those the paper learns are marked as learned."""

GATE_WIDTH = 0.04
"""Half of the width over which the smooth gate changes, in units of v.

It spreads like a logistic gate of width 0.01, which changes fitted time constants in the fourth
digit, but is a polynomial, and exact away from the threshold.
"""


def smooth_step_above(v: sympy.Expr, threshold: sympy.Expr) -> sympy.Expr:
    """0 below the threshold, 1 above, and a cubic over ``GATE_WIDTH`` on both sides of it."""
    import sympy

    distance = (v - threshold) / GATE_WIDTH
    x = sympy.Piecewise((-1, distance < -1), (1, distance > 1), (distance, True))
    return (2 + 3 * x - x**3) / 4


def _voltage_rate(
    v: sympy.Expr, h: sympy.Expr, parameters: Mapping[str, sympy.Symbol]
) -> sympy.Expr:
    return h * v**2 * (1 - v) / parameters["tau_in"] - v / parameters["tau_out"]


def _hard_gate(
    v: sympy.Expr, h: sympy.Expr, parameters: Mapping[str, sympy.Symbol]
) -> tuple[sympy.Expr, sympy.Expr]:
    import sympy

    opening = (1 - h) / parameters["tau_open"]
    closing = -h / parameters["tau_close"]
    gate_rate = sympy.Piecewise((opening, v < parameters["v_gate"]), (closing, True))
    return _voltage_rate(v, h, parameters), gate_rate


def _smooth_gate(
    v: sympy.Expr, h: sympy.Expr, parameters: Mapping[str, sympy.Symbol]
) -> tuple[sympy.Expr, sympy.Expr]:
    above = smooth_step_above(v, parameters["v_gate"])
    opening = (1 - h) / parameters["tau_open"]
    closing = -h / parameters["tau_close"]
    return _voltage_rate(v, h, parameters), opening + above * (closing - opening)


MITCHELL_SCHAEFFER = IonicModel(
    name="mitchell_schaeffer",
    title="Mitchell-Schaeffer",
    source=_SOURCE,
    parameters=TIME_CONSTANTS,
    rates=_hard_gate,
)
"""The original model, with the gate that switches at v_gate."""

MITCHELL_SCHAEFFER_SMOOTH = IonicModel(
    name="mitchell_schaeffer_smooth",
    title="Mitchell-Schaeffer, smooth gate",
    source=_SOURCE + f"; gate smoothed over {2 * GATE_WIDTH}",
    parameters=TIME_CONSTANTS,
    rates=_smooth_gate,
)
"""The same with a smooth gate: trajectories depend smoothly on the parameters."""
