"""Fitted physics for openCARP: an EasyML model, and parameters of its own Mitchell-Schaeffer.

openCARP's model ``MitchellSchaeffer`` has the parameters V_min, V_max (mV that stand for v = 0 and
1), tau_in, tau_out, tau_open, tau_close (ms) and V_gate, 0.13 unless set; its gate switches at
V_gate. Checked against a published run of ``bench`` (openCARP 16; V_min 0, V_max 1, tau_out 5,
stimulus 0.5 for 1 ms from 1 ms on, 400 ms cycle): 0.909, 0.867, 0.800, 0.675 at 50, 100, 150 and
200 ms, which these equations give to three digits.
"""

from __future__ import annotations

import math

from sympy.printing.c import reserved_words

from aphyn_gui.physics import GATE_SYMBOL, MITCHELL_SCHAEFFER_SMOOTH, VOLTAGE_SYMBOL
from aphyn_gui.study.export.expressions import c_rates
from aphyn_gui.study.export.physics_text import (
    MITCHELL_SCHAEFFER_FAMILY,
    SMOOTH_GATE_NOTE,
    FittedPhysics,
)

_STOCK_GATE = 0.13
_RESERVED = frozenset({"t", "dt", "Vm", "Iion", "V_min", "V_max", "v", "range"})
_SPECIAL_BEGINNINGS = ("_", "diff_", "d_", "alpha_", "a_", "beta_", "b_")
_SPECIAL_ENDS = ("_init", "_inf")

_MODEL = """\
/*
{about}

 V_min and V_max are the potentials that stand for v = 0 and v = 1. As they are, Vm is v itself; set
 them to, say, -80 and 40 for mV, and V_init with them.
 In bench: --stim-start {onset:g} --stim-dur {duration:g} --stim-curr {amplitude:.6g} (times
 V_max - V_min), --dt {time_step:g}.
*/
V; .external(Vm); .nodal();
Iion; .external(); .nodal();

group {{
  V_min = 0.;
  V_max = 1.;
{parameters}
}} .param();

V_init = {initial_voltage!r};
{gate}_init = {initial_gate!r};

v = (V - V_min)/(V_max - V_min);
Iion = -(V_max - V_min)*({voltage_rate});
diff_{gate} = {gate_rate};
"""


def easyml_model(physics: FittedPhysics) -> str:
    """Fitted physics as the text of an EasyML ``.model`` file, for any ionic model.

    It becomes a module by ``limpet_fe.py`` and ``make_dynamic_model.sh`` of openCARP.
    """
    gate = _name(physics.model.gate_label)
    own = {name: _name(name) for name in physics.model.parameter_names}
    voltage_rate, gate_rate = c_rates(
        physics.model, {VOLTAGE_SYMBOL: "v", GATE_SYMBOL: gate, **own}
    )
    amplitude, duration, onset = physics.pulse
    return _MODEL.format(
        about="\n".join(f" {line}" for line in (physics.title, *physics.about)),
        onset=onset,
        duration=duration,
        amplitude=amplitude,
        time_step=physics.time_step_ms,
        parameters="\n".join(
            f"  {own[p.name]} = {physics.values[p.name]!r};"
            + (f" .units({p.unit});" if p.unit == "ms" else "")
            + f" // {physics.comments[p.name]}"
            for p in physics.model.parameters
        ),
        initial_voltage=physics.initial_voltage,
        initial_gate=physics.initial_gate,
        gate=gate,
        voltage_rate=voltage_rate,
        gate_rate=gate_rate,
    )


def opencarp_parameters(physics: FittedPhysics) -> str | None:
    """How to run fitted physics with openCARP's own Mitchell-Schaeffer; None for other models.

    The text of a file: lines that begin with ``#`` explain, the others are one ``bench`` command
    and one line for a parameter file.
    """
    if physics.model.name not in MITCHELL_SCHAEFFER_FAMILY:
        return None
    return "\n".join(_stock_lines(physics)) + "\n"


def _stock_lines(physics: FittedPhysics) -> list[str]:
    values = physics.values
    names = ["tau_in", "tau_out", "tau_open", "tau_close"]
    pairs = ["V_min=0", "V_max=1", *(f"{name}={values[name]!r}" for name in names)]
    notes = [
        physics.title,
        *physics.about,
        "V_min and V_max are the potentials that stand for v = 0 and 1: set them to mV as you need,"
        " and multiply the stimulus by their difference. Initial v is openCARP's own, V_min.",
    ]
    if physics.model.name == MITCHELL_SCHAEFFER_SMOOTH.name:
        notes.append(SMOOTH_GATE_NOTE)
    # Single precision has made 0.13 into 0.12999999523.
    if not math.isclose(values["v_gate"], _STOCK_GATE, rel_tol=1e-6):
        pairs.append(f"V_gate={values['v_gate']!r}")
        notes.append("bench --imp MitchellSchaeffer --imp-info lists the names this openCARP uses.")
    amplitude, duration, onset = physics.pulse
    parameters = ",".join(pairs)
    return [
        *(f"# {note}" for note in notes),
        f"bench --imp MitchellSchaeffer --imp-par {parameters} --stim-start {onset:g} "
        f"--stim-dur {duration:g} --stim-curr {amplitude:.6g} --dt {physics.time_step_ms:g}",
        f'imp_region[0].im_param = "{parameters}"',
    ]


def _name(name: str) -> str:
    """A name that EasyML takes for a plain variable."""
    is_special = (
        name in (*_RESERVED, *reserved_words)
        or name.startswith(_SPECIAL_BEGINNINGS)
        or name.endswith(_SPECIAL_ENDS)
    )
    return f"p_{name}" if is_special else name
