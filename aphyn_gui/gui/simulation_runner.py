"""Runs one simulated recording at a time, off the GUI thread."""

from __future__ import annotations

import time
import traceback
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from threading import Event

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Signal, Slot

from aphyn_gui.gui.collector import CollectorGuard
from aphyn_gui.gui.fit_worker import RunOutcome
from aphyn_gui.gui.mailbox import Mailbox
from aphyn_gui.gui.work_thread import WorkThread
from aphyn_gui.insilico import (
    ExperimentError,
    ExperimentProgress,
    SimulatedExperiment,
    SimulationError,
    SimulationStage,
    simulate_experiment,
)

_PUBLISH_INTERVAL_S = 1 / 12
"""Shortest time between two pictures."""

_DARKEST_MV, _BRIGHTEST_MV = -90.0, 40.0


@dataclass(frozen=True, slots=True, eq=False)
class SimulationRequest:
    """One run: what it needs, and the event that ends it."""

    run_id: int
    experiment: SimulatedExperiment
    path: Path
    cancelled: Event


@dataclass(frozen=True, slots=True, eq=False)
class SimulationSnapshot:
    """What a window shows of a running simulation.

    Parameters
    ----------
    run_id : int
        Run it belongs to.
    stage : SimulationStage
        What is being done.
    fraction : float
        Share that is done.
    time_ms, remaining_s : float
        Time in the recording, ms; time still needed, s, NaN while unknown.
    picture : ndarray of uint8, shape (rows, columns), or None
        The potential from -90 mV, black, to 40 mV, white.
    """

    run_id: int
    stage: SimulationStage
    fraction: float
    time_ms: float
    remaining_s: float
    picture: npt.NDArray[np.uint8] | None


@dataclass(frozen=True, slots=True, eq=False)
class SimulationEnd:
    """The one outcome of a run.

    Parameters
    ----------
    run_id : int
        Run it belongs to.
    outcome : RunOutcome
        Finished, cancelled or failed.
    path : Path
        The recording; written only when finished.
    cell_steps_per_s : float
        How fast the simulation was; 0 unless finished.
    message, details : str
        Why it failed, for the user; the traceback where it is a defect of the program.
    """

    run_id: int
    outcome: RunOutcome
    path: Path
    cell_steps_per_s: float = 0.0
    message: str = ""
    details: str = ""


class SimulationWorker(QObject):
    """Drains simulations in whatever thread it lives in."""

    woken = Signal()
    """A snapshot lies in an empty :attr:`mailbox`; carries nothing, so that it cannot pile up."""

    ended = Signal(object)
    """The run's :class:`SimulationEnd`, exactly once for every call of :meth:`run`."""

    def __init__(self) -> None:
        super().__init__()
        self.mailbox: Mailbox[SimulationSnapshot] = Mailbox()
        self._last_s = -float("inf")

    @Slot(object)
    def run(self, request: SimulationRequest) -> None:
        """Run one simulation to its end and emit :attr:`ended`."""
        message, details = "", ""
        try:
            end = self._drain(request)
        except (ExperimentError, SimulationError) as error:
            message = str(error)
        except OSError as error:
            message = f"{error.filename}: {error.strerror}" if error.filename else str(error)
        except MemoryError:
            megabytes = request.experiment.file_bytes / 1e6
            message = f"there is not enough memory for {megabytes:.0f} MB: shorten the recording"
        except Exception as error:
            message = f"an unexpected {type(error).__name__}: {error}"
            details = traceback.format_exc()
        if message:
            end = SimulationEnd(
                request.run_id, RunOutcome.FAILED, request.path, message=message, details=details
            )
        self.ended.emit(end)

    def _drain(self, request: SimulationRequest) -> SimulationEnd:
        began = None
        # Closed also when cancelled: the generator then drops what it has.
        with closing(simulate_experiment(request.experiment, request.path)) as simulation:
            while not request.cancelled.is_set():
                try:
                    report = next(simulation)
                except StopIteration as stop:
                    elapsed_s = time.perf_counter() - began if began is not None else 0.0
                    speed = request.experiment.cell_steps / elapsed_s if elapsed_s > 0 else 0.0
                    return SimulationEnd(request.run_id, RunOutcome.FINISHED, stop.value, speed)
                if began is None and report.stage is not SimulationStage.PREPARING:
                    # Compiling, which happens once, says nothing about the next run.
                    began = time.perf_counter()
                self._consider(request, report)
        return SimulationEnd(request.run_id, RunOutcome.CANCELLED, request.path)

    def _consider(self, request: SimulationRequest, report: ExperimentProgress) -> None:
        """Publish a report if it is time for one."""
        now = time.perf_counter()
        is_regular = report.stage is SimulationStage.SIMULATING
        if is_regular and now - self._last_s < _PUBLISH_INTERVAL_S:
            return
        self._last_s = now
        potential, picture = report.potential_mv, None
        if potential is not None:
            share = (potential - _DARKEST_MV) / (_BRIGHTEST_MV - _DARKEST_MV)
            picture = (255 * np.clip(share, 0, 1)).astype(np.uint8)
        snapshot = SimulationSnapshot(
            request.run_id,
            report.stage,
            report.fraction,
            report.time_ms,
            report.remaining_s,
            picture,
        )
        if self.mailbox.put(snapshot):
            self.woken.emit()


class SimulationRunner(QObject):
    """One thread for one simulation at a time.

    Signals
    -------
    progressed(SimulationSnapshot)
        The newest; those in between are lost.
    ended(SimulationEnd)
        Exactly once for every run that was started, except when shut down.
    state_changed()
        A run has started, is being cancelled, or has ended.
    """

    progressed = Signal(object)
    ended = Signal(object)
    state_changed = Signal()
    _requested = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._current: SimulationRequest | None = None
        self._last_run_id = 0
        self._guard = CollectorGuard(self)
        self._thread = WorkThread("simulation", self)
        self._worker = SimulationWorker()
        self._worker.moveToThread(self._thread)
        self._requested.connect(self._worker.run)
        self._worker.woken.connect(self._on_woken)
        self._worker.ended.connect(self._on_ended)

    @property
    def is_running(self) -> bool:
        """Whether a run has been started and has not ended."""
        return self._current is not None

    @property
    def is_cancelling(self) -> bool:
        """Whether the run has been asked to end."""
        return self._current is not None and self._current.cancelled.is_set()

    def start(self, experiment: SimulatedExperiment, path: Path) -> None:
        """Simulate into a file; ignored while another run goes on."""
        if self._current is not None:
            return
        self._last_run_id += 1
        self._current = SimulationRequest(self._last_run_id, experiment, path, Event())
        self._guard.hold()
        if not self._thread.isRunning():
            self._thread.start()
        self._requested.emit(self._current)
        self.state_changed.emit()

    def cancel(self) -> None:
        """End the run after its present piece of work, a tenth of a second."""
        if self._current is not None:
            self._current.cancelled.set()
            self.state_changed.emit()

    def shutdown(self) -> None:
        """Cancel, and wait for the thread to end."""
        if self._current is not None:
            self._current.cancelled.set()
            self._current = None
        self._thread.quit()
        self._thread.wait()
        self._guard.release()

    @Slot()
    def _on_woken(self) -> None:
        snapshot = self._worker.mailbox.take()
        if snapshot is not None and self._current and snapshot.run_id == self._current.run_id:
            self.progressed.emit(snapshot)

    @Slot(object)
    def _on_ended(self, end: SimulationEnd) -> None:
        if self._current is None or end.run_id != self._current.run_id:
            return
        self._current = None
        self._guard.release()
        self.state_changed.emit()
        self.ended.emit(end)
