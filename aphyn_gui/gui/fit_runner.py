"""Fits regions in the background, one after the other."""

from __future__ import annotations

from collections import deque
from enum import StrEnum

from PySide6.QtCore import QObject, Signal, Slot

from aphyn_gui.fitting import Outcome
from aphyn_gui.gui.collector import CollectorGuard
from aphyn_gui.gui.fit_worker import (
    FitFunction,
    FitRequest,
    FitWorker,
    RunControl,
    RunEnd,
    RunOutcome,
    Snapshot,
)
from aphyn_gui.gui.study_controller import StudyController
from aphyn_gui.gui.work_thread import WorkThread
from aphyn_gui.study import fit_region


class RunnerState(StrEnum):
    """What the runner is doing."""

    IDLE = "idle"
    RUNNING = "running"
    PAUSED = "paused"
    CANCELLING = "cancelling"


class FitRunner(QObject):
    """A queue of fits and the one thread that works it off.

    A run takes copies of the region, the preparation and the protocol when it is queued, so that
    later edits mark its fit as outdated and never corrupt it. Every started run ends in exactly
    one :attr:`finished`. What a run that was abandoned (its recording was closed, its region
    deleted) still sends is dropped by its run id.

    Parameters
    ----------
    controller : StudyController
        Where inputs come from and fits go.
    fit_function : callable
        Replaced only to inject failures.
    """

    started = Signal(str)
    """A region's run has begun."""
    snapshot_ready = Signal(str)
    """:meth:`latest` has something newer for the region."""
    stage_changed = Signal(str, str)
    """The region's run has reached a new stage."""
    finished = Signal(str, str)
    """A region's run has ended: finished, cancelled or failed."""
    noted = Signal(str)
    """How a run ended that needs nobody's attention, in a sentence; before :attr:`finished`."""
    queue_changed = Signal()
    """:attr:`queued` has changed."""
    state_changed = Signal(str)
    """:attr:`state` has changed: idle, running, paused or cancelling."""

    _requested = Signal(object)

    def __init__(self, controller: StudyController, fit_function: FitFunction = fit_region) -> None:
        super().__init__()
        self._controller = controller
        self._queue: deque[FitRequest] = deque()
        self._current: FitRequest | None = None
        self._latest: dict[str, Snapshot] = {}
        self._last_run_id = 0
        self._announced_state = RunnerState.IDLE
        self._is_shut_down = False
        self._collector = CollectorGuard(self)
        self._thread = WorkThread("fitting")
        self._worker = FitWorker(fit_function)
        self._worker.moveToThread(self._thread)
        self._requested.connect(self._worker.run)
        self._worker.woken.connect(self._on_woken)
        self._worker.ended.connect(self._on_ended)
        controller.region_removed.connect(self._drop_stale)
        controller.recording_changed.connect(self._drop_stale)
        controller.recordings_changed.connect(self._drop_stale)

    @property
    def state(self) -> RunnerState:
        """What the runner is doing now."""
        if self._current is None:
            return RunnerState.IDLE
        if self._current.control.is_cancelled:
            return RunnerState.CANCELLING
        return RunnerState.PAUSED if self._current.control.is_paused else RunnerState.RUNNING

    @property
    def current_region_id(self) -> str | None:
        """Region being fitted, None when idle."""
        return None if self._current is None else self._current.region.id

    @property
    def queued(self) -> tuple[str, ...]:
        """Regions that wait, the next one first."""
        return tuple(request.region.id for request in self._queue)

    def latest(self, region_id: str) -> Snapshot | None:
        """Last snapshot of the region's last run in this session."""
        return self._latest.get(region_id)

    def enqueue(self, region_id: str) -> None:
        """Fit a region after those that wait; one that waits or runs already is not added."""
        if self._is_shut_down:
            return
        recording = self._controller.recording_of(region_id)
        blocker = self._controller.blocker_of(region_id)
        if recording is None or blocker:
            self._controller.report("error", blocker)
            return
        study = self._controller.study
        region = study.region(region_id)
        is_running = region_id == self.current_region_id and self.state in (
            RunnerState.RUNNING,
            RunnerState.PAUSED,
        )
        if is_running or region_id in self.queued:
            self._controller.report(
                "info", f"{region.name} is already being fitted, or waits for it."
            )
            return
        self._last_run_id += 1
        self._queue.append(
            FitRequest(
                run_id=self._last_run_id,
                recording=recording,
                region=region,
                preparation=study.recording_of(region_id).preparation,
                protocol=study.protocol,
                control=RunControl(),
            )
        )
        self.queue_changed.emit()
        self._start_next()

    def enqueue_all(self, *, only_changed: bool = False) -> None:
        """Fit the regions of all recordings; a recording that cannot be fitted says so once.

        Parameters
        ----------
        only_changed : bool
            Leave out those whose fit is finished and up to date.
        """
        regions = self._controller.study.all_regions
        done = {r.id for r in regions if self._is_up_to_date(r.id)} if only_changed else set()
        if done and len(done) == len(regions):
            self._controller.report("info", "Every fit is up to date.")
            return
        entries = [entry for entry in self._controller.study.recordings if entry.regions]
        if not entries:
            self._controller.report("info", "Draw a region on the recording first.")
        for entry in entries:
            blocker = self._controller.blocker_of(entry.regions[0].id)
            if blocker:
                several = len(self._controller.study.recordings) > 1
                name = f"{entry.name} is not fitted: " if several else ""
                self._controller.report("error", f"{name}{blocker}")
                continue
            for region in entry.regions:
                if region.id not in done:
                    self.enqueue(region.id)

    def _is_up_to_date(self, region_id: str) -> bool:
        document = self._controller.document
        fit = document.study.fits.get(region_id)
        is_finished = fit is not None and fit.fit.outcome is Outcome.FINISHED
        return is_finished and not document.changes_since_fit(region_id)

    def pause(self) -> None:
        """Hold the current run after its epoch."""
        if self._current is not None:
            self._current.control.pause()
            self._announce_state()

    def resume(self) -> None:
        """Go on with a paused run."""
        if self._current is not None:
            self._current.control.resume()
            self._announce_state()

    def cancel(self) -> None:
        """End the current run after its epoch; those that wait follow."""
        if self._current is not None:
            self._current.control.cancel()
            self._announce_state()

    def cancel_all(self) -> None:
        """Forget those that wait and end the current run after its epoch."""
        self._clear_queue()
        self.cancel()

    def shutdown(self) -> None:
        """Cancel everything and wait for the thread to end; nothing starts afterwards."""
        self._is_shut_down = True
        self._clear_queue()
        self._abandon()
        self._thread.quit()
        self._thread.wait()

    def _clear_queue(self) -> None:
        if self._queue:
            self._queue.clear()
            self.queue_changed.emit()

    def _start_next(self) -> None:
        if self._current is not None or not self._queue or self._is_shut_down:
            return
        request = self._queue.popleft()
        self._current = request
        self._latest.pop(request.region.id, None)
        self._collector.hold()
        if not self._thread.isRunning():
            self._thread.start()
        self._requested.emit(request)
        self.queue_changed.emit()
        self._announce_state()
        self.started.emit(request.region.id)

    @Slot()
    def _on_woken(self) -> None:
        snapshot = self._worker.mailbox.take()
        if snapshot is None or self._current is None or snapshot.run_id != self._current.run_id:
            return
        region_id = snapshot.region.id
        previous = self._latest.get(region_id)
        self._latest[region_id] = snapshot
        if previous is None or previous.progress.stage is not snapshot.progress.stage:
            self.stage_changed.emit(region_id, snapshot.progress.stage.value)
        self.snapshot_ready.emit(region_id)

    @Slot(object)
    def _on_ended(self, end: RunEnd) -> None:
        request = self._current
        if request is None or end.run_id != request.run_id:
            return
        self._current = None
        self._settle(request, end)
        self._conclude(request.region.id, end.outcome)

    def _conclude(self, region_id: str, outcome: RunOutcome) -> None:
        self.finished.emit(region_id, outcome.value)
        self._start_next()
        if self._current is None:
            self._collector.release()
        self._announce_state()

    def _settle(self, request: FitRequest, end: RunEnd) -> None:
        """Keep what a run brought, unless an earlier result is worth more, and say so."""
        name = request.region.name
        if end.fit is None:
            self._controller.report("error", f"{name}: {end.message}", end.details)
            return
        if end.outcome is RunOutcome.FINISHED:
            self._controller.store_fit(request.region.id, end.fit)
            self.noted.emit(f"{name}: {_summary(end)}")
            return
        earlier = self._controller.study.fits.get(request.region.id)
        keeps_earlier = earlier is not None and earlier.fit.outcome is Outcome.FINISHED
        if not keeps_earlier:
            self._controller.store_fit(request.region.id, end.fit)
        kept = "the previous result is kept" if keeps_earlier else "the last finite model is kept"
        if end.outcome is RunOutcome.CANCELLED:
            self.noted.emit(f"{name}: cancelled; {kept}.")
        else:
            self._controller.report("warning", f"{name}: {end.message.rstrip('.')}; {kept}.")

    def _abandon(self) -> None:
        """Cancel the current run and forget it: whatever it still sends is stale."""
        request = self._current
        if request is None:
            return
        request.control.cancel()
        self._current = None
        self._conclude(request.region.id, RunOutcome.CANCELLED)

    @Slot()
    def _drop_stale(self) -> None:
        """Give up runs whose region or recording is no longer there."""
        region_ids = {region.id for region in self._controller.study.all_regions}

        def is_wanted(request: FitRequest) -> bool:
            return request.recording is self._controller.recording_of(request.region.id)

        # The queue first, or giving up the current run would start a stale one.
        waiting = deque(request for request in self._queue if is_wanted(request))
        if len(waiting) < len(self._queue):
            self._queue = waiting
            self.queue_changed.emit()
        if self._current is not None and not is_wanted(self._current):
            self._abandon()
        self._latest = {key: value for key, value in self._latest.items() if key in region_ids}

    def _announce_state(self) -> None:
        state = self.state
        if state is not self._announced_state:
            self._announced_state = state
            self.state_changed.emit(state.value)


def _summary(end: RunEnd) -> str:
    """A finished fit in one sentence."""
    assert end.fit is not None
    fit = end.fit.fit
    return (
        f"fitted in {fit.provenance.elapsed_s:.1f} s; validation MSE "
        f"{fit.hybrid.validation_mse:.3g}, physics only {fit.physics.validation_mse:.3g}."
    )
