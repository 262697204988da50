"""Several recordings in one study, in the real window."""

from __future__ import annotations

from pathlib import Path

import pytest
from fit_samples import HORIZON_MS, QUICK, save_movie
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QInputDialog, QLineEdit, QToolButton
from pytestqt.qtbot import QtBot
from window_helpers import press_with_ctrl, wait_analysed

from aphyn_gui.gui import settings
from aphyn_gui.gui.fit_runner import RunnerState
from aphyn_gui.gui.main_window import MainWindow
from aphyn_gui.recording import Preparation, RectangularRoi
from aphyn_gui.study import RecordingReference


@pytest.fixture
def two(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> MainWindow:
    """Control and ischaemia with a region each; ischaemia is shown."""
    for name in ("control", "ischaemia"):
        path = save_movie(tmp_path, f"{name}.npy")
        settings.remember_calibration(RecordingReference(path, 1.0))
        with qtbot.waitSignal(window.loader.opened):
            window.loader.add([path])
        window.controller.set_preparation(Preparation(horizon_ms=HORIZON_MS, beat=1))
        window.controller.add_region(RectangularRoi(1, 1, 5, 5))
    window.controller.set_protocol(QUICK)
    wait_analysed(window, qtbot)
    return window


def shown(window: MainWindow) -> str:
    return window.controller.study.current.name


def tool(window: MainWindow, words: str) -> QToolButton:
    buttons = window.desk.bar.findChildren(QToolButton)
    return next(button for button in buttons if words in button.toolTip())


def test_one_recording_needs_no_list(loaded: MainWindow) -> None:
    assert not loaded.desk.bar.isVisible()


def test_recordings_are_added_from_the_menu(
    loaded: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    press_with_ctrl(loaded, Qt.Key.Key_O, shift=True)
    dialog = loaded.findChild(QFileDialog)
    paths = [str(save_movie(tmp_path, f"{name}.npy")) for name in ("a", "b")]
    dialog.filesSelected.emit(paths)
    dialog.reject()
    qtbot.waitUntil(lambda: len(loaded.controller.study.recordings) == 3)
    assert loaded.desk.bar.isVisible()
    assert loaded.desk.bar.place.text() == "3 of 3"


def test_another_recording_is_shown_from_the_list_and_by_keys(
    two: MainWindow, qtbot: QtBot
) -> None:
    combo = two.desk.bar.combo
    assert (shown(two), combo.currentText()) == ("ischaemia", "ischaemia")
    # Qt drops a click that follows the opening of the list faster than a hand can.
    QTest.keyClick(combo, Qt.Key.Key_Up)
    assert shown(two) == "control"
    wait_analysed(two, qtbot)
    assert two.roi_table.table.model().rowCount() == 1
    press_with_ctrl(two, Qt.Key.Key_PageDown)
    assert shown(two) == "ischaemia"
    press_with_ctrl(two, Qt.Key.Key_PageDown)
    assert shown(two) == "control"
    press_with_ctrl(two, Qt.Key.Key_PageUp)
    assert (shown(two), combo.currentText()) == ("ischaemia", "ischaemia")
    wait_analysed(two, qtbot)


def test_a_recording_is_renamed_and_the_name_of_another_refused(
    two: MainWindow, qtbot: QtBot
) -> None:
    QTest.mouseClick(tool(two, "another name"), Qt.MouseButton.LeftButton)
    dialog = two.findChild(QInputDialog)
    field = dialog.findChild(QLineEdit)
    field.selectAll()
    QTest.keyClicks(field, "20 min of ischaemia")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert two.desk.bar.combo.currentText() == "20 min of ischaemia"
    QApplication.processEvents()
    two.actions_.rename_recording.trigger()
    dialog = next(d for d in two.findChildren(QInputDialog) if d.isVisible())
    dialog.setTextValue("control")
    with qtbot.waitSignal(two.controller.message) as heard:
        dialog.accept()
    assert "Another recording is called control" in heard.args[1]
    two.actions_.undo.trigger()
    assert shown(two) == "ischaemia"
    assert two.desk.bar.combo.currentText() == "ischaemia"


def test_a_recording_is_removed_and_brought_back(two: MainWindow, qtbot: QtBot) -> None:
    before = two.controller.study
    QTest.mouseClick(tool(two, "out of the study"), Qt.MouseButton.LeftButton)
    assert shown(two) == "control"
    assert not two.desk.bar.isVisible()
    two.actions_.undo.trigger()
    assert two.controller.study == before
    assert two.desk.bar.isVisible()
    wait_analysed(two, qtbot)


def test_removing_the_last_one_shows_the_first_screen_until_it_is_undone(
    loaded: MainWindow, qtbot: QtBot
) -> None:
    loaded.actions_.remove_recording.trigger()
    assert loaded.start_page.isVisible()
    assert not loaded.actions_.remove_recording.isEnabled()
    press_with_ctrl(loaded, Qt.Key.Key_Z)
    assert not loaded.start_page.isVisible()
    assert loaded.controller.recording is not None
    qtbot.waitUntil(lambda: not loaded.tasks.is_busy)


def test_fit_all_fits_every_recording_and_names_them(two: MainWindow, qtbot: QtBot) -> None:
    said: list[str] = []
    two.runner.started.connect(lambda _: said.append(two.run_bar.text.text()))
    press_with_ctrl(two, Qt.Key.Key_F)
    qtbot.waitUntil(lambda: two.runner.state is RunnerState.IDLE, timeout=60_000)
    regions = two.controller.study.all_regions
    assert set(two.controller.study.fits) == {region.id for region in regions}
    names = [region.name for region in two.comparison_view.model.comparison.regions]
    assert names == ["ROI A, control", "ROI A, ischaemia"]
    two.controller.rename_recording(two.controller.study.recordings[0].id, "before")
    names = [region.name for region in two.comparison_view.model.comparison.regions]
    assert names == ["ROI A, before", "ROI A, ischaemia"]
    assert any("control" in text for text in said)


def test_a_recording_that_cannot_be_fitted_says_so_once(
    two: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(two.loader.opened):
        two.loader.add([save_movie(tmp_path, "unknown.npy")])
    for x in (1, 3):
        two.controller.add_region(RectangularRoi(x, 1, 5, 5))
    heard: list[str] = []
    two.controller.message.connect(lambda level, text, details: heard.append(text))
    assert two.actions_.fit_all.isEnabled()
    assert not two.actions_.fit_selected.isEnabled()
    two.actions_.fit_all.trigger()
    assert len(heard) == 1
    assert "unknown is not fitted: The file does not say how far apart" in heard[0]
    qtbot.waitUntil(lambda: two.runner.state is RunnerState.IDLE, timeout=60_000)
    assert len(two.controller.study.fits) == 2


def test_the_order_of_regions_is_changed_by_keys(with_regions: MainWindow, qtbot: QtBot) -> None:
    table = with_regions.roi_table.table
    table.setFocus()
    with_regions.activateWindow()
    QApplication.processEvents()
    before = [region.name for region in with_regions.controller.study.regions]
    QTest.keyClick(table, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    model = table.model()
    assert [model.index(row, 1).data() for row in range(2)] == before[::-1]
    assert table.currentIndex().row() == 0
    with_regions.actions_.undo.trigger()
    assert [model.index(row, 1).data() for row in range(2)] == before
    assert table.currentIndex().row() == 1
