"""What a start leaves for later, and what it takes out of the way."""

from __future__ import annotations

import builtins
import gc
import subprocess
import sys
from collections.abc import Iterator

import pytest
import shiboken6
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from aphyn_gui.gui.collector import CollectorGuard
from aphyn_gui.gui.first_paint import FirstPaint
from aphyn_gui.gui.import_hook import take_out_import_hook
from aphyn_gui.gui.main_window import MainWindow

_IMPORTS_AFTER = """
import inspect
from aphyn_gui.gui.import_hook import take_out_import_hook
from aphyn_gui.gui.main_window import MainWindow
read = []
inspect.getsource = lambda module: read.append(module.__name__) or ""
import plistlib
assert "plistlib" in read, "PySide6 reads no sources any more: import_hook.py can go"
take_out_import_hook()
read.clear()
import wave
assert not read, read
from PySide6.QtWidgets import *
assert callable(QLabel.setText)
"""


def test_no_source_is_read_at_an_import() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _IMPORTS_AFTER], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_hook_of_somebody_else_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    def own_import(*arguments: object, **named: object) -> object:
        raise ImportError

    with monkeypatch.context() as patch:
        patch.setattr(builtins, "__import__", own_import)
        take_out_import_hook()
        kept = builtins.__import__
    assert kept is own_import


def test_what_waits_for_the_first_paint_runs_once(qtbot: QtBot) -> None:
    window, calls = QWidget(), []
    qtbot.addWidget(window)
    FirstPaint(window, lambda: calls.append(window.isVisible()))
    assert calls == []
    window.show()
    qtbot.waitUntil(lambda: bool(calls))
    window.resize(300, 200)
    window.repaint()
    assert calls == [True]


def test_what_waits_for_the_first_paint_runs_without_one_too(qtbot: QtBot) -> None:
    window, calls = QWidget(), []
    qtbot.addWidget(window)
    FirstPaint(window, lambda: calls.append(True))
    qtbot.waitUntil(lambda: bool(calls))
    assert calls == [True]


@pytest.fixture
def _automatic() -> Iterator[None]:
    was = gc.isenabled()
    gc.enable()
    yield
    (gc.enable if was else gc.disable)()


@pytest.mark.usefixtures("_automatic")
def test_a_guard_collects_when_it_is_told_to(qtbot: QtBot) -> None:
    first, second = CollectorGuard(), CollectorGuard()
    first.hold_still()
    second.hold()
    assert not gc.isenabled()
    # The first one decides.
    assert not first.is_collecting
    assert not second.is_collecting
    first.collect_regularly()
    assert first.is_collecting
    second.release()
    assert not gc.isenabled()
    first.release()
    assert not first.is_collecting
    assert gc.isenabled()


@pytest.mark.usefixtures("_automatic")
def test_a_guard_that_goes_while_it_holds_gives_the_collector_back(qtbot: QtBot) -> None:
    owner = QObject()
    guard = CollectorGuard(owner)
    guard.hold()
    assert not gc.isenabled()
    shiboken6.delete(owner)
    assert gc.isenabled()


def test_panels_at_the_right_stay_in_sight_before_anything_is_open(
    window: MainWindow, qtbot: QtBot
) -> None:
    page = window.start_page
    qtbot.waitUntil(lambda: page.width() == window.width())
    for action, name in ((window.actions_.guide, "guide"), (window.actions_.settings, "protocol")):
        action.trigger()
        dock = window.dock(name)
        dock.raise_()
        qtbot.waitUntil(lambda dock=dock: 0 < page.width() <= dock.x() < window.width())
        assert page.isVisible()
    window.actions_.settings.trigger()
    window.dock("guide").close()
    qtbot.waitUntil(lambda: page.width() == window.width())


def test_panels_that_few_open_are_made_when_they_are_wanted(window: MainWindow) -> None:
    for name in ("preparation", "protocol", "guide"):
        assert window.dock(name).widget() is None
    window.dock("guide").show()
    assert window.dock("guide").widget() is window.guide
    assert window.guide.whatsThis()
    assert window.dock("protocol").widget() is None
