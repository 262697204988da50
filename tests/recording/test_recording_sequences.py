from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from recording_samples import movie, recording_of

from aphyn_gui.recording import (
    Normalisation,
    Polarity,
    Preparation,
    RecordingError,
    RectangularRoi,
    Split,
    TemporalFilter,
    cut_sequences,
    open_recording,
    prepare_region,
    region_signal,
)
from aphyn_gui.recording.selection import split_pixels

WHOLE = RectangularRoi(0, 0, 5, 6)


def reasons(error: pytest.ExceptionInfo[RecordingError]) -> str:
    return str(error.value)


def test_shapes_and_places() -> None:
    roi = RectangularRoi(x=1, y=2, width=3, height=4)
    sequences = cut_sequences(recording_of(movie()), roi, Preparation(training_count=6))

    assert sequences.voltages.shape[0] == 12
    assert sequences.time_ms[1] == 1.0
    assert sequences.horizon_ms == sequences.time_ms[-1]
    assert sorted(zip(sequences.rows, sequences.columns, strict=True)) == [
        (row, column) for row in range(2, 6) for column in range(1, 4)
    ]
    assert sequences.training_voltages.shape[0] == 6
    assert sequences.validation_voltages.shape[0] == 5
    assert sequences.left_out == ()
    assert sequences.polarity is Polarity.DOWN


def test_sequences_of_shifted_pixels_coincide_and_their_activations_do_not() -> None:
    shifts = np.random.default_rng(0).uniform(-4, 4, (6, 5))
    sequences = cut_sequences(
        recording_of(movie(shifts_ms=shifts, noise=1.0)), WHOLE, Preparation()
    )
    expected = shifts[sequences.rows, sequences.columns]
    relative = sequences.activation_ms - sequences.activation_ms.mean()

    np.testing.assert_allclose(relative, expected - expected.mean(), atol=0.1)
    assert sequences.voltages.std(axis=0).max() < 0.02
    assert sequences.activation_ms.mean() == pytest.approx(40 + expected.mean(), abs=0.5)


def test_sequences_begin_at_the_foot() -> None:
    sequences = cut_sequences(recording_of(movie(noise=1.0)), WHOLE, Preparation())
    mean = sequences.voltages.mean(axis=0)

    assert mean[0] == pytest.approx(0.05, abs=0.03)
    assert 0.5 < mean[4] < 1


@pytest.mark.parametrize("beat", [0, 1, 2])
def test_each_beat_can_be_chosen(beat: int) -> None:
    sequences = cut_sequences(recording_of(movie()), WHOLE, Preparation(beat=beat))

    assert np.median(sequences.activation_ms) == pytest.approx(40 + 130 * beat, abs=1)
    assert any(f"Beat {beat}" in note for note in sequences.notes)


def test_the_ensemble_lowers_the_noise_and_says_so() -> None:
    recording = recording_of(movie(noise=60.0))
    preparation = Preparation(normalisation=Normalisation.ROBUST)
    one = cut_sequences(recording, WHOLE, preparation)
    all_beats = cut_sequences(
        recording, WHOLE, Preparation(beat=None, normalisation=Normalisation.ROBUST)
    )

    ratio = all_beats.voltages[:, 60:].std(axis=0).mean() / one.voltages[:, 60:].std(axis=0).mean()
    assert ratio == pytest.approx(1 / np.sqrt(3), rel=0.2)
    assert np.median(all_beats.snr) == pytest.approx(np.median(one.snr) * np.sqrt(3), rel=0.15)
    assert any("3 beats were averaged" in note for note in all_beats.notes)


def test_limits_give_the_counts_back() -> None:
    frames = movie(noise=5.0)
    sequences = cut_sequences(recording_of(frames), WHOLE, Preparation(drift_order=0))
    amplitude = sequences.upper - sequences.lower

    assert amplitude.mean() == pytest.approx(1000 * 0.99, rel=0.05)
    np.testing.assert_allclose(sequences.voltages.min(axis=1), 0, atol=1e-12)
    np.testing.assert_allclose(sequences.voltages.max(axis=1), 1, atol=1e-12)


def test_the_same_upside_down() -> None:
    frames = movie()
    down = cut_sequences(recording_of(frames), WHOLE, Preparation())
    up = cut_sequences(recording_of(40000 - frames), WHOLE, Preparation())

    assert up.polarity is Polarity.UP
    np.testing.assert_allclose(up.voltages, down.voltages, atol=1e-9)


def test_the_users_polarity_wins() -> None:
    signal = region_signal(recording_of(movie()), WHOLE, Preparation(polarity=Polarity.UP))

    assert signal.polarity is Polarity.UP
    assert signal.polarity_suggestion.polarity is Polarity.DOWN


