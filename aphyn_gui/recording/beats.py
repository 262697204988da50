"""Beats: their onsets at sub-frame precision, and the cycle length."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from aphyn_gui.recording.cleaning import noise_level
from aphyn_gui.recording.errors import RecordingError
from aphyn_gui.recording.interpolation import cut_windows
from aphyn_gui.recording.peaks import prominent_peaks
from aphyn_gui.recording.smoothing import savitzky_golay

Floats = npt.NDArray[np.float64]

FOOT_FRACTION = 0.05
"""The foot of an upstroke is its last crossing of this fraction of its height."""

_SMALLEST_RISE = 0.3
"""A beat rises by at least this fraction of the trace's range; alternans halves every other one."""

_SMALLEST_SIGNAL = 6.0
"""Rises of pure noise, filtered, stay below 4.5 standard deviations of the raw noise."""

_SHORTEST_CYCLE_MS = 40.0
"""No heart beats faster: two upstrokes closer than this are one."""

_SHORTEST_RECORDING = 8

_PACED_RISE = 0.05
_PACED_SIGNAL = 2.0
"""With a known cycle length upstrokes keep their distance: smaller ones are believed."""

_PACED_DISTANCE = 0.6
"""Of a known cycle length: two upstrokes closer than this are one."""

_PACED_DISAGREEMENT = 0.05
_FEWEST_FRAMES_IN_CYCLE = 9

_CUT_OFF_FRACTION = 0.2
"""A first upstroke that starts higher up than this began before the recording did."""

_DIASTOLE_FRAMES = 8
"""At least so many frames give the level from which an upstroke rises."""


@dataclass(frozen=True, slots=True)
class _Upstroke:
    """Half of an upstroke and its foot, in frames; where it starts, and how far it rises."""

    half: float
    foot: float
    low: float
    rise: float


@dataclass(frozen=True, slots=True, eq=False)
class Beats:
    """The beats of one trace.

    Parameters
    ----------
    onsets_ms : ndarray of float64, shape (beats,)
        Half of each upstroke, from the first frame, ms, sub-frame.
    feet_ms : ndarray of float64, shape (beats,)
        Last crossing of 5 % of the upstroke before it, ms, sub-frame.
    cycle_length_ms : float
        As entered, or the median interval between onsets, ms; of a single beat: at most from its
        foot to the recording's end.
    complete : ndarray of int
        Indices of the beats whose whole cycle, foot to foot, lies in the recording.
    notes : tuple of str
        What had to be assumed.
    """

    onsets_ms: Floats
    feet_ms: Floats
    cycle_length_ms: float
    complete: npt.NDArray[np.int64]
    notes: tuple[str, ...] = ()

    def only(self, complete: Sequence[int]) -> Beats:
        """The same beats, of which only these complete ones are used."""
        return replace(self, complete=np.asarray(complete, dtype=np.int64))

    @property
    def lead_ms(self) -> float:
        """Median time from foot to half upstroke, ms."""
        return float(np.median(self.onsets_ms - self.feet_ms))

    def ensemble(self, traces: npt.ArrayLike, frame_interval_ms: float) -> Floats:
        """Mean of the complete beats, from the foot on and one cycle long, shape (..., samples).

        Parameters
        ----------
        traces : array_like, shape (..., time)
            Traces on the same frames.
        frame_interval_ms : float
            ms.
        """
        values = np.asarray(traces, dtype=np.float64)
        flat = values.reshape(-1, values.shape[-1])
        sample_count = int(self.cycle_length_ms / frame_interval_ms)
        windows = [
            cut_windows(flat, frame_interval_ms, start, sample_count)
            for start in self.onsets_ms[self.complete] - self.lead_ms
        ]
        return np.asarray(np.mean(windows, axis=0).reshape(*values.shape[:-1], sample_count))


