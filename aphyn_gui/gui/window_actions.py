"""The main window's actions, menus and toolbar."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import (
    QDockWidget,
    QMainWindow,
    QMenu,
    QSizePolicy,
    QToolBar,
    QWhatsThis,
    QWidget,
)

from aphyn_gui.gui import settings
from aphyn_gui.gui.adaptive_toolbar import AdaptiveToolBar
from aphyn_gui.gui.availability import allow
from aphyn_gui.gui.icons import icon
from aphyn_gui.gui.menu_mnemonics import give_mnemonics
from aphyn_gui.gui.theme import ThemeMode, theme_manager

_ICONS = {
    "open": "open",
    "demo": "demo",
    "draw": "draw",
    "select": "select",
    "fit_all": "fit",
    "fit_selected": "fit",
    "pause": "pause",
    "cancel": "cancel",
    "settings": "settings",
}


class WindowActions(QObject):
    """Named actions; the window connects them, this object lays them out.

    Parameters
    ----------
    window : QMainWindow
        Where menus and toolbar go.
    undo, redo : QAction
        From the undo stack.

    Signals
    -------
    autosave_chosen(int)
        How long after a change unsaved work is kept, s; 0: never.
    """

    autosave_chosen = Signal(int)

    def __init__(self, window: QMainWindow, undo: QAction, redo: QAction) -> None:
        super().__init__(window)
        self._window = window
        undo.setShortcut(QKeySequence.StandardKey.Undo)
        redo.setShortcut(QKeySequence.StandardKey.Redo)
        self.undo, self.redo = undo, redo
        self.open = self._action(
            "Open…", "Open a recording or a study", QKeySequence.StandardKey.Open
        )
        self.open_folder = self._action(
            "Open folder…", "Open a folder in which every frame is a file"
        )
        self.demo = self._action("Open demo", "Open a simulated recording with two regions")
        self.simulate = self._action(
            "New simulated recording…", "Simulate a slab of tissue and record it"
        )
        self.export_map = self._action(
            "Export map…", "Write the map that is shown as CSV, NPY, TIFF or a picture"
        )
        self.allow_map_export(False)
        self.save = self._action("Save study", "Save regions, settings and fits", "Ctrl+S")
        self.save_as = self._action("Save study as…", "Save under another name", "Ctrl+Shift+S")
        self.close_study = self._action("Close", "Close the study", "Ctrl+W")
        self.add_recording = self._action(
            "Add recording to study…", "Compare regions of several recordings", "Ctrl+Shift+O"
        )
        self.quit = self._action("Quit", "Close the window", QKeySequence.StandardKey.Quit)
        self.draw = self._action("Draw ROI", "Draw a region: drag on the movie", "R")
        self.select = self._action("Select", "Select, move and resize regions; drag pans", "V")
        self.add = self._action(
            "Add ROI", "Put a region in the middle; arrows move it, Ctrl+arrows size it", "Shift+R"
        )
        self.duplicate = self._action("Duplicate ROI", "Copy the selected region", "Ctrl+D")
        self.remove = self._action("Delete ROI", "Delete the selected region and its fit")
        self.information = self._action(
            "Information…", "What the file says, what was assumed, and what else could be", "Ctrl+I"
        )
        self.calibrate = self._action(
            "Frame interval and pixel pitch…", "Correct what the file says, or does not"
        )
        self.hover_fit = self._action(
            "Hover fit", "Fit the physics to the pixel under the mouse, and to a dragged region"
        )
        self.hover_fit.setCheckable(True)
        self.rename_recording = self._action(
            "Rename recording…", "Give the recording another name in this study"
        )
        self.remove_recording = self._action(
            "Remove recording", "Take the recording out of the study, with its regions and fits"
        )
        self.find_recordings = self._action(
            "Find recordings…", "Choose where recordings are that were not found"
        )
        self.next_recording = self._action(
            "Next recording", "Show the study's next recording", "Ctrl+PgDown"
        )
        self.previous_recording = self._action(
            "Previous recording", "Show the study's recording before this one", "Ctrl+PgUp"
        )
        self.fit_all = self._action(
            "Fit all", "Fit every region of all recordings, one after the other", "Ctrl+F"
        )
        self.fit_changed = self._action(
            "Fit changed", "Fit regions without a fit, or changed since; leave the others", "Ctrl+E"
        )
        self.fit_selected = self._action("Fit selected", "Fit the selected region", "Ctrl+Shift+F")
        self.pause = self._action("Pause", "Hold the running fit after its epoch, or go on")
        self.cancel = self._action(
            "Cancel", "End the running fit, keep its last finite model, and start no other"
        )
        self.settings = self._action(
            "Settings", "The panels Preparation and Protocol: what a fit is made of", "Ctrl+,"
        )
        self.analog = self._action(
            "Analog channels", "What was recorded beside the movie, under the trace"
        )
        self.analog.setCheckable(True)
        self.analog.setChecked(True)
        self.analog.setVisible(False)
        self.reset_layout = self._action("Reset layout", "Put every panel back in its place")
        self.full_screen = self._action(
            "Full screen",
            "Use the whole screen, or leave it",
            QKeySequence.StandardKey.FullScreen,
        )
        self.full_screen.setCheckable(True)
        self.guide = self._action(
            "Guide", "The main job in five minutes", QKeySequence.StandardKey.HelpContents
        )
        self.whats_this = QWhatsThis.createAction(self)
        self.about = self._action("About aphyn_gui", "Versions, device, and what to cite")
        self.tools = QActionGroup(self)
        for action in (self.draw, self.select):
            action.setCheckable(True)
            self.tools.addAction(action)
        self.select.setChecked(True)
        self.settings.setCheckable(True)
        self.recent_menu = QMenu("Open recent", window)
        self.mask_menu = QMenu("Mask", window)
        self.mask_menu.setToolTipsVisible(True)
        theme_manager().changed.connect(self._apply_icons)
        self._apply_icons()

    def allow_map_export(self, is_allowed: bool) -> None:
        """Whether a map is shown."""
        allow("" if is_allowed else "no map is shown.", self.export_map)

    def build_menus(
        self, docks: list[QDockWidget], open_recent: Callable[[Path], None], exports: QMenu
    ) -> None:
        """Fill the menu bar."""
        bar = self._window.menuBar()
        file_menu = bar.addMenu("&File")
        file_menu.addActions([self.open, self.open_folder])
        file_menu.addMenu(self.recent_menu)
        file_menu.addActions([self.add_recording, self.simulate])
        file_menu.addMenu(exports)
        exports.addSeparator()
        exports.addAction(self.export_map)
        file_menu.addSeparator()
        file_menu.addActions([self.save, self.save_as])
        file_menu.addMenu(self._autosave_menu())
        file_menu.addSeparator()
        file_menu.addAction(self.close_study)
        file_menu.addAction(self.quit)
        self.recent_menu.aboutToShow.connect(lambda: self._fill_recent(open_recent))
        edit = bar.addMenu("&Edit")
        edit.addActions([self.undo, self.redo])
        edit.addSeparator()
        edit.addActions([self.duplicate, self.remove])
        recording = bar.addMenu("&Recording")
        recording.addActions([self.draw, self.select, self.add])
        recording.addSeparator()
        recording.addMenu(self.mask_menu)
        recording.addSeparator()
        recording.addActions([self.information, self.calibrate, self.hover_fit])
        recording.addSeparator()
        recording.addActions([self.previous_recording, self.next_recording])
        recording.addActions([self.rename_recording, self.remove_recording, self.find_recordings])
        fit = bar.addMenu("F&it")
        fit.addActions([self.fit_all, self.fit_changed, self.fit_selected])
        fit.addSeparator()
        fit.addActions([self.pause, self.cancel])
        view = bar.addMenu("&View")
        view.addAction(self.settings)
        view.addSeparator()
        for dock in docks:
            view.addAction(dock.toggleViewAction())
        view.addSeparator()
        view.addAction(self.analog)
        view.addMenu(self._theme_menu())
        view.addActions([self.reset_layout, self.full_screen])
        help_menu = bar.addMenu("&Help")
        help_menu.addActions([self.guide, self.whats_this, self.demo])
        help_menu.addSeparator()
        help_menu.addAction(self.about)
        for menu in bar.findChildren(QMenu, options=Qt.FindChildOption.FindDirectChildrenOnly):
            give_mnemonics(menu)
            menu.setToolTipsVisible(True)

    def build_toolbar(self) -> QToolBar:
        """The toolbar, added to the window."""
        toolbar = AdaptiveToolBar("Toolbar")
        toolbar.setObjectName("toolbar")
        toolbar.setMovable(False)
        toolbar.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        toolbar.addActions([self.open, self.demo])
        toolbar.addSeparator()
        toolbar.addActions([self.draw, self.select])
        toolbar.addSeparator()
        toolbar.addActions([self.fit_all, self.fit_selected, self.pause, self.cancel])
        spacer = QWidget()
        spacer.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        toolbar.addWidget(spacer)
        toolbar.addAction(self.settings)
        self._window.addToolBar(Qt.ToolBarArea.TopToolBarArea, toolbar)
        return toolbar

    def _action(
        self, text: str, tip: str, shortcut: QKeySequence.StandardKey | str | None = None
    ) -> QAction:
        action = QAction(text, self)
        if shortcut is not None:
            action.setShortcut(QKeySequence(shortcut))
        keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        action.setToolTip(f"{tip} ({keys})" if keys else tip)
        return action

    def _theme_menu(self) -> QMenu:
        menu = QMenu("Theme", self._window)
        group = QActionGroup(menu)
        for mode in ThemeMode:
            action = menu.addAction(mode.value.capitalize())
            action.setCheckable(True)
            action.setChecked(mode is theme_manager().mode)
            action.triggered.connect(lambda _=False, chosen=mode: _choose_theme(chosen))
            group.addAction(action)
        return menu

    def _autosave_menu(self) -> QMenu:
        menu = QMenu("Keep unsaved work", self._window)
        menu.setToolTip("Unsaved work is offered again if the program ends without warning")
        group = QActionGroup(menu)
        for seconds in (*sorted(settings.AUTOSAVE_INTERVALS_S), 0):
            text = f"{seconds} s" if seconds < 60 else f"{seconds // 60} min"
            action = menu.addAction(f"{text} after a change" if seconds else "Never")
            action.setCheckable(True)
            action.setChecked(seconds == settings.autosave_interval_s())
            action.triggered.connect(lambda _=False, s=seconds: self.autosave_chosen.emit(s))
            group.addAction(action)
        return menu

    def _fill_recent(self, open_recent: Callable[[Path], None]) -> None:
        self.recent_menu.clear()
        for path in settings.recent_files():
            name = f"{path.parent.name}/{path.name}".replace("&", "&&")
            action = self.recent_menu.addAction(name)
            action.setToolTip(str(path))
            action.triggered.connect(lambda _=False, chosen=path: open_recent(chosen))
        if self.recent_menu.isEmpty():
            self.recent_menu.addAction("Nothing opened yet").setEnabled(False)

    def _apply_icons(self) -> None:
        for name, shape in _ICONS.items():
            getattr(self, name).setIcon(icon(shape))


def _choose_theme(mode: ThemeMode) -> None:
    settings.remember_theme_mode(mode)
    theme_manager().set_mode(mode)
