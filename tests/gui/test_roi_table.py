"""The table of regions: editing cells, refusals, colours, status."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot
from window_helpers import click, wait_analysed

from aphyn_gui.fitting import Stage
from aphyn_gui.gui.main_window import MainWindow
from aphyn_gui.gui.roi_model import COLOR, HEIGHT, NAME, PIXELS, SNR, STATUS, WIDTH, X, Y
from aphyn_gui.gui.roi_table import RoiTable
from aphyn_gui.recording import RectangularRoi
from aphyn_gui.study import REGION_COLORS


def text(window: MainWindow, row: int, column: int) -> str:
    model = window.roi_table.table.model()
    return str(model.index(row, column).data())


def type_into(window: MainWindow, row: int, column: int, value: str, qtbot: QtBot) -> None:
    """Edit a cell as a user does: select, F2 by double-click, type, Return."""
    table = window.roi_table.table
    index = table.model().index(row, column)
    table.setCurrentIndex(index)
    table.edit(index)
    editor = table.findChild(QLineEdit)
    editor.selectAll()
    QTest.keyClicks(editor, value)
    QTest.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not table.findChildren(QLineEdit))


def test_rows_show_the_regions(with_regions: MainWindow) -> None:
    assert [text(with_regions, 1, c) for c in (NAME, X, Y, WIDTH, HEIGHT, PIXELS)] == [
        "ROI B", "20", "10", "6", "6", "36",
    ]  # fmt: skip
    assert float(text(with_regions, 1, SNR)) > 5
    assert text(with_regions, 1, STATUS) == "ready"


def test_geometry_is_edited(with_regions: MainWindow, qtbot: QtBot) -> None:
    for column, value, expected in (
        (X, "3", RectangularRoi(3, 4, 6, 5)),
        (Y, "0", RectangularRoi(3, 0, 6, 5)),
        (WIDTH, "12", RectangularRoi(3, 0, 12, 5)),
        (HEIGHT, "1", RectangularRoi(3, 0, 12, 1)),
    ):
        type_into(with_regions, 0, column, value, qtbot)
        assert with_regions.controller.study.regions[0].roi == expected
        assert with_regions.roi_table.error_text == ""


def test_what_cannot_be_is_answered_in_place(with_regions: MainWindow, qtbot: QtBot) -> None:
    before = with_regions.controller.study.regions
    for column, value, complaint in (
        (X, "30", "does not lie inside"),
        (WIDTH, "0", "at least 1 pixel"),
        (HEIGHT, "many", "whole number"),
        (Y, "-1", "does not lie inside"),
        (NAME, "ROI B", "another name"),
        (NAME, "  ", "needs a name"),
    ):
        type_into(with_regions, 0, column, value, qtbot)
        assert with_regions.controller.study.regions == before
        assert complaint in with_regions.roi_table.error_text
    table = with_regions.roi_table.table
    click(table.viewport(), table.visualRect(table.model().index(0, NAME)).center())
    assert with_regions.roi_table.error_text == ""
    type_into(with_regions, 0, X, "30", qtbot)
    assert with_regions.roi_table.error_text
    type_into(with_regions, 0, X, "2", qtbot)
    assert with_regions.roi_table.error_text == ""


def test_colour_is_chosen_from_a_menu(with_regions: MainWindow) -> None:
    table = with_regions.roi_table.table
    region = with_regions.controller.study.regions[0]
    menu = with_regions.roi_table.color_menu(region.id)
    next(a for a in menu.actions() if a.text() == "Yellow").trigger()
    menu.deleteLater()
    assert with_regions.controller.study.regions[0].color == REGION_COLORS[5]
    color = table.model().index(0, COLOR).data(Qt.ItemDataRole.UserRole)
    assert color.name().upper() == REGION_COLORS[5]


def test_clicking_a_row_selects_its_region(with_regions: MainWindow) -> None:
    table = with_regions.roi_table.table
    click(table.viewport(), table.visualRect(table.model().index(0, NAME)).center())
    assert with_regions.controller.selected_region_id == with_regions.controller.study.regions[0].id


def test_duplicate_and_delete_by_key(with_regions: MainWindow, qtbot: QtBot) -> None:
    table = with_regions.roi_table.table
    table.setFocus()
    QTest.keyClick(table, Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    names = [region.name for region in with_regions.controller.study.regions]
    assert names == ["ROI A", "ROI B", "ROI B copy"]
    QTest.keyClick(table, Qt.Key.Key_Delete)
    assert len(with_regions.controller.study.regions) == 2
    wait_analysed(with_regions, qtbot)


def test_status_of_a_run_hides_what_the_study_says(with_regions: MainWindow) -> None:
    region = with_regions.controller.study.regions[0]
    with_regions.roi_table.set_status(region.id, "hybrid, 40%")
    assert text(with_regions, 0, STATUS) == "hybrid, 40%"
    with_regions.roi_table.set_status(region.id, "")
    assert text(with_regions, 0, STATUS) == "ready"


def test_an_analysis_that_ends_leaves_what_is_being_typed(
    with_regions: MainWindow, qtbot: QtBot
) -> None:
    table = with_regions.roi_table.table
    index = table.model().index(0, X)
    table.setCurrentIndex(index)
    table.edit(index)
    editor = table.findChild(QLineEdit)
    editor.setText("12")
    region = with_regions.controller.study.regions[0]
    with qtbot.waitSignal(with_regions.analyst.analysed):
        preparation = with_regions.controller.study.preparation
        with_regions.controller.set_preparation(replace(preparation, drift_order=2))
    with_regions.roi_table.set_status(region.id, "waiting")
    assert editor.text() == "12"
    wait_analysed(with_regions, qtbot)


def test_a_region_of_too_few_pixels_says_why(loaded: MainWindow, qtbot: QtBot) -> None:
    loaded.controller.add_region(RectangularRoi(0, 0, 1, 1))
    wait_analysed(loaded, qtbot)
    model = loaded.roi_table.table.model()
    assert text(loaded, 0, STATUS) == "cannot be fitted"
    told = model.index(0, STATUS).data(Qt.ItemDataRole.ToolTipRole).splitlines()
    assert told[0] == "cannot be fitted"
    assert told[1]


def test_the_status_of_a_running_fit_explains_itself(with_regions: MainWindow) -> None:
    region = with_regions.controller.study.regions[0]
    with_regions.roi_table.set_status(region.id, "other networks, 40%")
    index = with_regions.roi_table.table.model().index(0, STATUS)
    told = index.data(Qt.ItemDataRole.ToolTipRole).splitlines()
    assert told[:2] == ["other networks, 40%", Stage.REPEATING.meaning]


def test_a_narrow_table_leaves_the_status_its_room(with_regions: MainWindow, qtbot: QtBot) -> None:
    panel = RoiTable(with_regions.controller, with_regions.analyst)
    qtbot.addWidget(panel)
    seen = []
    for width in range(600, 200, -20):
        panel.resize(width, 150)
        panel.show()
        QApplication.processEvents()
        hidden = [c for c in range(STATUS + 1) if panel.table.isColumnHidden(c)]
        if hidden not in seen:
            seen.append(hidden)
        if hidden != [PIXELS, SNR]:
            assert panel.table.columnWidth(STATUS) >= 60
    assert seen == [[], [PIXELS], [PIXELS, SNR]]
