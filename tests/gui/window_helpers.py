"""Mouse, waiting, and a synthetic movie, shared by the tests of the window."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from aphyn_gui.gui.main_window import MainWindow

ROWS, COLUMNS, FRAMES = 24, 32, 520
CYCLE_MS = 130.0


def movie_counts(
    frames: int = FRAMES, rows: int = ROWS, columns: int = COLUMNS, seed: int = 1
) -> npt.NDArray[np.uint16]:
    """Camera counts with an action potential every 130 ms that points down."""
    rng = np.random.default_rng(seed)
    time = np.arange(frames)[:, None, None] - 20.0
    delay = np.arange(columns)[None, None, :] * 0.2 + np.zeros((1, rows, 1))
    phase = np.mod(time - delay, CYCLE_MS)
    upstroke = 1 / (1 + np.exp(-(phase - 4) / 0.8))
    shape = np.where(time - delay < 0, 0.0, upstroke / (1 + np.exp((phase - 45) / 6)))
    noise = rng.normal(0, 12, shape.shape)
    return np.clip(4000 - 300 * shape + noise, 0, 65535).astype(np.uint16)


def wait_analysed(window: MainWindow, qtbot: QtBot) -> None:
    """Wait until every region's analysis belongs to the study of now."""
    qtbot.waitUntil(
        lambda: (
            not window.tasks.is_busy
            and all(window.analyst.is_current(r.id) for r in window.controller.study.regions)
        )
    )


def send_mouse(
    widget: QWidget,
    kind: QEvent.Type,
    position: QPoint,
    buttons: Qt.MouseButton,
    button: Qt.MouseButton = Qt.MouseButton.LeftButton,
) -> None:
    """One mouse event, as the window system would send it."""
    event = QMouseEvent(
        kind,
        QPointF(position),
        QPointF(widget.mapToGlobal(position)),
        button if kind != QEvent.Type.MouseMove else Qt.MouseButton.NoButton,
        buttons,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(widget, event)


def drag(viewport: QWidget, start: QPoint, stop: QPoint) -> None:
    """Press, several moves, release."""
    none, left = Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton
    send_mouse(viewport, QEvent.Type.MouseMove, start, none)
    send_mouse(viewport, QEvent.Type.MouseButtonPress, start, left)
    for step in range(1, 9):
        between = start + (stop - start) * (step / 8)
        send_mouse(viewport, QEvent.Type.MouseMove, between, left)
    send_mouse(viewport, QEvent.Type.MouseMove, stop, left)
    send_mouse(viewport, QEvent.Type.MouseButtonRelease, stop, none)


def click(viewport: QWidget, position: QPoint) -> None:
    """Press and release."""
    send_mouse(viewport, QEvent.Type.MouseButtonPress, position, Qt.MouseButton.LeftButton)
    send_mouse(viewport, QEvent.Type.MouseButtonRelease, position, Qt.MouseButton.NoButton)


def drag_on_image(
    window: MainWindow, start: tuple[float, float], stop: tuple[float, float]
) -> None:
    """Drag on the movie between two points in pixels of the image."""
    canvas = window.movie_view.canvas
    drag(canvas.viewport(), canvas.image_to_viewport(*start), canvas.image_to_viewport(*stop))


def press_with_ctrl(window: QWidget, key: Qt.Key, shift: bool = False) -> None:
    """A shortcut, as the window gets it when nothing else is in front of it."""
    modifiers = Qt.KeyboardModifier.ControlModifier
    if shift:
        modifiers |= Qt.KeyboardModifier.ShiftModifier
    window.activateWindow()
    QApplication.processEvents()
    QTest.keyClick(window, key, modifiers)
