"""What the fit's plots have in common: they are repainted only when seen, and follow the theme."""

from __future__ import annotations

import time
from typing import Any

import pyqtgraph as pg
from PySide6.QtGui import QPaintEvent, QShowEvent
from PySide6.QtWidgets import QWidget

from aphyn_gui.gui.fit_picture import FitPicture
from aphyn_gui.gui.plot_style import SteppedRange, apply_theme, new_plot
from aphyn_gui.gui.theme import Theme, current_theme, theme_manager


class PlotPanel(pg.GraphicsLayoutWidget):  # type: ignore[misc]
    """Plots of one fit.

    :meth:`show_picture` only remembers; :meth:`repaint_if_needed`, called by the owner's timer,
    draws, and does nothing while the panel is hidden.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._plots: list[Any] = []
        self._ranges: list[SteppedRange] = []
        self._picture: FitPicture | None = None
        self._drawn_source: object = None
        self._is_outdated = False
        self.paint_count = 0
        self._cost_s = 0.0
        self.setMinimumSize(160, 120)
        self.ci.setContentsMargins(2, 4, 2, 2)
        theme_manager().changed.connect(self.show_theme)

    @property
    def picture(self) -> FitPicture | None:
        """What is shown, or will be at the next repaint."""
        return self._picture

    @property
    def is_waiting(self) -> bool:
        """Whether a picture waits that somebody could see."""
        return self._is_outdated and self._picture is not None and self.isVisible()

    def show_picture(self, picture: FitPicture | None) -> None:
        """Show ``picture`` at the next repaint."""
        self._picture = picture
        self._is_outdated = True

    def repaint_if_needed(self) -> bool:
        """Draw the picture if it is new and somebody can see it.

        Returns
        -------
        bool
            Whether anything was drawn.
        """
        if not self.is_waiting:
            return False
        self.catch_up()
        return True

    def catch_up(self) -> None:
        """Draw the picture if it is new, whether or not somebody can see it."""
        if not self._is_outdated or self._picture is None:
            return
        self._is_outdated = False
        started = time.thread_time()
        if self._picture.source != self._drawn_source:
            self._drawn_source = self._picture.source
            for kept in self._ranges:
                kept.restart()
        self.paint_count += 1
        self._draw(self._picture)
        for plot in self._plots:
            # Left to the paint event, a new range moves the curves in the middle of it, and all
            # is painted once more.
            plot.getViewBox().prepareForPaint()
        self._cost_s += time.thread_time() - started

    def take_cost_s(self) -> float:
        """Processor time that drawing and painting took since this was last asked, s."""
        cost, self._cost_s = self._cost_s, 0.0
        return cost

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint, and note what it cost."""
        started = time.thread_time()
        super().paintEvent(event)
        self._cost_s += time.thread_time() - started

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up with what happened while hidden."""
        super().showEvent(event)
        self.repaint_if_needed()

    def _add_plot(
        self,
        row: int,
        column: int = 0,
        title: str = "",
        names_ends: bool = True,
        x_from: SteppedRange | None = None,
        is_log: bool = False,
    ) -> tuple[Any, SteppedRange]:
        plot = new_plot(title, names_ends, is_log)
        self.addItem(plot, row, column)
        kept = SteppedRange(plot, x_from)
        self._plots.append(plot)
        self._ranges.append(kept)
        return plot, kept

    def show_theme(self, theme: Theme) -> None:
        """Take the colours of ``theme``."""
        self.setBackground(theme.plot_background)
        for plot in self._plots:
            apply_theme(plot, theme)
        self._color(theme)

    def _finish(self) -> None:
        """To be called at the end of a subclass's constructor."""
        self.show_theme(current_theme())

    def _draw(self, picture: FitPicture) -> None:
        """Put the picture's numbers into the curves."""
        raise NotImplementedError

    def _color(self, theme: Theme) -> None:
        """Give the curves their colours."""
        raise NotImplementedError
