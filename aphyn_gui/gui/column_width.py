"""How wide a table's column wants to be, whatever it is now."""

from __future__ import annotations

from PySide6.QtWidgets import QTableView


def natural_width(table: QTableView, column: int) -> int:
    """What a column's cells and its title need, pixels; of a hidden one, too."""
    header = table.horizontalHeader()
    return max(table.sizeHintForColumn(column), header.sectionSizeHint(column))
