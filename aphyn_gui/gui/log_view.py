"""What happened: a list that can be read again, and toasts that do not block."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QChildEvent, QEvent, QObject, QSize, Qt, QTimer, QUrl, Slot
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from aphyn_gui.gui.bug_report import bug_report
from aphyn_gui.gui.icons import icon
from aphyn_gui.gui.theme import monospace_font, theme_manager

_TOAST_WIDTH = 380
_TOAST_MARGIN = 14
_MOST_TOASTS = 4
_LIFETIME_MS = {"info": 5000, "warning": 12_000}
_LONGEST_LOG = 5000
_RESTACKING = (QEvent.Type.ZOrderChange, QEvent.Type.Show, QEvent.Type.ParentChange)
"""What may put a part of the window above the others."""
_REPORT_MEANING = (
    "Copy message, details, the last lines of the log, versions and system; without the folders "
    "of your files"
)


class LogView(QWidget):
    """All messages of this session, oldest first."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = QPlainTextEdit()
        self._text.setReadOnly(True)
        self._text.setMaximumBlockCount(_LONGEST_LOG)
        self._text.setFont(monospace_font())
        self._text.setPlaceholderText("Nothing has happened yet.")
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        for words, meaning, slot in (
            ("Copy for a bug report", _REPORT_MEANING, self._copy_report),
            ("Copy all", "Copy every message as it stands here", self._copy),
            ("Clear", "Empty the list", self._text.clear),
        ):
            button = QPushButton(words)
            button.setToolTip(meaning)
            button.clicked.connect(slot)
            buttons.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 6, 6, 6)
        layout.addWidget(self._text, 1)
        layout.addLayout(buttons)

    @property
    def text(self) -> str:
        """Everything written so far."""
        return self._text.toPlainText()

    def sizeHint(self) -> QSize:
        """A few lines."""
        return QSize(420, 160)

    def write(self, level: str, text: str, details: str) -> None:
        """Add a message."""
        self._text.appendPlainText(f"{datetime.now():%H:%M:%S}  {level:7}  {text}")
        if details:
            self._text.appendPlainText(details.rstrip())

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.text)

    def _copy_report(self) -> None:
        QGuiApplication.clipboard().setText(bug_report("", messages=self.text))


class Toast(QFrame):
    """One message in the corner of the window, with its details one click away."""

    def __init__(
        self,
        level: str,
        text: str,
        details: str,
        messages: Callable[[], str],
        parent: QWidget,
        folder: Path | None = None,
    ) -> None:
        super().__init__(parent)
        self._text, self._details_text = text, details
        self._messages = messages
        self.setProperty("role", "bar")
        self.setProperty("level", level)
        self.setFixedWidth(_TOAST_WIDTH)
        self._label = QLabel(text)
        # What a file or a library is called is no markup.
        self._label.setTextFormat(Qt.TextFormat.PlainText)
        self._label.setWordWrap(True)
        self._label.setAlignment(Qt.AlignmentFlag.AlignTop)
        # Its height is asked for at this width.
        self._label.setMinimumWidth(_TOAST_WIDTH - 64)
        self._label.setContentsMargins(0, 4, 0, 0)
        self._label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._close = QToolButton()
        self._close.setToolTip("Close this message")
        self._close.clicked.connect(self.dismiss)
        theme_manager().changed.connect(self._color)
        self._color()
        self._details = QPlainTextEdit(details)
        self._details.setReadOnly(True)
        self._details.setFont(monospace_font(8))
        self._details.setFixedHeight(150)
        self._details.hide()
        top = QHBoxLayout()
        top.addWidget(self._label, 1)
        top.addWidget(self._close, 0, Qt.AlignmentFlag.AlignTop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 8, 8)
        layout.setSpacing(6)
        layout.addLayout(top)
        layout.addWidget(self._details)
        if folder is not None:
            layout.addWidget(self._folder_link(folder), 0, Qt.AlignmentFlag.AlignLeft)
        if details:
            # Only a defect of the program has details; other errors say all there is to say.
            layout.addLayout(self._buttons())
        if level in _LIFETIME_MS:
            # Owned by the toast, so that no timer outlives it.
            timer = QTimer(self)
            timer.setSingleShot(True)
            timer.timeout.connect(self._expire)
            timer.start(_LIFETIME_MS[level])

    @property
    def text(self) -> str:
        """The message."""
        return self._text

    def dismiss(self) -> None:
        """Take the message away."""
        self.hide()
        self.deleteLater()

    @Slot()
    def _color(self) -> None:
        self._close.setIcon(icon("cancel"))

    def _folder_link(self, folder: Path) -> QPushButton:
        link = QPushButton("Open folder")
        link.setProperty("role", "link")
        link.setToolTip(str(folder))
        link.clicked.connect(
            lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder.absolute())))
        )
        return link

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.addStretch(1)
        details = QPushButton("Details")
        details.setCheckable(True)
        details.setToolTip("Show or hide what happened inside the program")
        details.toggled.connect(self._show_details)
        row.addWidget(details)
        copy = QPushButton("Copy for a bug report")
        copy.setToolTip(_REPORT_MEANING)
        copy.clicked.connect(self._copy)
        row.addWidget(copy)
        return row

    def _show_details(self, is_shown: bool) -> None:
        self._details.setVisible(is_shown)
        self.adjustSize()

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(
            bug_report(self._text, self._details_text, self._messages())
        )

    def _expire(self) -> None:
        if not self.underMouse() and self._details.isHidden():
            self.dismiss()


