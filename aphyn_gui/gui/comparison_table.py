"""The comparison's table: quantities down, regions across."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from aphyn_gui.gui.column_width import natural_width
from aphyn_gui.gui.comparison_header import RegionHeader, SymbolDelegate
from aphyn_gui.gui.comparison_model import ComparisonModel

_NARROWEST_NAMES = 92


class ComparisonTable(QTableView):
    """Columns are as wide as what they hold; where there is no room, names give way to values.

    Parameters
    ----------
    model : ComparisonModel
        What is shown; the first column holds the names.
    """

    def __init__(self, model: ComparisonModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setModel(model)
        self.setHorizontalHeader(RegionHeader())
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(22)
        self.setShowGrid(False)
        self.setAlternatingRowColors(True)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setWordWrap(False)
        self.setItemDelegateForColumn(0, SymbolDelegate(self))
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setMinimumSectionSize(20)
        self._names_width = 0
        model.modelReset.connect(self._measure)
        self._measure()

    @property
    def whole_width(self) -> int:
        """What it takes to show every column whole, without the scroll bar, pixels."""
        return self._names_width + self._values_width

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the new width between names and values; called by Qt."""
        super().resizeEvent(event)
        self._share()

    @property
    def _values_width(self) -> int:
        header = self.horizontalHeader()
        return header.length() - header.sectionSize(0)

    @Slot()
    def _measure(self) -> None:
        self._names_width = natural_width(self, 0)
        self._share()

    def _share(self) -> None:
        header = self.horizontalHeader()
        if header.count() == 0:
            return
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Fixed)
        room = self.viewport().width() - self._values_width
        header.resizeSection(0, max(min(self._names_width, room), _NARROWEST_NAMES))
