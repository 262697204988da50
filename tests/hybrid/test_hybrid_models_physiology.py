"""What each ionic model does when it is stimulated, left alone, or pushed to its bounds."""

from __future__ import annotations

import pytest
import torch

from aphyn_gui.hybrid import TimeGrid, TrajectoryProblem, simulate
from aphyn_gui.physics import (
    ALIEV_PANFILOV,
    FITZHUGH_NAGUMO,
    MITCHELL_SCHAEFFER,
    MITCHELL_SCHAEFFER_SMOOTH,
    MODELS,
    MODIFIED_MITCHELL_SCHAEFFER,
    IonicModel,
    Stimulus,
)

FIRING = Stimulus(0.3, 3.0)
TIME_STEP_MS = 0.1

APD90_MS = {
    MITCHELL_SCHAEFFER: 287,
    MITCHELL_SCHAEFFER_SMOOTH: 287,
    MODIFIED_MITCHELL_SCHAEFFER: 277,
    ALIEV_PANFILOV: 404,
    FITZHUGH_NAGUMO: 254,
}
"""Time from the upstroke through 0.1 to the fall through 0.1, at default parameters."""

SUBTHRESHOLD = {
    MITCHELL_SCHAEFFER: 0.015,
    MITCHELL_SCHAEFFER_SMOOTH: 0.015,
    MODIFIED_MITCHELL_SCHAEFFER: 0.04,
    ALIEV_PANFILOV: 0.003,
    FITZHUGH_NAGUMO: 0.03,
}
"""Amplitude of a 3 ms stimulus that lifts v to most of the threshold, 1/ms."""

by_name = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)


def voltages(
    model: IonicModel, values: list[tuple[float, ...]], stimulus: Stimulus, duration_ms: int
) -> torch.Tensor:
    """v at every step, one row for each set of parameters, from rest."""
    physical = torch.tensor([[*row, *stimulus.values] for row in values], dtype=torch.float64)
    rest = torch.tensor([[0.0, model.resting_gate]], dtype=torch.float64).repeat(len(values), 1)
    grid = TimeGrid(TIME_STEP_MS, 10, duration_ms + 1)
    return simulate(TrajectoryProblem(model, None, grid), physical, None, rest).voltage


def sampled_values(model: IonicModel, count: int) -> torch.Tensor:
    """Parameters within the bounds: half of them corners, half spread evenly in the logarithm."""
    bounds = torch.tensor([[p.lower, p.upper] for p in model.parameters], dtype=torch.float64)
    place = torch.rand(
        count, len(bounds), dtype=torch.float64, generator=torch.Generator().manual_seed(0)
    )
    place[::2] = place[::2].round()
    lower, upper = bounds.log().unbind(-1)
    return (lower + place * (upper - lower)).exp()


def duration_above(voltage: torch.Tensor, level: float) -> float:
    return float((voltage > level).sum()) * TIME_STEP_MS


@by_name
def test_a_stimulus_starts_one_action_potential(model: IonicModel) -> None:
    (voltage,) = voltages(model, [model.values()], FIRING, 800)
    assert 0.8 < voltage.max() < 1.1
    plateau = voltage[round(APD90_MS[model] / 3 / TIME_STEP_MS)]
    assert 0.8 < plateau < 1.0
    assert duration_above(voltage, 0.1) == pytest.approx(APD90_MS[model], abs=2)
    assert voltage[-1].abs() < 0.15
    if model is not FITZHUGH_NAGUMO:
        assert voltage.min() >= 0
    assert int((voltage.diff() > 0).diff().count_nonzero()) <= 4, "v neither rings nor steps"


@by_name
def test_too_weak_a_stimulus_does_not_fire(model: IonicModel) -> None:
    weak = Stimulus(SUBTHRESHOLD[model], 3.0)
    (voltage,) = voltages(model, [model.values()], weak, 600)
    assert voltage.max() < 3.01 * SUBTHRESHOLD[model]
    assert voltage[-1].abs() < 0.01
    firing = Stimulus(10 * SUBTHRESHOLD[model], 3.0)
    assert voltages(model, [model.values()], firing, 300).max() > 0.8


@by_name
def test_a_cell_at_rest_stays_there(model: IonicModel) -> None:
    (voltage,) = voltages(model, [model.values()], Stimulus(0.0), 3000)
    assert voltage.abs().max() < 1e-9


@by_name
def test_no_parameters_within_the_bounds_make_euler_explode(model: IonicModel) -> None:
    voltage = voltages(model, sampled_values(model, 128).tolist(), FIRING, 600)
    assert voltage.isfinite().all()
    assert voltage.min() > -0.6
    assert voltage.max() < 1.2


def test_the_modified_model_fires_once_where_the_gate_lies_below_the_threshold() -> None:
    model = MODIFIED_MITCHELL_SCHAEFFER
    names = list(model.parameter_names)
    values = sampled_values(model, 128)
    gate, threshold = names.index("v_gate"), names.index("v_crit")
    values = values[values[:, gate] <= values[:, threshold]]
    assert len(values) > 30
    voltage = voltages(model, values.tolist(), FIRING, 3000)
    upstrokes = ((voltage[:, :-1] < 0.5) & (voltage[:, 1:] >= 0.5)).sum(-1)
    assert upstrokes.max() == 1
    assert voltage[:, -1].abs().max() < 0.05


@pytest.mark.parametrize(
    ("model", "lengthening", "shortening"),
    [
        (MODIFIED_MITCHELL_SCHAEFFER, ("tau_out", "tau_close"), ("tau_in", "v_crit")),
        (ALIEV_PANFILOV, ("time_unit",), ("k", "b", "mu1", "epsilon")),
        (FITZHUGH_NAGUMO, ("gamma",), ("v_threshold", "epsilon")),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_parameters_change_the_duration_as_their_meaning_says(
    model: IonicModel, lengthening: tuple[str, ...], shortening: tuple[str, ...]
) -> None:
    names = (*lengthening, *shortening)
    changed = [model.values({name: 1.2 * model.parameter(name).default}) for name in names]
    before, *after = voltages(model, [model.values(), *changed], FIRING, 800)
    for name, voltage in zip(names, after, strict=True):
        change = duration_above(voltage, 0.1) - duration_above(before, 0.1)
        assert (change > 1) if name in lengthening else (change < -1), (name, change)


def test_aliev_panfilov_shows_only_ratios_of_its_time_unit() -> None:
    defaults = dict(zip(ALIEV_PANFILOV.parameter_names, ALIEV_PANFILOV.values(), strict=True))
    scaled = {name: 1.5 * defaults[name] for name in ("k", "epsilon", "time_unit")}
    rows = [ALIEV_PANFILOV.values(), ALIEV_PANFILOV.values(scaled)]
    one, other = voltages(ALIEV_PANFILOV, rows, FIRING, 600)
    torch.testing.assert_close(one, other, rtol=0, atol=1e-10)