class Toaster(QObject):
    """Stacks toasts in the lower right corner of a window, above everything else in it.

    Parameters
    ----------
    window : QWidget
        Where they appear.
    messages : callable
        The log so far, for bug reports.
    """

    def __init__(self, window: QWidget, messages: Callable[[], str]) -> None:
        super().__init__(window)
        self._messages = messages
        self._window = window
        self._toasts: list[Toast] = []
        window.installEventFilter(self)

    @property
    def texts(self) -> list[str]:
        """Messages on the screen, oldest first."""
        return [toast.text for toast in self._toasts]

    def show(self, level: str, text: str, details: str, folder: Path | None = None) -> None:
        """Show a message; the same one again only moves to the front.

        Parameters
        ----------
        level, text, details : str
            "info", "warning" or "error"; the message; what happened inside the program.
        folder : Path or None
            What the message is about, one click away.
        """
        for toast in [t for t in self._toasts if t.text == text]:
            toast.dismiss()
        toast = Toast(level, text, details, self._messages, self._window, folder)
        toast.installEventFilter(self)
        self._toasts.append(toast)
        for neighbour in self._neighbours():
            neighbour.installEventFilter(self)
        if len(self._toasts) > _MOST_TOASTS:
            self._toasts[0].dismiss()
        toast.adjustSize()
        toast.show()
        toast.raise_()
        self._place()

    def clear(self, level: str | None = None) -> None:
        """Take every message, or those of a level, away; they stay in the log."""
        for toast in list(self._toasts):
            if level is None or toast.property("level") == level:
                toast.dismiss()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the window's size, notice toasts that go or grow, and what comes above them."""
        kind = event.type()
        if watched in self._toasts:
            if kind == QEvent.Type.Hide:
                self._remove(watched)
            elif kind == QEvent.Type.Resize:
                self._place()
        elif watched is self._window:
            if kind == QEvent.Type.Resize:
                self._place()
            elif self._toasts and isinstance(event, QChildEvent) and event.added():
                event.child().installEventFilter(self)
                self._raise()
        elif kind in _RESTACKING:
            self._raise()
        return False

    def _remove(self, toast: QObject) -> None:
        self._toasts = [one for one in self._toasts if one is not toast]
        if not self._toasts:
            # Nobody's events pass through here while there is nothing to keep on top.
            for neighbour in self._neighbours():
                neighbour.removeEventFilter(self)
        self._place()

    def _neighbours(self) -> list[QWidget]:
        """What could come above a toast: the window's other parts."""
        children = self._window.findChildren(
            QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly
        )
        return [child for child in children if not isinstance(child, Toast)]

    def _raise(self) -> None:
        for toast in self._toasts:
            toast.raise_()

    def _place(self) -> None:
        bottom = self._window.height() - 2 * _TOAST_MARGIN - 24
        for toast in reversed(self._toasts):
            bottom -= toast.height()
            toast.move(self._window.width() - toast.width() - _TOAST_MARGIN, max(0, bottom))
            bottom -= 8
