"""Saving and copying plots: in their context menus, and under File > Export."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from aphyn_gui.gui.availability import allow
from aphyn_gui.gui.plot_pictures import PictureKind, picture_for_clipboard, save_picture

Report = Callable[[str, str, str], None]
"""Takes a level, a message and its details."""

ReportFile = Callable[[str, Path], None]
"""Takes a message and the folder that it is about."""


@dataclass(frozen=True, slots=True)
class ExportedPlot:
    """One plot of the window.

    Parameters
    ----------
    name : str
        "forecast": in menus and file names.
    find : callable
        Where it is shown: a pyqtgraph.GraphicsView that is Printable.
    is_filled : callable
        Whether there is anything to see.
    made : signal or None
        Emitted when the view is there; None: it is there already.
    """

    name: str
    find: Callable[[], Any]
    is_filled: Callable[[], bool]
    made: Any = None

    @property
    def view(self) -> Any:
        """Where it is shown."""
        return self.find()


class PictureMenu(QObject):
    """Gives every plot "Save picture…" and "Copy picture".

    Parameters
    ----------
    window : QWidget
        Parent of the file dialogs.
    plots : sequence of ExportedPlot
        In the order of the menu.
    stem : callable
        Beginning of the paths that are suggested: what is shown now, beside its recording.
    report : Report
        For failures, and what went to the clipboard.
    report_file : ReportFile
        For what was written.
    """

    def __init__(
        self,
        window: QWidget,
        plots: Sequence[ExportedPlot],
        stem: Callable[[], Path],
        report: Report,
        report_file: ReportFile,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._stem = stem
        self._report, self._report_file = report, report_file
        self._folder: Path | None = None
        self.menu = QMenu("Picture of", window)
        self.menu.setToolTipsVisible(True)
        self._actions: list[tuple[QAction, ExportedPlot]] = []
        for plot in plots:
            action = self.menu.addAction(f"{plot.name.capitalize()}…")
            action.setToolTip(f"Save the {plot.name} as SVG, PDF or PNG")
            action.triggered.connect(partial(self.ask_and_save, plot))
            self._actions.append((action, plot))
            if plot.made is None:
                self._add_to_context_menu(plot)
            else:
                plot.made.connect(partial(self._add_to_context_menu, plot))
        self.menu.aboutToShow.connect(self.update_actions)

    def update_actions(self) -> None:
        """Offer what there is to see."""
        for action, plot in self._actions:
            allow("" if plot.is_filled() else "the plot is empty.", action)

    def ask_and_save(self, plot: ExportedPlot) -> None:
        """Ask for a file, and write the plot to it."""
        stem = self._stem()
        folder = self._folder or stem.parent
        suggested = str(folder / f"{stem.name}-{plot.name.replace(' ', '-')}.svg")
        filters = ";;".join(kind.filter for kind in PictureKind)
        dialog = QFileDialog(self._window, f"Save the {plot.name}", suggested, filters)
        # Qt's own dialog does not block the event loop, so that training goes on.
        dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(PictureKind.SVG)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        kinds = {kind.filter: kind for kind in PictureKind}
        dialog.filterSelected.connect(lambda chosen: _name_as(dialog, kinds[chosen]))
        dialog.fileSelected.connect(lambda path: self.save(plot, Path(path)))
        dialog.open()

    def save(self, plot: ExportedPlot, path: Path) -> None:
        """Write a plot; a failure becomes a message."""
        try:
            written = save_picture(plot.view, path, self._title(plot))
        except OSError as error:
            reason = error.strerror or str(error)
            self._report(
                "error",
                f"The {plot.name} was not saved to {path} ({reason}): choose another place",
                "",
            )
            return
        self._folder = written.parent
        self._report_file(f"The {plot.name} was saved to {written}.", written.parent)

    def copy(self, plot: ExportedPlot) -> None:
        """Put a plot on the clipboard."""
        data = picture_for_clipboard(plot.view, self._title(plot))
        QGuiApplication.clipboard().setMimeData(data)
        self._report("info", f"The {plot.name} is on the clipboard.", "")

    def _title(self, plot: ExportedPlot) -> str:
        return f"{self._stem()}{plot.name}"

    def _add_to_context_menu(self, plot: ExportedPlot) -> None:
        save, copy = QAction("Save picture…", self), QAction("Copy picture", self)
        save.triggered.connect(partial(self.ask_and_save, plot))
        copy.triggered.connect(partial(self.copy, plot))
        scene = plot.view.scene()
        # pyqtgraph's own entry opens a dialog whose SVG fails on newer versions of Qt.
        scene.contextMenu = [save, copy]
        own = QMenu(plot.view)
        own.addActions([save, copy])

        def show_own(event: Any) -> None:
            is_right = event.button() == Qt.MouseButton.RightButton
            # A plot with a menu of its own has taken the click, and shows both in it.
            if is_right and not event.isAccepted():
                own.popup(event.screenPos().toPoint())

        scene.sigMouseClicked.connect(show_own)


def _name_as(dialog: QFileDialog, kind: PictureKind) -> None:
    """Let the name that is written follow the form that was chosen."""
    dialog.setDefaultSuffix(kind)
    names = dialog.selectedFiles()
    if names:
        dialog.selectFile(str(Path(names[0]).with_suffix(f".{kind}").name))
