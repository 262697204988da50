"""Everything that goes wrong, from every thread and library, in one place."""

from __future__ import annotations

import faulthandler
import logging
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

from PySide6.QtCore import QMessageLogContext, QObject, QtMsgType, Signal, qInstallMessageHandler

_LEVELS = {
    QtMsgType.QtDebugMsg: "info",
    QtMsgType.QtInfoMsg: "info",
    QtMsgType.QtWarningMsg: "warning",
    QtMsgType.QtCriticalMsg: "error",
    QtMsgType.QtFatalMsg: "error",
}


class LogHub(QObject):
    """Takes messages in any thread and gives them out in its own.

    Signals
    -------
    entry(str, str, str, bool)
        Level, text, details, and whether the user must see it now.
    """

    entry = Signal(str, str, str, bool)

    def tell(self, level: str, text: str, details: str = "") -> None:
        """A message for the user."""
        self.entry.emit(level, text, details, True)

    def note(self, level: str, text: str, details: str = "") -> None:
        """A message for the log only."""
        self.entry.emit(level, text, details, False)


class _LoggingHandler(logging.Handler):
    def __init__(self, hub: LogHub) -> None:
        super().__init__(logging.INFO)
        self._hub = hub

    def emit(self, record: logging.LogRecord) -> None:
        level = "info" if record.levelno < logging.WARNING else "warning"
        level = "error" if record.levelno >= logging.ERROR else level
        details = "".join(traceback.format_exception(*record.exc_info)) if record.exc_info else ""
        self._hub.note(level, f"{record.name}: {record.getMessage()}", details)


class CrashHooks:
    """While installed, no exception, Qt message or log record goes unseen.

    Parameters
    ----------
    hub : LogHub
        Where everything goes.
    crash_file : Path
        Where Python's fault handler writes when the process dies; what an earlier session left
        there is told to the user.
    """

    def __init__(self, hub: LogHub, crash_file: Path) -> None:
        self._hub = hub
        self._crash_file = crash_file
        self._stream: TextIO | None = None
        self._handler = _LoggingHandler(hub)
        self._restore: list[Callable[[], None]] = []

    def install(self) -> None:
        """Put every hook in its place."""
        previous_hook, previous_thread_hook = sys.excepthook, threading.excepthook
        sys.excepthook = self._take_exception
        threading.excepthook = self._take_thread_exception
        previous_qt: Any = qInstallMessageHandler(self._take_qt_message)
        logging.getLogger().addHandler(self._handler)
        self._restore = [
            lambda: setattr(sys, "excepthook", previous_hook),
            lambda: setattr(threading, "excepthook", previous_thread_hook),
            lambda: qInstallMessageHandler(previous_qt) and None,
            lambda: logging.getLogger().removeHandler(self._handler),
        ]
        self._watch_faults()

    def remove(self) -> None:
        """Give every hook back."""
        for restore in self._restore:
            restore()
        self._restore = []
        if self._stream is not None:
            faulthandler.disable()
            self._stream.close()
            self._stream = None
            # An empty file says that this session ended well.
            self._crash_file.unlink(missing_ok=True)

    def _watch_faults(self) -> None:
        try:
            earlier = (
                self._crash_file.read_text(errors="replace") if self._crash_file.exists() else ""
            )
            self._crash_file.parent.mkdir(parents=True, exist_ok=True)
            self._stream = self._crash_file.open("w")
        except OSError as error:
            self._hub.note("warning", f"Crashes cannot be recorded: {error}")
            return
        faulthandler.enable(self._stream)
        if earlier.strip():
            self._hub.tell("warning", "The last session ended in a crash.", earlier)

    def _take_exception(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            return
        details = "".join(traceback.format_exception(kind, error, trace))
        self._hub.tell("error", f"An unexpected {kind.__name__}: {error}", details)
        if sys.stderr is not None:
            print(details, file=sys.stderr, end="")

    def _take_thread_exception(self, arguments: threading.ExceptHookArgs) -> None:
        if arguments.exc_value is not None:
            self._take_exception(arguments.exc_type, arguments.exc_value, arguments.exc_traceback)

    def _take_qt_message(self, kind: QtMsgType, _context: QMessageLogContext, text: str) -> None:
        self._hub.note(_LEVELS.get(kind, "info"), f"Qt: {text}")
