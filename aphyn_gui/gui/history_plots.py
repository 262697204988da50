"""How a fit went: loss terms, lambda, and parameters, epoch by epoch."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtWidgets import QWidget

from aphyn_gui.gui.fit_picture import FitPicture
from aphyn_gui.gui.plot_panel import PlotPanel
from aphyn_gui.gui.plot_style import (
    LIGHT_SHARE,
    add_curve,
    color_curve,
    ends_of,
    finite_bounds,
    mixed,
)
from aphyn_gui.gui.symbols import symbol_html
from aphyn_gui.gui.theme import Theme, current_theme
from aphyn_gui.physics import Parameter, ionic_model

_NAMES = ("training MSE", "validation MSE", "F<sub>dl</sub>² (1/ms²)")
_LAMBDA_STEP = math.log10(2)


class LossPlot(PlotPanel):
    """Errors, the size of F_dl, and, in a strip below, lambda; all on logarithmic axes."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.losses, self.losses_range = self._add_plot(0, is_log=True)
        self.lambda_plot, self.lambda_range = self._add_plot(
            1, x_from=self.losses_range, is_log=True
        )
        self.ci.layout.setRowStretchFactor(0, 5)
        self.ci.layout.setRowStretchFactor(1, 2)
        for plot in (self.losses, self.lambda_plot):
            ends_of(plot).reserve(*_NAMES)
        self.losses.setLabel("left", "loss terms")
        self.losses.getAxis("bottom").setStyle(showValues=False)
        self.lambda_plot.setLabel("left", "λ")
        self.lambda_plot.setLabel("bottom", "epoch")
        self.training = add_curve(self.losses)
        self.validation = add_curve(self.losses)
        self.network = add_curve(self.losses)
        self.lambda_ = add_curve(self.lambda_plot)
        self._finish()

    def _draw(self, picture: FitPicture) -> None:
        history = picture.history
        if history is None:
            for curve in (self.training, self.validation, self.network, self.lambda_):
                curve.clear()
            return
        epochs = np.arange(1, history.epochs + 1)
        values = {
            self.training: log10(history.training_mse),
            self.validation: log10(history.validation_mse),
            self.network: log10(history.mean_square_f_dl),
        }
        for curve, value in values.items():
            curve.setData(epochs, value, connect="finite")
        lambdas = log10(history.lambda_)
        self.lambda_.setData(epochs, lambdas, connect="finite")
        self.losses_range.include_x(0, max(picture.epochs, history.epochs))
        self.losses_range.include_y(finite_bounds(*values.values()), step=1.0)
        self.lambda_range.include_y(finite_bounds(lambdas), step=_LAMBDA_STEP)
        for plot in (self.losses, self.lambda_plot):
            ends_of(plot).update()

    def _color(self, theme: Theme) -> None:
        light = mixed(theme.prediction, theme.plot_background, LIGHT_SHARE)
        for plot, curve, text, color in (
            (self.losses, self.training, _NAMES[0], light),
            (self.losses, self.validation, _NAMES[1], theme.prediction),
            (self.losses, self.network, _NAMES[2], theme.network),
            (self.lambda_plot, self.lambda_, "λ", theme.plot_axis),
        ):
            color_curve(curve, color)
            ends_of(plot).name(curve, text, color)


class ParameterHistoryPlot(PlotPanel):
    """One panel for each learned parameter, from bound to bound."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._names: tuple[str, ...] = ()
        self._model = ""
        self.curves: list[pg.PlotCurveItem] = []
        self._bounds: list[tuple[pg.InfiniteLine, pg.InfiniteLine]] = []
        self._finish()

    def _draw(self, picture: FitPicture) -> None:
        protocol, history = picture.protocol, picture.history
        model = ionic_model(protocol.physics)
        names = protocol.learned_names
        if (model.name, names) != (self._model, self._names):
            self._model, self._names = model.name, names
            self._rebuild([model.parameter(name) for name in names])
        theme = current_theme()
        for index, name in enumerate(names):
            plot, kept, curve = self._plots[index], self._ranges[index], self.curves[index]
            parameter = model.parameter(name)
            values = np.asarray(history.parameters[name] if history else (), dtype=np.float64)
            is_log = protocol.bounds_of(name)[0] > 0
            plot.getAxis("left").is_log = is_log
            scale = log10 if is_log else np.asarray
            curve.setData(np.arange(1, len(values) + 1), scale(values), connect="finite")
            low, high = (float(scale(np.array(bound))) for bound in protocol.bounds_of(name))
            for line, bound in zip(self._bounds[index], (low, high), strict=True):
                line.setValue(bound)
            margin = 0.06 * (high - low)
            kept.include_x(0, max(picture.epochs, len(values)))
            kept.include_y((low - margin, high + margin), step=margin)
            text = f"{values[-1]:.4g} {parameter.unit}".strip() if len(values) else ""
            ends_of(plot).name(curve, text, theme.physics)

    def _rebuild(self, parameters: Sequence[Parameter]) -> None:
        """One plot a parameter; happens when the set of learned parameters changes."""
        self.ci.clear()
        self._plots.clear()
        self._ranges.clear()
        self.curves.clear()
        self._bounds.clear()
        first = None
        for row, parameter in enumerate(parameters):
            plot, kept = self._add_plot(row, x_from=first, is_log=True)
            first = first or kept
            plot.setLabel("left", symbol_html(parameter.name), units=parameter.unit or None)
            lines = (pg.InfiniteLine(angle=0), pg.InfiniteLine(angle=0))
            for line in lines:
                plot.addItem(line, ignoreBounds=True)
            self._bounds.append(lines)
            self.curves.append(add_curve(plot))
            # As wide as the margin of the losses, with which they stand in one column.
            ends_of(plot).reserve(*_NAMES)
            is_last = row == len(parameters) - 1
            plot.getAxis("bottom").setStyle(showValues=is_last)
            if is_last:
                plot.setLabel("bottom", "epoch")
        self._on_theme(current_theme())

    def _color(self, theme: Theme) -> None:
        for plot, curve in zip(self._plots, self.curves, strict=False):
            color_curve(curve, theme.physics)
            ends_of(plot).recolor(curve, theme.physics)
        for lines in self._bounds:
            for line in lines:
                line.setPen(pg.mkPen(mixed(theme.plot_axis, theme.plot_background, 0.4)))


def log10(values: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Decimal logarithm, NaN for what has none."""
    array = np.asarray(values, dtype=np.float64)
    return np.log10(np.where(array > 0, array, math.nan))
