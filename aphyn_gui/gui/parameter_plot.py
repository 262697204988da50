"""Learned parameters of all fitted regions, each within its bounds."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import pyqtgraph as pg
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from aphyn_gui.gui.learned import LearnedParameter, learned_parameters
from aphyn_gui.gui.plot_style import NarrowLabel, apply_theme, mixed, new_plot
from aphyn_gui.gui.symbols import symbol_html
from aphyn_gui.gui.theme import Theme, current_theme, theme_manager
from aphyn_gui.study import RegionFit

_DOT_PIXELS = 10
_AXIS_WIDTH = 44
_PLOTS_A_ROW = 3
_TITLE_HEIGHT = 20
_LEGEND_MARGIN = 28
_MARGIN = 0.25
"""Around the bounds, so that a dot on one of them is seen whole."""
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
        self._legend: NarrowLabel | None = None
        theme_manager().changed.connect(self._on_theme)
        self._on_theme(current_theme())

    def show_fits(self, fits: Sequence[RegionFit]) -> None:
        """Show these fits, one region each."""
        if tuple(fits) != self._fits:
            self._fits = tuple(fits)
            self._on_theme(current_theme())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Break the legend where the new width ends."""
        super().resizeEvent(event)
        # Called by pyqtgraph's constructor too.
        legend: NarrowLabel | None = getattr(self, "_legend", None)
        if legend is not None:
            legend.wrap(self.width() - _LEGEND_MARGIN)

    def _on_theme(self, theme: Theme) -> None:
        """Draw everything anew: it happens when a fit ends, not while one runs."""
        self.setBackground(theme.plot_background)
        self.clear()
        self.plots.clear()
        self._legend = None
        learned = [learned_parameters(fit.fit.protocol) for fit in self._fits]
        names = list(dict.fromkeys(name for items in learned for name in items))
        for index, name in enumerate(names):
            holders = [
                (fit, items[name])
                for fit, items in zip(self._fits, learned, strict=True)
                if name in items and name in fit.fit.parameters
            ]
            if holders:
                plot = self._plot_of(holders, theme)
                self.addItem(plot, *divmod(index, _PLOTS_A_ROW))
                self.plots[name] = plot
        if self.plots:
            # Names stand once below all plots: under each they would run into one another.
            regions = "&nbsp;&nbsp; ".join(
                f"<span style='color:{fit.region.color}'>■</span>&nbsp;"
                f"{escape(fit.region.name).replace(' ', '&nbsp;')}"
                for fit in self._fits
            )
            marks = "○&nbsp;physics only&nbsp;&nbsp; ●&nbsp;hybrid&nbsp;&nbsp; ─&nbsp;bounds"
            legend = NarrowLabel(
                f"{regions}&nbsp;&nbsp; {marks}", color=theme.muted_text, size="8pt"
            )
            legend.wrap(self.width() - _LEGEND_MARGIN)
            self._legend = legend
            self.addItem(legend, len(names) // _PLOTS_A_ROW + 1, 0, colspan=_PLOTS_A_ROW)

    def _plot_of(self, holders: Sequence[tuple[RegionFit, LearnedParameter]], theme: Theme) -> Any:
        # Regions fitted with different bounds share an axis that holds all of them.
        widest = LearnedParameter(
            holders[0][1].parameter,
            min(item.lower for _, item in holders),
            max(item.upper for _, item in holders),
        )
        parameter = widest.parameter
        plot = new_plot(names_ends=False)
        unit = f" ({parameter.unit})" if parameter.unit else ""
        plot.setTitle(f"{symbol_html(parameter.name)}{unit}")
        plot.getAxis("left").setWidth(_AXIS_WIDTH)
        plot.getAxis("left").setTicks(widest.bound_ticks)
        plot.setMouseEnabled(x=False)
        plot.layout.setRowFixedHeight(0, _TITLE_HEIGHT)
        bound_pen = pg.mkPen(mixed(theme.plot_axis, theme.plot_background, 0.4))
        for bound in widest.bounds_on_axis:
            plot.addItem(pg.InfiniteLine(angle=0, pos=bound, pen=bound_pen), ignoreBounds=True)
        for index, (fit, _) in enumerate(holders):
            color = fit.region.color
            for value, brush, aside in (
                (fit.fit.physics_parameters.get(parameter.name), None, -_ASIDE),
                (fit.fit.parameters[parameter.name], color, _ASIDE),
            ):
                if value is None:
                    continue
                dot = pg.ScatterPlotItem(
                    [index + aside], [float(widest.on_axis(value))], size=_DOT_PIXELS,
                    pen=pg.mkPen(color, width=1.5), brush=pg.mkBrush(brush),
                )  # fmt: skip
                plot.addItem(dot)
        plot.setYRange(*widest.axis_range(_MARGIN), padding=0)
        plot.setXRange(-0.6, len(holders) - 0.4, padding=0)
        plot.getAxis("bottom").setTicks([])
        apply_theme(plot, theme)
        return plot
