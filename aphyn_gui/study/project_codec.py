"""Frozen dataclasses to JSON values and arrays, and back, led by their annotations.

What may be in a project is an explicit table of types; a file never names one. Floats that are no
numbers are the strings "NaN", "Infinity" and "-Infinity". An array is ``{"array": n}``: the n-th
of its document, kept beside it.
"""

from __future__ import annotations

import math
import operator
import types
from collections.abc import Callable, Mapping
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

import numpy as np
import numpy.typing as npt

from aphyn_gui.fitting import (
    Device,
    Errors,
    Estimate,
    Fit,
    FitForecast,
    History,
    InitialVoltage,
    NetworkSettings,
    Optimiser,
    Outcome,
    Protocol,
    Provenance,
    Uncertainty,
)
from aphyn_gui.physics import Stimulus
from aphyn_gui.recording import (
    Ensemble,
    FrameRepair,
    LeftOutPixel,
    Mask,
    Normalisation,
    Polarity,
    Preparation,
    Quartiles,
    RecordingError,
    RectangularRoi,
    RegionMeasures,
    SequenceSet,
    SmoothBaseline,
    Split,
    TemporalFilter,
    TemporalKind,
)
from aphyn_gui.study.project_checks import problem_with
from aphyn_gui.study.reading import Reading
from aphyn_gui.study.study import (
    RecordingReference,
    Region,
    RegionFit,
    StudyError,
    StudyRecording,
)

RECORDS: frozenset[type] = frozenset(
    {
        Errors, Estimate, Fit, FitForecast, FrameRepair, History, LeftOutPixel,
        NetworkSettings, Preparation, Protocol, Provenance, Quartiles, Reading,
        RecordingReference, RectangularRoi, Region, RegionFit, RegionMeasures, SequenceSet,
        SmoothBaseline, Stimulus, StudyRecording, TemporalFilter, Uncertainty,
    }
)  # fmt: skip
"""The dataclasses that a project may hold."""

CHOICES: frozenset[type] = frozenset(
    {
        Device,
        Ensemble,
        InitialVoltage,
        Normalisation,
        Optimiser,
        Outcome,
        Polarity,
        Split,
        TemporalKind,
    }
)
"""The enumerations that a project may hold."""

DTYPES: frozenset[type] = frozenset({np.float64, np.floating, np.int64})
"""What arrays may hold; ``floating``: either precision."""

SELF_WRITTEN: frozenset[type] = frozenset({Mask})
"""What says itself how it is written, with ``as_dict`` and ``from_dict``."""

_NOT_NUMBERS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_LARGEST_INTEGER = 2**63 - 1

Array = npt.NDArray[Any]
ReadArray = Callable[[int, type], Array]
"""From an array's number and the type it must hold."""


class ProjectError(StudyError):
    """A project file that cannot be read or written; the message is meant for the user."""


def to_json(value: Any, kind: Any, where: str, arrays: list[Array]) -> Any:
    """A value as JSON can hold it; its arrays are appended to ``arrays``.

    Raises
    ------
    ProjectError
        If it is not what the annotation says, or could not be read again; names the field.
    """
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return None if value is None else to_json(value, _wanted(inner), where, arrays)
    if origin is tuple:
        kinds = _item_kinds(inner, len(value), where)
        return [
            to_json(item, k, f"{where}[{index}]", arrays)
            for index, (item, k) in enumerate(zip(value, kinds, strict=True))
        ]
    if origin is not None and issubclass(origin, Mapping):
        return {
            _checked_text(key, where): to_json(item, inner[1], f"{where}.{key}", arrays)
            for key, item in value.items()
        }
    if origin is np.ndarray:
        arrays.append(_checked_array(value, _dtype(kind), where))
        return {"array": len(arrays) - 1}
    if kind in SELF_WRITTEN and type(value) is kind:
        return value.as_dict()
    if kind in RECORDS:
        if type(value) is not kind:
            raise ProjectError(f"{where} is no {kind.__name__} but a {type(value).__name__}")
        _check(value, where)
        return {
            name: to_json(getattr(value, name), k, f"{where}.{name}", arrays)
            for name, k in _hints(kind).items()  # type: ignore[arg-type]
        }
    return _simple_to_json(value, kind, where)


def from_json(value: Any, kind: Any, where: str, read_array: ReadArray) -> Any:
    """The value that :func:`to_json` made JSON of.

    Raises
    ------
    ProjectError
        If it is anything else; names the field.
    """
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return None if value is None else from_json(value, _wanted(inner), where, read_array)
    if origin is tuple:
        items = _of_type(value, list, where)
        kinds = _item_kinds(inner, len(items), where)
        return tuple(
            from_json(item, k, f"{where}[{index}]", read_array)
            for index, (item, k) in enumerate(zip(items, kinds, strict=True))
        )
    if origin is not None and issubclass(origin, Mapping):
        return {
            _checked_text(key, where): from_json(item, inner[1], f"{where}.{key}", read_array)
            for key, item in _of_type(value, dict, where).items()
        }
    if origin is np.ndarray:
        entry = _of_type(value, dict, where)
        if list(entry) != ["array"] or type(entry["array"]) is not int:
            raise ProjectError(f"{where} should be an array")
        return read_array(entry["array"], _dtype(kind))
    if kind in SELF_WRITTEN:
        return _self_read(value, kind, where)
    if kind in RECORDS:
        return _record_from_json(value, kind, where, read_array)
    return _simple_from_json(value, kind, where)


