"""Which beats of a region are analysed, and for how long."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from aphyn_gui.recording.beats import Beats
from aphyn_gui.recording.errors import RecordingError
from aphyn_gui.recording.preparation import Preparation

DEFAULT_HORIZON_MS = 300.0
"""As in the paper's recordings."""

_FRAMES_BEFORE_NEXT_FOOT = 2
_FEWEST_SAMPLES = 9


@dataclass(frozen=True, slots=True)
class AnalysisWindow:
    """The beats that are cut, and how much of each.

    Parameters
    ----------
    beats : tuple of int
        Indices into the onsets of `Beats`; several: their ensemble average.
    start_ms : float
        Foot of the first of them in the region's mean trace, from the first frame, ms.
    sample_count : int
        Samples in a sequence, at the frame interval.
    notes : tuple of str
        How the horizon was chosen.
    """

    beats: tuple[int, ...]
    start_ms: float
    sample_count: int
    notes: tuple[str, ...]


def choose_window(
    beats: Beats, frame_interval_ms: float, frame_count: int, preparation: Preparation
) -> AnalysisWindow:
    """The window that a preparation asks for.

    By default a sequence ends before the next beat begins: after 300 ms, or after the cycle less
    the time from foot to half upstroke and two frames.

    Raises
    ------
    RecordingError
        If there is no such beat, or the horizon does not fit behind it, or holds a second one.
    """
    duration = (frame_count - 1) * frame_interval_ms
    chosen = _choose_beats(beats, duration, preparation)
    # A recording may begin in the upstroke.
    starts = np.maximum(beats.onsets_ms - beats.lead_ms, 0.0)
    if preparation.horizon_ms is None:
        horizon, notes = _default_horizon(beats, frame_interval_ms, duration, chosen)
    else:
        horizon = preparation.horizon_ms
        chosen = _beats_with_room(starts, duration, chosen, horizon, preparation.beat)
        _require_one_beat(beats, frame_interval_ms, chosen, horizon)
        notes = _asked_notes(beats, horizon)
    sample_count = int(horizon / frame_interval_ms + 1e-9) + 1
    if sample_count < _FEWEST_SAMPLES:
        raise RecordingError(
            f"a horizon of {horizon:.1f} ms holds {sample_count} samples of "
            f"{frame_interval_ms:g} ms; at least {_FEWEST_SAMPLES} are needed: choose a longer one"
        )
    return AnalysisWindow(tuple(chosen), float(starts[chosen[0]]), sample_count, notes)


def _choose_beats(beats: Beats, duration_ms: float, preparation: Preparation) -> list[int]:
    beat = preparation.beat
    complete = [int(index) for index in beats.complete]
    if not complete:
        raise RecordingError(
            f"no whole cycle of {beats.cycle_length_ms:.1f} ms lies in the recording of "
            f"{duration_ms:.1f} ms: record longer"
        )
    if beat is None:
        averaged = list(preparation.ensemble.of(complete))
        if not averaged:
            raise RecordingError(
                "the odd beats were asked for, but the recording holds one complete beat: average "
                "all beats"
            )
        return averaged
    if beat >= len(complete):
        raise RecordingError(
            f"beat {beat} was asked for (counted from 0), but the recording holds {len(complete)} "
            f"complete: choose one from 0 to {len(complete) - 1}"
        )
    return [complete[beat]]


def _default_horizon(
    beats: Beats, frame_interval_ms: float, duration_ms: float, chosen: list[int]
) -> tuple[float, tuple[str, ...]]:
    room = duration_ms - float((beats.onsets_ms[chosen] - beats.lead_ms).max())
    if beats.onsets_ms.size == 1:
        # Pixels are activated one after the other: the last ones need a little room, too.
        room = min(room, beats.cycle_length_ms)
        horizon = min(DEFAULT_HORIZON_MS, room - _FRAMES_BEFORE_NEXT_FOOT * frame_interval_ms)
        return horizon, ("The horizon is the shorter of 300 ms and the rest of the recording.",)
    quiet = _until_next_foot(beats, frame_interval_ms, chosen)
    return min(DEFAULT_HORIZON_MS, quiet, room), (
        "The horizon is the shorter of 300 ms and the cycle less the time from foot to half "
        f"upstroke and {_FRAMES_BEFORE_NEXT_FOOT} frames, so that it ends before the next beat.",
    )


def longest_horizon(
    beats: Beats, frame_interval_ms: float, frame_count: int, preparation: Preparation
) -> float:
    """What a window of these beats may hold before the next beat begins, ms.

    Raises
    ------
    RecordingError
        If there is no such beat.
    """
    duration = (frame_count - 1) * frame_interval_ms
    chosen = _choose_beats(beats, duration, preparation)
    room = duration - float(np.maximum(beats.onsets_ms[chosen] - beats.lead_ms, 0.0).min())
    if beats.onsets_ms.size == 1:
        return room
    return min(room, _until_next_foot(beats, frame_interval_ms, chosen))


def _shortest_interval(beats: Beats, chosen: list[int]) -> float:
    """From a chosen onset to the next, ms; after the last one, the cycle length."""
    following = np.append(np.diff(beats.onsets_ms), beats.cycle_length_ms)
    return float(following[chosen].min())


def _until_next_foot(beats: Beats, frame_interval_ms: float, chosen: list[int]) -> float:
    """From a foot to shortly before the next one, ms."""
    margin = _FRAMES_BEFORE_NEXT_FOOT * frame_interval_ms
    return _shortest_interval(beats, chosen) - beats.lead_ms - margin


def _require_one_beat(
    beats: Beats, frame_interval_ms: float, chosen: list[int], horizon_ms: float
) -> None:
    """The model is stimulated once: nothing it does could follow a second upstroke."""
    if beats.onsets_ms.size == 1:
        return
    shortest = _shortest_interval(beats, chosen)
    if horizon_ms >= shortest + beats.lead_ms:
        most = _until_next_foot(beats, frame_interval_ms, chosen)
        raise RecordingError(
            f"the horizon of {horizon_ms:g} ms holds more than one beat, for the next one comes "
            f"after {shortest:.1f} ms, and the model is stimulated once: choose at most "
            f"{most:.0f} ms"
        )


def _beats_with_room(
    starts_ms: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    duration_ms: float,
    chosen: list[int],
    horizon_ms: float,
    beat: int | None,
) -> list[int]:
    if horizon_ms > duration_ms:
        raise RecordingError(
            f"the horizon of {horizon_ms:g} ms is longer than the recording, {duration_ms:g} ms: "
            "choose a shorter one"
        )
    fitting = [index for index in chosen if starts_ms[index] + horizon_ms <= duration_ms]
    if not fitting:
        which = "the first beat" if beat is None else f"beat {beat}"
        raise RecordingError(
            f"the horizon of {horizon_ms:g} ms is longer than the "
            f"{duration_ms - starts_ms[chosen[0]]:.1f} ms that remain after the foot of {which}: "
            "choose a shorter one, or an earlier beat"
        )
    return fitting


def _asked_notes(beats: Beats, horizon_ms: float) -> tuple[str, ...]:
    if beats.onsets_ms.size > 1 and horizon_ms > beats.cycle_length_ms - beats.lead_ms:
        return (
            f"The horizon of {horizon_ms:g} ms was set by hand and reaches into the next beat, for "
            f"the cycle length is {beats.cycle_length_ms:.1f} ms.",
        )
    return (f"The horizon of {horizon_ms:g} ms was set by hand.",)
