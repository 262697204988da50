"""Maps of parameters: the taus that a recording was made with, flags, reasons and progress."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch

from aphyn_gui.fitting import RECOMMENDED
from aphyn_gui.hybrid import TimeGrid, TrajectoryProblem, observe
from aphyn_gui.physics import MITCHELL_SCHAEFFER_SMOOTH
from aphyn_gui.recording import (
    FieldCounts,
    MapKind,
    MapSettings,
    Mask,
    Normalisation,
    Preparation,
    Recording,
    RecordingError,
    RectangularRoi,
    cut_sequences,
    field_timing,
    open_recording,
    potentials_of,
    run_maps,
)
from aphyn_gui.study.field_fit import PixelFitter, run_field_fit
from aphyn_gui.study.map_choice import (
    RESIDUAL,
    MapChoice,
    MapSource,
    fitted_choices,
    fitted_map,
    why_unfitted,
)

ROWS, COLUMNS = 8, 10
CYCLE, BEATS, BEFORE = 360, 3, 60
TAUS = ("tau_in", "tau_out", "tau_close")
PREPARATION = Preparation(beat=1, drift_order=0, horizon_ms=300.0)


def true_taus() -> npt.NDArray[np.float64]:
    """tau_out grows with the row, tau_close with the column, shape (3, rows, columns)."""
    row, column = np.mgrid[:ROWS, :COLUMNS]
    return np.stack((np.full(row.shape, 0.3), 5.0 + 0.3 * row, 90.0 + 4.0 * column))


def counts(noise: float = 2.0, seed: int = 0) -> npt.NDArray[np.float64]:
    """Counts of pixels that obey the model, one row later than the other by 0.7 ms."""
    model = MITCHELL_SCHAEFFER_SMOOTH
    problem = TrajectoryProblem(model, None, TimeGrid(0.1, 10, CYCLE))
    values = dict(zip(problem.physical_names, (*model.values(), 0.2, 4.0, 0.0), strict=True))
    physical = torch.tensor([list(values.values())], dtype=torch.float64)
    physical = physical.repeat(ROWS * COLUMNS, 1)
    for name, taus in zip(TAUS, true_taus(), strict=True):
        physical[:, problem.physical_names.index(name)] = torch.from_numpy(taus.ravel())
    rest = torch.tensor([[0.0, 1.0]], dtype=torch.float64).repeat(ROWS * COLUMNS, 1)
    beat = observe(problem, physical, None, rest).voltage.numpy()
    train = np.tile(beat, BEATS)
    time = np.arange(BEFORE + train.shape[1], dtype=np.float64)
    frames = np.zeros((time.size, ROWS, COLUMNS))
    for pixel, trace in enumerate(train):
        row, column = divmod(pixel, COLUMNS)
        late = np.interp(time - BEFORE - 0.7 * row, np.arange(trace.size), trace, left=0.0)
        frames[:, row, column] = 20000 - 1000 * late
    return frames + np.random.default_rng(seed).normal(scale=noise, size=frames.shape)


def recording_of(frames: npt.NDArray[np.float64]) -> Recording:
    return Recording(frames, path=Path("field.npy"), format_name="test", frame_interval_ms=1.0)


@pytest.fixture(scope="module")
def fitter() -> PixelFitter:
    return PixelFitter(recording_of(counts()), PREPARATION, RECOMMENDED)


def test_the_taus_of_the_field_are_found(fitter) -> None:
    steps = list(fitter.fit_field())
    fit = steps[-1].partial
    assert fit.names == TAUS
    assert fit.units == ("ms", "ms", "ms")
    assert fit.fitted_count == ROWS * COLUMNS
    for name, truth in zip(TAUS[1:], true_taus()[1:], strict=True):
        found, _ = fit.of(name)
        np.testing.assert_allclose(found, truth, rtol=0.15)
        assert np.corrcoef(found.ravel(), truth.ravel())[0, 1] > 0.9
    assert np.median(fit.residual) < 0.02
    assert [step.fraction for step in steps] == sorted(step.fraction for step in steps)
    assert steps[-1].fraction == 1
    assert steps[-1].pixels_per_s > 0


def test_a_pixel_on_its_own_is_fitted_as_on_the_map(fitter) -> None:
    *_, last = fitter.fit_field()
    alone = fitter.fit_pixel(3, 4)
    for name in TAUS:
        assert alone.values[name] == pytest.approx(float(last.partial.of(name)[0][3, 4]), rel=0.01)
    assert alone.residual == pytest.approx(float(last.partial.residual[3, 4]), rel=0.02)
    model = np.interp(alone.time_ms, alone.model_time_ms, alone.model)
    assert np.sqrt(np.mean((model - alone.measured) ** 2)) == pytest.approx(
        alone.residual, rel=0.05
    )


def test_a_pixel_of_the_map_is_recalled(fitter) -> None:
    *_, last = fitter.fit_field()
    recalled = fitter.recall(3, 4, last.partial)
    alone = fitter.fit_pixel(3, 4)
    assert recalled.values["tau_close"] == last.partial.of("tau_close")[0][3, 4]
    np.testing.assert_array_equal(recalled.measured, alone.measured)
    np.testing.assert_allclose(recalled.model, alone.model, atol=0.02)


def test_the_mean_over_a_region_is_fitted(fitter) -> None:
    fit = fitter.fit_mean(RectangularRoi(4, 2, 3, 3))
    truth = true_taus()[2, 2:5, 4:7].mean()
    assert fit.values["tau_close"] == pytest.approx(truth, rel=0.12)


@pytest.mark.parametrize(
    "preparation",
    [
        PREPARATION,
        Preparation(beat=None, normalisation=Normalisation.ROBUST, horizon_ms=300.0),
        Preparation(beat=0, spatial_mean=3, drift_order=2, horizon_ms=300.0),
    ],
)
def test_pixels_are_prepared_as_those_of_regions(preparation) -> None:
    recording = recording_of(counts(noise=10.0))
    roi = RectangularRoi(2, 2, 4, 4)
    region = cut_sequences(recording, roi, preparation)
    timing = field_timing(FieldCounts(recording, preparation))
    found = potentials_of(recording, roi, preparation, timing)
    assert found.usable.all()
    samples = min(found.voltages.shape[1], region.voltages.shape[1])
    assert samples >= 300
    difference = found.voltages[:, :samples] - region.voltages[:, :samples]
    # The foot is that of the field, not of the region.
    assert np.sqrt(np.mean(difference**2)) < 0.02


def test_pixels_without_a_potential_say_why() -> None:
    frames = counts(noise=5.0)
    frames[5, 0, 0] = np.nan
    frames[:, 0, 1] = 700.0
    frames[:, 0, 2] = 20000 + np.random.default_rng(1).normal(scale=100.0, size=len(frames))
    usable = np.ones((ROWS, COLUMNS), dtype=np.bool_)
    usable[7] = False
    preparation = Preparation(
        beat=1, drift_order=0, horizon_ms=300.0, mask=Mask(usable, ("by hand",))
    )
    fit = run_field_fit(recording_of(frames), preparation, RECOMMENDED)
    assert fit.fitted_count == ROWS * COLUMNS - 3 - COLUMNS
    assert "not numbers" in why_unfitted(fit, 0, 0)
    assert "flat" in why_unfitted(fit, 0, 1)
    assert "signal-to-noise" in why_unfitted(fit, 0, 2)
    assert "mask" in why_unfitted(fit, 7, 3)
    assert why_unfitted(fit, 3, 3) == ""
    assert np.isnan(fit.of("tau_in")[0][0, 0])
    assert not fit.flagged[0, 0]


def test_a_window_that_ends_early_is_flagged() -> None:
    recording = recording_of(counts())
    maps = run_maps(recording, MapSettings.of(PREPARATION))
    durations = maps.of(MapKind.DURATION, 0.8).values
    horizon = float(np.median(durations))
    fit = run_field_fit(recording, replace(PREPARATION, horizon_ms=horizon), RECOMMENDED)
    assert fit.ends_early[durations > horizon + 10].all()
    assert not fit.ends_early[durations < horizon - 15].any()
    assert 0.2 < fit.ends_early.mean() < 0.8
    assert fit.flagged[fit.ends_early].all()
    row, column = np.argwhere(fit.ends_early)[-1]
    assert "the window ends before repolarisation" in fit.flags_at(row, column)
    shown = fitted_map(fit, MapChoice(MapSource.FITTED, "tau_close"))
    assert shown.flagged[row, column]
    assert f"{fit.ends_early.sum()} the window ends before repolarisation" in shown.definition


@pytest.mark.parametrize("noise", [20.0, 100.0, 200.0])
def test_noise_does_not_end_a_window_early(noise: float) -> None:
    recording = recording_of(counts(noise=noise))
    whole = RectangularRoi(0, 0, COLUMNS, ROWS)
    timing = field_timing(FieldCounts(recording, PREPARATION))
    found = potentials_of(recording, whole, PREPARATION, timing)
    assert np.abs(np.median(found.left_at_end)) < 0.1
    assert (found.left_at_end < 0.2).mean() > 0.97


def test_a_window_that_ends_early_is_said_of_a_pixel() -> None:
    early = PixelFitter(
        recording_of(counts()), replace(PREPARATION, horizon_ms=60.0), RECOMMENDED
    ).fit_pixel(3, 9)
    assert "the window ends before repolarisation" in early.flags


def test_a_whole_action_potential_is_not_flagged(fitter) -> None:
    *_, last = fitter.fit_field()
    assert not last.partial.ends_early.any()
    assert fitter.fit_pixel(3, 4).flags == last.partial.flags_at(3, 4)


def test_the_shared_stimulus_is_stated_as_an_assumption(fitter) -> None:
    *_, last = fitter.fit_field()
    shown = fitted_map(last.partial, MapChoice(MapSource.FITTED, "tau_in"))
    assert "an assumption" in shown.definition
    amplitude = fitter.shared["stimulus_amplitude"]
    assert f"from the tissue's mean: stimulus amplitude {amplitude:.3g} 1/ms" in shown.definition


def test_closing_cancels(fitter) -> None:
    steps = fitter.fit_field()
    next(steps)
    steps.close()
    assert list(steps) == []


def test_a_field_without_beats_is_refused() -> None:
    noise = np.random.default_rng(0).normal(1000.0, 10.0, (500, 4, 4))
    with pytest.raises(RecordingError, match="field of view: no beats"):
        PixelFitter(recording_of(noise), Preparation(), RECOMMENDED)
    with pytest.raises(RecordingError, match="no pixel"):
        PixelFitter(recording_of(np.full((500, 4, 4), 7.0)), Preparation(), RECOMMENDED)


def test_maps_are_chosen_by_name(fitter) -> None:
    *_, last = fitter.fit_field()
    names = [choice.kind for choice in fitted_choices(last.partial.names)]
    assert names == [*TAUS, RESIDUAL]
    shown = fitted_map(last.partial, MapChoice(MapSource.FITTED, "tau_close"))
    assert shown.label == "tau_close (ms)"
    low, high = shown.automatic_limits
    assert 80 < low < high < 150
    with pytest.raises(ValueError, match="tuple"):
        fitted_map(last.partial, MapChoice(MapSource.FITTED, "tau_unknown"))


# --- real recordings --------------------------------------------------------------------------


def test_a_real_recording_gives_maps(shared_data: Path) -> None:
    recording = open_recording(shared_data / "cosmas_controlV" / "stack.tif")
    fit = run_field_fit(recording, Preparation(beat=None, spatial_mean=3), RECOMMENDED)
    assert fit.fitted_count > 1000
    assert (~fit.flagged & (fit.left_out < 0)).sum() > 800
    assert fit.ends_early.mean() < 0.05
    # Those of a pixel are those of its neighbours, mostly.
    close, _ = fit.of("tau_out")
    steps = np.abs(np.diff(close, axis=1))
    assert np.nanmedian(steps) < 0.1 * np.nanmedian(close)
