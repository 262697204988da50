from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recording_samples import action_potential, beating, movie, recording_of
from scipy.io import loadmat

from aphyn_gui.recording import (
    ALTERNANS_DEFINITIONS,
    Alternans,
    Ensemble,
    Preparation,
    RecordingError,
    RectangularRoi,
    detect_beats,
    find_alternans,
    open_recording,
    prepare_region,
    region_signal,
    remove_drift,
)

Floats = npt.NDArray[np.float64]
ROI = RectangularRoi(0, 0, 5, 6)


def taking_turns(
    heights: npt.ArrayLike,
    durations_ms: npt.ArrayLike = 40.0,
    *,
    cycle_ms: float = 130.0,
    noise: float = 0.01,
    seed: int = 0,
) -> Floats:
    """Beats of given heights and durations."""
    heights = np.asarray(heights, dtype=np.float64)
    durations = np.broadcast_to(np.asarray(durations_ms, dtype=np.float64), heights.shape)
    time = np.arange(int(cycle_ms * (heights.size + 0.3)))
    trace = np.random.default_rng(seed).normal(scale=noise, size=time.size)
    for beat, (height, duration) in enumerate(zip(heights, durations, strict=True)):
        trace += height * action_potential(time - (beat + 0.3) * cycle_ms, duration)
    return trace


def alternans_of(trace: Floats, cycle_length_ms: float | None = None) -> Alternans:
    return find_alternans(trace, 1.0, detect_beats(trace, 1.0, cycle_length_ms))


def test_amplitudes_that_take_turns() -> None:
    alternans = alternans_of(taking_turns([1.0, 0.7] * 4))
    amplitude = alternans.alternations[0]

    assert alternans.between_beats
    assert not alternans.hidden
    assert amplitude.measure == "amplitude"
    assert amplitude.ratio == pytest.approx(0.7, abs=0.02)
    assert amplitude.difference == pytest.approx(2 * 0.3 / 1.7, rel=0.06)
    assert amplitude.p_value < 1e-6
    assert "ratio 0.7" in alternans.note


def test_durations_that_take_turns() -> None:
    alternans = alternans_of(taking_turns(np.ones(8), [50.0, 35.0] * 4))
    by_measure = {one.measure: one for one in alternans.alternations}

    assert not by_measure["amplitude"].present
    assert by_measure["APD80"].present
    assert by_measure["APD50"].ratio == pytest.approx(35 / 50, abs=0.05)


def test_a_difference_below_a_tenth_is_reported_but_not_called_alternans() -> None:
    alternans = alternans_of(taking_turns([1.0, 0.95] * 4, noise=0.001))

    assert not alternans.present
    assert alternans.alternations[0].p_value < 1e-3
    assert alternans.alternations[0].ratio == pytest.approx(0.95, abs=0.01)


def test_bleaching_is_not_alternans() -> None:
    assert not alternans_of(taking_turns(np.linspace(1.0, 0.5, 8))).present


def test_one_odd_beat_is_not_alternans() -> None:
    heights = np.ones(8)
    heights[3] = 0.6

    assert not alternans_of(taking_turns(heights)).present


@pytest.mark.parametrize("noise", [0.02, 0.1])
def test_noise_alone_hardly_ever_alternates(noise: float) -> None:
    alarms = sum(
        alternans_of(taking_turns(np.ones(7), noise=noise, seed=seed)).present
        for seed in range(100)
    )

    assert alarms <= 1


def test_the_probability_is_honest() -> None:
    # Of beats that vary at random, one in twenty lies below p = 0.05.
    generator = np.random.default_rng(3)
    p_values = [
        alternans_of(taking_turns(generator.normal(1, 0.1, size=8), noise=0.002))
        .alternations[0]
        .p_value
        for _ in range(200)
    ]

    assert np.mean(np.array(p_values) < 0.05) == pytest.approx(0.05, abs=0.035)
    assert np.mean(np.array(p_values) < 0.5) == pytest.approx(0.5, abs=0.12)


@settings(max_examples=20)
@given(scale=st.floats(0.01, 1e4), offset=st.floats(-1e4, 1e4))
def test_scale_and_offset_do_not_matter(scale: float, offset: float) -> None:
    trace = taking_turns([1.0, 0.7] * 4)
    plain, moved = alternans_of(trace), alternans_of(scale * trace + offset)

    for one, other in zip(plain.alternations, moved.alternations, strict=True):
        assert other.ratio == pytest.approx(one.ratio, rel=1e-4)


