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
from aphyn_gui.study import Document, RecordingReference, Study, StudyError
from aphyn_gui.study.project_file import save_project


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


def with_two_recordings() -> tuple[StudyController, str, str]:
    """Control with a region, and ischaemia, which is shown."""
    controller = make_controller()
    controller.add_region(RectangularRoi(0, 0, 4, 4))
    first = controller.study.current_id
    second = controller.add_recording(recording("b.npy"), RecordingReference(Path("b.npy")))
    return controller, first, second.id


def test_a_second_recording_joins_the_study_and_is_shown(qapp: object) -> None:
    controller = make_controller()
    region = controller.add_region(RectangularRoi(0, 0, 4, 4))
    controller.set_preparation(replace(controller.study.preparation, beat=3, drift_order=2))
    before = content(controller.study)
    other = recording("b.npy")
    entry = controller.add_recording(other, RecordingReference(Path("b.npy")))
    assert controller.study.current == entry
    assert controller.recording is other
    assert (controller.study.preparation.beat, controller.study.preparation.drift_order) == (0, 2)
    assert controller.study.all_regions == (region,)
    controller.add_region(RectangularRoi(1, 1, 4, 4))
    steps = controller.undo_stack.index()
    controller.undo_stack.undo()
    controller.undo_stack.undo()
    assert content(controller.study) == before
    while controller.undo_stack.index() < steps:
        controller.undo_stack.redo()
    assert controller.recording is other
    assert [len(entry.regions) for entry in controller.study.recordings] == [1, 1]


def test_showing_another_recording_exchanges_the_regions_of_the_views(qapp: object) -> None:
    controller, first, second = with_two_recordings()
    own = controller.add_region(RectangularRoi(2, 2, 4, 4))
    mirror = {own.id}
    controller.region_added.connect(mirror.add)
    controller.region_removed.connect(mirror.remove)
    heard: list[str] = []
    for name in ("recording_changed", "recordings_changed", "preparation_changed"):
        getattr(controller, name).connect(lambda name=name: heard.append(name))
    steps = controller.undo_stack.count()
    controller.show_recording(first)
    assert mirror == {region.id for region in controller.study.regions} != {own.id}
    assert controller.selected_region_id in mirror
    assert heard == ["recording_changed", "recordings_changed", "preparation_changed"]
    assert controller.undo_stack.count() == steps
    controller.show_recording(first)
    assert len(heard) == 3
    controller.select_region(own.id)
    assert controller.study.current_id == second
    with pytest.raises(StudyError, match="no recording"):
        controller.show_recording("nowhere")


def test_undoing_a_change_shows_the_recording_it_was_made_in(qapp: object) -> None:
    controller, first, second = with_two_recordings()
    controller.set_preparation(replace(controller.study.preparation, polarity=Polarity.UP))
    controller.show_recording(first)
    assert controller.study.preparation.polarity is None
    controller.undo_stack.undo()
    assert controller.study.current_id == second
    assert controller.study.preparation.polarity is None
    region = controller.study.all_regions[0]
    controller.change_region(replace(region, roi=region.roi.moved(1, 1)))
    assert controller.study.current_id == first
    controller.show_recording(second)
    controller.undo_stack.undo()
    assert controller.study.current_id == first
    assert controller.study.regions == (region,)


def test_a_recording_can_be_removed_renamed_and_brought_back(qapp: object) -> None:
    controller, first, second = with_two_recordings()
    before = content(controller.study), controller.study.recordings
    controller.rename_recording(first, "control")
    assert [entry.name for entry in controller.study.recordings] == ["control", "b"]
    with pytest.raises(StudyError, match="another name"):
        controller.rename_recording(second, "control")
    with pytest.raises(StudyError, match="needs a name"):
        controller.rename_recording(second, " ")
    controller.remove_recording(second)
    assert controller.study.current_id == first
    controller.remove_recording(first)
    assert controller.recording is None
    assert controller.study.recording is None
    for _ in range(3):
        controller.undo_stack.undo()
    controller.show_recording(second)
    assert (content(controller.study), controller.study.recordings) == before
    assert controller.recording is not None


def test_a_file_of_the_study_is_shown_not_added_twice(qapp: object) -> None:
    controller, first, _ = with_two_recordings()
    again = recording()
    entry = controller.add_recording(again, RecordingReference(Path("a.npy"), 2.0))
    assert entry.id == controller.study.current_id == first
    assert len(controller.study.recordings) == 2
    assert controller.recording is again
    assert controller.study.recording == RecordingReference(Path("a.npy"), 2.0)
    assert len(controller.study.regions) == 1


