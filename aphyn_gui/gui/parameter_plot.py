"""Learned parameters of all fitted regions, each within its bounds."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtWidgets import QWidget

from aphyn_gui.gui.plot_style import apply_theme, mixed, new_plot
from aphyn_gui.gui.symbols import symbol_html
from aphyn_gui.gui.theme import Theme, current_theme, theme_manager
from aphyn_gui.physics import Parameter, ionic_model
from aphyn_gui.study import RegionFit

_DOT_PIXELS = 10
_AXIS_WIDTH = 44
_ASIDE = 0.13
"""How far the two dots of a region stand apart: they are often at the same height."""


class ParameterDots(pg.GraphicsLayoutWidget):  # type: ignore[misc]
    """One dot plot a parameter, regions side by side.

    A full dot is the hybrid's value, a hollow one the value of the physics alone. The axis goes
    from bound to bound, logarithmic where both bounds are positive.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumSize(220, 130)
        self._fits: tuple[RegionFit, ...] = ()
        self.plots: dict[str, Any] = {}
        theme_manager().changed.connect(self._on_theme)
        self._on_theme(current_theme())

    def show_fits(self, fits: Sequence[RegionFit]) -> None:
        """Show these fits, one region each."""
        if tuple(fits) != self._fits:
            self._fits = tuple(fits)
            self._on_theme(current_theme())

    def _on_theme(self, theme: Theme) -> None:
        """Draw everything anew: it happens when a fit ends, not while one runs."""
        self.setBackground(theme.plot_background)
        self.clear()
        self.plots.clear()
        names = dict.fromkeys(name for fit in self._fits for name in fit.fit.protocol.learned_names)
        for column, name in enumerate(names):
            holders = [fit for fit in self._fits if name in fit.fit.parameters]
            parameter = ionic_model(holders[0].fit.protocol.physics).parameter(name)
            plot = self._plot_of(parameter, holders, theme)
            self.addItem(plot, 0, column)
            self.plots[name] = plot
        if self.plots:
            # Names stand once below all plots: under each they would run into one another.
            regions = "&nbsp;&nbsp; ".join(
                f"<span style='color:{fit.region.color}'>■</span>&nbsp;{escape(fit.region.name)}"
                for fit in self._fits
            )
            marks = "○&nbsp;physics only&nbsp;&nbsp; ●&nbsp;hybrid&nbsp;&nbsp; ─&nbsp;bounds"
            legend = self.addLabel(
                f"{regions}&nbsp;&nbsp;&nbsp;&nbsp; {marks}",
                1, 0, colspan=len(self.plots), color=theme.muted_text, size="8pt",
            )  # fmt: skip
            legend.setMinimumWidth(0)

    def _plot_of(self, parameter: Parameter, fits: Sequence[RegionFit], theme: Theme) -> Any:
        plot = new_plot(names_ends=False, is_log=True)
        unit = f" ({parameter.unit})" if parameter.unit else ""
        plot.setTitle(f"{symbol_html(parameter.name)}{unit}")
        plot.getAxis("left").setWidth(_AXIS_WIDTH)
        plot.setMouseEnabled(x=False)
        bounds = [fit.fit.protocol.bounds_of(parameter.name) for fit in fits]
        is_log = all(lower > 0 for lower, _ in bounds)
        plot.getAxis("left").is_log = is_log
        scale = np.log10 if is_log else np.asarray
        low = float(scale(min(lower for lower, _ in bounds)))
        high = float(scale(max(upper for _, upper in bounds)))
        bound_pen = pg.mkPen(mixed(theme.plot_axis, theme.plot_background, 0.4))
        for bound in (low, high):
            plot.addItem(pg.InfiniteLine(angle=0, pos=bound, pen=bound_pen), ignoreBounds=True)
        for index, fit in enumerate(fits):
            color = fit.region.color
            for value, brush, aside in (
                (fit.fit.physics_parameters.get(parameter.name), None, -_ASIDE),
                (fit.fit.parameters[parameter.name], color, _ASIDE),
            ):
                if value is None:
                    continue
                dot = pg.ScatterPlotItem(
                    [index + aside], [float(scale(value))], size=_DOT_PIXELS,
                    pen=pg.mkPen(color, width=1.5), brush=pg.mkBrush(brush),
                )  # fmt: skip
                plot.addItem(dot)
        margin = 0.06 * (high - low)
        plot.setYRange(low - margin, high + margin, padding=0)
        plot.setXRange(-0.6, len(fits) - 0.4, padding=0)
        plot.getAxis("bottom").setTicks([])
        apply_theme(plot, theme)
        return plot