def test_too_few_beats_give_no_verdict_and_say_so() -> None:
    alternans = alternans_of(taking_turns([1.0, 0.6, 1.0]))

    assert not alternans.present
    assert alternans.alternations == ()
    assert "was not looked for" in alternans.note


def test_a_missing_beat_gives_no_verdict() -> None:
    trace = beating(40 + 130.0 * np.array([0, 1, 2, 4, 5, 6, 7, 8]), 1250, 1.0)

    assert alternans_of(trace).alternations == ()


def test_beats_too_small_to_be_counted_are_found_between_the_others() -> None:
    trace = taking_turns([1.0, 0.12] * 6, cycle_ms=85, noise=0.005)
    alternans = alternans_of(trace)

    assert alternans.cycle_length_ms == pytest.approx(170, abs=1)
    assert alternans.hidden
    assert alternans.midway is not None
    assert alternans.midway.ratio == pytest.approx(0.12, abs=0.05)
    assert "85 ms" in alternans.note
    assert alternans_of(trace, 85.0).between_beats


def test_the_definitions_say_what_is_called_alternans() -> None:
    for words in ("10 %", "p < 0.001", "linear trend", "at least 5 beats", "midway"):
        assert words in ALTERNANS_DEFINITIONS


# --- what is averaged -------------------------------------------------------------------------


def alternating_movie() -> Floats:
    """Every other beat of `movie` has seven tenths of the height and a shorter duration."""
    large = movie(cycle_ms=260, beat_count=4, frame_count=1100, noise=5.0)
    small = movie(
        first_onset_ms=170,
        cycle_ms=260,
        beat_count=4,
        frame_count=1100,
        noise=0.0,
        amplitude=700.0,
        duration_ms=30.0,
    )
    return large + small - 20000


@pytest.mark.parametrize(("ensemble", "height"), [(Ensemble.EVEN, 1000), (Ensemble.ODD, 700)])
def test_even_and_odd_beats_are_averaged_apart(ensemble: Ensemble, height: float) -> None:
    preparation = Preparation(beat=None, ensemble=ensemble, drift_order=0)
    prepared = prepare_region(recording_of(alternating_movie()), ROI, preparation)
    sequences = prepared.sequences

    assert np.median(sequences.upper - sequences.lower) == pytest.approx(height, rel=0.03)
    notes = " ".join(sequences.notes)
    first = 0 if ensemble is Ensemble.EVEN else 1
    assert f"The {ensemble} beats ({first}, {first + 2}" in notes
    assert "Alternans: amplitude" in notes
    assert "Warning" not in notes
    assert ensemble in prepared.measures.definitions
    shorter = ensemble is Ensemble.ODD
    assert (prepared.measures.apd80_ms.median < 44) == shorter


def test_averaging_over_alternans_warns() -> None:
    recording = recording_of(alternating_movie())
    signal = region_signal(recording, ROI, Preparation())
    warning = "Warning: sequences and measures average over alternating beats"

    assert signal.alternans.between_beats
    notes = prepare_region(recording, ROI, Preparation(beat=None)).sequences.notes
    assert any(note.startswith(warning) for note in notes)
    notes = prepare_region(recording, ROI, Preparation(beat=1)).sequences.notes
    assert any("the measures average over alternating" in note for note in notes)


def test_odd_beats_of_a_single_one_are_refused() -> None:
    frames = movie(beat_count=2, frame_count=190)

    with pytest.raises(RecordingError, match="odd beats"):
        prepare_region(recording_of(frames), ROI, Preparation(beat=None, ensemble=Ensemble.ODD))


def test_an_ensemble_takes_every_other_beat() -> None:
    assert Ensemble.ALL.of([3, 4, 5]) == (3, 4, 5)
    assert Ensemble.EVEN.of([3, 4, 5]) == (3, 5)
    assert Ensemble.ODD.of([3]) == ()


# --- the cycle length as entered --------------------------------------------------------------


def test_the_entered_cycle_length_is_used_and_noted() -> None:
    preparation = Preparation(cycle_length_ms=130.0)
    sequences = prepare_region(recording_of(movie()), ROI, preparation).sequences

    assert sequences.cycle_length_ms == 130.0
    assert any("130 ms was entered" in note for note in sequences.notes)
    assert not any("Warning" in note for note in sequences.notes)


