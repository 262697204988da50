"""Measured maps follow every cleaning step of the preparation, as regions do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from recording_samples import movie, real_durations, recording_of

from aphyn_gui.recording import (
    FieldMaps,
    FrameRepair,
    MapKind,
    MapSettings,
    Mask,
    Normalisation,
    Preparation,
    Recording,
    RecordingError,
    RectangularRoi,
    RegionMeasures,
    SmoothBaseline,
    Split,
    TemporalFilter,
    TemporalKind,
    Unmeasured,
    measure_region,
    open_recording,
    prepare_region,
    region_signal,
    run_maps,
)
from aphyn_gui.recording.region_counts import read_counts

Floats = npt.NDArray[np.float64]
GRADIENT = 1.3 * np.arange(8)[:, None] + 0.4 * np.arange(6)
KINDS = ((MapKind.DURATION, 0.5), (MapKind.DURATION, 0.8), (MapKind.RISE_TIME, None))


def wave(noise: float = 5.0) -> Floats:
    return movie(shape=(8, 6), shifts_ms=GRADIENT, noise=noise)


def mapped(frames: npt.NDArray[np.generic], preparation: Preparation) -> FieldMaps:
    return run_maps(recording_of(frames), MapSettings.of(preparation))


def activation(maps: FieldMaps) -> npt.NDArray[np.float32]:
    return maps.of(MapKind.ACTIVATION).values


def test_a_dropped_and_a_flashing_frame_are_repaired() -> None:
    sound = wave()
    faulty = sound.copy()
    faulty[173] = 0.0  # in the upstroke of the second beat
    faulty[300:302] += 8000.0
    repaired = mapped(faulty, Preparation(frame_repair=FrameRepair(3)))

    whole = mapped(sound, Preparation())
    np.testing.assert_allclose(activation(repaired), activation(whole), atol=0.5)
    np.testing.assert_allclose(
        repaired.of(MapKind.DURATION, 0.8).values, whole.of(MapKind.DURATION, 0.8).values, atol=1.0
    )
    spoilt = activation(mapped(faulty, Preparation()))
    assert not np.allclose(spoilt, activation(whole), atol=2.0, equal_nan=False)
    assert any("Of 480 frames" in note and "173" in note for note in repaired.notes)


def test_saturated_samples_are_repaired() -> None:
    counts = np.clip(np.round(wave()), 0, 65535).astype(np.uint16)
    whole = mapped(counts, Preparation())
    counts[200, 4, 3] = 65535
    repaired = mapped(counts, Preparation(frame_repair=FrameRepair(3)))

    assert mapped(counts, Preparation()).unmeasured_counts[Unmeasured.SATURATED] == 1
    assert repaired.measured_count == 48
    np.testing.assert_allclose(activation(repaired), activation(whole), atol=0.3)


def test_beats_that_touch_lost_frames_are_not_averaged() -> None:
    frames = wave()
    frames[185:205] = 0.0
    maps = mapped(frames, Preparation(frame_repair=FrameRepair(3)))

    assert 1 not in maps.beats
    assert any("touch lost frames" in note for note in maps.notes)


def test_the_cut_removes_a_stimulus_artefact() -> None:
    sound = wave()
    spoilt = sound.copy()
    spoilt[8:30] -= 9000.0
    cut = Preparation(cut_start_ms=31.0)
    np.testing.assert_allclose(activation(mapped(spoilt, cut)), activation(mapped(sound, cut)))
    durations = mapped(spoilt, cut).of(MapKind.DURATION, 0.8).values
    np.testing.assert_allclose(
        durations, mapped(sound, Preparation()).of(MapKind.DURATION, 0.8).values, atol=1.5
    )
    assert any("frames 31 to 479" in note for note in mapped(spoilt, cut).notes)


def test_a_smooth_baseline_follows_what_no_polynomial_does() -> None:
    wander = 600 * np.sin(np.arange(480) / 480 * 3)[:, None, None] ** 3
    smooth = Preparation(baseline=SmoothBaseline(time_scale_ms=200.0))
    expected = mapped(wave(), Preparation()).of(MapKind.DURATION, 0.8).values

    def error_ms(preparation: Preparation) -> float:
        durations = mapped(wave() + wander, preparation).of(MapKind.DURATION, 0.8).values
        return float(np.median(np.abs(durations - expected)))

    assert error_ms(smooth) < 0.5
    assert error_ms(smooth) < 0.5 * error_ms(Preparation())


@pytest.mark.parametrize(
    "preparation",
    [
        Preparation(),
        Preparation(spatial_median=3),
        Preparation(spatial_sigma=1.0),
        Preparation(spatial_median=3, spatial_mean=5, drift_order=3),
        Preparation(baseline=SmoothBaseline(time_scale_ms=500.0)),
        Preparation(temporal_filter=TemporalFilter(TemporalKind.GAUSSIAN, sigma_ms=2.0)),
        Preparation(temporal_filter=TemporalFilter(TemporalKind.BUTTERWORTH, cut_off_hz=120.0)),
        Preparation(temporal_filter=TemporalFilter(TemporalKind.MEDIAN, frames=5)),
        Preparation(cut_start_ms=20.0, cut_end_ms=470.0, frame_repair=FrameRepair(2)),
    ],
)
def test_a_pixel_is_measured_as_a_region_of_it(preparation: Preparation) -> None:
    # All pixels are alike but for their noise, so that the field's windows are the pixel's own.
    recording = recording_of(movie(shape=(9, 9), noise=15.0))
    maps = run_maps(recording, MapSettings.of(preparation))
    for row, column in ((4, 4), (0, 8), (6, 2)):
        roi = RectangularRoi(column, row, 1, 1)
        measures = measures_of(recording, roi, preparation, maps.beats)
        for kind, level in KINDS:
            name = {0.5: "apd50_ms", 0.8: "apd80_ms", None: "rise_time_ms"}[level]
            value = float(maps.of(kind, level).values[row, column])
            assert value == pytest.approx(getattr(measures, name).median, abs=0.4)
        snr = float(maps.of(MapKind.SNR).values[row, column])
        assert snr == pytest.approx(measures.snr.median, rel=0.05)


def measures_of(
    recording: Recording, roi: RectangularRoi, preparation: Preparation, beats: tuple[int, ...]
) -> RegionMeasures:
    """What a region gives, also one of a single pixel, from which no model could be fitted."""
    region = read_counts(recording, roi, preparation.measuring)
    signal = region_signal(recording, roi, preparation)
    return measure_region(
        region.counts,
        region.inside,
        frame_interval_ms=region.frame_interval_ms,
        polarity=signal.polarity,
        preparation=preparation,
        beats=signal.beats_from_start.only(beats),
    )


def test_filters_of_the_preparation_take_the_place_of_the_usual_ones() -> None:
    plain = MapSettings.of(Preparation())
    assert plain.preparation.spatial_mean == 3
    assert plain.is_beat_smoothed
    assert MapSettings.of(Preparation(spatial_mean=5)).preparation.spatial_mean == 5
    blurred = MapSettings.of(Preparation(spatial_sigma=1.0, temporal_filter=TemporalFilter()))
    assert blurred.preparation.spatial_mean == 1
    assert not blurred.is_beat_smoothed
    notes = run_maps(recording_of(wave()), blurred).notes
    assert any("Gaussian (sigma 1 pixels)" in note for note in notes)
    assert not any("averaged beat was" in note for note in notes)
    measured = prepare_region(
        recording_of(wave()), RectangularRoi(1, 1, 3, 3), blurred.preparation
    ).measures
    assert "after the preparation's filters in space" in measured.definitions
    assert "after its filter in time" in measured.definitions


def test_a_pixel_outside_the_mask_lends_no_light() -> None:
    frames = wave()
    frames[:, :, 3:] -= 15000.0
    usable = np.ones((8, 6), dtype=np.bool_)
    usable[:, 3:] = False
    maps = mapped(frames, Preparation(mask=Mask(usable, ())))

    assert maps.unmeasured_counts == {Unmeasured.MASKED: 24}
    rest = maps.of(MapKind.AMPLITUDE).values / maps.of(MapKind.RELATIVE_AMPLITUDE).values * 100
    np.testing.assert_allclose(rest[:, :3], 20000, rtol=0.01)


def test_a_mask_of_another_frame_is_refused() -> None:
    with pytest.raises(RecordingError, match="make it anew"):
        mapped(wave(), Preparation(mask=Mask.everything(3, 3)))


def test_settings_differ_whenever_the_maps_do() -> None:
    steps = (
        {"cut_start_ms": 20.0},
        {"cut_end_ms": 400.0},
        {"frame_repair": FrameRepair()},
        {"mask": Mask.everything(8, 6)},
        {"spatial_median": 3},
        {"spatial_mean": 5},
        {"spatial_sigma": 1.0},
        {"drift_order": 2},
        {"baseline": SmoothBaseline()},
        {"temporal_filter": TemporalFilter()},
        {"snr_limit": 4.0},
        {"cycle_length_ms": 130.0},
    )
    settings = [MapSettings.of(Preparation(**step)) for step in ({}, *steps)]  # type: ignore[arg-type]
    assert len(set(settings)) == len(settings)
    sequences_alone = Preparation(
        horizon_ms=100.0, normalisation=Normalisation.ROBUST, split=Split.ALL_PIXELS, seed=3
    )
    assert MapSettings.of(sequences_alone) == settings[0]


# --- real recordings --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "preparation",
    [
        Preparation(),
        Preparation(beat=None, spatial_median=3),
        Preparation(spatial_mean=3, temporal_filter=TemporalFilter()),
        Preparation(frame_repair=FrameRepair(), cut_start_ms=20.0, drift_order=0),
    ],
)
@real_durations
def test_real_durations_under_cleaning(
    shared_data: Path,
    name: str,
    row: int,
    apd50_ms: float,
    apd80_ms: float,
    tolerance_ms: float,
    preparation: Preparation,
) -> None:
    recording = open_recording(shared_data / name / "stack.tif")
    maps = run_maps(recording, MapSettings.of(preparation))
    for level, reference in ((0.5, apd50_ms), (0.8, apd80_ms)):
        inside = maps.of(MapKind.DURATION, level).values[row : row + 8, 2:10]
        assert float(np.nanmedian(inside)) == pytest.approx(reference, abs=tolerance_ms)
