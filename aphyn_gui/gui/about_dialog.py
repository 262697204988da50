"""About the program: versions, device and what to cite, ready to be copied."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget
from shiboken6 import isValid

from aphyn_gui.gui.background import BackgroundTasks
from aphyn_gui.gui.help_texts import ABOUT, CITATIONS
from aphyn_gui.gui.versions import device_text, program_versions

_WIDTH = 520


class AboutDialog(QDialog):
    """Not modal; a running fit goes on behind it.

    Parameters
    ----------
    parent : QWidget
        The window.
    tasks : BackgroundTasks
        Where the device is asked for: that imports torch.
    """

    def __init__(self, parent: QWidget, tasks: BackgroundTasks) -> None:
        super().__init__(parent)
        self.setWindowTitle("About aphyn_gui")
        self.setModal(False)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._device = "…"
        self._versions = _words("")
        self._show_versions()
        copy_versions = QPushButton("Copy &versions")
        copy_versions.setToolTip("Copy versions, system and device, for a report or a methods part")
        copy_versions.clicked.connect(lambda: _copy(self.versions_text()))
        copy_citation = QPushButton("Copy &citation")
        copy_citation.setToolTip("Copy both references as plain text")
        copy_citation.clicked.connect(lambda: _copy("\n".join(CITATIONS)))
        close = QPushButton("Close")
        close.setToolTip("Put this away (Escape)")
        close.setDefault(True)
        close.clicked.connect(self.close)
        buttons = QHBoxLayout()
        for button in (copy_citation, copy_versions):
            button.setAutoDefault(False)
            buttons.addWidget(button)
        buttons.addStretch(1)
        buttons.addWidget(close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 14, 20, 14)
        layout.setSpacing(12)
        citations = "".join(f"<p>{escape(text)}</p>" for text in CITATIONS)
        for words in (_words(ABOUT), self._versions, _words(f"<b>Please cite</b>{citations}")):
            words.setMinimumWidth(_WIDTH)
            layout.addWidget(words)
        layout.addLayout(buttons)
        tasks.submit("device", device_text, self._take_device, self._miss_device)

    def versions_text(self) -> str:
        """Versions, system and device, one a line."""
        return "\n".join(f"{name}: {version}" for name, version in self._lines())

    def _lines(self) -> tuple[tuple[str, str], ...]:
        return (*program_versions(), ("Device", self._device))

    def _show_versions(self) -> None:
        rows = "".join(
            f"<tr><td>{escape(name)}&nbsp;&nbsp;&nbsp;</td><td>{escape(version)}</td></tr>"
            for name, version in self._lines()
        )
        self._versions.setText(f"<table>{rows}</table>")

    def _take_device(self, text: str) -> None:
        # The answer may come after the box was closed, which deletes its labels.
        if isValid(self._versions):
            self._device = text
            self._show_versions()

    def _miss_device(self, error: Exception, _details: str) -> None:
        self._take_device(f"unknown: {error}")


def _words(html: str) -> QLabel:
    label = QLabel(html)
    label.setTextFormat(Qt.TextFormat.RichText)
    label.setWordWrap(True)
    flags = Qt.TextInteractionFlag
    label.setTextInteractionFlags(flags.TextSelectableByMouse | flags.TextSelectableByKeyboard)
    return label


def _copy(text: str) -> None:
    QGuiApplication.clipboard().setText(text)
