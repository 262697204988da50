"""The mask: found, drawn with the mouse on the movie, turned over, forgotten, undone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PySide6.QtCore import QEvent, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot
from window_helpers import (
    COLUMNS,
    ROWS,
    click,
    drag_on_image,
    movie_counts,
    send_mouse,
    wait_analysed,
)

from aphyn_gui.gui.main_window import MainWindow
from aphyn_gui.gui.mask_layer import MaskShape
from aphyn_gui.gui.movie_canvas import Tool
from aphyn_gui.recording import Mask, open_recording
from aphyn_gui.study import RecordingReference


def used(window: MainWindow) -> np.ndarray:
    mask = window.controller.study.preparation.mask
    assert mask is not None
    return mask.usable


def click_image(window: MainWindow, x: float, y: float) -> None:
    canvas = window.movie_view.canvas
    click(canvas.viewport(), canvas.image_to_viewport(x, y))


def press(window: MainWindow, key: Qt.Key) -> None:
    QTest.keyClick(window.movie_view.canvas, key)


@pytest.fixture
def half_tissue(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> MainWindow:
    """Tissue on the left, a still background on the right."""
    counts = movie_counts()
    noise = np.random.default_rng(3).normal(500, 12, counts[:, :, 20:].shape)
    counts[:, :, 20:] = noise.astype(np.uint16)
    path = tmp_path / "half.tif"
    tifffile.imwrite(
        path, counts, imagej=True, metadata={"axes": "TYX", "finterval": 0.001, "tunit": "s"}
    )
    with qtbot.waitSignal(window.movie_view.frame_shown):
        window.loader.open(path)
    return window


def test_tissue_is_found_off_the_gui_thread_and_the_rest_is_dimmed(
    half_tissue: MainWindow, qtbot: QtBot
) -> None:
    tools, controller = half_tissue.mask_tools, half_tissue.controller
    assert half_tissue.mask_layer.left_out == 0
    tools.automatic.trigger()
    assert controller.study.preparation.mask is None
    assert not tools.automatic.isEnabled()
    qtbot.waitUntil(lambda: controller.study.preparation.mask is not None)
    assert tools.automatic.isEnabled()
    usable = used(half_tissue)
    assert usable[:, :18].mean() > 0.95
    assert usable[:, 22:].mean() < 0.05
    assert half_tissue.mask_layer.left_out == int((~usable).sum())
    controller.undo_stack.undo()
    assert controller.study.preparation.mask is None
    assert half_tissue.mask_layer.left_out == 0


def test_a_mask_is_not_given_to_another_recording(
    half_tissue: MainWindow, movie_file: Path, qtbot: QtBot
) -> None:
    controller = half_tissue.controller
    half_tissue.mask_tools.automatic.trigger()
    # While it is looked for.
    controller.set_recording(
        open_recording(movie_file), RecordingReference(movie_file, frame_interval_ms=1.0)
    )
    assert half_tissue.mask_tools.automatic.isEnabled()
    qtbot.waitUntil(lambda: not half_tissue.tasks.is_busy)
    assert controller.study.preparation.mask is None
    half_tissue.mask_tools.automatic.trigger()
    qtbot.waitUntil(lambda: controller.study.preparation.mask is not None)
    # After it was found.
    with qtbot.waitSignal(half_tissue.loader.opened):
        half_tissue.loader.open(movie_file.parent / "half.tif")
    assert controller.study.preparation.mask is None
    assert half_tissue.mask_layer.left_out == 0


def test_rectangles_are_drawn_with_the_mouse_above_regions(
    with_regions: MainWindow, qtbot: QtBot
) -> None:
    tools, before = with_regions.mask_tools, with_regions.controller.study.regions
    tools.shapes[MaskShape.REMOVE_RECTANGLE].trigger()
    assert tools.shapes[MaskShape.REMOVE_RECTANGLE].isChecked()
    # Begins inside a region, which must stay where it is.
    drag_on_image(with_regions, (6, 6), (10, 12))
    assert with_regions.controller.study.regions == before
    expected = np.ones((ROWS, COLUMNS), dtype=np.bool_)
    expected[6:12, 6:10] = False
    np.testing.assert_array_equal(used(with_regions), expected)
    tools.shapes[MaskShape.ADD_RECTANGLE].trigger()
    drag_on_image(with_regions, (7, 7), (9, 9))
    expected[7:9, 7:9] = True
    np.testing.assert_array_equal(used(with_regions), expected)
    wait_analysed(with_regions, qtbot)
    with_regions.controller.undo_stack.undo()
    with_regions.controller.undo_stack.undo()
    assert with_regions.controller.study.preparation.mask is None
    wait_analysed(with_regions, qtbot)


def test_the_first_shape_added_is_all_that_is_used(loaded: MainWindow) -> None:
    loaded.mask_tools.shapes[MaskShape.ADD_RECTANGLE].trigger()
    drag_on_image(loaded, (4, 5), (12, 15))
    assert used(loaded).sum() == 8 * 10
    assert used(loaded)[5:15, 4:12].all()
    assert loaded.mask_layer.left_out == ROWS * COLUMNS - 80


def test_a_polygon_is_clicked_corrected_and_closed_by_enter(loaded: MainWindow) -> None:
    loaded.mask_tools.shapes[MaskShape.ADD_POLYGON].trigger()
    for x, y in ((4, 4), (20, 4), (28, 20), (20, 20), (4, 20)):
        click_image(loaded, x, y)
    assert loaded.mask_layer.corners == 5
    press(loaded, Qt.Key.Key_Backspace)
    press(loaded, Qt.Key.Key_Backspace)
    press(loaded, Qt.Key.Key_Backspace)
    for x, y in ((20, 20), (4, 20)):
        click_image(loaded, x, y)
    press(loaded, Qt.Key.Key_Return)
    usable = used(loaded)
    assert usable[5:19, 5:19].all()
    assert usable.sum() == pytest.approx(16 * 16, abs=40)
    assert loaded.mask_layer.corners == 0
    assert loaded.controller.undo_stack.undoText() == "add a polygon to the mask"


def test_a_double_click_closes_a_polygon(loaded: MainWindow) -> None:
    loaded.mask_tools.shapes[MaskShape.REMOVE_POLYGON].trigger()
    canvas = loaded.movie_view.canvas
    for x, y in ((4, 4), (20, 4), (20, 16)):
        click_image(loaded, x, y)
    place = canvas.image_to_viewport(4, 16)
    click(canvas.viewport(), place)
    send_mouse(canvas.viewport(), QEvent.Type.MouseButtonDblClick, place, Qt.MouseButton.LeftButton)
    send_mouse(canvas.viewport(), QEvent.Type.MouseButtonRelease, place, Qt.MouseButton.NoButton)
    assert not used(loaded)[5:15, 5:19].any()
    assert (~used(loaded)).sum() == pytest.approx(16 * 12, abs=30)


def test_a_polygon_may_be_drawn_freely(loaded: MainWindow) -> None:
    loaded.mask_tools.shapes[MaskShape.REMOVE_POLYGON].trigger()
    click_image(loaded, 4, 20)
    drag_on_image(loaded, (4, 4), (24, 20))
    assert 50 < (~used(loaded)).sum() < 20 * 16


def test_escape_ends_drawing_and_forgets_the_corners(with_regions: MainWindow) -> None:
    tools, layer = with_regions.mask_tools, with_regions.mask_layer
    tools.shapes[MaskShape.ADD_POLYGON].trigger()
    click_image(with_regions, 4, 4)
    click_image(with_regions, 20, 4)
    # Delete belongs to the polygon now, not to the selected region.
    press(with_regions, Qt.Key.Key_Delete)
    assert layer.corners == 1
    assert len(with_regions.controller.study.regions) == 2
    press(with_regions, Qt.Key.Key_Escape)
    assert layer.corners == 0
    assert with_regions.movie_view.canvas.tool is Tool.SELECT
    assert with_regions.actions_.select.isChecked()
    click_image(with_regions, 7, 6)
    assert layer.corners == 0
    assert with_regions.controller.study.preparation.mask is None


def test_two_corners_are_no_polygon(loaded: MainWindow) -> None:
    loaded.mask_tools.shapes[MaskShape.ADD_POLYGON].trigger()
    click_image(loaded, 4, 4)
    click_image(loaded, 20, 4)
    press(loaded, Qt.Key.Key_Return)
    assert loaded.controller.study.preparation.mask is None


def test_a_mask_is_turned_over_and_cleared(loaded: MainWindow) -> None:
    tools, controller = loaded.mask_tools, loaded.controller
    assert not tools.invert.isEnabled()
    assert not tools.clear.isEnabled()
    tools.shapes[MaskShape.ADD_RECTANGLE].trigger()
    drag_on_image(loaded, (4, 5), (12, 15))
    tools.invert.trigger()
    assert used(loaded).sum() == ROWS * COLUMNS - 80
    tools.clear.trigger()
    assert controller.study.preparation.mask is None
    assert not tools.clear.isEnabled()
    controller.undo_stack.undo()
    assert used(loaded).sum() == ROWS * COLUMNS - 80


def test_a_mask_of_frames_of_another_size_is_not_drawn_and_said_to_be_wrong(
    with_regions: MainWindow, qtbot: QtBot
) -> None:
    controller = with_regions.controller
    preparation = replace(controller.study.preparation, mask=Mask.everything(5, 7).inverted())
    controller.set_preparation(preparation)
    assert with_regions.mask_layer.left_out == 0
    wait_analysed(with_regions, qtbot)
    analysis = with_regions.analyst.analysis(controller.selected_region_id)
    assert analysis is not None
    assert "make it anew" in analysis.problem
