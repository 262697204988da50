"""Finds recordings of a study again that are missing, or are no longer what was analysed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from aphyn_gui.gui.background import BackgroundTasks
from aphyn_gui.gui.recording_loader import file_filter
from aphyn_gui.gui.study_controller import StudyController
from aphyn_gui.recording import Recording
from aphyn_gui.study import RecordingReference, Study, StudyError

_WIDTH = 600


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """A recording at a place the user has chosen, and how it differs from what was analysed."""

    recording: Recording
    reference: RecordingReference
    difference: str


class RelinkDialog(QDialog):
    """Not modal: regions and fits can be used without their recordings.

    Parameters
    ----------
    parent : QWidget
        The window.
    controller : StudyController
        Whose recordings are missing.
    tasks : BackgroundTasks
        Where files are read.
    """

    def __init__(
        self, parent: QWidget, controller: StudyController, tasks: BackgroundTasks
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Find recordings")
        self.setModal(False)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._controller = controller
        self._tasks = tasks
        self._entries: dict[str, _Entry] = {}
        words = QLabel(
            "These recordings were not found where they were. Regions, fits, comparison and "
            "exports can be used without them; new fits need them."
        )
        words.setWordWrap(True)
        body = QWidget()
        self._rows = QVBoxLayout(body)
        self._rows.setContentsMargins(0, 0, 8, 0)
        self._rows.setSpacing(10)
        self._rows.addStretch(1)
        area = QScrollArea()
        area.setWidget(body)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        close = QPushButton("Close")
        close.setToolTip("Go on without them (Escape); Recording, Find recordings… asks again")
        close.clicked.connect(self.reject)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 14, 20, 14)
        layout.setSpacing(12)
        layout.addWidget(words)
        layout.addWidget(area, 1)
        layout.addLayout(row)
        self.resize(_WIDTH, 320)
        controller.recordings_changed.connect(self._fill)
        self._fill()

    def entry(self, recording_id: str) -> _Entry:
        """What is shown of a missing recording."""
        return self._entries[recording_id]

    def look_at(self, recording_id: str, path: Path) -> None:
        """Compare a file with what was analysed, and use it where it is the same."""
        study = self._controller.study
        self._tasks.submit(
            f"relink {recording_id}",
            lambda: _look(study, recording_id, path),
            lambda found: self._take(recording_id, found),
            lambda error, _details: self._refuse(recording_id, path, error),
        )

    def done(self, result: int) -> None:
        """Answers that are under way have nobody to arrive at; every way of closing ends here."""
        for recording_id in self._entries:
            self._tasks.cancel(f"relink {recording_id}")
        self._tasks.cancel("relink others")
        self._controller.recordings_changed.disconnect(self._fill)
        super().done(result)

    def _fill(self) -> None:
        document = self._controller.document
        missing = {
            entry.id: (entry.name, entry.reference.path, document.problems.get(entry.id, ""))
            for entry in document.study.recordings
            if entry.reference is not None and entry.id not in document.recordings
        }
        for recording_id in set(self._entries) - set(missing):
            self._entries.pop(recording_id).deleteLater()
        for recording_id, (name, path, problem) in missing.items():
            if recording_id not in self._entries:
                entry = _Entry(name, path, problem)
                entry.choose.clicked.connect(lambda _=False, key=recording_id: self._ask(key))
                self._entries[recording_id] = entry
                self._rows.insertWidget(self._rows.count() - 1, entry)
        if not self._entries:
            self.accept()

    def _ask(self, recording_id: str) -> None:
        reference = self._controller.study.recording_entry(recording_id).reference
        if reference is None:
            return
        dialog = QFileDialog(self, f"Where is {reference.path.name}?", "", file_filter())
        # A folder of frames has a name without an ending.
        modes = QFileDialog.FileMode
        is_file = bool(reference.path.suffix)
        dialog.setFileMode(modes.ExistingFile if is_file else modes.Directory)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda path: self.look_at(recording_id, Path(path)))
        dialog.open()

    def _take(self, recording_id: str, found: _Found) -> None:
        entry = self._entries.get(recording_id)
        if entry is None:
            return
        if found.difference:
            entry.warn(found.difference, lambda: self._use(recording_id, found))
        else:
            self._use(recording_id, found)

    def _use(self, recording_id: str, found: _Found) -> None:
        self._controller.relink_recording(recording_id, found.recording, found.reference)
        name = found.reference.path.name
        self._controller.report("info", f"{name} is part of the study again.")
        if self._entries:
            self._look_beside(found.reference.path.parent)

    def _look_beside(self, folder: Path) -> None:
        """Recordings that were moved together are found together."""
        study, missing = self._controller.study, tuple(self._entries)

        def look() -> dict[str, _Found]:
            found = {}
            for recording_id in missing:
                reference = study.recording_entry(recording_id).reference
                if reference is None:
                    continue
                try:
                    answer = _look(study, recording_id, folder / reference.path.name)
                except ValueError:
                    continue
                if not answer.difference:
                    found[recording_id] = answer
            return found

        def take(found: dict[str, _Found]) -> None:
            for recording_id, answer in found.items():
                if recording_id in self._entries:
                    self._controller.relink_recording(
                        recording_id, answer.recording, answer.reference
                    )

        self._tasks.submit("relink others", look, take, lambda _error, _details: None)

    def _refuse(self, recording_id: str, path: Path, error: Exception) -> None:
        entry = self._entries.get(recording_id)
        if entry is not None:
            name = "" if path.name in str(error) else f"{path.name}: "
            entry.warn(f"{name}{error}", None)


class _Entry(QFrame):
    """One missing recording: its name, where it was, what is wrong, and another place for it."""

    def __init__(self, name: str, path: Path, problem: str) -> None:
        super().__init__()
        title = QLabel(name)
        font = title.font()
        font.setBold(True)
        title.setFont(font)
        place = QLabel(f"It was {path}")
        place.setProperty("role", "muted")
        place.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.problem = QLabel(problem)
        self.warning = QLabel()
        self.warning.setProperty("role", "error")
        self.warning.hide()
        for label in (title, place, self.problem, self.warning):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
        self.choose = QPushButton("Choose…")
        self.choose.setToolTip("Choose where this recording is now; its content is compared")
        self.choose.setAutoDefault(False)
        self.use = QPushButton("Use it all the same")
        self.use.setToolTip("Use this file although it is not known to be what was analysed")
        self.use.setAutoDefault(False)
        self.use.hide()
        self.use.clicked.connect(self._use_it)
        self._use: Callable[[], None] | None = None
        buttons = QHBoxLayout()
        buttons.addWidget(self.choose)
        buttons.addWidget(self.use)
        buttons.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        for label in (title, place, self.problem, self.warning):
            layout.addWidget(label)
        layout.addLayout(buttons)

    def warn(self, text: str, use: Callable[[], None] | None) -> None:
        """Say what is wrong with a chosen file; ``use`` is called if it is used all the same."""
        self.warning.setText(text)
        self.warning.show()
        self.use.setVisible(use is not None)
        self._use = use

    def _use_it(self) -> None:
        if self._use is not None:
            self._use()


def _look(study: Study, recording_id: str, path: Path) -> _Found:
    """Open a recording at another place, and compare its content with what was analysed.

    Raises
    ------
    StudyError, RecordingError
        If it cannot be used.
    """
    from aphyn_gui.study.locating import relinked
    from aphyn_gui.study.opening import open_referenced

    relink = relinked(study, recording_id, path)
    entry = relink.study.recording_entry(recording_id)
    if entry.reference is None:
        raise StudyError("nothing is open that could be found elsewhere")
    recording = open_referenced(entry.reference)
    size = recording.row_count, recording.column_count
    outside = [region.name for region in entry.regions if not region.roi.lies_inside(*size)]
    words = [relink.difference] if relink.difference else []
    if outside:
        words.append(f"Outside its image: {', '.join(outside)}.")
    return _Found(recording, entry.reference, " ".join(words))
