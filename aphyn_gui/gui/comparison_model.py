"""A comparison as Qt's tables want it."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from aphyn_gui.gui.symbols import symbol_text
from aphyn_gui.study import Comparison

_FIXED_COLUMNS = 2

Index = QModelIndex | QPersistentModelIndex

COLOR_ROLE = Qt.ItemDataRole.UserRole
"""A region's colour, "#RRGGBB", in the header of its column."""


class ComparisonModel(QAbstractTableModel):
    """A comparison as a table: quantity, unit, then one column a region."""

    def __init__(self) -> None:
        super().__init__()
        self._comparison = Comparison((), (), ())

    @property
    def comparison(self) -> Comparison:
        """What is shown."""
        return self._comparison

    def set_comparison(self, comparison: Comparison) -> None:
        """Show another one."""
        self.beginResetModel()
        self._comparison = comparison
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """Number of quantities."""
        return 0 if parent.isValid() else len(self._comparison.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """Quantity, unit and the regions."""
        return 0 if parent.isValid() else _FIXED_COLUMNS + len(self._comparison.regions)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Text, meaning and alignment of a cell."""
        row = self._comparison.rows[index.row()]
        column = index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            fixed = (row.label, row.unit)
            is_fixed = column < _FIXED_COLUMNS
            return fixed[column] if is_fixed else row.text(column - _FIXED_COLUMNS)
        if role == Qt.ItemDataRole.ToolTipRole:
            is_value = column >= _FIXED_COLUMNS
            # A narrow table cuts the name off.
            about = f"{row.label}: {row.meaning}"
            return symbol_text(row.tooltip(column - _FIXED_COLUMNS) if is_value else about)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignLeft
            if column >= _FIXED_COLUMNS:
                side = Qt.AlignmentFlag.AlignRight
            return side | Qt.AlignmentFlag.AlignVCenter
        return None

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> Any:
        """Names of the columns; regions with a swatch of their colour."""
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if section < _FIXED_COLUMNS:
            if role == Qt.ItemDataRole.TextAlignmentRole:
                return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
            return ("Quantity", "Unit")[section] if role == Qt.ItemDataRole.DisplayRole else None
        region = self._comparison.regions[section - _FIXED_COLUMNS]
        if role == Qt.ItemDataRole.DisplayRole:
            return region.name
        if role == COLOR_ROLE:
            return region.color
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{region.name}: {region.roi}"
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    def to_tsv(self) -> str:
        """The table with full precision, for a spreadsheet."""
        return "\n".join("\t".join(line) for line in self._comparison.as_table()) + "\n"