def test_the_signal_and_its_window() -> None:
    preparation = Preparation()
    prepared = prepare_region(recording_of(movie(drift=500.0)), WHOLE, preparation)
    signal = prepared.signal
    start, end = signal.window_ms(preparation)

    assert signal.raw.mean() == pytest.approx(19900, abs=400)
    assert signal.cleaned.max() > 0 > signal.cleaned.min()
    assert abs(signal.cleaned[30] - signal.cleaned[420]) < 100
    assert signal.time_ms[-1] == 479
    assert end - start == pytest.approx(prepared.sequences.horizon_ms)
    assert start == pytest.approx(40 - 3, abs=1.5)
    assert signal.window_ms(Preparation(beat=1))[0] == pytest.approx(start + 130, abs=0.5)


def test_a_region_is_prepared_from_one_reading() -> None:
    class Counting:
        def __init__(self, frames: np.ndarray[Any, Any]) -> None:
            self.frames, self.shape, self.dtype, self.readings = (
                frames,
                frames.shape,
                frames.dtype,
                0,
            )

        def __getitem__(self, key: Any) -> Any:
            self.readings += 1
            return self.frames[key]

    frames = Counting(movie())
    prepare_region(recording_of(frames), RectangularRoi(1, 1, 3, 4), Preparation())

    assert frames.readings == 1


def test_all_settings_are_recorded() -> None:
    preparation = Preparation(
        spatial_mean=3,
        temporal_filter=TemporalFilter(),
        drift_order=2,
        normalisation=Normalisation.ROBUST,
    )
    notes = " ".join(cut_sequences(recording_of(movie()), WHOLE, preparation).notes)

    for words in (
        "goes down",
        "3 x 3 pixels",
        "degree 2",
        "Savitzky-Golay",
        "cubic spline",
        "foot of the",
        "300 ms",
        "lowest 10 %",
        "30 pixels",
        "10 sequences",
        "seed 0",
    ):
        assert words in notes


def test_spatial_mean_uses_pixels_beside_the_region() -> None:
    recording = recording_of(movie(noise=80.0, shape=(9, 9)))
    roi = RectangularRoi(3, 3, 3, 3)
    plain = cut_sequences(recording, roi, Preparation(training_count=2, validation_count=1))
    averaged = cut_sequences(
        recording, roi, Preparation(spatial_mean=3, training_count=2, validation_count=1)
    )

    assert np.median(averaged.snr) == pytest.approx(3 * np.median(plain.snr), rel=0.25)


def test_unusable_pixels_are_left_out_with_their_reasons() -> None:
    frames = movie(noise=20.0)
    frames[100, 0, 0] = np.nan
    frames[:, 1, 1] = 5000.0
    frames[:, 2, 2] = 20000 + np.random.default_rng(5).normal(scale=20, size=480)
    frames[:, 3, 3] = movie(shifts_ms=60.0)[:, 3, 3]
    sequences = cut_sequences(recording_of(frames), WHOLE, Preparation())
    found = {(pixel.row, pixel.column): pixel.reason for pixel in sequences.left_out}

    assert set(found) == {(0, 0), (1, 1), (2, 2), (3, 3)}
    assert "not numbers" in found[0, 0]
    assert "flat" in found[1, 1]
    assert "signal-to-noise" in found[2, 2]
    assert "no upstroke of its own" in found[3, 3]
    assert sequences.voltages.shape[0] == 26
    assert np.isfinite(sequences.voltages).all()
    assert any("4 were left out" in note for note in sequences.notes)


def test_saturated_pixels_are_left_out() -> None:
    frames = movie(level=30000.0).astype(np.uint16)
    frames[17, 4, 2] = 65535
    sequences = cut_sequences(recording_of(frames), WHOLE, Preparation())

    (pixel,) = sequences.left_out
    assert (pixel.row, pixel.column) == (4, 2)
    assert "largest count" in pixel.reason


def test_too_few_pixels_for_the_counts_are_shared_two_to_one() -> None:
    sequences = cut_sequences(recording_of(movie()), RectangularRoi(0, 0, 3, 3), Preparation())

    assert (sequences.training.size, sequences.validation.size) == (6, 3)
    assert any("only 9 remained of the 15" in note for note in sequences.notes)


def test_fewer_than_three_pixels_are_refused_with_the_reasons() -> None:
    frames = movie()
    frames[:, 0, :] = 7.0
    with pytest.raises(RecordingError, match=r"2 of 2 pixels"):
        cut_sequences(recording_of(frames), RectangularRoi(0, 1, 2, 1), Preparation())
    with pytest.raises(RecordingError, match=r"1 of 3 pixels.*2 because it is flat"):
        cut_sequences(recording_of(frames[:, [0, 0, 1]]), RectangularRoi(0, 0, 1, 3), Preparation())


def test_a_limit_that_no_pixel_reaches_is_refused_with_the_count() -> None:
    with pytest.raises(RecordingError, match=r"0 of 30 pixels.*30 because its signal-to-noise"):
        cut_sequences(recording_of(movie()), WHOLE, Preparation(snr_limit=1000))


