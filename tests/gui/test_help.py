"""Guide, What's This, tooltips, about box, reports: help that is there and never blocks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from fit_samples import save_movie
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QGuiApplication, QHelpEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QPushButton,
    QSlider,
    QWhatsThis,
    QWidget,
)
from pytestqt.qtbot import QtBot
from window_helpers import click, wait_analysed

from aphyn_gui import __version__
from aphyn_gui.gui.about_dialog import AboutDialog
from aphyn_gui.gui.bug_report import bug_report, without_folders
from aphyn_gui.gui.main_window import MainWindow
from aphyn_gui.gui.theme import ThemeMode, theme_manager
from aphyn_gui.recording import RectangularRoi

CONTROLS = (QAbstractButton, QAbstractSpinBox, QComboBox, QLineEdit, QSlider)


def button(parent: QWidget, text: str) -> QPushButton:
    return next(b for b in parent.findChildren(QPushButton) if b.text().replace("&", "") == text)


def unexplained(parent: QWidget) -> list[str]:
    """Enabled controls without a tooltip; Qt's own parts of controls and docks are left out."""
    return [
        f"{type(control).__name__} {control.accessibleName()} in {type(control.parent()).__name__}"
        for kind in CONTROLS
        for control in parent.findChildren(kind)
        if control.isEnabled()
        and not control.toolTip()
        and not control.objectName().startswith("qt_")
        and control.objectName() not in ("ScrollLeftButton", "ScrollRightButton")
    ]


def test_every_control_has_a_tooltip(with_regions: MainWindow) -> None:
    for name in ("preparation", "protocol", "log", "guide"):
        with_regions.dock(name).show()
    with_regions.actions_.simulate.trigger()
    with_regions.actions_.about.trigger()
    with_regions.actions_.information.trigger()
    assert unexplained(with_regions) == []
    assert with_regions.information is not None
    with_regions.information.close()
    assert with_regions.simulation is not None
    with_regions.simulation.close()
    with_regions.findChild(AboutDialog).close()


def test_the_search_for_tooltips_finds_what_lacks_one(window: MainWindow) -> None:
    window.run_bar.pause_button.setEnabled(True)
    window.run_bar.pause_button.setToolTip("")
    assert unexplained(window) == ["QPushButton  in RunBar"]


def test_every_action_of_the_menus_and_the_toolbar_explains_itself(window: MainWindow) -> None:
    for name, action in vars(window.actions_).items():
        if hasattr(action, "toolTip") and hasattr(action, "shortcut"):
            assert action.toolTip(), name