def test_an_entered_cycle_length_that_does_not_agree_warns() -> None:
    beats = detect_beats(beating(40 + 130 * np.arange(5), 700, 1.0), 1.0, 100.0)

    assert beats.cycle_length_ms == 100.0
    assert beats.onsets_ms.size == 5
    assert "does not agree" in beats.notes[0]


def test_a_double_cycle_length_takes_every_other_beat() -> None:
    beats = detect_beats(taking_turns([1.0, 0.7] * 4), 1.0, 260.0)

    assert np.median(np.diff(beats.onsets_ms)) == pytest.approx(260, abs=1)


def test_a_single_beat_lasts_as_long_as_entered() -> None:
    trace = beating([80], 600, 1.0)

    assert detect_beats(trace, 1.0, 300.0).cycle_length_ms == 300.0
    assert detect_beats(trace, 1.0, 2000.0).cycle_length_ms < 600.0
    prepared = prepare_region(
        recording_of(movie(beat_count=1)), ROI, Preparation(cycle_length_ms=200.0)
    )
    assert prepared.sequences.horizon_ms < 200


@pytest.mark.parametrize("cycle_length_ms", [0.0, -5.0, np.nan, np.inf])
def test_impossible_cycle_lengths_are_refused(cycle_length_ms: float) -> None:
    with pytest.raises(RecordingError, match="cycle length must be positive"):
        Preparation(cycle_length_ms=cycle_length_ms)


def test_a_cycle_of_a_few_frames_is_refused() -> None:
    with pytest.raises(RecordingError, match="fewer than 9 frames"):
        detect_beats(beating([40, 170], 400, 1.0), 1.0, 5.0)


def test_partial_beats_at_both_ends_are_dropped() -> None:
    # The first begins in its plateau, the last is cut off on its own.
    trace = beating(-20 + 130 * np.arange(5), 530, 1.0)
    beats = detect_beats(trace, 1.0, 130.0)

    np.testing.assert_allclose(beats.onsets_ms, [110, 240, 370, 500], atol=1)
    assert beats.complete.tolist() == [0, 1, 2]


# --- real recordings --------------------------------------------------------------------------


def test_real_severe_alternans(shared_data: Path) -> None:
    path = shared_data / "traces_1d_licensed" / "bcl85_alternansSevere_Ca.mat"
    trace = remove_drift(loadmat(path)["avgTrace"].ravel(), 1)
    found, entered = alternans_of(trace), alternans_of(trace, 85.0)

    assert found.hidden
    assert "enter that as cycle length" in found.note
    assert entered.between_beats
    assert entered.alternations[0].ratio == pytest.approx(0.1, abs=0.05)


def test_real_alternans(shared_data: Path) -> None:
    path = shared_data / "traces_1d_licensed" / "bcl85_alternans_Ca.mat"
    alternans = alternans_of(remove_drift(loadmat(path)["avgTrace"].ravel(), 1))

    assert alternans.between_beats
    assert alternans.alternations[0].ratio == pytest.approx(0.42, abs=0.05)


@pytest.mark.parametrize(("name", "sign"), [("bcl140_pacing_V", -1), ("bcl140_pacing_Ca", 1)])
def test_real_slower_pacing_has_none(shared_data: Path, name: str, sign: int) -> None:
    trace = loadmat(shared_data / "traces_1d_licensed" / f"{name}.mat")["avgTrace"].ravel()

    assert not alternans_of(remove_drift(sign * trace, 1)).present


REGIONS = [
    RectangularRoi(0, 0, 32, 32),
    *(RectangularRoi(x, y, 8, 8) for x in (2, 12, 22) for y in (2, 12, 22)),
    RectangularRoi(16, 16, 3, 3),
]


@pytest.mark.parametrize(
    ("name", "cycle_ms"), [("cosmas_controlV", 150), ("cosmas_infarctV130", 130)]
)
@pytest.mark.parametrize("entered", [False, True])
def test_real_recordings_have_none(
    shared_data: Path, name: str, cycle_ms: float, entered: bool
) -> None:
    recording = open_recording(shared_data / name / "stack.tif")
    preparation = replace(Preparation(), cycle_length_ms=cycle_ms if entered else None)
    for region in REGIONS:
        signal = region_signal(recording, region, preparation)

        assert not signal.alternans.present, f"{region}: {signal.alternans.note}"
        assert np.median(np.diff(signal.beats.onsets_ms)) == pytest.approx(cycle_ms, abs=1)
        assert signal.beats.cycle_length_ms == pytest.approx(cycle_ms, abs=1)
