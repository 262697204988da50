"""Durations, rise time and signal-to-noise ratio of regions, over their pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aphyn_gui.recording.baseline import remove_baseline
from aphyn_gui.recording.beats import Beats
from aphyn_gui.recording.cleaning import noise_level, remove_drift
from aphyn_gui.recording.interpolation import cut_windows, fits
from aphyn_gui.recording.landmarks import Landmarks
from aphyn_gui.recording.measures import DEFINITIONS, signal_to_noise
from aphyn_gui.recording.preparation import Ensemble, Polarity, Preparation
from aphyn_gui.recording.smoothing import savitzky_golay
from aphyn_gui.recording.spatial import filter_in_space
from aphyn_gui.recording.temporal import filter_in_time

Floats = npt.NDArray[np.float64]

REGION_DEFINITIONS = (
    "Measured for each pixel of the region on the mean over 3 x 3 pixels, drift removed, averaged "
    "over all beats that were recorded whole, Savitzky-Golay filtered (9 frames, order 3); given "
    "as median and quartiles over pixels. Signal-to-noise ratio: 10th to 98th percentile of "
    "one filtered beat of a single pixel over the standard deviation of its noise, the latter from "
    "the median absolute second difference. " + DEFINITIONS
)
"""What was done to a region before its action potentials were measured, by default."""

_DIASTOLE_SHARE = 0.15
"""Of the cycle, shown before the foot: where the baseline is read."""

_AVERAGED = {
    Ensemble.ALL: "all beats that were recorded whole",
    Ensemble.EVEN: "the even of the beats that were recorded whole (counted from 0)",
    Ensemble.ODD: "the odd of the beats that were recorded whole (counted from 0)",
}


@dataclass(frozen=True, slots=True)
class Quartiles:
    """Median and quartiles over the pixels that have a value; NaN if none has."""

    lower: float
    median: float
    upper: float

    @staticmethod
    def of(values: npt.ArrayLike) -> Quartiles:
        """Quartiles of the finite values."""
        numbers = np.asarray(values, dtype=np.float64)
        numbers = numbers[np.isfinite(numbers)]
        if numbers.size == 0:
            return Quartiles(np.nan, np.nan, np.nan)
        return Quartiles(*(float(value) for value in np.percentile(numbers, (25, 50, 75))))


@dataclass(frozen=True, slots=True)
class RegionMeasures:
    """What was measured in a region, over its pixels.

    Parameters
    ----------
    apd50_ms, apd80_ms, apd90_ms, rise_time_ms : Quartiles
        As in `ActionPotentialMeasures`, ms.
    snr : Quartiles
        Signal-to-noise ratio of the single pixels, dimensionless.
    pixel_count : int
        Pixels that were measured.
    beat_count : int
        Beats that were averaged.
    definitions : str
        How.
    """

    apd50_ms: Quartiles
    apd80_ms: Quartiles
    apd90_ms: Quartiles
    rise_time_ms: Quartiles
    snr: Quartiles
    pixel_count: int
    beat_count: int
    definitions: str = REGION_DEFINITIONS


def measure_region(
    counts: npt.ArrayLike,
    inside: tuple[slice, slice],
    *,
    frame_interval_ms: float,
    polarity: Polarity,
    preparation: Preparation,
    beats: Beats,
) -> RegionMeasures:
    """Measure the action potentials of a region, pixel by pixel, by `REGION_DEFINITIONS`.

    Pixels are cleaned as the preparation says; where it asks for no filter in space or in time,
    as the definitions say.

    Parameters
    ----------
    counts : array_like, shape (time, row, column)
        Cut and repaired; with a border that the filters in space reach, where the frame has one.
    inside : tuple of slice
        Rows and columns of the region within ``counts``.
    frame_interval_ms : float
        ms.
    polarity : Polarity
        Direction of depolarisation.
    preparation : Preparation
        Its filters and baseline are read, and which beats are averaged.
    beats : Beats
        Of the region's mean trace.
    """
    measuring = preparation.measuring
    beats = beats.only(measuring.ensemble.of(beats.complete))
    recorded = np.asarray(counts, dtype=np.float64)
    single = _pixels(recorded, inside)
    usable = np.isfinite(single).all(axis=1)
    averaged = _pixels(filter_in_space(recorded, measuring), inside)[usable]
    single = polarity.sign * single[usable]
    starts, sample_count = beat_windows(beats, frame_interval_ms, recorded.shape[0])
    cleaned = remove_baseline(polarity.sign * averaged, frame_interval_ms, measuring)
    if measuring.temporal_filter is not None:
        cleaned = filter_in_time(cleaned, frame_interval_ms, measuring.temporal_filter)
    beat = np.mean(
        [cut_windows(cleaned, frame_interval_ms, start, sample_count) for start in starts], axis=0
    )
    found = Landmarks(savitzky_golay(beat) if measuring.temporal_filter is None else beat)
    apd50, apd80, apd90 = (
        Quartiles.of(found.duration(level) * frame_interval_ms) for level in (0.5, 0.8, 0.9)
    )
    one_beat = cut_windows(remove_drift(single, 0), frame_interval_ms, starts[0], sample_count)
    return RegionMeasures(
        apd50_ms=apd50,
        apd80_ms=apd80,
        apd90_ms=apd90,
        rise_time_ms=Quartiles.of(found.rise_time() * frame_interval_ms),
        snr=Quartiles.of(signal_to_noise(one_beat, noise_level(single))),
        pixel_count=int(usable.sum()),
        beat_count=len(starts),
        definitions=_definitions(preparation),
    )


def _definitions(preparation: Preparation) -> str:
    """`REGION_DEFINITIONS` of what was asked for."""
    words = REGION_DEFINITIONS.replace(
        _AVERAGED[Ensemble.ALL], _AVERAGED[preparation.measuring.ensemble]
    )
    if preparation.filters_in_space:
        words = words.replace(
            "on the mean over 3 x 3 pixels", "after the preparation's filters in space"
        )
    if preparation.temporal_filter is not None:
        words = words.replace(
            "Savitzky-Golay filtered (9 frames, order 3);", "after its filter in time;"
        )
    return words


def _pixels(frames: Floats, inside: tuple[slice, slice]) -> Floats:
    """Traces of the pixels inside, shape (pixels, time)."""
    region = frames[(slice(None), *inside)]
    return np.ascontiguousarray(region.reshape(len(region), -1).T)


def beat_windows(beats: Beats, frame_interval_ms: float, frame_count: int) -> tuple[Floats, int]:
    """Start of the window around each beat, ms, and its length in samples.

    A window begins in diastole and ends before the next foot.
    """
    end = (frame_count - 1) * frame_interval_ms
    feet = np.clip(beats.onsets_ms[beats.complete] - beats.lead_ms, 0, end)
    diastole = min(_DIASTOLE_SHARE * beats.cycle_length_ms, float(feet.max()))
    starts = feet[feet >= diastole] - diastole
    # The last two frames before the next foot are left out: it is known to about a frame.
    length = min(diastole + beats.cycle_length_ms - 2 * frame_interval_ms, end - float(starts[0]))
    sample_count = int(length / frame_interval_ms) + 1
    return starts[fits(starts, frame_interval_ms, sample_count, frame_count)], sample_count
