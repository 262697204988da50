"""Potentials of all pixels of the field, prepared as those of a region are, some at a time."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from aphyn_gui.draining import drained
from aphyn_gui.recording.alignment import activation_times, frame_activation_times, lead_time
from aphyn_gui.recording.baseline import remove_baseline
from aphyn_gui.recording.beats import Beats
from aphyn_gui.recording.cleaning import noise_level
from aphyn_gui.recording.field_counts import FieldCounts
from aphyn_gui.recording.field_signal import (
    UNUSABLE_REASONS,
    USABLE,
    blocks_of,
    field_signal,
    unusable_codes,
)
from aphyn_gui.recording.interpolation import average_windows, cut_windows, fits
from aphyn_gui.recording.measures import over_noise, signal_range, signal_to_noise
from aphyn_gui.recording.normalisation import limits, normalise
from aphyn_gui.recording.precision import Real
from aphyn_gui.recording.preparation import Polarity, Preparation
from aphyn_gui.recording.recording import Recording
from aphyn_gui.recording.region_counts import RegionCounts, read_counts
from aphyn_gui.recording.roi import RectangularRoi
from aphyn_gui.recording.selection import CUT_OFF, FLAT, NOISY, SILENT
from aphyn_gui.recording.temporal import filter_in_time
from aphyn_gui.recording.window import AnalysisWindow, choose_window

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

LEFT_OUT_REASONS = (*UNUSABLE_REASONS, NOISY, SILENT, CUT_OFF)
"""Why a pixel gives no potential; its code is its place here."""

_BLOCK_PIXELS = 256
_PATCH_SIDE = 4
_PATCHES = 12
_DIASTOLE_SHARE = 0.15
_LAST_SHARE = 0.05
_FEWEST_LAST = 3


@dataclass(frozen=True, slots=True, eq=False)
class FieldTiming:
    """What the potentials of all pixels share.

    Parameters
    ----------
    polarity : Polarity
        Direction that was used.
    beats : Beats
        Of the mean over the field, from the first frame used.
    window : AnalysisWindow
        Beats that are cut, and how much of each.
    lead_ms : float
        Time from foot to half upstroke, ms.
    frame_interval_ms : float
        ms.
    patches : tuple of RectangularRoi
        Small rectangles spread over the pixels that can be used.
    """

    polarity: Polarity
    beats: Beats
    window: AnalysisWindow
    lead_ms: float
    frame_interval_ms: float
    patches: tuple[RectangularRoi, ...]

    @property
    def time_ms(self) -> Floats:
        """Time of each sample from the foot of the upstroke, shape (samples,), ms."""
        return np.arange(self.window.sample_count, dtype=np.float64) * self.frame_interval_ms


@dataclass(frozen=True, slots=True, eq=False)
class PixelPotentials:
    """Potentials of the pixels of a rectangle, row by row.

    Parameters
    ----------
    roi : RectangularRoi
        The rectangle.
    voltages : ndarray of float32, shape (pixels, samples)
        Normalised; NaN where a pixel gives none.
    left_at_end : ndarray of float32, shape (pixels,)
        Part of the amplitude that is left at the end of the window (mean of its last 5 %, 3 samples
        at least): about 0 where it holds all of the repolarisation. The amplitude is that of the
        beat with the diastole before it.
    left_out : ndarray of int8, shape (pixels,)
        Why: place in `LEFT_OUT_REASONS`; -1: it gives one.
    """

    roi: RectangularRoi
    voltages: npt.NDArray[np.float32]
    left_at_end: npt.NDArray[np.float32]
    left_out: npt.NDArray[np.int8]

    @property
    def usable(self) -> Mask:
        """Pixels that give a potential, shape (pixels,)."""
        return np.asarray(self.left_out < 0)

    @property
    def mean(self) -> PixelPotentials | None:
        """Their mean over the usable pixels, as one pixel; None where there is none."""
        usable = self.usable
        if not usable.any():
            return None
        return PixelPotentials(
            RectangularRoi(self.roi.x, self.roi.y, 1, 1),
            self.voltages[usable].mean(axis=0, keepdims=True),
            self.left_at_end[usable].mean(keepdims=True),
            np.full(1, USABLE),
        )


def field_timing(field: FieldCounts) -> FieldTiming:
    """Beats, window and alignment of the mean over the field.

    The lead is that of pixels spread over the tissue, as it is that of all pixels of a region.

    Raises
    ------
    RecordingError
        If no pixel can be used, the field shows no beats, or the horizon does not fit.
    """
    preparation = field.preparation
    signal = drained(field_signal(field))
    beats, interval = signal.beats, signal.frame_interval_ms
    window = choose_window(beats, interval, signal.trace.size, preparation)
    patches = _patches(field.recording, np.argwhere(signal.left_out == USABLE))
    timing = FieldTiming(signal.polarity, beats, window, beats.lead_ms, interval, patches)
    lead = _lead_of_patches(field.source, preparation, timing)
    return timing if lead is None else replace(timing, lead_ms=lead)


def potentials_of(
    recording: Recording, roi: RectangularRoi, preparation: Preparation, timing: FieldTiming
) -> PixelPotentials:
    """Potentials of the pixels of a rectangle: cleaned, cut, aligned and normalised.

    Raises
    ------
    RecordingError
        As `read_counts`.
    """
    return potentials_in(
        read_counts(recording, roi, preparation, is_compact=True), preparation, timing
    )


def potentials_in(
    region: RegionCounts, preparation: Preparation, timing: FieldTiming
) -> PixelPotentials:
    """As `potentials_of`, of counts that are read already."""
    left_out = unusable_codes(region)
    frames = region.counts
    if preparation.filters_in_space:
        frames = region.filtered_in_space(preparation)
    traces = region.traces(frames)
    voltages = np.full((len(traces), timing.window.sample_count), np.nan, dtype=np.float32)
    left = np.full(len(traces), np.nan, dtype=np.float32)
    usable = np.flatnonzero(left_out < 0)
    for block in blocks_of(usable, _BLOCK_PIXELS):
        upright = timing.polarity.sign * traces[block]
        steady = remove_baseline(upright, timing.frame_interval_ms, preparation)
        voltages[block], left[block], left_out[block] = _cut(steady, preparation, timing)
    return PixelPotentials(region.roi, voltages, left, left_out)


def _cut(
    traces: npt.NDArray[Real], preparation: Preparation, timing: FieldTiming
) -> tuple[npt.NDArray[np.float32], Floats, npt.NDArray[np.int8]]:
    """Potentials of steady traces, what is left at their end, and why some have none."""
    interval, beats, window = timing.frame_interval_ms, timing.beats, timing.window
    samples = window.sample_count
    left_out = np.full(len(traces), -1, dtype=np.int8)

    def leave_out(which: Mask, reason: str) -> None:
        left_out[which & (left_out < 0)] = LEFT_OUT_REASONS.index(reason)

    averaged, noise = _averaged_beat(traces, timing)
    low, high = signal_range(averaged)
    leave_out(~(over_noise(high - low, noise) >= preparation.snr_limit), NOISY)
    cut_from = traces
    if preparation.temporal_filter is not None:
        cut_from = filter_in_time(traces, interval, preparation.temporal_filter)
    total = np.zeros((len(traces), samples))
    whole_count = np.zeros(len(traces))
    seen_count = np.zeros(len(traces))
    for onset in beats.onsets_ms[list(window.beats)]:
        half = frame_activation_times(traces, interval, float(onset), beats.cycle_length_ms)
        starts = half - timing.lead_ms
        seen_count += np.isfinite(half)
        whole = fits(starts, interval, samples, traces.shape[1])
        for rows in blocks_of(np.flatnonzero(whole & (left_out < 0)), len(traces)):
            total[rows] += cut_windows(cut_from[rows], interval, starts[rows], samples)
            whole_count[rows] += 1
    # Of several beats, noise may hide one.
    leave_out(seen_count < 0.5 * len(window.beats), SILENT)
    leave_out(whole_count == 0, CUT_OFF)
    sequences = total / np.maximum(whole_count, 1)[:, None]
    lower, upper = limits(sequences, preparation.normalisation)
    leave_out(~(upper > lower), FLAT)
    voltages = normalise(sequences, lower, np.where(upper > lower, upper, lower + 1))
    voltages[left_out >= 0] = np.nan
    last = max(_FEWEST_LAST, int(_LAST_SHARE * samples))
    left = np.divide(
        sequences[:, -last:].mean(axis=1) - low, high - low,
        out=np.full(len(low), np.nan), where=high > low,
    )  # fmt: skip
    return voltages.astype(np.float32), left, left_out


def _averaged_beat(
    traces: npt.NDArray[Real], timing: FieldTiming
) -> tuple[npt.NDArray[Real], Floats]:
    """The beats that are cut, averaged where the field's own lie, and the noise of that mean."""
    samples = timing.window.sample_count
    diastole = int(_DIASTOLE_SHARE * samples)
    beats = timing.beats
    feet = beats.onsets_ms[list(timing.window.beats)] - beats.lead_ms
    length = min(diastole + samples, traces.shape[1])
    starts = np.clip(feet / timing.frame_interval_ms - diastole, 0, traces.shape[1] - length)
    return average_windows(traces, starts, length), noise_level(traces) / np.sqrt(starts.size)


