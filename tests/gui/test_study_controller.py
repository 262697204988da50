"""The controller alone: undo is exact, results survive, numbers are never given twice."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aphyn_gui.fitting import IN_SILICO
from aphyn_gui.gui.study_controller import StudyController
from aphyn_gui.recording import Polarity, Recording, RecordingError, RectangularRoi
from aphyn_gui.study import RecordingReference, Study, StudyError


def recording(name: str = "a.npy", interval_ms: float | None = 1.0) -> Recording:
    return Recording(
        np.zeros((4, 20, 30), np.float32), Path(name), "NumPy", frame_interval_ms=interval_ms
    )


def make_controller() -> StudyController:
    controller = StudyController()
    controller.set_recording(recording(), RecordingReference(Path("a.npy")))
    return controller


edits = st.lists(
    st.tuples(
        st.sampled_from(
            ("add", "move", "nudge", "rename", "recolour", "remove", "duplicate", "prepare",
             "protocol", "undo", "redo")
        ),
        st.integers(0, 9),
        st.integers(0, 9),
    ),
    max_size=25,
)  # fmt: skip


def apply_edit(controller: StudyController, kind: str, a: int, b: int) -> None:
    regions = controller.study.regions
    if kind == "add":
        controller.add_region(RectangularRoi(a, b, 5, 4))
    elif kind == "prepare":
        controller.set_preparation(replace(controller.study.preparation, drift_order=a))
    elif kind == "protocol":
        controller.set_protocol(IN_SILICO.with_changes(epochs=a + 1))
    elif kind == "undo":
        controller.undo_stack.undo()
    elif kind == "redo":
        controller.undo_stack.redo()
    elif regions:
        region = regions[a % len(regions)]
        if kind == "move":
            controller.change_region(replace(region, roi=RectangularRoi(a, b, 3, 3)))
        elif kind == "nudge":
            nudged = region.roi.moved(1, 0).clipped_to(20, 30)
            controller.change_region(replace(region, roi=nudged), "nudge")
        elif kind == "rename":
            controller.change_region(replace(region, name=f"name {region.id} {b}"))
        elif kind == "recolour":
            controller.change_region(replace(region, color=f"#{a}{b}00FF"))
        elif kind == "duplicate":
            controller.duplicate_region(region.id)
        elif kind == "remove":
            controller.remove_region(region.id)


def content(study: Study) -> tuple[object, ...]:
    return study.recording, study.regions, study.preparation, study.protocol, dict(study.fits)


@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(edits)
def test_undoing_and_redoing_everything_is_the_identity(
    qapp: object, sequence: list[tuple[str, int, int]]
) -> None:
    controller = make_controller()
    start = content(controller.study)
    for kind, a, b in sequence:
        apply_edit(controller, kind, a, b)
    end = content(controller.study)
    steps = controller.undo_stack.index()
    while controller.undo_stack.canUndo():
        controller.undo_stack.undo()
    assert content(controller.study) == start
    while controller.undo_stack.index() < steps:
        controller.undo_stack.redo()
    assert content(controller.study) == end


@settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(edits)
def test_signals_alone_keep_a_copy_up_to_date(
    qapp: object, sequence: list[tuple[str, int, int]]
) -> None:
    controller = make_controller()
    mirror: dict[str, object] = {}

    def put(region_id: str) -> None:
        mirror[region_id] = controller.study.region(region_id)

    controller.region_added.connect(put)
    controller.region_changed.connect(put)
    controller.region_removed.connect(mirror.pop)
    for kind, a, b in sequence:
        apply_edit(controller, kind, a, b)
    assert mirror == {region.id: region for region in controller.study.regions}
    selected = controller.selected_region_id
    assert not selected or selected in mirror


def test_the_signals_name_what_changed(qapp: object) -> None:
    controller = make_controller()
    heard: list[tuple[str, str]] = []
    for name in ("region_added", "region_changed", "region_removed", "selection_changed"):
        signal = getattr(controller, name)
        signal.connect(lambda region_id, name=name: heard.append((name, region_id)))
    region = controller.add_region(RectangularRoi(0, 0, 4, 4))
    controller.change_region(replace(region, name="Base"))
    controller.remove_region(region.id)
    assert heard == [
        ("region_added", region.id),
        ("selection_changed", region.id),
        ("region_changed", region.id),
        ("selection_changed", ""),
        ("region_removed", region.id),
    ]


def test_regions_outside_the_image_and_double_names_are_refused(qapp: object) -> None:
    controller = make_controller()
    first = controller.add_region(RectangularRoi(0, 0, 4, 4), "A")
    second = controller.add_region(RectangularRoi(5, 5, 4, 4), "B")
    before = content(controller.study)
    with pytest.raises(RecordingError, match="30 columns by 20 rows"):
        controller.change_region(replace(first, roi=RectangularRoi(28, 0, 4, 4)))
    with pytest.raises(StudyError, match="another name"):
        controller.change_region(replace(second, name="A"))
    with pytest.raises(StudyError, match="needs a name"):
        controller.change_region(replace(second, name="  "))
    assert content(controller.study) == before


def test_numbers_are_never_given_twice(qapp: object) -> None:
    controller = make_controller()
    first = controller.add_region(RectangularRoi(0, 0, 4, 4))
    controller.remove_region(first.id)
    assert controller.add_region(RectangularRoi(0, 0, 4, 4)).id != first.id


def test_another_recording_starts_anew_and_undo_brings_the_old_one_back(qapp: object) -> None:
    controller = make_controller()
    region = controller.add_region(RectangularRoi(0, 0, 4, 4))
    controller.set_preparation(
        replace(controller.study.preparation, polarity=Polarity.UP, beat=2, drift_order=3)
    )
    before = content(controller.study)
    other = recording("b.npy")
    controller.set_recording(other, RecordingReference(Path("b.npy")))
    assert controller.recording is other
    assert controller.study.regions == ()
    assert controller.selected_region_id == ""
    # What belongs to the signal goes, what belongs to the method stays.
    preparation = controller.study.preparation
    assert (preparation.polarity, preparation.beat, preparation.drift_order) == (None, 0, 3)
    controller.undo_stack.undo()
    assert content(controller.study) == before
    assert controller.selected_region_id == region.id
    controller.undo_stack.redo()
    assert controller.recording is other


def test_the_same_file_with_another_interval_keeps_the_regions(qapp: object) -> None:
    controller = StudyController()
    controller.set_recording(recording(interval_ms=None), RecordingReference(Path("a.npy")))
    assert "frame interval" in controller.analysis_blocker
    controller.add_region(RectangularRoi(0, 0, 4, 4))
    controller.set_recording(recording(), RecordingReference(Path("a.npy"), 1.0))
    assert controller.analysis_blocker == ""
    assert len(controller.study.regions) == 1
