"""The line that shows and stops the running fit."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest
from fit_samples import ENDLESS, open_study
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from aphyn_gui.compilation import compiling, is_compiling
from aphyn_gui.fitting import Progress, Stage
from aphyn_gui.gui.fit_runner import FitRunner
from aphyn_gui.gui.run_bar import RunBar, duration_text, progress_text
from aphyn_gui.gui.study_controller import StudyController
from aphyn_gui.study import RegionFit, fit_region

TIMEOUT_MS = 60_000


@pytest.fixture
def controller(qtbot: QtBot, tmp_path: Path) -> StudyController:
    return open_study(tmp_path, ENDLESS)


@pytest.fixture
def runner(controller: StudyController) -> Iterator[FitRunner]:
    runner = FitRunner(controller)
    yield runner
    runner.shutdown()


def test_pause_resume_and_cancel_by_mouse(
    qtbot: QtBot, controller: StudyController, runner: FitRunner
) -> None:
    bar = RunBar(runner, controller)
    qtbot.addWidget(bar)
    bar.show()
    assert not bar.cancel_button.isEnabled()
    a = controller.study.regions[0].id
    runner.enqueue_all()
    assert bar.queue.text() == "1 waiting"
    qtbot.waitUntil(lambda: "hybrid" in bar.text.text(), timeout=TIMEOUT_MS)
    assert bar.text.text().startswith("ROI A")
    qtbot.waitUntil(lambda: "epochs/s" in bar.text.text(), timeout=TIMEOUT_MS)
    assert "left" in bar.text.text()
    assert "CPU" in bar.text.text()
    qtbot.mouseClick(bar.pause_button, Qt.MouseButton.LeftButton)
    assert runner.state == "paused"
    assert bar.pause_button.text() == "Resume"
    assert "paused" in bar.text.text()
    qtbot.mouseClick(bar.pause_button, Qt.MouseButton.LeftButton)
    assert runner.state == "running"
    assert bar.pause_button.text() == "Pause"
    qtbot.mouseClick(bar.cancel_button, Qt.MouseButton.LeftButton)
    assert bar.cancel_button.text() == "Cancelling…"
    assert not bar.cancel_button.isEnabled()
    qtbot.waitUntil(lambda: runner.state == "idle", timeout=TIMEOUT_MS)
    assert bar.cancel_button.text() == "Cancel"
    assert bar.queue.text() == ""
    assert bar.text.text() == "ROI A: cancelled; the last finite model is kept."
    # The one that waited was not started.
    assert set(controller.study.fits) == {a}


def test_a_cancel_that_waits_for_the_compiler_says_so(
    qtbot: QtBot, controller: StudyController
) -> None:
    begun, may_end = Event(), Event()

    def compiling_fit(*inputs: object) -> Generator[Progress, None, RegionFit]:
        with compiling():
            begun.set()
            may_end.wait()
        return (yield from fit_region(*inputs))

    runner = FitRunner(controller, compiling_fit)
    bar = RunBar(runner, controller)
    qtbot.addWidget(bar)
    bar.show()
    runner.enqueue(controller.study.regions[0].id)
    qtbot.waitUntil(begun.is_set)
    qtbot.mouseClick(bar.cancel_button, Qt.MouseButton.LeftButton)
    assert bar.cancel_button.text() == "Cancelling after compilation…"
    metrics = bar.cancel_button.fontMetrics()
    assert bar.cancel_button.sizeHint().width() >= metrics.horizontalAdvance(
        bar.cancel_button.text()
    )
    may_end.set()
    qtbot.waitUntil(lambda: runner.state == "idle", timeout=TIMEOUT_MS)
    assert bar.cancel_button.text() == "Cancel"
    assert not is_compiling()
    runner.shutdown()


def test_a_narrow_bar_keeps_its_buttons(
    qtbot: QtBot, controller: StudyController, runner: FitRunner
) -> None:
    bar = RunBar(runner, controller)
    qtbot.addWidget(bar)
    bar.text.setText("a text that is far too long for a bar as narrow as this one " * 3)
    assert bar.minimumSizeHint().width() < 300


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.31, "0.3 s"), (42.0, "42 s"), (185.0, "3 min 05 s"), (7800.0, "2 h 10 min"), (-1, "0.0 s")],
)
def test_durations_read_well(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text


def test_nothing_is_foretold_from_the_first_epochs(controller: StudyController) -> None:
    study, recording = controller.study, controller.recording
    assert recording is not None
    course = fit_region(recording, study.regions[0], study.preparation, study.protocol)
    start = replace(
        next(course), stage=Stage.HYBRID, epoch=1, epochs=100, remaining_s=200.0,
        epochs_per_s=0.5, device="CPU",
    )  # fmt: skip
    assert progress_text(start) == "hybrid, epoch 1/100   CPU"
    later = replace(start, epoch=10, epochs_per_s=50.0, remaining_s=1.8)
    assert progress_text(later) == "hybrid, epoch 10/100   1.8 s left   50 epochs/s   CPU"
    other = replace(later, stage=Stage.REPEATING, epoch=1, epochs=2, remaining_s=0.4)
    assert progress_text(other) == "other networks, 1/2   0.4 s left   CPU"
