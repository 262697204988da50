"""The table of regions: coordinates, signal quality and status, editable."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRect, QSize, Qt, Slot
from PySide6.QtGui import (
    QAction,
    QColor,
    QIcon,
    QKeySequence,
    QPainter,
    QPixmap,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QColorDialog,
    QHeaderView,
    QLabel,
    QMenu,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from aphyn_gui.gui.column_width import natural_width
from aphyn_gui.gui.region_analysis import RegionAnalyst
from aphyn_gui.gui.roi_model import COLOR, NAME, PIXELS, SNR, STATUS, RegionTableModel
from aphyn_gui.gui.study_controller import StudyController
from aphyn_gui.study import REGION_COLORS

_SWATCH_SIZE = 14
_WIDEST_NAME = 140
_STATUS_WIDTH = 76
"""What the status needs for its short words, pixels; its tooltip has all of them."""

_YIELDING = (PIXELS, SNR)
"""Columns that a narrow table leaves out, in this order: width and height tell the pixels, and
the SNR has a map."""
_COLOR_NAMES = dict(
    zip(
        REGION_COLORS,
        ("Blue", "Red", "Green", "Purple", "Cyan", "Yellow", "Brown", "Grey"),
        strict=True,
    )
)


class _SwatchDelegate(QStyledItemDelegate):
    """Paints the colour itself: a decoration would be tinted by the selection."""

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        super().paint(painter, option, index)
        square = QRect(0, 0, _SWATCH_SIZE, _SWATCH_SIZE)
        square.moveCenter(option.rect.center())
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(index.data(Qt.ItemDataRole.UserRole))
        painter.drawRoundedRect(square, 3, 3)
        painter.restore()


class _NameDelegate(QStyledItemDelegate):
    """Keeps a long name from pushing the status out of sight; its tooltip has all of it."""

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        return super().sizeHint(option, index).boundedTo(QSize(_WIDEST_NAME, 1000))


class RoiTable(QWidget):
    """Regions as rows: select, edit, recolour, duplicate, remove."""

    def __init__(
        self, controller: StudyController, analyst: RegionAnalyst, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._controller = controller
        self._model = RegionTableModel(controller, analyst, self)
        self._table = QTableView()
        self._error = QLabel()
        self._error.setProperty("role", "error")
        self._error.setWordWrap(True)
        self._error.setContentsMargins(8, 2, 8, 4)
        self._error.hide()
        self._hint = QLabel("No regions yet: press Draw ROI above and drag on the movie.")
        self._hint.setProperty("role", "muted")
        self._hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._hint.setWordWrap(True)
        self._actions = self._make_actions()
        self._build()
        self._model.rejected.connect(self._show_error)
        self._model.rowsInserted.connect(self._show_hint)
        self._model.rowsInserted.connect(self._give_status_room)
        self._model.rowsRemoved.connect(self._show_hint)
        controller.selection_changed.connect(self._show_selection)
        for signal in (
            controller.selection_changed, controller.region_added, controller.region_changed,
            controller.region_removed,
        ):  # fmt: skip
            signal.connect(self._forget_error)
        self._table.clicked.connect(self._click)
        self._table.pressed.connect(self._forget_error)
        self._table.selectionModel().currentRowChanged.connect(self._select)
        self._table.customContextMenuRequested.connect(self._open_menu)
        self._show_hint()

    @property
    def table(self) -> QTableView:
        """The view, for tests and screenshots."""
        return self._table

    @property
    def error_text(self) -> str:
        """The message under the table, empty while hidden."""
        return "" if self._error.isHidden() else self._error.text()

    def minimumSizeHint(self) -> QSize:
        """The same with and without a message: a dock that must grow pushes others out of sight."""
        return QSize(240, 96)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave out in a narrow table what can be seen elsewhere; called by Qt."""
        super().resizeEvent(event)
        self._give_status_room()

    def set_status(self, region_id: str, text: str) -> None:
        """Say what is being done with a region; empty: what the study says."""
        self._model.set_status(region_id, text)

    def edit_name(self, region_id: str) -> None:
        """Open the editor of a region's name."""
        row = self._model.row_of(region_id)
        if row >= 0:
            index = self._model.index(row, NAME)
            self._table.setCurrentIndex(index)
            self._table.setFocus()
            self._table.edit(index)

    def color_menu(self, region_id: str) -> QMenu:
        """The menu that recolours a region."""
        menu = QMenu(self)
        for color in REGION_COLORS:
            action = menu.addAction(_swatch(color), _COLOR_NAMES.get(color, color))
            action.triggered.connect(lambda _=False, c=color: self._recolor(region_id, c))
        menu.addSeparator()
        menu.addAction("Other…").triggered.connect(lambda: self._choose_color(region_id))
        menu.aboutToHide.connect(menu.deleteLater)
        return menu

    def _make_actions(self) -> list[QAction]:
        actions = []
        for text, shortcut, slot in (
            ("Rename", QKeySequence(Qt.Key.Key_F2), self._rename_selected),
            # Its keys belong to the window's action, which holds everywhere.
            ("Duplicate", QKeySequence(), self._duplicate_selected),
            ("Move up", QKeySequence("Alt+Up"), lambda: self._move_selected(-1)),
            ("Move down", QKeySequence("Alt+Down"), lambda: self._move_selected(1)),
            ("Delete", QKeySequence(QKeySequence.StandardKey.Delete), self._remove_selected),
        ):
            action = QAction(text, self)
            action.setShortcut(shortcut)
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            action.triggered.connect(slot)
            self.addAction(action)
            actions.append(action)
        return actions

    def _build(self) -> None:
        table = self._table
        table.setModel(self._model)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        table.setToolTip(
            "Double-click or F2 edits a cell, a click on a colour changes it, Delete removes"
        )
        table.setShowGrid(False)
        table.setWordWrap(False)
        table.setMinimumHeight(40)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(26)
        table.setItemDelegateForColumn(COLOR, _SwatchDelegate(table))
        table.setItemDelegateForColumn(NAME, _NameDelegate(table))
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        header.setMinimumSectionSize(28)
        # One by one: a mode for all of them measures every cell whenever a status changes.
        for column in range(COLOR + 1, STATUS):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(COLOR, QHeaderView.ResizeMode.Fixed)
        header.resizeSection(COLOR, 30)
        header.setSectionResizeMode(STATUS, QHeaderView.ResizeMode.Stretch)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._hint, 1)
        layout.addWidget(table, 1)
        layout.addWidget(self._error)

    @Slot()
    def _give_status_room(self) -> None:
        """The status is what one looks for while fits run."""
        table = self._table
        wanted = _STATUS_WIDTH + table.columnWidth(COLOR)
        wanted += sum(
            natural_width(table, column)
            for column in range(COLOR + 1, STATUS)
            if column not in _YIELDING
        )
        for column in reversed(_YIELDING):
            wanted += natural_width(table, column)
            table.setColumnHidden(column, wanted > self.width())

    def _show_hint(self) -> None:
        has_rows = self._model.rowCount() > 0
        self._table.setVisible(has_rows)
        self._hint.setVisible(not has_rows)
        if not has_rows:
            self._show_error("")

    def _show_error(self, text: str) -> None:
        self._error.setText(text)
        self._error.setVisible(bool(text))

    def _forget_error(self) -> None:
        """What was refused is history once something else has been done."""
        self._show_error("")

    def _show_selection(self, region_id: str) -> None:
        row = self._model.row_of(region_id)
        if row < 0:
            self._table.clearSelection()
            self._table.setCurrentIndex(QModelIndex())
        elif self._table.currentIndex().row() != row:
            self._table.setCurrentIndex(self._model.index(row, NAME))

    def _select(self, current: QModelIndex) -> None:
        if current.isValid():
            self._controller.select_region(self._model.region_id(current.row()))

    def _click(self, index: QModelIndex) -> None:
        if index.column() == COLOR:
            below = self._table.visualRect(index).bottomLeft()
            self.color_menu(self._model.region_id(index.row())).popup(
                self._table.viewport().mapToGlobal(below)
            )

    def _open_menu(self, position: QPoint) -> None:
        index = self._table.indexAt(position)
        if not index.isValid():
            return
        menu = QMenu(self)
        menu.addActions(self._actions)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self._table.viewport().mapToGlobal(position))

    def _recolor(self, region_id: str, color: str) -> None:
        region = self._controller.study.region(region_id)
        self._controller.change_region(replace(region, color=color))

    def _choose_color(self, region_id: str) -> None:
        dialog = QColorDialog(QColor(self._controller.study.region(region_id).color), self)
        # The system's own dialogs block, or cannot be driven by a test.
        dialog.setOption(QColorDialog.ColorDialogOption.DontUseNativeDialog)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setModal(False)
        dialog.colorSelected.connect(lambda color: self._recolor(region_id, color.name().upper()))
        dialog.show()

    def _rename_selected(self) -> None:
        self.edit_name(self._controller.selected_region_id)

    def _duplicate_selected(self) -> None:
        if self._controller.selected_region_id:
            self._controller.duplicate_region(self._controller.selected_region_id)

    def _move_selected(self, step: int) -> None:
        region_id = self._controller.selected_region_id
        if region_id:
            self._controller.move_region(region_id, self._model.row_of(region_id) + step)

    def _remove_selected(self) -> None:
        if self._controller.selected_region_id:
            self._controller.remove_region(self._controller.selected_region_id)


def _swatch(color: str) -> QIcon:
    pixmap = QPixmap(_SWATCH_SIZE, _SWATCH_SIZE)
    pixmap.fill(QColor(color))
    return QIcon(pixmap)
