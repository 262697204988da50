"""What keys do to a region: arrows move it, with Ctrl they size it, with Shift by ten pixels."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt

from aphyn_gui.recording import RectangularRoi

_ARROWS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}
_FAR = 10
_SHARE_OF_IMAGE = 5
"""A region that no mouse has drawn takes a fifth of the image's shorter side."""


def changed_by_key(
    roi: RectangularRoi,
    key: Qt.Key,
    modifiers: Qt.KeyboardModifier,
    row_count: int,
    column_count: int,
) -> RectangularRoi | None:
    """The rectangle after an arrow key; None for any other key.

    Parameters
    ----------
    roi : RectangularRoi
        As it is.
    key, modifiers : Qt.Key, Qt.KeyboardModifier
        Ctrl (Command on a Mac) moves the right and the lower edge instead of the whole.
    row_count, column_count : int
        Size of the image, which is never left.
    """
    if key not in _ARROWS:
        return None
    far = _FAR if modifiers & Qt.KeyboardModifier.ShiftModifier else 1
    columns, rows = (step * far for step in _ARROWS[key])
    if not modifiers & Qt.KeyboardModifier.ControlModifier:
        return roi.moved(columns, rows).clipped_to(row_count, column_count)
    return replace(
        roi,
        width=min(max(roi.width + columns, 1), column_count - roi.x),
        height=min(max(roi.height + rows, 1), row_count - roi.y),
    )


def region_in_the_middle(
    row_count: int, column_count: int, taken: set[RectangularRoi]
) -> RectangularRoi:
    """A square in the middle of the image, beside those that lie there already."""
    side = max(1, min(row_count, column_count) // _SHARE_OF_IMAGE)
    roi = RectangularRoi((column_count - side) // 2, (row_count - side) // 2, side, side)
    for _ in range(len(taken)):
        if roi not in taken:
            break
        roi = roi.moved(2, 2).clipped_to(row_count, column_count)
    return roi
