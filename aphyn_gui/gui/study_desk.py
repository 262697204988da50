"""The study as a document of the window: its name, its file, its recordings, its recovery."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QFileDialog, QMainWindow

from aphyn_gui.gui import settings
from aphyn_gui.gui.autosave import Autosave
from aphyn_gui.gui.availability import allow
from aphyn_gui.gui.background import BackgroundTasks
from aphyn_gui.gui.dropped_files import dropped_study, left_aside
from aphyn_gui.gui.recording_bar import RecordingBar
from aphyn_gui.gui.recording_loader import RecordingLoader, file_filter
from aphyn_gui.gui.recovery_dialog import RecoveryDialog
from aphyn_gui.gui.recovery_file import AbandonedStudy, find_abandoned
from aphyn_gui.gui.relink_dialog import RelinkDialog
from aphyn_gui.gui.study_controller import StudyController
from aphyn_gui.gui.study_files import StudyFiles
from aphyn_gui.gui.window_actions import WindowActions
from aphyn_gui.study import Document

_TITLE = "aphyn_gui"


class StudyDesk(QObject):
    """Opens, saves, closes and recovers the study of a window.

    Parameters
    ----------
    window : QMainWindow
        Whose title names the study, and where questions are asked.
    controller : StudyController
        Whose study it is.
    loader : RecordingLoader
        Opens files.
    actions : WindowActions
        What the user can ask for.
    bar : RecordingBar
        Where the recordings of the study are.
    recovery_folder : Path or None
        Where unsaved work is kept; None: nowhere.
    """

    def __init__(
        self,
        window: QMainWindow,
        controller: StudyController,
        loader: RecordingLoader,
        actions: WindowActions,
        bar: RecordingBar,
        recovery_folder: Path | None,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._controller = controller
        self._loader = loader
        self._actions = actions
        self.bar = bar
        self.tasks = BackgroundTasks("saving", self)
        self.files = StudyFiles(window, controller, self.tasks)
        self.autosave: Autosave | None = None
        if recovery_folder is not None:
            self.autosave = Autosave(controller, self.tasks, recovery_folder, self)
        self.recovery: RecoveryDialog | None = None
        self.relinking: RelinkDialog | None = None
        self._may_close = False
        self._connect()
        self._show_state()

    def open(self, path: str | Path) -> None:
        """Open a recording or a study instead of what is open, once nothing would be lost.

        A file that cannot be read raises no question. The open study's own file is read after the
        question: an answer may write it.
        """
        own = self._controller.document.path
        if own is not None and own.absolute() == Path(path).absolute():
            self.files.when_safe(lambda: self._loader.open(path))
        else:
            self._loader.open(path, self.files.when_safe)

    def open_demo(self) -> None:
        """Open the demo instead of what is open, once nothing would be lost."""
        self._loader.open_demo(self.files.when_safe)

    def drop(self, paths: list[Path]) -> None:
        """Open a dropped study; else add the recordings to the study, or begin one with them."""
        study = dropped_study(paths)
        if study is None:
            self._loader.add(paths)
            return
        if left_aside(paths, study):
            self._controller.report("info", left_aside(paths, study))
        self.open(study)

    def close_study(self) -> None:
        """Show nothing, once nothing would be lost."""
        self.files.when_safe(self._controller.close_study)

    def ask_for_file(self) -> None:
        """Let the user choose what to open."""
        dialog = self._file_dialog("Open a recording or a study")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self.open)
        dialog.open()

    def ask_for_folder(self) -> None:
        """Let the user choose a folder in which every frame is a file."""
        dialog = self._file_dialog("Open a folder of frames")
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.fileSelected.connect(self.open)
        dialog.open()

    def ask_for_more(self) -> None:
        """Let the user choose recordings to add."""
        dialog = self._file_dialog("Add recordings to the study")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.filesSelected.connect(lambda paths: self.drop([Path(path) for path in paths]))
        dialog.open()

    def find_recordings(self) -> None:
        """Ask where the missing recordings are."""
        if self.relinking is None:
            self.relinking = RelinkDialog(self._window, self._controller, self.tasks)
            self.relinking.destroyed.connect(self._forget_relinking)
        self.relinking.show()
        self.relinking.raise_()

    def offer_recovery(self) -> None:
        """Look for work of programs that have died, and offer it."""
        if self.autosave is None:
            return
        folder = self.autosave.folder
        self.tasks.submit(
            "recovery", lambda: find_abandoned(folder), self._offer, lambda _error, _details: None
        )

    def may_close(self, close: Callable[[], object]) -> bool:
        """Whether the window may close now; if not, ``close`` is called once it may."""

        def go_on() -> None:
            self._may_close = True
            close()

        document = self._controller.document
        if self._may_close or not (document.is_modified or self.files.is_saving):
            return True
        self.files.when_safe(go_on)
        return False

    def discard(self) -> None:
        """Let the window close without a question."""
        self._may_close = True

    def shutdown(self) -> None:
        """Wait for what is written, and leave nothing to recover."""
        for dialog in (self.recovery, self.relinking):
            if dialog is not None:
                dialog.close()
        self.tasks.shutdown()
        if self.autosave is not None:
            self.autosave.finish()

    def _connect(self) -> None:
        actions, controller = self._actions, self._controller
        for action, slot in (
            (actions.open, self.ask_for_file),
            (actions.open_folder, self.ask_for_folder),
            (actions.demo, self.open_demo),
            (actions.add_recording, self.ask_for_more),
            (actions.save, self.files.save),
            (actions.save_as, self.files.save_as),
            (actions.close_study, self.close_study),
            (actions.rename_recording, self.bar.ask_name),
            (actions.remove_recording, self.bar.remove),
            (actions.find_recordings, self.find_recordings),
            (actions.next_recording, lambda: self.bar.step(1)),
            (actions.previous_recording, lambda: self.bar.step(-1)),
        ):
            action.triggered.connect(slot)
        actions.autosave_chosen.connect(self._take_interval)
        controller.document_changed.connect(self._show_state)
        controller.recordings_changed.connect(self._show_state)
        self._loader.opened.connect(self._ask_for_missing)

    def _take_interval(self, seconds: int) -> None:
        settings.remember_autosave_interval(seconds)
        if self.autosave is not None:
            self.autosave.restart()

    def _file_dialog(self, title: str) -> QFileDialog:
        recent = settings.recent_files()
        folder = str(recent[0].parent) if recent else ""
        dialog = QFileDialog(self._window, title, folder, file_filter())
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        return dialog

    def _ask_for_missing(self) -> None:
        if self._controller.document.problems:
            self.find_recordings()

    def _forget_relinking(self) -> None:
        self.relinking = None

    def _forget_recovery(self) -> None:
        self.recovery = None

    def _offer(self, studies: list[AbandonedStudy]) -> None:
        if not studies:
            return
        self.recovery = RecoveryDialog(self._window, studies)
        self.recovery.chosen.connect(self._recover)
        self.recovery.discarded.connect(self._throw_away)
        self.recovery.destroyed.connect(self._forget_recovery)
        self.recovery.show()

    def _recover(self, study: AbandonedStudy) -> None:
        def take_over() -> None:
            # Put off meanwhile: it is offered again, and this window keeps a file of its own.
            if self.recovery is not None and study in self.recovery.studies:
                self.recovery.take_away(study)
                if self.autosave is not None:
                    self.autosave.adopt(study.file)

        self.files.when_safe(lambda: self._loader.recover(study, take_over))

    def _throw_away(self, study: AbandonedStudy) -> None:
        self.tasks.submit(
            f"remove {study.file.path.name}", study.file.remove, lambda _: None,
            lambda error, _details: self._controller.report("warning", f"Not deleted: {error}"),
        )  # fmt: skip

    def _show_state(self) -> None:
        document = self._controller.document
        title = title_of(document)
        if title != self._window.windowTitle():
            self._window.setWindowTitle(title)
        self._window.setWindowModified(document.is_modified)
        actions, study = self._actions, document.study
        is_open = study.current.reference is not None
        allow(
            "" if is_open or document.is_modified else "nothing is open.",
            actions.save, actions.save_as, actions.close_study,
        )  # fmt: skip
        allow(
            "" if is_open else "nothing is open.",
            actions.rename_recording, actions.remove_recording,
        )  # fmt: skip
        allow(
            "" if len(study.recordings) > 1 else "the study has no other recording.",
            actions.next_recording, actions.previous_recording,
        )  # fmt: skip
        is_missing = any(
            entry.reference and entry.id not in document.recordings for entry in study.recordings
        )
        allow("" if is_missing else "no recording is missing.", actions.find_recordings)


def title_of(document: Document) -> str:
    """The window's title: study with Qt's place for the unsaved mark, and what is shown of it."""
    reference = document.study.recording
    # Twice: as it is written, not as the place of the mark.
    shown = "" if reference is None else reference.path.name.replace("[*]", "[*][*]")
    if reference is not None and document.recording is None:
        shown += " (missing)"
    if document.path is None:
        return f"{shown}[*] — {_TITLE}" if shown else f"{_TITLE}[*]"
    name = document.path.name.replace("[*]", "[*][*]")
    return f"{name}[*]: {shown} — {_TITLE}" if shown else f"{name}[*] — {_TITLE}"
