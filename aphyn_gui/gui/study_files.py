"""Saves the study, and asks before anything of it would be lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from aphyn_gui.gui import settings
from aphyn_gui.gui.background import BackgroundTasks
from aphyn_gui.gui.study_controller import StudyController
from aphyn_gui.study import PROJECT_SUFFIX, Study, StudyError

_CHANNEL = "save"


class StudyFiles(QObject):
    """The project file of the study that is open.

    Parameters
    ----------
    window : QWidget
        Where questions are asked.
    controller : StudyController
        Whose study it is.
    tasks : BackgroundTasks
        Where files are written.

    Signals
    -------
    saved(str)
        The study is in that file.
    """

    saved = Signal(str)

    def __init__(
        self, window: QWidget, controller: StudyController, tasks: BackgroundTasks
    ) -> None:
        super().__init__(window)
        self._window = window
        self._controller = controller
        self._tasks = tasks
        self._is_saving = False
        self._then: Callable[[], None] | None = None
        self._question: QMessageBox | None = None

    @property
    def is_saving(self) -> bool:
        """Whether the study is being written."""
        return self._is_saving

    def save(self) -> None:
        """Save where it was saved before, or ask where to."""
        path = self._controller.document.path
        if path is None:
            self.save_as()
        else:
            self.save_to(path)

    def save_as(self) -> None:
        """Ask where to, and save."""
        dialog = QFileDialog(
            self._window, "Save the study", str(self._suggestion()),
            f"Studies (*{PROJECT_SUFFIX})",
        )  # fmt: skip
        # Qt's own dialog does not block the event loop, so that training goes on.
        dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(PROJECT_SUFFIX[1:])
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self._save_to_chosen)
        dialog.rejected.connect(self._forget_what_follows)
        dialog.open()

    def save_to(self, path: Path) -> None:
        """Write the study as it is now; failures become messages."""
        study = self._controller.study
        self._is_saving = True

        def write() -> Study:
            from aphyn_gui.study.project_file import save_project

            return save_project(study, path)

        self._tasks.submit(
            _CHANNEL,
            write,
            lambda saved: self._on_saved(saved, path),
            self._on_failure,
        )

    def when_safe(self, go_on: Callable[[], None]) -> None:
        """Go on at once where nothing would be lost, else when the user has saved or discarded."""
        if self._is_saving:
            self._then = lambda: self.when_safe(go_on)
        elif self._controller.document.is_modified:
            self._ask(go_on)
        else:
            go_on()

    def _ask(self, go_on: Callable[[], None]) -> None:
        if self._question is not None:
            self._question.raise_()
            return
        buttons = QMessageBox.StandardButton
        box = QMessageBox(
            QMessageBox.Icon.Warning,
            "Unsaved changes",
            f"Save the study of {self._controller.document.name}?"
            if self._controller.document.name
            else "Save the study?",
            buttons.Save | buttons.Discard | buttons.Cancel,
            self._window,
        )
        box.setInformativeText(
            "Regions, settings and fits that are not saved will be lost. The recordings themselves "
            "are never changed."
        )
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setDefaultButton(buttons.Save)
        box.setEscapeButton(buttons.Cancel)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for button, meaning in (
            (buttons.Save, "Save the study, then go on"),
            (buttons.Discard, "Go on without saving"),
            (buttons.Cancel, "Go back to the study"),
        ):
            box.button(button).setToolTip(meaning)
        box.finished.connect(lambda answer: self._take_answer(answer, go_on))
        self._question = box
        box.open()

    def _take_answer(self, answer: int, go_on: Callable[[], None]) -> None:
        self._question = None
        if answer == QMessageBox.StandardButton.Save:
            # What has changed while it was written is asked about again.
            self._then = lambda: self.when_safe(go_on)
            self.save()
        elif answer == QMessageBox.StandardButton.Discard:
            go_on()

    def _suggestion(self) -> Path:
        document = self._controller.document
        if document.path is not None:
            return document.path
        reference = document.study.recordings[0].reference
        if reference is None:
            return Path(f"study{PROJECT_SUFFIX}")
        return reference.path.with_suffix(PROJECT_SUFFIX)

    def _save_to_chosen(self, chosen: str) -> None:
        path = Path(chosen)
        if path.suffix.lower() != PROJECT_SUFFIX:
            path = path.with_name(path.name + PROJECT_SUFFIX)
            if path.exists():
                # The dialog has asked about the name without the ending.
                self._forget_what_follows()
                self._controller.report(
                    "error", f"Not saved: {path.name} exists already; choose it by its whole name."
                )
                return
        self.save_to(path)

    def _on_saved(self, saved: Study, path: Path) -> None:
        self._is_saving = False
        self._controller.mark_saved(saved, path)
        settings.remember_recent_file(path)
        self._controller.report("info", f"Saved: {path.name}.")
        self.saved.emit(str(path))
        then, self._then = self._then, None
        if then is not None:
            then()

    def _on_failure(self, error: Exception, details: str) -> None:
        self._is_saving = False
        self._forget_what_follows()
        is_known = isinstance(error, StudyError)
        text = (
            str(error) if is_known else f"Not saved: an unexpected {type(error).__name__}: {error}"
        )
        self._controller.report("error", text, "" if is_known else details)

    def _forget_what_follows(self) -> None:
        self._then = None
