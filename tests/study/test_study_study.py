"""The study as a value: regions, names, staleness."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from project_samples import made_fit

from aphyn_gui.recording import Preparation, RectangularRoi, open_recording
from aphyn_gui.study import (
    REGION_COLORS,
    Reading,
    RecordingReference,
    Region,
    Study,
    StudyError,
    StudyRecording,
)
from aphyn_gui.study.outdated import outdated_sentences

ROI = RectangularRoi(1, 2, 3, 4)


def study_with(count: int) -> Study:
    study = Study()
    for _ in range(count):
        study = study.with_region(study.new_region(ROI))
    return study


def test_new_regions_get_free_names_and_colours() -> None:
    study = study_with(30)
    names = [region.name for region in study.regions]
    assert names[:3] == ["ROI A", "ROI B", "ROI C"]
    assert names[25:28] == ["ROI Z", "ROI AA", "ROI AB"]
    assert len({region.color for region in study.regions[: len(REGION_COLORS)]}) == len(
        REGION_COLORS
    )


def test_a_freed_name_is_given_again() -> None:
    study = study_with(3)
    study = study.without_region(study.regions[1].id)
    assert study.new_region(ROI).name == "ROI B"


def test_changes_leave_the_old_study_alone() -> None:
    before = study_with(1)
    after = before.with_region(before.new_region(ROI))
    assert (len(before.regions), len(after.regions)) == (1, 2)


def test_a_changed_region_keeps_its_place() -> None:
    study = study_with(3)
    first = study.regions[0]
    moved = Region(first.id, "Healthy", first.color, ROI.moved(5, 5))
    assert [r.name for r in study.with_region(moved).regions] == ["Healthy", "ROI B", "ROI C"]


def test_two_regions_cannot_share_a_name() -> None:
    study = study_with(1)
    with pytest.raises(StudyError, match="names of the regions repeat"):
        study.with_region(study.new_region(ROI, "ROI A"))


def test_an_unknown_region_is_named() -> None:
    with pytest.raises(StudyError, match="no region 'roi-9'"):
        study_with(1).without_region("roi-9")


def two_recordings() -> Study:
    """Control with ROI A, then ischaemia with ROI A of its own, which is the current one."""
    study = Study.of(RecordingReference(Path("control/stack.tif")), Preparation(beat=3))
    study = study.with_region(study.new_region(ROI))
    other = study.new_recording(RecordingReference(Path("ischaemia/stack.tif")))
    study = study.with_recording(other).showing(other.id)
    return study.with_region(study.new_region(ROI))


def test_a_recording_has_its_own_regions_and_preparation() -> None:
    study = two_recordings()
    control, ischaemia = study.recordings
    assert (control.name, ischaemia.name) == ("stack", "ischaemia/stack")
    assert (study.preparation.beat, control.preparation.beat) == (0, 3)
    (first,), (second,) = control.regions, ischaemia.regions
    assert first.name == second.name == "ROI A"
    assert first.id != second.id
    assert first.color != second.color
    assert study.regions == (second,)
    assert study.all_regions == (first, second)
    assert study.recording_of(first.id) == control
    assert study.region(first.id) == first


def test_a_region_changes_in_the_recording_it_belongs_to() -> None:
    study = two_recordings()
    first = study.all_regions[0]
    moved = replace(first, roi=ROI.moved(1, 1))
    assert study.with_region(moved).recordings[0].regions == (moved,)
    assert study.without_region(first.id).all_regions == study.regions


def test_a_removed_recording_takes_its_regions_along() -> None:
    study = two_recordings()
    control, ischaemia = study.recordings
    left = study.without_recording(ischaemia.id)
    assert left.recordings == (control,)
    assert left.current == control
    nothing = left.without_recording(control.id)
    assert nothing.recording is None
    assert nothing.preparation == control.preparation


def test_a_study_that_contradicts_itself_is_refused() -> None:
    study = two_recordings()
    with pytest.raises(StudyError, match="no recording 'x'"):
        study.showing("x")
    with pytest.raises(StudyError, match="ids of the regions repeat"):
        replace(study, recordings=(study.current, replace(study.current, id="b", name="b")))
    with pytest.raises(StudyError, match="names of the recordings repeat"):
        study.with_recording(replace(study.current, name="stack"))
    with pytest.raises(StudyError, match="has no file"):
        study.with_recording(StudyRecording("b", "b"))


def test_what_a_fit_was_made_of_is_compared_with_the_study_of_now() -> None:
    study = study_with(1)
    entry = replace(study.current, reference=RecordingReference(Path("stack.tif")))
    study = study.with_recording(entry)
    region = study.regions[0]
    fit = made_fit(region, study.preparation, study.protocol)
    study = study.with_fit(region.id, fit)
    assert fit.reading == Reading(1.5, 2, (("camera", "A"),))

    def changes(**reference: Any) -> tuple[str, ...]:
        assert entry.reference is not None
        read = replace(entry.reference, **{"binning": 2, **reference})
        return study.with_recording(replace(entry, reference=read)).changes_since_fit(region.id)

    assert changes() == ()
    assert changes(frame_interval_ms=1.5, choices=(("camera", "A"),)) == ()
    assert changes(frame_interval_ms=2.0) == ("frame interval",)
    assert changes(binning=1) == ("binning",)
    assert changes(choices=(("camera", "B"), ("dark_frame", "none"))) == ("camera",)
    moved = study.with_region(replace(region, roi=ROI.moved(1, 1)))
    assert moved.changes_since_fit(region.id) == ("rectangle", "binning")


def test_an_open_recording_says_what_its_file_leaves_to_the_reader(tmp_path: Path) -> None:
    np.save(tmp_path / "stack.npy", np.zeros((20, 6, 8), np.uint16))
    suggested = open_recording(tmp_path / "stack.npy", frame_interval_ms=1.5)
    ((key, option),) = Reading.of(suggested).choices
    other = open_recording(tmp_path / "stack.npy", frame_interval_ms=1.5, choices={key: "2"})
    study = study_with(1)
    region = study.regions[0]
    fit = made_fit(region, study.preparation, study.protocol)
    # The reader's suggestion, chosen by hand or not, is the same reading.
    for reading, recording, changed in (
        (Reading.of(suggested), suggested, ()),
        (Reading(1.5, 1, ((key, option),)), suggested, ()),
        (Reading.of(suggested), other, ("time axis",)),
        (Reading.of(other), suggested, ("time axis",)),
        (Reading.of(suggested), suggested.binned(2), ("binning",)),
        (Reading.of(suggested), other.with_frame_interval(2.0), ("frame interval", "time axis")),
    ):
        fitted = study.with_fit(region.id, replace(fit, reading=reading))
        assert fitted.changes_since_fit(region.id, recording) == changed


def test_regions_with_the_same_changes_share_a_sentence() -> None:
    changes = [
        ("A", ["rectangle"]),
        ("B", []),
        ("C", ["rectangle"]),
        ("D", ["rectangle", "camera", "binning"]),
    ]
    assert outdated_sentences(changes) == (
        "A and C: rectangle changed since the fit.",
        "D: rectangle, camera and binning changed since the fit.",
    )
