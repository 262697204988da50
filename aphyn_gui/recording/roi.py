"""Rectangular regions of interest, in pixels."""

from __future__ import annotations

from dataclasses import dataclass

from aphyn_gui.recording.errors import RecordingError


@dataclass(frozen=True, slots=True)
class RectangularRoi:
    """A rectangle of whole pixels.

    Parameters
    ----------
    x, y : int
        Column and row of the corner nearest the image's origin, pixels.
    width, height : int
        Size in columns and rows, pixels; at least 1.
    """

    x: int
    y: int
    width: int
    height: int

    def __post_init__(self) -> None:
        if self.width < 1 or self.height < 1:
            raise RecordingError(
                f"a region needs a width and a height of at least 1 pixel, "
                f"got {self.width} x {self.height}"
            )

    @property
    def rows(self) -> slice:
        """Rows covered, as a slice of the frame."""
        return slice(self.y, self.y + self.height)

    @property
    def columns(self) -> slice:
        """Columns covered, as a slice of the frame."""
        return slice(self.x, self.x + self.width)

    @property
    def pixel_count(self) -> int:
        """Number of pixels inside."""
        return self.width * self.height

    def moved(self, columns: int, rows: int) -> RectangularRoi:
        """The same rectangle, shifted."""
        return RectangularRoi(self.x + columns, self.y + rows, self.width, self.height)

    def clipped_to(self, row_count: int, column_count: int) -> RectangularRoi:
        """The nearest rectangle that lies inside a frame of ``row_count`` x ``column_count``.

        The size is kept where it fits, so that nudging against an edge does not shrink a region.
        """
        width = min(self.width, column_count)
        height = min(self.height, row_count)
        return RectangularRoi(
            x=min(max(self.x, 0), column_count - width),
            y=min(max(self.y, 0), row_count - height),
            width=width,
            height=height,
        )

    def lies_inside(self, row_count: int, column_count: int) -> bool:
        """Whether every pixel of the rectangle exists in such a frame."""
        return self == self.clipped_to(row_count, column_count)

    def __str__(self) -> str:
        return f"x={self.x} y={self.y} width={self.width} height={self.height}"
