"""Opens a recording of 128 x 128 x 2,000 in the window, maps it, and lets the mouse hover."""

from __future__ import annotations

import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("PYQTGRAPH_QT_LIB", "PySide6")

import numpy as np
import pyqtgraph as pg
import tifffile
import torch
from PySide6.QtCore import QEvent, QEventLoop, QPoint, QPointF, QSettings, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication
from ticker import Ticker

from aphyn_gui.app import make_application
from aphyn_gui.gui.collector import CollectorGuard
from aphyn_gui.gui.main_window import MainWindow
from aphyn_gui.gui.pictures import settle, wait_until
from aphyn_gui.gui.teardown import dispose
from aphyn_gui.hybrid import TimeGrid, TrajectoryProblem, observe
from aphyn_gui.physics import MITCHELL_SCHAEFFER_SMOOTH
from aphyn_gui.recording import Preparation, RectangularRoi

SIDE, FRAMES, CYCLE = 128, 2000, 250
MOVES = 40
PLAYED_MS = 3000


def counts() -> np.ndarray:
    """A wave of the model's action potentials across the field; its duration grows to the right."""
    model = MITCHELL_SCHAEFFER_SMOOTH
    problem = TrajectoryProblem(model, None, TimeGrid(0.1, 10, CYCLE))
    values = dict(zip(problem.physical_names, (*model.values(), 0.2, 4.0, 0.0), strict=True))
    physical = torch.tensor([list(values.values())], dtype=torch.float64).repeat(SIDE, 1)
    physical[:, problem.physical_names.index("tau_close")] = torch.linspace(50, 90, SIDE).double()
    rest = torch.tensor([[0.0, 1.0]], dtype=torch.float64).repeat(SIDE, 1)
    beat = observe(problem, physical, None, rest).voltage.numpy()
    train = np.tile(beat, (1, FRAMES // CYCLE + 1))
    rng = np.random.default_rng(0)
    frames = np.empty((FRAMES, SIDE, SIDE), dtype=np.uint16)
    for row in range(SIDE):
        late = np.arange(FRAMES)[None] - 40 - (0.2 * row)
        at = np.clip(late, 0, None).astype(int)
        trace = np.where(late > 0, np.take_along_axis(train, at.repeat(SIDE, 0), 1), 0.0)
        noisy = 8000 - 600 * trace + rng.normal(0, 15, trace.shape)
        frames[:, row] = noisy.T.astype(np.uint16)
    return frames


def turn_until(condition: Callable[[], bool], patience_s: float = 30.0) -> None:
    """Run the event loop, looking after each of its turns."""
    deadline = time.perf_counter() + patience_s
    while not condition():
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
        if time.perf_counter() > deadline:
            raise TimeoutError("the window did not answer")


def send(window: MainWindow, kind: QEvent.Type, place: QPoint, is_pressed: bool) -> None:
    """One mouse event on the movie."""
    viewport = window.movie_view.canvas.viewport()
    none, left = Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton
    event = QMouseEvent(
        kind, QPointF(place), QPointF(viewport.mapToGlobal(place)),
        none if kind == QEvent.Type.MouseMove else left, left if is_pressed else none,
        Qt.KeyboardModifier.NoModifier,
    )  # fmt: skip
    QApplication.sendEvent(viewport, event)


def choose(window: MainWindow, title: str) -> float:
    """Time from the choice of a map until it is drawn, s."""
    chooser = window.map_view.chooser
    place = [chooser.itemText(i) for i in range(chooser.count())].index(title)
    started = time.perf_counter()
    chooser.setCurrentIndex(place)
    chooser.activated.emit(place)
    turn_until(lambda: not window.maps.is_busy, 120)
    QApplication.processEvents()
    return time.perf_counter() - started


def hover_ms(window: MainWindow) -> list[float]:
    """Times from a move of the mouse to the drawn fit, ms."""
    canvas, times = window.movie_view.canvas, []
    for step in range(MOVES):
        roi = RectangularRoi(20 + 2 * step, 30 + step, 1, 1)
        started = time.perf_counter()
        place = canvas.image_to_viewport(roi.x + 0.5, roi.y + 0.5)
        send(window, QEvent.Type.MouseMove, place, False)

        def is_there(wanted: RectangularRoi = roi) -> bool:
            view = window.pixel_panel.view
            return view is not None and view.roi == wanted and view.fit is not None

        turn_until(is_there)
        window.pixel_panel.repaint()
        times.append(1e3 * (time.perf_counter() - started))
        settle(20)
    return times


def drag_ms(window: MainWindow) -> list[float]:
    """Times from a move of a dragged region to its drawn trace, ms."""
    canvas, times = window.movie_view.canvas, []
    seen: list[object] = []
    window.hover_fit.previewed.connect(lambda *answer: seen.append(answer))
    press = canvas.image_to_viewport(45.5, 45.5)
    send(window, QEvent.Type.MouseMove, press, False)
    send(window, QEvent.Type.MouseButtonPress, press, True)
    # A drag begins once the mouse has left the spot.
    for step in range(8):
        place = canvas.image_to_viewport(45.5 + step, 45.5)
        send(window, QEvent.Type.MouseMove, place, True)
        settle(20)
    for step in range(8, MOVES):
        before = len(seen)
        started = time.perf_counter()
        place = canvas.image_to_viewport(45.5 + 1.5 * step, 45.5)
        send(window, QEvent.Type.MouseMove, place, True)
        turn_until(lambda count=before: len(seen) > count)
        window.trace_view.repaint()
        times.append(1e3 * (time.perf_counter() - started))
        settle(20)
    send(window, QEvent.Type.MouseButtonRelease, place, False)
    return times


def main() -> None:
    """Print what was found as JSON."""
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    pg.setConfigOption("mouseRateLimit", -1)
    guard = CollectorGuard(make_application())
    guard.hold()
    window = MainWindow()
    window.resize(1280, 800)
    window.show()
    settle()
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "field.tif"
        tifffile.imwrite(
            path, counts(), imagej=True, resolution=(4.0, 4.0),
            metadata={"axes": "TYX", "finterval": 0.001, "tunit": "s", "unit": "mm"},
        )  # fmt: skip
        shown: list[int] = []
        window.movie_view.frame_shown.connect(shown.append)
        started = time.perf_counter()
        window.loader.open(path)
        turn_until(lambda: bool(shown))
        window.movie_view.repaint()
        found["open_s"] = time.perf_counter() - started
        settle()
        shown.clear()
        window.movie_view.toggle_play()
        settle(PLAYED_MS)
        window.movie_view.toggle_play()
        found["frames_per_s"] = 1e3 * len(shown) / PLAYED_MS
        window.controller.set_preparation(Preparation(horizon_ms=200.0))
        ticker = Ticker()
        ticker.start()
        found["maps_s"] = choose(window, "Activation time")
        found["again_s"] = choose(window, "τ_close")
        ticker.stop()
        found["gap_ms"] = ticker.max_ms
        # The second time the kernels are compiled.
        window.controller.set_preparation(Preparation(horizon_ms=190.0))
        started = time.perf_counter()
        turn_until(lambda: not window.maps.is_busy, 120)
        found["parameters_s"] = time.perf_counter() - started
        hovering = hover_ms(window)
        found["hover_ms"] = statistics.median(hovering)
        found["hover_worst_ms"] = max(hovering)
        window.map_view.chooser.setCurrentIndex(0)
        window.map_view.chooser.activated.emit(0)
        window.controller.add_region(RectangularRoi(40, 40, 10, 10))
        wait_until(lambda: not window.tasks.is_busy)
        settle()
        dragging = drag_ms(window)
        found["drag_ms"] = statistics.median(dragging)
        found["drag_worst_ms"] = max(dragging)
        dispose(window)
    guard.release()
    print(json.dumps(found))


if __name__ == "__main__":
    main()
