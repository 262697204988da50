"""Drives the real window without a user: the demo on a machine without a display, and pictures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from aphyn_gui.fitting import Stage
from aphyn_gui.gui.fit_runner import RunnerState
from aphyn_gui.gui.main_window import MainWindow
from aphyn_gui.gui.teardown import dispose
from aphyn_gui.gui.theme import ThemeMode, theme_manager
from aphyn_gui.study import compare

_POLL_MS = 20
_SETTLE_MS = 400
_EPOCHS_TO_SHOW = 20
"""The recommended training ends long before its last possible epoch."""
_PATIENCE_S = 1800.0
_SIZES = ((1280, 800), (1920, 1080))
_THEMES = (ThemeMode.LIGHT, ThemeMode.DARK)


def run_demo(folder: Path, say: Callable[[str], None]) -> int:
    """Fit the demo's two regions in the window; write pictures and the comparison.

    Returns
    -------
    int
        Exit status: 0 when every region was fitted.
    """
    folder.mkdir(parents=True, exist_ok=True)
    window = MainWindow()
    window.resize(1600, 1000)
    window.show()
    QApplication.processEvents()
    # Whoever started the program can tell from this line how long it took.
    say("The window is open.")
    try:
        open_demo(window)
        window.grab().save(str(folder / "recording.png"))
        _fit_all(window, say)
        window.grab().save(str(folder / "window.png"))
        window.comparison_view.grab().save(str(folder / "comparison.png"))
        study = window.controller.study
        comparison = compare(study)
        (folder / "comparison.csv").write_text(comparison.to_csv(), encoding="utf-8")
        (folder / "comparison.txt").write_text(comparison.to_text() + "\n", encoding="utf-8")
        say(comparison.to_text())
        say(f"Pictures of the window and the comparison table are in {folder.resolve()}")
        return 0 if len(study.fits) == len(study.regions) else 1
    finally:
        dispose(window)


def take_pictures(folder: Path, say: Callable[[str], None]) -> int:
    """Pictures of start, recording, training and comparison, in two sizes, light and dark."""
    folder.mkdir(parents=True, exist_ok=True)
    window = MainWindow()
    window.show()
    try:
        _shoot(window, folder, "start")
        open_demo(window)
        _shoot(window, folder, "recording")
        window.fit_all()
        wait_until(lambda: _has_learned(window))
        window.runner.pause()
        _shoot(window, folder, "training")
        window.runner.resume()
        wait_until(lambda: window.runner.state is RunnerState.IDLE)
        _shoot(window, folder, "comparison")
    finally:
        dispose(window)
    say(f"Pictures are in {folder.resolve()}")
    return 0


def open_demo(window: MainWindow) -> None:
    """Open the demo and wait until its regions are analysed."""
    window.loader.open_demo()
    wait_until(lambda: bool(window.controller.study.regions) and not window.tasks.is_busy)
    settle()


def wait_until(condition: Callable[[], bool], patience_s: float = _PATIENCE_S) -> None:
    """Run the event loop until the condition holds.

    Raises
    ------
    TimeoutError
        If it does not within ``patience_s``.
    """
    loop = QEventLoop()
    poll, alarm = QTimer(), QTimer()

    def check() -> None:
        if condition():
            loop.quit()

    poll.timeout.connect(check)
    alarm.setSingleShot(True)
    alarm.timeout.connect(loop.quit)
    poll.start(_POLL_MS)
    alarm.start(round(patience_s * 1000))
    if not condition():
        loop.exec()
    poll.stop()
    alarm.stop()
    if not condition():
        raise TimeoutError(f"the window was not ready after {patience_s:g} s")


def settle(milliseconds: int = _SETTLE_MS) -> None:
    """Let timers and repaints run for a moment."""
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def _fit_all(window: MainWindow, say: Callable[[str], None]) -> None:
    names = {region.id: region.name for region in window.controller.study.regions}
    window.runner.stage_changed.connect(lambda key, stage: say(f"{names[key]}: {stage}"))
    window.runner.finished.connect(lambda key, outcome: say(f"{names[key]}: {outcome}"))
    window.fit_all()
    wait_until(lambda: window.runner.state is RunnerState.IDLE)
    settle()


def _has_learned(window: MainWindow) -> bool:
    region_id = window.runner.current_region_id
    if region_id is None:
        return True
    snapshot = window.runner.latest(region_id)
    if snapshot is None or snapshot.progress.stage is not Stage.HYBRID:
        return False
    return snapshot.progress.epoch >= _EPOCHS_TO_SHOW


def _shoot(window: MainWindow, folder: Path, name: str) -> None:
    # What was said on the way is not what the picture is about.
    window.toaster.clear()
    before = theme_manager().mode
    for theme in _THEMES:
        theme_manager().set_mode(theme)
        for width, height in _SIZES:
            window.resize(width, height)
            settle()
            QApplication.processEvents()
            window.grab().save(str(folder / f"{name}_{theme.value}_{width}x{height}.png"))
    theme_manager().set_mode(before)
