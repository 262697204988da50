"""Which pixels of a frame are tissue: found by their beats, or drawn."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from aphyn_gui.recording.errors import RecordingError
from aphyn_gui.recording.recording import Recording
from aphyn_gui.recording.roi import RectangularRoi

Floats = npt.NDArray[np.float64]
Pixels = npt.NDArray[np.bool_]

_FEWEST_VERTICES = 3
_FEWEST_FRAMES = 8

_SMALLEST_RATIO = 0.2
"""Amplitude over noise that pure noise seems to have, for its variance is known to some percent."""

_SEPARATION = 3.0
"""Tissue beats at least so many times more clearly than background: less is one tissue and another,
such as an ischaemic region, which must not be masked out."""

_LEVELS = 128


@dataclass(frozen=True, slots=True, eq=False)
class Mask:
    """The pixels of a frame that are used.

    Parameters
    ----------
    usable : ndarray of bool, shape (rows, columns)
        True: tissue, used. Read-only.
    steps : tuple of str
        How it was made, one sentence each.
    """

    usable: Pixels
    steps: tuple[str, ...]

    def __post_init__(self) -> None:
        usable = np.array(self.usable, dtype=np.bool_)
        if usable.ndim != 2 or usable.size == 0:
            raise RecordingError(f"a mask has rows and columns, got shape {usable.shape}")
        usable.flags.writeable = False
        object.__setattr__(self, "usable", usable)
        object.__setattr__(self, "steps", tuple(self.steps))

    @staticmethod
    def everything(row_count: int, column_count: int) -> Mask:
        """The mask that leaves nothing out, to draw on."""
        return Mask(np.ones((row_count, column_count), dtype=np.bool_), ())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Mask):
            return NotImplemented
        return self.steps == other.steps and np.array_equal(self.usable, other.usable)

    def __hash__(self) -> int:
        return hash((self.usable.shape, self.usable.tobytes(), self.steps))

    @property
    def description(self) -> str:
        """What it leaves out and how it was made, in sentences."""
        left_out = int((~self.usable).sum())
        counted = f"The mask leaves out {left_out} of the frame's {self.usable.size} pixels."
        return " ".join((counted, *self.steps))

    def inverted(self) -> Mask:
        """Tissue and background exchanged."""
        return Mask(~self.usable, (*self.steps, "The mask was inverted."))

    def with_rectangle(self, roi: RectangularRoi) -> Mask:
        """The pixels of a rectangle added; the part outside the frame is not there."""
        return self._changed(self._rectangle(roi), True, f"the rectangle {roi}")

    def without_rectangle(self, roi: RectangularRoi) -> Mask:
        """The pixels of a rectangle removed."""
        return self._changed(self._rectangle(roi), False, f"the rectangle {roi}")

    def with_polygon(self, vertices: Sequence[tuple[float, float]]) -> Mask:
        """The pixels whose centres lie in a polygon added.

        Parameters
        ----------
        vertices : sequence of (float, float)
            x and y, pixels: the pixel of row r and column c reaches from (c, r) to (c + 1, r + 1).

        Raises
        ------
        RecordingError
            If there are fewer than three, or they are not numbers.
        """
        return self._changed(self._polygon(vertices), True, _polygon_words(vertices))

    def without_polygon(self, vertices: Sequence[tuple[float, float]]) -> Mask:
        """The pixels whose centres lie in a polygon removed, as `with_polygon`."""
        return self._changed(self._polygon(vertices), False, _polygon_words(vertices))

    def as_dict(self) -> dict[str, Any]:
        """The mask as JSON can hold it."""
        return {
            "rows": self.usable.shape[0],
            "columns": self.usable.shape[1],
            "bits": base64.b64encode(np.packbits(self.usable).tobytes()).decode("ascii"),
            "steps": list(self.steps),
        }

    @staticmethod
    def from_dict(value: Mapping[str, Any]) -> Mask:
        """The mask that `as_dict` wrote.

        Raises
        ------
        RecordingError
            If it is not one, or its size and its bits contradict each other.
        """
        try:
            rows, columns = int(value["rows"]), int(value["columns"])
            packed = base64.b64decode(value["bits"], validate=True)
            steps = tuple(str(step) for step in value["steps"])
        except (KeyError, TypeError, ValueError, OverflowError, binascii.Error) as error:
            raise RecordingError(f"the mask cannot be read: {error!r}") from error
        if rows < 1 or columns < 1 or len(packed) != (rows * columns + 7) // 8:
            raise RecordingError(
                f"the mask cannot be read: {len(packed)} bytes do not hold {rows} x {columns} "
                "pixels"
            )
        bits = np.unpackbits(np.frombuffer(packed, dtype=np.uint8), count=rows * columns)
        return Mask(bits.reshape(rows, columns).astype(np.bool_), steps)

    def _changed(self, where: Pixels, to: bool, what: str) -> Mask:
        usable = np.where(where, to, self.usable)
        step = f"Drawn: {what} was {'added' if to else 'removed'}."
        return Mask(usable, (*self.steps, step))

    def _rectangle(self, roi: RectangularRoi) -> Pixels:
        rows, columns = np.indices(self.usable.shape)
        inside = (rows >= roi.y) & (rows < roi.y + roi.height)
        inside &= (columns >= roi.x) & (columns < roi.x + roi.width)
        return np.asarray(inside, dtype=np.bool_)

    def _polygon(self, vertices: Sequence[tuple[float, float]]) -> Pixels:
        corners = np.asarray(vertices, dtype=np.float64)
        if corners.ndim != 2 or corners.shape[1] != 2 or len(corners) < _FEWEST_VERTICES:
            raise RecordingError(
                f"a polygon needs at least {_FEWEST_VERTICES} vertices of x and y, got shape "
                f"{corners.shape}"
            )
        if not np.isfinite(corners).all():
            raise RecordingError("the vertices of a polygon must be numbers")
        rows, columns = np.indices(self.usable.shape) + 0.5
        inside = np.zeros(self.usable.shape, dtype=np.bool_)
        # A ray to the right crosses the edges of the polygon an odd number of times from inside.
        for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
            if y0 == y1:
                continue
            spans = (rows >= min(y0, y1)) & (rows < max(y0, y1))
            inside ^= spans & (columns < x0 + (rows - y0) * (x1 - x0) / (y1 - y0))
        return inside


def automatic_mask(
    recording: Recording, first_frame: int = 0, stop_frame: int | None = None
) -> Mask:
    """The tissue of a recording: the pixels that beat clearly.

    For every pixel the amplitude of its signal (standard deviation over time without its linear
    drift and without its noise) is divided by its noise (from second differences). The median
    over 3 x 3 pixels is split in two, on a logarithmic scale, by Otsu's threshold (1979). The lower
    part is background if the upper beats at least three times more clearly; else all pixels are
    tissue, and kept. Brightness does not decide: tissue is often unevenly lit.

    Read in chunks of frames: no more than 64 MB of the movie is ever held.

    Parameters
    ----------
    recording : Recording
        As recorded; leave out frames before or after which the light was off.
    first_frame, stop_frame : int, int or None
        The first frame looked at, and the one before which looking stops; None: to the end.

    Raises
    ------
    RecordingError
        If these are fewer than 8 frames, or cannot be read.
    """
    frames = range(recording.frame_count)[first_frame:stop_frame]
    if len(frames) < _FEWEST_FRAMES:
        raise RecordingError(
            f"{len(frames)} frames of {recording.path.name} are too few: at least "
            f"{_FEWEST_FRAMES} are needed to tell tissue from background"
        )
    return _mask_of(_clarity(recording, frames))


def otsu_threshold(values: npt.ArrayLike) -> float:
    """Threshold that splits values into the two classes whose means differ most (Otsu 1979).

    Parameters
    ----------
    values : array_like
        Finite, at least one; where all are equal, that value.
    """
    counts, edges = np.histogram(np.asarray(values, dtype=np.float64), _LEVELS)
    centres = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)
    above = below[-1] - below
    sums = np.cumsum(counts * centres)
    both = (below > 0) & (above > 0)
    if not both.any():
        return float(np.ravel(values)[0])
    difference = sums[both] / below[both] - (sums[-1] - sums[both]) / above[both]
    between = below[both] * above[both] * difference**2
    # Several thresholds between two clusters are equally good: take the middle.
    best = np.flatnonzero(both)[np.isclose(between, between.max(), rtol=1e-9)]
    return float((edges[best[0] + 1] + edges[best[-1] + 1]) / 2)


def _mask_of(clarity: Floats) -> Mask:
    known = np.isfinite(clarity)
    unknown = int((~known).sum())
    steps = [f"{unknown} pixels hold values that are not numbers, or never change."][: unknown > 0]
    if not known.any():
        return Mask(known, tuple(steps))
    scale = np.log(np.maximum(clarity[known], _SMALLEST_RATIO))
    threshold = otsu_threshold(scale)
    tissue = scale > threshold
    separated = (
        tissue.any()
        and (~tissue).any()
        and scale[tissue].mean() - scale[~tissue].mean() >= np.log(_SEPARATION)
    )
    if not separated:
        steps.append("Automatic: no background stands apart from tissue, so all pixels were kept.")
        return Mask(known, tuple(steps))
    usable = known.copy()
    usable[known] = tissue
    steps.append(
        "Automatic: pixels were kept whose amplitude over noise (median over 3 x 3 pixels) lies "
        f"above Otsu's threshold of {np.exp(threshold):.2f}."
    )
    return Mask(usable, tuple(steps))


def _clarity(recording: Recording, frames: range) -> Floats:
    """Amplitude over noise, median over 3 x 3 pixels; NaN where there is no signal at all."""
    # Imported when needed: scipy takes as long to import as the whole window.
    from scipy.ndimage import median_filter

    count = len(frames)
    shape = (recording.row_count, recording.column_count)
    first = recording.read_frame(frames.start).astype(np.float64)
    total, squares, tilt, bends = (np.zeros(shape) for _ in range(4))
    tail = np.empty((0, *shape))
    for start, chunk in recording.frame_chunks(frames.start, frames.stop):
        # From the first frame on: sums of squares of large counts would lose their digits.
        values = chunk - first
        time = np.arange(start, start + len(values)) - (frames[0] + frames[-1]) / 2
        total += values.sum(axis=0)
        squares += (values**2).sum(axis=0)
        tilt += np.tensordot(time, values, axes=1)
        joined = np.concatenate((tail, values))
        bends += (np.diff(joined, 2, axis=0) ** 2).sum(axis=0)
        tail = joined[-2:]
    time_squares = (count**3 - count) / 12
    variance = (squares - total**2 / count - tilt**2 / time_squares) / (count - 2)
    noise = bends / (6 * (count - 2))
    known = np.isfinite(variance) & (variance > 0)
    ratio = np.sqrt(np.maximum(variance - noise, 0), where=known, out=np.zeros(shape))
    ratio = np.divide(
        ratio,
        np.sqrt(noise, where=known, out=np.ones(shape)),
        where=known & (noise > 0),
        out=np.zeros(shape),
    )
    # A median keeps the edge of the tissue where it is.
    return np.where(known, median_filter(ratio, 3, mode="nearest"), np.nan)


def _polygon_words(vertices: Sequence[tuple[float, float]]) -> str:
    return "the polygon " + ", ".join(f"({x:g}, {y:g})" for x, y in vertices)
