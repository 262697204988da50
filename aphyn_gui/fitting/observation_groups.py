"""Neighbouring observations that are averaged, so that dense sampling costs what it tells."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

_FEW = 160
"""Up to here each observation stands alone."""
_FINEST, _MIDDLE, _COARSEST = (0.06, 1000), (0.2, 200), (1.0, 80)
"""Observations are averaged over a thousandth of the horizon in its first 6 %, over a 200th up to
20 %, and over an 80th afterwards: where nothing moves, dense sampling tells nothing more."""


def observation_groups(sample_count: int, sample_interval_ms: float) -> npt.NDArray[np.intp]:
    """Group of each observation, shape (samples,): neighbours that are averaged."""
    if sample_count <= _FEW:
        return np.arange(sample_count)
    times = np.arange(sample_count) * sample_interval_ms
    horizon = max(float(times[-1]), sample_interval_ms)
    groups = np.zeros(sample_count, dtype=np.intp)
    start = 0.0
    for index in range(1, sample_count):
        width = next(
            horizon / parts
            for until, parts in (_FINEST, _MIDDLE, _COARSEST)
            if times[index] <= until * horizon
        )
        # The first sample stands alone: it is where a forecast starts.
        is_new = index == 1 or times[index] - start >= width * (1 - 1e-9)
        groups[index] = groups[index - 1] + is_new
        if is_new:
            start = times[index]
    return groups
