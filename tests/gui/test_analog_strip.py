"""Channels recorded beside the movie: under the trace, in its time, read off the GUI thread."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox
from pytestqt.qtbot import QtBot
from window_helpers import FRAMES, movie_counts, wait_analysed

from aphyn_gui.gui.main_window import MainWindow
from aphyn_gui.recording import AnalogChannel, Recording, RecordingError, RectangularRoi
from aphyn_gui.study import RecordingReference

PER_FRAME = 4


def stimulus() -> np.ndarray:
    samples = np.zeros(FRAMES * PER_FRAME, dtype=np.float32)
    samples[80::520] = 5.0
    return samples


def recording(*channels: AnalogChannel) -> Recording:
    return Recording(
        frames=movie_counts(), path=Path("heart.gsh"), format_name="in memory",
        frame_interval_ms=1.0, analog=channels,
    )  # fmt: skip


def show(window: MainWindow, *channels: AnalogChannel) -> None:
    window.controller.set_recording(recording(*channels), RecordingReference(Path("heart.gsh")))
    window.controller.add_region(RectangularRoi(4, 4, 6, 5))


def test_the_stimulus_is_read_off_the_gui_thread_and_shares_the_time(
    window: MainWindow, qtbot: QtBot
) -> None:
    threads: list[threading.Thread] = []

    def read() -> np.ndarray:
        threads.append(threading.current_thread())
        return stimulus()

    strip = window.trace_view.analog
    with qtbot.waitSignal(strip.shown):
        show(window, AnalogChannel("stimulus", read, PER_FRAME))
    assert threads != []
    assert threading.main_thread() not in threads
    assert strip.isVisible()
    time_ms, values = strip.samples
    assert time_ms[-1] == pytest.approx(FRAMES - 1 / PER_FRAME)
    assert time_ms[int(np.argmax(values))] == pytest.approx(20.0)
    wait_analysed(window, qtbot)
    window.trace_view.plot.getPlotItem().setXRange(100, 200, padding=0)
    shown = strip.findChild(type(window.trace_view.plot).__mro__[1]).getPlotItem().viewRange()[0]
    assert shown == pytest.approx([100, 200], abs=2)


def test_it_is_there_only_where_there_are_channels_and_can_be_put_away(
    window: MainWindow, qtbot: QtBot
) -> None:
    action, strip = window.actions_.analog, window.trace_view.analog
    assert not action.isVisible()
    assert not strip.isVisible()
    with qtbot.waitSignal(strip.shown):
        show(window, AnalogChannel("stimulus", stimulus(), PER_FRAME))
    assert action.isVisible()
    action.trigger()
    assert not strip.isVisible()
    assert strip.samples[0].size == 0
    with qtbot.waitSignal(strip.shown):
        action.trigger()
    assert strip.isVisible()
    window.controller.set_recording(
        replace(recording(), path=Path("b.npy")), RecordingReference(Path("b.npy"))
    )
    assert not strip.isVisible()
    assert not action.isVisible()


def test_another_channel_is_chosen(window: MainWindow, qtbot: QtBot) -> None:
    strip = window.trace_view.analog
    with qtbot.waitSignal(strip.shown) as first:
        show(
            window,
            AnalogChannel("stimulus", stimulus(), PER_FRAME),
            AnalogChannel("pressure", np.arange(FRAMES), 1),
        )
    assert first.args == ["stimulus"]
    channel = window.trace_view.findChild(QComboBox, "analog_channel")
    channel.setFocus()
    with qtbot.waitSignal(strip.shown) as second:
        QTest.keyClick(channel, Qt.Key.Key_Down)
    assert second.args == ["pressure"]
    np.testing.assert_array_equal(strip.samples[1], np.arange(FRAMES))
    wait_analysed(window, qtbot)


def test_the_trace_keeps_most_of_the_room(window: MainWindow, qtbot: QtBot) -> None:
    with qtbot.waitSignal(window.trace_view.analog.shown):
        show(window, AnalogChannel("stimulus", stimulus(), PER_FRAME))
    wait_analysed(window, qtbot)
    for size in ((1280, 800), (1920, 1080)):
        window.resize(*size)
        window.actions_.reset_layout.trigger()
        qtbot.waitUntil(
            lambda: window.trace_view.plot.height() > 1.8 * window.trace_view.analog.height()
        )


def test_damaged_channels_are_said_to_be(window: MainWindow, qtbot: QtBot) -> None:
    def broken() -> np.ndarray:
        raise RecordingError("heart.gsd could not be read")

    for source, words in ((broken, "could not be read"), (np.full(FRAMES, np.inf), "no numbers")):
        with qtbot.waitSignal(window.controller.message) as message:
            show(window, AnalogChannel("stimulus", source, 1))
        assert words in message.args[1]
        window.controller.undo_stack.clear()
        window.controller.set_recording(
            replace(recording(), path=Path("b.npy")), RecordingReference(Path("b.npy"))
        )
    holes = stimulus()
    holes[5:9] = np.nan
    with qtbot.waitSignal(window.trace_view.analog.shown):
        show(window, AnalogChannel("stimulus", holes, PER_FRAME))
    window.trace_view.grab()
    wait_analysed(window, qtbot)
