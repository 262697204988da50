"""A trace with its onsets, the moment of the movie, and a draggable window."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QPoint, QPointF, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

from aphyn_gui.gui import plot_style
from aphyn_gui.gui.theme import Theme, current_theme, theme_manager

Floats = npt.NDArray[np.float64]

_STILL = 1e-6
"""ms: an edge that moved less has not moved."""


class TracePlot(pg.PlotWidget):  # type: ignore[misc]
    """Items are created once and fed with data.

    Signals
    -------
    window_moved(float)
        The window, or its left edge, was dragged: its new start, ms.
    horizon_changed(float)
        The right edge was dragged: the window's new length, ms.
    """

    window_moved = Signal(float)
    horizon_changed = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, plotItem=plot_style.new_plot(names_ends=False))
        self.setMinimumHeight(40)
        plot = self.getPlotItem()
        plot.setMenuEnabled(False)
        plot.hideButtons()
        # The last tick's number is centred under the end of the axis.
        plot.setContentsMargins(2, 2, 18, 2)
        plot.setLabel("bottom", "Time", units="ms")
        plot.getViewBox().setMouseEnabled(x=True, y=False)
        self._curve = plot_style.add_curve(plot, width=1)
        self._onsets = pg.ScatterPlotItem(symbol="t", size=9, pen=None)
        plot.addItem(self._onsets, ignoreBounds=True)
        self._moment = pg.InfiniteLine(0.0, movable=False)
        self._moment.hide()
        plot.addItem(self._moment, ignoreBounds=True)
        self._window = pg.LinearRegionItem((0, 1), swapMode="block")
        self._window.setZValue(-5)
        self._window.hide()
        self._window_ms = 0.0, 1.0
        self._extent_ms = 0.0, 0.0
        plot.addItem(self._window, ignoreBounds=True)
        self._window.sigRegionChangeFinished.connect(self._finish_drag)
        theme_manager().changed.connect(self.show_theme)
        self.show_theme(current_theme())

    @property
    def window_ms(self) -> tuple[float, float] | None:
        """The window as shown, ms; None while hidden."""
        return self._window_ms if self._window.isVisible() else None

    def show_trace(self, time_ms: Floats, values: Floats, onsets_ms: Floats, unit: str) -> None:
        """Show a trace and mark its onsets on it."""
        self._curve.setData(time_ms, values)
        # Where the upstroke is steep, interpolation puts the mark on the line.
        self._onsets.setData(onsets_ms, np.interp(onsets_ms, time_ms, values))
        self.getPlotItem().setLabel("left", unit)
        extent = float(time_ms[0]), float(time_ms[-1])
        if extent != self._extent_ms:
            # A cut trace keeps the times of the recording, and all of the plot.
            self._extent_ms = extent
            margin = 0.05 * (extent[1] - extent[0])
            self.getPlotItem().getViewBox().setLimits(
                xMin=extent[0] - margin, xMax=extent[1] + margin
            )
            self.getPlotItem().setXRange(*extent, padding=0.03)
        low, high = float(np.min(values)), float(np.max(values))
        self.getPlotItem().setYRange(low, high if high > low else low + 1, padding=0.08)

    def show_window(self, start_ms: float, stop_ms: float) -> None:
        """Show the analysis window."""
        self._window_ms = start_ms, stop_ms
        self._window.blockSignals(True)
        self._window.setRegion((start_ms, stop_ms))
        self._window.blockSignals(False)
        self._window.show()

    def hide_window(self) -> None:
        """Show no window."""
        self._window.hide()

    def show_moment(self, time_ms: float) -> None:
        """Mark the moment that the movie shows."""
        self._moment.setValue(time_ms)
        self._moment.show()

    def time_to_viewport(self, time_ms: float) -> QPoint:
        """Where a moment lies in the viewport, halfway up the plot."""
        box = self.getPlotItem().getViewBox()
        middle = box.viewRect().center().y()
        point: QPoint = self.mapFromScene(box.mapViewToScene(QPointF(time_ms, middle)))
        return point

    def _finish_drag(self) -> None:
        start, stop = self._window.getRegion()
        old_start, old_stop = self._window_ms
        if abs(start - old_start) <= _STILL and abs(stop - old_stop) > _STILL:
            self.horizon_changed.emit(max(stop - start, 0.0))
        elif abs(start - old_start) > _STILL:
            self.window_moved.emit(start)

    def catch_up(self) -> None:
        """Nothing waits here."""

    def show_theme(self, theme: Theme) -> None:
        """Take the colours of ``theme``."""
        self.setBackground(theme.plot_background)
        plot_style.apply_theme(self.getPlotItem(), theme)
        self._curve.color(theme.ground_truth)
        self._onsets.setBrush(theme.accent)
        self._moment.setPen(pg.mkPen(theme.muted_text, width=1))
        fill, hover = QColor(theme.accent), QColor(theme.accent)
        fill.setAlpha(40)
        hover.setAlpha(70)
        self._window.setBrush(fill)
        self._window.setHoverBrush(hover)
        for line in self._window.lines:
            line.setPen(pg.mkPen(theme.accent, width=2))
            line.setHoverPen(pg.mkPen(theme.accent, width=4))
