from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from recording_samples import movie, real_durations, recording_of

from aphyn_gui.recording import (
    DEFINITIONS,
    MAP_DEFINITIONS,
    Ensemble,
    FieldMaps,
    MapKind,
    MapSettings,
    Polarity,
    Preparation,
    Recording,
    RecordingError,
    RectangularRoi,
    Unmeasured,
    compute_maps,
    detect_beats,
    field_counts,
    isochrone_step,
    isochrones,
    measure_region,
    open_recording,
    prepare_region,
    remove_drift,
    run_maps,
)

Floats = npt.NDArray[np.float64]
PLAIN = MapSettings(Preparation(beat=None, drift_order=0), smooths_beat=False)
GRADIENT = 1.3 * np.arange(8)[:, None] + 0.4 * np.arange(6)


def values(maps: FieldMaps, kind: MapKind, level: float | None = None) -> npt.NDArray[np.float32]:
    return maps.of(kind, level).values


def test_a_wave_across_the_field() -> None:
    frames = movie(shape=(8, 6), shifts_ms=GRADIENT, noise=0.0)
    maps = run_maps(recording_of(frames), PLAIN)
    activation = values(maps, MapKind.ACTIVATION)

    assert activation.dtype == np.float32
    assert activation.min() == 0
    np.testing.assert_allclose(activation, GRADIENT, atol=0.1)
    # All pixels have the same action potential.
    for level in (0.5, 0.8):
        durations = values(maps, MapKind.DURATION, level)
        assert np.ptp(durations) < 0.6
    assert values(maps, MapKind.DURATION, 0.8).mean() == pytest.approx(
        40 + 40 / 6 * np.log(4), abs=1
    )
    assert maps.measured_count == 48
    # The first has no room before it in which the earliest pixels' own could begin.
    assert maps.beats == (1, 2)
    assert maps.polarity is Polarity.DOWN


def test_amplitude_in_counts_and_of_the_light_at_rest() -> None:
    frames = movie(noise=0.0, amplitude=600.0, level=20000.0)
    frames[:, 2:] = 10000 + (frames[:, 2:] - 20000) / 2
    maps = run_maps(recording_of(frames), PLAIN)

    amplitude = values(maps, MapKind.AMPLITUDE)
    np.testing.assert_allclose(amplitude[:2], 600, rtol=0.03)
    np.testing.assert_allclose(amplitude[2:], 300, rtol=0.03)
    np.testing.assert_allclose(values(maps, MapKind.RELATIVE_AMPLITUDE), 3.0, rtol=0.03)


def test_the_maps_are_measured_as_regions_are() -> None:
    # Pixels that are all alike have the field's own windows: the numbers are the same.
    one = movie(shape=(1, 1), noise=20.0, drift=300.0)
    frames = np.broadcast_to(one, (480, 5, 5))
    maps = run_maps(recording_of(frames))
    beats = detect_beats(remove_drift(-one[:, 0, 0], 1), 1.0).only(maps.beats)
    region = measure_region(
        frames,
        (slice(1, 4), slice(1, 4)),
        frame_interval_ms=1.0,
        polarity=Polarity.DOWN,
        preparation=Preparation(),
        beats=beats,
    )

    for kind, level, expected in (
        (MapKind.DURATION, 0.5, region.apd50_ms),
        (MapKind.DURATION, 0.8, region.apd80_ms),
        (MapKind.RISE_TIME, None, region.rise_time_ms),
        (MapKind.SNR, None, region.snr),
    ):
        np.testing.assert_allclose(values(maps, kind, level), expected.median, rtol=1e-6)


def test_pixels_without_a_number_say_why() -> None:
    frames = movie(shape=(6, 6), noise=5.0)
    frames[7, 0, 0] = np.nan
    frames[:, 0, 1] = 500.0
    frames[9, 0, 2] = np.inf
    noise = np.random.default_rng(0).normal(scale=300.0, size=480)
    frames[:, 0, 3] = 20000 + noise
    mask = np.ones((6, 6), dtype=np.bool_)
    mask[5] = False
    maps = run_maps(recording_of(frames), PLAIN, mask)

    assert maps.unmeasured_counts == {
        Unmeasured.MASKED: 6,
        Unmeasured.HOLDS_NAN: 2,
        Unmeasured.FLAT: 1,
        Unmeasured.NOISY: 1,
    }
    assert maps.measured_count == 26
    for one in maps.maps:
        if one.kind is not MapKind.SNR:
            np.testing.assert_array_equal(np.isfinite(one.values), maps.unmeasured < 0)
    # The ratio is shown of noisy pixels, too: it is what the limit is chosen by.
    assert np.isfinite(values(maps, MapKind.SNR)[0, 3])


