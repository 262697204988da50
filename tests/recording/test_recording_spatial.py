import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from recording_samples import movie, recording_of

from aphyn_gui.recording import (
    Preparation,
    RecordingError,
    RectangularRoi,
    region_signal,
    spatial_gaussian,
    spatial_median,
)
from aphyn_gui.recording.spatial import filter_in_space, spatial_reach

Floats = npt.NDArray[np.float64]

preparations = st.builds(
    Preparation,
    spatial_median=st.sampled_from([1, 3, 5]),
    spatial_mean=st.sampled_from([1, 3, 5]),
    spatial_sigma=st.sampled_from([0.0, 0.4, 1.5]),
)
frames = arrays(
    np.float64,
    st.tuples(st.integers(1, 3), st.integers(1, 9), st.integers(1, 9)),
    elements=st.floats(-1e4, 1e4, width=32),
)


@given(values=frames, preparation=preparations, level=st.floats(-1e5, 1e5))
def test_constants_and_shapes_are_kept(
    values: Floats, preparation: Preparation, level: float
) -> None:
    assert filter_in_space(values, preparation).shape == values.shape
    constant = np.full_like(values, level)
    np.testing.assert_allclose(
        filter_in_space(constant, preparation), constant, rtol=1e-9, atol=1e-9
    )


@given(values=frames, preparation=preparations, data=st.data())
def test_nan_pixels_stay_nan_and_touch_no_other(
    values: Floats, preparation: Preparation, data: st.DataObject
) -> None:
    row = data.draw(st.integers(0, values.shape[1] - 1))
    column = data.draw(st.integers(0, values.shape[2] - 1))
    holed = values.copy()
    holed[:, row, column] = np.nan
    filtered = filter_in_space(holed, preparation)
    other = np.ones(values.shape[1:], dtype=np.bool_)
    other[row, column] = False

    assert np.isnan(filtered[:, row, column]).all()
    assert np.isfinite(filtered[:, other]).all()
    # Means and medians stay within what they are taken of.
    if other.any():
        assert (filtered[:, other] <= holed[:, other].max(axis=1, keepdims=True) + 1e-6).all()
        assert (filtered[:, other] >= holed[:, other].min(axis=1, keepdims=True) - 1e-6).all()


def test_the_median_at_edges_and_beside_nan() -> None:
    frame = np.arange(12.0).reshape(1, 3, 4)
    frame[0, 1, 1] = np.nan
    frame[0, 0, 3] = 1e6
    median = spatial_median(frame, 3)

    assert median[0, 0, 0] == np.median([0, 1, 4])
    assert median[0, 1, 2] == np.median([1, 2, 1e6, 6, 7, 9, 10, 11])
    assert median[0, 0, 3] == np.median([2, 1e6, 6, 7])


def test_an_even_count_beyond_the_chunk_is_filtered_alike() -> None:
    values = np.random.default_rng(0).normal(size=(700, 20, 20))
    whole = spatial_median(values, 5)

    np.testing.assert_array_equal(whole[650:], spatial_median(values[650:], 5))


def test_the_gaussian_is_one() -> None:
    frame = np.zeros((1, 21, 21))
    frame[0, 10, 10] = 1.0
    blurred = spatial_gaussian(frame, 1.5)[0]
    rows = np.indices(blurred.shape)[0] - 10.0

    assert blurred.sum() == pytest.approx(1)
    assert (blurred * rows**2).sum() == pytest.approx(1.5**2, rel=0.06)
    np.testing.assert_allclose(blurred, blurred.T)
    np.testing.assert_allclose(blurred, blurred[::-1])


def test_pixels_beside_the_region_are_filtered_with() -> None:
    preparation = Preparation(spatial_median=3, spatial_mean=5, spatial_sigma=0.5)
    recorded = movie(shape=(20, 20), noise=50)
    roi = RectangularRoi(8, 8, 3, 3)
    whole = filter_in_space(recorded, preparation)[:, 8:11, 8:11].reshape(480, -1).mean(axis=1)
    signal = region_signal(
        recording_of(recorded),
        roi,
        Preparation(spatial_median=3, spatial_mean=5, spatial_sigma=0.5, drift_order=0),
    )

    assert spatial_reach(preparation) == 1 + 2 + 2
    np.testing.assert_allclose(signal.cleaned, whole.mean() - whole, atol=1e-6)
    np.testing.assert_allclose(signal.raw, recorded[:, 8:11, 8:11].mean(axis=(1, 2)))
    assert [
        "median over 3 x 3" in signal.steps[0],
        "averaged over 5 x 5" in signal.steps[1],
        "Gaussian (sigma 0.5 pixels)" in signal.steps[2],
    ] == [True] * 3


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"spatial_median": 4}, "median must be odd"),
        ({"spatial_mean": 33}, "between 1 and 31"),
        ({"spatial_sigma": -1.0}, "between 0 and 10"),
        ({"spatial_sigma": float("nan")}, "sigma"),
    ],
)
def test_impossible_settings_are_refused(setting: dict[str, float], message: str) -> None:
    with pytest.raises(RecordingError, match=message):
        Preparation(**setting)  # type: ignore[arg-type]
