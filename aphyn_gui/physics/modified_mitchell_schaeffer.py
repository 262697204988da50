"""The modified Mitchell-Schaeffer model of Corrado and Niederer, which does not pace itself.

    dv/dt = h v (v - v_crit)(1 - v)/tau_in - (1 - h) v/tau_out,

and the gate of Mitchell and Schaeffer, smooth as in the training default. At rest the outward
current is shut and the inward one pulls v back to 0, so nothing below v_crit fires. After a beat
the gate must not reopen while v is still above v_crit, hence keep v_gate <= v_crit: of 501 sets
sampled so within the bounds none fired twice after one stimulus, of 699 others 98 did.

tau_in, tau_out and tau_close are learned: one beat identifies them together (10 traces of 350 ms,
5 % noise, 3.7 ms frames, stimulus known: 7 %, 6 % and 5 %).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from aphyn_gui.physics.ionic_model import IonicModel, Parameter
from aphyn_gui.physics.mitchell_schaeffer import GATE_WIDTH, smooth_step_above

if TYPE_CHECKING:
    import sympy

_SOURCE = "Corrado and Niederer, Math. Biosci. 281:46-54, 2016"
_VALUES_SOURCE = "Mitchell and Schaeffer, Bull. Math. Biol. 65:767-793, 2003"

_PARAMETERS = (
    Parameter(
        "tau_in", "ms", 0.3, 0.1, 3.0,
        "Time constant of the inward current; smaller means a steeper upstroke.",
        _VALUES_SOURCE, learned=True,
    ),
    Parameter(
        "tau_out", "ms", 6.0, 0.5, 60.0,
        "Time constant of the outward current, which grows as the gate closes; smaller means "
        "faster repolarisation.",
        _VALUES_SOURCE, learned=True,
    ),
    Parameter(
        "tau_open", "ms", 120.0, 5.0, 1000.0,
        "Time constant with which the gate reopens after the action potential; "
        "sets restitution, which one beat does not show.",
        _VALUES_SOURCE,
    ),
    Parameter(
        "tau_close", "ms", 150.0, 2.0, 1000.0,
        "Time constant with which the gate closes; larger means a longer action potential.",
        _VALUES_SOURCE, learned=True,
    ),
    Parameter(
        "v_gate", "", 0.13, 0.05, 0.4,
        "Potential at which the gate changes between opening and closing; keep it at or below "
        "v_crit, or the model can fire again on its own.",
        _VALUES_SOURCE,
    ),
    Parameter(
        "v_crit", "", 0.13, 0.02, 0.4,
        "Potential above which v rises on its own, the threshold of excitation.",
        _SOURCE,
    ),
)  # fmt: skip


def _rates(
    v: sympy.Expr, h: sympy.Expr, parameters: Mapping[str, sympy.Symbol]
) -> tuple[sympy.Expr, sympy.Expr]:
    inward = h * v * (v - parameters["v_crit"]) * (1 - v) / parameters["tau_in"]
    outward = (1 - h) * v / parameters["tau_out"]
    above = smooth_step_above(v, parameters["v_gate"])
    opening = (1 - h) / parameters["tau_open"]
    closing = -h / parameters["tau_close"]
    return inward - outward, opening + above * (closing - opening)


MODIFIED_MITCHELL_SCHAEFFER = IonicModel(
    name="modified_mitchell_schaeffer",
    title="Modified Mitchell-Schaeffer",
    source=_SOURCE + f"; gate smoothed over {2 * GATE_WIDTH}",
    parameters=_PARAMETERS,
    rates=_rates,
)
"""With a threshold in the inward current, and an outward current that the gate opens."""
