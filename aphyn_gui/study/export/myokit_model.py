"""Fitted physics as a Myokit model (.mmt): https://myokit.org."""

from __future__ import annotations

import re

from aphyn_gui.physics import GATE_SYMBOL, VOLTAGE_SYMBOL
from aphyn_gui.study.export.expressions import myokit_rates
from aphyn_gui.study.export.physics_text import FittedPhysics

_UNITS = {"": "1", "ms": "ms", "1/ms": "1/ms", "s": "s", "1/s": "1/s", "mV": "mV"}
"""Units of parameters, as Myokit writes them."""
_TAKEN = frozenset({"and", "or", "not", "if", "piecewise", "in", "use", "as", "bind", "label",
                    "dot", "partial", "init", "diff"})  # fmt: skip
"""Words of Myokit's language."""

_FILE = """\
[[model]]
name: {name}
desc: \"\"\"
{description}
\"\"\"
# Initial values
membrane.v = {initial_voltage!r}
gate.{gate} = {initial_gate!r}

[engine]
time = 0 [ms]
    in [ms]
    bind time
pace = 0
    bind pace

[parameters]
{parameters}

[stimulus]
# {stimulus_comment}
amplitude = {amplitude!r} [1/ms]
    in [1/ms]
current = engine.pace * amplitude
    in [1/ms]

[membrane]
dot(v) = {voltage_rate} + stimulus.current
    in [1]

[gate]
dot({gate}) = {gate_rate}
    in [1]

[[protocol]]
# Level  Start  Length  Period  Multiplier
1.0  {onset!r}  {duration!r}  0  0
"""


def myokit_model(physics: FittedPhysics) -> str:
    """Fitted physics as the text of an ``.mmt`` file: model and one stimulus.

    Parameters
    ----------
    physics : FittedPhysics
        Any ionic model; the residual network is not part of the text, which says so.
    """
    gate = _name(physics.model.gate_label)
    own = {name: f"parameters.{_name(name)}" for name in physics.model.parameter_names}
    voltage_rate, gate_rate = myokit_rates(
        physics.model, {VOLTAGE_SYMBOL: "membrane.v", GATE_SYMBOL: f"gate.{gate}", **own}
    )
    amplitude, duration, onset = physics.pulse
    return _FILE.format(
        name=physics.title,
        description="\n".join(physics.about),
        initial_voltage=physics.initial_voltage,
        initial_gate=physics.initial_gate,
        gate=gate,
        parameters="\n".join(_parameters(physics)),
        stimulus_comment="Rectangular pulse, added to dv/dt while the protocol's level is 1.",
        amplitude=amplitude,
        voltage_rate=voltage_rate,
        gate_rate=gate_rate,
        onset=onset,
        duration=duration,
    )


def _parameters(physics: FittedPhysics) -> list[str]:
    lines = []
    for parameter in physics.model.parameters:
        unit = _UNITS.get(parameter.unit)
        value = repr(physics.values[parameter.name])
        lines.append(f"# {physics.comments[parameter.name]}")
        if unit is None:
            # A user's model may measure in anything; Myokit knows SI.
            lines.append(f"{_name(parameter.name)} = {value}")
        else:
            lines += [f"{_name(parameter.name)} = {value} [{unit}]", f"    in [{unit}]"]
    return lines


def _name(name: str) -> str:
    """A name that Myokit accepts: it begins with a letter and is no word of the language."""
    plain = re.sub(r"\W", "_", name, flags=re.ASCII)
    return f"p_{plain}" if plain in _TAKEN or not plain[:1].isalpha() else plain
