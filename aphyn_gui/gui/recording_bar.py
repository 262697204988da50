"""Which of a study's recordings is shown: a line above the movie, only where there are several."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, QSize, Qt
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QInputDialog,
    QLabel,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from aphyn_gui.gui.icons import icon
from aphyn_gui.gui.study_controller import StudyController
from aphyn_gui.gui.theme import theme_manager
from aphyn_gui.study import StudyError

_SHORTEST_NAME = 12
"""Letters."""


class RecordingBar(QWidget):
    """Shows another recording of the study, renames and removes it.

    Parameters
    ----------
    controller : StudyController
        Whose recordings they are.
    """

    def __init__(self, controller: StudyController) -> None:
        super().__init__()
        self._controller = controller
        self.combo = QComboBox()
        self.combo.setToolTip(
            "Recording that is shown (Ctrl+Page Up, Ctrl+Page Down): each has its own regions and "
            "preparation; Fit all and Comparison are about all of them"
        )
        self.combo.setMinimumContentsLength(_SHORTEST_NAME)
        self.combo.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.combo.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.place = QLabel()
        self.place.setProperty("role", "muted")
        self._rename = QToolButton()
        self._rename.setToolTip("Give this recording another name")
        self._remove = QToolButton()
        self._remove.setToolTip(
            "Take this recording out of the study, with its regions and fits; its file stays"
        )
        row = QHBoxLayout(self)
        row.setContentsMargins(6, 4, 6, 0)
        row.setSpacing(6)
        row.addWidget(self.combo, 1)
        row.addWidget(self.place)
        row.addWidget(self._rename)
        row.addWidget(self._remove)
        self.combo.activated.connect(self._show_chosen)
        self._rename.clicked.connect(self.ask_name)
        self._remove.clicked.connect(self.remove)
        theme_manager().changed.connect(self._apply_theme)
        controller.recordings_changed.connect(self._fill)
        self._apply_theme()
        self._fill()

    def minimumSizeHint(self) -> QSize:
        """As narrow as the movie: a long name never widens its panel."""
        return QSize(0, super().minimumSizeHint().height())

    def step(self, distance: int) -> None:
        """Show the recording so many places after the current one; the first follows the last."""
        entries = self._controller.study.recordings
        place = entries.index(self._controller.study.current)
        self._controller.show_recording(entries[(place + distance) % len(entries)].id)

    def ask_name(self) -> None:
        """Ask for another name of the current recording."""
        entry = self._controller.study.current
        dialog = QInputDialog(self)
        dialog.setWindowTitle("Rename recording")
        dialog.setLabelText("Name of the recording in this study; its file keeps its own.")
        dialog.setTextValue(entry.name)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.textValueSelected.connect(lambda name: self._take_name(entry.id, name))
        dialog.open()

    def remove(self) -> None:
        """Take the current recording out of the study; undoing brings it back."""
        self._controller.remove_recording(self._controller.study.current_id)

    def _take_name(self, recording_id: str, name: str) -> None:
        try:
            self._controller.rename_recording(recording_id, name.strip())
        except StudyError as error:
            self._controller.report("error", str(error))

    def _show_chosen(self, index: int) -> None:
        self._controller.show_recording(self.combo.itemData(index))

    def _fill(self) -> None:
        study = self._controller.study
        with QSignalBlocker(self.combo):
            self.combo.clear()
            for entry in study.recordings:
                self.combo.addItem(self._words(entry.id), entry.id)
                if entry.reference is not None:
                    row = self.combo.count() - 1
                    path = str(entry.reference.path)
                    self.combo.setItemData(row, path, Qt.ItemDataRole.ToolTipRole)
            place = study.recordings.index(study.current)
            self.combo.setCurrentIndex(place)
        self.place.setText(f"{place + 1} of {len(study.recordings)}")
        self.setVisible(len(study.recordings) > 1)

    def _words(self, recording_id: str) -> str:
        name = self._controller.study.recording_entry(recording_id).name
        return name if recording_id in self._controller.document.recordings else f"{name} (missing)"

    def _apply_theme(self) -> None:
        self._rename.setIcon(icon("rename"))
        self._remove.setIcon(icon("cancel"))
