"""F_dl over the (v, h) plane, with the forecast's way through it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QRectF
from PySide6.QtGui import QPaintEngine, QPainter, QPen
from PySide6.QtWidgets import QWidget

from aphyn_gui.gui.plot_style import (
    TICK_FONT_POINTS,
    SteppedRange,
    apply_theme,
    new_plot,
    nice_step,
)
from aphyn_gui.gui.theme import Theme, current_theme, theme_manager
from aphyn_gui.study.network_map import DIVERGING_COLORS, NetworkMap

Floats = npt.NDArray[np.float64]

_MOST_MARKS = 6
_MARK_PIXELS = 6
_TOP_ROOM = 0.08
_HIGH = 0.12
"""Of the plane's height: above it, a time stands beside its mark."""

_LABEL_SIZE = (0.22, 0.09)
"""Of the plane's width and height: nearer to the last one, a mark stays without its time."""
_BAR_AXIS_WIDTH = 62
"""Room for values of four digits beside the bar's title, pixels."""


class NetworkPlane(pg.GraphicsLayoutWidget):  # type: ignore[misc]
    """An image of F_dl, colours symmetric about 0, and the path with marks of time.

    The colours end at the largest |F_dl| on the path: away from it, where the network was never
    trained, values are often much larger, and say nothing.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumSize(160, 120)
        self.ci.setContentsMargins(2, 4, 2, 2)
        self.shown: NetworkMap | None = None
        self.plot = new_plot(names_ends=False)
        self.addItem(self.plot)
        self.plot.setLabel("bottom", "v")
        self.kept_range = SteppedRange(self.plot)
        self.image = pg.ImageItem(axisOrder="row-major")
        self.plot.addItem(self.image)
        places = np.linspace(0.0, 1.0, len(DIVERGING_COLORS))
        self.bar = pg.ColorBarItem(
            interactive=False, width=12, colorMap=pg.ColorMap(places, list(DIVERGING_COLORS))
        )
        self.bar.setImageItem(self.image)
        self.bar.setLabel("right", "F<sub>dl</sub> (1/ms)")
        # Thousandths on the axis would be a factor that nobody reads.
        self.bar.axis.enableAutoSIPrefix(False)
        self.bar.axis.setWidth(_BAR_AXIS_WIDTH)
        self.addItem(self.bar)
        self.path = _PathCurve()
        self.plot.addItem(self.path)
        self.marks = pg.ScatterPlotItem(size=_MARK_PIXELS)
        self.plot.addItem(self.marks)
        self.times: list[Any] = []
        theme_manager().changed.connect(self.show_theme)
        self.show_theme(current_theme())

    def show_map(self, shown: NetworkMap, time_step_ms: float, gate_label: str) -> None:
        """Show a map.

        Parameters
        ----------
        shown : NetworkMap
            F_dl and the path.
        time_step_ms : float
            Between two points of the path.
        gate_label : str
            What the model calls its second state.
        """
        self.shown = shown
        self.plot.setLabel("left", gate_label)
        limit = shown.largest_on_path
        self.image.setImage(shown.rate, autoLevels=False, levels=(-limit, limit))
        self.bar.setLevels((-limit, limit))
        step_v, step_h = np.diff(shown.voltage[:2])[0], np.diff(shown.gate[:2])[0]
        # A value belongs to the middle of its cell.
        frame = QRectF(
            shown.voltage[0] - step_v / 2,
            shown.gate[0] - step_h / 2,
            step_v * len(shown.voltage),
            step_h * len(shown.gate),
        )
        self.image.setRect(frame)
        self.path.setData(shown.path_voltage, shown.path_gate)
        self._mark_times(shown, time_step_ms)
        self.kept_range.restart()
        self.kept_range.include_x(frame.left(), frame.right())
        # The beat begins at the upper edge: its mark and time need room there.
        self.plot.setYRange(frame.top(), frame.bottom() + _TOP_ROOM * frame.height(), padding=0)

    def catch_up(self) -> None:
        """Nothing waits here."""

    def show_theme(self, theme: Theme) -> None:
        """Take the colours of ``theme``; the plane is light in every theme."""
        self.setBackground(theme.plot_background)
        apply_theme(self.plot, theme)
        axis = self.bar.axis
        axis.setPen(theme.plot_axis)
        axis.setTextPen(theme.plot_axis)
        font = pg.QtWidgets.QApplication.font()
        font.setPointSize(TICK_FONT_POINTS)
        axis.setTickFont(font)
        axis.label.setFont(font)

    def _mark_times(self, shown: NetworkMap, time_step_ms: float) -> None:
        duration_ms = time_step_ms * len(shown.path_voltage)
        step_ms = nice_step(duration_ms / _MOST_MARKS * 1.5)
        steps = np.arange(0, len(shown.path_voltage), max(round(step_ms / time_step_ms), 1))
        v, h = shown.path_voltage[steps], shown.path_gate[steps]
        self.marks.setData(v, h, brush=pg.mkBrush("#FFFFFF"), pen=pg.mkPen("#1A1A1A", width=1.5))
        for label in self.times:
            self.plot.removeItem(label)
        self.times.clear()
        size = np.array([np.ptp(shown.voltage), np.ptp(shown.gate)])
        named: list[Floats] = []
        for step, place in zip(steps.tolist(), np.stack((v, h), axis=-1), strict=True):
            if any((np.abs(place - other) < size * _LABEL_SIZE).all() for other in named):
                continue
            named.append(place)
            # At the upper edge there is no room above, nor at the left edge beside.
            is_high = place[1] > shown.gate[-1] - _HIGH * size[1]
            is_left = place[0] < shown.voltage[0] + _LABEL_SIZE[0] * size[0]
            beside = (-0.1, 0.0) if is_left else (1.15, 0.5)
            label = pg.TextItem(
                f"{step * time_step_ms:g} ms",
                color="#1A1A1A",
                anchor=beside if is_high else (-0.1, 1.0),
            )
            font = pg.QtWidgets.QApplication.font()
            font.setPointSize(TICK_FONT_POINTS)
            label.setFont(font)
            label.setPos(*place.tolist())
            self.plot.addItem(label, ignoreBounds=True)
            self.times.append(label)


class _PathCurve(pg.PlotCurveItem):  # type: ignore[misc]
    """A line through the plane: points follow one another in any direction."""

    def __init__(self) -> None:
        super().__init__(pen=pg.mkPen("#1A1A1A", width=1.5))
        self.setSegmentedLineMode("off")

    def paint(self, painter: QPainter, option: Any, widget: Any) -> None:
        """Paint; called by Qt."""
        if painter.paintEngine().type() is QPaintEngine.Type.Raster:
            super().paint(painter, option, widget)
            return
        x, y = self.getData()
        if x is not None:
            painter.setPen(QPen(self.opts["pen"]))
            painter.drawPolyline(pg.functions.arrayToQPolygonF(x, y))
