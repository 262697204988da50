"""The comparison: table, plots, copy and CSV, from real fits."""

from __future__ import annotations

import csv
import math
from dataclasses import replace
from pathlib import Path

import pytest
from fit_samples import QUICK, open_study
from fitted_samples import open_fitted_study
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QHelpEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QToolTip
from pytestqt.qtbot import QtBot

from aphyn_gui.gui.comparison_model import COLOR_ROLE
from aphyn_gui.gui.comparison_view import ComparisonView
from aphyn_gui.gui.fit_runner import FitRunner
from aphyn_gui.gui.overlay_plot import OverlayPlot
from aphyn_gui.gui.parameter_plot import ParameterDots
from aphyn_gui.gui.plot_style import ends_of
from aphyn_gui.gui.study_controller import StudyController
from aphyn_gui.study import compare
from aphyn_gui.study.export import study_as_dict

TIMEOUT_MS = 60_000


@pytest.fixture
def controller(qtbot: QtBot, tmp_path: Path) -> StudyController:
    return open_study(tmp_path)


@pytest.fixture
def view(qtbot: QtBot, controller: StudyController) -> ComparisonView:
    view = ComparisonView(controller)
    qtbot.addWidget(view)
    view.resize(900, 500)
    view.show()
    return view


def fit_all(qtbot: QtBot, controller: StudyController) -> None:
    runner = FitRunner(controller)
    runner.enqueue_all()
    qtbot.waitUntil(lambda: runner.state == "idle", timeout=TIMEOUT_MS)
    runner.shutdown()


def test_an_empty_view_says_what_to_do(view: ComparisonView) -> None:
    assert view.empty.isVisible()
    assert "Fit all" in view.empty.text()
    assert not view.copy_button.isEnabled()


def test_fits_fill_table_and_plots(
    qtbot: QtBot, controller: StudyController, view: ComparisonView
) -> None:
    fit_all(qtbot, controller)
    qtbot.waitUntil(lambda: view.dots.turns.is_done)
    model = view.model
    a, b = controller.study.regions
    assert view.table.isVisible()
    assert model.columnCount() == 4
    header = [model.headerData(column, Qt.Orientation.Horizontal) for column in range(4)]
    assert header == ["Quantity", "Unit", "ROI A", "ROI B"]
    assert model.headerData(2, Qt.Orientation.Horizontal, COLOR_ROLE) == a.color
    assert model.index(0, 0).data() == "tau_in"
    assert model.index(0, 1).data() == "ms"
    row = model.comparison.rows[0]
    assert model.index(0, 3).data() == row.text(1)
    assert model.index(0, 0).data(Qt.ItemDataRole.ToolTipRole) == f"τ_in: {row.meaning}"
    assert "ROI A has the longer action potential" in view.findings.text()
    assert set(view.dots.plots) == {"tau_in", "tau_out", "tau_close"}
    assert len(view.overlay.predicted) == 2
    _, voltage = view.overlay.predicted[1].getData()
    assert list(voltage) == list(controller.study.fits[b.id].fit.forecast.voltage)
    controller.remove_region(b.id)
    assert model.columnCount() == 3
    assert view.overlay.predicted[1].getData()[0] is None


def test_intervals_are_drawn_and_printed(
    qtbot: QtBot, controller: StudyController, view: ComparisonView
) -> None:
    fit_all(qtbot, controller)
    qtbot.waitUntil(lambda: view.dots.turns.is_done)
    drawn = 0
    for column, region in enumerate(controller.study.regions):
        uncertainty = controller.study.fits[region.id].fit.uncertainty
        assert uncertainty is not None
        for name, estimate in uncertainty.estimates.items():
            bar = view.dots.bars.get((region.id, name))
            if math.isnan(estimate.lower):
                assert bar is None
                continue
            drawn += 1
            ends = [bar.opts["y"][0] - bar.opts["bottom"][0], bar.opts["y"][0] + bar.opts["top"][0]]
            assert ends == pytest.approx([math.log10(estimate.lower), math.log10(estimate.upper)])
            low, high = view.dots.plots[name].vb.viewRange()[1]
            assert low < ends[0] <= ends[1] < high
            text = view.model.index(list(uncertainty.names).index(name), 2 + column).data()
            assert ("–" in text) == estimate.identified
    assert drawn > 0


