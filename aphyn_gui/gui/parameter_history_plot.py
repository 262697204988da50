"""How the learned parameters moved, epoch by epoch, between their bounds."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtWidgets import QWidget

from aphyn_gui.gui.colors import mixed
from aphyn_gui.gui.fit_picture import FitPicture
from aphyn_gui.gui.learned import LearnedParameter, learned_parameters
from aphyn_gui.gui.plot_panel import PlotPanel
from aphyn_gui.gui.plot_style import add_curve, ends_of
from aphyn_gui.gui.symbols import symbol_html
from aphyn_gui.gui.theme import Theme, current_theme

_WIDEST_NAME = "J<sub>stim</sub> 0.00000 1/ms, +00.0 %"


class ParameterHistoryPlot(PlotPanel):
    """One panel for each learned parameter, from bound to bound.

    The bounds are the only labels of an axis, and the curve's end says name, value and the change
    since the first epoch, which between the bounds is often too small to be seen. So six panels
    have room below each other.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._learned: dict[str, LearnedParameter] = {}
        self.curves: dict[str, pg.PlotCurveItem] = {}
        self._bounds: list[pg.InfiniteLine] = []
        self._finish()

    def _draw(self, picture: FitPicture) -> None:
        histories = {} if picture.history is None else picture.history.parameters
        learned = {
            name: item
            for name, item in learned_parameters(picture.protocol).items()
            if not histories or name in histories
        }
        if learned != self._learned:
            self._learned = learned
            self._rebuild(list(learned.values()))
        color = current_theme().physics
        for (name, item), plot, kept in zip(
            learned.items(), self._plots, self._ranges, strict=True
        ):
            curve = self.curves[name]
            values = np.asarray(histories.get(name, ()), dtype=np.float64)
            curve.setData(np.arange(1, len(values) + 1), item.on_axis(values), connect="finite")
            kept.include_x(0, max(picture.epochs, len(values), 1))
            low, high = item.axis_range()
            kept.include_y((low, high), step=(high - low) / 1000)
            value = _end(item, values) if len(values) else ""
            ends_of(plot).name(curve, value and f"{symbol_html(name)} {value}", color)

    def _rebuild(self, learned: Sequence[LearnedParameter]) -> None:
        """One plot a parameter; happens when what is learned changes."""
        self.ci.clear()
        for items in (self._plots, self._ranges, self.curves, self._bounds):
            items.clear()
        first = None
        for row, item in enumerate(learned):
            plot, kept = self._add_plot(row, x_from=first)
            first = first or kept
            plot.getAxis("left").setTicks(item.bound_ticks)
            for bound in item.bounds_on_axis:
                line = pg.InfiniteLine(angle=0, pos=bound)
                plot.addItem(line, ignoreBounds=True)
                self._bounds.append(line)
            self.curves[item.parameter.name] = add_curve(plot)
            ends_of(plot).reserve(_WIDEST_NAME)
            is_last = row == len(learned) - 1
            plot.getAxis("bottom").setStyle(showValues=is_last)
            if is_last:
                plot.setLabel("bottom", "epoch; beside: value, change since the first")
        self.show_theme(current_theme())

    def _color(self, theme: Theme) -> None:
        for plot, curve in zip(self._plots, self.curves.values(), strict=True):
            curve.color(theme.physics)
            ends_of(plot).recolor(curve, theme.physics)
        for line in self._bounds:
            line.setPen(pg.mkPen(mixed(theme.plot_axis, theme.plot_background, 0.4)))


def _end(item: LearnedParameter, values: npt.NDArray[np.float64]) -> str:
    """The last value, and its change since the first."""
    first, last = float(values[0]), float(values[-1])
    # Zero has no sign, and the text no place to break.
    if item.is_log:
        value = f"{last:.4g}"
        change = f"{round(100 * (last / first - 1), 1) + 0.0:+.1f} %"
    else:
        # To a ten-thousandth of the range: a value at the bound 0 is no 4.4e-05.
        decimals = max(4 - math.ceil(math.log10(item.upper - item.lower)), 0)
        value = f"{round(last, decimals) + 0.0:.{decimals}f}"
        change = f"{round(last - first, decimals) + 0.0:+.{decimals}f}"
    value = f"{value} {item.parameter.unit}".rstrip()
    return f"{value}, {change}".replace("-", "−").replace(" ", "\N{NO-BREAK SPACE}")
