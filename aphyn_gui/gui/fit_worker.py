"""What runs in the fitting thread: drains one fit after the other, and never touches a widget."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from enum import StrEnum
from threading import Event
from typing import TypeAlias

from PySide6.QtCore import QObject, Signal, Slot

from aphyn_gui.draining import drained
from aphyn_gui.fitting import (
    Detail,
    FitForecast,
    Outcome,
    Progress,
    Protocol,
    ProtocolError,
    Stage,
)
from aphyn_gui.gui.mailbox import Mailbox
from aphyn_gui.physics import PhysicsError
from aphyn_gui.recording import (
    Preparation,
    Recording,
    RecordingError,
    SequenceSet,
)
from aphyn_gui.study import Region, RegionFit, StudyError

PUBLISH_INTERVAL_S = 1 / 5
"""Shortest time between two full snapshots. Each costs a forecast and a painting of every plot that
is seen: five a second look alive, and leave the processor to the fit."""

USER_ERRORS = (RecordingError, ProtocolError, PhysicsError, StudyError)
"""Errors whose message is written for the user; everything else is a defect of the program."""

FitFunction: TypeAlias = Callable[
    [Recording, Region, Preparation, Protocol, Callable[[], bool]],
    Generator[Progress, None, RegionFit],
]


class RunOutcome(StrEnum):
    """How a run ended."""

    FINISHED = "finished"
    CANCELLED = "cancelled"
    FAILED = "failed"


class RunControl:
    """Pause and cancel of one run: set in the GUI thread, looked at between epochs."""

    def __init__(self) -> None:
        self._cancelled = Event()
        self._may_go = Event()
        self._may_go.set()

    @property
    def is_cancelled(self) -> bool:
        """Whether the run shall end."""
        return self._cancelled.is_set()

    @property
    def is_paused(self) -> bool:
        """Whether the run waits."""
        return not self._may_go.is_set()

    def pause(self) -> None:
        """Wait after the current epoch; a cancelled run no longer waits."""
        if not self.is_cancelled:
            self._may_go.clear()

    def resume(self) -> None:
        """Go on."""
        self._may_go.set()

    def cancel(self) -> None:
        """End after the current epoch, also out of a pause."""
        self._cancelled.set()
        self._may_go.set()

    def wait_while_paused(self) -> None:
        """Block the calling thread until the run may go on."""
        self._may_go.wait()


@dataclass(frozen=True, slots=True, eq=False)
class FitRequest:
    """One run: copies of everything it needs, taken when the user asked for it."""

    run_id: int
    recording: Recording
    region: Region
    preparation: Preparation
    protocol: Protocol
    control: RunControl


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """What a window shows of a running fit.

    Parameters
    ----------
    run_id : int
        Run it belongs to.
    region : Region
        As it was when the run was asked for.
    protocol : Protocol
        Settings of the run.
    sequences : SequenceSet
        What is fitted.
    progress : Progress
        Numbers of the epoch. Its own ``detail`` was only valid in the worker and is gone.
    detail : Detail or None
        Forecast and history, owned by this snapshot; None while the engine prepares.
    physics_forecast : FitForecast or None
        Latest forecast of the physics-only stage.
    """

    run_id: int
    region: Region
    protocol: Protocol
    sequences: SequenceSet
    progress: Progress
    detail: Detail | None
    physics_forecast: FitForecast | None


@dataclass(frozen=True, slots=True, eq=False)
class RunEnd:
    """The one outcome of a run."""

    run_id: int
    outcome: RunOutcome
    fit: RegionFit | None = None
    message: str = ""
    details: str = ""


class FitWorker(QObject):
    """Drains fits in whatever thread it lives in.

    Parameters
    ----------
    fit_function : callable
        Has the signature of :func:`aphyn_gui.study.fit_region`.
    """

    woken = Signal()
    """A snapshot lies in an empty :attr:`mailbox`; carries nothing, so that it cannot pile up."""

    ended = Signal(object)
    """The run's :class:`RunEnd`, exactly once for every call of :meth:`run`."""

    def __init__(self, fit_function: FitFunction) -> None:
        super().__init__()
        self._fit_function = fit_function
        self.mailbox: Mailbox[Snapshot] = Mailbox()

    @Slot(object)
    def run(self, request: FitRequest) -> None:
        """Run one fit to its end and emit :attr:`ended`."""
        try:
            end = self._end_of(request, self._drain(request))
        except USER_ERRORS as error:
            end = RunEnd(request.run_id, RunOutcome.FAILED, message=str(error))
        except Exception as error:
            end = RunEnd(
                request.run_id,
                RunOutcome.FAILED,
                message=f"stopped by an unexpected {type(error).__name__}: {error}",
                details=traceback.format_exc(),
            )
        self.ended.emit(end)

    def _drain(self, request: FitRequest) -> RegionFit:
        control = request.control
        epochs = self._fit_function(
            request.recording,
            request.region,
            request.preparation,
            request.protocol,
            lambda: control.is_cancelled,
        )
        publisher = _Publisher(self, request)

        def tell(progress: Progress) -> None:
            publisher.consider(progress)
            control.wait_while_paused()

        return drained(epochs, tell)

    @staticmethod
    def _end_of(request: FitRequest, fit: RegionFit) -> RunEnd:
        outcome = {
            Outcome.FINISHED: RunOutcome.FINISHED,
            Outcome.CANCELLED: RunOutcome.CANCELLED,
            Outcome.DIVERGED: RunOutcome.FAILED,
        }[fit.fit.outcome]
        return RunEnd(request.run_id, outcome, fit, fit.fit.message)


class _Publisher:
    """Decides which epochs of a run are worth a full snapshot."""

    def __init__(self, worker: FitWorker, request: FitRequest) -> None:
        self._worker = worker
        self._request = request
        self._stage: Stage | None = None
        self._last_s = -float("inf")
        self._physics_forecast: FitForecast | None = None

    def consider(self, progress: Progress) -> None:
        """Publish the first and the last epoch of a stage, and at most five a second between."""
        control = self._request.control
        is_due = (
            time.perf_counter() - self._last_s >= PUBLISH_INTERVAL_S
            or progress.stage is not self._stage
            or progress.epoch >= progress.epochs
            # The last epoch before a pause or a cancel stays on the screen.
            or control.is_paused
            or control.is_cancelled
        )
        if not is_due:
            return
        detail = None if progress.detail is None else progress.detail()
        if detail is not None and progress.stage is Stage.PHYSICS:
            self._physics_forecast = detail.forecast
        snapshot = Snapshot(
            run_id=self._request.run_id,
            region=self._request.region,
            protocol=self._request.protocol,
            sequences=progress.sequences,
            progress=replace(progress, detail=None),
            detail=detail,
            physics_forecast=self._physics_forecast,
        )
        self._stage = progress.stage
        if self._worker.mailbox.put(snapshot):
            self._worker.woken.emit()
        self._last_s = time.perf_counter()
