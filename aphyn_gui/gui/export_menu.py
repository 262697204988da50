"""File > Export: the study, single parts of it, and pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from aphyn_gui.gui.availability import allow
from aphyn_gui.gui.picture_menu import PictureMenu
from aphyn_gui.gui.study_controller import StudyController
from aphyn_gui.gui.study_exporter import StudyExporter
from aphyn_gui.study import StudyError
from aphyn_gui.study.writing import write_text

if TYPE_CHECKING:
    # What can be written is loaded when something is: the window opens sooner.
    from aphyn_gui.gui.export_dialog import ExportDialog
    from aphyn_gui.study.export import ExportPart, ExportProgress

_REPORT_NAME, _SCRIPT_NAME = "report.html", "fit_again.py"


class ExportMenu(QObject):
    """The menu and what its entries do.

    Parameters
    ----------
    window : QWidget
        Parent of the dialogs.
    controller : StudyController
        Whose study is written, as it is when an entry is chosen.
    exporter : StudyExporter
        What writes.
    pictures : PictureMenu
        The plots.
    """

    def __init__(
        self,
        window: QWidget,
        controller: StudyController,
        exporter: StudyExporter,
        pictures: PictureMenu,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._controller = controller
        self._exporter = exporter
        self._dialog: ExportDialog | None = None
        self.menu = QMenu("Export", window)
        self.menu.setToolTipsVisible(True)
        self.study = self._add("All results…", "Tables, series, report, script, models", self.ask)
        self.menu.addSeparator()
        self.report = self._add(
            "Report (HTML)…",
            "One HTML page with figures, tables and methods",
            partial(self._ask_for_file, "Save the report", _REPORT_NAME, "HTML (*.html)", "html"),
        )
        self.script = self._add(
            "Script (Python)…",
            "A Python script that makes the fits again",
            partial(self._ask_for_file, "Save the script", _SCRIPT_NAME, "Python (*.py)", "py"),
        )
        self.models = self._add(
            "Models (Myokit, openCARP, Finitewave)…",
            "The fitted physics for other simulators",
            self._ask_for_models,
        )
        self.menu.addSeparator()
        self.menu.addMenu(pictures.menu)
        self.menu.aboutToShow.connect(self._update)

    def ask(self) -> None:
        """Show the dialog that exports the whole study."""
        if self._dialog is None:
            from aphyn_gui.gui.export_dialog import ExportDialog

            self._dialog = ExportDialog(self._window, self._exporter)
            self._dialog.export_requested.connect(self.export)
        self._dialog.suggest(self._suggested_folder() / "results")
        self._dialog.show()
        self._dialog.raise_()
        self._dialog.activateWindow()

    def export(self, folder: Path, what: frozenset[ExportPart]) -> None:
        """Write parts of the study into a folder."""
        from aphyn_gui.study.export import export_in_steps

        document = self._controller.document
        study, recordings = document.study, tuple(document.recordings.values())
        self._exporter.start(lambda: export_in_steps(study, recordings, folder, what=what), folder)

    def save_file(self, path: Path) -> None:
        """Write the report or, with the suffix ".py", the script."""
        from aphyn_gui.study.export import export_script, html_report

        document = self._controller.document
        study, recordings = document.study, tuple(document.recordings.values())
        if path.suffix == ".py":
            steps = partial(_one_file, path, partial(export_script, study))
        else:
            steps = partial(_one_file, path, partial(html_report, study, recordings))
        self._exporter.start(steps, path.parent)

    def _add(self, text: str, tip: str, slot: Callable[[], None]) -> QAction:
        action = self.menu.addAction(text)
        action.setToolTip(tip)
        action.triggered.connect(lambda: slot())
        return action

    def _update(self) -> None:
        is_running = self._exporter.is_running
        unfitted = "" if self._controller.study.fits else "fit a region first."
        busy = "another export is running." if is_running else ""
        allow(busy or unfitted, self.report, self.script, self.models)
        # Its dialog shows how far an export is.
        allow("" if is_running else unfitted, self.study)

    def _suggested_folder(self) -> Path:
        reference = self._controller.study.recording
        return Path() if reference is None else reference.path.parent

    def _ask_for_file(self, title: str, name: str, file_filter: str, suffix: str) -> None:
        dialog = QFileDialog(self._window, title, str(self._suggested_folder() / name), file_filter)
        # Qt's own dialog does not block the event loop, so that training goes on.
        dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(suffix)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda path: self.save_file(Path(path)))
        dialog.open()

    def _ask_for_models(self) -> None:
        from aphyn_gui.study.export import ExportPart

        dialog = QFileDialog(self._window, "Folder for the models", str(self._suggested_folder()))
        dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(
            lambda path: self.export(Path(path), frozenset({ExportPart.MODELS}))
        )
        dialog.open()


def _one_file(path: Path, text: Callable[[], str]) -> Iterator[ExportProgress]:
    from aphyn_gui.study.export import ExportProgress

    try:
        yield ExportProgress((write_text(path, text()),), 1, 1)
    except OSError as error:
        raise StudyError(
            f"{path} cannot be written ({error.strerror}): choose another place, or close the "
            "program that has the file open"
        ) from error