def test_what_the_data_do_not_show_is_marked_and_explained(qtbot: QtBot, tmp_path: Path) -> None:
    learned = ("tau_in", "tau_out", "tau_open", "tau_close", "v_gate")
    controller = open_study(tmp_path, QUICK.with_changes(learned=learned))
    view = ComparisonView(controller)
    qtbot.addWidget(view)
    view.resize(1200, 800)
    with qtbot.waitExposed(view):
        view.show()
    fit_all(qtbot, controller)
    qtbot.waitUntil(lambda: view.dots.turns.is_done)
    region = controller.study.regions[0]
    uncertainty = controller.study.fits[region.id].fit.uncertainty
    assert uncertainty is not None
    estimate = uncertainty.estimates["tau_open"]
    assert not estimate.identified
    row = next(i for i, r in enumerate(view.model.comparison.rows) if r.label == "tau_open")
    index = view.model.index(row, 2)
    assert "not identified" in index.data()
    assert estimate.reason in index.data(Qt.ItemDataRole.ToolTipRole)
    mark = view.dots.marks[region.id, "tau_open"]
    assert mark.opts["symbol"] == "d"

    def rest_the_mouse_on_the_mark() -> str:
        """What is then told; the plot is laid out in the next turns of the event loop."""
        box = view.dots.plots["tau_open"].vb
        place = box.mapViewToScene(QPointF(*(x[0] for x in mark.getData())))
        position = view.dots.mapFromScene(place)
        viewport = view.dots.viewport()
        event = QHelpEvent(QEvent.Type.ToolTip, position, viewport.mapToGlobal(position))
        QApplication.sendEvent(viewport, event)
        return QToolTip.text()

    qtbot.waitUntil(lambda: estimate.reason in rest_the_mouse_on_the_mark())


def test_a_fit_that_ends_while_the_last_one_is_still_drawn_is_drawn_too(
    qtbot: QtBot, tmp_path: Path
) -> None:
    study = open_fitted_study(tmp_path).study
    first, second = study.fits.values()
    count = None
    step = 0
    # However far the drawing of the first has come.
    while count is None or step < count:
        dots = ParameterDots()
        qtbot.addWidget(dots)
        dots.show_fits([first])
        jobs = dots.turns._jobs
        count = len(jobs)
        for _ in range(step):
            jobs.popleft()()
        dots.show_fits([first, second])
        dots.catch_up()
        assert all(plot.scene() is dots.scene() for plot in dots.plots.values())
        assert {key[0] for key in dots.marks} == {first.region.id, second.region.id}
        assert dots.updatesEnabled()
        step += 1
    assert step > 5


def test_warnings_are_listed_by_region(qtbot: QtBot, tmp_path: Path) -> None:
    narrow = QUICK.with_changes(bounds={"tau_close": (900.0, 1000.0)})
    controller = open_study(tmp_path, narrow)
    view = ComparisonView(controller)
    qtbot.addWidget(view)
    fit_all(qtbot, controller)
    assert "ROI A: τ<sub>close</sub> sits at its lower bound, 900 ms" in view.findings.text()


def test_copy_and_csv_have_full_precision(
    qtbot: QtBot, controller: StudyController, view: ComparisonView, tmp_path: Path
) -> None:
    fit_all(qtbot, controller)
    qtbot.mouseClick(view.copy_button, Qt.MouseButton.LeftButton)
    lines = [line.split("\t") for line in QGuiApplication.clipboard().text().splitlines()]
    path = tmp_path / "comparison.csv"
    view.save_csv(path)
    with path.open(newline="") as file:
        rows = list(csv.reader(file))
    assert lines == rows
    assert rows[0] == ["quantity", "unit", "ROI A", "ROI B"]
    a = controller.study.regions[0]
    assert float(rows[1][2]) == controller.study.fits[a.id].fit.parameters["tau_in"]


def test_save_asks_without_blocking(
    qtbot: QtBot, controller: StudyController, view: ComparisonView, tmp_path: Path
) -> None:
    fit_all(qtbot, controller)
    qtbot.mouseClick(view.save_button, Qt.MouseButton.LeftButton)
    dialog = view.findChild(QFileDialog)
    assert dialog is not None
    dialog.fileSelected.emit(str(tmp_path / "asked.csv"))
    dialog.close()
    assert (tmp_path / "asked.csv").exists()


def test_a_place_that_cannot_be_written_is_a_message(
    qtbot: QtBot, controller: StudyController, view: ComparisonView, tmp_path: Path
) -> None:
    said: list[tuple[str, str]] = []
    controller.message.connect(lambda level, text, details: said.append((level, text)))
    view.save_csv(tmp_path / "missing" / "comparison.csv")
    assert said[0][0] == "error"
    assert "missing" in said[0][1]