def test_saturated_pixels_have_no_number() -> None:
    counts = np.clip(movie(noise=5.0), 0, 65535).astype(np.uint16)
    counts[100, 1, 1] = 65535
    maps = run_maps(recording_of(counts), PLAIN)

    assert maps.unmeasured_counts == {Unmeasured.SATURATED: 1}


def test_a_pixel_that_beats_apart_from_the_field_is_silent() -> None:
    frames = movie(shape=(6, 6), noise=1.0)
    frames[:, 3, 3] = movie(shape=(1, 1), noise=1.0, first_onset_ms=110.0)[:, 0, 0]
    maps = run_maps(recording_of(frames), PLAIN)

    assert maps.unmeasured_counts == {Unmeasured.SILENT: 1}


def test_the_spatial_mean_takes_no_light_from_pixels_with_nan() -> None:
    frames = movie(shape=(5, 5), noise=0.0)
    frames[:, 2, 2] = np.nan
    maps = run_maps(recording_of(frames))

    assert maps.measured_count == 24
    np.testing.assert_allclose(
        values(maps, MapKind.AMPLITUDE)[maps.unmeasured < 0], 1000, rtol=0.02
    )


@pytest.mark.parametrize("bytes_in_a_tile", [480 * 8 * 4, 480 * 8 * 18])
def test_tiles_give_the_same_maps(bytes_in_a_tile: int, monkeypatch: pytest.MonkeyPatch) -> None:
    recording = recording_of(movie(shape=(8, 6), shifts_ms=GRADIENT, noise=20.0))
    whole = run_maps(recording)
    monkeypatch.setattr(field_counts, "_TILE_BYTES", bytes_in_a_tile)
    monkeypatch.setattr(field_counts, "_BAND_BYTES", 480 * 4 * 6)
    tiled = run_maps(recording)

    for one, other in zip(whole.maps, tiled.maps, strict=True):
        np.testing.assert_allclose(one.values, other.values, rtol=1e-5, atol=1e-5)


class Watched:
    """Frames that remember how much of them was read."""

    def __init__(self, frames: Floats) -> None:
        self.frames, self.shape, self.dtype = frames, frames.shape, frames.dtype
        self.largest = self.total = 0

    def __getitem__(self, key: Any) -> Any:
        part = self.frames[key]
        self.largest = max(self.largest, part.size)
        self.total += part.size
        return part


def test_no_more_is_read_at_once_than_a_tile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(field_counts, "_TILE_BYTES", 480 * 8 * 12)
    frames = Watched(movie(shape=(8, 6), noise=20.0))
    run_maps(recording_of(frames))

    # Two rows of six, and one more on either side for the spatial mean.
    assert frames.largest == 480 * 24


def test_a_field_that_fits_the_memory_is_read_once() -> None:
    # Rows of a compressed file cost as much as all of it.
    frames = Watched(movie(shape=(8, 6), noise=20.0))
    run_maps(recording_of(frames))

    assert frames.total == 480 * 48


def test_single_precision_changes_nothing_that_could_be_measured() -> None:
    counts = np.round(movie(shape=(8, 6), shifts_ms=GRADIENT, noise=20.0)).astype(np.uint16)
    single, double = (
        run_maps(recording_of(frames)) for frames in (counts, counts.astype(np.float64))
    )
    np.testing.assert_array_equal(single.unmeasured, double.unmeasured)
    for one, other in zip(single.maps, double.maps, strict=True):
        # A thousandth of a frame, and of a count.
        np.testing.assert_allclose(one.values, other.values, atol=1e-3)


def test_progress_rises_to_the_end() -> None:
    fractions = [step.fraction for step in compute_maps(recording_of(movie()))]

    assert fractions == sorted(fractions)
    assert fractions[-1] == pytest.approx(1)


def test_closing_cancels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(field_counts, "_BAND_BYTES", 1)
    measured = []
    steps = compute_maps(recording_of(movie(shape=(40, 3))))
    measured.append(next(steps).fraction)
    measured.append(next(steps).fraction)
    steps.close()

    assert measured[-1] < 1
    assert list(steps) == []


def test_a_single_beat_is_mapped() -> None:
    frames = movie(shape=(8, 6), shifts_ms=GRADIENT, beat_count=1, frame_count=300, noise=2.0)
    maps = run_maps(recording_of(frames), PLAIN)

    assert maps.beats == (0,)
    np.testing.assert_allclose(values(maps, MapKind.ACTIVATION), GRADIENT, atol=0.5)
    assert any("one beat" in note for note in maps.notes)


def test_one_pixel_and_few_frames() -> None:
    maps = run_maps(
        recording_of(movie(shape=(1, 1), beat_count=1, frame_count=120, noise=2.0)), MapSettings()
    )

    assert maps.measured_count == 1
    assert values(maps, MapKind.ACTIVATION)[0, 0] == 0


