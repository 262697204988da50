"""Values as Python source: a short list of harmless types, and nothing else."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields
from enum import Enum
from pathlib import PurePath

from aphyn_gui.fitting import Device, InitialVoltage, NetworkSettings, Optimiser, Protocol
from aphyn_gui.physics import Stimulus
from aphyn_gui.recording import (
    Ensemble,
    FrameRepair,
    Mask,
    Normalisation,
    Polarity,
    Preparation,
    RectangularRoi,
    SmoothBaseline,
    Split,
    TemporalFilter,
    TemporalKind,
)
from aphyn_gui.study.study import StudyError

_DATACLASSES = (
    FrameRepair, NetworkSettings, Preparation, Protocol, RectangularRoi, SmoothBaseline, Stimulus,
    TemporalFilter,
)  # fmt: skip
_ENUMS = (
    Device, Ensemble, InitialVoltage, Normalisation, Optimiser, Polarity, Split, TemporalKind,
)  # fmt: skip
_STEP = "    "
_LINE = 88


def literal(value: object, indent: int = 0) -> str:
    """Source that gives an equal value when it is run.

    Text, paths included, is written as a string literal, so that nothing in a name can become code.

    Parameters
    ----------
    value : object
        None, a truth value, number, text, path, tuple, list or mapping of such, or one of this
        package's settings.
    indent : int
        Depth of the source it is put into, in steps of four columns.

    Raises
    ------
    StudyError
        If it is anything else.
    """
    if value is None or isinstance(value, bool):
        return repr(value)
    if isinstance(value, Enum):
        return _enumerated(value)
    if isinstance(value, int):
        return repr(int(value))
    if isinstance(value, float):
        return repr(float(value)) if math.isfinite(value) else f'float("{float(value)}")'
    if isinstance(value, str):
        return ascii(str(value))
    if isinstance(value, PurePath):
        return f"Path({str(value)!a})"
    return _compound(value, indent)


def _compound(value: object, indent: int) -> str:
    if isinstance(value, tuple):
        parts = [literal(item, indent + 1) for item in value]
        # A tuple of one needs its comma.
        return _bracketed("(", [*parts, ""] if len(parts) == 1 else parts, ")", indent)
    if isinstance(value, list):
        return _bracketed("[", [literal(item, indent + 1) for item in value], "]", indent)
    if isinstance(value, Mapping):
        parts = [
            f"{literal(key, indent + 1)}: {literal(item, indent + 1)}"
            for key, item in value.items()
        ]
        return _bracketed("{", parts, "}", indent)
    if isinstance(value, Mask):
        return f"Mask.from_dict({literal(value.as_dict(), indent)})"
    if type(value) in _DATACLASSES:
        parts = [
            f"{field.name}={literal(getattr(value, field.name), indent + 1)}"
            for field in fields(value)  # type: ignore[arg-type]
        ]
        return _bracketed(f"{type(value).__name__}(", parts, ")", indent)
    raise StudyError(f"a value of type {type(value).__name__} cannot be written into a script")


def _enumerated(value: Enum) -> str:
    if type(value) not in _ENUMS:
        raise StudyError(f"a value of type {type(value).__name__} cannot be written into a script")
    return f"{type(value).__name__}.{value.name}"


def _bracketed(opening: str, parts: list[str], closing: str, indent: int) -> str:
    """On one line where it is short, else one part a line."""
    line = opening + ", ".join(parts).rstrip(" ") + closing
    if "\n" not in line and len(line) + len(_STEP) * indent <= _LINE:
        return line
    inner, outer = _STEP * (indent + 1), _STEP * indent
    body = "".join(f"{inner}{part},\n" for part in parts if part)
    return f"{opening}\n{body}{outer}{closing}"
