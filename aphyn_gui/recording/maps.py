"""Maps over the field of view: what they show, how it is defined, and their isochrones."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from math import ceil, floor, inf, log10

import numpy as np
import numpy.typing as npt

from aphyn_gui.recording.errors import RecordingError
from aphyn_gui.recording.preparation import Polarity, Preparation
from aphyn_gui.recording.selection import FLAT, HOLDS_NAN, NOISY, SATURATED

Map = npt.NDArray[np.float32]

MAP_DEFINITIONS = (
    "Each pixel is cleaned as the preparation says; where it asks for no filter in space, averaged "
    "over 3 x 3 pixels. It is averaged over the beats that are named, in windows that begin in "
    "diastole and end before the next beat, moved with the pixel's own steepest rise by whole "
    "frames; where the preparation asks for no filter in time, the averaged beat is Savitzky-Golay "
    "filtered (9 frames, order 3). Onset: "
    "maximum dV/dt, located between frames by a parabola. Baseline: lowest value before the onset. "
    "Activation: onset after that of the earliest pixel measured. Amplitude: highest value minus "
    "baseline. Relative amplitude: amplitude over the counts at the baseline, averaged over the "
    "recording; no dark level is subtracted. APD at X %: from the onset to the first time after "
    "the peak at which X % of the amplitude is lost, interpolated linearly. Rise time: 10 % to "
    "90 % of the amplitude. Signal-to-noise ratio: 10th to 98th percentile of one "
    "Savitzky-Golay filtered beat of the single pixel, before the preparation's filters, over the "
    "standard deviation of its noise, the latter from the median absolute second difference."
)
"""How the maps are defined, in one paragraph; the terms are those of `measures.DEFINITIONS`."""

_MOST_LEVELS = 9


class MapKind(StrEnum):
    """What a map shows."""

    ACTIVATION = "activation"
    DURATION = "apd"
    RISE_TIME = "rise_time"
    AMPLITUDE = "amplitude"
    RELATIVE_AMPLITUDE = "relative_amplitude"
    SNR = "snr"


class Unmeasured(StrEnum):
    """Why a pixel has no number."""

    MASKED = "it lies outside the mask"
    HOLDS_NAN = HOLDS_NAN
    SATURATED = SATURATED
    FLAT = FLAT
    NOISY = NOISY
    SILENT = "it has no upstroke of its own near that of the field"


@dataclass(frozen=True, slots=True)
class MapSettings:
    """Every choice between the camera's counts and the maps.

    Parameters
    ----------
    preparation : Preparation
        From counts to cleaned traces, every step of it and no other, and which beats are averaged.
    smooths_beat : bool
        Savitzky-Golay filter, 9 frames, order 3, of the averaged beat, where the preparation does
        not filter in time.
    apd_levels : tuple of float
        Fractions of the amplitude lost, in (0, 1); one map each.
    """

    preparation: Preparation = field(default_factory=lambda: Preparation().measuring)
    smooths_beat: bool = True
    apd_levels: tuple[float, ...] = (0.5, 0.8)

    def __post_init__(self) -> None:
        if not all(0 < level < 1 for level in self.apd_levels):
            raise RecordingError(
                f"the levels of action potential durations are in (0, 1), got {self.apd_levels}"
            )
        if len(set(self.apd_levels)) < len(self.apd_levels) or len(self.apd_levels) > _MOST_LEVELS:
            raise RecordingError(
                f"at most {_MOST_LEVELS} different levels can be mapped, got {self.apd_levels}"
            )

    @property
    def is_beat_smoothed(self) -> bool:
        """Whether the averaged beat is filtered."""
        return self.smooths_beat and self.preparation.temporal_filter is None

    @classmethod
    def of(
        cls, preparation: Preparation, apd_levels: tuple[float, ...] = (0.5, 0.8)
    ) -> MapSettings:
        """Settings that measure a pixel as a region of that one pixel is measured.

        Preparations that differ in what concerns sequences alone give equal settings.
        """
        return cls(preparation.measuring, apd_levels=apd_levels)


@dataclass(frozen=True, slots=True, eq=False)
class FieldMap:
    """One number for each pixel.

    Parameters
    ----------
    kind : MapKind
        What it shows.
    values : ndarray of float32, shape (rows, columns)
        NaN where a pixel has none.
    unit : str
        "ms", "counts", "%" or "" for a ratio.
    level : float or None
        Fraction of the amplitude lost, of a duration.
    """

    kind: MapKind
    values: Map
    unit: str
    level: float | None = None

    @property
    def name(self) -> str:
        """For file names and column heads: "activation", "apd80", ..."""
        return self.kind.value if self.level is None else f"apd{100 * self.level:g}"


@dataclass(frozen=True, slots=True, eq=False)
class FieldMaps:
    """The maps of one recording.

    Parameters
    ----------
    maps : tuple of FieldMap
        Activation, durations, rise time, amplitudes, signal-to-noise ratio. The last is given for
        every pixel that has counts, also below the limit.
    unmeasured : ndarray of int8, shape (rows, columns)
        Why a pixel has no number: index into the members of `Unmeasured`; -1: it has.
    settings : MapSettings
        What was asked for.
    polarity : Polarity
        Direction that was used.
    beats : tuple of int
        Which beats of the field's mean trace were averaged, from 0.
    cycle_length_ms : float
        Of the field's mean trace, ms.
    notes : tuple of str
        What was done or assumed, one sentence each.
    definitions : str
        How the numbers are defined.
    """

    maps: tuple[FieldMap, ...]
    unmeasured: npt.NDArray[np.int8]
    settings: MapSettings
    polarity: Polarity
    beats: tuple[int, ...]
    cycle_length_ms: float
    notes: tuple[str, ...]
    definitions: str = MAP_DEFINITIONS

    def of(self, kind: MapKind, level: float | None = None) -> FieldMap:
        """The map of a kind; of a duration, that of a level.

        Raises
        ------
        RecordingError
            If there is no such map.
        """
        for one in self.maps:
            if one.kind is kind and one.level == level:
                return one
        there = ", ".join(one.name for one in self.maps)
        raise RecordingError(f"there is no map of {kind} at level {level}; there are {there}")

    @property
    def measured_count(self) -> int:
        """Pixels that have numbers."""
        return int((self.unmeasured < 0).sum())

    @property
    def unmeasured_counts(self) -> dict[Unmeasured, int]:
        """How many pixels have no number, for each reason that occurs."""
        reasons = tuple(Unmeasured)
        counted = Counter(self.unmeasured[self.unmeasured >= 0].tolist())
        return {reasons[code]: count for code, count in sorted(counted.items())}


def isochrone_step(span_ms: float, about: int = 10) -> float:
    """A round step of 1, 2 or 5 times a power of ten that divides a span into about so many, ms."""
    if not 0 < span_ms < inf:
        raise RecordingError(f"isochrones need a positive span of time, got {span_ms} ms")
    wanted = span_ms / about
    power = 10.0 ** floor(log10(wanted))
    return float(min((1, 2, 5, 10), key=lambda step: abs(log10(step * power / wanted))) * power)


def isochrones(
    activation_ms: npt.ArrayLike, step_ms: float | None = None
) -> npt.NDArray[np.float64]:
    """Levels of the contour lines of an activation map: multiples of a step within it, ms.

    Parameters
    ----------
    activation_ms : array_like, shape (rows, columns)
        NaN where there is none.
    step_ms : float or None
        None: a round one that gives about ten.

    Returns
    -------
    ndarray of float64, shape (levels,)
        Empty where all pixels are activated at once.
    """
    times = np.asarray(activation_ms, dtype=np.float64)
    times = times[np.isfinite(times)]
    if times.size == 0 or np.ptp(times) == 0:
        return np.empty(0)
    first, last = float(times.min()), float(times.max())
    step = isochrone_step(last - first) if step_ms is None else step_ms
    if not step >= (last - first) / 1000:
        raise RecordingError(
            f"a step of {step} ms gives more than 1000 isochrones over {last - first:.4g} ms: "
            "choose a longer one"
        )
    levels = step * np.arange(floor(first / step) + 1, ceil(last / step))
    return np.asarray(levels, dtype=np.float64)
