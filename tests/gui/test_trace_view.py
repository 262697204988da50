"""The trace of the selected region: polarity, beats, and the window by mouse."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QComboBox, QLabel, QPushButton
from pytestqt.qtbot import QtBot
from window_helpers import COLUMNS, CYCLE_MS, FRAMES, ROWS, drag, movie_counts, wait_analysed

from aphyn_gui.gui.curve import Curve
from aphyn_gui.gui.elided_label import ElidedLabel
from aphyn_gui.gui.main_window import MainWindow
from aphyn_gui.recording import (
    FrameRepair,
    Mask,
    Polarity,
    Preparation,
    RectangularRoi,
    SmoothBaseline,
    TemporalFilter,
)


def words(window: MainWindow) -> str:
    kinds = (QLabel, ElidedLabel)
    return " ".join(
        label.text() for kind in kinds for label in window.trace_view.findChildren(kind)
    )


def drag_time(window: MainWindow, start_ms: float, stop_ms: float) -> None:
    plot = window.trace_view.plot
    drag(plot.viewport(), plot.time_to_viewport(start_ms), plot.time_to_viewport(stop_ms))


def window_ms(window: MainWindow) -> tuple[float, float]:
    shown = window.trace_view.plot.window_ms
    assert shown is not None
    return shown


def test_cycle_length_and_suggested_polarity_are_shown(with_regions: MainWindow) -> None:
    region_id = with_regions.controller.selected_region_id
    analysis = with_regions.analyst.analysis(region_id)
    assert analysis is not None
    assert analysis.signal is not None
    assert analysis.signal.beats.cycle_length_ms == pytest.approx(CYCLE_MS, abs=1)
    assert analysis.signal.polarity is Polarity.DOWN
    text = words(with_regions)
    assert "130.0 ms" in text or "129.9" in text or "130.1" in text
    assert "bpm" in text
    assert "down (suggested" in text


def test_one_click_flips_the_polarity(with_regions: MainWindow, qtbot: QtBot) -> None:
    before = with_regions.controller.study.preparation
    flip = with_regions.trace_view.findChild(QPushButton, "flip_polarity")
    flip.click()
    assert with_regions.controller.study.preparation.polarity is Polarity.UP
    wait_analysed(with_regions, qtbot)
    assert "up (chosen" in words(with_regions)
    flip.click()
    wait_analysed(with_regions, qtbot)
    assert with_regions.controller.study.preparation.polarity is Polarity.DOWN
    with_regions.actions_.undo.trigger()
    with_regions.actions_.undo.trigger()
    assert with_regions.controller.study.preparation == before
    wait_analysed(with_regions, qtbot)


def test_the_body_of_the_window_snaps_to_the_nearest_beat(
    with_regions: MainWindow, qtbot: QtBot
) -> None:
    start, stop = window_ms(with_regions)
    middle = (start + stop) / 2
    drag_time(with_regions, middle, middle + 0.9 * CYCLE_MS)
    assert with_regions.controller.study.preparation.beat == 1
    assert with_regions.controller.study.preparation.horizon_ms is None
    wait_analysed(with_regions, qtbot)
    assert window_ms(with_regions)[0] == pytest.approx(start + CYCLE_MS, abs=3)
    assert with_regions.trace_view.findChild(QComboBox, "beat").currentText() == "Beat 2"


def test_a_window_dragged_a_little_goes_back(with_regions: MainWindow) -> None:
    before = window_ms(with_regions)
    middle = sum(before) / 2
    drag_time(with_regions, middle, middle + 0.2 * CYCLE_MS)
    assert with_regions.controller.study.preparation.beat == 0
    assert window_ms(with_regions) == before


def test_the_right_edge_sets_the_horizon(with_regions: MainWindow, qtbot: QtBot) -> None:
    start, stop = window_ms(with_regions)
    drag_time(with_regions, stop, start + 80.0)
    horizon = with_regions.controller.study.preparation.horizon_ms
    assert horizon == pytest.approx(80.0, abs=6)
    assert horizon == round(horizon)
    wait_analysed(with_regions, qtbot)
    assert np.diff(window_ms(with_regions))[0] == pytest.approx(horizon)


def test_the_right_edge_stops_where_the_next_beat_begins(
    with_regions: MainWindow, qtbot: QtBot
) -> None:
    start, stop = window_ms(with_regions)
    drag_time(with_regions, stop, start + 2.5 * CYCLE_MS)
    horizon = with_regions.controller.study.preparation.horizon_ms
    assert 0.8 * CYCLE_MS < horizon < CYCLE_MS
    wait_analysed(with_regions, qtbot)
    assert with_regions.controller.analysis_blocker == ""
    assert np.diff(window_ms(with_regions))[0] == pytest.approx(horizon)


def test_the_average_of_beats_can_be_chosen(with_regions: MainWindow, qtbot: QtBot) -> None:
    combo = with_regions.trace_view.findChild(QComboBox, "beat")
    average = next(i for i in range(combo.count()) if combo.itemText(i).startswith("Average of "))
    combo.setCurrentIndex(average)
    combo.activated.emit(average)
    assert with_regions.controller.study.preparation.beat is None
    wait_analysed(with_regions, qtbot)
    assert combo.currentIndex() == average


def test_without_selection_it_says_what_to_do(with_regions: MainWindow) -> None:
    with_regions.controller.select_region("")
    assert "Select a region" in words(with_regions)
    assert not with_regions.trace_view.plot.isVisible()


def test_a_cut_trace_keeps_the_times_of_the_recording(
    with_regions: MainWindow, qtbot: QtBot
) -> None:
    controller = with_regions.controller
    controller.set_preparation(replace(controller.study.preparation, cut_start_ms=100.0))
    wait_analysed(with_regions, qtbot)
    low, high = with_regions.trace_view.plot.getPlotItem().viewRange()[0]
    assert 70 < low < 100
    assert high < 1.05 * FRAMES
    start, stop = window_ms(with_regions)
    assert start > 100
    middle = (start + stop) / 2
    drag_time(with_regions, middle, middle + CYCLE_MS)
    assert controller.study.preparation.beat == 1
    wait_analysed(with_regions, qtbot)


def test_the_raw_trace_is_one_click_away_whatever_was_cleaned(
    window: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    counts = movie_counts().astype(np.float32)
    # A dropped frame: bridged in the one, a needle in the other.
    counts[300] = 0
    path = tmp_path / "dropped.npy"
    np.save(path, counts)
    with qtbot.waitSignal(window.movie_view.frame_shown):
        window.loader.open(path)
    window.loader.calibrate(1.0, None)
    window.controller.add_region(RectangularRoi(4, 4, 6, 5))
    window.controller.set_preparation(
        Preparation(
            cut_start_ms=100.0,
            frame_repair=FrameRepair(),
            mask=Mask.everything(ROWS, COLUMNS).without_rectangle(RectangularRoi(4, 4, 2, 2)),
            spatial_median=3,
            spatial_mean=3,
            spatial_sigma=0.7,
            baseline=SmoothBaseline(),
            temporal_filter=TemporalFilter(),
        )
    )
    wait_analysed(window, qtbot)
    analysis = window.analyst.analysis(window.controller.selected_region_id)
    assert analysis is not None
    assert analysis.signal is not None
    raw = window.trace_view.findChild(QCheckBox)
    plot = window.trace_view.plot.getPlotItem()
    (curve,) = (item for item in plot.curves if isinstance(item, Curve))
    for shown in (analysis.signal.cleaned, analysis.signal.raw, analysis.signal.cleaned):
        np.testing.assert_array_equal(curve.getData()[0], analysis.signal.time_ms)
        np.testing.assert_array_equal(curve.getData()[1], shown)
        low, high = plot.viewRange()[1]
        assert low <= shown.min() < shown.max() <= high
        window.trace_view.grab()
        QTest.mouseClick(raw, Qt.MouseButton.LeftButton, pos=QPoint(8, raw.height() // 2))
