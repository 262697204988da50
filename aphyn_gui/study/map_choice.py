"""The maps a recording can show, measured or fitted: their names, numbers and reasons."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from aphyn_gui.recording import LEFT_OUT_REASONS, FieldMaps, MapKind, Unmeasured
from aphyn_gui.study.field_values import NOT_YET, FieldFit

Map = npt.NDArray[np.float32]

RESIDUAL = "residual"
_TAIL_PERCENT = 2.0
_NAMES = {
    MapKind.ACTIVATION: "Activation time",
    MapKind.RISE_TIME: "Rise time",
    MapKind.AMPLITUDE: "Amplitude",
    MapKind.RELATIVE_AMPLITUDE: "Relative amplitude",
    MapKind.SNR: "SNR",
}


class MapSource(StrEnum):
    """Where a map's numbers come from."""

    MEASURED = "measured"
    FITTED = "fitted"


@dataclass(frozen=True, slots=True)
class MapChoice:
    """One map that can be shown.

    Parameters
    ----------
    source : MapSource
        Measured, or fitted.
    kind : str
        Member of `MapKind`, name of a parameter, or `RESIDUAL`.
    level : float or None
        Fraction of the amplitude lost, of a duration.
    """

    source: MapSource
    kind: str
    level: float | None = None

    @property
    def title(self) -> str:
        """For the window."""
        if self.level is not None:
            return f"APD{100 * self.level:g}"
        if self.source is MapSource.MEASURED:
            return _NAMES[MapKind(self.kind)]
        return self.kind.capitalize() if self.kind == RESIDUAL else self.kind

    @property
    def is_activation(self) -> bool:
        """Whether it has isochrones."""
        return self.source is MapSource.MEASURED and self.kind == MapKind.ACTIVATION


@dataclass(frozen=True, slots=True, eq=False)
class ShownMap:
    """One map, ready to be drawn and exported.

    Parameters
    ----------
    choice : MapChoice
        What it is.
    values : ndarray of float32, shape (rows, columns)
        NaN where there is none.
    unit : str
        Empty for a ratio.
    definition : str
        How the numbers are defined, and what was done.
    flagged : ndarray of bool, shape (rows, columns), or None
        Pixels whose values should not be trusted.
    """

    choice: MapChoice
    values: Map
    unit: str
    definition: str
    flagged: npt.NDArray[np.bool_] | None = None

    @property
    def label(self) -> str:
        """Name and unit."""
        return f"{self.choice.title} ({self.unit})" if self.unit else self.choice.title

    @property
    def automatic_limits(self) -> tuple[float, float] | None:
        """2nd and 98th percentile; None where no pixel has a number."""
        finite = self.values[np.isfinite(self.values)]
        if finite.size == 0:
            return None
        low, high = np.percentile(finite, (_TAIL_PERCENT, 100 - _TAIL_PERCENT))
        return float(low), float(high)


def measured_choices(apd_levels: tuple[float, ...]) -> tuple[MapChoice, ...]:
    """Maps that are measured, in the order in which they are offered."""
    single = [MapChoice(MapSource.MEASURED, kind) for kind in _NAMES]
    levels = [MapChoice(MapSource.MEASURED, MapKind.DURATION, level) for level in apd_levels]
    return (single[0], *levels, *single[1:])


def fitted_choices(names: tuple[str, ...]) -> tuple[MapChoice, ...]:
    """Maps of a model's parameters, and of what it misses."""
    return tuple(MapChoice(MapSource.FITTED, name) for name in (*names, RESIDUAL))


def measured_map(maps: FieldMaps, choice: MapChoice) -> ShownMap:
    """The map of a choice.

    Raises
    ------
    RecordingError
        If there is no such map.
    """
    found = maps.of(MapKind(choice.kind), choice.level)
    return ShownMap(choice, found.values, found.unit, " ".join((maps.definitions, *maps.notes)))


def fitted_map(fit: FieldFit, choice: MapChoice) -> ShownMap:
    """The map of a choice.

    Raises
    ------
    ValueError
        If there is no such parameter.
    """
    values, unit = (fit.residual, "") if choice.kind == RESIDUAL else fit.of(choice.kind)
    return ShownMap(choice, values, unit, " ".join((fit.definition, *fit.notes)), fit.flagged)


def why_unmeasured(maps: FieldMaps, row: int, column: int) -> str:
    """Why a pixel has no measure; empty where it has."""
    code = int(maps.unmeasured[row, column])
    return "" if code < 0 else str(tuple(Unmeasured)[code])


def why_unfitted(fit: FieldFit, row: int, column: int) -> str:
    """Why a pixel has no fit; empty where it has."""
    code = int(fit.left_out[row, column])
    if code == NOT_YET:
        return "it is still to be fitted"
    return "" if code < 0 else LEFT_OUT_REASONS[code]
