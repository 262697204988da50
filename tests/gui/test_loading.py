"""Opening: metadata, what the file does not say, bad files, dropped files, recent files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QFileDialog, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot
from window_helpers import COLUMNS, FRAMES, ROWS, wait_analysed

from aphyn_gui.gui import settings
from aphyn_gui.gui.calibration_bar import CalibrationBar
from aphyn_gui.gui.main_window import MainWindow
from aphyn_gui.insilico.demo import DEMO_REGIONS
from aphyn_gui.recording import RectangularRoi


def open_file(window: MainWindow, path: Path, qtbot: QtBot) -> None:
    with qtbot.waitSignal(window.loader.opened):
        window.loader.open(path)


def interval_field(window: MainWindow) -> QLineEdit:
    return window.movie_view.findChild(QLineEdit, "frame_interval")


def calibration_bar(window: MainWindow) -> CalibrationBar:
    return window.movie_view.findChild(CalibrationBar)


def test_first_screen_offers_the_demo_and_goes_when_a_recording_opens(
    window: MainWindow, movie_file: Path, qtbot: QtBot
) -> None:
    assert window.start_page.isVisible()
    open_file(window, movie_file, qtbot)
    assert not window.start_page.isVisible()


def test_metadata_is_read(window: MainWindow, movie_file: Path, qtbot: QtBot) -> None:
    open_file(window, movie_file, qtbot)
    recording = window.controller.recording
    assert recording is not None
    assert (recording.frame_count, recording.row_count, recording.column_count) == (
        FRAMES, ROWS, COLUMNS,
    )  # fmt: skip
    assert recording.frame_interval_ms == pytest.approx(1.0)
    assert recording.pixel_pitch_mm == pytest.approx(0.25)
    assert not calibration_bar(window).isVisible()


@pytest.mark.parametrize(("unit", "typed"), [("ms", "2"), ("Hz", "500")])
def test_unknown_interval_is_asked_for_and_remembered(
    window: MainWindow,
    new_window: Callable[[], MainWindow],
    bare_movie_file: Path,
    qtbot: QtBot,
    unit: str,
    typed: str,
) -> None:
    open_file(window, bare_movie_file, qtbot)
    window.controller.add_region(RectangularRoi(4, 4, 6, 6))
    bar = calibration_bar(window)
    assert bar.isVisible()
    assert "frame interval" in window.controller.analysis_blocker
    assert not window.actions_.fit_all.isEnabled()
    combo = bar.findChild(QComboBox)
    combo.setCurrentIndex(next(i for i in range(combo.count()) if unit in combo.itemText(i)))
    field = interval_field(window)
    field.setFocus()
    QTest.keyClicks(field, typed)
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert not bar.isVisible()
    recording = window.controller.recording
    assert recording is not None
    assert recording.frame_interval_ms == pytest.approx(2.0)
    wait_analysed(window, qtbot)
    assert len(window.controller.study.regions) == 1
    assert window.actions_.fit_all.isEnabled()
    assert settings.calibration_of(bare_movie_file) == (pytest.approx(2.0), None)
    again = new_window()
    open_file(again, bare_movie_file, qtbot)
    assert again.controller.analysis_blocker == ""


def test_a_bad_interval_is_not_taken(
    window: MainWindow, bare_movie_file: Path, qtbot: QtBot
) -> None:
    open_file(window, bare_movie_file, qtbot)
    field = interval_field(window)
    bar = calibration_bar(window)
    apply = next(b for b in bar.findChildren(QPushButton) if b.text() == "Apply")
    for typed in ("", "0", "abc", "0,002", "2000"):
        field.clear()
        QTest.keyClicks(field, typed)
        apply.click()
        assert bar.isVisible()
        assert window.controller.analysis_blocker


def write_bad_file(kind: str, folder: Path) -> Path:
    path = folder / f"{kind}.tif"
    if kind == "text":
        path.write_text("This is not a TIFF.")
    elif kind == "empty":
        path.write_bytes(b"")
    elif kind == "truncated":
        whole = folder / "whole.tif"
        tifffile.imwrite(whole, np.zeros((50, 20, 20), np.uint16))
        path.write_bytes(whole.read_bytes()[:3000])
    elif kind == "image":
        tifffile.imwrite(path, np.zeros((20, 20), np.uint16))
    elif kind == "rgb":
        tifffile.imwrite(path, np.zeros((9, 20, 20, 3), np.uint8), photometric="rgb")
    return path


def test_bad_files_leave_the_previous_recording(
    with_regions: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    before = with_regions.controller.study
    recording = with_regions.controller.recording
    for kind in ("text", "empty", "truncated", "image", "rgb", "missing"):
        with qtbot.waitSignal(with_regions.controller.message) as message:
            with_regions.loader.open(write_bad_file(kind, tmp_path))
        level, text, details = message.args
        assert level == "error"
        assert kind in text
        assert "Traceback" not in text + details
        assert with_regions.controller.study is before
        assert with_regions.controller.recording is recording
        assert with_regions.toaster.texts[-1] == text
        assert QApplication.activeModalWidget() is None


def test_a_movie_with_holes_opens(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    path = tmp_path / "holes.npy"
    frames = np.random.default_rng(0).normal(100, 1, (60, 12, 14)).astype(np.float32)
    frames[3:30, 2:5, 2:5] = np.nan
    np.save(path, frames)
    with qtbot.waitSignal(window.movie_view.frame_shown):
        window.loader.open(path)
    assert window.toaster.texts == []


def test_a_dropped_file_opens(window: MainWindow, movie_file: Path, qtbot: QtBot) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(movie_file))])
    copy, left = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    none = Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(50, 50), copy, data, left, none)
    QApplication.sendEvent(window, enter)
    assert enter.isAccepted()
    with qtbot.waitSignal(window.loader.opened):
        QApplication.sendEvent(window, QDropEvent(QPointF(50, 50), copy, data, left, none))
    assert window.controller.recording is not None


def test_a_dropped_file_is_never_moved(window: MainWindow, movie_file: Path, qtbot: QtBot) -> None:
    """A file manager that offers to move it would be free to delete it."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(movie_file))])
    offered = Qt.DropAction.MoveAction | Qt.DropAction.CopyAction
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(50, 50), offered, data, left, none)
    enter.setDropAction(Qt.DropAction.MoveAction)
    QApplication.sendEvent(window, enter)
    assert enter.isAccepted()
    assert enter.dropAction() == Qt.DropAction.CopyAction
    drop = QDropEvent(QPointF(50, 50), offered, data, left, none)
    drop.setDropAction(Qt.DropAction.MoveAction)
    with qtbot.waitSignal(window.loader.opened):
        QApplication.sendEvent(window, drop)
    assert drop.isAccepted()
    assert drop.dropAction() == Qt.DropAction.CopyAction


