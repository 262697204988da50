"""Values between frames, by cubic splines."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from aphyn_gui.recording.errors import RecordingError
from aphyn_gui.recording.precision import Real, as_real

Floats = npt.NDArray[np.float64]

OVERHANG_FRAMES = 1.0
"""A window may reach this far over an end of the recording, where the last frame is repeated."""

_SPLINE_REACH = 24
"""Frames after which a spline has forgotten its end: 0.27 to this power is 1e-14."""


def sample_at(traces: npt.ArrayLike, positions: npt.ArrayLike) -> Floats:
    """Each trace at its own positions, or all at the same, by the interpolating cubic spline.

    A cubic spline keeps most of the noise's variance (linear interpolation halves it between
    frames), so that sequences of different pixels stay comparable.

    Parameters
    ----------
    traces : array_like, shape (traces, frames)
        Finite.
    positions : array_like, shape (traces, samples) or (samples,)
        In frames; held at the first and last frame.

    Returns
    -------
    ndarray of float64, shape (traces, samples)
    """
    # Imported when needed: scipy takes as long to import as the whole window.
    from scipy.ndimage import spline_filter1d

    values = np.asarray(traces, dtype=np.float64)
    frame_count = values.shape[-1]
    at = np.clip(np.asarray(positions, dtype=np.float64), 0, frame_count - 1)
    coefficients = spline_filter1d(values, order=3, axis=-1, mode="mirror")
    left = np.minimum(at.astype(np.int64), frame_count - 2)
    weights = _spline_weights(at - left)
    result = np.zeros((values.shape[0], at.shape[-1]))
    for offset, weight in zip((-1, 0, 1, 2), weights, strict=True):
        index = np.abs(left + offset)
        index = np.where(index >= frame_count, 2 * (frame_count - 1) - index, index)
        if at.ndim == 1:
            result += weight * coefficients[:, index]
        else:
            result += weight * np.take_along_axis(coefficients, index, axis=-1)
    return result


def cut_windows(
    traces: npt.ArrayLike, frame_interval_ms: float, starts_ms: npt.ArrayLike, sample_count: int
) -> Floats:
    """Samples at the frame interval from each trace's own start on.

    Parameters
    ----------
    traces : array_like, shape (traces, frames)
        Frame 0 is at 0 ms.
    frame_interval_ms : float
        ms.
    starts_ms : array_like, shape (traces,) or ()
        Time of the first sample, ms, anywhere between frames.
    sample_count : int
        Length of each window.

    Raises
    ------
    RecordingError
        If a window reaches more than a frame over an end of the recording.
    """
    values = np.asarray(traces)
    starts = np.asarray(starts_ms, dtype=np.float64)
    if not fits(starts, frame_interval_ms, sample_count, values.shape[-1]).all():
        raise RecordingError(
            f"{sample_count} samples from {starts.min():.1f} to {starts.max():.1f} ms on do not "
            f"lie in a recording of {(values.shape[-1] - 1) * frame_interval_ms:.1f} ms"
        )
    first = starts[..., None] / frame_interval_ms
    # Splines forget what is far away: only what lies around the windows is made one.
    left = max(0, int(first.min()) - _SPLINE_REACH)
    right = int(first.max()) + sample_count + 2 + _SPLINE_REACH
    return sample_at(values[:, left:right], first - left + np.arange(sample_count))


def average_windows(
    traces: npt.NDArray[Real], starts: npt.ArrayLike, sample_count: int
) -> npt.NDArray[Real]:
    """Mean over windows that all traces share, shape (traces, samples).

    The same as the mean of `cut_windows`, in a fraction of its time: the spline is a filter that
    does not change with time, so that it can be applied once, to the sum of all windows.

    Parameters
    ----------
    traces : ndarray, shape (traces, frames)
        Finite. Single precision stays single.
    starts : array_like, shape (windows,)
        First sample of each window, in frames; the window lies in the recording.
    sample_count : int
        Length of each window.
    """
    # Imported when needed: scipy takes as long to import as the whole window.
    from scipy.ndimage import spline_filter1d

    values = as_real(traces)
    positions = np.atleast_1d(np.asarray(starts, dtype=np.float64))
    length = sample_count + 2 * _SPLINE_REACH
    left = np.floor(positions).astype(np.int64)
    windows = np.empty((len(values), positions.size, length + 3), dtype=values.dtype)
    for place, frame in enumerate(left.tolist()):
        windows[:, place] = _mirrored(values, frame - 1 - _SPLINE_REACH, length + 3)
    weights = np.array(_spline_weights(positions - left)) / positions.size
    parts = weights.astype(values.dtype) @ windows
    mean = sum(parts[:, offset, offset : offset + length] for offset in range(len(weights)))
    coefficients = spline_filter1d(mean, order=3, axis=-1, output=values.dtype.type, mode="mirror")
    return np.asarray(coefficients[:, _SPLINE_REACH:-_SPLINE_REACH])


def _mirrored(values: npt.NDArray[Real], first: int, length: int) -> npt.NDArray[Real]:
    """Frames from ``first`` on; those before the recording and after it are its mirror image."""
    last = values.shape[-1] - 1
    if first >= 0 and first + length <= last + 1:
        return values[:, first : first + length]
    index = np.abs((np.arange(first, first + length) + last) % (2 * last) - last)
    return values[:, index]


def _spline_weights(part: Floats) -> tuple[Floats, ...]:
    """The cubic B-spline on its four intervals, at a part of a frame after the second."""
    rest = 1 - part
    squared, rest_squared = part * part, rest * rest
    return (
        rest_squared * rest / 6,
        2 / 3 - squared * (1 - part / 2),
        2 / 3 - rest_squared * (1 - rest / 2),
        squared * part / 6,
    )


def fits(
    starts_ms: npt.ArrayLike, frame_interval_ms: float, sample_count: int, frame_count: int
) -> npt.NDArray[np.bool_]:
    """Whether windows from these starts on lie in the recording."""
    first = np.asarray(starts_ms, dtype=np.float64) / frame_interval_ms
    last = first + sample_count - 1
    return np.asarray(
        (first >= -OVERHANG_FRAMES) & (last <= frame_count - 1 + OVERHANG_FRAMES), dtype=np.bool_
    )
