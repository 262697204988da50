"""One pixel, or the mean of a region on its way: trace, measures, and the fit that follows."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from aphyn_gui.gui import plot_style
from aphyn_gui.gui.elided_label import ElidedLabel
from aphyn_gui.gui.hover_fit import PixelView
from aphyn_gui.gui.symbols import symbol_text
from aphyn_gui.gui.theme import Theme, current_theme, theme_manager

_INVITATION = (
    "Click a pixel of the movie or of a map to see its trace; with Hover fit, the fit follows the "
    "mouse."
)


class PixelPanel(QWidget):
    """Shows what it is told; a switch lets the fit follow the mouse.

    Signals
    -------
    hover_toggled(bool)
        Whether the fit shall follow the mouse.
    """

    hover_toggled = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view: PixelView | None = None
        self._plot: _PixelPlot | None = None
        self._place = ElidedLabel()
        self._numbers = ElidedLabel()
        self._hover = QCheckBox("Hover fit")
        self._hover.setObjectName("hover_fit")
        self._hover.setToolTip(
            "Fit the physics to the pixel under the mouse, and to a region while it is dragged"
        )
        self._hover.toggled.connect(self.hover_toggled)
        self._message = QLabel(_INVITATION)
        self._message.setProperty("role", "muted")
        self._message.setWordWrap(True)
        self._message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        header = QHBoxLayout()
        header.setContentsMargins(8, 4, 8, 0)
        header.addWidget(self._place, 1)
        header.addWidget(self._hover)
        footer = QHBoxLayout()
        footer.setContentsMargins(8, 2, 8, 4)
        footer.addWidget(self._numbers, 1)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(2)
        self._layout.addLayout(header)
        self._layout.addWidget(self._message)
        self._layout.addLayout(footer)

    @property
    def view(self) -> PixelView | None:
        """What is shown."""
        return self._view

    @property
    def is_hovering(self) -> bool:
        """Whether the fit follows the mouse."""
        return self._hover.isChecked()

    def set_hovering(self, is_on: bool) -> None:
        """Let the fit follow the mouse, or not."""
        self._hover.setChecked(is_on)

    @property
    def text(self) -> str:
        """The words around the plot."""
        return f"{self._place.text()}\n{self._numbers.text()}"

    def minimumSizeHint(self) -> QSize:
        """As low as the trace beside which it stands."""
        return QSize(160, 80)

    def show_view(self, view: PixelView, measures: str) -> None:
        """Show a pixel, or a region's mean.

        Parameters
        ----------
        view : PixelView
            Trace and fit.
        measures : str
            What the maps say about it; may be empty.
        """
        self._view = view
        roi, fit = view.roi, view.fit
        place = f"row {roi.y}, column {roi.x}"
        if roi.pixel_count > 1:
            place = f"mean of {roi.pixel_count} pixels from {place}"
        self._place.setText(f"{place} · {measures}" if measures else place)
        self._message.hide()
        if self._plot is None:
            self._plot = _PixelPlot()
            self._layout.insertWidget(1, self._plot, 1)
        self._plot.show()
        self._plot.show_view(view)
        if fit is None:
            self._numbers.setText(view.problem)
            return
        values = " · ".join(
            f"{symbol_text(name)} {_rounded(value, fit.standard_errors[name])} {fit.units[name]}"
            for name, value in fit.values.items()
        )
        flags = f" · {', '.join(fit.flags)}" if fit.flags else ""
        self._numbers.setText(f"{values} · residual {fit.residual:.3f}{flags}")

    def clear(self) -> None:
        """Show nothing."""
        self._view = None
        self._place.setText("")
        self._numbers.setText("")
        if self._plot is not None:
            self._plot.hide()
        self._message.show()


class _PixelPlot(pg.PlotWidget):  # type: ignore[misc]
    """The trace, or what was fitted to it with the fit."""

    def __init__(self) -> None:
        super().__init__(plotItem=plot_style.new_plot(names_ends=False))
        self.setMinimumHeight(40)
        self._plot = plot = self.getPlotItem()
        plot.setMenuEnabled(False)
        plot.hideButtons()
        plot.setContentsMargins(2, 2, 18, 2)
        self._measured = plot_style.add_curve(plot, width=1)
        self._model = plot_style.add_curve(plot, width=2)
        theme_manager().changed.connect(self._apply_theme)
        self._apply_theme(current_theme())

    def show_view(self, view: PixelView) -> None:
        """Show a pixel, or a region's mean."""
        fit, plot = view.fit, self._plot
        if fit is None:
            self._model.clear()
            self._measured.setData(view.time_ms, view.trace)
            plot.setLabel("left", "counts")
            plot.setLabel("bottom", "Time", units="ms")
            self._show_range(view.time_ms, view.trace)
            return
        self._measured.setData(fit.time_ms, fit.measured.astype(np.float64))
        self._model.setData(fit.model_time_ms, fit.model.astype(np.float64))
        plot.setLabel("left", "v")
        plot.setLabel("bottom", "time from onset", units="ms")
        self._show_range(fit.time_ms, np.array([-0.1, 1.1]))

    def _show_range(
        self, time_ms: np.ndarray[tuple[int, ...], np.dtype[np.float64]], values: np.ndarray
    ) -> None:
        finite = plot_style.finite_bounds(values) or (0.0, 1.0)
        low, high = finite if finite[1] > finite[0] else (finite[0], finite[0] + 1)
        self._plot.setXRange(float(time_ms[0]), float(time_ms[-1]), padding=0.03)
        self._plot.setYRange(low, high, padding=0.08)

    def _apply_theme(self, theme: Theme) -> None:
        self.setBackground(theme.plot_background)
        plot_style.apply_theme(self._plot, theme)
        self._measured.color(theme.ground_truth)
        self._model.color(theme.prediction)


def _rounded(value: float, error: float) -> str:
    """A value with its standard error, where it has one."""
    if not np.isfinite(error):
        return f"{value:.3g}"
    return f"{value:.3g} ± {error:.2g}"
