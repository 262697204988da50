"""Everything by keyboard: regions, panels, menus, the space bar."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot
from window_helpers import COLUMNS, ROWS, wait_analysed

from aphyn_gui.gui import settings
from aphyn_gui.gui.main_window import MainWindow
from aphyn_gui.gui.menu_mnemonics import give_mnemonics
from aphyn_gui.recording import RectangularRoi

NONE = Qt.KeyboardModifier.NoModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
CTRL = Qt.KeyboardModifier.ControlModifier


def press(window: MainWindow, key: Qt.Key, modifier: Qt.KeyboardModifier = NONE) -> None:
    """A key pressed where the focus is."""
    QTest.keyClick(QApplication.focusWidget() or window, key, modifier)


def rois(window: MainWindow) -> list[RectangularRoi]:
    return [region.roi for region in window.controller.study.regions]


def test_a_region_is_made_moved_and_sized_without_a_mouse(loaded: MainWindow, qtbot: QtBot) -> None:
    QTest.keyClick(loaded, Qt.Key.Key_R, SHIFT)
    (made,) = rois(loaded)
    assert made.lies_inside(ROWS, COLUMNS)
    assert loaded.movie_view.canvas.hasFocus()
    for key, modifier in (
        (Qt.Key.Key_Left, NONE), (Qt.Key.Key_Up, SHIFT), (Qt.Key.Key_Right, CTRL),
        (Qt.Key.Key_Right, CTRL), (Qt.Key.Key_Down, CTRL), (Qt.Key.Key_Left, CTRL),
    ):  # fmt: skip
        press(loaded, key, modifier)
    assert rois(loaded) == [
        RectangularRoi(made.x - 1, max(made.y - 10, 0), made.width + 1, made.height + 1)
    ]
    wait_analysed(loaded, qtbot)


def test_sizing_stays_inside_and_at_least_a_pixel(with_regions: MainWindow) -> None:
    with_regions.movie_view.canvas.setFocus()
    for _ in range(4):
        press(with_regions, Qt.Key.Key_Right, CTRL | SHIFT)
        press(with_regions, Qt.Key.Key_Up, CTRL | SHIFT)
    assert rois(with_regions)[1] == RectangularRoi(20, 10, COLUMNS - 20, 1)
    with_regions.actions_.undo.trigger()
    assert rois(with_regions)[1] == RectangularRoi(20, 10, 6, 6)


def test_regions_made_one_after_the_other_do_not_hide_each_other(loaded: MainWindow) -> None:
    for _ in range(3):
        QTest.keyClick(loaded, Qt.Key.Key_R, SHIFT)
    assert len(set(rois(loaded))) == 3


def test_page_keys_go_from_region_to_region(with_regions: MainWindow) -> None:
    first, second = (region.id for region in with_regions.controller.study.regions)
    with_regions.movie_view.canvas.setFocus()
    for key, expected in (
        (Qt.Key.Key_PageDown, first), (Qt.Key.Key_PageDown, second), (Qt.Key.Key_PageUp, first),
    ):  # fmt: skip
        press(with_regions, key)
        assert with_regions.controller.selected_region_id == expected


def test_space_plays_from_plots_and_presses_buttons(with_regions: MainWindow) -> None:
    with_regions.trace_view.plot.setFocus()
    press(with_regions, Qt.Key.Key_Space)
    assert with_regions.movie_view.is_playing
    press(with_regions, Qt.Key.Key_Space)
    assert not with_regions.movie_view.is_playing
    before = with_regions.controller.study.preparation.polarity
    with_regions.trace_view.findChild(object, "flip_polarity").setFocus()
    press(with_regions, Qt.Key.Key_Space)
    assert with_regions.controller.study.preparation.polarity is not before
    assert not with_regions.movie_view.is_playing


def test_space_is_a_letter_while_a_name_is_typed(with_regions: MainWindow, qtbot: QtBot) -> None:
    with_regions.movie_view.canvas.setFocus()
    press(with_regions, Qt.Key.Key_F2)
    qtbot.waitUntil(lambda: QApplication.focusWidget() is not with_regions.movie_view.canvas)
    QTest.keyClicks(QApplication.focusWidget(), "left apex")
    press(with_regions, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: with_regions.controller.study.regions[1].name == "left apex")
    assert not with_regions.movie_view.is_playing


def test_f6_visits_every_panel_that_is_seen(with_regions: MainWindow) -> None:
    with_regions.movie_view.canvas.setFocus()
    panels = ("movie", "trace", "rois", "fit", "comparison")
    visited = []
    for _ in range(5):
        QTest.keyClick(with_regions, Qt.Key.Key_F6)
        focus = QApplication.focusWidget()
        visited += [n for n in panels if with_regions.dock(n).isAncestorOf(focus)]
    assert {"trace", "rois", "movie"} <= set(visited)
    before = visited[-1]
    QTest.keyClick(with_regions, Qt.Key.Key_F6)
    QTest.keyClick(with_regions, Qt.Key.Key_F6, SHIFT)
    assert with_regions.dock(before).isAncestorOf(QApplication.focusWidget())


def test_tab_reaches_every_control_of_the_movie_and_leaves_it(with_regions: MainWindow) -> None:
    start = with_regions.movie_view.canvas
    start.setFocus()
    seen = []
    for _ in range(60):
        press(with_regions, Qt.Key.Key_Tab)
        widget = QApplication.focusWidget()
        if widget is start:
            break
        seen.append(widget)
    assert with_regions.run_bar not in seen
    assert any(with_regions.trace_view.isAncestorOf(widget) for widget in seen)
    assert any(with_regions.roi_table.isAncestorOf(widget) for widget in seen)


def test_menus_have_a_letter_for_every_entry(with_regions: MainWindow) -> None:
    bar = with_regions.menuBar()
    tops = [action.text() for action in bar.actions()]
    assert all("&" in text for text in tops)
    letters = [text[text.index("&") + 1].lower() for text in tops]
    assert len(set(letters)) == len(letters)
    for action in bar.actions():
        menu = action.menu()
        assert isinstance(menu, QMenu)
        menu.aboutToShow.emit()
        texts = [entry.text() for entry in menu.actions() if not entry.isSeparator()]
        marked = [t[t.index("&") + 1].lower() for t in texts if "&" in t]
        assert len(marked) == len(texts), texts
        assert len(set(marked)) == len(marked), texts


def test_letters_follow_entries_that_change(qtbot: QtBot) -> None:
    menu = QMenu()
    qtbot.addWidget(menu)
    first, second = menu.addAction("Salt && pepper"), menu.addAction("Save")
    give_mnemonics(menu)
    menu.aboutToShow.emit()
    assert [first.text(), second.text()] == ["&Salt && pepper", "S&ave"]
    first.setText("Run")
    menu.aboutToShow.emit()
    assert [first.text(), second.text()] == ["&Run", "&Save"]


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("open", QKeySequence.StandardKey.Open),
        ("quit", QKeySequence.StandardKey.Quit),
        ("undo", QKeySequence.StandardKey.Undo),
        ("redo", QKeySequence.StandardKey.Redo),
        ("guide", QKeySequence.StandardKey.HelpContents),
        ("whats_this", QKeySequence.StandardKey.WhatsThis),
        ("full_screen", QKeySequence.StandardKey.FullScreen),
    ],
)
def test_the_usual_keys_do_the_usual_things(
    window: MainWindow, name: str, key: QKeySequence.StandardKey
) -> None:
    assert getattr(window.actions_, name).shortcut() == QKeySequence(key)


def test_full_screen_and_back(window: MainWindow) -> None:
    window.actions_.full_screen.trigger()
    assert window.isFullScreen()
    window.actions_.full_screen.trigger()
    assert not window.isFullScreen()


def drop(window: MainWindow, urls: list[QUrl]) -> bool:
    """Drag over the window and drop; whether it was welcome."""
    data = QMimeData()
    data.setUrls(urls)
    action, buttons = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    enter = QDragEnterEvent(QPoint(9, 9), action, data, buttons, NONE)
    enter.ignore()
    QApplication.sendEvent(window, enter)
    if enter.isAccepted():
        QApplication.sendEvent(window, QDropEvent(QPointF(9, 9), action, data, buttons, NONE))
    return enter.isAccepted()


def test_a_dropped_recording_is_opened_and_remembered(
    window: MainWindow, movie_file: Path, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(window.loader.opened):
        assert drop(window, [QUrl.fromLocalFile(str(movie_file))])
    assert settings.recent_files() == [movie_file.resolve()]
    window.actions_.recent_menu.aboutToShow.emit()
    (entry,) = window.actions_.recent_menu.actions()
    assert movie_file.name in entry.text().replace("&", "")


def test_what_is_no_file_is_not_welcome(window: MainWindow) -> None:
    assert not drop(window, [])
    assert not drop(window, [QUrl("https://example.org/heart.tif")])


def test_a_dropped_folder_is_refused_in_words(
    window: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    drop(window, [QUrl.fromLocalFile(str(tmp_path))])
    qtbot.waitUntil(lambda: bool(window.toaster.texts))
    assert "Not opened" in window.toaster.texts[0]