@pytest.mark.parametrize("ensemble", list(Ensemble))
def test_beats_can_be_chosen(ensemble: Ensemble) -> None:
    large = movie(cycle_ms=260, frame_count=1100, noise=2.0)
    small = movie(first_onset_ms=170, cycle_ms=260, frame_count=1100, noise=0.0, amplitude=700.0)
    maps = run_maps(
        recording_of(large + small - 20000),
        MapSettings(Preparation(beat=None, ensemble=ensemble, spatial_mean=3, drift_order=0)),
    )
    amplitude = float(np.median(values(maps, MapKind.AMPLITUDE)))
    warned = any("Warning: the maps average over alternating" in note for note in maps.notes)

    expected = {Ensemble.ALL: 0.85, Ensemble.EVEN: 1.0, Ensemble.ODD: 0.7}[ensemble]
    assert amplitude == pytest.approx(1000 * expected, rel=0.02)
    assert warned == (ensemble is Ensemble.ALL)


@pytest.mark.parametrize(
    ("recording", "settings", "mask", "message"),
    [
        (recording_of(movie(), None), None, None, "enter the time between the frames"),
        (recording_of(movie()), None, np.ones((2, 2), dtype=np.bool_), "true or false for each"),
        (recording_of(movie()), None, np.ones((6, 5)), "true or false for each"),
        (recording_of(movie()), None, np.zeros((6, 5), dtype=np.bool_), "no pixel"),
        (recording_of(np.full((400, 3, 3), 7.0)), None, None, "no pixel"),
        (
            recording_of(np.random.default_rng(0).normal(size=(400, 3, 3))),
            None,
            None,
            "field of view: no beats",
        ),
        (recording_of(movie()), MapSettings(Preparation(beat=9)), None, "3 complete beats"),
    ],
)
def test_what_cannot_be_mapped_is_refused(
    recording: Recording, settings: MapSettings | None, mask: Any, message: str
) -> None:
    with pytest.raises(RecordingError, match=message):
        run_maps(recording, settings, mask)


@pytest.mark.parametrize(
    "settings",
    [
        {"apd_levels": (0.5, 80.0)},
        {"apd_levels": (0.5, 0.5)},
    ],
)
def test_impossible_settings_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(RecordingError):
        MapSettings(**settings)


def test_maps_are_found_by_kind_and_level() -> None:
    maps = run_maps(recording_of(movie()), MapSettings(apd_levels=(0.9,)))

    assert maps.of(MapKind.DURATION, 0.9).name == "apd90"
    assert maps.of(MapKind.ACTIVATION).unit == "ms"
    with pytest.raises(RecordingError, match="there are activation, apd90"):
        maps.of(MapKind.DURATION, 0.5)


def test_the_definitions_agree_with_those_of_regions() -> None:
    for words in ("maximum dV/dt", "lowest value before the onset", "10 % to 90 %"):
        assert words in DEFINITIONS
        assert words in MAP_DEFINITIONS


@given(span=st.floats(1e-3, 1e5))
def test_isochrones_are_round_and_about_ten(span: float) -> None:
    step = isochrone_step(span)
    levels = isochrones(np.array([0.0, span]))

    assert 4 <= levels.size <= 20
    np.testing.assert_allclose(levels, step * np.arange(1, levels.size + 1))
    assert f"{step:.0e}"[0] in "125"


def test_isochrones_of_nothing() -> None:
    assert isochrones([[np.nan, 3.0]]).size == 0
    np.testing.assert_allclose(isochrones([0.0, 10.0], 2.5), [2.5, 5.0, 7.5])
    for step in (0.0, -1.0, 1e-9, np.nan):
        with pytest.raises(RecordingError, match="isochrones"):
            isochrones([0.0, 10.0], step)


# --- real recordings --------------------------------------------------------------------------


@real_durations
def test_real_durations(
    shared_data: Path,
    name: str,
    row: int,
    apd50_ms: float,
    apd80_ms: float,
    tolerance_ms: float,
) -> None:
    recording = open_recording(shared_data / name / "stack.tif")
    maps = run_maps(recording)
    region = prepare_region(recording, RectangularRoi(2, row, 8, 8), Preparation()).measures
    inside = slice(row, row + 8), slice(2, 10)

    for level, reference, quartiles in (
        (0.5, apd50_ms, region.apd50_ms),
        (0.8, apd80_ms, region.apd80_ms),
    ):
        mapped = float(np.nanmedian(values(maps, MapKind.DURATION, level)[inside]))
        assert mapped == pytest.approx(reference, abs=tolerance_ms)
        assert mapped == pytest.approx(quartiles.median, abs=1)
    assert maps.measured_count >= 1020
    assert 5 < float(np.nanmax(values(maps, MapKind.ACTIVATION))) < 30
