"""Sequences: one cycle of one pixel each, aligned at its own activation and normalised."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aphyn_gui.recording.alignment import activation_times, lead_time
from aphyn_gui.recording.baseline import remove_baseline
from aphyn_gui.recording.beats import Beats
from aphyn_gui.recording.cleaning import noise_level
from aphyn_gui.recording.interpolation import cut_windows, fits, sample_at
from aphyn_gui.recording.measures import signal_to_noise
from aphyn_gui.recording.normalisation import DESCRIPTIONS, limits, normalise
from aphyn_gui.recording.preparation import Ensemble, Polarity, Preparation
from aphyn_gui.recording.recording import Recording
from aphyn_gui.recording.region import RegionSignal, region_signal, signal_of
from aphyn_gui.recording.region_counts import RegionCounts, read_counts
from aphyn_gui.recording.region_measures import RegionMeasures, measure_region
from aphyn_gui.recording.roi import RectangularRoi
from aphyn_gui.recording.selection import (
    CUT_OFF,
    FLAT,
    MASKED,
    NOISY,
    SILENT,
    LeftOutPixel,
    PixelSelection,
    split_pixels,
    unusable_as_recorded,
)
from aphyn_gui.recording.temporal import filter_in_time, upstroke_rise_time_ms
from aphyn_gui.recording.window import AnalysisWindow, choose_window

__all__ = [
    "LeftOutPixel",
    "PreparedRegion",
    "RegionSignal",
    "SequenceSet",
    "cut_sequences",
    "prepare_region",
    "region_signal",
]

Floats = npt.NDArray[np.float64]

_DIASTOLE_SHARE = 0.15
"""Of the horizon, before the foot: added to the beat in which the signal is compared to noise."""


@dataclass(frozen=True, slots=True, eq=False)
class SequenceSet:
    """The sequences of one region.

    Parameters
    ----------
    voltages : ndarray of float64, shape (sequences, samples)
        Normalised transmembrane potential, dimensionless; sample 0 is the foot of the upstroke.
    sample_interval_ms : float
        Time between samples: the recording's frame interval, ms.
    rows, columns : ndarray of int, shape (sequences,)
        Pixel of each sequence, in the coordinates of the whole frame.
    activation_ms : ndarray of float64, shape (sequences,)
        Activation time of each pixel (half of the upstroke, sub-frame), from the start of the
        recording, ms.
    lower, upper : ndarray of float64, shape (sequences,)
        Signal mapped to v = 0 and to v = 1, upright counts.
    snr : ndarray of float64, shape (sequences,)
        Signal-to-noise ratio: amplitude over the standard deviation of the noise.
    training, validation : ndarray of int
        Indices of the sequences drawn for each part; disjoint.
    left_out : tuple of LeftOutPixel
        Pixels of the region that give no sequence.
    cycle_length_ms : float
        Cycle length of the region's mean trace, ms.
    polarity : Polarity
        Direction that was used.
    preparation : Preparation
        Settings that gave these sequences.
    notes : tuple of str
        What was done or assumed, one sentence each, for the methods of a paper.
    """

    voltages: npt.NDArray[np.float64]
    sample_interval_ms: float
    rows: npt.NDArray[np.int64]
    columns: npt.NDArray[np.int64]
    activation_ms: npt.NDArray[np.float64]
    lower: npt.NDArray[np.float64]
    upper: npt.NDArray[np.float64]
    snr: npt.NDArray[np.float64]
    training: npt.NDArray[np.int64]
    validation: npt.NDArray[np.int64]
    left_out: tuple[LeftOutPixel, ...]
    cycle_length_ms: float
    polarity: Polarity
    preparation: Preparation
    notes: tuple[str, ...]

    @property
    def time_ms(self) -> npt.NDArray[np.float64]:
        """Time of each sample from the foot of the upstroke, shape (samples,), ms."""
        return np.arange(self.voltages.shape[1], dtype=np.float64) * self.sample_interval_ms

    @property
    def horizon_ms(self) -> float:
        """Time from the first to the last sample, ms."""
        return float((self.voltages.shape[1] - 1) * self.sample_interval_ms)

    @property
    def training_voltages(self) -> npt.NDArray[np.float64]:
        """Training sequences, shape (training, samples)."""
        return self.voltages[self.training]

    @property
    def validation_voltages(self) -> npt.NDArray[np.float64]:
        """Validation sequences, shape (validation, samples)."""
        return self.voltages[self.validation]


@dataclass(frozen=True, slots=True, eq=False)
class PreparedRegion:
    """Everything a region gives, from one reading of the file.

    Parameters
    ----------
    signal : RegionSignal
        Its mean trace and beats.
    sequences : SequenceSet
        What a model is fitted to.
    measures : RegionMeasures
        Durations and signal-to-noise ratio, as measured.
    """

    signal: RegionSignal
    sequences: SequenceSet
    measures: RegionMeasures


def cut_sequences(
    recording: Recording, roi: RectangularRoi, preparation: Preparation
) -> SequenceSet:
    """Sequences of a region: cut, aligned, normalised and split.

    Raises
    ------
    RecordingError
        As `region_signal`; also if the horizon does not fit, or fewer than three pixels remain.
    """
    region = read_counts(recording, roi, preparation)
    return _cut(region, signal_of(region, preparation), preparation)


def prepare_region(
    recording: Recording, roi: RectangularRoi, preparation: Preparation
) -> PreparedRegion:
    """Signal, sequences and measures of a region, reading it once.

    Raises
    ------
    RecordingError
        As `cut_sequences`.
    """
    region = read_counts(recording, roi, preparation)
    signal = signal_of(region, preparation)
    sequences = _cut(region, signal, preparation)
    measures = measure_region(
        region.counts,
        region.inside,
        frame_interval_ms=region.frame_interval_ms,
        polarity=signal.polarity,
        preparation=preparation,
        beats=signal.beats_from_start,
    )
    return PreparedRegion(signal, sequences, measures)


def _cut(region: RegionCounts, signal: RegionSignal, preparation: Preparation) -> SequenceSet:
    beats = signal.beats_from_start
    interval = region.frame_interval_ms
    window = choose_window(beats, interval, signal.time_ms.size, preparation)
    selection = PixelSelection(region.roi)
    selection.leave_out(region.masked, MASKED)
    for which, reason in unusable_as_recorded(
        region.traces(region.counts), region.saturation_level
    ):
        selection.leave_out(which, reason)
    selection.require_enough()
    traces = remove_baseline(
        signal.polarity.sign * region.traces(region.filtered_in_space(preparation)),
        interval,
        preparation,
    )
    snr = np.full(len(traces), np.nan)
    usable = selection.indices
    snr[usable] = _signal_to_noise(traces[usable], beats, interval, window)
    selection.leave_out(~(snr >= preparation.snr_limit), NOISY)
    selection.require_enough()

    activations = np.full((len(traces), len(window.beats)), np.nan)
    usable = selection.indices
    for position, onset in enumerate(beats.onsets_ms[list(window.beats)]):
        activations[usable, position] = activation_times(
            traces[usable], interval, float(onset), beats.cycle_length_ms
        )
    # Of several beats, noise may hide one.
    selection.leave_out(np.asarray(np.isfinite(activations).mean(axis=1) < 0.5), SILENT)
    selection.require_enough()

    usable = selection.indices
    lead = _common_lead(traces[usable], activations[usable], beats, interval)
    # Beats without an upstroke have no start, and what has none does not fit.
    whole = fits(activations - lead, interval, window.sample_count, traces.shape[1])
    selection.leave_out(np.asarray(~whole.any(axis=1)), CUT_OFF)
    selection.require_enough()

    usable = selection.indices
    cut_from, broadening_notes = _filtered(
        traces[usable], activations[usable], beats, interval, preparation
    )
    sequences = np.full((len(traces), window.sample_count), np.nan)
    sequences[usable] = _average_beats(
        cut_from, interval, activations[usable] - lead, whole[usable], window.sample_count
    )
    lower, upper = np.full(len(traces), np.nan), np.full(len(traces), np.nan)
    lower[usable], upper[usable] = limits(sequences[usable], preparation.normalisation)
    selection.leave_out(~(upper > lower), FLAT)
    selection.require_enough()

    kept = selection.indices
    training, validation, split_note = split_pixels(kept.size, preparation)
    rows, columns = selection.places(kept)
    chosen_onsets = beats.onsets_ms[list(window.beats)]
    return SequenceSet(
        voltages=normalise(sequences[kept], lower[kept], upper[kept]),
        sample_interval_ms=interval,
        rows=rows,
        columns=columns,
        activation_ms=signal.start_ms
        + chosen_onsets[0]
        + np.nanmean(activations[kept] - chosen_onsets, axis=1),
        lower=lower[kept],
        upper=upper[kept],
        snr=snr[kept],
        training=training,
        validation=validation,
        left_out=selection.left_out,
        cycle_length_ms=beats.cycle_length_ms,
        polarity=signal.polarity,
        preparation=preparation,
        notes=(
            *signal.steps,
            *broadening_notes,
            *beats.notes,
            *_alternans_notes(signal, preparation),
            *_cutting_notes(window, interval, lead, preparation),
            DESCRIPTIONS[preparation.normalisation],
            selection.note,
            split_note,
        ),
    )


def _filtered(
    traces: Floats,
    activations_ms: Floats,
    beats: Beats,
    frame_interval_ms: float,
    preparation: Preparation,
) -> tuple[Floats, tuple[str, ...]]:
    """Traces after the temporal filter, and what it did to their upstroke."""
    if preparation.temporal_filter is None:
        return traces, ()
    filtered = filter_in_time(traces, frame_interval_ms, preparation.temporal_filter)
    # Every pixel has an upstroke in one of the beats at least.
    first = np.take_along_axis(
        activations_ms, np.isfinite(activations_ms).argmax(axis=1)[:, None], axis=1
    )[:, 0]
    before, after = (
        upstroke_rise_time_ms(of, frame_interval_ms, first, beats.cycle_length_ms)
        for of in (traces, filtered)
    )
    if not np.isfinite([before, after]).all():
        return filtered, ()
    return filtered, (
        "The upstroke of the region's aligned mean trace (10 % to 90 %) takes "
        f"{before:.2f} ms before the filter and {after:.2f} ms after it.",
    )


def _signal_to_noise(
    traces: Floats, beats: Beats, interval: float, window: AnalysisWindow
) -> Floats:
    """Of the beats that are cut, averaged as they will be."""
    diastole = int(_DIASTOLE_SHARE * window.sample_count)
    samples = np.arange(-diastole, window.sample_count)
    averaged = np.zeros((len(traces), samples.size))
    for beat in window.beats:
        start = (beats.onsets_ms[beat] - beats.lead_ms) / interval
        averaged += sample_at(traces, start + samples)
    averaged /= len(window.beats)
    return signal_to_noise(averaged, noise_level(traces) / np.sqrt(len(window.beats)))


def _common_lead(
    traces: Floats, activations_ms: Floats, beats: Beats, frame_interval_ms: float
) -> float:
    """Time from foot to half upstroke, the median over the beats that are cut, ms."""
    leads = []
    for of_beat in activations_ms.T:
        seen = np.isfinite(of_beat)
        if seen.any():
            leads.append(
                lead_time(
                    traces[seen],
                    frame_interval_ms,
                    of_beat[seen],
                    beats.cycle_length_ms,
                )
            )
    return float(np.median(leads))


def _average_beats(
    traces: Floats,
    frame_interval_ms: float,
    starts_ms: Floats,
    whole: npt.NDArray[np.bool_],
    sample_count: int,
) -> Floats:
    """Mean over each trace's whole beats, from its own starts on, shape (traces, samples)."""
    total = np.zeros((len(traces), sample_count))
    for position in range(starts_ms.shape[1]):
        rows = whole[:, position]
        total[rows] += cut_windows(
            traces[rows], frame_interval_ms, starts_ms[rows, position], sample_count
        )
    return np.asarray(total / whole.sum(axis=1, keepdims=True))


