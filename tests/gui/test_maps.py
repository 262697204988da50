"""Maps over the movie by mouse: chosen, drawn, limited, hovered, clicked, exported, cancelled."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLineEdit
from pytestqt.qtbot import QtBot
from window_helpers import COLUMNS, ROWS, click, send_mouse, wait_analysed

from aphyn_gui.gui.main_window import MainWindow
from aphyn_gui.gui.map_options import LimitsMode
from aphyn_gui.recording import FrameRepair, RectangularRoi, SmoothBaseline, TemporalFilter


def choose(window: MainWindow, title: str, qtbot: QtBot, is_waiting: bool = True) -> None:
    """Choose a map in the list by its name, and wait until it is there."""
    chooser = window.map_view.chooser
    place = [chooser.itemText(i) for i in range(chooser.count())].index(title)
    chooser.setCurrentIndex(place)
    chooser.activated.emit(place)
    if is_waiting:
        qtbot.waitUntil(lambda: not window.maps.is_busy, timeout=30_000)


def hover(window: MainWindow, row: int, column: int) -> None:
    canvas = window.movie_view.canvas
    place = canvas.image_to_viewport(column + 0.5, row + 0.5)
    send_mouse(canvas.viewport(), QEvent.Type.MouseMove, place, Qt.MouseButton.NoButton)


def click_pixel(window: MainWindow, row: int, column: int) -> None:
    canvas = window.movie_view.canvas
    click(canvas.viewport(), canvas.image_to_viewport(column + 0.5, row + 0.5))


def field(window: MainWindow, name: str) -> QLineEdit:
    return window.map_view.form.findChild(QLineEdit, name)


def type_into(window: MainWindow, name: str, text: str) -> None:
    edit = field(window, name)
    edit.setText(text)
    QTest.keyClick(edit, Qt.Key.Key_Return)


@pytest.fixture
def mapped(loaded: MainWindow, qtbot: QtBot) -> MainWindow:
    """The window with the activation map."""
    choose(loaded, "Activation time", qtbot)
    return loaded


def test_activation_covers_the_movie_with_isochrones(mapped: MainWindow) -> None:
    layer = mapped.movie_view.canvas.map_layer
    shown = mapped.maps.shown()
    assert layer.is_shown
    assert layer.has_lines
    assert shown.values.shape == (ROWS, COLUMNS)
    # The wave needs 0.2 ms a column.
    by_column = np.nanmean(shown.values, axis=0)
    assert by_column[-2] - by_column[1] == pytest.approx(0.2 * (COLUMNS - 3), abs=1)
    assert shown.label == "Activation time (ms)"
    assert layer.limits == pytest.approx(shown.automatic_limits)


def test_the_movie_comes_back(mapped: MainWindow, qtbot: QtBot) -> None:
    choose(mapped, "Movie", qtbot)
    assert not mapped.movie_view.canvas.map_layer.is_shown
    assert mapped.maps.shown() is None


def test_regions_stay_above_the_map(mapped: MainWindow, qtbot: QtBot) -> None:
    region = mapped.controller.add_region(RectangularRoi(4, 4, 6, 5))
    wait_analysed(mapped, qtbot)
    click_pixel(mapped, 20, 20)
    assert mapped.controller.selected_region_id == ""
    click_pixel(mapped, 6, 6)
    assert mapped.controller.selected_region_id == region.id


def test_typed_limits_are_the_ends_of_the_colours(mapped: MainWindow, qtbot: QtBot) -> None:
    layer = mapped.movie_view.canvas.map_layer
    type_into(mapped, "lowest", "-2")
    type_into(mapped, "highest", "12,5")
    assert layer.limits == (-2.0, 12.5)
    type_into(mapped, "highest", "-3")
    assert layer.limits == (-2.0, 12.5)
    mode = mapped.map_view.form.findChild(QComboBox, "limits_mode")
    mode.setCurrentText(LimitsMode.AUTOMATIC.value)
    type_into(mapped, "lowest", "")
    type_into(mapped, "highest", "")
    mode.setCurrentText(LimitsMode.AUTOMATIC.value)
    mode.activated.emit(0)
    assert layer.limits == pytest.approx(mapped.maps.shown().automatic_limits)


def test_durations_share_their_limits(mapped: MainWindow, qtbot: QtBot) -> None:
    layer = mapped.movie_view.canvas.map_layer
    choose(mapped, "APD50", qtbot)
    low, _ = layer.limits
    choose(mapped, "APD80", qtbot)
    _, high = layer.limits
    mode = mapped.map_view.form.findChild(QComboBox, "limits_mode")
    mode.setCurrentText(LimitsMode.COMMON.value)
    mode.activated.emit(1)
    assert layer.limits == pytest.approx((low, high))


def test_other_levels_of_durations(mapped: MainWindow, qtbot: QtBot) -> None:
    type_into(mapped, "apd_levels", "30, 90")
    choose(mapped, "APD90", qtbot)
    assert mapped.maps.shown().choice.level == pytest.approx(0.9)
    type_into(mapped, "apd_levels", "300")
    assert mapped.maps.apd_levels == (0.3, 0.9)


def test_the_step_of_the_isochrones_is_written_beside_them(mapped: MainWindow) -> None:
    type_into(mapped, "isochrone_step", "2.5")
    assert "2.5 ms" in mapped.movie_view.canvas.map_layer.bar.axis.labelText


def test_the_mouse_reads_the_map_and_the_reason(mapped: MainWindow, qtbot: QtBot) -> None:
    hover(mapped, 3, 7)
    value = mapped.maps.shown().values[3, 7]
    assert mapped.map_view.readout == f"row 3, column 7: Activation time {value:.4g} ms"
    preparation = mapped.controller.study.preparation
    mapped.controller.set_preparation(replace(preparation, snr_limit=1e6))
    qtbot.waitUntil(lambda: not mapped.maps.is_busy)
    hover(mapped, 3, 8)
    assert "no Activation time: its signal-to-noise ratio" in mapped.map_view.readout
    assert not mapped.movie_view.canvas.map_layer.is_shown


def test_other_settings_give_another_map_and_the_old_one_is_kept(
    mapped: MainWindow, qtbot: QtBot
) -> None:
    before = mapped.maps.measured()
    preparation = mapped.controller.study.preparation
    mapped.controller.set_preparation(replace(preparation, spatial_mean=5))
    qtbot.waitUntil(lambda: not mapped.maps.is_busy)
    assert mapped.maps.measured() is not before
    assert mapped.maps.measured().settings.preparation.spatial_mean == 5
    mapped.controller.undo_stack.undo()
    assert not mapped.maps.is_busy
    assert mapped.maps.measured() is before


def test_every_cleaning_step_gives_another_map(mapped: MainWindow, qtbot: QtBot) -> None:
    seen = [mapped.maps.measured()]
    usual = mapped.controller.study.preparation
    for step in (
        {"cut_start_ms": 10.0},
        {"frame_repair": FrameRepair()},
        {"spatial_median": 3},
        {"baseline": SmoothBaseline()},
        {"temporal_filter": TemporalFilter()},
    ):
        mapped.controller.set_preparation(replace(usual, **step))
        qtbot.waitUntil(lambda: not mapped.maps.is_busy)
        maps = mapped.maps.measured()
        assert all(maps is not other for other in seen)
        seen.append(maps)
    # The window that is fitted has no part in them.
    mapped.controller.set_preparation(replace(usual, horizon_ms=90.0))
    assert not mapped.maps.is_busy
    assert mapped.maps.measured() is seen[0]


def test_of_many_settings_the_last_wins(mapped: MainWindow, qtbot: QtBot) -> None:
    preparation = mapped.controller.study.preparation
    for limit in (1.0, 2.0, 2.5, 3.5):
        mapped.controller.set_preparation(replace(preparation, snr_limit=limit))
    qtbot.waitUntil(lambda: not mapped.maps.is_busy)
    assert mapped.maps.measured().settings.preparation.snr_limit == 3.5


def test_a_computation_is_cancelled(loaded: MainWindow, qtbot: QtBot) -> None:
    choose(loaded, "SNR", qtbot, is_waiting=False)
    assert loaded.maps.is_busy
    loaded.map_view.cancel_action.trigger()
    assert not loaded.maps.is_busy
    assert "Cancelled" in loaded.map_view.readout
    choose(loaded, "SNR", qtbot)
    assert loaded.maps.shown() is not None


def test_a_clicked_pixel_shows_its_trace_and_measures(mapped: MainWindow, qtbot: QtBot) -> None:
    click_pixel(mapped, 5, 9)
    qtbot.waitUntil(lambda: mapped.pixel_panel.view is not None)
    view = mapped.pixel_panel.view
    counts = mapped.controller.recording.frames[:, 5, 9]
    np.testing.assert_array_equal(view.trace, counts)
    assert "row 5, column 9" in mapped.pixel_panel.text
    assert "APD80" in mapped.pixel_panel.text
    assert not mapped.dock("pixel").isHidden()


def test_a_map_of_parameters_is_fitted_and_followed(loaded: MainWindow, qtbot: QtBot) -> None:
    choose(loaded, "τ_close", qtbot)
    shown = loaded.maps.shown()
    assert shown.unit == "ms"
    assert np.isfinite(shown.values).mean() > 0.95
    assert "pixels/s" in loaded.map_view.readout
    with qtbot.waitSignal(loaded.hover_fit.seen, timeout=10_000):
        hover(loaded, 10, 12)
    fit = loaded.pixel_panel.view.fit
    assert fit.values["tau_close"] == pytest.approx(float(shown.values[10, 12]), rel=0.02)
    assert "τ_in" in loaded.pixel_panel.text


def test_a_window_that_ends_early_is_hatched_and_said(loaded: MainWindow, qtbot: QtBot) -> None:
    preparation = loaded.controller.study.preparation
    loaded.controller.set_preparation(replace(preparation, horizon_ms=30.0))
    choose(loaded, "τ_close", qtbot)
    assert loaded.maps.shown().flagged.mean() > 0.9
    hover(loaded, 10, 12)
    assert "the window ends before repolarisation" in loaded.map_view.readout


def test_hover_fit_follows_mouse_and_region(with_regions: MainWindow, qtbot: QtBot) -> None:
    window = with_regions
    window.actions_.hover_fit.trigger()
    assert window.pixel_panel.is_hovering
    with qtbot.waitSignal(window.hover_fit.seen, timeout=30_000):
        hover(window, 20, 3)
    assert window.pixel_panel.view.roi == RectangularRoi(3, 20, 1, 1)
    seen = []
    window.hover_fit.seen.connect(seen.append)
    canvas = window.movie_view.canvas
    start, stop = canvas.image_to_viewport(6.5, 6.5), canvas.image_to_viewport(9.7, 8.4)
    left = Qt.MouseButton.LeftButton
    send_mouse(canvas.viewport(), QEvent.Type.MouseMove, start, Qt.MouseButton.NoButton)
    send_mouse(canvas.viewport(), QEvent.Type.MouseButtonPress, start, left)
    for step in (0.3, 0.6, 1.0):
        place = start + (stop - start) * step
        send_mouse(canvas.viewport(), QEvent.Type.MouseMove, place, left)
    # Before the mouse is released the study is as it was, and the fit is of the new place.
    qtbot.waitUntil(lambda: any(view.roi == RectangularRoi(7, 6, 6, 5) for view in seen))
    assert window.controller.study.regions[0].roi == RectangularRoi(4, 4, 6, 5)
    assert seen[-1].fit is not None
    send_mouse(canvas.viewport(), QEvent.Type.MouseButtonRelease, stop, Qt.MouseButton.NoButton)
    assert window.controller.study.regions[0].roi == RectangularRoi(7, 6, 6, 5)


def test_a_dragged_region_shows_its_trace_on_the_way(
    with_regions: MainWindow, qtbot: QtBot
) -> None:
    window = with_regions
    canvas = window.movie_view.canvas
    start, stop = canvas.image_to_viewport(22.5, 12.5), canvas.image_to_viewport(16.5, 12.5)
    left = Qt.MouseButton.LeftButton
    send_mouse(canvas.viewport(), QEvent.Type.MouseMove, start, Qt.MouseButton.NoButton)
    send_mouse(canvas.viewport(), QEvent.Type.MouseButtonPress, start, left)
    with qtbot.waitSignal(window.hover_fit.previewed):
        for step in (0.5, 1.0):
            place = start + (stop - start) * step
            send_mouse(canvas.viewport(), QEvent.Type.MouseMove, place, left)
    assert window.controller.study.regions[1].roi == RectangularRoi(20, 10, 6, 6)
    send_mouse(canvas.viewport(), QEvent.Type.MouseButtonRelease, stop, Qt.MouseButton.NoButton)
    wait_analysed(window, qtbot)


@pytest.mark.parametrize("suffix", [".csv", ".npy", ".tif", ".png"])
def test_a_map_is_exported(mapped: MainWindow, qtbot: QtBot, tmp_path: Path, suffix: str) -> None:
    assert mapped.actions_.export_map.isEnabled()
    path = tmp_path / f"map{suffix}"
    with qtbot.waitSignal(mapped.controller.message) as told:
        mapped.map_view.export(path)
    assert told.args[0] == "info"
    assert path.stat().st_size > 0
    if suffix == ".npy":
        np.testing.assert_allclose(np.load(path), mapped.maps.shown().values)


def test_an_export_that_fails_says_so(mapped: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    with qtbot.waitSignal(mapped.controller.message) as told:
        mapped.map_view.export(tmp_path / "no_such_folder" / "map.csv")
    assert told.args[0] == "error"


def test_a_recording_without_interval_has_no_map(
    window: MainWindow, bare_movie_file: Path, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(window.movie_view.frame_shown):
        window.loader.open(bare_movie_file)
    choose(window, "APD80", qtbot)
    assert "frame interval" in window.map_view.readout
    window.loader.calibrate(1.0, None)
    qtbot.waitUntil(lambda: window.maps.shown() is not None)
