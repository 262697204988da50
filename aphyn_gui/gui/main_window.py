"""The main window: docks, menus and wiring, nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QDockWidget, QMainWindow, QWidget

from aphyn_gui.gui import whats_this
from aphyn_gui.gui.availability import allow
from aphyn_gui.gui.background import BackgroundTasks
from aphyn_gui.gui.comparison_view import ComparisonView
from aphyn_gui.gui.dropped_files import dropped_files, take_copy
from aphyn_gui.gui.fit_runner import FitRunner, RunnerState
from aphyn_gui.gui.fit_view import FitView
from aphyn_gui.gui.fitter_cache import FitterCache
from aphyn_gui.gui.hover_fit import HoverFit
from aphyn_gui.gui.log_hub import LogHub
from aphyn_gui.gui.log_view import LogView, Toaster
from aphyn_gui.gui.map_keeper import MapKeeper
from aphyn_gui.gui.map_view import MapView
from aphyn_gui.gui.mask_layer import MaskLayer
from aphyn_gui.gui.mask_tools import MaskTools
from aphyn_gui.gui.movie_canvas import Tool
from aphyn_gui.gui.movie_view import MovieView
from aphyn_gui.gui.panel_keys import PanelKeys
from aphyn_gui.gui.pixel_follower import PixelFollower
from aphyn_gui.gui.pixel_panel import PixelPanel
from aphyn_gui.gui.play_key import PlayKey
from aphyn_gui.gui.recording_bar import RecordingBar
from aphyn_gui.gui.recording_loader import RecordingLoader
from aphyn_gui.gui.region_analysis import RegionAnalyst
from aphyn_gui.gui.roi_table import RoiTable
from aphyn_gui.gui.run_bar import RunBar
from aphyn_gui.gui.run_status import RunStatus
from aphyn_gui.gui.start_page import StartPage
from aphyn_gui.gui.study_controller import StudyController
from aphyn_gui.gui.study_desk import StudyDesk
from aphyn_gui.gui.trace_view import TraceView
from aphyn_gui.gui.window_actions import WindowActions
from aphyn_gui.gui.window_docks import WindowDocks
from aphyn_gui.gui.window_exports import WindowExports

if TYPE_CHECKING:
    from aphyn_gui.gui.recording_information import RecordingInformation
    from aphyn_gui.gui.simulation_dialog import SimulationDialog

_SCREEN_SHARE = 0.85
_FRAME = QSize(16, 48)
"""What window managers put around a window, roughly."""


class MainWindow(QMainWindow):
    """Puts the views around one controller and one runner.

    Parameters
    ----------
    hub : LogHub or None
        Where messages of the whole program arrive; None: only those of this window.
    recovery_folder : Path or None
        Where unsaved work is kept against a crash; None: nowhere.
    """

    def __init__(self, hub: LogHub | None = None, recovery_folder: Path | None = None) -> None:
        super().__init__()
        self.setAcceptDrops(True)
        self.setDockNestingEnabled(True)
        self.setMinimumSize(760, 420)
        self._hub = hub or LogHub(self)
        self.controller = StudyController(self)
        self.tasks = BackgroundTasks("analysis", self)
        self.analyst = RegionAnalyst(self.controller, self.tasks, self)
        self.loader = RecordingLoader(self.controller, self.tasks, self)
        self.runner = FitRunner(self.controller)
        self.movie_view = MovieView(self.controller, self.analyst)
        self.trace_view = TraceView(self.controller, self.analyst, self.tasks)
        fitters = FitterCache()
        self.maps = MapKeeper(self.controller, fitters, self)
        self.map_view = MapView(self.controller, self.maps, self.movie_view, self.tasks, self)
        self.hover_fit = HoverFit(self.controller, fitters, self)
        self.pixel_panel = PixelPanel()
        self.follower = PixelFollower(
            self.controller,
            self.maps,
            self.map_view,
            self.hover_fit,
            self.pixel_panel,
            self.movie_view.canvas,
            self,
        )
        self.roi_table = RoiTable(self.controller, self.analyst)
        self.fit_view = FitView(self.controller, self.runner, self.tasks)
        self.comparison_view = ComparisonView(self.controller)
        self.run_bar = RunBar(self.runner, self.controller)
        self.log_view = LogView()
        self.toaster = Toaster(self, lambda: self.log_view.text)
        self.run_status = RunStatus(self.runner, self.roi_table, self)
        self.simulation: SimulationDialog | None = None
        self.information: RecordingInformation | None = None
        self._docks = WindowDocks(self, self._panels())
        undo_stack = self.controller.undo_stack
        self.actions_ = WindowActions(
            self, undo_stack.createUndoAction(self), undo_stack.createRedoAction(self)
        )
        recordings = RecordingBar(self.controller)
        self.movie_view.put_above(recordings)
        self.desk = StudyDesk(
            self, self.controller, self.loader, self.actions_, recordings, recovery_folder
        )
        self.exports = WindowExports(self)
        self.mask_layer = MaskLayer(self.controller, self.movie_view.canvas, self)
        self.mask_tools = MaskTools(
            self.controller,
            self.mask_layer,
            self.tasks,
            self.actions_.mask_menu,
            self.actions_.tools,
        )
        self.actions_.build_menus(self._docks.all, self.desk.open, self.exports.menu)
        toolbar = self.actions_.build_toolbar()
        self.statusBar().setSizeGripEnabled(False)
        self.statusBar().addPermanentWidget(self.run_bar, 1)
        self.start_page = StartPage(self, toolbar, self.statusBar(), self._docks.at_the_right)
        self._connect()
        self._docks.explain()
        whats_this.explain_run_bar(self.run_bar)
        PlayKey(self, self.movie_view.toggle_play)
        PanelKeys(self, self._docks.all)
        self.resize(self._first_size())
        self._docks.restore()
        self._update_actions()

    def dock(self, name: str) -> QDockWidget:
        """The dock of that name: movie, trace, rois, fit, comparison, preparation, protocol, ..."""
        return self._docks.dock(name)

    def sizeHint(self) -> QSize:
        """Fits a small laptop."""
        return QSize(1280, 800)

    @property
    def preparation_panel(self) -> QWidget:
        """Every choice between counts and sequences."""
        return self._docks.panel("preparation")

    @property
    def protocol_panel(self) -> QWidget:
        """The settings of the next fit."""
        return self._docks.panel("protocol")

    @property
    def guide(self) -> QWidget:
        """A page of help."""
        return self._docks.panel("guide")

    def fit_all(self) -> None:
        """Fit every region."""
        self.runner.enqueue_all()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files."""
        if dropped_files(event.mimeData()):
            take_copy(event)

    def dropEvent(self, event: QDropEvent) -> None:
        """Open a dropped study, add dropped recordings."""
        take_copy(event)
        self.desk.drop(dropped_files(event.mimeData()))

    def closeEvent(self, event: QCloseEvent) -> None:
        """Cancel what runs, wait for every thread, keep the layout; first ask what to save."""
        if not self.desk.may_close(self.close):
            event.ignore()
            return
        self._docks.remember()
        if self.simulation is not None:
            self.simulation.shutdown()
        self.exports.shutdown()
        self.runner.shutdown()
        self.movie_view.shutdown()
        self.maps.shutdown()
        self.hover_fit.shutdown()
        self.tasks.shutdown()
        self.desk.shutdown()
        event.accept()

    def close_unsaved(self) -> None:
        """Close without a question."""
        self.desk.discard()
        self.close()

    def _panels(self) -> Mapping[str, QWidget | Callable[[], QWidget]]:
        """What the docks hold; few sessions see the last ones."""
        return {
            "movie": self.movie_view,
            "trace": self.trace_view,
            "pixel": self.pixel_panel,
            "rois": self.roi_table,
            "fit": self.fit_view,
            "comparison": self.comparison_view,
            "preparation": self._make_preparation_panel,
            "protocol": self._make_protocol_panel,
            "log": self.log_view,
            "guide": self._make_guide,
        }

    def _make_preparation_panel(self) -> QWidget:
        from aphyn_gui.gui.preparation_panel import PreparationPanel

        return PreparationPanel(self.controller, self.analyst, self.tasks)

    def _make_protocol_panel(self) -> QWidget:
        from aphyn_gui.gui.protocol_panel import ProtocolPanel

        return ProtocolPanel(self.controller)

    def _make_guide(self) -> QWidget:
        from aphyn_gui.gui.guide import GuidePage

        return GuidePage(vars(self.actions_))

    def _first_size(self) -> QSize:
        """Most of the screen, and never more than it has room for beside the window's frame."""
        room = self.screen().availableSize()
        wanted = QSize(round(_SCREEN_SHARE * room.width()), round(_SCREEN_SHARE * room.height()))
        return wanted.expandedTo(self.sizeHint()).boundedTo(room - _FRAME)

    def _connect(self) -> None:
        actions, controller, runner = self.actions_, self.controller, self.runner
        canvas = self.movie_view.canvas
        actions.information.triggered.connect(self._show_information)
        actions.analog.toggled.connect(self.trace_view.analog.set_wanted)
        actions.simulate.triggered.connect(self._show_simulation)
        actions.quit.triggered.connect(self.close)
        actions.draw.triggered.connect(lambda: canvas.set_tool(Tool.DRAW))
        actions.select.triggered.connect(lambda: canvas.set_tool(Tool.SELECT))
        canvas.tool_changed.connect(self._show_tool)
        actions.duplicate.triggered.connect(
            lambda: controller.duplicate_region(controller.selected_region_id)
        )
        actions.remove.triggered.connect(
            lambda: controller.remove_region(controller.selected_region_id)
        )
        actions.calibrate.triggered.connect(self.movie_view.ask_calibration)
        actions.fit_all.triggered.connect(self.fit_all)
        actions.fit_changed.triggered.connect(lambda: self.runner.enqueue_all(only_changed=True))
        actions.fit_selected.triggered.connect(
            lambda: runner.enqueue(controller.selected_region_id)
        )
        actions.pause.triggered.connect(self._pause_or_resume)
        actions.cancel.triggered.connect(runner.cancel_all)
        actions.settings.toggled.connect(self._docks.show_settings)
        self._docks.settings_shown.connect(self._check_settings)
        actions.reset_layout.triggered.connect(self._docks.arrange)
        actions.add.triggered.connect(canvas.add_region)
        actions.full_screen.toggled.connect(self._show_full_screen)
        actions.guide.triggered.connect(self._show_guide)
        actions.about.triggered.connect(self._show_about)
        self.start_page.open_requested.connect(self.desk.ask_for_file)
        self.start_page.demo_requested.connect(self.desk.open_demo)
        self.start_page.recent_requested.connect(self.desk.open)
        self.movie_view.calibrated.connect(self.loader.calibrate)
        actions.export_map.triggered.connect(self.map_view.ask_for_export)
        self.map_view.availability_changed.connect(actions.allow_map_export)
        self.hover_fit.previewed.connect(self.trace_view.show_preview)
        self.follower.panel_wanted.connect(self._show_pixel)
        actions.hover_fit.toggled.connect(self.pixel_panel.set_hovering)
        actions.hover_fit.triggered.connect(self._show_pixel)
        self.pixel_panel.hover_toggled.connect(actions.hover_fit.setChecked)
        self.movie_view.frame_shown.connect(self.trace_view.show_frame_time)
        canvas.rename_requested.connect(self.roi_table.edit_name)
        controller.message.connect(self._hub.tell)
        self._hub.entry.connect(self._show_message)
        # A function that holds the window would keep it for as long as the runner, its own part.
        runner.noted.connect(self._note)
        controller.recording_changed.connect(self._show_recording)
        # What could not be opened before is no longer what anybody waits for.
        controller.recording_changed.connect(self._drop_errors)
        self.loader.begun.connect(self._drop_errors)
        for signal in (
            controller.recordings_changed, controller.recording_changed,
            controller.selection_changed, controller.region_added,
            controller.region_removed, runner.state_changed, runner.queue_changed,
        ):  # fmt: skip
            signal.connect(self._update_actions)

    def _show_information(self) -> None:
        if self.information is None:
            from aphyn_gui.gui.recording_information import RecordingInformation

            self.information = RecordingInformation(self.controller, self.loader, self)
        self.information.show()
        self.information.raise_()
        self.information.activateWindow()

    def _show_simulation(self) -> None:
        if self.simulation is None:
            # Few sessions simulate: the others start without it.
            from aphyn_gui.gui.simulation_dialog import SimulationDialog

            self.simulation = SimulationDialog(self)
            self.simulation.written.connect(self.desk.open)
            self.simulation.message.connect(self._hub.tell)
        self.simulation.show()
        self.simulation.raise_()
        self.simulation.activateWindow()

    def _show_recording(self) -> None:
        recording, reference = self.controller.recording, self.controller.study.recording
        self.start_page.setVisible(reference is None)
        if reference is None:
            return
        dock = self.dock("movie")
        if recording is None:
            # Its regions and fits are there all the same.
            dock.setWindowTitle(f"Recording: {reference.path.name} is missing")
            return
        if self.tabifiedDockWidgets(dock):
            # Its title is the word on its tab, which leaves room for the others.
            return
        dock.setWindowTitle(
            f"Recording: {recording.path.name}, {recording.column_count} × {recording.row_count}, "
            f"{recording.frame_count} frames"
        )

    def _update_actions(self) -> None:
        actions, controller = self.actions_, self.controller
        state = self.runner.state
        allow(
            "" if controller.recording is not None else "open a recording first.",
            actions.draw, actions.select, actions.add, actions.calibrate, actions.information,
        )  # fmt: skip
        actions.analog.setVisible(
            controller.recording is not None and bool(controller.recording.analog)
        )
        not_selected = "" if controller.selected_region_id else "select a region first."
        allow(not_selected, actions.duplicate, actions.remove)
        blockers = [controller.blocker_of(region.id) for region in controller.study.all_regions]
        not_drawn = controller.analysis_blocker or "draw a region first."
        blocker = "" if "" in blockers else (*blockers, not_drawn)[0]
        allow(blocker, actions.fit_all, actions.fit_changed)
        allow(controller.analysis_blocker or not_selected, actions.fit_selected)
        is_active = state in (RunnerState.RUNNING, RunnerState.PAUSED)
        actions.pause.setText("Resume" if state is RunnerState.PAUSED else "Pause")
        allow("" if is_active else "no fit is running.", actions.pause, actions.cancel)

    def _pause_or_resume(self) -> None:
        if self.runner.state is RunnerState.PAUSED:
            self.runner.resume()
        else:
            self.runner.pause()

    def _show_tool(self, tool: Tool) -> None:
        # Drawing a mask has tools of its own, which check themselves.
        if tool is not Tool.MASK:
            (self.actions_.draw if tool is Tool.DRAW else self.actions_.select).setChecked(True)

    def _check_settings(self, is_shown: bool) -> None:
        self.actions_.settings.blockSignals(True)
        self.actions_.settings.setChecked(is_shown)
        self.actions_.settings.blockSignals(False)

    def _note(self, text: str) -> None:
        self._hub.note("info", text)

    def _show_message(self, level: str, text: str, details: str, is_urgent: bool) -> None:
        self.log_view.write(level, text, details)
        if is_urgent:
            self.toaster.show(level, text, details)

    def _drop_errors(self) -> None:
        self.toaster.clear("error")

    def _show_pixel(self) -> None:
        self._docks.bring_up("pixel")

    def _show_guide(self) -> None:
        self._docks.bring_up("guide")

    def _show_full_screen(self, is_full: bool) -> None:
        state = Qt.WindowState.WindowFullScreen
        self.setWindowState(self.windowState() | state if is_full else self.windowState() & ~state)

    def _show_about(self) -> None:
        from aphyn_gui.gui.about_dialog import AboutDialog

        AboutDialog(self, self.tasks).show()
