"""The study as a document: saved, named, asked about before anything of it is lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from fit_samples import open_study, save_movie
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QAction, QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox, QPushButton
from pytestqt.qtbot import QtBot
from window_helpers import press_with_ctrl, wait_analysed

from aphyn_gui.draining import drained
from aphyn_gui.gui import settings
from aphyn_gui.gui.main_window import MainWindow
from aphyn_gui.recording import RectangularRoi
from aphyn_gui.study import fit_region
from aphyn_gui.study.project_file import load_project, save_project

BUTTONS = QMessageBox.StandardButton


def question(window: MainWindow) -> QMessageBox | None:
    boxes = [box for box in window.findChildren(QMessageBox) if box.isVisible()]
    return boxes[0] if boxes else None


def answer(window: MainWindow, button: BUTTONS) -> None:
    box = question(window)
    assert box is not None
    QTest.mouseClick(box.button(button), Qt.MouseButton.LeftButton)


def save(window: MainWindow, path: Path, qtbot: QtBot) -> None:
    with qtbot.waitSignal(window.desk.files.saved):
        window.desk.files.save_to(path)


def drop(window: MainWindow, *paths: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    copy, left = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    none = Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(50, 50), copy, data, left, none)
    QApplication.sendEvent(window, enter)
    QApplication.sendEvent(window, QDropEvent(QPointF(50, 50), copy, data, left, none))


def names(window: MainWindow) -> list[str]:
    return [entry.name for entry in window.controller.study.recordings]


def test_the_first_save_asks_where_to_and_the_next_one_does_not(
    with_regions: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    assert with_regions.isWindowModified()
    press_with_ctrl(with_regions, Qt.Key.Key_S)
    dialog = with_regions.findChild(QFileDialog)
    assert dialog.isVisible()
    assert dialog.selectedFiles()[0].endswith("movie.aphyn")
    path = tmp_path / "hearts.aphyn"
    with qtbot.waitSignal(with_regions.desk.files.saved):
        dialog.selectFile(str(path))
        dialog.accept()
    assert not with_regions.isWindowModified()
    assert with_regions.windowTitle() == "hearts.aphyn[*]: movie.tif — aphyn_gui"
    assert settings.recent_files()[0] == path.resolve()
    assert with_regions.toaster.texts[-1] == "Saved: hearts.aphyn."
    with_regions.controller.add_region(RectangularRoi(1, 1, 4, 4))
    assert with_regions.isWindowModified()
    with qtbot.waitSignal(with_regions.desk.files.saved):
        press_with_ctrl(with_regions, Qt.Key.Key_S)
    assert load_project(path) == with_regions.controller.study
    wait_analysed(with_regions, qtbot)


def test_undoing_back_to_what_was_saved_takes_the_mark_away(
    with_regions: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    save(with_regions, tmp_path / "hearts.aphyn", qtbot)
    with_regions.movie_view.canvas.setFocus()
    QTest.keyClick(with_regions.movie_view.canvas, Qt.Key.Key_Right)
    assert with_regions.isWindowModified()
    press_with_ctrl(with_regions, Qt.Key.Key_Z)
    assert not with_regions.isWindowModified()
    wait_analysed(with_regions, qtbot)


def test_opening_alone_is_nothing_to_save(loaded: MainWindow) -> None:
    assert not loaded.isWindowModified()
    loaded.close()
    assert not loaded.isVisible()


def test_a_stored_fit_is_an_unsaved_change(
    window: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    controller = open_study(tmp_path)
    path = tmp_path / "fits.aphyn"
    save_project(controller.study, path)
    with qtbot.waitSignal(window.loader.opened):
        window.loader.open(path)
    study, region = window.controller.study, window.controller.study.regions[0]
    recording = window.controller.recording
    assert recording is not None
    fit = drained(fit_region(recording, region, study.preparation, study.protocol))
    assert not window.isWindowModified()
    window.controller.store_fit(region.id, fit)
    assert window.isWindowModified()
    save(window, path, qtbot)
    assert not window.isWindowModified()
    assert list(load_project(path).fits) == [region.id]
    wait_analysed(window, qtbot)


def test_what_changes_while_it_is_written_stays_unsaved(
    with_regions: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(with_regions.desk.files.saved):
        with_regions.desk.files.save_to(tmp_path / "hearts.aphyn")
        with_regions.controller.remove_region(with_regions.controller.selected_region_id)
    assert with_regions.isWindowModified()
    assert len(load_project(tmp_path / "hearts.aphyn").regions) == 2


def test_a_save_that_fails_says_why_and_loses_nothing(
    with_regions: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(with_regions.controller.message) as heard:
        with_regions.desk.files.save_to(tmp_path / "nowhere" / "hearts.aphyn")
    assert heard.args[0] == "error"
    assert "hearts.aphyn was not saved: there is no folder" in heard.args[1]
    assert with_regions.isWindowModified()
    assert with_regions.controller.document.path is None


@pytest.mark.parametrize("button", [BUTTONS.Cancel, BUTTONS.Discard, BUTTONS.Save])
def test_closing_the_window_asks_first(
    with_regions: MainWindow, tmp_path: Path, qtbot: QtBot, button: BUTTONS
) -> None:
    path = tmp_path / "hearts.aphyn"
    save(with_regions, path, qtbot)
    with_regions.controller.remove_region(with_regions.controller.selected_region_id)
    # Its keys are the system's.
    with_regions.actions_.quit.trigger()
    assert with_regions.isVisible()
    # A second attempt asks no second question.
    with_regions.close()
    answer(with_regions, button)
    if button == BUTTONS.Cancel:
        assert with_regions.isVisible()
        assert len(with_regions.controller.study.regions) == 1
    else:
        qtbot.waitUntil(lambda: not with_regions.isVisible())
    assert len(load_project(path).regions) == (1 if button == BUTTONS.Save else 2)


def test_a_study_never_saved_is_saved_before_the_window_closes(
    with_regions: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    with_regions.close()
    answer(with_regions, BUTTONS.Save)
    dialog = with_regions.findChild(QFileDialog)
    dialog.reject()
    assert with_regions.isVisible()
    QApplication.processEvents()
    with_regions.close()
    answer(with_regions, BUTTONS.Save)
    dialog = next(d for d in with_regions.findChildren(QFileDialog) if d.isVisible())
    dialog.selectFile(str(tmp_path / "hearts.aphyn"))
    dialog.accept()
    qtbot.waitUntil(lambda: not with_regions.isVisible())
    assert len(load_project(tmp_path / "hearts.aphyn").regions) == 2


def test_closing_the_study_leaves_the_first_screen(with_regions: MainWindow, qtbot: QtBot) -> None:
    press_with_ctrl(with_regions, Qt.Key.Key_W)
    assert not with_regions.start_page.isVisible()
    answer(with_regions, BUTTONS.Discard)
    assert with_regions.start_page.isVisible()
    assert with_regions.controller.recording is None
    assert with_regions.windowTitle() == "aphyn_gui[*]"
    assert not with_regions.isWindowModified()
    assert with_regions.roi_table.table.model().rowCount() == 0
    assert not with_regions.actions_.close_study.isEnabled()
    assert not with_regions.actions_.undo.isEnabled()
    qtbot.waitUntil(lambda: not with_regions.tasks.is_busy)


def test_opening_another_study_asks_first(
    with_regions: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    other = tmp_path / "other.aphyn"
    save_project(open_study(tmp_path).study, other)
    with_regions.actions_.open.trigger()
    dialog = with_regions.findChild(QFileDialog)
    dialog.fileSelected.emit(str(other))
    dialog.reject()
    qtbot.waitUntil(lambda: question(with_regions) is not None)
    answer(with_regions, BUTTONS.Cancel)
    assert names(with_regions) == ["movie"]
    drop(with_regions, other)
    qtbot.waitUntil(lambda: question(with_regions) is not None)
    with qtbot.waitSignal(with_regions.loader.opened):
        answer(with_regions, BUTTONS.Discard)
    assert with_regions.windowTitle() == "other.aphyn[*]: movie.npy — aphyn_gui"
    assert not with_regions.isWindowModified()
    assert settings.recent_files()[0] == other.resolve()
    wait_analysed(with_regions, qtbot)


@pytest.mark.parametrize("name", ["notes.tif", "broken.aphyn"])
def test_a_file_that_cannot_be_read_raises_no_question(
    with_regions: MainWindow, tmp_path: Path, qtbot: QtBot, name: str
) -> None:
    bad = tmp_path / name
    bad.write_text("neither a movie nor a study")
    with qtbot.waitSignal(with_regions.controller.message) as heard:
        with_regions.desk.open(bad)
    assert heard.args is not None
    assert name in heard.args[1]
    assert question(with_regions) is None
    assert names(with_regions) == ["movie"]


def test_the_open_study_read_again_is_what_was_saved_just_before(
    with_regions: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    path = tmp_path / "own.aphyn"
    save(with_regions, path, qtbot)
    with_regions.controller.add_region(RectangularRoi(1, 1, 2, 2), "new")
    with_regions.desk.open(path)
    with qtbot.waitSignal(with_regions.loader.opened):
        answer(with_regions, BUTTONS.Save)
    assert "new" in [region.name for region in with_regions.controller.study.regions]
    wait_analysed(with_regions, qtbot)


def test_several_dropped_recordings_become_one_study(
    window: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    paths = [save_movie(tmp_path, f"{name}.npy") for name in ("control", "ischaemia", "wash")]
    bad = tmp_path / "bad.npy"
    bad.write_text("no movie")
    heard: list[str] = []
    window.controller.message.connect(lambda level, text, details: heard.append(text))
    drop(window, paths[0], bad, paths[1])
    qtbot.waitUntil(lambda: names(window) == ["control", "ischaemia"])
    assert any("bad.npy" in text for text in heard)
    # A drop on what is open asks nothing.
    with qtbot.waitSignal(window.loader.opened):
        drop(window, paths[2])
    assert names(window) == ["control", "ischaemia", "wash"]
    assert question(window) is None


def test_a_study_is_dropped_alone(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    study = tmp_path / "hearts.aphyn"
    save_project(open_study(tmp_path).study, study)
    with qtbot.waitSignal(window.loader.opened):
        drop(window, save_movie(tmp_path, "second.npy"), study)
    assert window.controller.document.path == study
    assert any("second.npy is not" in text for text in window.toaster.texts)
    wait_analysed(window, qtbot)


def test_the_first_screen_offers_what_was_saved(
    new_window: Callable[[], MainWindow], tmp_path: Path, qtbot: QtBot
) -> None:
    study = tmp_path / "hearts.aphyn"
    save_project(open_study(tmp_path).study, study)
    first = new_window()
    with qtbot.waitSignal(first.loader.opened):
        first.loader.open(study)
    wait_analysed(first, qtbot)
    press_with_ctrl(first, Qt.Key.Key_W)
    assert first.start_page.isVisible()

    def links() -> list[QPushButton]:
        buttons = first.start_page.findChildren(QPushButton)
        return [b for b in buttons if b.toolTip() == str(study.resolve()) and b.isVisible()]

    qtbot.waitUntil(lambda: len(links()) == 1)
    with qtbot.waitSignal(first.loader.opened):
        QTest.mouseClick(links()[0], Qt.MouseButton.LeftButton)
    assert first.controller.document.path == study.resolve()
    wait_analysed(first, qtbot)


def test_how_often_work_is_kept_can_be_chosen(window: MainWindow) -> None:
    never = next(a for a in window.findChildren(QAction) if a.text() == "Never")
    assert settings.autosave_interval_s() == 30
    never.trigger()
    assert settings.autosave_interval_s() == 0
