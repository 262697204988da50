"""Reading a recording in another way: regions and mask follow the pixels."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aphyn_gui.recording import Mask, Preparation, RectangularRoi
from aphyn_gui.study import RecordingReference, Region, StudyError, StudyRecording
from aphyn_gui.study.opening import open_referenced
from aphyn_gui.study.rereading import reread

STORED = RecordingReference(Path("heart.tif"))


def entry(*rois: RectangularRoi, mask: Mask | None = None) -> StudyRecording:
    regions = tuple(Region(str(n), f"R{n}", "#112233", roi) for n, roi in enumerate(rois))
    return StudyRecording("one", "heart", STORED, Preparation(mask=mask), regions)


@given(
    st.integers(0, 120), st.integers(0, 90), st.integers(1, 40), st.integers(1, 40),
    st.integers(2, 8),
)  # fmt: skip
def test_regions_stay_over_the_same_tissue(
    x: int, y: int, width: int, height: int, side: int
) -> None:
    rows, columns = 101, 133
    roi = RectangularRoi(x, y, width, height).clipped_to(rows, columns)
    after = rows // side, columns // side
    reference = replace(STORED, binning=side)
    binned = reread(entry(roi), reference, (rows, columns), after).entry.regions[0].roi
    assert binned.lies_inside(*after)
    # Rounded by half a binned pixel; at the far edges what fills no square is gone.
    assert abs((binned.x + binned.width / 2) * side - (roi.x + roi.width / 2)) <= 1.5 * side
    assert abs((binned.y + binned.height / 2) * side - (roi.y + roi.height / 2)) <= 1.5 * side


def test_whole_squares_come_back_as_they_were() -> None:
    usable = np.kron(np.eye(6, 8, dtype=np.bool_), np.ones((4, 4), dtype=np.bool_))
    before = entry(RectangularRoi(4, 8, 12, 8), mask=Mask(usable, ("Drawn.",)))
    there = reread(before, replace(STORED, binning=4), (24, 32), (6, 8))
    assert there.entry.regions[0].roi == RectangularRoi(1, 2, 3, 2)
    mask = there.entry.preparation.mask
    assert mask is not None
    np.testing.assert_array_equal(mask.usable, np.eye(6, 8, dtype=np.bool_))
    assert mask.steps[0] == "Drawn."
    assert len(there.notes) == 2
    back = reread(there.entry, STORED, (6, 8), (24, 32)).entry
    assert back.regions == before.regions
    assert back.preparation.mask is not None
    np.testing.assert_array_equal(back.preparation.mask.usable, usable)


def test_frames_of_another_kind_keep_what_fits_and_lose_the_mask() -> None:
    before = entry(
        RectangularRoi(2, 2, 4, 4), RectangularRoi(20, 15, 9, 8), mask=Mask.everything(24, 32)
    )
    reference = replace(STORED, choices=(("columns", "all"),))
    after = reread(before, reference, (24, 32), (20, 24))
    assert [region.roi for region in after.entry.regions] == [
        RectangularRoi(2, 2, 4, 4), RectangularRoi(15, 12, 9, 8),
    ]  # fmt: skip
    assert after.entry.preparation.mask is None
    assert "removed" in after.notes[-1]


def test_another_interval_changes_nothing_else() -> None:
    before = entry(RectangularRoi(2, 2, 4, 4), mask=Mask.everything(24, 32))
    after = reread(before, replace(STORED, frame_interval_ms=2.0), (24, 32), (24, 32))
    assert after.notes == ()
    assert (after.entry.regions, after.entry.preparation) == (before.regions, before.preparation)


@pytest.mark.parametrize("binning", [0, 9, -2])
def test_impossible_binning_is_refused(binning: int) -> None:
    with pytest.raises(StudyError, match="binning"):
        RecordingReference(Path("heart.tif"), binning=binning)


def test_a_reference_is_opened_binned_and_its_pitch_is_that_of_stored_pixels(
    tmp_path: Path,
) -> None:
    path = tmp_path / "heart.npy"
    frames = np.arange(40 * 6 * 9, dtype=np.uint16).reshape(40, 6, 9)
    np.save(path, frames)
    recording = open_referenced(RecordingReference(path, 1.0, 0.1, binning=3))
    assert (recording.row_count, recording.column_count) == (2, 3)
    assert recording.pixel_pitch_mm == pytest.approx(0.3)
    np.testing.assert_allclose(recording.read_frame(0)[0, 0], frames[0, :3, :3].mean())
