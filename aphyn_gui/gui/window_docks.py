"""The docks of the main window: what stands where, and how it is found again."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtWidgets import QAbstractButton, QDockWidget, QMainWindow, QWidget

from aphyn_gui.gui import settings, whats_this
from aphyn_gui.gui.icons import icon
from aphyn_gui.gui.late_dock import LateDock
from aphyn_gui.gui.low_window import LOWEST_FOR_ALL, take_turns
from aphyn_gui.gui.theme import theme_manager

_TITLES = {
    "movie": "Recording",
    "trace": "Trace",
    "pixel": "Pixel",
    "rois": "Regions",
    "fit": "Fit",
    "comparison": "Comparison",
    "preparation": "Preparation",
    "protocol": "Protocol",
    "log": "Log",
    "guide": "Guide",
}
_SEEN_AT_FIRST = ("movie", "trace", "rois", "fit", "comparison")
_SETTINGS = ("preparation", "protocol")
_SETTINGS_WIDTH, _WIDEST_SETTINGS = 350, 460


class WindowDocks(QObject):
    """Puts panels into docks and arranges them.

    Parameters
    ----------
    window : QMainWindow
        Whose docks they are.
    panels : mapping of str to QWidget, or to a function that makes one
        By name; those of functions are made when they are first wanted.

    Signals
    -------
    settings_shown(bool)
        Whether one of the two panels of settings is open.
    """

    settings_shown = Signal(bool)

    def __init__(
        self, window: QMainWindow, panels: Mapping[str, QWidget | Callable[[], QWidget]]
    ) -> None:
        super().__init__(window)
        self._window = window
        self._docks = {name: self._make(name, panels[name]) for name in _TITLES}
        self._widths_without_settings: list[int] = []
        theme_manager().changed.connect(self._color)
        self._color()
        for name in _SETTINGS:
            self._docks[name].visibilityChanged.connect(self._check_settings)
            # Fields that are wider say nothing more, and take from the plots.
            self._docks[name].setMaximumWidth(_WIDEST_SETTINGS)

    @Slot()
    def _color(self) -> None:
        """The style's own signs on the title bars are hardly seen in the dark."""
        for kind, sign in (("float", "float"), ("close", "cancel")):
            for dock in self._docks.values():
                button = dock.findChild(QAbstractButton, f"qt_dockwidget_{kind}button")
                if button is not None:
                    button.setIcon(icon(sign))

    @property
    def all(self) -> list[QDockWidget]:
        """In the order of work."""
        return list(self._docks.values())

    @property
    def at_the_right(self) -> list[QDockWidget]:
        """Those that may be of use before anything is open."""
        return [self._docks[name] for name in (*_SETTINGS, "guide")]

    def dock(self, name: str) -> QDockWidget:
        """The dock of that name."""
        return self._docks[name]

    def panel(self, name: str) -> QWidget:
        """What a dock holds, made now if it is not there yet."""
        dock = self._docks[name]
        return dock.panel if isinstance(dock, LateDock) else dock.widget()

    def explain(self) -> None:
        """Give the panels that are there, and all that was put into them, their What's This."""
        for name, dock in self._docks.items():
            if not isinstance(dock, LateDock):
                whats_this.explain(name, dock.widget())

    def bring_up(self, name: str) -> None:
        """Open a dock, and put it before those that share its place."""
        self._docks[name].show()
        self._docks[name].raise_()

    def show_settings(self, is_shown: bool) -> None:
        """Show or hide the two panels of settings."""
        if is_shown:
            self._widths_without_settings = [self._docks[name].width() for name in ("movie", "fit")]
        for name in _SETTINGS:
            self._docks[name].setVisible(is_shown)
        if is_shown:
            self._docks["preparation"].raise_()
            movie, fit = self._widths_without_settings
            left = movie + fit - _SETTINGS_WIDTH
            movie = round(left * movie / max(movie + fit, 1))
            self._window.resizeDocks(
                [self._docks[name] for name in ("movie", "fit", "preparation")],
                [movie, left - movie, _SETTINGS_WIDTH],
                Qt.Orientation.Horizontal,
            )

    def arrange(self) -> None:
        """Left to right is the order of work: recording, fit; below, regions and comparison."""
        window, docks = self._window, self._docks
        area = Qt.DockWidgetArea.LeftDockWidgetArea
        for dock in docks.values():
            window.removeDockWidget(dock)
        window.addDockWidget(area, docks["movie"])
        window.splitDockWidget(docks["movie"], docks["fit"], Qt.Orientation.Horizontal)
        window.splitDockWidget(docks["fit"], docks["preparation"], Qt.Orientation.Horizontal)
        window.splitDockWidget(docks["movie"], docks["trace"], Qt.Orientation.Vertical)
        window.splitDockWidget(docks["trace"], docks["rois"], Qt.Orientation.Vertical)
        window.splitDockWidget(docks["fit"], docks["comparison"], Qt.Orientation.Vertical)
        window.tabifyDockWidget(docks["trace"], docks["pixel"])
        window.tabifyDockWidget(docks["comparison"], docks["log"])
        window.tabifyDockWidget(docks["preparation"], docks["protocol"])
        window.tabifyDockWidget(docks["protocol"], docks["guide"])
        for name, dock in docks.items():
            dock.setVisible(name in _SEEN_AT_FIRST)
        if window.height() < LOWEST_FOR_ALL:
            take_turns(window, docks)
        else:
            docks["trace"].raise_()
        width, height = window.width(), window.height() - 110
        window.resizeDocks(
            [docks["movie"], docks["fit"], docks["preparation"]],
            [round(0.36 * width), round(0.64 * width), 300],
            Qt.Orientation.Horizontal,
        )
        window.resizeDocks(
            [docks["movie"], docks["trace"], docks["rois"]],
            [round(0.5 * height), round(0.31 * height), round(0.19 * height)],
            Qt.Orientation.Vertical,
        )
        window.resizeDocks(
            [docks["fit"], docks["comparison"]],
            [round(0.62 * height), round(0.38 * height)],
            Qt.Orientation.Vertical,
        )

    def restore(self) -> None:
        """Arrange the docks as they were when a window was last closed."""
        self.arrange()
        stored = settings.window_layout()
        if stored is not None:
            self._window.restoreGeometry(stored[0])
            self._window.restoreState(stored[1])

    def remember(self) -> None:
        """Keep the arrangement for the next window."""
        settings.remember_window_layout(self._window.saveGeometry(), self._window.saveState())

    def _make(self, name: str, panel: QWidget | Callable[[], QWidget]) -> QDockWidget:
        if isinstance(panel, QWidget):
            dock = QDockWidget(_TITLES[name], self._window)
            dock.setWidget(panel)
        else:
            dock = LateDock(_TITLES[name], lambda: _explained(name, panel()), self._window)
        dock.setObjectName(f"dock_{name}")
        return dock

    def _check_settings(self) -> None:
        is_open = any(not self._docks[name].isHidden() for name in _SETTINGS)
        self.settings_shown.emit(is_open)
        if not is_open and self._widths_without_settings:
            # Qt would give all the room that becomes free to the movie.
            self._window.resizeDocks(
                [self._docks["movie"], self._docks["fit"]],
                self._widths_without_settings,
                Qt.Orientation.Horizontal,
            )
            self._widths_without_settings = []


def _explained(name: str, panel: QWidget) -> QWidget:
    whats_this.explain(name, panel)
    return panel
