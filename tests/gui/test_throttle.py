"""Requests that come often are answered a few times, the first at once and the last surely."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from aphyn_gui.gui.throttle import Throttle


def test_the_first_is_answered_at_once_and_the_last_surely(qtbot: QtBot) -> None:
    throttle = Throttle(50)
    answers: list[None] = []
    throttle.due.connect(lambda: answers.append(None))
    throttle.ask()
    assert len(answers) == 1
    for _ in range(20):
        throttle.ask()
    assert len(answers) == 1
    with qtbot.waitSignal(throttle.due, timeout=5000):
        pass
    assert len(answers) == 2
    with qtbot.assertNotEmitted(throttle.due, wait=150):
        pass
