"""What the window can write: wiring between its views and the export menu."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMenu

from aphyn_gui.gui.export_menu import ExportMenu
from aphyn_gui.gui.picture_menu import ExportedPlot, PictureMenu
from aphyn_gui.gui.study_exporter import StudyExporter
from aphyn_gui.study.writing import file_name

if TYPE_CHECKING:
    from aphyn_gui.gui.main_window import MainWindow


class WindowExports(QObject):
    """Menus and worker of one window."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        report = window.controller.report
        self.exporter = StudyExporter(self, report, self._report_file)
        self.pictures = PictureMenu(window, _plots(window), self._stem, report, self._report_file)
        self._export = ExportMenu(window, window.controller, self.exporter, self.pictures)

    @property
    def menu(self) -> QMenu:
        """File > Export."""
        return self._export.menu

    def shutdown(self) -> None:
        """Cancel what is being written, and wait."""
        self.exporter.shutdown()

    def _report_file(self, text: str, folder: Path) -> None:
        self._window.log_view.write("info", text, "")
        self._window.toaster.show("info", text, "", folder)

    def _stem(self) -> Path:
        """What is shown: recording and selected region, as a file name can say it."""
        controller = self._window.controller
        reference, region = controller.study.recording, controller.selected_region
        names = ["aphyn"] if reference is None else [reference.path.stem]
        names += [] if region is None else [region.name]
        folder = Path() if reference is None else reference.path.parent
        return folder / "-".join(file_name(name, "-") for name in names)


def _plots(window: MainWindow) -> tuple[ExportedPlot, ...]:
    fit, comparison = window.fit_view, window.comparison_view

    def has_picture() -> bool:
        return fit.picture is not None

    def has_fits() -> bool:
        return bool(window.controller.study.fits)

    def has_recording() -> bool:
        return window.controller.recording is not None

    def there(view: Any) -> Callable[[], Any]:
        return lambda: view

    canvas, trace, network = window.movie_view.canvas, window.trace_view, fit.network
    return (
        ExportedPlot("movie with regions", there(canvas), has_recording),
        ExportedPlot("trace", there(trace.plot), lambda: trace.has_trace),
        ExportedPlot("forecast", there(fit.forecast), has_picture),
        ExportedPlot("decomposition", there(fit.decomposition), has_picture),
        ExportedPlot("loss", there(fit.losses), has_picture),
        ExportedPlot("course of parameters", there(fit.parameters), has_picture),
        ExportedPlot(
            "network", lambda: network.plane, lambda: network.is_filled, network.plane_made
        ),
        ExportedPlot("action potentials", there(comparison.overlay), has_fits),
        ExportedPlot("parameters", there(comparison.dots), has_fits),
    )
