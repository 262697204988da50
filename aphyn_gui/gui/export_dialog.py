"""Which parts of a study to export, and where to."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from aphyn_gui.gui.study_exporter import StudyExporter
from aphyn_gui.study.export import ExportPart

_INDENT = 24


class ExportDialog(QDialog):
    """Asks for a folder and parts, shows the progress, and blocks nothing.

    It closes when all is written, so that the message about it is seen; otherwise it stays, for
    another try.

    Parameters
    ----------
    exporter : StudyExporter
        What does the work.

    Signals
    -------
    export_requested(Path, frozenset)
        The folder, and the parts that were chosen.
    """

    export_requested = Signal(Path, frozenset)

    def __init__(self, parent: QWidget, exporter: StudyExporter) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export the study")
        self._exporter = exporter
        self._has_asked = False
        self.folder = QLineEdit()
        self.folder.setPlaceholderText("A folder; it is made where it is missing")
        self.browse = QPushButton("Browse…")
        self.parts = {part: QCheckBox(part.value.capitalize()) for part in ExportPart}
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.words = QLabel()
        self.words.setProperty("role", "muted")
        self.write = QPushButton("Write")
        self.write.setProperty("primary", True)
        self.close_button = QPushButton("Close")
        self._build()
        self.browse.clicked.connect(self._ask_for_folder)
        self.write.clicked.connect(self._request)
        self.close_button.clicked.connect(self._cancel_or_close)
        self.folder.textChanged.connect(self._update)
        for box in self.parts.values():
            box.toggled.connect(self._update)
        exporter.progressed.connect(self._show_progress)
        exporter.state_changed.connect(self._update)
        exporter.ended.connect(self._end)
        self._update()

    def suggest(self, folder: Path) -> None:
        """Offer a folder, unless one was chosen before."""
        if not self.folder.text():
            self.folder.setText(str(folder))

    def _build(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 14, 16, 14)
        layout.setSpacing(4)
        where = QHBoxLayout()
        where.addWidget(QLabel("Folder"))
        where.addWidget(self.folder, 1)
        where.addWidget(self.browse)
        layout.addLayout(where)
        layout.addSpacing(8)
        for part, box in self.parts.items():
            box.setChecked(True)
            meaning = QLabel(f"{part.meaning[0].upper()}{part.meaning[1:]}.")
            meaning.setProperty("role", "muted")
            meaning.setIndent(_INDENT)
            layout.addWidget(box)
            layout.addWidget(meaning)
        layout.addSpacing(8)
        note = QLabel("Files of the same names are replaced.")
        note.setProperty("role", "muted")
        layout.addWidget(note)
        layout.addWidget(self.progress)
        buttons = QHBoxLayout()
        buttons.addWidget(self.words, 1)
        buttons.addWidget(self.write)
        buttons.addWidget(self.close_button)
        layout.addLayout(buttons)

    def _chosen(self) -> frozenset[ExportPart]:
        return frozenset(part for part, box in self.parts.items() if box.isChecked())

    def _request(self) -> None:
        self.progress.setRange(0, 0)
        self.words.setText("Writing…")
        self._has_asked = True
        self.export_requested.emit(Path(self.folder.text().strip()).expanduser(), self._chosen())

    def _cancel_or_close(self) -> None:
        if self._exporter.is_running:
            self._exporter.cancel()
        else:
            self.close()

    def _update(self) -> None:
        is_running = self._exporter.is_running
        for widget in (self.folder, self.browse, *self.parts.values()):
            widget.setEnabled(not is_running)
        can_write = bool(self.folder.text().strip()) and bool(self._chosen())
        self.write.setEnabled(can_write and not is_running)
        self.close_button.setText("Cancel" if is_running else "Close")
        if self._exporter.is_cancelling:
            self.words.setText("Cancelling…")
        elif not is_running:
            self.words.clear()
            self.progress.setRange(0, 1)
            self.progress.reset()

    def _end(self, is_whole: bool) -> None:
        # The report and the script are written by themselves while this is open.
        if not self._has_asked:
            return
        self._has_asked = False
        if is_whole:
            self.close()
        else:
            self.words.setText("Not all was written.")

    def _show_progress(self, done: int, steps: int) -> None:
        self.progress.setRange(0, steps)
        self.progress.setValue(done)
        if not self._exporter.is_cancelling:
            self.words.setText(f"Step {done} of {steps}")

    def _ask_for_folder(self) -> None:
        dialog = QFileDialog(self, "Export to", self.folder.text())
        # Qt's own dialog does not block the event loop, so that training goes on.
        dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.folder.setText)
        dialog.open()
