"""Learned parameters of all fitted regions, each within its bounds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from html import escape
from math import isnan
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QBrush, QColor, QResizeEvent
from PySide6.QtWidgets import QWidget

from aphyn_gui.fitting import Estimate
from aphyn_gui.gui.colors import mixed
from aphyn_gui.gui.learned import LearnedParameter, learned_parameters
from aphyn_gui.gui.plot_style import NarrowLabel, apply_theme, new_plot
from aphyn_gui.gui.short_names import shortened
from aphyn_gui.gui.symbols import symbol_html, symbol_text
from aphyn_gui.gui.theme import Theme, current_theme, theme_manager
from aphyn_gui.gui.turns import Turns
from aphyn_gui.gui.value_axis import axis_around
from aphyn_gui.study import Region, RegionFit

Holders = list[tuple[RegionFit, LearnedParameter]]
"""The regions that have a parameter, with its bounds there."""

_DOT_PIXELS, _DIAMOND_PIXELS = 10, 13
_AXIS_WIDTH = 44
_PLOTS_A_ROW = 3
_TITLE_HEIGHT = 20
_LEGEND_MARGIN = 28
_LEGEND_SHARE = 0.25
"""Of the height: what the legend may take from the plots."""
_SPACE = "&nbsp;&nbsp; "
_MARKS = ("○ physics only", "● hybrid with 95 % interval", "◇ not identified", "─ bounds")
_CAP_WIDTH = 0.12
"""Of an error bar, in regions."""
_ASIDE = 0.13
"""How far the two dots of a region stand apart: they are often at the same height."""


class ParameterDots(pg.GraphicsLayoutWidget):  # type: ignore[misc]
    """One dot plot a parameter, regions side by side.

    A full dot is the hybrid's value with its 95 % interval, a hatched diamond one that the data do
    not identify, a hollow dot the value of the physics alone. The axis is logarithmic where both
    bounds are positive, and holds all values and intervals.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumSize(220, 130)
        self._fits: tuple[RegionFit, ...] = ()
        self.plots: dict[str, Any] = {}
        self.marks: dict[tuple[str, str], Any] = {}
        """The final value's mark, by region id and parameter."""
        self.bars: dict[tuple[str, str], Any] = {}
        """The interval, likewise."""
        self._made: dict[str, Any] = {}
        self._holders: dict[str, Holders] = {}
        self._legend: NarrowLabel | None = None
        self._is_laid_out = False
        self.turns = Turns(self)
        """Of the plots: drawing all of them at once would be felt where a fit has just ended."""
        theme_manager().changed.connect(self.show_theme)
        self.show_theme(current_theme())

    def show_fits(self, fits: Sequence[RegionFit]) -> None:
        """Show these fits, one region each, plot by plot in the next turns of the event loop."""
        if tuple(fits) == self._fits:
            return
        self._fits = tuple(fits)
        self._holders = _holders(fits)
        theme = current_theme()
        # Plots that were made may still wait to be laid out, when the next fit ends at once.
        if self._is_laid_out and list(self._holders) == list(self.plots):
            fills = [partial(self._fill, name, theme) for name in self._holders]
            self.turns.begin(
                [self._conceal, *fills, partial(self._write_legend, theme), self._reveal]
            )
        else:
            self.turns.begin(self._arrangement(theme))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Break the legend where the new width ends."""
        super().resizeEvent(event)
        # Called by pyqtgraph's constructor too.
        if getattr(self, "_legend", None) is not None:
            self._fit_legend()

    def catch_up(self) -> None:
        """Draw what waits for its turn."""
        self.turns.finish()

    def show_theme(self, theme: Theme) -> None:
        """Draw everything anew in the colours of ``theme``."""
        self.setBackground(theme.plot_background)
        self.turns.begin(self._arrangement(theme))
        self.turns.finish()

    def _arrangement(self, theme: Theme) -> list[Callable[[], None]]:
        """What it takes to show other parameters than before, one piece a turn."""
        pieces: list[Callable[[], None]] = [self._conceal, self._forget]
        for name in self._holders:
            pieces.append(partial(self._make_plot, name))
            pieces.append(partial(self._fill, name, theme))
            pieces.append(partial(self._frame, name, theme))
        return [*pieces, self._lay_out, partial(self._write_legend, theme), self._reveal]

    def _conceal(self) -> None:
        # Every plot that changes repaints the others, and one that is added moves them: once is
        # enough.
        self.setUpdatesEnabled(False)

    def _forget(self) -> None:
        self.clear()
        self.plots.clear()
        self.marks.clear()
        self.bars.clear()
        self._legend = None
        self._is_laid_out = False

    def _make_plot(self, name: str) -> None:
        # It takes 10 ms, which a window that has just ended a fit would feel.
        if name not in self._made:
            self._made[name] = new_plot(names_ends=False)
        self.plots[name] = self._made[name]

    def _lay_out(self) -> None:
        for index, plot in enumerate(self.plots.values()):
            self.addItem(plot, *divmod(index, _PLOTS_A_ROW))
        self._is_laid_out = True

    def _reveal(self) -> None:
        self.setUpdatesEnabled(True)

    def _write_legend(self, theme: Theme) -> None:
        """Names stand once below all plots: under each they would run into one another."""
        if self._legend is not None:
            self.removeItem(self._legend)
            self._legend = None
        if not self.plots:
            return
        self._legend = NarrowLabel("", color=theme.muted_text, size="8pt")
        self._legend.setToolTip("\n".join((*(fit.region.name for fit in self._fits), *_MARKS)))
        self._fit_legend()
        row = (len(self.plots) - 1) // _PLOTS_A_ROW + 1
        self.addItem(self._legend, row, 0, colspan=_PLOTS_A_ROW)

    def _fit_legend(self) -> None:
        """As many words as a part of the height holds: what a mark means can be asked for."""
        if self._legend is None:
            return
        regions = _SPACE.join(_region_html(fit.region) for fit in self._fits)
        marks = _SPACE.join(words.replace(" ", "&nbsp;") for words in _MARKS)
        squares = "&nbsp;".join(_square(fit.region.color) for fit in self._fits)
        for words in (f"{regions}{_SPACE}{marks}", regions, squares):
            self._legend.setText(words)
            self._legend.wrap(self.width() - _LEGEND_MARGIN)
            if self._legend.itemRect().height() <= _LEGEND_SHARE * self.height():
                return

    def _fill(self, name: str, theme: Theme) -> None:
        plot, holders = self.plots[name], self._holders[name]
        # Regions fitted with different bounds share an axis that holds all of them.
        widest = LearnedParameter(
            holders[0][1].parameter,
            min(item.lower for _, item in holders),
            max(item.upper for _, item in holders),
        )
        parameter = widest.parameter
        plot.clear()
        for marks in (self.marks, self.bars):
            for key in [key for key in marks if key[1] == name]:
                del marks[key]
        unit = f" ({parameter.unit})" if parameter.unit else ""
        title = f"{symbol_html(parameter.name)}{unit}"
        if plot.titleLabel.text != title:
            plot.setTitle(title)
        bound_pen = pg.mkPen(mixed(theme.plot_axis, theme.plot_background, 0.4))
        for bound in widest.bounds_on_axis:
            plot.addItem(pg.InfiniteLine(angle=0, pos=bound, pen=bound_pen), ignoreBounds=True)
        values = []
        for index, (fit, _) in enumerate(holders):
            color = fit.region.color
            physics_only = fit.fit.physics_parameters[parameter.name]
            value = fit.fit.parameters[parameter.name]
            values += [physics_only, value]
            plot.addItem(
                pg.ScatterPlotItem(
                    [index - _ASIDE], [float(widest.on_axis(physics_only))], size=_DOT_PIXELS,
                    pen=pg.mkPen(color, width=1.5), brush=pg.mkBrush(None),
                )
            )  # fmt: skip
            key = (fit.region.id, parameter.name)
            estimate = None
            if fit.fit.uncertainty is not None:
                estimate = fit.fit.uncertainty.estimates[parameter.name]
            if estimate is not None and not isnan(estimate.lower):
                values += [estimate.lower, estimate.upper]
                self.bars[key] = _error_bar(index + _ASIDE, estimate, widest, color)
                plot.addItem(self.bars[key])
            self.marks[key] = _mark(index + _ASIDE, value, estimate, widest, color)
            self.marks[key].setToolTip(_words(fit, widest, estimate))
            plot.addItem(self.marks[key])
        axis = axis_around(widest, values)
        plot.getAxis("left").setTicks(axis.ticks)
        plot.setYRange(axis.low, axis.high, padding=0)
        plot.setXRange(-0.6, len(holders) - 0.4, padding=0)

    def _frame(self, name: str, theme: Theme) -> None:
        """What stays when only the values change."""
        plot = self.plots[name]
        plot.getAxis("left").setWidth(_AXIS_WIDTH)
        plot.getAxis("bottom").setTicks([])
        plot.setMouseEnabled(x=False)
        plot.layout.setRowFixedHeight(0, _TITLE_HEIGHT)
        apply_theme(plot, theme)


def _holders(fits: Sequence[RegionFit]) -> dict[str, Holders]:
    """The regions that learned each parameter, in the order of the regions."""
    holders: dict[str, Holders] = {}
    for fit in fits:
        for name, item in learned_parameters(fit.fit.protocol).items():
            if name in fit.fit.parameters:
                holders.setdefault(name, []).append((fit, item))
    return holders


def _region_html(region: Region) -> str:
    name = escape(shortened(region.name)).replace(" ", "&nbsp;")
    return f"{_square(region.color)}&nbsp;{name}"


def _square(color: str) -> str:
    return f"<span style='color:{color}'>■</span>"


def _error_bar(x: float, estimate: Estimate, parameter: LearnedParameter, color: str) -> Any:
    value, lower, upper = (
        float(parameter.on_axis(end)) for end in (estimate.value, estimate.lower, estimate.upper)
    )
    return pg.ErrorBarItem(
        x=np.array([x]), y=np.array([value]),
        top=np.array([upper - value]), bottom=np.array([value - lower]),
        beam=_CAP_WIDTH, pen=pg.mkPen(color, width=1.5),
    )  # fmt: skip


def _mark(
    x: float, value: float, estimate: Estimate | None, parameter: LearnedParameter, color: str
) -> Any:
    symbol, size, brush = "o", _DOT_PIXELS, QBrush(QColor(color))
    # Where nothing could be computed nobody knows that the data identify it.
    if estimate is None or not estimate.identified:
        symbol, size = "d", _DIAMOND_PIXELS
        brush.setStyle(Qt.BrushStyle.Dense5Pattern)
    return pg.ScatterPlotItem(
        [x], [float(parameter.on_axis(value))], size=size, symbol=symbol,
        pen=pg.mkPen(color, width=1.5), brush=brush,
    )  # fmt: skip


def _words(fit: RegionFit, parameter: LearnedParameter, estimate: Estimate | None) -> str:
    """What there is to say about one region's value."""
    name = parameter.parameter.name
    words = f"{fit.region.name}: {symbol_text(name)} = {fit.fit.parameters[name]:.4g}"
    if parameter.parameter.unit:
        words += f" {parameter.parameter.unit}"
    if estimate is None:
        return f"{words}\nNo interval could be computed."
    if not isnan(estimate.lower):
        words += f", 95 % interval {estimate.lower:.4g} to {estimate.upper:.4g}"
    reason = symbol_text(estimate.reason)
    return words if estimate.identified else f"{words}\nNot identified: {reason}."