def _alternans_notes(signal: RegionSignal, preparation: Preparation) -> tuple[str, ...]:
    alternans = signal.alternans
    if not alternans.between_beats or preparation.measuring.ensemble is not Ensemble.ALL:
        return (alternans.note,)
    what = "sequences and measures average" if preparation.beat is None else "the measures average"
    return (
        alternans.note,
        f"Warning: {what} over alternating beats; average the even or the odd beats alone.",
    )


def _cutting_notes(
    window: AnalysisWindow, frame_interval_ms: float, lead_ms: float, preparation: Preparation
) -> tuple[str, ...]:
    if preparation.beat is None and preparation.ensemble is not Ensemble.ALL:
        numbers = ", ".join(str(beat) for beat in window.beats)
        which = (
            f"The {preparation.ensemble} beats ({numbers}, counted from 0) were averaged, pixel by "
            "pixel"
        )
    elif len(window.beats) == 1:
        which = f"Beat {window.beats[0]} of the recording (counted from 0) was cut out"
    else:
        which = f"{len(window.beats)} beats were averaged, pixel by pixel"
    return (
        f"{which}, from the foot of the upstroke on: {lead_ms:.2f} ms before each pixel's own half "
        "upstroke, the time that the aligned mean trace takes from its last crossing of 5 %.",
        "Values between frames were interpolated by a cubic spline.",
        f"A sequence has {window.sample_count} samples of {frame_interval_ms:g} ms, "
        f"{(window.sample_count - 1) * frame_interval_ms:.6g} ms in all.",
        *window.notes,
    )
