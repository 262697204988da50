"""The signal of a region: its mean trace, before and after cleaning, and its beats."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from aphyn_gui.recording.alternans import Alternans, find_alternans
from aphyn_gui.recording.baseline import remove_baseline
from aphyn_gui.recording.beats import Beats, detect_beats
from aphyn_gui.recording.cleaning import PolaritySuggestion, suggest_polarity
from aphyn_gui.recording.cleaning_steps import cleaning_steps
from aphyn_gui.recording.errors import RecordingError
from aphyn_gui.recording.preparation import Polarity, Preparation
from aphyn_gui.recording.recording import Recording
from aphyn_gui.recording.region_counts import RegionCounts, read_counts
from aphyn_gui.recording.roi import RectangularRoi
from aphyn_gui.recording.temporal import filter_in_time
from aphyn_gui.recording.window import choose_window, longest_horizon

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class RegionSignal:
    """The mean trace of a region, before and after cleaning.

    Parameters
    ----------
    time_ms : ndarray of float64, shape (time,)
        From the first frame of the recording, ms; begins later where the start was cut off.
    raw : ndarray of float64, shape (time,)
        Mean over the region's usable pixels, camera counts as recorded.
    cleaned : ndarray of float64, shape (time,)
        The same after all ``steps``, upright, counts.
    steps : tuple of str
        What was done to get from the one to the other, in order, one sentence each.
    polarity_suggestion : PolaritySuggestion
        What the shape of the signal suggests.
    polarity : Polarity
        What was used: the user's choice, else the suggestion.
    beats : Beats
        Of the mean trace before filters in space and time, for these move onsets; in times of the
        recording.
    frame_interval_ms : float
        Time between frames, ms.
    alternans : Alternans
        Whether its beats take turns.
    """

    time_ms: Floats
    raw: Floats
    cleaned: Floats
    steps: tuple[str, ...]
    polarity_suggestion: PolaritySuggestion
    polarity: Polarity
    beats: Beats
    frame_interval_ms: float
    alternans: Alternans

    @property
    def start_ms(self) -> float:
        """Time of the first frame used, from the first of the recording, ms."""
        return float(self.time_ms[0])

    @property
    def beats_from_start(self) -> Beats:
        """The beats in times from the first frame used, as its traces are counted."""
        return _moved(self.beats, -self.start_ms)

    def window_ms(self, preparation: Preparation) -> tuple[float, float]:
        """First and last moment of the analysis window, ms; of an ensemble, in its first beat.

        Raises
        ------
        RecordingError
            If there is no such beat, or the horizon does not fit behind it.
        """
        window = choose_window(
            self.beats_from_start, self.frame_interval_ms, self.time_ms.size, preparation
        )
        start = self.start_ms + window.start_ms
        return start, start + (window.sample_count - 1) * self.frame_interval_ms

    def longest_horizon_ms(self, preparation: Preparation) -> float:
        """What a window of the asked beats may hold before the next beat begins, ms.

        Raises
        ------
        RecordingError
            If there is no such beat.
        """
        return longest_horizon(
            self.beats_from_start, self.frame_interval_ms, self.time_ms.size, preparation
        )


def region_signal(
    recording: Recording, roi: RectangularRoi, preparation: Preparation
) -> RegionSignal:
    """Mean trace of a region, cleaned, and its beats.

    Raises
    ------
    RecordingError
        If the frame interval is unknown, the region lies outside the frame, the cut leaves too
        little, the mask does not belong to the recording, or there are no beats to be seen.
    """
    return signal_of(read_counts(recording, roi, preparation), preparation)


def signal_of(region: RegionCounts, preparation: Preparation) -> RegionSignal:
    """As `region_signal`, of counts that are read already."""
    pixels = region.traces(region.counts)
    finite = np.asarray(np.isfinite(pixels).all(axis=1), dtype=np.bool_)
    if not finite.any():
        raise RecordingError(_why_empty(region))
    interval = region.frame_interval_ms
    upright_mean = pixels[finite].mean(axis=0)
    suggestion = suggest_polarity(pixels[finite])
    polarity = preparation.polarity or suggestion.polarity
    steady = remove_baseline(polarity.sign * upright_mean, interval, preparation)
    beats = beats_of(f"region {region.roi}", steady, region, preparation)
    start = region.first_frame * interval
    return RegionSignal(
        time_ms=start + np.arange(steady.size, dtype=np.float64) * interval,
        raw=region.traces(region.recorded)[finite].mean(axis=0),
        cleaned=_cleaned(region, steady, finite, polarity, preparation),
        steps=cleaning_steps(region, suggestion, polarity, preparation),
        polarity_suggestion=suggestion,
        polarity=polarity,
        beats=_moved(beats, start),
        frame_interval_ms=interval,
        alternans=find_alternans(steady, interval, beats),
    )


def _cleaned(
    region: RegionCounts,
    steady: Floats,
    finite: npt.NDArray[np.bool_],
    polarity: Polarity,
    preparation: Preparation,
) -> Floats:
    """The mean trace after every step; ``steady`` has all but the filters."""
    trace = steady
    if preparation.filters_in_space:
        mean = region.traces(region.filtered_in_space(preparation))[finite].mean(axis=0)
        trace = remove_baseline(polarity.sign * mean, region.frame_interval_ms, preparation)
    if preparation.temporal_filter is not None:
        trace = filter_in_time(trace, region.frame_interval_ms, preparation.temporal_filter)
    return trace


def _why_empty(region: RegionCounts) -> str:
    if region.masked.all():
        return (
            f"region {region.roi}: the mask leaves out all {region.masked.size} pixels; move the "
            "region onto tissue, or change the mask"
        )
    return (
        f"region {region.roi}: all {region.masked.size} pixels hold values that are not numbers; "
        "move the region onto tissue"
    )


def _moved(beats: Beats, by_ms: float) -> Beats:
    if by_ms == 0:
        return beats
    return replace(beats, onsets_ms=beats.onsets_ms + by_ms, feet_ms=beats.feet_ms + by_ms)


def beats_of(what: str, steady: Floats, region: RegionCounts, preparation: Preparation) -> Beats:
    """The beats of a mean trace, without those that touch lost frames.

    Parameters
    ----------
    what : str
        Whose mean it is, for messages.
    steady : ndarray of float64, shape (time,)
        Upright, baseline removed.
    region : RegionCounts
        Frame interval and lost frames.
    preparation : Preparation
        Cycle length and horizon.

    Raises
    ------
    RecordingError
        If there are none.
    """
    try:
        found = detect_beats(steady, region.frame_interval_ms, preparation.cycle_length_ms)
        return _usable(found, region, preparation)
    except RecordingError as error:
        raise RecordingError(f"{what}: {error}") from error


def _usable(beats: Beats, region: RegionCounts, preparation: Preparation) -> Beats:
    """Without the beats whose cycle, or horizon, touches frames that are lost."""
    if not region.lost:
        return beats
    interval = region.frame_interval_ms
    starts = beats.onsets_ms - beats.lead_ms
    ends = np.append(starts[1:], starts[-1] + beats.cycle_length_ms)
    ends = np.maximum(ends, starts + (preparation.horizon_ms or 0.0))
    touched = np.zeros(starts.size, dtype=np.bool_)
    for first, last in region.lost:
        # A bridge bends the frames either side of it, too.
        touched |= (starts <= (last + 1) * interval) & (ends >= (first - 1) * interval)
    complete = beats.complete[~touched[beats.complete]]
    gone = beats.complete.size - complete.size
    if complete.size == 0 and gone:
        raise RecordingError(
            f"all {gone} beats touch frames that were lost and cannot be replaced: cut them off, "
            "or repair longer gaps"
        )
    if gone == 0:
        return beats
    note = f"{gone} of {beats.complete.size} complete beats touch lost frames and were left out."
    return replace(beats, complete=complete, notes=(*beats.notes, note))
