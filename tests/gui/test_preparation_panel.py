"""Every choice between counts and sequences in its panel, with real keys and clicks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot
from window_helpers import CYCLE_MS, wait_analysed

from aphyn_gui.gui.alternans_notice import AlternansBar, AlternansButton
from aphyn_gui.gui.collapsible import Collapsible
from aphyn_gui.gui.main_window import MainWindow
from aphyn_gui.gui.preparation_rows import SECTIONS, Row
from aphyn_gui.gui.preparation_words import BroadeningLabel, StepsLabel
from aphyn_gui.recording import (
    Ensemble,
    FrameRepair,
    Mask,
    Normalisation,
    Polarity,
    Preparation,
    RectangularRoi,
    SmoothBaseline,
    Split,
    TemporalFilter,
    TemporalKind,
)

ROWS = [row for section in SECTIONS for row in section.rows]
VALUES = {
    "cut_start": 130.0, "cut_end": 400.0, "repair": True, "longest_gap": 5, "saturation": 4000.0,
    "spatial_median": 3, "spatial_mean": 5, "spatial_sigma": 1.5, "baseline_kind": True,
    "drift_order": 4, "time_scale": 700.0, "asymmetry": 0.05,
    "filter_kind": TemporalKind.BUTTERWORTH, "filter_frames": 11, "filter_order": 2,
    "filter_sigma": 1.25, "filter_cut_off": 80.0, "cycle_length": 65.0, "horizon": 90.0,
    "normalisation": Normalisation.ROBUST, "snr_limit": 2.0, "split": Split.ALL_PIXELS,
    "training": 7, "validation": 3, "seed": 5,
}  # fmt: skip


@pytest.fixture
def panel(with_regions: MainWindow) -> MainWindow:
    """The window with its settings open and every section unfolded."""
    with_regions.actions_.settings.trigger()
    for section in with_regions.preparation_panel.findChildren(Collapsible):
        section.unfold(True)
    return with_regions


def field(window: MainWindow, name: str) -> QWidget:
    return window.preparation_panel.findChild(QWidget, name)


def preparation(window: MainWindow) -> Preparation:
    return window.controller.study.preparation


def enter(window: MainWindow, name: str, text: str) -> None:
    """Type a value into a field of numbers."""
    widget = field(window, name)
    widget.setFocus()
    widget.selectAll()
    QTest.keyClicks(widget, text)
    QTest.keyClick(widget, Qt.Key.Key_Return)


def go_down(window: MainWindow, name: str, times: int = 1) -> None:
    widget = field(window, name)
    widget.setFocus()
    for _ in range(times):
        QTest.keyClick(widget, Qt.Key.Key_Down)


def errors(window: MainWindow) -> str:
    return " ".join(
        label.text()
        for label in window.preparation_panel.findChildren(QLabel)
        if label.isVisible() and label.property("role") == "error"
    )


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.key)
def test_every_setting_is_read_as_it_was_put_and_says_its_range(row: Row) -> None:
    after = row.put(Preparation(), VALUES[row.key])
    assert after != Preparation()
    assert row.get(after) == VALUES[row.key]
    assert "Range: " in row.tooltip
    (section,) = [section for section in SECTIONS if row in section.rows]
    assert section.reset(after) == Preparation()


def test_every_setting_of_a_preparation_has_its_place() -> None:
    edited = {name for section in SECTIONS for name in section.names}
    # Polarity is turned over below the trace, the mask drawn on the movie.
    assert edited | {"polarity", "mask"} == set(Preparation.__dataclass_fields__)


def test_a_filter_is_chosen_by_keys_and_says_how_it_broadens_the_upstroke(
    panel: MainWindow, qtbot: QtBot
) -> None:
    assert not field(panel, "filter_frames").isVisible()
    go_down(panel, "filter_kind")
    assert preparation(panel).temporal_filter == TemporalFilter()
    for name, is_there in (
        ("filter_frames", True), ("filter_order", True), ("filter_sigma", False),
        ("filter_cut_off", False),
    ):  # fmt: skip
        assert field(panel, name).isVisible() == is_there
    label = panel.preparation_panel.findChild(BroadeningLabel)
    qtbot.waitUntil(lambda: "0.80 ms without it" in label.text())
    wide = label.text()
    enter(panel, "filter_frames", "21")
    qtbot.waitUntil(lambda: label.text() != wide)
    wait_analysed(panel, qtbot)
    go_down(panel, "filter_kind")
    assert preparation(panel).temporal_filter is not None
    assert preparation(panel).temporal_filter.kind is TemporalKind.GAUSSIAN
    assert preparation(panel).temporal_filter.frames == 21
    wait_analysed(panel, qtbot)
    steps = panel.preparation_panel.findChild(StepsLabel).text()
    assert "1. Depolarisation goes down" in steps
    assert "Gaussian filter (sigma 2 ms)" in steps
    while panel.controller.undo_stack.canUndo() and preparation(panel) != Preparation():
        panel.controller.undo_stack.undo()
    assert field(panel, "filter_kind").currentText() == "none"
    wait_analysed(panel, qtbot)


def test_combinations_that_cannot_be_are_messages(panel: MainWindow, qtbot: QtBot) -> None:
    go_down(panel, "filter_kind")
    enter(panel, "filter_order", "5")
    before = preparation(panel)
    enter(panel, "filter_frames", "3")
    assert preparation(panel) == before
    assert "order of a Savitzky-Golay filter" in errors(panel)
    enter(panel, "filter_frames", "11")
    assert errors(panel) == ""
    enter(panel, "cut_start", "300")
    enter(panel, "cut_end", "200")
    assert "must lie after its start" in errors(panel)
    assert preparation(panel).cut_end_ms is None
    go_down(panel, "filter_kind", 2)
    enter(panel, "filter_cut_off", "900")
    qtbot.waitUntil(lambda: "half the frame rate" in errors(panel))
    wait_analysed(panel, qtbot)
    analysis = panel.analyst.analysis(panel.controller.selected_region_id)
    assert analysis is not None
    assert "half the frame rate" in analysis.problem
    assert "error" not in panel.log_view.text


def test_what_is_not_edited_keeps_all_its_digits(panel: MainWindow, qtbot: QtBot) -> None:
    exact = replace(preparation(panel), horizon_ms=91.23456789, cut_start_ms=1.000001)
    panel.controller.set_preparation(exact)
    enter(panel, "drift_order", "2")
    assert preparation(panel) == replace(exact, drift_order=2)
    wait_analysed(panel, qtbot)


def test_even_sides_become_odd(panel: MainWindow, qtbot: QtBot) -> None:
    enter(panel, "spatial_median", "4")
    assert preparation(panel).spatial_median == 5
    wait_analysed(panel, qtbot)


def test_the_wheel_scrolls_the_panel_and_changes_nothing(panel: MainWindow) -> None:
    before = preparation(panel)
    panel.setFocus()
    for name in ("drift_order", "horizon", "filter_kind"):
        widget = field(panel, name)
        place = QPointF(widget.rect().center())
        event = QWheelEvent(
            place, widget.mapToGlobal(place), QPoint(), QPoint(0, -120), Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(widget, event)
    assert preparation(panel) == before


def test_sections_fold_and_go_back_to_their_defaults(panel: MainWindow, qtbot: QtBot) -> None:
    section = panel.preparation_panel.findChild(Collapsible, "section_baseline")
    assert not section.reset_button.isVisible()
    go_down(panel, "baseline_kind")
    assert preparation(panel).baseline == SmoothBaseline()
    assert field(panel, "time_scale").isVisible()
    assert not field(panel, "drift_order").isVisible()
    assert section.heading.text().endswith("•")
    QTest.mouseClick(section.heading, Qt.MouseButton.LeftButton)
    assert not field(panel, "time_scale").isVisible()
    QTest.mouseClick(section.heading, Qt.MouseButton.LeftButton)
    assert field(panel, "time_scale").isVisible()
    QTest.mouseClick(section.reset_button, Qt.MouseButton.LeftButton)
    assert preparation(panel) == Preparation()
    wait_analysed(panel, qtbot)


def test_reset_keeps_what_belongs_to_the_recording(panel: MainWindow, qtbot: QtBot) -> None:
    own = Preparation(
        polarity=Polarity.DOWN, beat=None, ensemble=Ensemble.ODD, cycle_length_ms=CYCLE_MS,
        mask=Mask.everything(24, 32),
    )  # fmt: skip
    panel.controller.set_preparation(
        replace(own, frame_repair=FrameRepair(), spatial_median=3, snr_limit=1.0)
    )
    button = next(
        b for b in panel.preparation_panel.findChildren(QPushButton) if "paper's" in b.text()
    )
    panel.preparation_panel.ensureWidgetVisible(button)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert preparation(panel) == own
    wait_analysed(panel, qtbot)


def test_even_or_odd_beats_are_averaged_from_either_place(panel: MainWindow, qtbot: QtBot) -> None:
    for name, owner in (("beat_choice", panel.preparation_panel), ("beat", panel.trace_view)):
        box = owner.findChild(QComboBox, name)
        box.setFocus()
        box.setCurrentIndex(box.findText("Even beats") - 1)
        QTest.keyClick(box, Qt.Key.Key_Down)
        assert preparation(panel).beat is None
        assert preparation(panel).ensemble is Ensemble.EVEN
        wait_analysed(panel, qtbot)
        assert box.currentText() == "Even beats"
        panel.controller.undo_stack.undo()
        wait_analysed(panel, qtbot)
        assert box.currentText() == "Beat 1"


def alternating_counts() -> np.ndarray:
    """Nine beats; every other one is a third shorter and lower."""
    time = np.arange(9 * 130)[:, None, None] - 20.0
    phase, beat = np.mod(time, 130.0), np.floor(time / 130.0)
    is_odd = beat % 2 == 1
    end, height = np.where(is_odd, 30, 45), np.where(is_odd, 200, 300)
    shape = 1 / (1 + np.exp(-(phase - 4) / 0.8)) / (1 + np.exp((phase - end) / 6))
    noise = np.random.default_rng(2).normal(0, 8, (9 * 130, 16, 18))
    return np.clip(4000 - np.where(time < 0, 0, height * shape) + noise, 0, 65535).astype(np.uint16)


def test_alternans_is_said_and_one_click_averages_even_beats(
    window: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    path = tmp_path / "alternans.tif"
    tifffile.imwrite(
        path, alternating_counts(), imagej=True,
        metadata={"axes": "TYX", "finterval": 0.001, "tunit": "s"},
    )  # fmt: skip
    with qtbot.waitSignal(window.movie_view.frame_shown):
        window.loader.open(path)
    bar = window.preparation_panel.findChild(AlternansBar)
    button = window.trace_view.findChild(AlternansButton)
    assert not button.isVisible()
    window.controller.add_region(RectangularRoi(4, 4, 6, 6))
    wait_analysed(window, qtbot)
    assert button.isVisible()
    assert "APD80" in button.toolTip()
    window.actions_.settings.trigger()
    assert bar.isVisible()
    assert "Alternans: " in " ".join(label.text() for label in bar.findChildren(QLabel))
    even = next(b for b in bar.findChildren(QPushButton) if b.text() == "Average even beats")
    QTest.mouseClick(even, Qt.MouseButton.LeftButton)
    assert (preparation(window).beat, preparation(window).ensemble) == (None, Ensemble.EVEN)
    assert not even.isEnabled()
    wait_analysed(window, qtbot)
    assert bar.isVisible()
    odd = next(a for a in button.menu().actions() if a.text() == "Average odd beats")
    odd.trigger()
    assert preparation(window).ensemble is Ensemble.ODD
    assert even.isEnabled()
    wait_analysed(window, qtbot)
    window.controller.undo_stack.undo()
    window.controller.undo_stack.undo()
    assert preparation(window).beat == 0
    window.controller.select_region("")
    assert not bar.isVisible()
    wait_analysed(window, qtbot)
