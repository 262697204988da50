"""Unsaved work survives the program: kept while it runs, offered at the next start."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from window_helpers import press_with_ctrl, wait_analysed

from aphyn_gui.gui import settings
from aphyn_gui.gui.main_window import MainWindow
from aphyn_gui.gui.recovery_file import RecoveryFile, find_abandoned
from aphyn_gui.recording import RectangularRoi
from aphyn_gui.study import RecordingReference, Study
from aphyn_gui.study.project_file import load_project

HERE = Path(__file__).resolve().parent


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "recovery"


def kept(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.aphyn"))


def study_of(movie: Path) -> Study:
    study = Study.of(RecordingReference(movie))
    return study.with_region(study.new_region(RectangularRoi(1, 2, 5, 4), "Base"))


def abandon(folder: Path, study: Study, project: Path | None = None) -> None:
    """Leave a file behind as a program that has died does."""
    file = RecoveryFile.create(folder)
    file.keep(study, project)
    file.release()


@pytest.fixture
def kept_window(
    new_window: Callable[..., MainWindow], folder: Path, movie_file: Path, qtbot: QtBot
) -> MainWindow:
    """A window that keeps unsaved work, with the recording open."""
    window = new_window(folder)
    with qtbot.waitSignal(window.movie_view.frame_shown):
        window.loader.open(movie_file)
    return window


def add_and_keep(window: MainWindow, qtbot: QtBot) -> None:
    window.controller.add_region(RectangularRoi(4, 4, 6, 5))
    assert window.desk.autosave is not None
    window.desk.autosave.keep()
    qtbot.waitUntil(lambda: not window.desk.tasks.is_busy)
    wait_analysed(window, qtbot)


def test_a_change_is_kept_after_a_while(
    kept_window: MainWindow, folder: Path, qtbot: QtBot
) -> None:
    settings.remember_autosave_interval(10)
    assert kept(folder) == []
    kept_window.controller.add_region(RectangularRoi(4, 4, 6, 5))
    timer = kept_window.desk.autosave._timer
    assert (timer.isActive(), timer.interval()) == (True, 10_000)
    timer.setInterval(1)
    qtbot.waitUntil(lambda: len(kept(folder)) == 1)
    qtbot.waitUntil(lambda: not kept_window.desk.tasks.is_busy)
    assert load_project(kept(folder)[0]).regions == kept_window.controller.study.regions
    # Nothing is written again without another change.
    assert not timer.isActive()
    wait_analysed(kept_window, qtbot)


def test_nothing_is_kept_where_that_was_chosen(
    kept_window: MainWindow, folder: Path, qtbot: QtBot
) -> None:
    kept_window.controller.add_region(RectangularRoi(4, 4, 6, 5))
    kept_window.actions_.autosave_chosen.emit(0)
    assert not kept_window.desk.autosave._timer.isActive()
    wait_analysed(kept_window, qtbot)
    assert kept(folder) == []


def test_a_clean_exit_leaves_nothing(kept_window: MainWindow, folder: Path, qtbot: QtBot) -> None:
    add_and_keep(kept_window, qtbot)
    assert len(kept(folder)) == 1
    kept_window.close_unsaved()
    assert list(folder.iterdir()) == []


def test_saving_makes_it_superfluous(
    kept_window: MainWindow, folder: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    add_and_keep(kept_window, qtbot)
    with qtbot.waitSignal(kept_window.desk.files.saved):
        kept_window.desk.files.save_to(tmp_path / "hearts.aphyn")
    qtbot.waitUntil(lambda: list(folder.iterdir()) == [])


def test_the_work_of_a_living_window_is_not_offered(
    kept_window: MainWindow, folder: Path, qtbot: QtBot
) -> None:
    add_and_keep(kept_window, qtbot)
    assert find_abandoned(folder) == []


def test_the_work_of_a_killed_program_is_found(folder: Path, movie_file: Path) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path;"
        "sys.path.insert(0, sys.argv[1]);"
        "from test_recovery import RecoveryFile, study_of;"
        "file = RecoveryFile.create(Path(sys.argv[2]));"
        "file.keep(study_of(Path(sys.argv[3])), Path('/data/hearts.aphyn'));"
        "os.kill(os.getpid(), signal.SIGTERM)"
    )
    subprocess.run(
        [sys.executable, "-c", code, str(HERE), str(folder), str(movie_file)],
        env=os.environ | {"PYTHONPATH": str(HERE.parents[1])},
        check=False,
    )
    (found,) = find_abandoned(folder)
    assert found.title == "hearts.aphyn"
    assert (found.names, found.region_count, found.fit_count) == (("movie",), 1, 0)
    # Whoever finds it has it alone.
    assert find_abandoned(folder) == []
    found.file.release()


def test_what_cannot_be_opened_is_not_offered(folder: Path, movie_file: Path) -> None:
    abandon(folder, study_of(movie_file))
    path = kept(folder)[0]
    path.with_suffix(".json").write_bytes(b"\x00no note")
    (found,) = find_abandoned(folder)
    assert found.title == "movie"
    found.file.release()
    path.write_bytes(path.read_bytes()[:200])
    assert find_abandoned(folder) == []
    assert find_abandoned(folder / "nowhere") == []


def test_the_next_start_offers_and_recovers(
    new_window: Callable[..., MainWindow], folder: Path, movie_file: Path, tmp_path: Path,
    qtbot: QtBot,
) -> None:  # fmt: skip
    project = tmp_path / "hearts.aphyn"
    abandon(folder, study_of(movie_file), project)
    abandon(folder, study_of(movie_file))
    window = new_window(folder)
    window.desk.offer_recovery()
    qtbot.waitUntil(lambda: window.desk.recovery is not None)
    dialog = window.desk.recovery
    assert dialog is not None
    assert QApplication.activeModalWidget() is None
    lines = [dialog.list.item(row).text() for row in range(dialog.list.count())]
    assert sorted(line.split("   ")[1] for line in lines) == [
        "hearts.aphyn: 1 region, 0 fits",
        "movie: 1 region, 0 fits",
    ]
    dialog.list.setCurrentRow(next(i for i, line in enumerate(lines) if "hearts" in line))
    with qtbot.waitSignal(window.loader.opened):
        QTest.mouseClick(dialog.recover_button, Qt.MouseButton.LeftButton)
    assert window.windowTitle() == "hearts.aphyn[*]: movie.tif — aphyn_gui"
    assert window.isWindowModified()
    assert [region.name for region in window.controller.study.regions] == ["Base"]
    wait_analysed(window, qtbot)
    # The other one is still offered; this one is now the window's own.
    QTest.mouseClick(dialog.discard_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.desk.recovery is None)
    qtbot.waitUntil(lambda: len(kept(folder)) == 1)
    with qtbot.waitSignal(window.desk.files.saved):
        press_with_ctrl(window, Qt.Key.Key_S)
    assert load_project(project).regions == window.controller.study.regions
    qtbot.waitUntil(lambda: list(folder.iterdir()) == [])


def test_what_is_put_off_is_offered_again(
    new_window: Callable[..., MainWindow], folder: Path, movie_file: Path, qtbot: QtBot
) -> None:
    abandon(folder, study_of(movie_file))
    for _ in range(2):
        window = new_window(folder)
        window.desk.offer_recovery()
        qtbot.waitUntil(lambda window=window: window.desk.recovery is not None)
        QTest.keyClick(window.desk.recovery, Qt.Key.Key_Escape)
        qtbot.waitUntil(lambda window=window: window.desk.recovery is None)
        window.close()
    assert len(kept(folder)) == 1


def test_a_folder_that_cannot_be_written_is_said_once(
    new_window: Callable[..., MainWindow], tmp_path: Path, movie_file: Path, qtbot: QtBot
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    window = new_window(blocked / "recovery")
    heard: list[str] = []
    window.controller.message.connect(lambda level, text, details: heard.append(text))
    with qtbot.waitSignal(window.movie_view.frame_shown):
        window.loader.open(movie_file)
    for _ in range(2):
        add_and_keep(window, qtbot)
    assert len(heard) == 1
    assert "Unsaved work cannot be kept" in heard[0]
