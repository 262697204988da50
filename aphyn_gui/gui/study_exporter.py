"""Writes what a study found, off the GUI thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from aphyn_gui.gui.background import BackgroundTasks
from aphyn_gui.gui.mailbox import Mailbox
from aphyn_gui.gui.picture_menu import Report, ReportFile
from aphyn_gui.recording import RecordingError
from aphyn_gui.study import StudyError

if TYPE_CHECKING:
    # What can be written is loaded when something is: the window opens sooner.
    from aphyn_gui.study.export import ExportProgress

_POLL_INTERVAL_MS = 100

Steps = Callable[[], "Iterator[ExportProgress]"]
"""Writes; it can be left between any two steps."""


class StudyExporter(QObject):
    """One export at a time, in a thread that begins with the first.

    Parameters
    ----------
    report : Report
        For failures, and for an export that was cancelled.
    report_file : ReportFile
        For what was written.

    Signals
    -------
    progressed(int, int)
        Steps done, and all steps.
    state_changed()
        An export has begun, is being cancelled, or has ended.
    ended(bool)
        An export has ended; whether everything was written.
    """

    progressed = Signal(int, int)
    state_changed = Signal()
    ended = Signal(bool)

    def __init__(self, parent: QObject, report: Report, report_file: ReportFile) -> None:
        super().__init__(parent)
        self._report, self._report_file = report, report_file
        self._tasks: BackgroundTasks | None = None
        self._cancelled: Event | None = None
        self._mailbox: Mailbox[ExportProgress] = Mailbox()
        self._timer = QTimer(self)
        self._timer.setInterval(_POLL_INTERVAL_MS)
        self._timer.timeout.connect(self._poll)

    @property
    def is_running(self) -> bool:
        """Whether files are being written."""
        return self._cancelled is not None

    @property
    def is_cancelling(self) -> bool:
        """Whether the export has been asked to end."""
        return self._cancelled is not None and self._cancelled.is_set()

    def start(self, steps: Steps, folder: Path) -> None:
        """Write; ignored while another export goes on.

        Parameters
        ----------
        steps : callable
            Captures values only.
        folder : Path
            Where the files go, for the message.
        """
        if self.is_running:
            return
        if self._tasks is None:
            self._tasks = BackgroundTasks("export", self)
        cancelled = self._cancelled = Event()
        mailbox = self._mailbox

        def write() -> list[Path]:
            written: list[Path] = []
            for progress in steps():
                written += progress.written
                mailbox.put(progress)
                if cancelled.is_set() and progress.done < progress.steps:
                    break
            else:
                cancelled.clear()
            return written

        self._tasks.submit(
            "export", write, lambda written: self._finish(written, folder), self._fail
        )
        self._timer.start()
        self.state_changed.emit()

    def cancel(self) -> None:
        """End after the files that are being written."""
        if self._cancelled is not None:
            self._cancelled.set()
            self.state_changed.emit()

    def shutdown(self) -> None:
        """Cancel, and wait for the thread to end."""
        if self._cancelled is not None:
            self._cancelled.set()
        self._timer.stop()
        if self._tasks is not None:
            self._tasks.shutdown()

    def _poll(self) -> None:
        progress = self._mailbox.take()
        if progress is not None:
            self.progressed.emit(progress.done, progress.steps)

    def _finish(self, written: list[Path], folder: Path) -> None:
        was_cancelled = self.is_cancelling
        self._end(is_whole=not was_cancelled)
        if was_cancelled:
            self._report_file(
                f"The export was cancelled: {_counted(written)} of it lie in {folder}.", folder
            )
        elif len(written) == 1:
            self._report_file(f"{written[0].name} was written to {folder}.", folder)
        else:
            self._report_file(f"{_counted(written)} were written to {folder}.", folder)

    def _fail(self, error: Exception, details: str) -> None:
        self._end(is_whole=False)
        if isinstance(error, StudyError | RecordingError):
            self._report("error", f"Nothing more was exported: {error}", "")
        else:
            text = f"The export failed with an unexpected {type(error).__name__}: {error}"
            self._report("error", text, details)

    def _end(self, *, is_whole: bool) -> None:
        self._timer.stop()
        self._mailbox.take()
        self._cancelled = None
        self.state_changed.emit()
        self.ended.emit(is_whole)


def _counted(written: list[Path]) -> str:
    return "1 file" if len(written) == 1 else f"{len(written)} files"