def _lead_of_patches(
    recording: Recording, preparation: Preparation, timing: FieldTiming
) -> float | None:
    """Median time from foot to half upstroke over the patches, ms."""
    interval, beats = timing.frame_interval_ms, timing.beats
    onset = float(beats.onsets_ms[timing.window.beats[0]])
    leads = []
    for roi in timing.patches:
        region = read_counts(recording, roi, preparation, is_compact=True)
        traces = region.traces(region.filtered_in_space(preparation))
        traces = traces[np.isfinite(traces).all(axis=1)]
        traces = remove_baseline(timing.polarity.sign * traces, interval, preparation)
        snr = signal_to_noise(*_averaged_beat(traces, timing))
        traces = traces[snr >= preparation.snr_limit]
        half = activation_times(traces, interval, onset, beats.cycle_length_ms)
        seen = np.isfinite(half)
        if seen.any():
            leads.append(lead_time(traces[seen], interval, half[seen], beats.cycle_length_ms))
    return float(np.median(leads)) if leads else None


def _patches(recording: Recording, usable: npt.NDArray[np.int64]) -> tuple[RectangularRoi, ...]:
    """Small rectangles spread over pixels, each around one of them."""
    step = max(1, len(usable) // _PATCHES)
    width = min(_PATCH_SIDE, recording.column_count)
    height = min(_PATCH_SIDE, recording.row_count)
    return tuple(
        RectangularRoi(
            min(column, recording.column_count - width),
            min(row, recording.row_count - height),
            width,
            height,
        )
        for row, column in usable[step // 2 :: step].tolist()
    )