def detect_beats(
    trace_upright: npt.ArrayLike, frame_interval_ms: float, cycle_length_ms: float | None = None
) -> Beats:
    """Find the beats of a trace.

    A beat is a maximum that stands out by its prominence: what must be descended from it before
    a higher one is reached. Wiggles on a plateau and notches of an upstroke do not descend far
    enough to count twice. Its upstroke is the steepest rise between the minimum before it and
    the maximum.

    Parameters
    ----------
    trace_upright : array_like, shape (time,)
        Depolarisation goes up; drift removed.
    frame_interval_ms : float
        Time between frames, ms.
    cycle_length_ms : float or None
        Time between beats as paced, ms: upstrokes closer than 60 % of it are one, and smaller ones
        count, down to 5 % of the trace's range; None: it is found, and is at least 40 ms.

    Raises
    ------
    RecordingError
        If no beat stands out of the noise, or the cycle length holds fewer than 9 frames.
    """
    _require_frames(cycle_length_ms, frame_interval_ms)
    trace = np.asarray(trace_upright, dtype=np.float64)
    duration = (trace.size - 1) * frame_interval_ms
    if trace.size < _SHORTEST_RECORDING:
        raise RecordingError(
            f"no beats found: {trace.size} frames are too few, at least {_SHORTEST_RECORDING} are "
            "needed"
        )
    if not np.isfinite(trace).all():
        raise RecordingError("no beats found: the trace holds values that are not numbers")
    smooth = savitzky_golay(trace)
    noise = float(noise_level(trace))
    spread = float(np.ptp(smooth))
    if spread <= _SMALLEST_SIGNAL * noise or spread <= 1e-12 * float(np.max(np.abs(trace))):
        raise RecordingError(
            "no beats found: the trace is flat or noise "
            f"(range {spread:.4g}, noise {noise:.4g} counts); move the region onto tissue, enlarge "
            "it, or check the polarity"
        )
    if cycle_length_ms is None:
        smallest = max(_SMALLEST_RISE * spread, _SMALLEST_SIGNAL * noise)
        apart = _SHORTEST_CYCLE_MS / frame_interval_ms
        reach = trace.size
    else:
        smallest = max(_PACED_RISE * spread, _PACED_SIGNAL * noise)
        apart = _PACED_DISTANCE * cycle_length_ms / frame_interval_ms
        # A small beat rises faster than a baseline wanders.
        reach = int(apart)
    upstrokes = _upstrokes(trace, smooth, smallest, max(1.0, apart), reach)
    if not upstrokes:
        raise RecordingError(
            "no beats found: no upstroke stands out of the noise; move the region onto tissue, "
            "enlarge it, or check the polarity"
        )
    onsets, feet = (np.array(times) * frame_interval_ms for times in zip(*upstrokes, strict=True))
    return _beats(onsets, feet, duration, cycle_length_ms)


def _require_frames(cycle_length_ms: float | None, frame_interval_ms: float) -> None:
    if cycle_length_ms is None:
        return
    if not cycle_length_ms >= _FEWEST_FRAMES_IN_CYCLE * frame_interval_ms:
        raise RecordingError(
            f"a cycle length of {cycle_length_ms:g} ms holds fewer than {_FEWEST_FRAMES_IN_CYCLE} "
            f"frames of {frame_interval_ms:g} ms: enter the time between two beats, in ms"
        )


def _beats(onsets: Floats, feet: Floats, duration_ms: float, entered_ms: float | None) -> Beats:
    rest = float(duration_ms - feet[0])
    if onsets.size == 1 and (entered_ms is None or entered_ms > rest):
        cycle = rest
        return Beats(
            onsets,
            feet,
            cycle,
            np.array([0]),
            (
                "The recording holds one beat: its cycle was taken to last to the end of the "
                f"recording, {cycle:.1f} ms.",
            ),
        )
    cycle = float(np.median(np.diff(onsets))) if entered_ms is None else entered_ms
    # Each beat ends at its own successor's foot, or, the last, one cycle after its own.
    ends = np.append(feet[1:], feet[-1] + cycle)
    complete = np.flatnonzero(ends <= duration_ms)
    return Beats(onsets, feet, cycle, complete, _entered_notes(onsets, entered_ms))


