"""Says that beats take turns, and averages even or odd ones in one click."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from aphyn_gui.gui.beat_box import choose_beat
from aphyn_gui.gui.region_analysis import RegionAnalyst
from aphyn_gui.gui.study_controller import StudyController
from aphyn_gui.recording import Alternans, Ensemble

_EVEN = "Average even beats"
_ODD = "Average odd beats"


class AlternansFinding(QObject):
    """What was found in the selected region, and what can be done about it.

    Signals
    -------
    changed()
        Another finding, or another choice of beats.
    """

    changed = Signal()

    def __init__(
        self, controller: StudyController, analyst: RegionAnalyst, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._controller = controller
        self._analyst = analyst
        for signal in (
            controller.selection_changed, controller.preparation_changed, analyst.analysed,
        ):  # fmt: skip
            signal.connect(lambda *_: self.changed.emit())

    @property
    def alternans(self) -> Alternans | None:
        """Of the selected region, where its beats take turns."""
        region_id = self._controller.selected_region_id
        analysis = self._analyst.analysis(region_id) if region_id else None
        signal = None if analysis is None else analysis.signal
        return signal.alternans if signal is not None and signal.alternans.present else None

    def is_averaged(self, ensemble: Ensemble) -> bool:
        """Whether these beats are averaged already."""
        preparation = self._controller.study.preparation
        return preparation.beat is None and preparation.ensemble is ensemble

    def average(self, ensemble: Ensemble) -> None:
        """Average these beats."""
        choose_beat(self._controller, ensemble)

    def halve_cycle(self) -> None:
        """Take half of the cycle found as the cycle as paced: every other beat was not counted."""
        alternans = self.alternans
        if alternans is not None:
            preparation = replace(
                self._controller.study.preparation, cycle_length_ms=alternans.cycle_length_ms / 2
            )
            self._controller.set_preparation(preparation, "enter cycle length")


class AlternansBar(QFrame):
    """The finding in full, with its buttons; hidden where there is none."""

    def __init__(self, finding: AlternansFinding, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._finding = finding
        self.setProperty("role", "bar")
        self.setProperty("level", "warning")
        self._note = QLabel()
        self._note.setWordWrap(True)
        self._even = QPushButton(_EVEN)
        self._even.setToolTip("The first, third, … complete beat; one undoable step")
        self._odd = QPushButton(_ODD)
        self._odd.setToolTip("The second, fourth, … complete beat; one undoable step")
        self._halve = QPushButton()
        self._halve.setToolTip("Count the small beats between those found, too")
        buttons = QHBoxLayout()
        buttons.setSpacing(6)
        for button in (self._even, self._odd):
            buttons.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 6, 8, 8)
        layout.addWidget(self._note)
        layout.addLayout(buttons)
        layout.addWidget(self._halve)
        self._even.clicked.connect(lambda: finding.average(Ensemble.EVEN))
        self._odd.clicked.connect(lambda: finding.average(Ensemble.ODD))
        self._halve.clicked.connect(finding.halve_cycle)
        finding.changed.connect(self._refresh)
        self._refresh()

    def _refresh(self) -> None:
        alternans = self._finding.alternans
        self.setVisible(alternans is not None)
        if alternans is None:
            return
        self._note.setText(alternans.note)
        for button, ensemble in ((self._even, Ensemble.EVEN), (self._odd, Ensemble.ODD)):
            button.setVisible(alternans.between_beats)
            button.setEnabled(not self._finding.is_averaged(ensemble))
        self._halve.setVisible(alternans.hidden and not alternans.between_beats)
        self._halve.setText(f"Cycle length {alternans.cycle_length_ms / 2:.1f} ms")


class AlternansButton(QToolButton):
    """The finding in a word, for where there is little room; its menu acts on it."""

    def __init__(self, finding: AlternansFinding, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._finding = finding
        self.setText("Alternans")
        self.setToolTip("Beats of the selected region take turns")
        self.setProperty("role", "warning")
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self)
        self._even, self._odd = menu.addAction(_EVEN), menu.addAction(_ODD)
        self._halve = menu.addAction("Half the cycle length")
        self._even.triggered.connect(lambda: finding.average(Ensemble.EVEN))
        self._odd.triggered.connect(lambda: finding.average(Ensemble.ODD))
        self._halve.triggered.connect(finding.halve_cycle)
        self.setMenu(menu)
        finding.changed.connect(self._refresh)
        self._refresh()

    def _refresh(self) -> None:
        alternans = self._finding.alternans
        self.setVisible(alternans is not None)
        if alternans is None:
            return
        self.setToolTip(f"<p>{alternans.note}</p>")
        for action, ensemble in ((self._even, Ensemble.EVEN), (self._odd, Ensemble.ODD)):
            action.setVisible(alternans.between_beats)
            action.setEnabled(not self._finding.is_averaged(ensemble))
        self._halve.setVisible(alternans.hidden and not alternans.between_beats)
