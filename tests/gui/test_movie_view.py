"""The movie by mouse and keyboard: draw, move, resize, nudge, rename, delete, play."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QSlider, QToolButton
from pytestqt.qtbot import QtBot
from window_helpers import COLUMNS, FRAMES, ROWS, click, drag_on_image

from aphyn_gui.gui.main_window import MainWindow
from aphyn_gui.gui.movie_canvas import Tool
from aphyn_gui.recording import RectangularRoi


def rois(window: MainWindow) -> list[RectangularRoi]:
    return [region.roi for region in window.controller.study.regions]


def press(window: MainWindow, key: Qt.Key, shift: bool = False) -> None:
    modifier = Qt.KeyboardModifier.ShiftModifier if shift else Qt.KeyboardModifier.NoModifier
    QTest.keyClick(window.movie_view.canvas, key, modifier)


def test_two_regions_are_drawn_by_mouse(loaded: MainWindow) -> None:
    loaded.actions_.draw.trigger()
    drag_on_image(loaded, (3.1, 2.9), (10.2, 8.1))
    drag_on_image(loaded, (28.0, 20.0), (20.0, 12.0))
    assert rois(loaded) == [RectangularRoi(3, 3, 7, 5), RectangularRoi(20, 12, 8, 8)]
    first, second = loaded.controller.study.regions
    assert first.name != second.name
    assert first.color != second.color
    assert loaded.controller.selected_region_id == second.id


def test_drawing_beyond_the_edge_is_clipped(loaded: MainWindow) -> None:
    loaded.actions_.draw.trigger()
    drag_on_image(loaded, (25, 18), (COLUMNS + 1, ROWS + 0.5))
    assert rois(loaded) == [RectangularRoi(25, 18, COLUMNS - 25, ROWS - 18)]


def test_a_speck_is_not_a_region(loaded: MainWindow) -> None:
    loaded.actions_.draw.trigger()
    drag_on_image(loaded, (5.0, 5.0), (5.3, 9.0))
    assert rois(loaded) == []


def test_select_tool_draws_nothing(loaded: MainWindow) -> None:
    drag_on_image(loaded, (3, 3), (10, 8))
    assert rois(loaded) == []


def test_region_is_moved_by_whole_pixels_in_one_step(with_regions: MainWindow) -> None:
    steps = with_regions.controller.undo_stack.count()
    drag_on_image(with_regions, (6.5, 6.5), (9.7, 8.4))
    assert rois(with_regions)[0] == RectangularRoi(7, 6, 6, 5)
    assert with_regions.controller.undo_stack.count() == steps + 1
    with_regions.actions_.undo.trigger()
    assert rois(with_regions)[0] == RectangularRoi(4, 4, 6, 5)
    with_regions.actions_.redo.trigger()
    assert rois(with_regions)[0] == RectangularRoi(7, 6, 6, 5)


def test_region_cannot_leave_the_image(with_regions: MainWindow) -> None:
    drag_on_image(with_regions, (6.5, 6.5), (0.5, 0.5))
    assert rois(with_regions)[0] == RectangularRoi(0, 0, 6, 5)


def test_region_is_resized_by_a_corner(with_regions: MainWindow) -> None:
    drag_on_image(with_regions, (26, 16), (29.2, 19.9))
    assert rois(with_regions)[1] == RectangularRoi(20, 10, 9, 10)


def test_arrows_nudge_and_merge(with_regions: MainWindow) -> None:
    steps = with_regions.controller.undo_stack.count()
    for _ in range(3):
        press(with_regions, Qt.Key.Key_Left)
    press(with_regions, Qt.Key.Key_Down)
    press(with_regions, Qt.Key.Key_Up, shift=True)
    assert rois(with_regions)[1] == RectangularRoi(17, 1, 6, 6)
    assert with_regions.controller.undo_stack.count() == steps + 1
    with_regions.actions_.undo.trigger()
    assert rois(with_regions)[1] == RectangularRoi(20, 10, 6, 6)


def test_nudging_against_the_edge_keeps_the_size(with_regions: MainWindow) -> None:
    for _ in range(3):
        press(with_regions, Qt.Key.Key_Right, shift=True)
    assert rois(with_regions)[1] == RectangularRoi(COLUMNS - 6, 10, 6, 6)


def test_delete_and_undo_bring_back_the_place(with_regions: MainWindow) -> None:
    before = with_regions.controller.study.regions
    with_regions.controller.select_region(before[0].id)
    press(with_regions, Qt.Key.Key_Delete)
    assert with_regions.controller.study.regions == before[1:]
    assert with_regions.controller.selected_region_id == before[1].id
    with_regions.actions_.undo.trigger()
    assert with_regions.controller.study.regions == before


def test_click_selects_and_background_deselects(with_regions: MainWindow) -> None:
    canvas = with_regions.movie_view.canvas
    regions = with_regions.controller.study.regions
    click(canvas.viewport(), canvas.image_to_viewport(5.5, 7.5))
    assert with_regions.controller.selected_region_id == regions[0].id
    click(canvas.viewport(), canvas.image_to_viewport(15, 20))
    assert with_regions.controller.selected_region_id == ""


def test_f2_renames_in_the_table(with_regions: MainWindow, qtbot: QtBot) -> None:
    press(with_regions, Qt.Key.Key_F2)
    table = with_regions.roi_table.table
    qtbot.waitUntil(lambda: table.findChild(QLineEdit) is not None)
    editor = table.findChild(QLineEdit)
    editor.selectAll()
    QTest.keyClicks(editor, "Apex")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    # The editor hands its text over in the next turn of the event loop.
    qtbot.waitUntil(lambda: with_regions.controller.study.regions[1].name == "Apex")


def test_escape_puts_the_tool_away(loaded: MainWindow) -> None:
    loaded.actions_.draw.trigger()
    assert loaded.movie_view.canvas.tool is Tool.DRAW
    press(loaded, Qt.Key.Key_Escape)
    assert loaded.movie_view.canvas.tool is Tool.SELECT
    assert loaded.actions_.select.isChecked()


def test_space_plays_and_pauses(loaded: MainWindow, qtbot: QtBot) -> None:
    loaded.movie_view.canvas.setFocus()
    press(loaded, Qt.Key.Key_Space)
    assert loaded.movie_view.is_playing
    qtbot.waitUntil(lambda: loaded.movie_view.frame_index >= 3)
    press(loaded, Qt.Key.Key_Space)
    assert not loaded.movie_view.is_playing


def test_of_many_frames_asked_for_the_last_is_shown(loaded: MainWindow, qtbot: QtBot) -> None:
    shown: list[int] = []
    loaded.movie_view.frame_shown.connect(shown.append)
    for index in range(1, FRAMES):
        loaded.movie_view.show_frame(index)
    qtbot.waitUntil(lambda: bool(shown) and shown[-1] == FRAMES - 1)
    assert len(shown) < FRAMES / 4


def test_scale_bar_follows_the_pixel_pitch(loaded: MainWindow) -> None:
    length = loaded.movie_view.canvas.scale_bar.length_mm
    assert length is not None
    # 32 columns of 0.25 mm: a bar of about a fifth of what is seen.
    assert 0.5 <= length <= 5


@pytest.mark.parametrize("name", ["Play or pause"])
def test_play_button_shares_the_action(loaded: MainWindow, name: str) -> None:
    buttons = loaded.movie_view.findChildren(QToolButton)
    button = next(b for b in buttons if b.defaultAction() and b.defaultAction().text() == name)
    button.click()
    assert loaded.movie_view.is_playing
    button.click()
    assert not loaded.movie_view.is_playing


def test_the_slider_keeps_its_room_in_a_narrow_panel(loaded: MainWindow, qtbot: QtBot) -> None:
    movie = loaded.movie_view
    dock = loaded.dock("movie")
    for width, is_narrow in ((520, False), (300, True), (520, False)):
        loaded.resizeDocks([dock], [width], Qt.Orientation.Horizontal)
        qtbot.waitUntil(lambda is_narrow=is_narrow: (movie.width() < 430) == is_narrow)
        chooser, slider = loaded.map_view.chooser, movie.findChild(QSlider)
        qtbot.waitUntil(
            lambda is_narrow=is_narrow, chooser=chooser, slider=slider: (
                (chooser.y() > slider.geometry().bottom()) == is_narrow
            )
        )
        assert slider.width() > 50


def test_a_drag_too_short_for_a_region_is_said_and_changes_nothing(
    with_regions: MainWindow,
) -> None:
    before, selected = rois(with_regions), with_regions.controller.selected_region_id
    assert selected
    with_regions.actions_.draw.trigger()
    drag_on_image(with_regions, (27.1, 20.1), (31.3, 20.3))
    canvas = with_regions.movie_view.canvas
    click(canvas.viewport(), canvas.image_to_viewport(30.2, 20.2))
    assert rois(with_regions) == before
    assert with_regions.controller.selected_region_id == selected
    assert "No region" in with_regions.log_view.text
