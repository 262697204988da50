"""The signal of a region: its mean trace, before and after cleaning, and its beats."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aphyn_gui.recording.alternans import Alternans, find_alternans
from aphyn_gui.recording.beats import Beats, detect_beats
from aphyn_gui.recording.cleaning import PolaritySuggestion, remove_drift, suggest_polarity
from aphyn_gui.recording.errors import RecordingError
from aphyn_gui.recording.preparation import Polarity, Preparation
from aphyn_gui.recording.recording import Recording
from aphyn_gui.recording.roi import RectangularRoi
from aphyn_gui.recording.window import choose_window

Floats = npt.NDArray[np.float64]

_MEASURING_BORDER = 1
"""Pixels around a region that its 3 x 3 mean reaches."""


@dataclass(frozen=True, slots=True, eq=False)
class RegionSignal:
    """The mean trace of a region, before and after cleaning.

    Parameters
    ----------
    time_ms : ndarray of float64, shape (time,)
        From the first frame, ms.
    raw : ndarray of float64, shape (time,)
        Mean over the region's pixels, camera counts.
    cleaned : ndarray of float64, shape (time,)
        The same, upright and with its drift removed, counts.
    polarity_suggestion : PolaritySuggestion
        What the shape of the signal suggests.
    polarity : Polarity
        What was used: the user's choice, else the suggestion.
    beats : Beats
        Of the cleaned trace.
    frame_interval_ms : float
        Time between frames, ms.
    alternans : Alternans
        Whether its beats take turns.
    """

    time_ms: Floats
    raw: Floats
    cleaned: Floats
    polarity_suggestion: PolaritySuggestion
    polarity: Polarity
    beats: Beats
    frame_interval_ms: float
    alternans: Alternans

    def window_ms(self, preparation: Preparation) -> tuple[float, float]:
        """First and last moment of the analysis window, ms; of an ensemble, in its first beat.

        Raises
        ------
        RecordingError
            If there is no such beat, or the horizon does not fit behind it.
        """
        window = choose_window(self.beats, self.frame_interval_ms, self.time_ms.size, preparation)
        return window.start_ms, window.start_ms + (window.sample_count - 1) * self.frame_interval_ms


@dataclass(frozen=True, slots=True, eq=False)
class RegionCounts:
    """What was read of a recording for one region, with a border where the frame has one.

    Parameters
    ----------
    counts : ndarray of float64, shape (time, rows, columns)
        The region and its border, as recorded.
    inside : tuple of slice
        Rows and columns of the region within ``counts``.
    roi : RectangularRoi
        The region in the whole frame.
    frame_interval_ms : float
        ms.
    saturation_level : float or None
        Largest count that can be stored.
    """

    counts: Floats
    inside: tuple[slice, slice]
    roi: RectangularRoi
    frame_interval_ms: float
    saturation_level: float | None

    def traces(self, frames: Floats) -> Floats:
        """Traces of the region's pixels, row by row, shape (pixels, time), of ``frames``."""
        inner = frames[(slice(None), *self.inside)]
        return np.ascontiguousarray(inner.reshape(len(inner), -1).T)


def read_counts(
    recording: Recording, roi: RectangularRoi, preparation: Preparation
) -> RegionCounts:
    """Read a region, and the border that spatial means reach, once.

    Raises
    ------
    RecordingError
        If the frame interval is unknown, or the region lies outside the frame.
    """
    if recording.frame_interval_ms is None:
        raise RecordingError(
            f"the file does not say its frame interval: enter the time between the frames of "
            f"{recording.path.name}, in ms"
        )
    recording.require_inside(roi)
    border = max(_MEASURING_BORDER, preparation.spatial_mean // 2)
    left, top = max(0, roi.x - border), max(0, roi.y - border)
    right = min(recording.column_count, roi.x + roi.width + border)
    bottom = min(recording.row_count, roi.y + roi.height + border)
    return RegionCounts(
        counts=recording.read_region(RectangularRoi(left, top, right - left, bottom - top)),
        inside=(
            slice(roi.y - top, roi.y - top + roi.height),
            slice(roi.x - left, roi.x - left + roi.width),
        ),
        roi=roi,
        frame_interval_ms=recording.frame_interval_ms,
        saturation_level=recording.saturation_level,
    )


def region_signal(
    recording: Recording, roi: RectangularRoi, preparation: Preparation
) -> RegionSignal:
    """Mean trace of a region, cleaned, and its beats.

    Raises
    ------
    RecordingError
        If the frame interval is unknown, the region lies outside the frame, or shows no beats.
    """
    return signal_of(read_counts(recording, roi, preparation), preparation)


def signal_of(region: RegionCounts, preparation: Preparation) -> RegionSignal:
    """As `region_signal`, of counts that are read already."""
    pixels = region.traces(region.counts)
    finite = np.isfinite(pixels).all(axis=1)
    if not finite.any():
        raise RecordingError(
            f"region {region.roi}: all {len(pixels)} pixels hold values that are not numbers; move "
            "the region onto tissue"
        )
    raw = pixels[finite].mean(axis=0)
    suggestion = suggest_polarity(pixels[finite])
    polarity = preparation.polarity or suggestion.polarity
    cleaned = remove_drift(polarity.sign * raw, preparation.drift_order)
    try:
        beats = detect_beats(cleaned, region.frame_interval_ms, preparation.cycle_length_ms)
    except RecordingError as error:
        raise RecordingError(f"region {region.roi}: {error}") from error
    return RegionSignal(
        time_ms=np.arange(raw.size) * region.frame_interval_ms,
        raw=raw,
        cleaned=cleaned,
        polarity_suggestion=suggestion,
        polarity=polarity,
        beats=beats,
        frame_interval_ms=region.frame_interval_ms,
        alternans=find_alternans(cleaned, region.frame_interval_ms, beats),
    )
