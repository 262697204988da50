"""Which beat is cut into sequences: one of them, or the average of all, even or odd ones."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QWidget

from aphyn_gui.gui.region_analysis import RegionAnalyst
from aphyn_gui.gui.study_controller import StudyController
from aphyn_gui.recording import Ensemble, Preparation

_WORDS = {Ensemble.EVEN: "Even beats", Ensemble.ODD: "Odd beats"}

BeatChoice = int | Ensemble


def choose_beat(controller: StudyController, choice: BeatChoice) -> None:
    """Take one complete beat, from 0, or the average over an ensemble, in one undoable step."""
    preparation = controller.study.preparation
    if isinstance(choice, Ensemble):
        preparation = replace(preparation, beat=None, ensemble=choice)
    else:
        preparation = replace(preparation, beat=choice)
    controller.set_preparation(preparation, "choose beat")


class BeatBox(QComboBox):
    """Offers the complete beats of the selected region."""

    def __init__(
        self, controller: StudyController, analyst: RegionAnalyst, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._controller = controller
        self._analyst = analyst
        self._values: list[BeatChoice] = []
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setToolTip(
            "Which beat is cut into sequences, or the average of all, even or odd ones. Even: "
            "the first, third, … complete beat; odd: the second, fourth, … In alternans they "
            "differ."
        )
        self.activated.connect(lambda index: choose_beat(controller, self._values[index]))
        controller.selection_changed.connect(self._refresh)
        controller.recording_changed.connect(self._refresh)
        controller.preparation_changed.connect(self._refresh)
        analyst.analysed.connect(self._refresh_region)
        self._refresh()

    def _refresh_region(self, region_id: str) -> None:
        # Not for others: the list may be open under the mouse.
        if region_id == self._controller.selected_region_id:
            self._refresh()

    def _refresh(self) -> None:
        region_id = self._controller.selected_region_id
        analysis = self._analyst.analysis(region_id) if region_id else None
        signal = None if analysis is None else analysis.signal
        self.setEnabled(signal is not None)
        self.clear()
        self._values = []
        if signal is None:
            return
        count = len(signal.beats.complete)
        self._values = [*range(count), *Ensemble]
        words = [f"Beat {beat + 1}" for beat in range(count)]
        words += [_WORDS.get(kind, f"Average of {count}") for kind in Ensemble]
        self.addItems(words)
        chosen = _chosen(self._controller.study.preparation)
        self.setCurrentIndex(self._values.index(chosen) if chosen in self._values else -1)


def _chosen(preparation: Preparation) -> BeatChoice:
    return preparation.ensemble if preparation.beat is None else preparation.beat