def test_a_narrow_view_shows_one_page_at_a_time(
    qtbot: QtBot, controller: StudyController, view: ComparisonView
) -> None:
    fit_all(qtbot, controller)
    view.resize(520, 300)
    bar = view._tabs.tabBar()
    assert view._tabs.tabText(0) == "Table"
    for page in (view._table_page, view.dots, view.overlay):
        qtbot.mouseClick(
            bar, Qt.MouseButton.LeftButton, pos=bar.tabRect(view._tabs.indexOf(page)).center()
        )
        shown = [p for p in (view._table_page, view.dots, view.overlay) if p.isVisible()]
        assert shown == [page]
    view.resize(1100, 500)
    assert all(p.isVisible() for p in (view._table_page, view.dots, view.overlay))


@pytest.mark.parametrize("width", [816, 1200])
def test_every_column_of_two_regions_is_seen_whole(
    qtbot: QtBot, controller: StudyController, view: ComparisonView, width: int
) -> None:
    view.resize(width, 290)
    fit_all(qtbot, controller)
    qtbot.waitUntil(lambda: view.table.isVisible())
    qtbot.waitUntil(lambda: view.table.horizontalHeader().length() <= view.table.viewport().width())


def test_names_give_way_to_values_where_there_is_no_room(
    qtbot: QtBot, controller: StudyController, view: ComparisonView
) -> None:
    fit_all(qtbot, controller)
    qtbot.waitUntil(lambda: view.table.isVisible())
    header = view.table.horizontalHeader()
    whole = view.table.whole_width
    for width in (330, 900):
        view.resize(width, 500)
        QApplication.processEvents()
        seen = view.table.viewport().width()
        assert view.table.whole_width == whole
        assert (header.length() == whole) == (seen >= whole)
        assert header.sectionSize(0) >= 90
        # The first region's values are seen.
        assert header.sectionPosition(2) + header.sectionSize(2) <= seen


def test_a_region_renamed_after_its_fit_is_compared_under_its_new_name(
    qtbot: QtBot, controller: StudyController, view: ComparisonView
) -> None:
    fit_all(qtbot, controller)
    region = controller.study.regions[0]
    controller.change_region(replace(region, name="base"))
    assert view.model.headerData(2, Qt.Orientation.Horizontal) == "base"
    assert region.name not in view.findings.text()
    assert region.name not in view.model.to_tsv()
    controller.undo_stack.undo()
    assert view.model.headerData(2, Qt.Orientation.Horizontal) == region.name


def test_long_names_leave_the_plots_their_room(qtbot: QtBot, tmp_path: Path) -> None:
    study = open_fitted_study(tmp_path).study
    fits = [fit for fit in study.fits.values() for _ in range(4)]
    long = "Border zone, lateral, 20 min after ligation <b>"
    fits = [
        replace(fit, region=replace(fit.region, id=f"roi-{number}", name=f"{long} {number}"))
        for number, fit in enumerate(fits)
    ]
    dots, overlay = ParameterDots(), OverlayPlot()
    for plot in (dots, overlay):
        qtbot.addWidget(plot)
        plot.resize(400, 700)
        plot.show()
        plot.show_fits(fits)
    dots.turns.finish()
    legend = dots._legend
    assert "Border&nbsp;zone,…" in legend.text
    assert "not&nbsp;identified" in legend.text
    assert f"{long} 7" in legend.toolTip()
    for height, has_names in ((200, True), (130, False)):
        dots.resize(400, height)
        assert legend.itemRect().height() <= 0.25 * height
        assert ("Border" in legend.text) == has_names
        assert "not&nbsp;identified" not in legend.text
        assert legend.text.count("■") == 8
    ends = ends_of(overlay.plot)
    assert ends.width() < 130
    assert f"{long} 7" in ends.toolTip()


def test_without_an_interval_nobody_knows_what_is_identified(qtbot: QtBot, tmp_path: Path) -> None:
    controller = open_fitted_study(tmp_path)
    region = controller.study.regions[0]
    fit = controller.study.fits[region.id]
    controller.store_fit(region.id, replace(fit, fit=replace(fit.fit, uncertainty=None)))
    row = compare(controller.study).row("tau_in_ms")
    assert row.is_identified(0) is None
    assert row.is_identified(1) is not None
    table = {line[0]: line for line in compare(controller.study).as_table()}
    assert table["tau_in_ms_identified"][2] == ""
    assert table["tau_in_ms_identified"][3] in ("yes", "no")
    whole = study_as_dict(controller.study, controller.recording)
    assert whole["regions"][0]["tau_in_ms_identified"] is None
