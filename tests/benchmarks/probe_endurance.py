"""Starts and cancels a fit, opens and closes the window, and looks at what is left.

Takes the number of cycles and of windows.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("PYQTGRAPH_QT_LIB", "PySide6")

import numpy as np
import shiboken6
from PySide6.QtCore import QCoreApplication, QEvent, QSettings, QThread, QTimer
from PySide6.QtWidgets import QApplication, QMainWindow

from aphyn_gui.app import make_application
from aphyn_gui.fitting import EX_VIVO
from aphyn_gui.gui.collector import CollectorGuard
from aphyn_gui.gui.fit_runner import RunnerState
from aphyn_gui.gui.main_window import MainWindow
from aphyn_gui.gui.pictures import settle, wait_until
from aphyn_gui.gui.teardown import dispose
from aphyn_gui.recording import Preparation, RectangularRoi
from aphyn_gui.study import RecordingReference, Study
from aphyn_gui.study.project_file import save_project

_MOST_WARM_UP = 70
"""Cycles, or windows, before anything counts, at most as many as count: the cache of compiled
kernels holds 64."""

_CYCLE_MS = 120


def main(cycles: int, windows: int) -> dict[str, object]:
    """What is left of threads, timers and windows, and by how much the memory has grown."""
    with tempfile.TemporaryDirectory(prefix="aphyn-endurance-") as name:
        folder = Path(name)
        before = _left()
        project = _project(folder)
        fits_mb = _cycle_fits(project, folder, cycles)
        windows_mb = _cycle_windows(project, folder, windows)
        left = {what: count - before[what] for what, count in _left().items()}
        kept = len(list((folder / "recovery").glob("*")))
    return {
        "cycles": cycles,
        "windows": windows,
        "fits_mb": fits_mb,
        "windows_mb": windows_mb,
        "kept": kept,
        **left,
    }


def _cycle_fits(project: Path, folder: Path, cycles: int) -> float:
    """Start a fit, cancel it at its first report, again and again; what the memory gained, MB."""
    window = _window(project, folder)
    runner, region_id = window.runner, window.controller.study.regions[0].id
    runner.snapshot_ready.connect(runner.cancel)

    def once() -> None:
        runner.enqueue(region_id)
        wait_until(lambda: runner.state is RunnerState.IDLE)

    growth = _growth(once, cycles)
    dispose(window)
    return growth


def _cycle_windows(project: Path, folder: Path, windows: int) -> float:
    """Open the window on a study and close it, again and again; what the memory gained, MB."""

    def once() -> None:
        window = _window(project, folder)
        window.controller.add_region(RectangularRoi(6, 1, 5, 5))
        settle(1)
        dispose(window)

    return _growth(once, windows)


def _growth(once: Callable[[], None], times: int) -> float:
    for _ in range(min(times, _MOST_WARM_UP)):
        once()
    before = _memory_mb()
    for _ in range(times):
        once()
    return _memory_mb() - before


def _window(project: Path, folder: Path) -> MainWindow:
    window = MainWindow(recovery_folder=folder / "recovery")
    window.resize(1280, 800)
    window.show()
    window.loader.open(project)
    wait_until(lambda: bool(window.controller.study.regions) and not window.tasks.is_busy)
    return window


def _project(folder: Path) -> Path:
    """A small recording with a region, whose fit would not end by itself."""
    random = np.random.default_rng(0)
    time = np.arange(4 * _CYCLE_MS) % _CYCLE_MS - 20.0
    pulse = 1 / (1 + np.exp(-time)) / (1 + np.exp((time - 40.0) / 5.0))
    frames = pulse[:, None, None] + 0.02 * random.standard_normal((time.size, 8, 16))
    np.save(folder / "movie.npy", (1000 + 200 * frames).astype(np.float32))
    study = Study.of(
        RecordingReference(folder / "movie.npy", 1.0),
        Preparation(horizon_ms=60.0, beat=1),
        EX_VIVO.with_changes(epochs=1_000_000),
    )
    study = study.with_region(study.new_region(RectangularRoi(1, 1, 5, 5)))
    save_project(study, folder / "study.aphyn")
    return folder / "study.aphyn"


def _left() -> dict[str, int]:
    """Threads and timers that run, and windows, after everything was closed."""
    _collect()
    threads, timers = 0, 0
    for thing in gc.get_objects():
        if issubclass(type(thing), QThread) and shiboken6.isValid(thing):
            threads += thing.isRunning()
        elif issubclass(type(thing), QTimer) and shiboken6.isValid(thing):
            timers += thing.isActive()
    widgets = QApplication.topLevelWidgets()
    left = sum(widget.isVisible() or isinstance(widget, QMainWindow) for widget in widgets)
    return {"threads": threads, "timers": timers, "windows_left": left}


def _collect() -> None:
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    gc.collect()


def _memory_mb() -> float:
    _collect()
    for line in (
        Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
    ):
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) / 2**10
    raise RuntimeError("this system does not say how much memory the process has")


if __name__ == "__main__":
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    _guard = CollectorGuard(make_application())
    _guard.hold()
    result = main(int(sys.argv[1]), int(sys.argv[2]))
    _guard.release()
    print(json.dumps(result))
