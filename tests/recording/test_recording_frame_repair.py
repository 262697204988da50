from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from recording_samples import movie, recording_of

from aphyn_gui.recording import (
    FrameRepair,
    Preparation,
    RecordingError,
    RectangularRoi,
    cut_sequences,
    find_faulty_frames,
    open_recording,
    region_signal,
    repair_counts,
)

Floats = npt.NDArray[np.float64]
WHOLE = RectangularRoi(0, 0, 5, 6)
REPAIR = Preparation(frame_repair=FrameRepair())


def ramps(frame_count: int = 60) -> Floats:
    """Every pixel rises at its own rate."""
    slopes = np.linspace(1, 3, 12).reshape(3, 4)
    return 400 + 50 * slopes + np.arange(frame_count)[:, None, None] * slopes


def whole_movie(**settings: Any) -> Floats:
    return np.round(movie(**settings))


def test_a_sound_movie_has_no_faults() -> None:
    faults = find_faulty_frames(whole_movie())
    repaired = repair_counts(whole_movie(), FrameRepair(), 65535)

    assert faults.frames == ()
    assert faults.remarks == ()
    np.testing.assert_array_equal(repaired.counts, whole_movie())
    assert "None of 480 frames is faulty." in repaired.notes


@pytest.mark.parametrize("value", [0.0, 777.0])
def test_constant_frames_are_found_and_bridged_exactly(value: float) -> None:
    holed = ramps()
    holed[[10, 30, 31]] = value
    repaired = repair_counts(holed, FrameRepair(), None)

    assert find_faulty_frames(holed).constant == (10, 30, 31)
    np.testing.assert_allclose(repaired.counts, ramps(), rtol=1e-12)
    assert repaired.lost == ()
    assert "3 hold one value throughout (10, 30-31)" in repaired.notes[0]


def test_repeated_frames_are_found_and_bridged_exactly() -> None:
    stuck = ramps()
    stuck[21] = stuck[22] = stuck[20]
    repaired = repair_counts(stuck, FrameRepair(), None, first_frame=100)

    assert find_faulty_frames(stuck).repeated == (21, 22)
    np.testing.assert_allclose(repaired.counts, ramps(), rtol=1e-12)
    assert "2 repeat the one before (121-122)" in repaired.notes[0]


@pytest.mark.parametrize("light", [0.6, 1.3])
@pytest.mark.parametrize("length", [1, 3])
def test_flashes_of_the_light_are_found(light: float, length: int) -> None:
    frames = whole_movie()
    frames[200 : 200 + length] *= light

    assert find_faulty_frames(frames).jumping == tuple(range(200, 200 + length))


@pytest.mark.parametrize("rise_frames", [1, 4])
@pytest.mark.parametrize("sign", [-1, 1])
def test_upstrokes_are_no_jumps(rise_frames: int, sign: int) -> None:
    beat = np.concatenate(
        (np.linspace(0, 1, rise_frames + 1)[1:], np.linspace(1, 0, 25), np.zeros(14))
    )
    train = sign * 1000 * np.tile(beat, 8)
    grain = np.random.default_rng(0).normal(scale=3, size=(train.size, 4, 4))

    assert find_faulty_frames(20000 + train[:, None, None] + grain).frames == ()


def test_a_shutter_does_not_condemn_what_it_lets_through() -> None:
    frames = whole_movie()
    frames[:20] = 100 + np.random.default_rng(0).integers(0, 9, frames[:20].shape)
    frames[-20:] = 100 + np.random.default_rng(1).integers(0, 9, frames[:20].shape)

    assert find_faulty_frames(frames).frames == ()


def test_a_flash_beside_an_upstroke_of_one_frame() -> None:
    train = 1000 * np.tile(np.concatenate(([0] * 10, np.linspace(1, 0, 30))), 6)
    frames = 20000 + train[:, None, None] + np.random.default_rng(0).normal(size=(240, 4, 4))
    frames[12] -= 3000

    assert find_faulty_frames(frames).jumping == (12,)


@given(
    faulty=st.sets(st.integers(1, 58), max_size=6),
    longest=st.integers(1, 6),
)
def test_short_runs_are_repaired_and_long_ones_lost(faulty: set[int], longest: int) -> None:
    holed = ramps()
    holed[sorted(faulty)] = 0.0
    repaired = repair_counts(holed, FrameRepair(longest_gap_frames=longest), None)
    lost = {frame for first, last in repaired.lost for frame in range(first, last + 1)}

    # Whatever is bridged on a straight line is exact, and nothing but the faults is touched.
    np.testing.assert_allclose(repaired.counts, ramps(), rtol=1e-12)
    assert lost <= faulty
    runs = np.split(np.array(sorted(faulty)), np.flatnonzero(np.diff(sorted(faulty)) > 1) + 1)
    for run in runs:
        assert (set(run.tolist()) <= lost) == (run.size > longest or run.size == 0)


def test_runs_at_an_end_are_lost() -> None:
    holed = ramps()
    holed[:2] = holed[-1] = 0.0
    repaired = repair_counts(holed, FrameRepair(), None)

    assert repaired.lost == ((0, 1), (59, 59))
    np.testing.assert_array_equal(repaired.counts[0], ramps()[2])


