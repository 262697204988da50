"""Offers work that was not saved when the program ended without warning."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from aphyn_gui.gui.recovery_file import AbandonedStudy


class RecoveryDialog(QDialog):
    """Not modal: whoever needs to work at once leaves it for later.

    Parameters
    ----------
    parent : QWidget
        The window.
    studies : sequence of AbandonedStudy
        What was found, at least one.

    Signals
    -------
    chosen(AbandonedStudy), discarded(AbandonedStudy)
        What the user wants with one of them.
    """

    chosen = Signal(object)
    discarded = Signal(object)

    def __init__(self, parent: QWidget, studies: Sequence[AbandonedStudy]) -> None:
        super().__init__(parent)
        self.setWindowTitle("Recover unsaved work")
        self.setModal(False)
        self._studies = list(studies)
        words = QLabel(
            "The program ended before these studies were saved. A recovered study opens as "
            "unsaved: save it to keep it."
        )
        words.setWordWrap(True)
        words.setMinimumWidth(480)
        self.list = QListWidget()
        self.list.setToolTip("Studies that were not saved, the newest first")
        for study in self._studies:
            item = QListWidgetItem(_line(study))
            place = study.project or "Never saved"
            item.setToolTip(f"{item.text()}\n{place}")
            self.list.addItem(item)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setCurrentRow(0)
        self.recover_button = QPushButton("&Recover")
        self.recover_button.setToolTip("Open the chosen study, unsaved")
        self.recover_button.setDefault(True)
        self.discard_button = QPushButton("&Discard")
        self.discard_button.setToolTip("Delete the chosen study's unsaved work")
        self.discard_button.setAutoDefault(False)
        later = QPushButton("&Later")
        later.setToolTip("Ask again when the program starts next (Escape)")
        later.setAutoDefault(False)
        buttons = QHBoxLayout()
        buttons.addWidget(self.discard_button)
        buttons.addStretch(1)
        buttons.addWidget(later)
        buttons.addWidget(self.recover_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 14, 20, 14)
        layout.setSpacing(12)
        layout.addWidget(words)
        layout.addWidget(self.list, 1)
        layout.addLayout(buttons)
        self.recover_button.clicked.connect(self._recover)
        self.list.itemDoubleClicked.connect(self._recover)
        self.discard_button.clicked.connect(self._discard)
        later.clicked.connect(self.reject)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

    @property
    def studies(self) -> tuple[AbandonedStudy, ...]:
        """What is still offered."""
        return tuple(self._studies)

    def take_away(self, study: AbandonedStudy) -> None:
        """Offer it no longer; whoever takes it away has its lock."""
        row = self._studies.index(study)
        del self._studies[row]
        self.list.takeItem(row)
        if not self._studies:
            self.accept()

    def done(self, result: int) -> None:
        """Leave what is left to the next start; every way of closing ends here."""
        for study in self._studies:
            study.file.release()
        self._studies = []
        super().done(result)

    def _discard(self) -> None:
        row = self.list.currentRow()
        if row >= 0:
            study = self._studies[row]
            self.discarded.emit(study)
            self.take_away(study)

    def _recover(self) -> None:
        row = self.list.currentRow()
        if row >= 0:
            self.chosen.emit(self._studies[row])


def _line(study: AbandonedStudy) -> str:
    regions = f"{study.region_count} region{'' if study.region_count == 1 else 's'}"
    fits = f"{study.fit_count} fit{'' if study.fit_count == 1 else 's'}"
    return f"{study.kept_at:%Y-%m-%d %H:%M:%S}   {study.title}: {regions}, {fits}"
