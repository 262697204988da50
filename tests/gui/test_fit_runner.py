"""Fitting in the background: the generator, the worker called directly, and the real thread."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fit_samples import ENDLESS, QUICK, open_study, save_movie
from PySide6.QtCore import QThread
from pytestqt.qtbot import QtBot

from aphyn_gui.draining import drained
from aphyn_gui.fitting import Outcome, Progress, Stage
from aphyn_gui.gui.fit_runner import FitRunner
from aphyn_gui.gui.fit_worker import FitRequest, FitWorker, RunControl, RunEnd, RunOutcome
from aphyn_gui.gui.study_controller import StudyController
from aphyn_gui.recording import RectangularRoi, open_recording
from aphyn_gui.study import RecordingReference, RegionFit, fit_region

Fits = Generator[Progress, None, RegionFit]
TIMEOUT_MS = 60_000


@pytest.fixture
def controller(qtbot: QtBot, tmp_path: Path) -> StudyController:
    return open_study(tmp_path)


@pytest.fixture
def runner(controller: StudyController) -> Iterator[FitRunner]:
    runner = FitRunner(controller)
    yield runner
    runner.shutdown()


class Recorder:
    """Everything a runner says, in order."""

    def __init__(self, runner: FitRunner, controller: StudyController) -> None:
        self.events: list[tuple[Any, ...]] = []
        self.messages: list[tuple[str, str, str]] = []
        for name in ("started", "stage_changed", "noted", "finished", "state_changed"):
            getattr(runner, name).connect(lambda *values, name=name: self.add(name, *values))
        controller.message.connect(lambda *values: self.messages.append(values))

    def add(self, *event: Any) -> None:
        self.events.append(event)

    def of(self, name: str) -> list[tuple[Any, ...]]:
        return [event[1:] for event in self.events if event[0] == name]


def request(controller: StudyController, control: RunControl | None = None) -> FitRequest:
    study = controller.study
    assert controller.recording is not None
    return FitRequest(
        7, controller.recording, study.regions[0], study.preparation, study.protocol,
        control or RunControl(),
    )  # fmt: skip


def raising_at(epoch: int, cause: Callable[[], object]) -> Callable[..., Fits]:
    """The real fit, into which a failure is injected in one epoch."""

    def function(*arguments: Any) -> Fits:
        inner = fit_region(*arguments)
        while True:
            try:
                progress = next(inner)
            except StopIteration as stop:
                return stop.value  # type: ignore[no-any-return]
            if progress.stage is Stage.HYBRID and progress.epoch == epoch:
                cause()
            yield progress

    return function


# --- the generator, without Qt


def test_the_generator_reports_every_epoch_and_returns_a_fit(controller: StudyController) -> None:
    study = controller.study
    assert controller.recording is not None
    fits = fit_region(controller.recording, study.regions[0], study.preparation, study.protocol)
    reports: list[Progress] = []
    fit = drained(fits, reports.append)
    epochs = [progress.epoch for progress in reports if progress.stage is Stage.HYBRID]
    assert epochs == list(range(1, QUICK.epochs + 1))
    assert fit.fit.outcome is Outcome.FINISHED


# --- the worker, called directly


def run_directly(worker: FitWorker, wanted: FitRequest) -> RunEnd:
    ends: list[RunEnd] = []
    worker.ended.connect(ends.append)
    worker.run(wanted)
    assert len(ends) == 1
    return ends[0]


def test_the_worker_ends_once_and_leaves_the_last_epoch_in_the_mailbox(
    controller: StudyController,
) -> None:
    worker = FitWorker(fit_region)
    woken: list[None] = []
    worker.woken.connect(lambda: woken.append(None))
    end = run_directly(worker, request(controller))
    snapshot = worker.mailbox.take()
    assert end.outcome is RunOutcome.FINISHED
    assert snapshot is not None
    assert snapshot.progress.epoch == QUICK.epochs
    # Nobody read: one wake-up was enough for all snapshots.
    assert len(woken) == 1
    assert snapshot.detail is not None
    assert end.fit is not None
    assert snapshot.detail.forecast.voltage == pytest.approx(end.fit.fit.forecast.voltage)


def test_the_worker_turns_a_users_error_into_a_message_without_traceback(
    controller: StudyController,
) -> None:
    far_outside = replace(controller.study.regions[0], roi=RectangularRoi(50, 50, 3, 3))
    end = run_directly(FitWorker(fit_region), replace(request(controller), region=far_outside))
    assert end.outcome is RunOutcome.FAILED
    assert "50" in end.message
    assert end.details == ""


def test_the_worker_turns_a_defect_into_a_message_with_traceback(
    controller: StudyController,
) -> None:
    worker = FitWorker(raising_at(3, lambda: 1 / 0))
    end = run_directly(worker, request(controller))
    assert end.outcome is RunOutcome.FAILED
    assert "ZeroDivisionError" in end.message
    assert "Traceback" in end.details


def test_a_cancelled_request_ends_with_a_finite_model(controller: StudyController) -> None:
    control = RunControl()
    control.cancel()
    end = run_directly(FitWorker(fit_region), request(controller, control))
    assert end.outcome is RunOutcome.CANCELLED
    assert end.fit is not None
    assert all(value == value for value in end.fit.fit.parameters.values())


# --- the real thread


def test_all_regions_are_fitted_one_after_the_other(
    qtbot: QtBot, controller: StudyController, runner: FitRunner
) -> None:
    recorder = Recorder(runner, controller)
    a, b = (region.id for region in controller.study.regions)
    runner.enqueue_all()
    assert runner.current_region_id == a
    assert runner.queued == (b,)
    qtbot.waitUntil(lambda: runner.state == "idle", timeout=TIMEOUT_MS)
    assert recorder.of("started") == [(a,), (b,)]
    assert recorder.of("finished") == [(a, "finished"), (b, "finished")]
    assert set(controller.study.fits) == {a, b}
    assert "hybrid" in [stage for _, stage in recorder.of("stage_changed")]
    assert recorder.of("state_changed") == [("running",), ("idle",)]


def test_only_what_changed_is_fitted_again(
    qtbot: QtBot, controller: StudyController, runner: FitRunner
) -> None:
    recorder = Recorder(runner, controller)
    heard: list[str] = []
    controller.message.connect(lambda level, text, details: heard.append(text))

    def fit_changed() -> list[str]:
        before = len(recorder.of("finished"))
        runner.enqueue_all(only_changed=True)
        qtbot.waitUntil(lambda: runner.state == "idle", timeout=TIMEOUT_MS)
        return [region_id for region_id, _ in recorder.of("finished")[before:]]

    first, second = (region.id for region in controller.study.regions[:2])
    runner.enqueue(first)
    qtbot.waitUntil(lambda: runner.state == "idle", timeout=TIMEOUT_MS)
    assert fit_changed() == [second]
    assert fit_changed() == []
    assert heard == ["Every fit is up to date."]
    region = controller.study.region(first)
    controller.change_region(replace(region, roi=replace(region.roi, x=region.roi.x + 1)))
    assert fit_changed() == [first]
    cancelled = controller.study.fits[second]
    cancelled = replace(cancelled, fit=replace(cancelled.fit, outcome=Outcome.CANCELLED))
    controller.store_fit(second, cancelled)
    assert fit_changed() == [second]


def test_the_thread_has_a_stack_for_torch_and_no_collector(
    qtbot: QtBot, controller: StudyController
) -> None:
    seen: list[tuple[bool, bool, int]] = []

    def look() -> None:
        thread = QThread.currentThread()
        is_gui = threading.current_thread() is threading.main_thread()
        seen.append((is_gui, gc.isenabled(), thread.stackSize()))

    runner = FitRunner(controller, raising_at(2, look))
    was_enabled = gc.isenabled()
    runner.enqueue(controller.study.regions[0].id)
    qtbot.waitUntil(lambda: runner.state == "idle", timeout=TIMEOUT_MS)
    runner.shutdown()
    assert seen == [(False, False, 16 * 2**20)]
    assert gc.isenabled() == was_enabled


def wait_for_snapshots(qtbot: QtBot, runner: FitRunner, region_id: str, count: int) -> None:
    """Wait for ``count`` snapshots of the hybrid."""
    seen = 0

    def on_snapshot(changed: str) -> None:
        nonlocal seen
        snapshot = runner.latest(changed)
        assert snapshot is not None
        seen += changed == region_id and snapshot.progress.stage is Stage.HYBRID

    runner.snapshot_ready.connect(on_snapshot)
    qtbot.waitUntil(lambda: seen >= count, timeout=TIMEOUT_MS)
    runner.snapshot_ready.disconnect(on_snapshot)


def test_cancel_after_the_second_snapshot_keeps_the_last_finite_model(
    qtbot: QtBot, controller: StudyController, runner: FitRunner
) -> None:
    controller.set_protocol(ENDLESS)
    recorder = Recorder(runner, controller)
    region_id = controller.study.regions[0].id
    runner.enqueue(region_id)
    wait_for_snapshots(qtbot, runner, region_id, 2)
    runner.cancel()
    assert runner.state == "cancelling"
    qtbot.waitUntil(lambda: runner.state == "idle", timeout=TIMEOUT_MS)
    assert recorder.of("finished") == [(region_id, "cancelled")]
    assert recorder.of("state_changed") == [("running",), ("cancelling",), ("idle",)]
    assert controller.study.fits[region_id].fit.outcome is Outcome.CANCELLED


def test_cancel_keeps_the_previous_result(
    qtbot: QtBot, controller: StudyController, runner: FitRunner
) -> None:
    recorder = Recorder(runner, controller)
    region_id = controller.study.regions[0].id
    runner.enqueue(region_id)
    qtbot.waitUntil(lambda: runner.state == "idle", timeout=TIMEOUT_MS)
    previous = controller.study.fits[region_id]
    controller.set_protocol(ENDLESS)
    runner.enqueue(region_id)
    wait_for_snapshots(qtbot, runner, region_id, 1)
    runner.cancel()
    qtbot.waitUntil(lambda: runner.state == "idle", timeout=TIMEOUT_MS)
    assert controller.study.fits[region_id] is previous
    assert "previous result is kept" in recorder.of("noted")[-1][0]


def test_start_again_at_once_runs_after_the_cancelled_one(
    qtbot: QtBot, controller: StudyController, runner: FitRunner
) -> None:
    controller.set_protocol(ENDLESS)
    recorder = Recorder(runner, controller)
    region_id = controller.study.regions[0].id
    runner.enqueue(region_id)
    wait_for_snapshots(qtbot, runner, region_id, 1)
    runner.cancel()
    controller.set_protocol(QUICK)
    runner.enqueue(region_id)
    qtbot.waitUntil(lambda: runner.state == "idle", timeout=TIMEOUT_MS)
    assert recorder.of("finished") == [(region_id, "cancelled"), (region_id, "finished")]
    assert controller.study.fits[region_id].fit.outcome is Outcome.FINISHED


def test_pause_holds_the_epoch_and_resume_goes_on(
    qtbot: QtBot, controller: StudyController, runner: FitRunner
) -> None:
    controller.set_protocol(ENDLESS)
    region_id = controller.study.regions[0].id
    runner.enqueue(region_id)
    wait_for_snapshots(qtbot, runner, region_id, 1)
    runner.pause()
    assert runner.state == "paused"
    # Longer than a snapshot takes to come: whatever was under way has arrived by then.
    with qtbot.waitSignal(runner.snapshot_ready, timeout=300, raising=False):
        pass
    with qtbot.assertNotEmitted(runner.snapshot_ready, wait=200):
        pass
    runner.resume()
    assert runner.state == "running"
    wait_for_snapshots(qtbot, runner, region_id, 2)
    runner.pause()
    runner.cancel()
    qtbot.waitUntil(lambda: runner.state == "idle", timeout=TIMEOUT_MS)


def test_a_failure_in_epoch_3_is_one_outcome_and_the_next_region_is_fitted(
    qtbot: QtBot, controller: StudyController
) -> None:
    failures = iter([lambda: {}["missing"]])
    runner = FitRunner(controller, raising_at(3, lambda: next(failures, lambda: None)()))
    recorder = Recorder(runner, controller)
    a, b = (region.id for region in controller.study.regions)
    runner.enqueue_all()
    qtbot.waitUntil(lambda: runner.state == "idle", timeout=TIMEOUT_MS)
    runner.shutdown()
    assert recorder.of("finished") == [(a, "failed"), (b, "finished")]
    level, text, details = recorder.messages[0]
    assert level == "error"
    assert "ROI A" in text
    assert "KeyError" in details
    assert a not in controller.study.fits


def test_divergence_keeps_the_last_finite_model_and_says_so(
    qtbot: QtBot, controller: StudyController, runner: FitRunner
) -> None:
    controller.set_protocol(QUICK.with_changes(learning_rate=1e30, epochs=50))
    recorder = Recorder(runner, controller)
    region_id = controller.study.regions[0].id
    runner.enqueue(region_id)
    qtbot.waitUntil(lambda: runner.state == "idle", timeout=TIMEOUT_MS)
    assert recorder.of("finished") == [(region_id, "failed")]
    assert controller.study.fits[region_id].fit.outcome is Outcome.DIVERGED
    level, text, _ = recorder.messages[-1]
    assert level == "warning"
    assert "diverged" in text


def test_shutdown_while_running_waits_for_the_thread(
    qtbot: QtBot, controller: StudyController
) -> None:
    controller.set_protocol(ENDLESS)
    runner = FitRunner(controller)
    recorder = Recorder(runner, controller)
    region_id = controller.study.regions[0].id
    runner.enqueue_all()
    wait_for_snapshots(qtbot, runner, region_id, 1)
    runner.shutdown()
    assert recorder.of("finished") == [(region_id, "cancelled")]
    assert runner.state == "idle"
    runner.enqueue(region_id)
    assert runner.state == "idle"
    assert not controller.study.fits


def test_a_removed_region_is_given_up_and_its_answer_dropped(
    qtbot: QtBot, controller: StudyController, runner: FitRunner
) -> None:
    recorder = Recorder(runner, controller)
    controller.set_protocol(ENDLESS)
    a, b = (region.id for region in controller.study.regions)
    runner.enqueue(a)
    wait_for_snapshots(qtbot, runner, a, 1)
    controller.set_protocol(QUICK)
    runner.enqueue(b)
    controller.remove_region(a)
    qtbot.waitUntil(lambda: runner.state == "idle", timeout=TIMEOUT_MS)
    assert recorder.of("finished") == [(a, "cancelled"), (b, "finished")]
    assert set(controller.study.fits) == {b}


def test_another_recording_ends_all_runs(
    qtbot: QtBot, controller: StudyController, runner: FitRunner, tmp_path: Path
) -> None:
    recorder = Recorder(runner, controller)
    controller.set_protocol(ENDLESS)
    a = controller.study.regions[0].id
    runner.enqueue_all()
    wait_for_snapshots(qtbot, runner, a, 1)
    other = save_movie(tmp_path, "other.npy")
    controller.set_recording(
        open_recording(other, frame_interval_ms=1.0), RecordingReference(other, 1.0)
    )
    assert runner.state == "idle"
    assert runner.queued == ()
    assert recorder.of("started") == [(a,)]
    assert recorder.of("finished") == [(a, "cancelled")]


def test_a_slow_reader_sees_few_epochs_in_order_and_the_last(
    qtbot: QtBot, controller: StudyController, runner: FitRunner
) -> None:
    epochs = 400
    controller.set_protocol(QUICK.with_changes(epochs=epochs))
    region_id = controller.study.regions[0].id
    shown: list[int] = []
    never = threading.Event()

    def paint(changed: str) -> None:
        snapshot = runner.latest(changed)
        assert snapshot is not None
        if snapshot.progress.stage is Stage.HYBRID:
            shown.append(snapshot.progress.epoch)
        # The paint that is slow: longer than the shortest time between two snapshots.
        never.wait(0.06)

    runner.snapshot_ready.connect(paint)
    started = time.perf_counter()
    runner.enqueue(region_id)
    qtbot.waitUntil(lambda: runner.state == "idle", timeout=TIMEOUT_MS)
    elapsed = time.perf_counter() - started
    assert shown == sorted(set(shown))
    assert shown[-1] == epochs
    assert len(shown) < epochs / 3
    assert len(shown) <= elapsed / 0.06 + 1


def test_nothing_is_queued_without_recording_or_twice(
    qtbot: QtBot, controller: StudyController, runner: FitRunner
) -> None:
    empty = StudyController()
    said: list[str] = []
    empty.message.connect(lambda level, text, details: said.append(level))
    idle = FitRunner(empty)
    idle.enqueue_all()
    idle.enqueue("roi-1")
    idle.shutdown()
    assert said == ["info", "error"]
    controller.set_protocol(ENDLESS)
    region_id = controller.study.regions[0].id
    runner.enqueue(region_id)
    runner.enqueue(region_id)
    assert runner.queued == ()


def test_a_run_goes_on_while_another_recording_is_shown(
    qtbot: QtBot, controller: StudyController, runner: FitRunner, tmp_path: Path
) -> None:
    recorder = Recorder(runner, controller)
    controller.set_protocol(ENDLESS)
    a, b = (region.id for region in controller.study.regions)
    runner.enqueue(a)
    wait_for_snapshots(qtbot, runner, a, 1)
    controller.set_protocol(QUICK)
    runner.enqueue(b)
    other = save_movie(tmp_path, "other.npy")
    controller.add_recording(
        open_recording(other, frame_interval_ms=1.0), RecordingReference(other, 1.0)
    )
    assert controller.study.regions == ()
    assert (runner.current_region_id, runner.queued) == (a, (b,))
    runner.cancel()
    qtbot.waitUntil(lambda: runner.state == "idle", timeout=TIMEOUT_MS)
    assert recorder.of("finished") == [(a, "cancelled"), (b, "finished")]
    assert set(controller.study.fits) == {a, b}
    first = controller.study.recordings[0].id
    controller.remove_recording(first)
    assert not controller.study.fits
