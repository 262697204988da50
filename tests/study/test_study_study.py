"""The study as a value: regions, names, staleness."""

from __future__ import annotations

import pytest

from aphyn_gui.recording import RectangularRoi
from aphyn_gui.study import REGION_COLORS, Region, Study, StudyError

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
