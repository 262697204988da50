"""Keeps unsaved work on the disk while the window is open."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, QTimer

from aphyn_gui.gui import settings
from aphyn_gui.gui.background import BackgroundTasks
from aphyn_gui.gui.recovery_file import RecoveryFile
from aphyn_gui.gui.study_controller import StudyController
from aphyn_gui.study import Study

_CHANNEL = "autosave"


class _Place:
    """Where a window keeps its work; its file comes with the first writing, in the thread."""

    def __init__(self, folder: Path, file: RecoveryFile | None = None) -> None:
        self._folder = folder
        self.file = file

    def keep(self, study: Study, project: Path | None) -> None:
        if self.file is None:
            self.file = RecoveryFile.create(self._folder)
        self.file.keep(study, project)

    def clear(self) -> None:
        file, self.file = self.file, None
        if file is not None:
            file.remove()


class Autosave(QObject):
    """Keeps the study some time after a change, and at once when a fit is stored.

    Parameters
    ----------
    controller : StudyController
        Whose study is kept while something of it would be lost.
    tasks : BackgroundTasks
        Where it is written.
    folder : Path
        Where to.
    """

    def __init__(
        self,
        controller: StudyController,
        tasks: BackgroundTasks,
        folder: Path,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._controller = controller
        self._tasks = tasks
        self._folder = folder
        self._place = _Place(folder)
        self._kept: Study | None = None
        self._has_complained = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.keep)
        controller.document_changed.connect(self._on_change)
        controller.fit_changed.connect(self._on_fit)

    @property
    def folder(self) -> Path:
        """Where work is kept."""
        return self._folder

    def adopt(self, file: RecoveryFile) -> None:
        """Go on with a file that was recovered from, so that its work is never without one."""
        self._clear()
        self._place = _Place(self._folder, file)

    def keep(self) -> None:
        """Keep the study now, if something of it would be lost."""
        self._timer.stop()
        document, place = self._controller.document, self._place
        study, project = document.study, document.path
        if not document.is_modified or study is self._kept:
            return
        self._tasks.submit(
            _CHANNEL,
            lambda: place.keep(study, project),
            lambda _: self._on_kept(study),
            lambda error, _details: self._on_failure(error),
        )

    def restart(self) -> None:
        """Take over another interval."""
        self._timer.stop()
        self._on_change()

    def finish(self) -> None:
        """Leave nothing behind; the thread of the tasks has ended."""
        self._timer.stop()
        self._place.clear()

    def _on_change(self) -> None:
        document = self._controller.document
        if not document.is_modified:
            self._timer.stop()
            self._clear()
        elif document.study is not self._kept and not self._timer.isActive():
            interval_s = settings.autosave_interval_s()
            if interval_s:
                self._timer.start(1000 * interval_s)

    def _on_fit(self) -> None:
        if settings.autosave_interval_s():
            self.keep()

    def _on_kept(self, study: Study) -> None:
        self._has_complained = False
        self._kept = study

    def _on_failure(self, error: Exception) -> None:
        if not self._has_complained:
            self._has_complained = True
            self._controller.report(
                "warning", f"Unsaved work cannot be kept for recovery: {error}. Save the study."
            )
        self._on_change()

    def _clear(self) -> None:
        """Remove what is kept; what waits to be written is not written any more."""
        if self._place.file is None and not self._tasks.is_busy:
            return
        self._kept = None
        place = self._place
        self._tasks.submit(_CHANNEL, place.clear, lambda _: None, lambda _error, _details: None)
