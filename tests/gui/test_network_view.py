"""What the network does: the plane, its path, the sentence, and the shaded stretches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fitted_samples import open_fitted_study
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from aphyn_gui.fitting import Fit
from aphyn_gui.gui.background import BackgroundTasks
from aphyn_gui.gui.fit_runner import FitRunner
from aphyn_gui.gui.fit_view import FitView
from aphyn_gui.gui.network_view import NetworkView
from aphyn_gui.study.network_map import shortfall_sentence, shortfalls

TIMEOUT_MS = 60_000


@pytest.fixture
def tasks(qtbot: QtBot) -> Iterator[BackgroundTasks]:
    tasks = BackgroundTasks("analysis")
    yield tasks
    tasks.shutdown()


@pytest.fixture
def fit(qtbot: QtBot, tmp_path: Path) -> Fit:
    study = open_fitted_study(tmp_path).study
    return study.fits[study.regions[0].id].fit


@pytest.fixture
def view(qtbot: QtBot, tasks: BackgroundTasks) -> NetworkView:
    view = NetworkView(tasks)
    qtbot.addWidget(view)
    view.resize(500, 400)
    view.show()
    return view


def test_the_plane_shows_f_dl_the_path_and_its_times(
    qtbot: QtBot, view: NetworkView, fit: Fit
) -> None:
    view.show_fit(fit)
    assert "Computing" in view.empty.text()
    qtbot.waitUntil(lambda: view.is_filled, timeout=TIMEOUT_MS)
    plane = view.plane
    assert plane.shown is not None
    np.testing.assert_array_equal(plane.image.image, plane.shown.rate)
    low, high = plane.bar.levels()
    assert low == -high == pytest.approx(-np.abs(fit.forecast.network_rate).max())
    x, y = plane.path.getData()
    np.testing.assert_array_equal(x, fit.forecast.voltage[:-1])
    np.testing.assert_array_equal(y, fit.forecast.gate[:-1])
    assert "1/ms" in plane.bar.axis.labelText
    assert plane.times[0].toPlainText() == "0 ms"
    marks = np.round(np.stack(plane.marks.getData(), axis=-1), 9).tolist()
    for label in plane.times:
        step = round(float(label.toPlainText().split()[0]) / fit.forecast.time_step_ms)
        place = fit.forecast.voltage[step], fit.forecast.gate[step]
        assert np.round(place, 9).tolist() in marks
        seen = plane.plot.getViewBox().sceneBoundingRect()
        assert seen.contains(label.sceneBoundingRect())
    words = view.sentence.text().replace("<sub>", "_").replace("</sub>", "")
    assert words == shortfall_sentence(fit)


def test_a_fit_without_network_says_so(view: NetworkView, fit: Fit) -> None:
    view.show_fit(replace(fit, protocol=fit.protocol.with_changes(network=None)))
    assert not view.is_filled
    assert "was not looked for" in view.empty.text()


def test_only_the_newest_fit_is_shown(qtbot: QtBot, view: NetworkView, fit: Fit) -> None:
    other = replace(fit)
    view.show_fit(fit)
    view.show_fit(other)
    view.show_fit(None)
    qtbot.waitUntil(lambda: not view._tasks.is_busy, timeout=TIMEOUT_MS)
    assert not view.is_filled
    view.show_fit(other)
    qtbot.waitUntil(lambda: view.is_filled, timeout=TIMEOUT_MS)


def test_the_fit_view_has_the_network_in_a_tab_and_shades_the_beat(
    qtbot: QtBot, tasks: BackgroundTasks, tmp_path: Path
) -> None:
    controller = open_fitted_study(tmp_path)
    runner = FitRunner(controller)
    view = FitView(controller, runner, tasks)
    qtbot.addWidget(view)
    view.resize(800, 400)
    view.show()
    region = controller.study.regions[0]
    controller.select_region(region.id)
    tabs = [view.tabs.tabText(index) for index in range(view.tabs.count())]
    assert tabs == ["Decomposition", "Loss", "Parameters", "Network"]
    bar = view.tabs.tabBar()
    qtbot.mouseClick(bar, Qt.MouseButton.LeftButton, pos=bar.tabRect(3).center())
    qtbot.waitUntil(lambda: view.network.is_filled, timeout=TIMEOUT_MS)
    assert view.network.isVisible()
    qtbot.mouseClick(bar, Qt.MouseButton.LeftButton, pos=bar.tabRect(0).center())
    qtbot.waitUntil(lambda: not view.decomposition.is_waiting)
    found = shortfalls(controller.study.fits[region.id].fit.forecast)
    assert found
    for shades in (view.decomposition.rate_shades, view.decomposition.integral_shades):
        shown = [shade.getRegion() for shade in shades if shade.isVisible()]
        assert shown == [pytest.approx((s.start_ms, s.end_ms)) for s in found]
    view.resize(1300, 800)
    assert view.explained.isVisible()
    assert view.decomposition.isVisible()
    assert view.losses.isVisible()
    view.resize(800, 400)
    assert not view.explained.isVisible()
    assert view.tabs.count() == 4
    runner.shutdown()
