"""Measured and predicted potential of one region, and their difference."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtWidgets import QWidget

from aphyn_gui.gui.colors import mixed
from aphyn_gui.gui.fit_picture import FitPicture
from aphyn_gui.gui.plot_panel import PlotPanel
from aphyn_gui.gui.plot_style import (
    LIGHT_SHARE,
    add_curve,
    ends_of,
    finite_bounds,
)
from aphyn_gui.gui.theme import Theme
from aphyn_gui.recording import SequenceSet

_NAMES = ("prediction", "measured mean", "physics only")


class ForecastPlot(PlotPanel):
    """v(t): pixels faint, their mean strong, predictions; below, what the prediction misses."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.plot, self.kept_range = self._add_plot(0)
        self.residual_plot, self.residual_range = self._add_plot(1, x_from=self.kept_range)
        self.ci.layout.setRowStretchFactor(0, 5)
        self.ci.layout.setRowStretchFactor(1, 2)
        self.plot.setLabel("left", "v")
        self.plot.getAxis("bottom").setStyle(showValues=False)
        self.residual_plot.setLabel("left", "difference")
        self.residual_plot.setLabel("bottom", "time from onset", units="ms")
        self.traces = add_curve(self.plot, width=1, connect="finite", is_static=True)
        self.physics = add_curve(self.plot)
        self.mean = add_curve(self.plot)
        self.prediction = add_curve(self.plot)
        self.zero = pg.InfiniteLine(angle=0, pos=0)
        self.residual_plot.addItem(self.zero)
        self.physics_residual = add_curve(self.residual_plot)
        self.residual = add_curve(self.residual_plot)
        self._sequences: SequenceSet | None = None
        self._mean = np.empty(0)
        self._measured_bounds: tuple[float, float] | None = None
        for plot in (self.plot, self.residual_plot):
            ends_of(plot).reserve(*_NAMES)
        self._finish()

    def _draw(self, picture: FitPicture) -> None:
        sequences, forecast = picture.sequences, picture.forecast
        if sequences is not self._sequences:
            self._draw_measured(sequences)
        time, mean = sequences.time_ms, self._mean
        hybrid = forecast if picture.is_hybrid else None
        physics = picture.physics_forecast if picture.is_hybrid else forecast
        reach = 0.02
        for shown, curve, residual_curve in (
            (hybrid, self.prediction, self.residual),
            (physics, self.physics, self.physics_residual),
        ):
            if shown is None:
                curve.clear()
                residual_curve.clear()
                continue
            residual = np.interp(time, shown.time_ms, shown.voltage) - mean
            curve.setData(shown.time_ms, shown.voltage)
            residual_curve.setData(time, residual)
            self.kept_range.include_y(finite_bounds(shown.voltage), step=0.1)
            reach = max(reach, float(np.nanmax(np.abs(residual))))
        self.kept_range.include_x(0.0, sequences.horizon_ms)
        self.kept_range.include_y(self._measured_bounds, step=0.1)
        self.residual_range.include_y((-reach, reach))
        for plot in (self.plot, self.residual_plot):
            ends_of(plot).update()

    def _draw_measured(self, sequences: SequenceSet) -> None:
        """What a running fit does not move."""
        self._sequences = sequences
        used = np.concatenate([sequences.training, sequences.validation])
        self._measured_bounds = finite_bounds(sequences.voltages[used])
        self._mean = np.nanmean(sequences.training_voltages, axis=0)
        self.traces.setData(*traces_in_one_line(sequences, used))
        self.mean.setData(sequences.time_ms, self._mean)

    def _color(self, theme: Theme) -> None:
        faint = mixed(theme.ground_truth, theme.plot_background, 0.8)
        light = mixed(theme.prediction, theme.plot_background, LIGHT_SHARE)
        self.traces.color(faint)
        self.mean.color(theme.ground_truth)
        self.zero.setPen(pg.mkPen(theme.plot_axis))
        for curve in (self.prediction, self.residual):
            curve.color(theme.prediction)
        for curve in (self.physics, self.physics_residual):
            curve.color(light)
        ends = ends_of(self.plot)
        ends.name(self.mean, "measured mean", theme.ground_truth)
        ends.name(self.prediction, "prediction", theme.prediction)
        ends.name(self.physics, "physics only", light)
        ends = ends_of(self.residual_plot)
        ends.name(self.residual, "prediction", theme.prediction)
        ends.name(self.physics_residual, "physics only", light)


def traces_in_one_line(
    sequences: SequenceSet, chosen: np.ndarray[tuple[int], np.dtype[np.int64]]
) -> tuple[np.ndarray[tuple[int], np.dtype[np.float64]], ...]:
    """Times and voltages of the chosen sequences as one line with a gap after each."""
    voltages = sequences.voltages[chosen]
    gap = np.full((len(voltages), 1), np.nan)
    time = np.append(sequences.time_ms, np.nan)
    return np.tile(time, len(voltages)), np.hstack([voltages, gap]).ravel()