def test_a_greyed_action_says_what_is_in_the_way(
    window: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    actions = window.actions_
    for action, obstacle in (
        (actions.draw, "Open a recording first"),
        (actions.fit_all, "Open a recording first"),
        (actions.export_map, "No map is shown"),
        (actions.cancel, "No fit is running"),
        (actions.save, "Nothing is open"),
    ):
        assert not action.isEnabled()
        assert obstacle in action.toolTip()
    with qtbot.waitSignal(window.loader.opened):
        window.loader.open(save_movie(tmp_path))
    assert actions.draw.isEnabled()
    assert "Not now" not in actions.draw.toolTip()
    assert "enter the frame interval" in actions.fit_all.toolTip()
    window.loader.calibrate(2.0, None)
    assert "Draw a region first" in actions.fit_all.toolTip()
    window.controller.add_region(RectangularRoi(1, 1, 3, 3), "A")
    assert actions.fit_all.isEnabled()
    assert "Not now" not in actions.fit_all.toolTip()
    wait_analysed(window, qtbot)


def test_f1_opens_the_guide_beside_the_work(loaded: MainWindow, qtbot: QtBot) -> None:
    QTest.keyClick(loaded, Qt.Key.Key_F1)
    qtbot.waitUntil(lambda: loaded.guide.isVisible())
    assert QApplication.activeModalWidget() is None
    text = loaded.guide.toPlainText()
    for term in ("Open the demo", "Draw an ROI", "Fit", "Read the comparison", "Export", "τin"):
        assert term in text
    assert "<a href" not in text


def test_links_of_the_guide_do_what_they_say(loaded: MainWindow, qtbot: QtBot) -> None:
    loaded.actions_.guide.trigger()
    page = loaded.guide
    qtbot.waitUntil(lambda: page.isVisible())
    cursor = page.document().find("Draw ROI")
    place = page.cursorRect(cursor).center() - QPoint(12, 0)
    QTest.mouseClick(page.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert loaded.actions_.draw.isChecked()


def test_a_link_within_the_guide_scrolls(loaded: MainWindow, qtbot: QtBot) -> None:
    loaded.actions_.guide.trigger()
    page = loaded.guide
    qtbot.waitUntil(lambda: page.isVisible())
    cursor = page.document().find("If something is wrong")
    place = page.cursorRect(cursor).center() - QPoint(12, 0)
    QTest.mouseClick(page.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert page.verticalScrollBar().value() > 0


def test_the_guide_keeps_its_place_when_the_theme_changes(loaded: MainWindow, qtbot: QtBot) -> None:
    loaded.actions_.guide.trigger()
    qtbot.waitUntil(lambda: loaded.guide.isVisible())
    bar = loaded.guide.verticalScrollBar()
    bar.setValue(bar.maximum() // 2)
    theme_manager().set_mode(ThemeMode.DARK)
    assert bar.value() > 0


def test_whats_this_answers_for_panels_and_controls(with_regions: MainWindow) -> None:
    for widget, words in (
        (with_regions.movie_view.canvas, "regions of interest"),
        (with_regions.comparison_view, "95 % intervals"),
        (with_regions.run_bar, "kernels are compiled"),
        (with_regions.run_bar.cancel_button, "last finite model"),
    ):
        event = QHelpEvent(QEvent.Type.QueryWhatsThis, QPoint(3, 3), QPoint(3, 3))
        holder: QWidget | None = widget
        while holder is not None and not holder.whatsThis():
            holder = holder.parentWidget()
        assert holder is not None
        assert words in holder.whatsThis()
        assert QApplication.sendEvent(holder, event)
        assert event.isAccepted()


def test_shift_f1_asks_what_is_this(window: MainWindow) -> None:
    QTest.keyClick(window, Qt.Key.Key_F1, Qt.KeyboardModifier.ShiftModifier)
    assert QWhatsThis.inWhatsThisMode()
    QWhatsThis.leaveWhatsThisMode()


def test_about_names_versions_device_and_what_to_cite(window: MainWindow, qtbot: QtBot) -> None:
    window.actions_.about.trigger()
    about = window.findChild(AboutDialog)
    assert about.isVisible()
    assert QApplication.activeModalWidget() is None
    qtbot.waitUntil(lambda: "core" in about.versions_text())
    QTest.mouseClick(button(about, "Copy versions"), Qt.MouseButton.LeftButton)
    versions = QGuiApplication.clipboard().text()
    for name in (f"aphyn_gui: {__version__}", "Python: 3", "Qt: 6", "torch: 2", "Device: CPU"):
        assert name in versions
    QTest.mouseClick(button(about, "Copy citation"), Qt.MouseButton.LeftButton)
    citation = QGuiApplication.clipboard().text()
    for name in ("Kashtanova", "STACOM", "2022", "Mitchell", "Schaeffer", "2003"):
        assert name in citation
    QTest.keyClick(about, Qt.Key.Key_Escape)
    assert window.findChild(AboutDialog) is None or not about.isVisible()


def test_about_can_be_closed_before_the_device_is_known(window: MainWindow, qtbot: QtBot) -> None:
    window.actions_.about.trigger()
    window.findChild(AboutDialog).close()
    qtbot.waitUntil(lambda: not window.tasks.is_busy)
    assert "error" not in window.log_view.text


def test_a_report_holds_versions_and_the_last_messages_but_no_folders(window: MainWindow) -> None:
    home = Path.home()
    window.controller.report("info", f"{home}/patients/Smith/heart.tif has been opened.")
    for number in range(60):
        window.controller.report("info", f"message {number}")
    window.controller.report("error", "Lost.", f'File "{home}/secret/aphyn_gui/gui/app.py", line 3')
    toasts = [b for b in window.findChildren(QPushButton) if b.text() == "Copy for a bug report"]
    shown = next(b for b in toasts if b.isVisible())
    click(shown, shown.rect().center())
    report = QGuiApplication.clipboard().text()
    for part in ("Lost.", "…/aphyn_gui/gui/app.py", "message 59", "torch 2", "Qt 6", "System "):
        assert part in report
    for part in ("message 5\n", "Smith", "secret", str(home / "patients")):
        assert part not in report


def test_the_log_can_be_copied_for_a_report(
    new_window: Callable[[], MainWindow], qtbot: QtBot
) -> None:
    window = new_window()
    window.controller.report("warning", "/data/Miller/a.tif: strange")
    window.dock("log").show()
    window.dock("log").raise_()
    qtbot.waitUntil(lambda: window.log_view.isVisible())
    report_button = button(window.log_view, "Copy for a bug report")
    click(report_button, report_button.rect().center())
    text = QGuiApplication.clipboard().text()
    assert "…/a.tif: strange" in text
    assert "Miller" not in text
    assert f"aphyn_gui {__version__}" in text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/data/Miller/a.tif: no frames", "…/a.tif: no frames"),
        (r"C:\Users\Miller\a.tif is empty", "…/a.tif is empty"),
        ("a rate in 1/ms, F_p/F_dl", "a rate in 1/ms, F_p/F_dl"),
        ('File "/opt/x/site-packages/torch/nn.py", line 1',
         'File "…/site-packages/torch/nn.py", line 1'),
    ],
)  # fmt: skip
def test_folders_leave_a_report(text: str, expected: str) -> None:
    assert without_folders(text) == expected


def test_a_report_without_anything_still_names_the_program() -> None:
    assert f"aphyn_gui {__version__}" in bug_report("")
