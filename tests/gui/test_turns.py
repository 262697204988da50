"""Jobs that take turns with the events of the window."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QTimer
from pytestqt.qtbot import QtBot

from aphyn_gui.gui.turns import Turns


def test_events_come_between_the_jobs(qtbot: QtBot) -> None:
    done: list[str] = []
    turns = Turns()
    turns.begin(
        [
            lambda: QTimer.singleShot(0, lambda: done.append("event")),
            lambda: done.append("second"),
            lambda: done.append("third"),
        ]
    )
    assert not turns.is_done
    qtbot.waitUntil(lambda: turns.is_done)
    assert sorted(done) == ["event", "second", "third"]
    assert done.index("event") < done.index("third")


def test_new_jobs_replace_those_that_are_left(qtbot: QtBot) -> None:
    done: list[str] = []
    turns = Turns()
    turns.begin([partial(done.append, "old")])
    turns.begin([partial(done.append, "new"), partial(done.append, "newer")])
    qtbot.waitUntil(lambda: turns.is_done)
    assert done == ["new", "newer"]


def test_finishing_does_the_rest_at_once(qtbot: QtBot) -> None:
    done: list[str] = []
    turns = Turns()
    turns.begin([partial(done.append, "one"), partial(done.append, "two")])
    turns.finish()
    assert done == ["one", "two"]
    assert turns.is_done
