"""Work off the GUI thread: functions of values in, their answers out, stale ones dropped."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Signal, Slot

from aphyn_gui.gui.collector import CollectorGuard
from aphyn_gui.gui.work_thread import WorkThread

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True, eq=False)
class _Job:
    channel: str
    generation: int
    function: Callable[[], Any]


@dataclass(frozen=True, slots=True, eq=False)
class _Result:
    channel: str
    generation: int
    answer: Any
    error: Exception | None
    traceback_text: str


class _Generations:
    """The newest generation of each channel; asked from both threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._newest: dict[str, int] = {}

    def advance(self, channel: str) -> int:
        with self._lock:
            self._newest[channel] = self._newest.get(channel, 0) + 1
            return self._newest[channel]

    def advance_all(self) -> None:
        with self._lock:
            self._newest = {channel: number + 1 for channel, number in self._newest.items()}

    def is_newest(self, channel: str, generation: int) -> bool:
        with self._lock:
            return self._newest.get(channel) == generation


class _Worker(QObject):
    answered = Signal(object)

    def __init__(self, generations: _Generations) -> None:
        super().__init__()
        self._generations = generations

    @Slot(object)
    def run(self, job: _Job) -> None:
        # Jobs that were overtaken while they waited cost nothing.
        answer, error, text = None, None, ""
        if self._generations.is_newest(job.channel, job.generation):
            try:
                answer = job.function()
            except Exception as raised:
                error, text = raised, traceback.format_exc()
                # The traceback's frames would keep the job's arrays alive.
                error.__traceback__ = None
        self.answered.emit(_Result(job.channel, job.generation, answer, error, text))


class BackgroundTasks(QObject):
    """One thread that runs functions in order; only the newest answer of a channel arrives.

    The functions get and give values and touch no Qt object. Callbacks are called in the thread
    that owns this object.

    Parameters
    ----------
    name : str
        Name of the thread, for debuggers.

    Signals
    -------
    busy_changed(bool)
        Work began, or all of it is done.
    """

    busy_changed = Signal(bool)
    _requested = Signal(object)

    def __init__(self, name: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._generations = _Generations()
        self._callbacks: dict[
            str, tuple[int, Callable[[Any], None], Callable[[Exception, str], None]]
        ] = {}
        self._pending = 0
        self._guard = CollectorGuard(self)
        self._thread = WorkThread(name, self)
        self._worker = _Worker(self._generations)
        self._worker.moveToThread(self._thread)
        self._requested.connect(self._worker.run)
        self._worker.answered.connect(self._deliver)
        self._thread.start()

    @property
    def is_busy(self) -> bool:
        """Whether answers are outstanding, stale ones included."""
        return self._pending > 0

    def submit(
        self,
        channel: str,
        function: Callable[[], Answer],
        done: Callable[[Answer], None],
        failed: Callable[[Exception, str], None],
    ) -> None:
        """Run ``function`` in the thread; a newer one of the same channel makes this one stale.

        Parameters
        ----------
        channel : str
            What the answer is about.
        function : callable
            Captures values only.
        done : callable
            Gets the answer.
        failed : callable
            Gets the exception and its traceback as text.
        """
        if not self._thread.isRunning():
            return
        generation = self._generations.advance(channel)
        self._callbacks[channel] = generation, done, failed
        self._pending += 1
        if self._pending == 1:
            self._guard.hold()
            self.busy_changed.emit(True)
        self._requested.emit(_Job(channel, generation, function))

    def cancel(self, channel: str) -> None:
        """Drop the answer of ``channel`` that is under way."""
        self._generations.advance(channel)
        self._callbacks.pop(channel, None)

    def shutdown(self) -> None:
        """Drop everything and wait for the function that runs; nothing can be submitted after."""
        self._generations.advance_all()
        self._callbacks.clear()
        if self._thread.isRunning():
            self._thread.quit()
            self._thread.wait()
        self._guard.release()

    @Slot(object)
    def _deliver(self, result: _Result) -> None:
        self._pending -= 1
        callbacks = self._callbacks.get(result.channel)
        if callbacks is not None and callbacks[0] == result.generation:
            del self._callbacks[result.channel]
            _, done, failed = callbacks
            if result.error is None:
                done(result.answer)
            else:
                failed(result.error, result.traceback_text)
        if self._pending == 0:
            self._guard.release()
            self.busy_changed.emit(False)
