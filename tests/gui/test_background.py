"""The background thread: order, stale answers, errors, shutdown."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event, get_ident, get_native_id

import pytest
from pytestqt.qtbot import QtBot

from aphyn_gui.gui.background import BackgroundTasks


@pytest.fixture
def tasks(qtbot: QtBot) -> Iterator[BackgroundTasks]:
    tasks = BackgroundTasks("test")
    yield tasks
    tasks.shutdown()


def refuse(error: Exception, _details: str) -> None:
    raise AssertionError(error)


def test_work_is_done_elsewhere_and_answered_here(tasks: BackgroundTasks, qtbot: QtBot) -> None:
    answers: list[tuple[int, int]] = []
    tasks.submit("a", get_ident, lambda worker: answers.append((worker, get_ident())), refuse)
    qtbot.waitUntil(lambda: bool(answers))
    worker, here = answers[0]
    assert here == get_ident() != worker


def test_only_the_newest_of_a_channel_is_answered_or_even_run(
    tasks: BackgroundTasks, qtbot: QtBot
) -> None:
    go, ran, answers = Event(), [], []

    def work(number: int) -> int:
        go.wait(10)
        ran.append(number)
        return number

    for number in range(50):
        tasks.submit("a", lambda n=number: work(n), answers.append, refuse)
    tasks.submit("b", lambda: "other", answers.append, refuse)
    go.set()
    qtbot.waitUntil(lambda: not tasks.is_busy)
    assert answers == [49, "other"]
    assert len(ran) <= 2


def test_errors_come_with_their_traceback(tasks: BackgroundTasks, qtbot: QtBot) -> None:
    failures: list[tuple[Exception, str]] = []
    tasks.submit("a", lambda: 1 // 0, lambda _: None, lambda *what: failures.append(what))
    qtbot.waitUntil(lambda: bool(failures))
    assert isinstance(failures[0][0], ZeroDivisionError)
    assert "1 // 0" in failures[0][1]


def test_cancelled_answers_are_dropped(tasks: BackgroundTasks, qtbot: QtBot) -> None:
    answers: list[int] = []
    tasks.submit("a", lambda: 1, answers.append, refuse)
    tasks.cancel("a")
    qtbot.waitUntil(lambda: not tasks.is_busy)
    assert answers == []


def test_shutdown_waits_and_nothing_is_answered_after(qtbot: QtBot) -> None:
    tasks = BackgroundTasks("test")
    started, answers, ended = Event(), [], []

    def work() -> None:
        started.set()
        Event().wait(0.05)
        ended.append(True)

    tasks.submit("a", work, answers.append, refuse)
    assert started.wait(10)
    tasks.shutdown()
    assert ended == [True]
    tasks.submit("a", work, answers.append, refuse)
    tasks.shutdown()
    assert answers == []


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere Qt sets the priority itself")
def test_work_lets_the_window_go_first(tasks: BackgroundTasks, qtbot: QtBot) -> None:
    found: list[tuple[int, int]] = []

    def own_and_inherited() -> tuple[int, int]:
        with ThreadPoolExecutor(1) as pool:
            inherited = pool.submit(niceness).result()
        return niceness(), inherited

    tasks.submit("niceness", own_and_inherited, found.append, refuse)
    qtbot.waitUntil(lambda: bool(found))
    own, inherited = found[0]
    assert own == inherited
    assert own > niceness() or own == 19


def niceness() -> int:
    return os.getpriority(os.PRIO_PROCESS, get_native_id())
