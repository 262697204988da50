"""Messages from every source arrive, can be read again, and block nothing."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QPoint, qInstallMessageHandler, qWarning
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QPushButton, QToolButton
from pytestqt.qtbot import QtBot

from aphyn_gui.gui.log_hub import CrashHooks, LogHub
from aphyn_gui.gui.log_view import Toast
from aphyn_gui.gui.main_window import MainWindow
from aphyn_gui.gui.theme import ThemeMode, theme_manager

Entries = list[tuple[str, str, str, bool]]


@pytest.fixture
def entries(qapp: object, tmp_path: Path) -> Iterator[Entries]:
    """What arrives while the hooks are in place of pytest's own."""
    hub = LogHub()
    heard: Entries = []
    hub.entry.connect(lambda *entry: heard.append(entry))
    hooks = CrashHooks(hub, tmp_path / "crash.log")
    hooks.install()
    yield heard
    hooks.remove()


def test_an_exception_is_told_with_its_traceback(entries: Entries) -> None:
    try:
        raise RuntimeError("out of luck")
    except RuntimeError as error:
        sys.excepthook(type(error), error, error.__traceback__)
    level, text, details, is_urgent = entries[-1]
    assert (level, is_urgent) == ("error", True)
    assert "out of luck" in text
    assert "Traceback" in details


def test_an_exception_of_a_thread_is_told(entries: Entries, qtbot: QtBot) -> None:
    thread = threading.Thread(target=lambda: 1 // 0)
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: any("ZeroDivisionError" in entry[1] for entry in entries))


def test_logging_and_qt_are_noted(entries: Entries) -> None:
    logging.getLogger("reader").warning("strange %s", "header")
    qWarning("strange widget")
    assert ("warning", "reader: strange header", "", False) in entries
    assert ("warning", "Qt: strange widget", "", False) in entries


def test_every_hook_is_given_back(qapp: object, tmp_path: Path) -> None:
    before = sys.excepthook, threading.excepthook, list(logging.getLogger().handlers)
    crash_file = tmp_path / "folder" / "crash.log"
    hooks = CrashHooks(LogHub(), crash_file)
    hooks.install()
    assert crash_file.exists()
    hooks.remove()
    assert (sys.excepthook, threading.excepthook, list(logging.getLogger().handlers)) == before
    assert not crash_file.exists()
    previous = qInstallMessageHandler(None)
    qInstallMessageHandler(previous)


def test_the_crash_of_an_earlier_session_is_told(qapp: object, tmp_path: Path) -> None:
    crash_file = tmp_path / "crash.log"
    crash_file.write_text("Fatal Python error: Segmentation fault")
    hub = LogHub()
    heard: Entries = []
    hub.entry.connect(lambda *entry: heard.append(entry))
    hooks = CrashHooks(hub, crash_file)
    hooks.install()
    hooks.remove()
    assert heard[0][1] == "The last session ended in a crash."
    assert "Segmentation" in heard[0][2]


def test_errors_are_toasts_with_details_and_a_report(window: MainWindow) -> None:
    window.controller.report("error", "The disk is gone.", "Traceback: line 1")
    assert window.toaster.texts == ["The disk is gone."]
    assert "The disk is gone." in window.log_view.text
    toast = window.findChild(Toast)
    buttons = {button.text(): button for button in toast.findChildren(QPushButton)}
    height = toast.height()
    buttons["Details"].click()
    assert toast.height() > height
    buttons["Copy for a bug report"].click()
    report = QGuiApplication.clipboard().text()
    assert "The disk is gone." in report
    assert "Traceback: line 1" in report
    assert "Python" in report
    toast.dismiss()
    assert window.toaster.texts == []


def test_the_close_button_of_a_toast_follows_the_theme(window: MainWindow) -> None:
    window.controller.report("error", "The disk is gone.")
    (button,) = window.findChild(Toast).findChildren(QToolButton)
    drawn = {}
    before = theme_manager().mode
    for mode in (ThemeMode.LIGHT, ThemeMode.DARK):
        theme_manager().set_mode(mode)
        image = button.icon().pixmap(18, 18).toImage()
        colors = [
            image.pixelColor(x, y) for x in range(image.width()) for y in range(image.height())
        ]
        drawn[mode] = max(colors, key=lambda color: color.alpha()).lightness()
    theme_manager().set_mode(before)
    assert drawn[ThemeMode.LIGHT] < 100 < drawn[ThemeMode.DARK]


def test_toasts_stay_few_and_inside(window: MainWindow) -> None:
    for number in range(9):
        window.controller.report("warning", f"message {number}")
    window.controller.report("warning", "message 8")
    assert window.toaster.texts == [f"message {number}" for number in (5, 6, 7, 8)]
    for toast in window.findChildren(Toast):
        if not toast.isHidden():
            assert window.rect().contains(toast.geometry())


def is_on_top(window: MainWindow, toast: Toast) -> bool:
    """Whether the mouse would meet the message everywhere on it."""
    place = toast.geometry()
    spots = (place.center(), place.topLeft() + QPoint(3, 3), place.bottomRight() - QPoint(3, 3))
    found = [window.childAt(spot) for spot in spots]
    return all(one is toast or toast.isAncestorOf(one) for one in found)


@pytest.mark.parametrize(
    "name", ["log", "guide", "pixel", "preparation", "protocol", "comparison", "fit"]
)
def test_a_panel_that_opens_later_does_not_hide_a_message(
    window: MainWindow, name: str, qtbot: QtBot
) -> None:
    dock = window.dock(name)
    dock.hide()
    window.controller.report("error", "The disk is gone.")
    toast = window.findChild(Toast)
    assert is_on_top(window, toast)
    dock.show()
    dock.raise_()
    QCoreApplication.processEvents()
    assert is_on_top(window, toast)
    # Taken out of the window and put back by hand.
    dock.setFloating(True)
    dock.setFloating(False)
    QCoreApplication.processEvents()
    assert is_on_top(window, toast)
    toast.dismiss()
    qtbot.waitUntil(lambda: window.toaster.texts == [])


def test_a_new_child_of_the_window_does_not_hide_a_message(window: MainWindow) -> None:
    window.controller.report("error", "The disk is gone.")
    toast = window.findChild(Toast)
    cover = QFrame(window)
    cover.setGeometry(window.rect())
    cover.show()
    assert is_on_top(window, toast)
    cover.raise_()
    assert is_on_top(window, toast)
    toast.dismiss()
    cover.deleteLater()
