"""Recordings that were moved or have changed are found again, or done without."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fit_samples import save_movie
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot
from window_helpers import wait_analysed

from aphyn_gui.gui.main_window import MainWindow
from aphyn_gui.gui.relink_dialog import RelinkDialog
from aphyn_gui.recording import Preparation, RectangularRoi
from aphyn_gui.study import RecordingReference, Study
from aphyn_gui.study.opening import with_content_hash
from aphyn_gui.study.project_file import save_project


@pytest.fixture
def moved(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> tuple[MainWindow, RelinkDialog]:
    """A study of two recordings, both of which now lie in the folder "moved"."""
    study = Study()
    for name in ("control.npy", "ischaemia.npy"):
        path = save_movie(tmp_path, name)
        np.save(path, np.load(path) + len(name))
        reference = with_content_hash(RecordingReference(path, 1.0))
        if study.recording is None:
            study = Study.of(reference, Preparation(beat=1, horizon_ms=60.0))
        else:
            entry = study.new_recording(reference)
            study = study.with_recording(entry).showing(entry.id)
        study = study.with_region(study.new_region(RectangularRoi(1, 1, 5, 5)))
    project = tmp_path / "hearts.aphyn"
    save_project(study, project)
    (tmp_path / "moved").mkdir()
    for name in ("control.npy", "ischaemia.npy"):
        (tmp_path / name).rename(tmp_path / "moved" / name)
    with qtbot.waitSignal(window.loader.opened):
        window.loader.open(project)
    dialog = window.desk.relinking
    assert dialog is not None
    assert dialog.isVisible()
    return window, dialog


def entry_id(window: MainWindow, name: str) -> str:
    return next(e.id for e in window.controller.study.recordings if e.name == name)


def choose(dialog: RelinkDialog, recording_id: str, path: Path) -> None:
    """By mouse, and in the file dialog."""
    QTest.mouseClick(dialog.entry(recording_id).choose, Qt.MouseButton.LeftButton)
    files = next(d for d in dialog.findChildren(QFileDialog) if d.isVisible())
    files.fileSelected.emit(str(path))
    files.reject()


def test_the_question_blocks_nothing(moved: tuple[MainWindow, RelinkDialog]) -> None:
    window, dialog = moved
    assert QApplication.activeModalWidget() is None
    entry = dialog.entry(entry_id(window, "control"))
    assert "control.npy was not found" in entry.problem.text()
    assert "missing" in window.windowTitle()
    assert window.roi_table.table.model().rowCount() == 1
    assert not window.isWindowModified()


def test_recordings_moved_together_are_found_together(
    moved: tuple[MainWindow, RelinkDialog], tmp_path: Path, qtbot: QtBot
) -> None:
    window, dialog = moved
    choose(dialog, entry_id(window, "control"), tmp_path / "moved" / "control.npy")
    qtbot.waitUntil(lambda: len(window.controller.document.recordings) == 2)
    qtbot.waitUntil(lambda: window.desk.relinking is None)
    assert not window.actions_.find_recordings.isEnabled()
    assert "missing" not in window.windowTitle()
    assert window.isWindowModified()
    wait_analysed(window, qtbot)
    assert window.actions_.fit_all.isEnabled()
    # Undoable, like every edit.
    while window.controller.undo_stack.canUndo():
        window.controller.undo_stack.undo()
    assert window.controller.document.recordings == {}
    assert not window.isWindowModified()
    assert "was not found" in window.controller.analysis_blocker


def test_other_content_is_said_and_used_only_if_wanted(
    moved: tuple[MainWindow, RelinkDialog], tmp_path: Path, qtbot: QtBot
) -> None:
    window, dialog = moved
    recording_id = entry_id(window, "control")
    entry = dialog.entry(recording_id)
    other = tmp_path / "moved" / "other.npy"
    np.save(other, np.zeros((400, 5, 5), np.float32))
    choose(dialog, recording_id, other)
    qtbot.waitUntil(lambda: entry.warning.isVisible())
    assert "differs from that of control.npy" in entry.warning.text()
    assert "Outside its image: ROI A." in entry.warning.text()
    assert recording_id not in window.controller.document.recordings
    choose(dialog, recording_id, tmp_path / "moved" / "nowhere.npy")
    qtbot.waitUntil(lambda: "cannot be read" in entry.warning.text())
    assert not entry.use.isVisible()
    choose(dialog, recording_id, other)
    qtbot.waitUntil(lambda: entry.use.isVisible())
    QTest.mouseClick(entry.use, Qt.MouseButton.LeftButton)
    assert recording_id in window.controller.document.recordings
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: window.desk.relinking is None)
    qtbot.waitUntil(lambda: not window.tasks.is_busy and not window.desk.tasks.is_busy)


def test_it_can_be_asked_again(moved: tuple[MainWindow, RelinkDialog], qtbot: QtBot) -> None:
    window, dialog = moved
    dialog.close()
    qtbot.waitUntil(lambda: window.desk.relinking is None)
    assert window.actions_.find_recordings.isEnabled()
    window.actions_.find_recordings.trigger()
    assert window.desk.relinking is not None
    assert window.desk.relinking.isVisible()