@pytest.mark.parametrize("drift_order", [0, 1])
@pytest.mark.parametrize("beat", [0, None])
def test_a_wrong_polarity_still_gives_finite_sequences(drift_order: int, beat: int | None) -> None:
    preparation = Preparation(polarity=Polarity.UP, drift_order=drift_order, beat=beat)
    prepared = prepare_region(recording_of(movie()), WHOLE, preparation)

    assert np.isfinite(prepared.sequences.voltages).all()


def test_a_region_of_flat_pixels_is_refused() -> None:
    with pytest.raises(RecordingError, match=r"region x=1.*no beats found.*flat"):
        prepare_region(
            recording_of(np.full((200, 6, 6), 9.0)), RectangularRoi(1, 1, 3, 3), Preparation()
        )


def test_a_region_of_nan_is_refused() -> None:
    with pytest.raises(RecordingError, match="all 9 pixels hold values that are not numbers"):
        prepare_region(
            recording_of(np.full((200, 6, 6), np.nan)), RectangularRoi(1, 1, 3, 3), Preparation()
        )


def test_a_region_outside_is_refused() -> None:
    with pytest.raises(RecordingError, match="does not lie inside"):
        prepare_region(recording_of(movie()), RectangularRoi(3, 3, 3, 3), Preparation())


def test_an_unknown_frame_interval_is_asked_for() -> None:
    with pytest.raises(RecordingError, match="does not say its frame interval"):
        region_signal(recording_of(movie(), None), WHOLE, Preparation())


def test_a_pixel_whose_sequence_is_cut_off_is_left_out() -> None:
    shifts = np.zeros((6, 5))
    shifts[5, 4] = 20.0
    # The last complete beat ends 5 ms before the recording does.
    frames = movie(shifts_ms=shifts, beat_count=4, frame_count=430 + 5)[: 430 + 5]
    sequences = cut_sequences(recording_of(frames), WHOLE, Preparation(beat=2, horizon_ms=130))

    (pixel,) = sequences.left_out
    assert (pixel.row, pixel.column) == (5, 4)
    assert "cut off" in pixel.reason


@given(
    count=st.integers(3, 300),
    training=st.integers(1, 60),
    validation=st.integers(1, 60),
    split=st.sampled_from(list(Split)),
    seed=st.integers(0, 2**31),
)
def test_training_and_validation_are_disjoint_and_repeatable(
    count: int, training: int, validation: int, split: Split, seed: int
) -> None:
    preparation = Preparation(
        training_count=training, validation_count=validation, split=split, seed=seed
    )
    first, second, _ = split_pixels(count, preparation)
    again = split_pixels(count, preparation)

    assert first.size >= 1
    assert second.size >= 1
    assert np.intersect1d(first, second).size == 0
    assert np.union1d(first, second).max() < count
    np.testing.assert_array_equal(first, again[0])
    np.testing.assert_array_equal(second, again[1])
    if split is Split.COUNTS and training + validation <= count:
        assert (first.size, second.size) == (training, validation)
    else:
        assert first.size + second.size == count


def test_other_seeds_draw_other_pixels() -> None:
    draws = {tuple(split_pixels(60, Preparation(seed=seed))[0]) for seed in range(5)}

    assert len(draws) == 5


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"drift_order": 10}, "drift order"),
        ({"spatial_mean": 2}, "odd"),
        ({"beat": -1}, "from 0"),
        ({"horizon_ms": 0.0}, "positive"),
        ({"horizon_ms": float("nan")}, "positive"),
        ({"training_count": 0}, "at least one"),
        ({"snr_limit": -1.0}, "negative"),
    ],
)
def test_impossible_settings_are_refused(setting: dict[str, Any], message: str) -> None:
    with pytest.raises(RecordingError, match=message):
        Preparation(**setting)


@pytest.mark.parametrize(
    ("name", "cycle_ms"), [("cosmas_infarctV130", 130), ("cosmas_controlV", 150)]
)
@pytest.mark.parametrize("row", [2, 22])
@pytest.mark.parametrize("beat", [0, None])
def test_real_regions(
    shared_data: Path, name: str, cycle_ms: float, row: int, beat: int | None
) -> None:
    recording = open_recording(shared_data / name / "stack.tif")
    sequences = cut_sequences(recording, RectangularRoi(2, row, 8, 8), Preparation(beat=beat))

    assert sequences.cycle_length_ms == pytest.approx(cycle_ms, abs=1)
    assert sequences.voltages.shape[0] == 64
    assert cycle_ms - 10 < sequences.horizon_ms < cycle_ms
    # Activation spreads over less than 8 ms in 1.75 mm.
    assert np.ptp(sequences.activation_ms) < 8
    mean = sequences.voltages.mean(axis=0)
    assert mean[:2].max() < 0.3
    assert mean[:15].max() > 0.8
    assert mean[-3:].max() < 0.3
