"""How every plot of the window looks and behaves.

Curves are created once and only get new data. What seldom changes, axes and the traces of pixels,
is kept as an image while a running fit moves the other curves.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGraphicsItem

from aphyn_gui.gui.curve import Curve
from aphyn_gui.gui.curve_ends import CurveEnds
from aphyn_gui.gui.log_axis import LogAxis
from aphyn_gui.gui.theme import Theme

LEFT_AXIS_WIDTH = 58
"""Width of every left axis, pixels, so that plots above each other line up."""

TICK_FONT_POINTS = 8

LIGHT_SHARE = 0.42
"""How much background is mixed into the colour of a secondary curve."""

_LABEL_OVERHANG = 12


class NarrowLabel(pg.LabelItem):  # type: ignore[misc]
    """A label that never makes its plot wider than the window, which would cut the margin off."""

    def updateMin(self) -> None:
        """Ask for height only; called by pyqtgraph whenever it lays out."""
        super().updateMin()
        self._sizeHint[Qt.SizeHint.MinimumSize] = (0, self.itemRect().height())
        self.setMinimumWidth(0)

    def wrap(self, width: float) -> None:
        """Break the text into lines of ``width`` pixels, centred."""
        option = self.item.document().defaultTextOption()
        option.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.item.document().setDefaultTextOption(option)
        self.item.setTextWidth(width)
        self.updateMin()
        self.resizeEvent(None)
        self.updateGeometry()


class LateMenuBox(pg.ViewBox):  # type: ignore[misc]
    """A view whose menu is made when it is first wanted: a dozen of them slow the start down."""

    def __init__(self) -> None:
        super().__init__(enableMenu=False)
        self.state["enableMenu"] = True

    def getMenu(self, event: Any) -> Any:
        """The menu; called by pyqtgraph."""
        self._make_menu()
        return super().getMenu(event)

    def getContextMenus(self, event: Any) -> Any:
        """Its entries; called by pyqtgraph."""
        self._make_menu()
        return super().getContextMenus(event)

    def _make_menu(self) -> None:
        if self.menuEnabled() and self.menu is None:
            self.setMenuEnabled(True)
            menu: Any = self.menu
            # Made by a click it belongs to no window, and would outlive it.
            menu.setParent(self.getViewWidget(), menu.windowFlags())


def add_curve(plot: Any, width: int = 2, connect: str = "all", is_static: bool = False) -> Curve:
    """Add an empty curve to ``plot``.

    Parameters
    ----------
    plot : pyqtgraph.PlotItem
        Where it goes.
    width : int
        1 or 2 pixels.
    connect : str
        "finite" breaks the line at NaN, so that one item can hold many traces.
    is_static : bool
        Whether it has many points that seldom change: it is then painted once and kept as an
        image while other curves move over it.
    """
    curve = Curve(width, connect)
    if is_static:
        curve.setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)
    plot.addItem(curve)
    return curve


def new_plot(title: str = "", names_ends: bool = True, is_log: bool = False) -> Any:
    """A plot with the window's axes and, at the right, the names of its curves.

    Parameters
    ----------
    title : str
        Shown above the plot, left out when empty.
    names_ends : bool
        Whether the right margin names the curves.
    is_log : bool
        Whether the left axis is a :class:`LogAxis`. The curves get logarithms, which saves
        pyqtgraph from keeping both.
    """
    axes: dict[str, pg.AxisItem] = {}
    if names_ends:
        axes["right"] = CurveEnds()
    if is_log:
        axes["left"] = LogAxis("left")
    plot = pg.PlotItem(axisItems=axes, viewBox=LateMenuBox())
    for side in ("left", "bottom"):
        axis = plot.getAxis(side)
        axis.enableAutoSIPrefix(False)
        # Labels at the ends of an axis may reach a little over it: the margins have room.
        axis.setStyle(tickLength=-4, hideOverlappingLabels=_LABEL_OVERHANG)
        axis.setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)
    plot.getAxis("left").setWidth(LEFT_AXIS_WIDTH)
    plot.setContentsMargins(2, 2, 4, 2)
    plot.layout.removeItem(plot.titleLabel)
    plot.titleLabel.setParentItem(None)
    plot.titleLabel = NarrowLabel("", size=f"{TICK_FONT_POINTS + 1}pt", parent=plot)
    plot.layout.addItem(plot.titleLabel, 0, 1)
    plot.setTitle(None)
    if title:
        plot.setTitle(title)
    return plot


def ends_of(plot: Any) -> CurveEnds:
    """The right margin of a plot made by :func:`new_plot`."""
    ends = plot.getAxis("right")
    assert isinstance(ends, CurveEnds)
    return ends


def apply_theme(plot: Any, theme: Theme) -> None:
    """Colour the axes, the grid and the title of a plot."""
    font = pg.QtWidgets.QApplication.font()
    font.setPointSize(TICK_FONT_POINTS)
    for side in ("left", "bottom", "right"):
        axis = plot.getAxis(side)
        if axis is None:
            continue
        axis.setPen(pg.mkPen(theme.plot_axis))
        axis.setTextPen(pg.mkPen(theme.plot_axis))
        axis.setTickFont(font)
        axis.label.setFont(font)
    if plot.titleLabel.text:
        plot.titleLabel.setText(
            plot.titleLabel.text, color=theme.muted_text, size=f"{TICK_FONT_POINTS + 1}pt"
        )


def nice_step(span: float) -> float:
    """The largest of 1, 2, 5 times a power of ten that is not longer than ``span``."""
    if not (math.isfinite(span) and span > 0):
        return 1.0
    power = 10.0 ** math.floor(math.log10(span))
    return next(factor * power for factor in (5.0, 2.0, 1.0) if factor * power <= span * 1.0001)


def finite_bounds(*arrays: Any) -> tuple[float, float] | None:
    """Smallest and largest finite value of all arrays, None when there is none."""
    bounds = []
    for array in arrays:
        values = np.asarray(array, dtype=float)
        values = values[np.isfinite(values)]
        if values.size:
            bounds.append((float(values.min()), float(values.max())))
    if not bounds:
        return None
    return min(low for low, _ in bounds), max(high for _, high in bounds)


class SteppedRange:
    """Keeps a plot's range around its data.

    The range grows in steps, so that a running fit does not make the axes tremble, and a zoom by
    hand is left alone until the plot's auto button is pressed.

    Parameters
    ----------
    plot : pyqtgraph.PlotItem
        Whose range is kept.
    x_from : SteppedRange or None
        Keeper of the plot whose x axis this plot shares.
    """

    def __init__(self, plot: Any, x_from: SteppedRange | None = None) -> None:
        self._plot = plot
        self._x_from = x_from
        self._x: tuple[float, float] | None = None
        self._y: tuple[float, float] | None = None
        self._is_manual = False
        plot.disableAutoRange()
        plot.getViewBox().sigRangeChangedManually.connect(self._on_manual)
        # Connected after pyqtgraph's own slot, whose automatic range this one replaces.
        plot.autoBtn.clicked.connect(self.restore)
        if x_from is not None:
            # Not setXLink: it aligns pixels, so plots that are not laid out yet drift apart.
            plot.getViewBox().sigXRangeChanged.connect(x_from._follow_x)
            x_from._plot.getViewBox().sigXRangeChanged.connect(self._follow_x)

    @property
    def is_manual(self) -> bool:
        """Whether the user has zoomed."""
        return self._is_manual

    def restart(self) -> None:
        """Forget the data seen so far, and a zoom: something else is shown from now on."""
        self._x = self._y = None
        self._is_manual = False

    def include_x(self, low: float, high: float) -> None:
        """Show ``low`` to ``high`` on the x axis exactly; never narrower than before."""
        if self._x is not None:
            low, high = min(low, self._x[0]), max(high, self._x[1])
        if (low, high) != self._x and high > low:
            self._x = (low, high)
            if not self._is_manual:
                self._plot.setXRange(low, high, padding=0)

    def include_y(
        self,
        bounds: tuple[float, float] | None,
        step: float | None = None,
        ahead: float = 0.0,
    ) -> None:
        """Show ``bounds`` on the y axis, rounded outwards to a step.

        Parameters
        ----------
        bounds : (float, float) or None
            Range of the data; None: there is none.
        step : float or None
            What the range is rounded to, or an eighth of it where that is more; None: a quarter
            of it, roughly.
        ahead : float
            How far a range already shown goes beyond what leaves it, as a share of the new range:
            an axis costs more than its curves, and data that drift leave it again soon.
        """
        if bounds is None:
            return
        low, high = bounds
        if self._y is not None:
            shown_low, shown_high = self._y
            if low >= shown_low and high <= shown_high:
                return
            margin = ahead * (max(high, shown_high) - min(low, shown_low))
            low = low - margin if low < shown_low else shown_low
            high = high + margin if high > shown_high else shown_high
        unit = nice_step((high - low) / (4 if step is None else 8))
        if step is not None:
            # Data that drift far beyond the step must not move the axis with every picture.
            unit = max(unit, step)
        low, high = math.floor(low / unit) * unit, math.ceil(high / unit) * unit
        if high <= low:
            high = low + unit
        self._y = (low, high)
        if not self._is_manual:
            self._plot.setYRange(low, high, padding=0.04)

    def restore(self) -> None:
        """Undo a zoom by hand."""
        self._is_manual = False
        self._plot.disableAutoRange()
        if self._x_from is not None:
            self._x_from.restore()
        if self._x is not None:
            self._plot.setXRange(*self._x, padding=0)
        if self._y is not None:
            self._plot.setYRange(*self._y, padding=0.04)

    def _follow_x(self, _: object, bounds: tuple[float, float]) -> None:
        self._plot.setXRange(*bounds, padding=0)

    def _on_manual(self, *_: object) -> None:
        self._is_manual = True
