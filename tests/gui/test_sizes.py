"""The window on small, large and scaled screens, and regions with long names."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot
from window_helpers import wait_analysed

from aphyn_gui.gui.elided_label import ElidedLabel
from aphyn_gui.gui.main_window import MainWindow
from aphyn_gui.gui.roi_model import NAME, STATUS
from aphyn_gui.gui.words_area import WordsArea
from aphyn_gui.recording import RectangularRoi

NAMES = (
    "Left ventricular free wall, basal", "Left ventricular apex after ischaemia",
    "Right ventricular outflow tract", "Septal region near the pacing site",
    "Border zone, lateral, 20 min after ligation", "Papillary muscle insertion, posterior",
    "Anterior wall, perfused", "Posterior wall, not perfused",
)  # fmt: skip


def clipped(window: QWidget) -> list[str]:
    """Visible one-line labels and buttons that are narrower than their words."""
    found = []
    for kind in (QLabel, QAbstractButton):
        for widget in window.findChildren(kind):
            wraps = isinstance(widget, QLabel) and widget.wordWrap()
            if not widget.isVisible() or not widget.text() or wraps:
                continue
            if widget.visibleRegion().isEmpty() or widget.objectName().startswith("qt_"):
                continue
            if widget.width() < widget.minimumSizeHint().width():
                found.append(f"{widget.text()!r}: {widget.width()} pixels")
    return found


@pytest.mark.parametrize("size", [(853, 450), (1280, 690), (1920, 1050), (3840, 2130)])
def test_nothing_is_cut_off(
    new_window: Callable[[], MainWindow], qtbot: QtBot, size: tuple[int, int]
) -> None:
    window = new_window()
    window.resize(*size)
    window.actions_.reset_layout.trigger()
    with qtbot.waitSignal(window.movie_view.frame_shown):
        window.loader.open_demo()
    wait_analysed(window, qtbot)
    assert (window.width(), window.height()) == size
    assert clipped(window) == []
    bars = [*window.findChildren(type(window.run_bar)), window.movie_view]
    assert all(window.rect().contains(bar.mapTo(window, bar.rect().center())) for bar in bars)
    for button in window.movie_view.findChildren(QAbstractButton):
        if button.isVisible():
            assert button.visibleRegion().boundingRect().height() == button.height()


def test_a_narrow_toolbar_keeps_every_button(window: MainWindow, qtbot: QtBot) -> None:
    toolbar = window.actions_.settings.associatedObjects()
    buttons = [
        button
        for button in window.findChildren(QAbstractButton)
        if getattr(button, "defaultAction", lambda: None)() in vars(window.actions_).values()
    ]
    assert toolbar
    for width in (1280, 780, 1280):
        window.resize(width, 600)
        qtbot.waitUntil(lambda: all(button.isVisible() for button in buttons))
        style = buttons[0].toolButtonStyle()
        has_words = style is Qt.ToolButtonStyle.ToolButtonTextBesideIcon
        assert has_words == (width == 1280)


def test_panels_take_turns_in_a_low_window(window: MainWindow) -> None:
    window.resize(853, 450)
    window.actions_.reset_layout.trigger()
    movie, fit = window.dock("movie"), window.dock("fit")
    assert window.dock("trace") in window.tabifiedDockWidgets(movie)
    assert window.dock("comparison") in window.tabifiedDockWidgets(fit)
    window.actions_.settings.trigger()
    assert (window.width(), window.height()) == (853, 450)
    window.resize(1280, 800)
    window.actions_.reset_layout.trigger()
    assert window.tabifiedDockWidgets(movie) == []


@pytest.mark.parametrize("width", [1280, 1920])
def test_settings_leave_the_plots_their_room(window: MainWindow, width: int) -> None:
    window.resize(width, 800)
    window.actions_.reset_layout.trigger()
    QApplication.processEvents()
    movie, fit, settings = (window.dock(name) for name in ("movie", "fit", "preparation"))
    before = movie.width(), fit.width()
    window.actions_.settings.trigger()
    QApplication.processEvents()
    assert 300 <= settings.width() <= 400
    assert movie.width() / fit.width() == pytest.approx(before[0] / before[1], rel=0.3)
    window.resize(width + 600, 800)
    QApplication.processEvents()
    assert settings.width() <= 460
    window.resize(width, 800)
    window.actions_.settings.trigger()
    QApplication.processEvents()
    assert (movie.width(), fit.width()) == pytest.approx(before, abs=8)


def test_words_take_no_more_than_their_share_and_end_with_a_whole_line(qtbot: QtBot) -> None:
    label = QLabel(" ".join(["word"] * 200))
    area = WordsArea(label)
    qtbot.addWidget(area)
    area.resize(200, 10)
    area.fit(200, 100)
    line = label.fontMetrics().lineSpacing()
    assert 100 - line < area.height() <= 100
    assert area.height() % line == 0
    area.fit(200, 3)
    assert area.height() == line
    label.setText("one line")
    area.fit(200, 100)
    assert area.height() == label.heightForWidth(200) < 2 * line
    label.setText("")
    area.fit(200, 100)
    assert area.height() == 0


def test_long_names_leave_room_for_the_status(loaded: MainWindow, qtbot: QtBot) -> None:
    for number, name in enumerate(NAMES):
        roi = RectangularRoi(7 * (number % 4), 12 * (number // 4), 5, 5)
        loaded.controller.add_region(roi, name)
    wait_analysed(loaded, qtbot)
    table = loaded.roi_table.table
    assert table.columnWidth(NAME) <= 150
    assert table.columnViewportPosition(STATUS) + 40 < table.viewport().width()
    index = table.model().index(4, NAME)
    assert index.data(Qt.ItemDataRole.ToolTipRole) == NAMES[4]
    assert loaded.width() == 1280


def test_a_label_without_room_ends_in_an_ellipsis_and_keeps_its_words(qtbot: QtBot) -> None:
    label = ElidedLabel()
    qtbot.addWidget(label)
    label.setText("a long sentence about a region")
    label.resize(60, 20)
    label.show()
    narrow = label.grab().toImage()
    label.setText("a long sentence about a heart")
    assert label.grab().toImage() == narrow
    assert label.text() == "a long sentence about a heart"
