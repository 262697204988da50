"""Measures pixels for the maps: their own beat, averaged, and its landmarks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aphyn_gui.recording.alignment import search_width_ms
from aphyn_gui.recording.baseline import remove_baseline
from aphyn_gui.recording.beats import Beats
from aphyn_gui.recording.cleaning import noise_level
from aphyn_gui.recording.field_signal import USABLE, FieldSignal, blocks_of
from aphyn_gui.recording.interpolation import average_windows
from aphyn_gui.recording.landmarks import Landmarks
from aphyn_gui.recording.maps import MapSettings, Unmeasured
from aphyn_gui.recording.measures import signal_to_noise
from aphyn_gui.recording.precision import Real
from aphyn_gui.recording.region_counts import RegionCounts
from aphyn_gui.recording.region_measures import beat_windows
from aphyn_gui.recording.smoothing import savitzky_golay
from aphyn_gui.recording.temporal import filter_in_time

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

_SMALLEST_RISE = 0.5
"""Of the range over the cycle: what rises less has no upstroke of its own."""

_BLOCK_PIXELS = 256
"""Cleaned and averaged at once."""

CODES = {reason: np.int8(code) for code, reason in enumerate(Unmeasured)}


@dataclass(frozen=True, slots=True)
class FieldWindows:
    """Where all pixels' beats lie, in frames.

    Parameters
    ----------
    starts : ndarray of float64, shape (beats,)
        First frame that a pixel's window may reach.
    sample_count : int
        Length of a pixel's window.
    before, after : int
        How far it may be moved from the field's, towards either end.
    search : int
        How far from the field's a pixel's upstroke is looked for.
    steepest : int
        The field's steepest rise, from ``starts``.
    """

    starts: Floats
    sample_count: int
    before: int
    after: int
    search: int
    steepest: int

    @property
    def length(self) -> int:
        """Frames of a beat with the room to move."""
        return self.before + self.sample_count + self.after


class FieldPixels:
    """Numbers of all pixels as they are found; NaN before, and where there is none.

    Times are in frames from the start of a beat's window. Threads may measure different bands at
    the same time.
    """

    def __init__(self, signal: FieldSignal, settings: MapSettings, windows: FieldWindows) -> None:
        self.unmeasured = signal.left_out.copy()
        self._settings = settings
        self._signal = signal
        self._windows = windows
        shape = self.unmeasured.shape
        self.onset = np.full(shape, np.nan)
        self.durations = np.full((len(settings.apd_levels), *shape), np.nan)
        self.rise_time = np.full(shape, np.nan)
        self.amplitude = np.full(shape, np.nan)
        self.rest = np.full(shape, np.nan)
        self.snr = np.full(shape, np.nan)

    def measure(self, band: RegionCounts) -> None:
        """Measure the usable pixels of a band by `maps.MAP_DEFINITIONS`."""
        preparation = self._settings.preparation
        usable = np.flatnonzero(self.unmeasured[band.roi.rows, band.roi.columns] == USABLE)
        single = band.traces(band.counts)
        cleaned = single
        if preparation.filters_in_space:
            cleaned = band.traces(band.filtered_in_space(preparation))
        rows, columns = np.divmod(np.arange(band.roi.pixel_count), band.roi.width)
        rows, columns = rows + band.roi.y, columns + band.roi.x
        for block in blocks_of(usable, _BLOCK_PIXELS):
            self._measure((rows[block], columns[block]), single[block], cleaned[block])

    def _measure(
        self,
        at: tuple[Indices, Indices],
        single: npt.NDArray[Real],
        averaged: npt.NDArray[Real],
    ) -> None:
        """Measure some pixels from their counts, before filters in space and after, by trace."""
        settings, windows, sign = self._settings, self._windows, self._signal.polarity.sign
        preparation, interval = settings.preparation, self._signal.frame_interval_ms
        one_beat = sign * average_windows(
            single, windows.starts[:1] + windows.before, windows.sample_count
        )
        snr = signal_to_noise(one_beat, noise_level(single))
        steady = remove_baseline(sign * averaged, interval, preparation)
        level = averaged.mean(axis=1) - sign * steady.mean(axis=1)
        if preparation.temporal_filter is not None:
            steady = filter_in_time(steady, interval, preparation.temporal_filter)
        beat = average_windows(steady, windows.starts, windows.length)
        moved = _own_shift(beat, windows)
        own = np.take_along_axis(
            beat, (windows.before + moved)[:, None] + np.arange(windows.sample_count), axis=1
        )
        if settings.is_beat_smoothed:
            own = savitzky_golay(own)
        found = Landmarks(own.astype(np.float64))
        onset = found.onset + windows.before + moved
        silent = ~(np.abs(onset - windows.steepest) <= windows.search + 1) | ~(
            found.amplitude >= _SMALLEST_RISE * np.ptp(own, axis=1)
        )
        noisy = ~(snr >= preparation.snr_limit)
        self.snr[at] = snr
        self.unmeasured[at] = np.where(
            noisy,
            CODES[Unmeasured.NOISY],
            np.where(silent, CODES[Unmeasured.SILENT], USABLE),
        )
        without = np.where(noisy | silent, np.nan, 0.0)
        self.onset[at] = onset + without
        self.durations[(slice(None), *at)] = [
            found.duration(share) + without for share in settings.apd_levels
        ]
        self.rise_time[at] = found.rise_time() + without
        self.amplitude[at] = found.amplitude + without
        self.rest[at] = level + sign * found.baseline


def _own_shift(beats: npt.NDArray[Real], windows: FieldWindows) -> Indices:
    """Frames by which each pixel's steepest rise follows the field's, as far as there is room."""
    first = max(0, windows.steepest - windows.search)
    slopes = np.diff(savitzky_golay(beats)[:, first : windows.steepest + windows.search + 2])
    late = first + np.argmax(slopes, axis=1) - windows.steepest
    return np.asarray(np.clip(late, -windows.before, windows.after), dtype=np.int64)


def field_windows(
    trace: Floats, beats: Beats, interval: float
) -> tuple[FieldWindows, tuple[int, ...]]:
    """Windows around the beats of the field's mean trace, and which beats they belong to.

    Beats without room to follow the pixels activated first and last are left out, unless most are.
    """
    starts_ms, sample_count = beat_windows(beats, interval, trace.size)
    starts = np.clip(starts_ms / interval, 0, trace.size - sample_count)
    feet = (beats.onsets_ms[beats.complete] - beats.lead_ms) / interval
    nearest = np.abs(feet[:, None] - starts).argmin(axis=0)
    diastole = int(feet[nearest[0]] - starts[0])
    numbers = beats.complete[nearest]
    search = max(1, int(search_width_ms(beats.cycle_length_ms) / interval))
    room_before, room_after = starts, trace.size - sample_count - starts
    roomy = (room_before >= search) & (room_after >= search)
    if 2 * roomy.sum() >= roomy.size:
        starts, numbers = starts[roomy], numbers[roomy]
    before = min(search, int(starts.min()))
    after = min(search, int(trace.size - sample_count - starts.max()))
    length = before + sample_count + after
    mean_beat = savitzky_golay(average_windows(trace[None], starts - before, length))[0]
    # The field's own upstroke follows its foot; a second one may lie near the window's ends.
    foot = before + diastole
    first = max(0, foot - search)
    steepest = first + int(np.argmax(np.diff(mean_beat[first : foot + search + 1])))
    found = FieldWindows(starts - before, sample_count, before, after, search, steepest)
    return found, tuple(int(number) for number in numbers)
