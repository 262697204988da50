from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from recording_samples import movie, recording_of

from aphyn_gui.recording import (
    Preparation,
    RecordingError,
    RectangularRoi,
    cut_sequences,
    open_recording,
)
from aphyn_gui.recording.binning import BinnedFrames

slices = st.slices(7)


@pytest.mark.parametrize("side", [2, 3, 8])
def test_binning_is_the_mean_of_squares(side: int) -> None:
    counts = np.random.default_rng(0).integers(0, 60000, (12, 17, 19), dtype=np.uint16)
    binned = recording_of(counts).binned(side)
    rows, columns = 17 // side, 19 // side
    squares = counts[:, : rows * side, : columns * side].astype(np.float64)
    expected = squares.reshape(12, rows, side, columns, side).mean(axis=(2, 4))

    assert binned.frames.shape == expected.shape
    assert binned.frames.dtype == np.float32
    np.testing.assert_array_equal(np.asarray(binned.frames[:]), expected.astype(np.float32))


@given(time=slices, row=slices, column=st.slices(5), index=st.integers(-7, 6))
def test_any_part_is_the_part_of_the_whole(
    time: slice, row: slice, column: slice, index: int
) -> None:
    counts = np.random.default_rng(0).normal(size=(7, 15, 10))
    frames = BinnedFrames(counts, 2, None)
    whole = frames[:]

    np.testing.assert_array_equal(frames[time, row, column], whole[time, row, column])
    np.testing.assert_array_equal(frames[index], whole[index])
    np.testing.assert_array_equal(frames[index, row], whole[index, row])
    np.testing.assert_array_equal(frames[time, :, 3], whole[time, :, 3])


def test_nothing_is_read_before_it_is_asked_for() -> None:
    read: list[object] = []

    class Watched:
        shape = (100, 40, 40)
        dtype = np.dtype(np.uint16)

        def __getitem__(self, key: tuple[slice, ...]) -> object:
            read.append(key)
            return np.zeros(tuple(len(range(*part.indices(100))) for part in key), np.uint16)

    binned = recording_of(Watched()).binned(4)
    assert read == []
    binned.read_region(RectangularRoi(2, 3, 1, 2))
    assert read == [(slice(0, 100, 1), slice(12, 20), slice(8, 12))]


def test_the_pitch_grows_and_the_edges_are_mentioned() -> None:
    recording = replace(recording_of(np.zeros((4, 10, 11))), pixel_pitch_mm=0.1)
    binned = recording.binned(3)

    assert binned.pixel_pitch_mm == pytest.approx(0.3)
    assert (binned.row_count, binned.column_count) == (3, 3)
    assert "1 rows and 2 columns at the far edges" in binned.assumptions[-1]
    assert recording_of(np.zeros((4, 6, 6))).binned(3).pixel_pitch_mm is None
    assert "edges" not in recording_of(np.zeros((4, 6, 6))).binned(3).assumptions[-1]


def test_a_square_with_a_saturated_pixel_is_saturated() -> None:
    counts = np.full((9, 4, 4), 100, dtype=np.uint16)
    counts[3, 0, 1] = 65535
    binned = recording_of(counts).binned(2)

    assert binned.saturation_level == 65535
    assert binned.read_frame(3)[0, 0] == 65535
    assert binned.binned(2).read_frame(3)[0, 0] == 65535
    assert (binned.read_frame(2) == 100).all()


def test_nan_counts_for_nothing() -> None:
    counts = np.arange(32.0).reshape(2, 4, 4)
    counts[:, 0, 0] = np.nan
    counts[:, 2:, 2:] = np.nan
    frame = recording_of(counts).binned(2).read_frame(0)

    assert frame[0, 0] == pytest.approx(np.mean([1, 4, 5]))
    assert np.isnan(frame[1, 1])
    assert np.isfinite(frame[0, 1])


@pytest.mark.parametrize("side", [-1, 0, 1, 9])
def test_other_sides_are_refused(side: int) -> None:
    with pytest.raises(RecordingError, match="between 2 and 8"):
        recording_of(np.zeros((4, 20, 20))).binned(side)


def test_a_frame_smaller_than_the_square_is_refused() -> None:
    with pytest.raises(RecordingError, match="3 x 20 pixels cannot be binned 4 x 4"):
        recording_of(np.zeros((4, 3, 20))).binned(4)


def test_binned_pixels_have_less_noise() -> None:
    recording = recording_of(movie(shape=(16, 16), noise=100))
    plain = cut_sequences(recording, RectangularRoi(0, 0, 8, 8), Preparation())
    binned = cut_sequences(recording.binned(4), RectangularRoi(0, 0, 4, 4), Preparation())

    assert np.median(binned.snr) == pytest.approx(4 * np.median(plain.snr), rel=0.2)


def test_a_real_recording_binned(shared_data: Path) -> None:
    recording = open_recording(shared_data / "cosmas_controlV" / "stack.tif").binned(2)
    sequences = cut_sequences(recording, RectangularRoi(1, 1, 4, 4), Preparation())

    assert recording.pixel_pitch_mm == pytest.approx(2 * 0.21875, rel=1e-3)
    assert sequences.cycle_length_ms == pytest.approx(150, abs=1)