def reached_types(kind: Any) -> set[Any]:
    """Every type that values of ``kind`` are made of, by their annotations."""
    found: set[Any] = set()
    waiting = [kind]
    while waiting:
        current = waiting.pop()
        if get_origin(current) is np.ndarray:
            current = _dtype(current)
        if current in found or current in (None, Ellipsis):
            continue
        if get_origin(current) is not None:
            waiting += get_args(current)
            continue
        found.add(current)
        if current not in SELF_WRITTEN and hasattr(current, "__dataclass_fields__"):
            waiting += _hints(current).values()
    return found


def _record_from_json(value: Any, kind: type, where: str, read_array: ReadArray) -> Any:
    entries = _of_type(value, dict, where)
    hints = _hints(kind)
    for name in entries:
        if name not in hints:
            raise ProjectError(f"{where} has an unknown field {name[:60]!r}")
    for name in hints:
        if name not in entries:
            raise ProjectError(f"{where}.{name} is missing")
    arguments = {
        name: from_json(entries[name], k, f"{where}.{name}", read_array)
        for name, k in hints.items()
    }
    try:
        record = kind(**arguments)
    except ProjectError:
        raise
    except (ValueError, ArithmeticError) as error:
        raise ProjectError(f"{where}: {error}") from error
    _check(record, where)
    return record


def _self_read(value: Any, kind: Any, where: str) -> Any:
    try:
        return kind.from_dict(_of_type(value, dict, where))
    except RecordingError as error:
        raise ProjectError(f"{where}: {error}") from error


def _check(record: Any, where: str) -> None:
    problem = problem_with(record)
    if problem:
        raise ProjectError(f"{where}: {problem}")


def _simple_to_json(value: Any, kind: Any, where: str) -> Any:
    if kind in CHOICES and isinstance(value, kind):
        return str(value)
    if kind is str and isinstance(value, str):
        return _checked_text(value, where)
    if kind is Path and isinstance(value, Path):
        return str(value)
    if kind is bool and isinstance(value, bool | np.bool_):
        return bool(value)
    if kind is int and not isinstance(value, bool) and hasattr(value, "__index__"):
        return _checked_integer(operator.index(value), where)
    if kind is float and isinstance(value, int | float | np.floating):
        return _float_to_json(float(value))
    raise ProjectError(f"{where} is no {_name(kind)} but a {type(value).__name__}")


def _simple_from_json(value: Any, kind: Any, where: str) -> Any:
    if kind in CHOICES:
        text = _of_type(value, str, where)
        try:
            return kind(text)
        except ValueError:
            known = ", ".join(str(choice) for choice in kind)
            raise ProjectError(f"{where} is {text[:60]!r}, not one of: {known}") from None
    if kind is str:
        return _checked_text(_of_type(value, str, where), where)
    if kind is Path:
        text = _of_type(value, str, where)
        if not text or "\0" in text:
            raise ProjectError(f"{where} is no path")
        return Path(text)
    if kind is bool:
        return _of_type(value, bool, where)
    if kind is int:
        return _checked_integer(_of_type(value, int, where), where)
    if kind is float:
        if isinstance(value, str) and value in _NOT_NUMBERS:
            return _NOT_NUMBERS[value]
        if type(value) is float and math.isfinite(value):
            return value
    raise ProjectError(f"{where} should be a {_name(kind)}, not {_short(value)}")


def _float_to_json(value: float) -> float | str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value


def _checked_text(text: Any, where: str) -> str:
    """Text that can be shown and written anywhere."""
    if not isinstance(text, str) or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise ProjectError(f"{where} holds text that is not valid")
    return text


def _checked_integer(number: int, where: str) -> int:
    if abs(number) > _LARGEST_INTEGER:
        raise ProjectError(f"{where} is too large a number")
    return number


def _checked_array(value: Any, dtype: type, where: str) -> Array:
    if not isinstance(value, np.ndarray) or not np.issubdtype(value.dtype, dtype):
        found = getattr(value, "dtype", type(value).__name__)
        raise ProjectError(f"{where} should be an array of {dtype.__name__}, not {found}")
    return value


def _of_type(value: Any, kind: type, where: str) -> Any:
    if type(value) is not kind:
        raise ProjectError(f"{where} should be a {_name(kind)}, not {_short(value)}")
    return value


def _wanted(inner: tuple[Any, ...]) -> Any:
    """The other half of "or None"; more than that no project holds."""
    (wanted,) = (kind for kind in inner if kind is not type(None))
    return wanted


def _item_kinds(inner: tuple[Any, ...], count: int, where: str) -> tuple[Any, ...]:
    if inner[-1] is Ellipsis:
        return (inner[0],) * count
    if len(inner) != count:
        raise ProjectError(f"{where} should have {len(inner)} entries, not {count}")
    return inner


def _dtype(kind: Any) -> type:
    """What an array annotation says its array holds."""
    held = get_args(get_args(kind)[1])[0]
    dtype: type = get_origin(held) or held
    return dtype


def _name(kind: Any) -> str:
    words = {
        str: "text",
        int: "whole number",
        float: "number",
        bool: "true or false",
        list: "list",
        dict: "group of fields",
        Path: "path",
    }
    return words.get(kind) or str(kind.__name__)


def _short(value: Any) -> str:
    text = repr(value) if isinstance(value, str | int | float | None) else _name(type(value))
    return text if len(text) <= 60 else f"{text[:57]}..."


@cache
def _hints(kind: Any) -> dict[str, Any]:
    """Annotations of a dataclass's fields, in order."""
    hints = get_type_hints(kind)
    return {field.name: hints[field.name] for field in fields(kind)}
