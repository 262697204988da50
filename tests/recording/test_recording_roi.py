import pytest
from hypothesis import given
from hypothesis import strategies as st

from aphyn_gui.recording import RecordingError, RectangularRoi

rois = st.builds(
    RectangularRoi,
    x=st.integers(-300, 300),
    y=st.integers(-300, 300),
    width=st.integers(1, 300),
    height=st.integers(1, 300),
)
sides = st.integers(1, 200)


@given(roi=rois, rows=sides, columns=sides)
def test_clipping_gives_a_region_inside_and_is_idempotent(
    roi: RectangularRoi, rows: int, columns: int
) -> None:
    clipped = roi.clipped_to(rows, columns)

    assert clipped.clipped_to(rows, columns) == clipped
    assert clipped.lies_inside(rows, columns)
    assert 0 <= clipped.rows.start < clipped.rows.stop <= rows
    assert 0 <= clipped.columns.start < clipped.columns.stop <= columns


@given(roi=rois, rows=sides, columns=sides)
def test_clipping_keeps_the_size_where_it_fits(
    roi: RectangularRoi, rows: int, columns: int
) -> None:
    clipped = roi.clipped_to(rows, columns)

    assert clipped.width == min(roi.width, columns)
    assert clipped.height == min(roi.height, rows)


@given(roi=rois, right=st.integers(-50, 50), down=st.integers(-50, 50))
def test_moving_back_is_the_identity(roi: RectangularRoi, right: int, down: int) -> None:
    assert roi.moved(right, down).moved(-right, -down) == roi


@pytest.mark.parametrize(("width", "height"), [(0, 3), (3, 0), (-1, 3)])
def test_an_empty_region_is_refused(width: int, height: int) -> None:
    with pytest.raises(RecordingError, match="at least 1 pixel"):
        RectangularRoi(0, 0, width, height)
