"""Maps beside the movie: the chooser, the layer, what the mouse is on, and exports."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, QPoint, Qt, Signal
from PySide6.QtWidgets import QComboBox, QFileDialog, QMenu, QToolButton, QWidgetAction

from aphyn_gui.gui.availability import allow
from aphyn_gui.gui.background import BackgroundTasks
from aphyn_gui.gui.map_keeper import MapKeeper
from aphyn_gui.gui.map_options import MapOptions, MapOptionsForm
from aphyn_gui.gui.movie_view import MovieView
from aphyn_gui.gui.study_controller import StudyController
from aphyn_gui.gui.symbols import symbol_html, symbol_text
from aphyn_gui.recording import RecordingError, isochrone_step

if TYPE_CHECKING:
    from aphyn_gui.study.map_choice import MapChoice, ShownMap

_MOVIE = "Movie"
_PICTURE = ".png"
_CHOOSER_LETTERS = 9
"""Room in the chooser; its list is as wide as it must be."""
_SCROLL_BAR = 24
_MOST_LINES = 200


class MapView(QObject):
    """Shows the keeper's map on the movie.

    Signals
    -------
    availability_changed(bool)
        Whether a map is there to be exported.
    fitted_chosen()
        The user chose a map of parameters.
    """

    availability_changed = Signal(bool)
    fitted_chosen = Signal()

    def __init__(
        self,
        controller: StudyController,
        keeper: MapKeeper,
        movie: MovieView,
        tasks: BackgroundTasks,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._controller = controller
        self._keeper = keeper
        self._movie = movie
        self._tasks = tasks
        self._options = MapOptions()
        self._progress = ""
        self._pixel = (-1, -1)
        self.chooser = QComboBox()
        self.chooser.setObjectName("map")
        self.chooser.setToolTip(
            "The movie, a map measured from each pixel's averaged beat, or a map of the model's "
            "parameters fitted to each pixel. Hatched: not to be trusted."
        )
        self.chooser.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.chooser.setMinimumContentsLength(_CHOOSER_LETTERS)
        self.options_button = QToolButton()
        self.options_button.setObjectName("map_options")
        self.options_button.setText("⋯")
        self.options_button.setToolTip("Limits, isochrones and levels of the maps; export")
        self.options_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.form = MapOptionsForm()
        self.menu = QMenu(self.options_button)
        self._build_menu()
        for widget in (self.chooser, self.options_button):
            movie.add_control(widget)
        self._fill()
        self.chooser.activated.connect(self._choose)
        self.form.options_changed.connect(self._take_options)
        self.form.levels_changed.connect(self._take_levels)
        keeper.changed.connect(self._draw)
        keeper.progressed.connect(self._show_progress)
        movie.canvas.pixel_hovered.connect(self._hover)
        movie.canvas.menu_requested.connect(self._pop_up)
        controller.protocol_changed.connect(self._fill)
        controller.recording_changed.connect(self._enable)
        self._enable()

    @property
    def readout(self) -> str:
        """What is said about the pixel under the mouse, or about the work."""
        shown, (row, column) = self._keeper.shown(), self._pixel
        if shown is None or row < 0:
            return self._progress
        if row >= shown.values.shape[0] or column >= shown.values.shape[1]:
            return self._progress
        place = f"row {row}, column {column}"
        value = float(shown.values[row, column])
        reason = self._keeper.why_empty(row, column)
        if value != value:
            why = reason or "its trace does not reach the level"
            return f"{place}: no {symbol_text(shown.choice.title)}: {why}"
        fit = self._keeper.fitted() if shown.flagged is not None else None
        flags = "" if fit is None else ", ".join(fit.flags_at(row, column))
        number = f"{symbol_text(shown.choice.title)} {value:.4g} {shown.unit}".rstrip()
        return f"{place}: {number}{f' ({flags})' if flags else ''}"

    def measures_at(self, row: int, column: int) -> str:
        """What the maps that are there say about a pixel, for the user."""
        maps = self._keeper.measured()
        if maps is None or maps.unmeasured.shape <= (row, column):
            return ""
        reason = self._keeper.why_empty(row, column)
        values = [
            f"{_short_name(one.name)} {float(one.values[row, column]):.4g} {one.unit}".rstrip()
            for one in maps.maps
            if one.values[row, column] == one.values[row, column]
        ]
        return " · ".join(values) or reason

    def ask_for_export(self) -> None:
        """Ask where the map that is shown shall be written."""
        shown, recording = self._keeper.shown(), self._controller.recording
        if shown is None or recording is None:
            return
        name = f"{recording.path.stem}_{shown.choice.title.lower().replace(' ', '_')}.csv"
        dialog = QFileDialog(self._movie, "Export map", str(recording.path.with_name(name)))
        dialog.setNameFilters(
            ["CSV (*.csv)", "NumPy (*.npy)", "TIFF, 32 bit (*.tif *.tiff)", "Picture (*.png)"]
        )
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("csv")
        dialog.filterSelected.connect(
            lambda chosen: dialog.setDefaultSuffix(chosen.split("*.")[1].split(" ")[0].strip(")"))
        )
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda path: self.export(Path(path)))
        dialog.open()

    def export(self, path: Path) -> None:
        """Write the map that is shown; the suffix says how: numbers, or a picture."""
        shown, recording = self._keeper.shown(), self._controller.recording
        if shown is None or recording is None:
            return
        if path.suffix.lower() == _PICTURE:
            if not self._movie.canvas.grab().save(str(path)):
                self._controller.report("error", f"{path.name} could not be written.")
            else:
                self._controller.report("info", f"The picture was written to {path}.")
            return
        pitch = recording.pixel_pitch_mm

        def write() -> None:
            from aphyn_gui.study.export.maps import write_map

            write_map(path, shown.values, shown.choice.title, shown.unit, shown.definition, pitch)

        self._tasks.submit(
            "export map",
            write,
            lambda _: self._controller.report("info", f"The map was written to {path}."),
            lambda error, details: self._controller.report(
                "error", f"{path.name} was not written: {error}", details
            ),
        )

    def _build_menu(self) -> None:
        holder = QWidgetAction(self.menu)
        holder.setDefaultWidget(self.form)
        self.menu.addAction(holder)
        self.menu.addSeparator()
        self.cancel_action = self.menu.addAction("Cancel the computation")
        self.cancel_action.triggered.connect(self._keeper.cancel)
        self.export_action = self.menu.addAction("Export map…")
        self.export_action.triggered.connect(self.ask_for_export)
        self.menu.aboutToShow.connect(self._enable)
        self.options_button.setMenu(self.menu)

    def _pop_up(self, point: QPoint) -> None:
        if self._keeper.choice is not None:
            self._enable()
            self.menu.popup(point)

    def _enable(self) -> None:
        has_recording = self._controller.recording is not None
        has_map = self._keeper.shown() is not None
        closed = "" if has_recording else "open a recording first."
        allow(closed, self.chooser, self.options_button)
        allow("" if self._keeper.is_busy else "no map is computed.", self.cancel_action)
        allow("" if has_map else "no map is shown.", self.export_action)
        self.availability_changed.emit(has_map)

    def _fill(self) -> None:
        from aphyn_gui.study.map_choice import fitted_choices, measured_choices

        choice = self._keeper.choice
        protocol = self._controller.study.protocol
        groups = (
            measured_choices(self._keeper.apd_levels),
            fitted_choices(protocol.learned_names),
        )
        self.chooser.clear()
        self.chooser.addItem(_MOVIE, None)
        for group in groups:
            self.chooser.insertSeparator(self.chooser.count())
            for one in group:
                self.chooser.addItem(symbol_text(one.title), one)
        offered = [one for group in groups for one in group]
        if choice is not None and choice not in offered:
            # Another level of the same kind, or the movie.
            choice = next((one for one in offered if one.kind == choice.kind), None)
            self._keeper.choose(choice)
        self.chooser.view().setMinimumWidth(self.chooser.view().sizeHintForColumn(0) + _SCROLL_BAR)
        self._select(choice)

    def _select(self, choice: MapChoice | None) -> None:
        places = [self.chooser.itemData(place) for place in range(self.chooser.count())]
        self.chooser.setCurrentIndex(0 if choice is None else places.index(choice))

    def _choose(self) -> None:
        from aphyn_gui.study.map_choice import MapSource

        choice = self.chooser.currentData()
        self._keeper.choose(choice)
        if choice is not None and choice.source is MapSource.FITTED:
            self.fitted_chosen.emit()

    def _take_options(self, options: MapOptions) -> None:
        self._options = options
        self._draw()

    def _take_levels(self, levels: tuple[float, ...]) -> None:
        try:
            self._keeper.set_apd_levels(levels)
        except RecordingError as error:
            self._controller.report("warning", str(error))
        self._fill()

    def _draw(self) -> None:
        shown = self._keeper.shown()
        recording = self._controller.recording
        canvas = self._movie.canvas
        limits = None if shown is None else shown.automatic_limits
        fits = (
            shown is not None
            and recording is not None
            and shown.values.shape == (recording.row_count, recording.column_count)
        )
        if shown is None or limits is None or not fits:
            canvas.hide_map()
        else:
            limits = self._options.limits(limits, self._keeper.common_limits())
            step = self._step_ms(shown, limits)
            label = symbol_html(shown.label)
            if step is not None:
                label += f"<br>lines every {step:g} ms"
            canvas.map_layer.show(shown.values, limits, label, shown.flagged, step)
            canvas.show_map_bar()
        self._enable()
        self._tell()

    def _step_ms(self, shown: ShownMap, limits: tuple[float, float]) -> float | None:
        if not (shown.choice.is_activation and self._options.has_isochrones):
            return None
        span = float(np.nanmax(shown.values) - np.nanmin(shown.values))
        if not span > 0:
            return None
        chosen = self._options.step_ms
        if chosen is None:
            # Of the limits: a few late pixels must not leave the others without lines.
            chosen = isochrone_step(min(span, limits[1] - limits[0]))
        return max(chosen, span / _MOST_LINES)

    def _hover(self, row: int, column: int) -> None:
        self._pixel = row, column
        self._tell()

    def _show_progress(self, text: str) -> None:
        self._progress = text
        self._enable()
        self._tell()

    def _tell(self) -> None:
        self._movie.show_modes(self._keeper.choice is None)
        self._movie.show_readout("" if self._keeper.choice is None else self.readout)


def _short_name(name: str) -> str:
    """The name of a measure in files, as a line of text has it: "APD50", "rise time"."""
    return name.replace("_", " ").replace("apd", "APD").replace("snr", "SNR")