def test_a_file_outside_the_study_still_starts_a_new_one(qapp: object) -> None:
    controller, first, second = with_two_recordings()
    controller.set_recording(recording("c.npy"), RecordingReference(Path("c.npy")))
    assert len(controller.study.recordings) == 1
    controller.undo_stack.undo()
    assert [entry.id for entry in controller.study.recordings] == [first, second]
    controller.show_recording(first)
    assert controller.recording is not None


@settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(st.tuples(st.sampled_from(
    ("add", "move", "remove", "prepare", "show", "join", "drop", "undo", "redo")
), st.integers(0, 9), st.integers(0, 9)), max_size=25))  # fmt: skip
def test_the_views_follow_every_edit_of_several_recordings(
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
        recordings = controller.study.recordings
        if kind == "show":
            controller.show_recording(recordings[a % len(recordings)].id)
        elif kind == "join":
            name = f"{a}.npy"
            controller.add_recording(recording(name), RecordingReference(Path(name)))
        elif kind == "drop":
            controller.remove_recording(recordings[a % len(recordings)].id)
        else:
            apply_edit(controller, kind, a, b)
        assert mirror == {region.id: region for region in controller.study.regions}
        assert controller.selected_region_id in {"", *mirror}
    steps, end = controller.undo_stack.index(), controller.study
    while controller.undo_stack.canUndo():
        controller.undo_stack.undo()
    assert [entry.name for entry in controller.study.recordings] == ["a"]
    while controller.undo_stack.index() < steps:
        controller.undo_stack.redo()
    # Which recording is shown is not undone.
    assert {entry.id: entry for entry in controller.study.recordings} == {
        entry.id: entry for entry in end.recordings
    }


def apply_any_edit(controller: StudyController, kind: str, a: int, b: int) -> None:
    recordings = controller.study.recordings
    entry = recordings[a % len(recordings)]
    regions = controller.study.all_regions
    if kind == "join":
        controller.add_recording(recording(f"{a}.npy"), RecordingReference(Path(f"{a}.npy")))
    elif kind == "drop":
        controller.remove_recording(entry.id)
    elif kind == "name":
        controller.rename_recording(entry.id, f"{entry.id} {b}")
    elif kind == "calibrate" and entry.reference is not None:
        reference = replace(entry.reference, frame_interval_ms=a + 1.0, pixel_pitch_mm=b + 1.0)
        controller.relink_recording(entry.id, recording(interval_ms=a + 1.0), reference)
    elif kind == "order" and regions:
        controller.move_region(regions[a % len(regions)].id, b)
    elif kind == "show":
        controller.show_recording(entry.id)
    elif kind == "open":
        controller.set_recording(recording(f"o{b}.npy"), RecordingReference(Path(f"o{b}.npy")))
    else:
        apply_edit(controller, kind, a, b)


EDITS = (
    "add", "move", "nudge", "rename", "recolour", "remove", "duplicate", "order", "prepare",
    "protocol", "join", "drop", "name", "calibrate", "open",
)  # fmt: skip


def a_hundred(kinds: tuple[str, ...]) -> st.SearchStrategy[list[tuple[str, int, int]]]:
    edit = st.tuples(st.sampled_from(kinds), st.integers(0, 9), st.integers(0, 9))
    return st.lists(edit, min_size=100, max_size=100)


def undone_and_redone(controller: StudyController) -> tuple[Study, Study]:
    steps = controller.undo_stack.index()
    while controller.undo_stack.canUndo():
        controller.undo_stack.undo()
    undone = controller.study
    while controller.undo_stack.index() < steps:
        controller.undo_stack.redo()
    return undone, controller.study


LONG = settings(
    max_examples=15,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large,
    ],
    deadline=None,
)  # fmt: skip


@LONG
@given(a_hundred(EDITS))
def test_undoing_and_redoing_a_hundred_edits_is_the_identity(
    qapp: object, sequence: list[tuple[str, int, int]]
) -> None:
    controller = make_controller()
    start = controller.study
    for kind, a, b in sequence:
        apply_any_edit(controller, kind, a, b)
    end = controller.study
    assert undone_and_redone(controller) == (start, end)


