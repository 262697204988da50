"""Which pixels of a region give a sequence, why the others do not, and who trains."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aphyn_gui.recording.errors import RecordingError
from aphyn_gui.recording.precision import Real
from aphyn_gui.recording.preparation import Preparation, Split
from aphyn_gui.recording.roi import RectangularRoi

Mask = npt.NDArray[np.bool_]
Indices = npt.NDArray[np.int64]

MASKED = "the mask leaves it out"
HOLDS_NAN = "it holds values that are not numbers"
FLAT = "it is flat"
SATURATED = "it reaches the largest count the file can hold"
NOISY = "its signal-to-noise ratio is below the limit"
SILENT = "it has no upstroke of its own near the region's onset"
CUT_OFF = "its sequence is cut off by an end of the recording"

_FEWEST_PIXELS = 3
"""Two to train, one to validate."""


@dataclass(frozen=True, slots=True)
class LeftOutPixel:
    """A pixel of the region that gives no sequence, and why."""

    row: int
    column: int
    reason: str


class PixelSelection:
    """The pixels of a region, row by row, some of which are left out for a first reason."""

    def __init__(self, roi: RectangularRoi) -> None:
        self._roi = roi
        self._reasons: dict[int, str] = {}
        self.usable: Mask = np.ones(roi.pixel_count, dtype=np.bool_)

    def leave_out(self, which: Mask, reason: str) -> None:
        """Leave out those of the pixels still usable that are marked."""
        for index in np.flatnonzero(which & self.usable):
            self._reasons[int(index)] = reason
        self.usable &= ~which

    @property
    def indices(self) -> Indices:
        """Pixels that are usable."""
        return np.flatnonzero(self.usable)

    def places(self, indices: Indices) -> tuple[Indices, Indices]:
        """Rows and columns in the whole frame."""
        rows, columns = np.divmod(indices, self._roi.width)
        return rows + self._roi.y, columns + self._roi.x

    @property
    def left_out(self) -> tuple[LeftOutPixel, ...]:
        """Pixels left out, row by row."""
        indices = np.array(sorted(self._reasons), dtype=np.int64)
        rows, columns = self.places(indices)
        return tuple(
            LeftOutPixel(int(row), int(column), self._reasons[int(index)])
            for index, row, column in zip(indices, rows, columns, strict=True)
        )

    @property
    def note(self) -> str:
        """How many pixels were left out, and why, as a sentence."""
        count = len(self._reasons)
        if count == 0:
            return f"All {self._roi.pixel_count} pixels of the region gave a sequence."
        return f"Of {self._roi.pixel_count} pixels {count} were left out: {self._counts()}."

    def require_enough(self) -> None:
        """Raise RecordingError, with the reasons and their counts, if too few pixels remain."""
        remaining = int(self.usable.sum())
        if remaining >= _FEWEST_PIXELS:
            return
        why = f" (left out: {self._counts()})" if self._reasons else ""
        raise RecordingError(
            f"region {self._roi}: {remaining} of {self._roi.pixel_count} pixels can be used, at "
            f"least {_FEWEST_PIXELS} are needed{why}; enlarge or move the region, or lower the SNR "
            "limit"
        )

    def _counts(self) -> str:
        counted = Counter(self._reasons.values()).most_common()
        return ", ".join(f"{count} because {reason}" for reason, count in counted)


def unusable_as_recorded(
    traces: npt.NDArray[Real], saturation_level: float | None
) -> tuple[tuple[Mask, str], ...]:
    """Pixels that no cleaning can help, by reason.

    Parameters
    ----------
    traces : ndarray, shape (pixels, time)
        Counts as recorded.
    saturation_level : float or None
        Largest count that can be stored.
    """
    ceiling = np.inf if saturation_level is None else saturation_level
    with np.errstate(invalid="ignore"):
        lowest, highest = traces.min(axis=1), traces.max(axis=1)
    by_reason = {
        HOLDS_NAN: ~(np.isfinite(lowest) & np.isfinite(highest)),
        SATURATED: highest >= ceiling,
        FLAT: lowest == highest,
    }
    return tuple((np.asarray(which, dtype=np.bool_), why) for why, which in by_reason.items())


def split_pixels(count: int, preparation: Preparation) -> tuple[Indices, Indices, str]:
    """Draw training and validation sequences.

    Parameters
    ----------
    count : int
        Sequences there are, at least 3.

    Returns
    -------
    training, validation : ndarray of int
        Disjoint, sorted.
    note : str
        What was done, as a sentence.
    """
    training_count, validation_count = preparation.training_count, preparation.validation_count
    reason = ""
    if preparation.split is Split.ALL_PIXELS:
        training_count = max(1, round(2 * count / 3))
        validation_count = count - training_count
        reason = ", all there are, two to one"
    elif count < training_count + validation_count:
        reason = (
            f", two to one, for only {count} remained of the "
            f"{training_count + validation_count} asked for"
        )
        training_count = max(1, round(2 * count / 3))
        validation_count = count - training_count
    drawn = np.random.default_rng(preparation.seed).permutation(count)
    training = np.sort(drawn[:training_count])
    validation = np.sort(drawn[training_count : training_count + validation_count])
    return (
        training,
        validation,
        f"{training_count} sequences were drawn for training and {validation_count} for validation"
        f"{reason} (seed {preparation.seed}).",
    )
