"""Projects in the real window: opened with recordings, regions and fits."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from fit_samples import HORIZON_MS, QUICK, save_movie
from pytestqt.qtbot import QtBot
from window_helpers import wait_analysed

from aphyn_gui.draining import drained
from aphyn_gui.gui.main_window import MainWindow
from aphyn_gui.gui.roi_model import RegionTableModel
from aphyn_gui.recording import Preparation, RectangularRoi, open_recording
from aphyn_gui.study import RecordingReference, Study, fit_region
from aphyn_gui.study.opening import with_content_hash
from aphyn_gui.study.project_file import save_project


def fitted(study: Study, path: Path) -> Study:
    """The study with a region on its current recording, fitted."""
    study = study.with_preparation(Preparation(horizon_ms=HORIZON_MS, beat=1))
    region = study.new_region(RectangularRoi(1, 1, 5, 5))
    recording = open_recording(path, frame_interval_ms=1.0)
    fit = drained(fit_region(recording, region, study.preparation, study.protocol))
    return study.with_region(region).with_fit(region.id, fit)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Two recordings with a fitted region each; the second one is current."""
    paths = [save_movie(tmp_path, name) for name in ("control.npy", "ischaemia.npy")]
    references = [with_content_hash(RecordingReference(path, 1.0)) for path in paths]
    study = fitted(Study.of(references[0], protocol=QUICK), paths[0])
    entry = study.new_recording(references[1])
    study = fitted(study.with_recording(entry).showing(entry.id), paths[1])
    save_project(study, tmp_path / "hearts.aphyn")
    return tmp_path / "hearts.aphyn"


def test_a_project_opens_with_recordings_regions_and_fits(
    window: MainWindow, project: Path, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(window.loader.opened):
        window.loader.open(project)
    wait_analysed(window, qtbot)
    controller = window.controller
    assert not window.start_page.isVisible()
    assert window.windowTitle() == "hearts.aphyn[*]: ischaemia.npy — aphyn_gui"
    assert window.roi_table.findChild(RegionTableModel).rowCount() == 1
    assert window.fit_view.shown_region_id == controller.study.regions[0].id
    assert window.fit_view.picture is not None
    names = [region.name for region in window.comparison_view.model.comparison.regions]
    assert names == ["ROI A, control", "ROI A, ischaemia"]
    assert controller.study.changes_since_fit(controller.selected_region_id) == ()
    first = controller.study.recordings[0]
    controller.show_recording(first.id)
    wait_analysed(window, qtbot)
    assert window.windowTitle() == "hearts.aphyn[*]: control.npy — aphyn_gui"
    assert window.fit_view.shown_region_id == first.regions[0].id
    controller.change_region(replace(first.regions[0], name="Base"))
    controller.undo_stack.undo()


def test_a_project_without_its_recordings_still_shows_its_fits(
    window: MainWindow, project: Path, qtbot: QtBot
) -> None:
    for name in ("control.npy", "ischaemia.npy"):
        (project.parent / name).unlink()
    heard: list[str] = []
    window.controller.message.connect(lambda level, text, details: heard.append(text))
    with qtbot.waitSignal(window.loader.opened):
        window.loader.open(project)
    assert any("ischaemia.npy was not found" in text for text in heard)
    assert not window.start_page.isVisible()
    assert "missing" in window.windowTitle()
    assert window.fit_view.picture is not None
    assert len(window.comparison_view.model.comparison.regions) == 2
    assert "was not found" in window.controller.analysis_blocker
    assert not window.actions_.fit_all.isEnabled()


def test_a_damaged_project_leaves_everything_as_it_is(
    window: MainWindow, project: Path, qtbot: QtBot
) -> None:
    project.write_bytes(project.read_bytes()[:-100])
    with qtbot.waitSignal(window.controller.message) as heard:
        window.loader.open(project)
    assert heard.args[0] == "error"
    assert "hearts.aphyn cannot be opened" in heard.args[1]
    assert window.controller.recording is None
    assert window.start_page.isVisible()


def test_a_recording_can_be_added_to_those_that_are_open(
    loaded: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    path = save_movie(tmp_path, "second.npy")
    with qtbot.waitSignal(loaded.loader.opened):
        loaded.loader.add([path])
    references = [entry.reference for entry in loaded.controller.study.recordings]
    assert [r.path.name for r in references if r is not None] == ["movie.tif", "second.npy"]
    assert all(r.content_hash for r in references if r is not None)
    assert loaded.windowTitle().startswith("second.npy")
