"""How a fit went: loss terms and lambda, epoch by epoch."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtWidgets import QWidget

from aphyn_gui.gui.colors import mixed
from aphyn_gui.gui.fit_picture import FitPicture
from aphyn_gui.gui.learned import log10
from aphyn_gui.gui.plot_panel import PlotPanel
from aphyn_gui.gui.plot_style import (
    LIGHT_SHARE,
    add_curve,
    ends_of,
    finite_bounds,
)
from aphyn_gui.gui.theme import Theme

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
            curve.color(color)
            ends_of(plot).name(curve, text, color)
