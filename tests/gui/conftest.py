"""The window under test: isolated settings, a small recording, and no leftovers."""

from __future__ import annotations

import gc
import importlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pyqtgraph as pg
import pytest
import shiboken6
import tifffile
from PySide6.QtCore import QCoreApplication, QEvent, QSettings, QThread, QTimer
from PySide6.QtWidgets import QApplication, QMainWindow, QWidget
from pytestqt.qtbot import QtBot
from window_helpers import movie_counts, wait_analysed

from aphyn_gui.gui.main_window import MainWindow
from aphyn_gui.gui.theme import ThemeMode, theme_manager
from aphyn_gui.recording import RectangularRoi


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path, qapp: QApplication) -> None:
    """Settings of this test only, and the light theme."""
    qapp.setOrganizationName("aphyn_gui_tests")
    qapp.setApplicationName("tests")
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    for scope in (QSettings.Scope.UserScope, QSettings.Scope.SystemScope):
        QSettings.setPath(QSettings.Format.IniFormat, scope, str(tmp_path / "settings"))
    theme_manager().set_mode(ThemeMode.LIGHT)


@pytest.fixture(autouse=True, scope="session")
def collector_as_in_the_program() -> Iterator[None]:
    """No automatic garbage collection, as in the program: it would run amid Qt's destructors.

    What is imported once is never looked at again: every test collects when it ends.
    """
    for name in ("torch", "aphyn_gui.fitting.trainer", "aphyn_gui.hybrid"):
        importlib.import_module(name)
    gc.collect()
    gc.freeze()
    gc.disable()
    yield
    gc.enable()
    gc.unfreeze()


@pytest.fixture(autouse=True)
def every_mouse_event() -> Iterator[None]:
    """pyqtgraph drops mouse events that follow each other faster than a hand can move."""
    before = pg.getConfigOption("mouseRateLimit")
    pg.setConfigOption("mouseRateLimit", -1)
    yield
    pg.setConfigOption("mouseRateLimit", before)


@pytest.fixture(autouse=True)
def no_leftovers(own_settings: None, qapp: QApplication) -> Iterator[None]:
    """Fail when a test leaves a thread, an active timer or a top-level widget behind."""
    yield
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    gc.collect()
    threads, timers = [], []
    for thing in gc.get_objects():
        kind = type(thing)
        if issubclass(kind, QThread) and shiboken6.isValid(thing) and thing.isRunning():
            threads.append(thing.objectName())
        elif (
            issubclass(kind, QTimer)
            and shiboken6.isValid(thing)
            and thing.isActive()
            and thing.thread() is qapp.thread()
        ):
            timers.append(f"{thing!r} of {thing.parent()!r}")
    assert not threads, f"threads still run: {threads}"
    assert not timers, f"timers still run: {timers}"
    widgets = [repr(widget) for widget in _top_level_widgets()]
    assert not widgets, f"windows are still open: {widgets}"


def _top_level_widgets() -> list[QWidget]:
    """Windows on the screen, and main windows anywhere; pyqtgraph keeps hidden menus of its own."""
    return [
        widget
        for widget in QApplication.topLevelWidgets()
        if widget.isVisible() or isinstance(widget, QMainWindow)
    ]


@pytest.fixture
def movie_file(tmp_path: Path) -> Path:
    """A recording with frame interval 1 ms and pixel pitch 0.25 mm in its metadata."""
    path = tmp_path / "movie.tif"
    tifffile.imwrite(
        path,
        movie_counts(),
        imagej=True,
        resolution=(4.0, 4.0),
        metadata={"axes": "TYX", "finterval": 0.001, "tunit": "s", "unit": "mm"},
    )
    return path


@pytest.fixture
def bare_movie_file(tmp_path: Path) -> Path:
    """The same without any metadata."""
    path = tmp_path / "bare.tif"
    tifffile.imwrite(path, movie_counts(), metadata=None)
    return path


@pytest.fixture
def new_window(qtbot: QtBot) -> Iterator[Callable[..., MainWindow]]:
    """Makes real windows, shown offscreen; given a folder, they keep unsaved work there."""
    windows: list[MainWindow] = []

    def make(recovery_folder: Path | None = None) -> MainWindow:
        window = MainWindow(recovery_folder=recovery_folder)
        windows.append(window)
        window.resize(1280, 800)
        window.show()
        qtbot.waitExposed(window)
        return window

    yield make
    for window in windows:
        window.close_unsaved()
        window.deleteLater()


@pytest.fixture
def window(new_window: Callable[[], MainWindow]) -> MainWindow:
    """The real window."""
    return new_window()


@pytest.fixture
def loaded(window: MainWindow, movie_file: Path, qtbot: QtBot) -> MainWindow:
    """The window with the recording open and its first frame on the screen."""
    with qtbot.waitSignal(window.movie_view.frame_shown):
        window.loader.open(movie_file)
    return window


@pytest.fixture
def with_regions(loaded: MainWindow, qtbot: QtBot) -> MainWindow:
    """The window with two analysed regions; the second is selected."""
    loaded.controller.add_region(RectangularRoi(4, 4, 6, 5))
    loaded.controller.add_region(RectangularRoi(20, 10, 6, 6))
    wait_analysed(loaded, qtbot)
    return loaded