def test_dropped_text_is_refused(window: MainWindow) -> None:
    data = QMimeData()
    data.setText("hello")
    enter = QDragEnterEvent(
        QPoint(50, 50), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )  # fmt: skip
    enter.ignore()
    QApplication.sendEvent(window, enter)
    assert not enter.isAccepted()


def test_recent_files_are_offered(window: MainWindow, movie_file: Path, qtbot: QtBot) -> None:
    open_file(window, movie_file, qtbot)
    assert settings.recent_files() == [movie_file.resolve()]
    menu = window.actions_.recent_menu
    menu.aboutToShow.emit()
    # A letter may be underlined.
    assert [action.text().replace("&", "") for action in menu.actions()] == [
        f"{movie_file.parent.name}/{movie_file.name}"
    ]


def test_the_dialog_does_not_block(window: MainWindow, movie_file: Path, qtbot: QtBot) -> None:
    window.actions_.open.trigger()
    dialog = window.findChild(QFileDialog)
    assert dialog.isVisible()
    with qtbot.waitSignal(window.loader.opened):
        dialog.fileSelected.emit(str(movie_file))
    dialog.reject()


def test_the_demo_opens_with_its_regions(window: MainWindow, qtbot: QtBot) -> None:
    with qtbot.waitSignal(window.loader.opened):
        window.start_page.findChild(QPushButton, "start_demo").click()
    names = [region.name for region in window.controller.study.regions]
    assert names == [region.name for region in DEMO_REGIONS]
    assert not window.isWindowModified(), "nothing has been done yet that could be lost"
    window.controller.select_region(window.controller.study.regions[0].id)
    window.controller.remove_region(window.controller.study.regions[0].id)
    assert window.isWindowModified()
    wait_analysed(window, qtbot)
    # The demo is always at hand; the list is for the user's own.
    assert settings.recent_files() == []


def test_another_file_while_one_loads_wins(
    window: MainWindow, movie_file: Path, bare_movie_file: Path, qtbot: QtBot
) -> None:
    window.loader.open(movie_file)
    open_file(window, bare_movie_file, qtbot)
    qtbot.waitUntil(lambda: not window.tasks.is_busy)
    recording = window.controller.recording
    assert recording is not None
    assert recording.path == bare_movie_file


def test_a_dropped_folder_of_frames_opens(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    folder = tmp_path / "frames"
    folder.mkdir()
    for number in range(1, 12):
        frame = np.full((ROWS, COLUMNS), number, dtype=np.uint16)
        tifffile.imwrite(folder / f"frame_{number}.tif", frame)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(folder))])
    copy, left = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    none = Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(window, QDragEnterEvent(QPoint(50, 50), copy, data, left, none))
    with qtbot.waitSignal(window.loader.opened):
        QApplication.sendEvent(window, QDropEvent(QPointF(50, 50), copy, data, left, none))
    recording = window.controller.recording
    assert recording is not None
    assert recording.frame_count == 11
    # 10 and 11 follow 9.
    assert recording.read_frame(10)[0, 0] == 11


def test_what_was_said_of_another_recording_goes_with_the_next_one(
    loaded: MainWindow, movie_file: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    text = tmp_path / "notes.tif"
    text.write_text("no image")
    loaded.loader.open(text)
    qtbot.waitUntil(lambda: bool(loaded.toaster.texts))
    assert "notes.tif" in loaded.toaster.texts[0]
    other = tmp_path / "letter.tif"
    other.write_text("no image")
    loaded.loader.open(other)
    qtbot.waitUntil(lambda: any("letter.tif" in told for told in loaded.toaster.texts))
    assert not any("notes.tif" in told for told in loaded.toaster.texts)
    with qtbot.waitSignal(loaded.loader.opened):
        loaded.loader.open(movie_file)
    assert not any("letter.tif" in told for told in loaded.toaster.texts)
    assert loaded.run_bar.text.text() == "No fit is running."
