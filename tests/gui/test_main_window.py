"""The whole window: the main job by mouse, closing, panels, theme, layout."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QComboBox, QMenu, QSpinBox
from pytestqt.qtbot import QtBot
from window_helpers import drag_on_image, wait_analysed

from aphyn_gui.fitting import EX_VIVO, Outcome
from aphyn_gui.gui import settings
from aphyn_gui.gui.fit_runner import RunnerState
from aphyn_gui.gui.main_window import MainWindow
from aphyn_gui.gui.theme import DARK, LIGHT, ThemeMode, current_theme, theme_manager
from aphyn_gui.recording import Split

PATIENCE_MS = 60_000


def wait_idle(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: window.runner.state is RunnerState.IDLE, timeout=PATIENCE_MS)


def wait_running(window: MainWindow, qtbot: QtBot) -> None:
    """Until the first epochs of a fit are on the screen."""
    with qtbot.waitSignal(window.runner.snapshot_ready, timeout=PATIENCE_MS):
        pass


def test_from_a_file_to_two_compared_fits(loaded: MainWindow, qtbot: QtBot) -> None:
    loaded.actions_.draw.trigger()
    drag_on_image(loaded, (3, 3), (9, 9))
    drag_on_image(loaded, (20, 12), (26, 18))
    wait_analysed(loaded, qtbot)
    # Endless at first: paused, resumed and cancelled by the user.
    loaded.controller.set_protocol(EX_VIVO.with_changes(epochs=1_000_000))
    loaded.actions_.fit_selected.trigger()
    wait_running(loaded, qtbot)
    loaded.actions_.pause.trigger()
    assert loaded.runner.state is RunnerState.PAUSED
    assert loaded.actions_.pause.text() == "Resume"
    loaded.actions_.pause.trigger()
    assert loaded.runner.state is RunnerState.RUNNING
    loaded.actions_.cancel.trigger()
    wait_idle(loaded, qtbot)
    # Again, to the end, both.
    loaded.controller.set_protocol(EX_VIVO.with_changes(epochs=3))
    loaded.actions_.fit_all.trigger()
    wait_idle(loaded, qtbot)
    study = loaded.controller.study
    assert {fit.fit.outcome for fit in study.fits.values()} == {Outcome.FINISHED}
    assert set(study.fits) == {region.id for region in study.regions}
    model = loaded.roi_table.table.model()
    assert [model.index(row, 8).data() for row in range(2)] == ["fitted", "fitted"]
    # Moving a region marks its fit; undoing takes the mark away; deleting and undoing keeps it.
    loaded.movie_view.canvas.setFocus()
    region = loaded.controller.selected_region
    assert region is not None
    drag_on_image(loaded, (23, 15), (21, 15))
    wait_analysed(loaded, qtbot)
    assert model.index(1, 8).data() == "fitted; rectangle changed since"
    loaded.actions_.undo.trigger()
    wait_analysed(loaded, qtbot)
    loaded.actions_.remove.trigger()
    assert region.id not in loaded.controller.study.fits
    loaded.actions_.undo.trigger()
    assert region.id in loaded.controller.study.fits
    wait_analysed(loaded, qtbot)


def test_closing_while_a_fit_runs_ends_it(with_regions: MainWindow, qtbot: QtBot) -> None:
    with_regions.controller.set_protocol(EX_VIVO.with_changes(epochs=1_000_000))
    with_regions.actions_.fit_all.trigger()
    wait_running(with_regions, qtbot)
    with_regions.close_unsaved()
    assert with_regions.runner.state is RunnerState.IDLE
    # No thread may be left: the fixture looks.


def test_settings_open_beside_the_fit(loaded: MainWindow) -> None:
    assert not loaded.dock("preparation").isVisible()
    loaded.actions_.settings.trigger()
    assert loaded.dock("preparation").isVisible()
    loaded.dock("preparation").close()
    loaded.dock("protocol").close()
    assert not loaded.actions_.settings.isChecked()


def test_the_preparation_panel_edits_the_study(with_regions: MainWindow, qtbot: QtBot) -> None:
    panel = with_regions.preparation_panel
    drift = panel.findChild(QSpinBox, "drift_order")
    drift.setValue(4)
    assert with_regions.controller.study.preparation.drift_order == 4
    split = panel.findChild(QComboBox, "split")
    split.setCurrentIndex(1)
    split.activated.emit(1)
    assert with_regions.controller.study.preparation.split is Split.ALL_PIXELS
    with_regions.actions_.undo.trigger()
    with_regions.actions_.undo.trigger()
    assert drift.value() == 1
    wait_analysed(with_regions, qtbot)


def test_another_recording_can_be_undone(
    with_regions: MainWindow, bare_movie_file: Path, qtbot: QtBot
) -> None:
    before = with_regions.controller.study
    with qtbot.waitSignal(with_regions.loader.opened):
        with_regions.loader.open(bare_movie_file)
    assert with_regions.roi_table.table.model().rowCount() == 0
    with_regions.actions_.undo.trigger()
    assert with_regions.controller.study == before
    assert with_regions.roi_table.table.model().rowCount() == 2
    wait_analysed(with_regions, qtbot)


def test_theme_is_chosen_and_remembered(loaded: MainWindow) -> None:
    dark = next(
        action
        for menu in loaded.menuBar().findChildren(QMenu) + loaded.findChildren(QMenu)
        for action in menu.actions()
        if action.text() == "Dark"
    )
    dark.trigger()
    assert current_theme() is DARK
    assert settings.theme_mode() is ThemeMode.DARK
    theme_manager().set_mode(ThemeMode.LIGHT)
    assert current_theme() is LIGHT


def test_the_layout_is_kept(new_window: Callable[[], MainWindow]) -> None:
    first = new_window()
    first.dock("trace").close()
    first.dock("log").show()
    first.close()
    second = new_window()
    assert second.dock("trace").isHidden()
    assert not second.dock("log").isHidden()
    second.actions_.reset_layout.trigger()
    assert not second.dock("trace").isHidden()
    assert second.dock("log").isHidden()


def test_no_two_actions_share_a_shortcut(window: MainWindow) -> None:
    keys = [
        action.shortcut().toString()
        for action in window.findChildren(QAction)
        if not action.shortcut().isEmpty()
        and action.shortcutContext() is Qt.ShortcutContext.WindowShortcut
    ]
    assert sorted(set(keys)) == sorted(keys)