def test_a_movie_shown_at_half_its_rate_is_not_repaired() -> None:
    doubled = np.repeat(whole_movie(), 2, axis=0)
    repaired = repair_counts(doubled, FrameRepair(), None)

    np.testing.assert_array_equal(repaired.counts, doubled)
    assert "50 % of the frames repeat the one before" in " ".join(repaired.notes)


def test_what_cannot_be_told_is_said() -> None:
    few = repair_counts(whole_movie()[:, :1, :2], FrameRepair(), None)
    coarse = np.round(np.random.default_rng(0).normal(scale=0.4, size=(400, 2, 2)))
    quiet = repair_counts(coarse, FrameRepair(), None)

    assert "only 2 pixels change" in few.notes[0]
    assert "Repeated frames were not looked for" in " ".join(quiet.notes)


def test_pixels_with_nan_are_not_asked_and_stay() -> None:
    holed = ramps()
    holed[10] = 0.0
    holed[:, 0, 0] = np.nan
    repaired = repair_counts(holed, FrameRepair(), None)

    assert np.isnan(repaired.counts[:, 0, 0]).all()
    np.testing.assert_allclose(repaired.counts[:, 1:], ramps()[:, 1:], rtol=1e-12)


def test_saturated_samples_are_interpolated_and_counted() -> None:
    clipped = ramps()
    clipped[20:22, 1, 1] = 4095
    clipped[40, 2, 2] = 5000
    repaired = repair_counts(clipped, FrameRepair(), 4095)

    np.testing.assert_allclose(repaired.counts, ramps(), rtol=1e-12)
    assert (
        "3 saturated samples (4095 counts or more) of 2 pixels were interpolated, in frames "
        "20-21, 40." in repaired.notes
    )


def test_pixels_saturated_for_long_are_left_out() -> None:
    counts = whole_movie()
    counts[100:110, 2, 3] = 25000
    counts[100:102, 3, 3] = 25000
    frames = counts.astype(np.uint16)
    preparation = Preparation(frame_repair=FrameRepair(saturation_count=25000))
    sequences = cut_sequences(recording_of(frames), WHOLE, preparation)

    (pixel,) = sequences.left_out
    assert (pixel.row, pixel.column) == (2, 3)
    assert "largest count" in pixel.reason
    assert "1 pixels are saturated for more than 3 frames" in " ".join(sequences.notes)


def test_a_repaired_recording_gives_the_sequences_of_the_sound_one() -> None:
    frames = whole_movie(noise=2.0)
    holed = frames.copy()
    holed[[20, 35, 120]] = 0.0
    sound = cut_sequences(recording_of(frames), WHOLE, Preparation())
    broken = recording_of(holed)
    sequences = cut_sequences(broken, WHOLE, REPAIR)
    signal = region_signal(broken, WHOLE, REPAIR)

    np.testing.assert_allclose(sequences.voltages, sound.voltages, atol=0.02)
    assert signal.raw[20] == 0
    assert abs(signal.cleaned[20] - signal.cleaned[19]) < 5
    assert "3 hold one value throughout (20, 35, 120)" in " ".join(signal.steps)


def test_beats_that_touch_lost_frames_are_not_used() -> None:
    frames = whole_movie()
    frames[60:80] = 0.0
    signal = region_signal(recording_of(frames), WHOLE, REPAIR)
    sequences = cut_sequences(
        recording_of(frames), WHOLE, Preparation(frame_repair=FrameRepair(), beat=None)
    )

    assert signal.beats.onsets_ms.size == 4
    assert list(signal.beats.complete) == [1, 2]
    assert "1 of 3 complete beats touch lost frames" in " ".join(signal.beats.notes)
    assert "Frames 60-79 are too many to replace" in " ".join(sequences.notes)
    assert "2 beats were averaged" in " ".join(sequences.notes)


def test_a_horizon_into_lost_frames_leaves_the_beat_out() -> None:
    frames = whole_movie()
    frames[180:190] = 0.0
    preparation = Preparation(frame_repair=FrameRepair(), horizon_ms=160.0)

    assert list(region_signal(recording_of(frames), WHOLE, REPAIR).beats.complete) == [0, 2]
    assert list(region_signal(recording_of(frames), WHOLE, preparation).beats.complete) == [2]


def test_a_recording_of_lost_beats_says_so() -> None:
    frames = whole_movie()
    for frame in (60, 190, 320):
        frames[frame : frame + 8] = 0.0

    with pytest.raises(RecordingError, match="all 3 beats touch frames that were lost"):
        region_signal(recording_of(frames), WHOLE, REPAIR)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"longest_gap_frames": 0}, "between 1 and 20"),
        ({"longest_gap_frames": 21}, "between 1 and 20"),
        ({"saturation_count": 0.0}, "positive"),
        ({"saturation_count": float("nan")}, "positive"),
    ],
)
def test_impossible_settings_are_refused(setting: dict[str, Any], message: str) -> None:
    with pytest.raises(RecordingError, match=message):
        FrameRepair(**setting)


@pytest.mark.parametrize("name", ["cosmas_controlV", "cosmas_infarctV130"])
def test_real_recordings_are_sound(shared_data: Path, name: str) -> None:
    recording = open_recording(shared_data / name / "stack.tif")
    whole = recording.read_region(RectangularRoi(0, 0, 32, 32))
    dropped = whole.copy()
    dropped[500] = dropped[499]
    dropped[700] = 0

    assert find_faulty_frames(whole).frames == ()
    assert find_faulty_frames(dropped).frames == (500, 700)
