"""Action potentials of all fitted regions in one plot."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtWidgets import QWidget

from aphyn_gui.gui.colors import mixed
from aphyn_gui.gui.plot_style import (
    SteppedRange,
    add_curve,
    apply_theme,
    ends_of,
    finite_bounds,
    new_plot,
)
from aphyn_gui.gui.short_names import shortened
from aphyn_gui.gui.theme import Theme, current_theme, theme_manager
from aphyn_gui.study import RegionFit


class OverlayPlot(pg.GraphicsLayoutWidget):  # type: ignore[misc]
    """Measured mean (faint) and prediction (strong) of each region, in the region's colour."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumSize(220, 140)
        self._fits: tuple[RegionFit, ...] = ()
        self.plot = new_plot("light: measured mean, strong: prediction")
        self.addItem(self.plot)
        self.kept_range = SteppedRange(self.plot)
        self.plot.setLabel("left", "v")
        self.plot.setLabel("bottom", "time from onset", units="ms")
        self.measured: list[Any] = []
        self.predicted: list[Any] = []
        theme_manager().changed.connect(self.show_theme)
        self.show_theme(current_theme())

    def show_fits(self, fits: Sequence[RegionFit]) -> None:
        """Show these fits, one region each."""
        if tuple(fits) == self._fits:
            return
        self._fits = tuple(fits)
        while len(self.measured) < len(fits):
            self.measured.append(add_curve(self.plot))
            self.predicted.append(add_curve(self.plot))
        self.kept_range.restart()
        for index, (measured, predicted) in enumerate(
            zip(self.measured, self.predicted, strict=True)
        ):
            if index >= len(fits):
                measured.clear()
                predicted.clear()
                continue
            fit = fits[index].fit
            mean = np.nanmean(fit.sequences.training_voltages, axis=0)
            measured.setData(fit.sequences.time_ms, mean)
            predicted.setData(fit.forecast.time_ms, fit.forecast.voltage)
            self.kept_range.include_x(0.0, fit.sequences.horizon_ms)
            self.kept_range.include_y(finite_bounds(mean, fit.forecast.voltage), step=0.1)
        self.kept_range.include_y((0.0, 1.0), step=0.1)
        if fits:
            ends_of(self.plot).reserve(*(shortened(fit.region.name) for fit in fits))
            ends_of(self.plot).setToolTip("\n".join(fit.region.name for fit in fits))
        self._color(current_theme())

    def catch_up(self) -> None:
        """Nothing waits here."""

    def show_theme(self, theme: Theme) -> None:
        """Take the colours of ``theme``."""
        self.setBackground(theme.plot_background)
        apply_theme(self.plot, theme)
        self._color(theme)

    def _color(self, theme: Theme) -> None:
        for fit, measured, predicted in zip(
            self._fits, self.measured, self.predicted, strict=False
        ):
            color = fit.region.color
            measured.color(mixed(color, theme.plot_background, 0.55))
            predicted.color(color)
            ends_of(self.plot).name(predicted, escape(shortened(fit.region.name)), color)
