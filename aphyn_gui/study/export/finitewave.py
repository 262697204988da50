"""Fitted Mitchell-Schaeffer parameters for Finitewave: https://github.com/finitewave/Finitewave.

Its ``MitchellSchaeffer2D`` has the attributes tau_in, tau_out, tau_open, tau_close (ms) and u_gate;
its u is our v. Its other models are not ours: its Aliev-Panfilov has one constant for our a and b.
"""

from __future__ import annotations

import json

from aphyn_gui.physics import MITCHELL_SCHAEFFER_SMOOTH
from aphyn_gui.study.export.physics_text import (
    MITCHELL_SCHAEFFER_FAMILY,
    SMOOTH_GATE_NOTE,
    FittedPhysics,
)

_NAMES = {
    "tau_in": "tau_in",
    "tau_out": "tau_out",
    "tau_open": "tau_open",
    "tau_close": "tau_close",
    "v_gate": "u_gate",
}


def finitewave_parameters(physics: FittedPhysics) -> str | None:
    """Fitted parameters as the text of a JSON file; None for models that Finitewave has not.

    Set each entry of ``parameters`` as an attribute of the model before ``run``.
    """
    if physics.model.name not in MITCHELL_SCHAEFFER_FAMILY:
        return None
    notes = [
        physics.title,
        *physics.about,
        "Set each parameter as an attribute: for name, value in parameters.items(): "
        "setattr(model, name, value).",
        "u is v, and v_gate is called u_gate; nothing else was converted. The stimulus is in "
        "1/ms: a current stimulus of that value for that long.",
    ]
    if physics.model.name == MITCHELL_SCHAEFFER_SMOOTH.name:
        notes.append(SMOOTH_GATE_NOTE)
    amplitude, duration, onset = physics.pulse
    content = {
        "model": "MitchellSchaeffer2D",
        "parameters": {theirs: physics.values[ours] for ours, theirs in _NAMES.items()},
        "units": dict.fromkeys(_NAMES.values(), "ms") | {"u_gate": ""},
        "initial_u": physics.initial_voltage,
        "initial_h": physics.initial_gate,
        "stimulus": {"amplitude_per_ms": amplitude, "duration_ms": duration, "onset_ms": onset},
        "time_step_ms": physics.time_step_ms,
        "notes": notes,
    }
    return json.dumps(content, indent=2) + "\n"
