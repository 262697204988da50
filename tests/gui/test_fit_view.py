"""The fit's plots: what they show, when they paint, and what a zoom by hand does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fit_samples import ENDLESS, QUICK, open_study
from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from aphyn_gui.gui.background import BackgroundTasks
from aphyn_gui.gui.colors import legible, mixed
from aphyn_gui.gui.curve_ends import spread
from aphyn_gui.gui.fit_picture import FitPicture
from aphyn_gui.gui.fit_runner import FitRunner
from aphyn_gui.gui.fit_view import FitView
from aphyn_gui.gui.plot_style import ends_of, nice_step
from aphyn_gui.gui.study_controller import StudyController
from aphyn_gui.gui.theme import DARK, LIGHT, Theme

TIMEOUT_MS = 60_000


@pytest.fixture
def controller(qtbot: QtBot, tmp_path: Path) -> StudyController:
    return open_study(tmp_path)


@pytest.fixture
def runner(controller: StudyController) -> Iterator[FitRunner]:
    runner = FitRunner(controller)
    yield runner
    runner.shutdown()


@pytest.fixture
def tasks(qtbot: QtBot) -> Iterator[BackgroundTasks]:
    tasks = BackgroundTasks("analysis")
    yield tasks
    tasks.shutdown()


@pytest.fixture
def view(
    qtbot: QtBot, controller: StudyController, runner: FitRunner, tasks: BackgroundTasks
) -> FitView:
    view = FitView(controller, runner, tasks)
    qtbot.addWidget(view)
    view.resize(1200, 700)
    view.show()
    return view


def fit(qtbot: QtBot, runner: FitRunner, region_id: str) -> None:
    runner.enqueue(region_id)
    qtbot.waitUntil(lambda: runner.state == "idle", timeout=TIMEOUT_MS)


def test_an_empty_view_says_what_to_do(view: FitView) -> None:
    assert view.empty.isVisible()
    assert "Fit" in view.empty.text()


def fit_first(qtbot: QtBot, controller: StudyController, runner: FitRunner) -> str:
    """Select the first region, fit it, and say which it is."""
    region_id = controller.study.regions[0].id
    controller.select_region(region_id)
    fit(qtbot, runner, region_id)
    return region_id


class EventCounter(QObject):
    """Counts how often a widget comes into sight, or is painted."""

    def __init__(self, widget: QWidget, kind: QEvent.Type) -> None:
        super().__init__()
        self.count = 0
        self._kind = kind
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self.count += event.type() == self._kind
        return False


def test_a_new_fit_of_what_is_shown_does_not_blink(
    qtbot: QtBot, controller: StudyController, runner: FitRunner, view: FitView
) -> None:
    region_id = fit_first(qtbot, controller, runner)
    first = view.picture
    assert not view.empty.isVisible()
    emptied = EventCounter(view.empty, QEvent.Type.Show)
    forecasts: list[object] = []
    runner.snapshot_ready.connect(lambda _: forecasts.append(view.picture.forecast))
    fit(qtbot, runner, region_id)
    assert view.picture is not first
    assert emptied.count == 0
    assert forecasts
    assert None not in forecasts


def test_the_last_of_fit_all_stays_where_nothing_is_selected(
    qtbot: QtBot, controller: StudyController, runner: FitRunner, view: FitView
) -> None:
    controller.select_region("")
    for region in controller.study.regions:
        runner.enqueue(region.id)
    qtbot.waitUntil(lambda: runner.state == "idle", timeout=TIMEOUT_MS)
    last = controller.study.regions[-1]
    assert view.shown_region_id == last.id
    assert last.name in view.heading.text()
    controller.remove_region(last.id)
    assert view.shown_region_id == ""
    assert view.empty.isVisible()


def test_a_range_that_grows_is_painted_once(
    qtbot: QtBot, controller: StudyController, runner: FitRunner, view: FitView
) -> None:
    region_id = fit_first(qtbot, controller, runner)
    panel = view.decomposition
    qtbot.waitUntil(lambda: not panel.is_waiting, timeout=TIMEOUT_MS)
    fitted = controller.study.fits[region_id]
    forecast = fitted.fit.forecast
    higher = replace(
        FitPicture.of_fit(fitted), forecast=replace(forecast, voltage=10 * forecast.voltage)
    )
    panel.show_picture(higher)
    QApplication.processEvents()
    paints = EventCounter(panel.viewport(), QEvent.Type.Paint)
    low, high = panel.integrals.viewRange()[1]
    panel.repaint_if_needed()
    for _ in range(5):
        QApplication.processEvents()
    assert panel.integrals.viewRange()[1][1] > high > low
    assert paints.count == 1


def test_the_room_of_old_warnings_is_kept_while_a_fit_runs(
    qtbot: QtBot, controller: StudyController, runner: FitRunner, view: FitView
) -> None:
    region_id = fit_first(qtbot, controller, runner)
    stored = controller.study.fits[region_id]
    warned = replace(stored.fit, warnings=("The first.", "The second."))
    controller.store_fit(region_id, replace(stored, fit=warned))
    qtbot.waitUntil(lambda: "The second" in view.warnings.text())
    QApplication.processEvents()
    size = view.forecast.size().toTuple()
    seen: set[tuple[object, str]] = set()
    runner.snapshot_ready.connect(
        lambda _: seen.add((view.forecast.size().toTuple(), view.warnings.text()))
    )
    fit(qtbot, runner, region_id)
    assert seen == {(size, "")}


def test_the_last_epoch_is_what_is_shown(
    qtbot: QtBot, controller: StudyController, runner: FitRunner, view: FitView
) -> None:
    region_id = fit_first(qtbot, controller, runner)
    panels = (view.forecast, view.decomposition, view.losses, view.parameters)
    qtbot.waitUntil(lambda: not any(panel.is_waiting for panel in panels), timeout=TIMEOUT_MS)
    stored = controller.study.fits[region_id].fit
    forecast = stored.forecast
    _, shown = view.forecast.prediction.getData()
    np.testing.assert_array_equal(shown, forecast.voltage)
    _, physics = view.decomposition.physics_integral.getData()
    _, network = view.decomposition.network_integral.getData()
    _, total = view.decomposition.prediction.getData()
    np.testing.assert_allclose(physics + network, total, atol=1e-4)
    epochs, losses = view.losses.training.getData()
    assert list(epochs) == list(range(1, QUICK.epochs + 1))
    np.testing.assert_allclose(10**losses, stored.history.training_mse)
    assert list(view.parameters.curves) == list(stored.protocol.unknowns)
    values = stored.history.parameters["tau_in"]
    moved = round(100 * (values[-1] / values[0] - 1), 1)
    change = f"{moved or 0.0:+.1f} %".replace("-", "−")
    first = ends_of(view.parameters.curves["tau_in"].getViewBox().parentItem())
    text = f"τ<sub>in</sub> {values[-1]:.4g} ms, {change}"
    assert [one.replace("\N{NO-BREAK SPACE}", " ") for one in first.texts] == [text]


def test_a_running_fit_is_painted_far_less_often_than_it_steps(
    qtbot: QtBot, controller: StudyController, runner: FitRunner, view: FitView
) -> None:
    epochs = 300
    controller.set_protocol(QUICK.with_changes(epochs=epochs))
    fit_first(qtbot, controller, runner)
    panels = (view.forecast, view.losses)
    qtbot.waitUntil(lambda: not any(panel.is_waiting for panel in panels), timeout=TIMEOUT_MS)
    assert 1 < view.forecast.paint_count < epochs / 2
    assert len(view.losses.training.getData()[0]) == epochs


def test_while_a_fit_runs_one_plot_is_painted_in_a_turn_and_each_gets_its_own(
    qtbot: QtBot, controller: StudyController, runner: FitRunner, view: FitView
) -> None:
    panels = (view.forecast, view.decomposition, view.losses, view.parameters)
    region_id = controller.study.regions[0].id
    controller.select_region(region_id)
    controller.set_protocol(ENDLESS)
    drawn: list[int] = []
    turns = QTimer()
    turns.timeout.connect(lambda: drawn.append(sum(panel.paint_count for panel in panels)))
    runner.enqueue(region_id)
    qtbot.waitUntil(lambda: view.forecast.paint_count > 0, timeout=TIMEOUT_MS)
    turns.start(0)
    qtbot.waitUntil(lambda: all(panel.paint_count >= 4 for panel in panels), timeout=TIMEOUT_MS)
    turns.stop()
    runner.cancel()
    qtbot.waitUntil(lambda: runner.state == "idle", timeout=TIMEOUT_MS)
    assert max(np.diff(drawn)) == 1


def test_a_hidden_view_paints_nothing_and_catches_up(
    qtbot: QtBot, controller: StudyController, runner: FitRunner, view: FitView
) -> None:
    view.hide()
    fit_first(qtbot, controller, runner)
    assert view.forecast.paint_count == 0
    view.show()
    assert view.forecast.paint_count == 1
    assert view.forecast.prediction.getData()[0] is not None


def test_tabs_of_a_small_window_are_painted_when_opened(
    qtbot: QtBot, controller: StudyController, runner: FitRunner, view: FitView
) -> None:
    view.resize(700, 400)
    fit_first(qtbot, controller, runner)
    assert view.losses.paint_count == 0
    view.tabs.setCurrentWidget(view.losses)
    qtbot.waitUntil(lambda: view.losses.paint_count == 1, timeout=TIMEOUT_MS)
    view.resize(1200, 700)
    assert all(panel.isVisible() for panel in (view.decomposition, view.losses, view.parameters))


def test_the_running_region_is_shown_where_the_selected_one_has_no_fit(
    qtbot: QtBot, controller: StudyController, runner: FitRunner, view: FitView
) -> None:
    a, b = (region.id for region in controller.study.regions)
    controller.select_region(b)
    controller.set_protocol(ENDLESS)
    runner.enqueue(a)
    assert view.shown_region_id == a
    qtbot.waitUntil(lambda: view.picture is not None, timeout=TIMEOUT_MS)
    runner.cancel()
    qtbot.waitUntil(lambda: runner.state == "idle", timeout=TIMEOUT_MS)
    assert view.shown_region_id == ""
    assert view.empty.isVisible()
    controller.select_region(a)
    assert view.shown_region_id == a
    assert "cancelled" in view.note.text()


def test_a_changed_region_marks_its_fit(
    qtbot: QtBot, controller: StudyController, runner: FitRunner, view: FitView
) -> None:
    region = controller.study.regions[0]
    controller.select_region(region.id)
    fit(qtbot, runner, region.id)
    assert view.note.text() == ""
    controller.set_protocol(ENDLESS)
    assert "protocol changed" in view.note.text()
    controller.undo_stack.undo()
    assert view.note.text() == ""


def test_a_zoom_by_hand_stays_until_the_auto_button(
    qtbot: QtBot, controller: StudyController, runner: FitRunner, view: FitView
) -> None:
    fit_first(qtbot, controller, runner)
    qtbot.waitUntil(lambda: not view.forecast.is_waiting, timeout=TIMEOUT_MS)
    box = view.forecast.plot.getViewBox()
    whole = box.viewRange()
    box.setRange(xRange=(5, 20), yRange=(0.2, 0.4), padding=0)
    # What the mouse wheel does after it has set the range.
    box.sigRangeChangedManually.emit([True, True])
    view.forecast.show_picture(view.picture)
    view.forecast.repaint_if_needed()
    np.testing.assert_allclose(box.viewRange(), [[5, 20], [0.2, 0.4]])
    np.testing.assert_allclose(view.forecast.residual_plot.viewRange()[0], [5, 20])
    view.forecast.plot.autoBtn.clicked.emit(view.forecast.plot.autoBtn)
    np.testing.assert_allclose(box.viewRange(), whole)


def test_names_that_would_overlap_are_pushed_apart() -> None:
    assert spread([10.0, 12.0, 50.0], 10, 0, 100) == [10.0, 20.0, 50.0]
    assert spread([95.0, 96.0, 97.0], 10, 0, 100) == [70.0, 80.0, 90.0]
    assert spread([-5.0], 10, 0, 100) == [0.0]
    assert spread([], 10, 0, 100) == []
    assert spread([0.0, 1.0, 2.0, 3.0], 10, 0, 32) == [0.0, 8.0, 16.0, 24.0]
    assert spread([0.0, 1.0, 2.0, 3.0], 10, 0, 4) == [0.0, 5.0, 10.0, 15.0]


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_the_name_of_a_faint_curve_can_be_read(theme: Theme) -> None:
    background = theme.plot_background
    for color in (theme.prediction, theme.physics, theme.ground_truth, theme.network):
        for share in (0.0, 0.42, 0.55):
            faint = mixed(color, background, share)
            words = legible(faint, background)
            assert contrast(words, background) >= 3.5
            if contrast(faint, background) >= 3.5:
                assert words == faint.lower()


def contrast(color: str, background: str) -> float:
    """By WCAG 2.1."""
    levels = []
    for one in (color, background):
        parts = [int(one[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        red, green, blue = (
            p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts
        )
        levels.append(0.2126 * red + 0.7152 * green + 0.0722 * blue)
    return (max(levels) + 0.05) / (min(levels) + 0.05)


@pytest.mark.parametrize(
    ("span", "step"), [(1.0, 1), (0.99, 0.5), (37, 20), (0.0, 1), (5e-5, 5e-5)]
)
def test_steps_are_round(span: float, step: float) -> None:
    assert nice_step(span) == pytest.approx(step)


def test_warnings_stand_above_the_plots(
    qtbot: QtBot, tmp_path: Path, tasks: BackgroundTasks
) -> None:
    narrow = QUICK.with_changes(bounds={"tau_close": (900.0, 1000.0)})
    controller = open_study(tmp_path, narrow)
    runner = FitRunner(controller)
    view = FitView(controller, runner, tasks)
    qtbot.addWidget(view)
    view.show()
    region_id = controller.study.regions[0].id
    controller.select_region(region_id)
    assert not view.warnings.isVisible()
    fit(qtbot, runner, region_id)
    assert view.warnings.isVisible()
    assert "sits at its lower bound, 900 ms" in view.warnings.text()
    runner.shutdown()
