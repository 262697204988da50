"""Curves: what is left out of their painting cannot be seen, and their data stay whole."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
import pytest
from PySide6.QtGui import QColor, QImage
from pytestqt.qtbot import QtBot

from aphyn_gui.gui.curve import Curve, connected, thinned
from aphyn_gui.gui.plot_style import SteppedRange, add_curve, ends_of, new_plot

RED = QColor("#ff0000")


def is_red(image: QImage) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    rows, columns = range(image.height()), range(image.width())
    return np.array([[image.pixelColor(x, y) == RED for x in columns] for y in rows])


def view_of(qtbot: QtBot, curve: pg.PlotCurveItem, y_range: tuple[float, float]) -> pg.GraphicsView:
    """The curve alone over x from 0 to 1."""
    view = pg.GraphicsView()
    qtbot.addWidget(view)
    box = pg.ViewBox()
    view.setCentralItem(box)
    view.resize(300, 200)
    box.addItem(curve)
    box.setRange(xRange=(0, 1), yRange=y_range, padding=0)
    view.show()
    qtbot.waitExposed(view)
    return view


def painted(view: pg.GraphicsView) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    """Where the view is red."""
    return is_red(view.grab().toImage())


def test_a_thinned_curve_looks_like_the_whole_one(qtbot: QtBot) -> None:
    x = np.linspace(0, 1, 6001)
    y = np.sin(9 * x) * np.exp(-x)
    curve = Curve()
    curve.color(RED.name())
    curve.setData(x, y)
    whole = pg.PlotCurveItem(x, y, pen=pg.mkPen(RED.name(), width=2))
    ours = painted(view_of(qtbot, curve, (-1, 1)))
    theirs = painted(view_of(qtbot, whole, (-1, 1)))
    # Column by column, the line's middle lies at the same height.
    for column in range(2, 298):
        assert (
            abs(np.flatnonzero(ours[:, column]).mean() - np.flatnonzero(theirs[:, column]).mean())
            < 1.5
        )
    assert ours.sum() == pytest.approx(theirs.sum(), rel=0.15)
    np.testing.assert_array_equal(curve.getData()[1], y)


def test_a_single_spike_is_never_left_out(qtbot: QtBot) -> None:
    x, y = np.linspace(0, 1, 20001), np.zeros(20001)
    y[7777] = 1
    curve = Curve(width=1)
    curve.color(RED.name())
    curve.setData(x, y)
    red = painted(view_of(qtbot, curve, (-0.5, 1.2)))
    assert np.ptp(np.flatnonzero(red.any(axis=1))) > 80


def test_new_data_and_an_empty_curve_are_shown(qtbot: QtBot) -> None:
    curve = Curve()
    curve.color(RED.name())
    curve.setData(np.array([0.0, 1.0]), np.array([0.25, 0.25]))
    view = view_of(qtbot, curve, (0, 1))
    low = np.flatnonzero(painted(view).any(axis=1))
    curve.setData(np.array([0.0, 1.0]), np.array([0.75, 0.75]))
    high = np.flatnonzero(painted(view).any(axis=1))
    assert len(low) == len(high) == 2
    assert high.max() < low.min()
    curve.clear()
    assert not painted(view).any()


def test_thinning_keeps_extremes_ends_and_gaps() -> None:
    y = np.array([0.0, 5, 1, 1, -3, 1, 2, np.nan, 2, 7, 8])
    x = np.arange(len(y), dtype=float)
    xs, ys = thinned(x, y, 3)
    assert {5.0, -3.0, 8.0} <= set(ys[np.isfinite(ys)])
    assert np.isnan(ys).any()
    assert (xs[0], xs[-1]) == (0, 10)
    assert (np.diff(xs) >= 0).all()


def test_lines_break_at_gaps_only_where_they_should() -> None:
    y = np.array([np.nan, 1, 2, np.nan, np.nan, 3, np.nan])
    assert [y[part].tolist() for part in connected(y, True)] == [[1, 2], [3]]
    assert [y[part].tolist() for part in connected(y, False)] == [[1, 2, 3]]
    assert connected(y[1:3], True) == [slice(None)]


@pytest.mark.parametrize(("ahead", "most"), [(0.0, 40), (0.25, 14)])
def test_a_range_that_drifts_far_moves_in_ever_larger_steps(
    qtbot: QtBot, ahead: float, most: int
) -> None:
    plot = new_plot()
    kept = SteppedRange(plot)
    moves = 0
    before = None
    for reach in np.linspace(0.1, 10, 200):
        kept.include_y((-reach, reach), step=0.1, ahead=ahead)
        after = plot.getViewBox().viewRange()[1]
        moves += after != before
        before = list(after)
        assert after[0] <= -reach
        assert after[1] >= reach
    assert moves < most


def test_names_that_change_leave_nothing_behind(qtbot: QtBot) -> None:
    widget = pg.GraphicsLayoutWidget()
    qtbot.addWidget(widget)
    plot = new_plot()
    widget.addItem(plot)
    curve = add_curve(plot)
    curve.setData(np.arange(3.0), np.arange(3.0))
    ends = ends_of(plot)
    for epoch in range(20):
        ends.name(curve, f"{epoch} ms", "#000000")
        widget.grab()
    assert ends.texts == ["19 ms"]
    assert list(ends._layouts) == ["19 ms"]
