"""Zero-phase filters in time, and by how much they broaden an upstroke."""

from __future__ import annotations

from typing import Any, assert_never

import numpy as np
import numpy.typing as npt

from aphyn_gui.recording.cleaning_settings import TemporalFilter, TemporalKind
from aphyn_gui.recording.errors import RecordingError
from aphyn_gui.recording.interpolation import sample_at
from aphyn_gui.recording.measures import measure_action_potential
from aphyn_gui.recording.precision import Real, as_real
from aphyn_gui.recording.smoothing import savitzky_golay

Floats = npt.NDArray[np.float64]

_BUTTERWORTH_ORDER = 2
_TRUNCATE = 4.0
"""Standard deviations at which a Gaussian ends."""

_FEWEST_STEP_FRAMES = 32
_UPSTROKE_SHARE = 0.15
"""Of the cycle, before half of an upstroke and after it: where its rise is measured."""


def filter_in_time(
    traces: npt.NDArray[Real], frame_interval_ms: float, settings: TemporalFilter
) -> npt.NDArray[Real]:
    """Filter along the last axis, without shifting anything in time.

    Parameters
    ----------
    traces : ndarray, shape (..., time)
        NaN in a trace makes that trace, and no other, NaN. Single precision stays single.
    frame_interval_ms : float
        ms.
    settings : TemporalFilter
        Which filter.

    Raises
    ------
    RecordingError
        If the window is longer than the traces, or the cut-off not below half the frame rate.
    """
    values = as_real(traces)
    flat = values.reshape(-1, values.shape[-1])
    usable = np.isfinite(flat).all(axis=1)
    filtered = np.full_like(flat, np.nan)
    filtered[usable] = _filtered(flat[usable], frame_interval_ms, settings)
    return filtered.reshape(values.shape)


def _filtered(
    traces: npt.NDArray[Real], frame_interval_ms: float, settings: TemporalFilter
) -> npt.NDArray[Any]:
    match settings.kind:
        case TemporalKind.SAVITZKY_GOLAY:
            _require_room(traces, settings.frames)
            return savitzky_golay(traces, frames=settings.frames, order=settings.order)
        case TemporalKind.GAUSSIAN:
            # Imported when needed: scipy takes as long to import as the whole window.
            from scipy.ndimage import gaussian_filter1d

            sigma = settings.sigma_ms / frame_interval_ms
            return np.asarray(
                gaussian_filter1d(traces, sigma, axis=-1, mode="nearest", truncate=_TRUNCATE)
            )
        case TemporalKind.BUTTERWORTH:
            return _butterworth(traces, frame_interval_ms, settings.cut_off_hz)
        case TemporalKind.MEDIAN:
            from scipy.ndimage import median_filter

            _require_room(traces, settings.frames)
            return np.asarray(median_filter(traces, size=(1, settings.frames), mode="nearest"))
        case _:
            assert_never(settings.kind)


def _butterworth(
    traces: npt.NDArray[Real], frame_interval_ms: float, cut_off_hz: float
) -> npt.NDArray[Any]:
    # Imported when needed: it takes as long to import as the whole window.
    from scipy.signal import butter, sosfiltfilt

    frame_rate = 1000 / frame_interval_ms
    if not cut_off_hz < frame_rate / 2:
        raise RecordingError(
            f"the cut-off of {cut_off_hz:g} Hz must lie below half the frame rate, "
            f"{frame_rate / 2:g} Hz: choose a lower one"
        )
    sections = butter(_BUTTERWORTH_ORDER, cut_off_hz, fs=frame_rate, output="sos")
    # The trace is continued on either side by a period of the cut-off, for the filter to settle.
    margin = min(max(9, int(frame_rate / cut_off_hz)), traces.shape[-1] - 1)
    return np.asarray(sosfiltfilt(sections, traces, axis=-1, padlen=margin))


def _require_room(traces: npt.NDArray[Real], frames: int) -> None:
    if frames > traces.shape[-1]:
        raise RecordingError(
            f"the temporal filter's window of {frames} frames is longer than the trace, "
            f"{traces.shape[-1]} frames: choose a shorter one"
        )


def step_rise_time_ms(settings: TemporalFilter, frame_interval_ms: float) -> float:
    """Time in which a filtered step rises from 10 % to 90 %, ms: what the filter adds at most.

    The step lies between two frames; the filter's response to it is read on straight lines
    between frames, so that even an unfiltered step takes 0.8 frame intervals. A median leaves
    steps as they are, and flattens peaks narrower than half its window instead.

    Raises
    ------
    RecordingError
        If the cut-off is not below half the frame rate.
    """
    reach = {
        TemporalKind.SAVITZKY_GOLAY: settings.frames,
        TemporalKind.GAUSSIAN: int(2 * _TRUNCATE * settings.sigma_ms / frame_interval_ms),
        TemporalKind.BUTTERWORTH: int(4000 / settings.cut_off_hz / frame_interval_ms),
        TemporalKind.MEDIAN: settings.frames,
    }[settings.kind]
    half = max(_FEWEST_STEP_FRAMES, reach)
    step = np.repeat((0.0, 1.0), half)
    response = filter_in_time(step, frame_interval_ms, settings)
    # The last crossing of 10 % before the first of 90 %: small waves around the step don't count.
    high = int(np.argmax(response >= 0.9))
    low = int(np.flatnonzero(response[:high] <= 0.1)[-1])
    return (_between(response, high - 1, 0.9) - _between(response, low, 0.1)) * frame_interval_ms


def _between(trace: Floats, index: int, level: float) -> float:
    return index + float((level - trace[index]) / (trace[index + 1] - trace[index]))


def upstroke_rise_time_ms(
    traces: npt.ArrayLike,
    frame_interval_ms: float,
    activations_ms: npt.ArrayLike,
    cycle_length_ms: float,
) -> float:
    """Time from 10 % to 90 % of the upstroke of the aligned mean trace, ms; NaN if it has none.

    Parameters
    ----------
    traces : array_like, shape (traces, time)
        Upright, finite.
    frame_interval_ms : float
        ms.
    activations_ms : array_like, shape (traces,)
        Half of each upstroke, ms.
    cycle_length_ms : float
        ms.
    """
    reach = max(4, int(_UPSTROKE_SHARE * cycle_length_ms / frame_interval_ms))
    at = np.asarray(activations_ms, dtype=np.float64)[:, None] / frame_interval_ms
    mean = sample_at(traces, at + np.arange(-reach, reach + 1)).mean(axis=0)
    return measure_action_potential(mean, frame_interval_ms).rise_time_ms


def describe_filter(settings: TemporalFilter) -> str:
    """The filter's name and settings, in words."""
    match settings.kind:
        case TemporalKind.SAVITZKY_GOLAY:
            return (
                f"zero-phase Savitzky-Golay filter ({settings.frames} frames, order "
                f"{settings.order})"
            )
        case TemporalKind.GAUSSIAN:
            return f"Gaussian filter (sigma {settings.sigma_ms:g} ms)"
        case TemporalKind.BUTTERWORTH:
            return (
                f"zero-phase Butterworth low-pass (order {_BUTTERWORTH_ORDER}, forwards and "
                f"backwards, half of the amplitude left at {settings.cut_off_hz:g} Hz)"
            )
        case TemporalKind.MEDIAN:
            return f"median filter ({settings.frames} frames)"
        case _:
            assert_never(settings.kind)