def _entered_notes(onsets: Floats, entered_ms: float | None) -> tuple[str, ...]:
    if entered_ms is None:
        return ()
    note = f"The cycle length of {entered_ms:g} ms was entered."
    if onsets.size > 1:
        found = float(np.median(np.diff(onsets)))
        note = f"{note[:-1]}; the beats found are {found:.1f} ms apart (median)."
        if abs(found - entered_ms) > _PACED_DISAGREEMENT * entered_ms:
            note = f"Warning: {note[:-1]}, which does not agree: check it."
    return (note,)


def _upstrokes(
    trace: Floats, smooth: Floats, smallest: float, distance: float, reach: int
) -> list[tuple[float, float]]:
    """Half upstroke and foot of every beat, in frames; each rises within ``reach`` frames."""
    # A recording that ends on a plateau never descends from it: let it descend after its end.
    closed = np.append(smooth, smooth.min())
    peaks = prominent_peaks(closed, smallest, distance)
    found: list[_Upstroke] = []
    previous = 0
    for peak in (int(peak) for peak in peaks):
        first = max(previous, peak - reach)
        trough = first + int(np.argmin(smooth[first : peak + 1]))
        upstroke = _upstroke(trace, smooth, previous, trough, peak)
        if upstroke.rise >= smallest:
            found.append(upstroke)
        previous = peak
    return [(upstroke.half, upstroke.foot) for upstroke in _without_cut_off_beat(found)]


def foot_before(trace: Floats, start: int, half: float, peak: float) -> tuple[float, float]:
    """Foot of an upstroke, and the baseline it leaves, for a trace in frames.

    The baseline is the median of the diastole just before the upstroke: its minimum would lie
    a few standard deviations of the noise too low, and the foot, 5 % above, far too early.

    Parameters
    ----------
    trace : ndarray, shape (frames,)
    start : int
        Frame from which on diastole may be looked for: after the beat before.
    half : float
        Half of the upstroke, frames.
    peak : float
        Value at the top of the upstroke.

    Returns
    -------
    foot, baseline : float
        Frames, and the unit of the trace.
    """
    middle = int(half)
    steepest = float(np.max(np.diff(trace[max(start, middle - 2) : middle + 4])))
    lowest = float(trace[start : middle + 1].min())
    rise = (peak - lowest) / steepest if steepest > 0 else 1.0
    # One whole rise before its middle nothing of it is left.
    stop = max(start + 1, int(half - rise))
    length = max(_DIASTOLE_FRAMES, int(2 * rise))
    baseline = float(np.median(trace[max(start, stop - length) : stop]))
    return _last_crossing(trace, start, middle, baseline + FOOT_FRACTION * (peak - baseline)), (
        baseline
    )


def _upstroke(trace: Floats, smooth: Floats, start: int, trough: int, peak: int) -> _Upstroke:
    low, high = float(smooth[trough]), float(smooth[peak])
    half = _last_crossing(smooth, trough, peak, (low + high) / 2)
    # Diastole is flat and lies in the second half of the time since the beat before.
    # The filter would spread the foot over its own length.
    foot, _ = foot_before(trace, min(trough, (start + int(half)) // 2), half, high)
    return _Upstroke(half, foot, low, high - low)


def _without_cut_off_beat(found: list[_Upstroke]) -> list[_Upstroke]:
    """Drop a first beat that began before the recording did: its rise starts high up."""
    if len(found) < 2:
        return found
    low = np.median([upstroke.low for upstroke in found[1:]])
    rise = np.median([upstroke.rise for upstroke in found[1:]])
    return found[1:] if found[0].low > low + _CUT_OFF_FRACTION * rise else found


def _last_crossing(trace: Floats, start: int, stop: int, level: float) -> float:
    """Where the trace last rises through a level between two frames, in frames."""
    below = np.flatnonzero(trace[start : stop + 1] < level)
    if below.size == 0:
        return float(start)
    index = start + int(below[-1])
    if index + 1 >= trace.size:
        return float(index)
    low, high = trace[index], trace[index + 1]
    return index + float((level - low) / (high - low)) if high > low else float(index)