@LONG
@given(a_hundred((*EDITS, "show", "undo", "redo")))
def test_looking_at_other_recordings_in_between_changes_nothing_of_that(
    qapp: object, sequence: list[tuple[str, int, int]]
) -> None:
    controller = make_controller()
    start = controller.study
    for kind, a, b in sequence:
        apply_any_edit(controller, kind, a, b)
    end = controller.study
    undone, redone = undone_and_redone(controller)
    # Which recording is shown is no edit.
    assert undone.showing(start.current_id) == start
    assert redone.showing(end.current_id) == end


def test_the_order_of_regions_can_be_changed_and_undone(qapp: object) -> None:
    controller = make_controller()
    regions = [controller.add_region(RectangularRoi(n, 0, 4, 4)) for n in range(3)]
    controller.move_region(regions[0].id, 2)
    assert controller.study.regions == (regions[1], regions[2], regions[0])
    steps = controller.undo_stack.count()
    controller.move_region(regions[0].id, 9)
    assert controller.undo_stack.count() == steps
    controller.undo_stack.undo()
    assert controller.study.regions == tuple(regions)


def test_frame_interval_and_pitch_can_be_undone(qapp: object) -> None:
    controller = StudyController()
    unknown = recording(interval_ms=None)
    controller.set_recording(unknown, RecordingReference(Path("a.npy")))
    controller.set_recording(recording(), RecordingReference(Path("a.npy"), 1.0, 0.2))
    assert controller.analysis_blocker == ""
    controller.undo_stack.undo()
    assert controller.recording is unknown
    assert "frame interval" in controller.analysis_blocker
    controller.undo_stack.redo()
    assert controller.study.recording == RecordingReference(Path("a.npy"), 1.0, 0.2)


def test_what_would_be_lost_is_known(qapp: object, tmp_path: Path) -> None:
    controller = make_controller()
    assert not controller.document.is_modified
    controller.add_region(RectangularRoi(0, 0, 4, 4))
    assert controller.document.is_modified
    path = tmp_path / "study.aphyn"
    controller.mark_saved(save_project(controller.study, path), path)
    assert not controller.document.is_modified
    controller.move_region(controller.study.regions[0].id, 0)
    assert not controller.document.is_modified
    controller.undo_stack.undo()
    assert controller.document.is_modified
    controller.undo_stack.redo()
    assert not controller.document.is_modified
    controller.set_recording(recording("b.npy"), RecordingReference(Path("b.npy")))
    assert (controller.document.path, controller.document.is_modified) == (None, False)
    controller.undo_stack.undo()
    assert (controller.document.path, controller.document.is_modified) == (path, False)


def test_a_project_replaces_everything_and_numbers_go_on(qapp: object) -> None:
    controller, _, _ = with_two_recordings()
    study = Study.of(RecordingReference(Path("c.npy")))
    study = study.with_region(study.new_region(RectangularRoi(0, 0, 4, 4)))
    lost = study.new_recording(RecordingReference(Path("lost.npy")))
    study = study.with_recording(lost)
    other = recording("c.npy")
    heard: list[str] = []
    controller.message.connect(lambda level, text, details: heard.append(text))
    controller.open_project(
        Document(study, {study.current_id: other}, {lost.id: "lost.npy was not found"})
    )
    assert controller.study is study
    assert controller.recording is other
    assert not controller.undo_stack.canUndo()
    assert heard == ["lost.npy was not found"]
    added = controller.add_region(RectangularRoi(1, 1, 4, 4))
    assert added.id not in {region.id for region in study.all_regions}
    controller.show_recording(lost.id)
    assert controller.recording is None
    assert controller.analysis_blocker == "lost.npy was not found"
    found = recording("found.npy")
    controller.relink_recording(lost.id, found, RecordingReference(Path("found.npy")))
    assert controller.recording is found
    assert controller.analysis_blocker == ""


def test_saving_changes_nothing_but_paths(qapp: object, tmp_path: Path) -> None:
    controller, _, second = with_two_recordings()
    saved = save_project(controller.study, tmp_path / "study.aphyn")
    controller.rename_recording(second, "edited meanwhile")
    controller.mark_saved(saved, tmp_path / "study.aphyn")
    references = [entry.reference for entry in controller.study.recordings]
    assert references == [entry.reference for entry in saved.recordings]
    assert controller.study.current.name == "edited meanwhile"
