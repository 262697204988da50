"""What is mapped to v = 0 and v = 1, pixel by pixel."""

from __future__ import annotations

from typing import assert_never

import numpy as np
import numpy.typing as npt

from aphyn_gui.recording.preparation import Normalisation
from aphyn_gui.recording.smoothing import savitzky_golay

Floats = npt.NDArray[np.float64]

_BASELINE_PERCENTILE = 5.0
_PEAK_PERCENTILE = 98.0

DESCRIPTIONS = {
    Normalisation.MIN_MAX: (
        "Each sequence was scaled so that its lowest sample is 0 and its highest 1."
    ),
    Normalisation.ROBUST: (
        "Each sequence was scaled so that the median of its lowest 10 % of samples is 0 and the "
        "median of its highest 4 % is 1, both read on a Savitzky-Golay filtered copy (9 frames, "
        "order 3)."
    ),
}
"""One sentence for the methods of a paper."""


def limits(sequences: npt.ArrayLike, how: Normalisation) -> tuple[Floats, Floats]:
    """Signal mapped to 0 and to 1, each of shape (...).

    Minimum and maximum are single samples: with noise, both ends lie outside the signal by two
    or three standard deviations of it. The robust limits are read on a filtered copy, where noise
    is halved, as medians of a tail: the lowest 10 %, for every sequence has that much diastole or
    foot, and the highest 4 %, for the peak of a triangular action potential is that short.

    Parameters
    ----------
    sequences : array_like, shape (..., samples)
        Upright counts.
    how : Normalisation
        Which of the two.
    """
    values = np.asarray(sequences, dtype=np.float64)
    match how:
        case Normalisation.MIN_MAX:
            return values.min(axis=-1), values.max(axis=-1)
        case Normalisation.ROBUST:
            lower, upper = np.percentile(
                savitzky_golay(values), (_BASELINE_PERCENTILE, _PEAK_PERCENTILE), axis=-1
            )
            return lower, upper
        case _:
            assert_never(how)


def normalise(sequences: npt.ArrayLike, lower: npt.ArrayLike, upper: npt.ArrayLike) -> Floats:
    """Map ``lower`` to 0 and ``upper`` to 1.

    Parameters
    ----------
    sequences : array_like, shape (..., samples)
    lower, upper : array_like, shape (...)
        Must differ.
    """
    values = np.asarray(sequences, dtype=np.float64)
    low = np.asarray(lower, dtype=np.float64)[..., None]
    high = np.asarray(upper, dtype=np.float64)[..., None]
    return np.asarray((values - low) / (high - low))
