"""What physics and network each contribute to a forecast."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtGui import QColor, QResizeEvent
from PySide6.QtWidgets import QWidget

from aphyn_gui.gui.colors import mixed
from aphyn_gui.gui.fit_picture import FitPicture
from aphyn_gui.gui.plot_panel import PlotPanel
from aphyn_gui.gui.plot_style import add_curve, ends_of, finite_bounds, nice_step
from aphyn_gui.gui.theme import Theme
from aphyn_gui.recording import SequenceSet
from aphyn_gui.study.network_map import MOST_SHORTFALLS, Shortfall

_SIDE_BY_SIDE_ASPECT = 1.7
_ROOMY_PAIR, _ROOMY_ALONE = 640, 320
"""Width, pixels, from which on the time axes have room for the usual number of ticks."""

_SHADE_ALPHA = 38

_AHEAD = 0.25
"""Share of the range that drifting integrals and rates of a running fit are given beforehand."""

_PHYSICS = "v(0) + ∫F<sub>p</sub>"


class DecompositionPlot(PlotPanel):
    """F_p and F_dl as rates, and integrated: v(0) + ∫F_p + ∫F_dl is the prediction.

    The two plots share their time axis and stand side by side where there is room. Where the
    physics falls short is shaded.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._is_side_by_side = False
        self._is_narrow = False
        self._horizon_ms = 0.0
        self.rates, self.rates_range = self._add_plot(0, title="rates")
        self.integrals, self.integrals_range = self._add_plot(
            1, title="integrated", x_from=self.rates_range
        )
        self.rates.setLabel("left", "dv/dt", units="1/ms")
        self.integrals.setLabel("left", "v")
        self.integrals.setLabel("bottom", "time from onset", units="ms")
        self.rates.setLabel("bottom", "time from onset", units="ms")
        self.rate_sum = add_curve(self.rates)
        self.physics_rate = add_curve(self.rates)
        self.network_rate = add_curve(self.rates)
        self.mean = add_curve(self.integrals)
        self.physics_integral = add_curve(self.integrals)
        self.network_integral = add_curve(self.integrals)
        self.prediction = add_curve(self.integrals)
        self._of_forecast = (
            self.rate_sum, self.physics_rate, self.network_rate,
            self.physics_integral, self.network_integral, self.prediction,
        )  # fmt: skip
        self.rate_shades = [_add_shade(self.rates) for _ in range(MOST_SHORTFALLS)]
        self.integral_shades = [_add_shade(self.integrals) for _ in range(MOST_SHORTFALLS)]
        self._sequences: SequenceSet | None = None
        self._mean_bounds: tuple[float, float] | None = None
        ends_of(self.rates).reserve(_PHYSICS)
        ends_of(self.integrals).reserve(_PHYSICS)
        self._finish()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Put the plots side by side where there is room."""
        super().resizeEvent(event)
        # pyqtgraph calls this once with None, before the plots exist.
        if event is None:
            return
        size = event.size()
        side_by_side = size.width() > _SIDE_BY_SIDE_ASPECT * size.height()
        if side_by_side != self._is_side_by_side:
            self._is_side_by_side = side_by_side
            self.ci.removeItem(self.integrals)
            self.ci.addItem(self.integrals, *((0, 1) if side_by_side else (1, 0)))
        is_narrow = size.width() < (_ROOMY_PAIR if side_by_side else _ROOMY_ALONE)
        if is_narrow != self._is_narrow:
            self._is_narrow = is_narrow
            self._space_ticks()

    def _space_ticks(self) -> None:
        """Two numbers on a short time axis: left to pyqtgraph, they run into one another."""
        few = [(nice_step(self._horizon_ms), 0.0)] if self._is_narrow else None
        for plot in (self.rates, self.integrals):
            plot.getAxis("bottom").setTickSpacing(levels=few)

    def _draw(self, picture: FitPicture) -> None:
        if picture.sequences is not self._sequences:
            self._sequences = picture.sequences
            mean = np.nanmean(picture.sequences.training_voltages, axis=0)
            self._mean_bounds = finite_bounds(mean)
            self.mean.setData(picture.sequences.time_ms, mean)
        self.rates_range.include_x(0.0, picture.sequences.horizon_ms)
        if picture.sequences.horizon_ms != self._horizon_ms:
            self._horizon_ms = picture.sequences.horizon_ms
            self._space_ticks()
        self._shade(picture.shortfalls)
        forecast = picture.forecast
        if forecast is None:
            self.integrals_range.include_y(self._mean_bounds, step=0.1)
            for curve in self._of_forecast:
                curve.clear()
            return
        start = forecast.time_ms[:-1]
        total = forecast.physics_rate + forecast.network_rate
        self.rate_sum.setData(start, total)
        self.physics_rate.setData(start, forecast.physics_rate)
        self.network_rate.setData(start, forecast.network_rate)
        self.physics_integral.setData(forecast.time_ms, forecast.integrated_physics)
        self.network_integral.setData(forecast.time_ms, forecast.integrated_network)
        self.prediction.setData(forecast.time_ms, forecast.voltage)
        self.rates_range.include_y(
            finite_bounds(total, forecast.physics_rate, forecast.network_rate), ahead=_AHEAD
        )
        self.integrals_range.include_y(
            finite_bounds(
                forecast.integrated_physics, forecast.integrated_network, forecast.voltage,
                self._mean_bounds or (),
            ),
            step=0.1,
            ahead=_AHEAD,
        )  # fmt: skip
        for plot in (self.rates, self.integrals):
            ends_of(plot).update()

    def _shade(self, found: tuple[Shortfall, ...]) -> None:
        for shades in (self.rate_shades, self.integral_shades):
            for index, shade in enumerate(shades):
                shade.setVisible(index < len(found))
                if index < len(found):
                    shade.setRegion((found[index].start_ms, found[index].end_ms))
                    shade.setToolTip(f"The physics falls short: {found[index].sentence}")

    def _color(self, theme: Theme) -> None:
        for shade in (*self.rate_shades, *self.integral_shades):
            shade.setBrush(shade_color(theme))
        measured = mixed(theme.ground_truth, theme.plot_background, 0.55)
        for plot, curve, text, color in (
            (self.rates, self.rate_sum, "sum", theme.prediction),
            (self.rates, self.physics_rate, "F<sub>p</sub>", theme.physics),
            (self.rates, self.network_rate, "F<sub>dl</sub>", theme.network),
            (self.integrals, self.mean, "measured", measured),
            (self.integrals, self.prediction, "sum", theme.prediction),
            (self.integrals, self.physics_integral, _PHYSICS, theme.physics),
            (self.integrals, self.network_integral, "∫F<sub>dl</sub>", theme.network),
        ):
            curve.color(color)
            ends_of(plot).name(curve, text, color)


def _add_shade(plot: Any) -> Any:
    shade = pg.LinearRegionItem(movable=False, pen=pg.mkPen(None))
    shade.setZValue(-10)
    shade.hide()
    plot.addItem(shade, ignoreBounds=True)
    return shade


def shade_color(theme: Theme) -> QColor:
    """The network's colour, faint behind the curves."""
    color = QColor(theme.network)
    color.setAlpha(_SHADE_ALPHA)
    return color
