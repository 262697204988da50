"""Derivatives of one trajectory by everything, against finite differences."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from aphyn_gui.hybrid import (
    HybridModel,
    Integrator,
    NetworkShape,
    ResidualNetwork,
    TimeGrid,
    physical_names,
    simulate,
)
from aphyn_gui.hybrid.path_derivatives import path_derivatives
from aphyn_gui.hybrid.residual_network import network_rate
from aphyn_gui.physics import MITCHELL_SCHAEFFER_SMOOTH, MODELS, IonicModel, Stimulus

INITIAL = torch.tensor([[0.02, 1.0]], dtype=torch.float64)
GRID = TimeGrid.covering(5, 4.0, 0.1)
STEP = 1e-6


def hybrid(model: IonicModel) -> HybridModel:
    stimulus = Stimulus(0.3, 3.03, 0.21).values
    values = dict(zip(physical_names(model), (*model.values(), *stimulus), strict=True))
    network = ResidualNetwork(NetworkShape(4, 2), 0.05, 0, torch.float64)
    return HybridModel(model, values, {}, network, torch.float64)


def observations(model: HybridModel, physical: torch.Tensor, weights: torch.Tensor, integrator):
    initial = INITIAL.clone()
    initial[0, 1] = model.model.resting_gate
    run = simulate(model.problem(GRID, integrator), physical, weights, initial)
    return run.voltage[0, :: GRID.steps_per_sample].numpy(), run


def central_difference(function, vector: torch.Tensor, position: int) -> np.ndarray:
    results = []
    for sign in (1, -1):
        moved = vector.clone()
        moved[position] += sign * STEP
        results.append(np.asarray(function(moved)))
    return (results[0] - results[1]) / (2 * STEP)


@pytest.mark.parametrize("integrator", Integrator)
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_observations_by_weights_and_parameters(model, integrator) -> None:
    module = hybrid(model)
    physical, weights = module.physical.detach(), module.network.weights.detach()
    initial = INITIAL.clone()
    initial[0, 1] = model.resting_gate
    nothing = np.zeros((0, GRID.step_count))
    found = path_derivatives(module, initial, GRID, integrator, nothing)
    for position in range(0, len(weights), 7):
        expected = central_difference(
            lambda w: observations(module, physical, w, integrator)[0], weights, position
        )
        np.testing.assert_allclose(found.by_weight[:, position], expected, rtol=1e-4, atol=1e-5)
    for position in range(len(physical)):
        expected = central_difference(
            lambda p: observations(module, p, weights, integrator)[0], physical, position
        )
        np.testing.assert_allclose(found.by_parameter[:, position], expected, rtol=1e-4, atol=1e-6)


def test_weighted_sums_of_the_network_by_everything() -> None:
    module = hybrid(MITCHELL_SCHAEFFER_SMOOTH)
    physical, weights = module.physical.detach(), module.network.weights.detach()
    rows = np.random.default_rng(0).normal(size=(3, GRID.step_count))
    found = path_derivatives(module, INITIAL, GRID, Integrator.EULER, rows)

    def sums(physical: torch.Tensor, weights: torch.Tensor) -> np.ndarray:
        _, run = observations(module, physical, weights, Integrator.EULER)
        shape = module.network.shape
        rate = network_rate(shape, weights, run.voltage[0, :-1], run.gate[0, :-1])
        return rows @ rate.numpy()

    for position in range(0, len(weights), 5):
        expected = central_difference(lambda w: sums(physical, w), weights, position)
        np.testing.assert_allclose(
            found.products_by_weight[:, position], expected, rtol=1e-3, atol=1e-3
        )
    for position in range(len(physical)):
        expected = central_difference(lambda p: sums(p, weights), physical, position)
        np.testing.assert_allclose(
            found.products_by_parameter[:, position], expected, rtol=1e-3, atol=1e-4
        )


def test_the_gates_parameter_acts_through_the_gate() -> None:
    """tau_close does not appear in dv/dt; along the path it changes h, and so dv/dt."""
    module = hybrid(MITCHELL_SCHAEFFER_SMOOTH)
    nothing = np.zeros((0, GRID.step_count))
    found = path_derivatives(module, INITIAL, GRID, Integrator.EULER, nothing)
    names = physical_names(MITCHELL_SCHAEFFER_SMOOTH)
    run = module.simulate(INITIAL, GRID)
    v, h = run.voltage[0].numpy(), run.gate[0].numpy()

    def rates_along_v(tau_close: float) -> np.ndarray:
        gate = float(INITIAL[0, 1])
        above = module.parameter_values["v_gate"] + 0.04
        rates = []
        for potential in v[:-1]:
            rates.append(gate * potential**2 * (1 - potential) / 0.3 - potential / 6.0)
            opened = (1 - gate) / 120.0 if potential < above else -gate / tau_close
            gate += GRID.time_step_ms * opened
        return np.array(rates)

    fast = v[:-1] > 0.2
    expected = (rates_along_v(150.01) - rates_along_v(149.99)) / 0.02
    slope = found.physics_slopes[:, names.index("tau_close")]
    assert np.abs(slope[:3]).max() < 1e-9
    assert np.corrcoef(slope[fast], expected[fast])[0, 1] > 0.999
    assert h[-1] < h[0]
