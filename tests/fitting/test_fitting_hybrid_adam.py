"""Adam's epochs against the loss as the paper writes it, differentiated by torch."""

from __future__ import annotations

import copy
import dataclasses
import math

import pytest
import torch
from simulated import STIMULUS, TRUTH, noisy_sequences

from aphyn_gui.fitting.hybrid_adam import AdamTraining
from aphyn_gui.fitting.protocol import InitialVoltage
from aphyn_gui.fitting.training_data import TrainingData
from aphyn_gui.hybrid import HybridModel, NetworkShape, ResidualNetwork, TimeGrid, physical_names
from aphyn_gui.physics import MITCHELL_SCHAEFFER_SMOOTH, STIMULUS_PARAMETERS

LAMBDA, GROWTH, RATE = 3.0, 10.0, 1e-3
BOUNDS = {"tau_in": (0.1, 1.0), "tau_close": (50.0, 300.0)}
SAMPLES, INTERVAL_MS = 60, 3.7
GRID = TimeGrid.covering(SAMPLES, INTERVAL_MS, 0.1)


def make_model() -> HybridModel:
    stimulus = dict(zip((p.name for p in STIMULUS_PARAMETERS), STIMULUS, strict=True))
    known = {p.name: p.default for p in MITCHELL_SCHAEFFER_SMOOTH.parameters} | TRUTH | stimulus
    values = {name: known[name] for name in physical_names(MITCHELL_SCHAEFFER_SMOOTH)}
    network = ResidualNetwork(NetworkShape(8, 3), 0.1, seed=1)
    return HybridModel(MITCHELL_SCHAEFFER_SMOOTH, values, BOUNDS, network)


@pytest.fixture
def data() -> TrainingData:
    sequences = noisy_sequences(samples=SAMPLES, interval_ms=INTERVAL_MS)
    return TrainingData.of(sequences, InitialVoltage.MEASURED, 1.0)


def training_of(model: HybridModel, data: TrainingData) -> AdamTraining:
    return AdamTraining(
        model, data, GRID, learning_rate=RATE, lambda_=LAMBDA, lambda_growth=GROWTH
    )  # fmt: skip


def test_an_epoch_is_adams_step_on_the_papers_loss(data: TrainingData) -> None:
    model = make_model()
    plain = copy.deepcopy(model)
    adam = torch.optim.Adam(plain.parameters(), lr=RATE)
    training = training_of(model, data)
    lambda_ = LAMBDA
    for _ in range(3):
        values = plain.parameter_values
        adam.zero_grad()
        observed = plain(data.training_initial, GRID)
        training_mse = (observed.voltage - data.training).square().mean()
        mean_square = observed.squared_network.mean()
        (lambda_ * training_mse + mean_square).backward()
        adam.step()
        with torch.no_grad():
            checked = copy.deepcopy(model)(data.validation_initial, GRID).voltage
        validation_mse = float((checked - data.validation).square().mean())

        epoch = training.epoch()

        assert epoch is not None
        assert epoch.values == pytest.approx(values, rel=1e-6)
        assert epoch.errors.training_mse == pytest.approx(training_mse.item(), rel=1e-5)
        assert epoch.errors.validation_mse == pytest.approx(validation_mse, rel=1e-5)
        assert epoch.mean_square_f_dl == pytest.approx(mean_square.item(), rel=1e-5)
        assert epoch.lambda_ == pytest.approx(lambda_, rel=1e-6)
        for ours, theirs in zip(model.parameters(), plain.parameters(), strict=True):
            assert ours.grad is not None
            assert theirs.grad is not None
            scale = theirs.grad.abs().max()
            torch.testing.assert_close(ours.grad / scale, theirs.grad / scale, atol=1e-4, rtol=0)
            torch.testing.assert_close(ours.detach(), theirs.detach(), atol=0.02 * RATE, rtol=0)
        lambda_ += GROWTH * training_mse.item()


def test_learned_parameters_stay_inside_their_bounds(data: TrainingData) -> None:
    model = make_model()
    training = AdamTraining(
        model, data, GRID, learning_rate=2.0, lambda_=LAMBDA, lambda_growth=0.0
    )  # fmt: skip
    assert training.epoch() is not None
    # A step of Adam's is as long as its rate: e^2 times up or down leaves the bounds.
    lower, upper = BOUNDS["tau_in"]
    assert model.parameter_values["tau_in"] in (pytest.approx(lower), pytest.approx(upper))


def test_an_epoch_that_finds_no_number_puts_the_model_back(data: TrainingData) -> None:
    model = make_model()
    training = training_of(model, data)
    start = {name: value.clone() for name, value in model.state_dict().items()}
    assert training.epoch() is not None
    with torch.no_grad():
        model.free.fill_(float("nan"))

    assert training.epoch() is None

    for name, value in model.state_dict().items():
        assert torch.equal(value, start[name]), name
    assert training.epoch() is not None


def test_a_last_step_without_finite_trajectories_is_taken_back(data: TrainingData) -> None:
    model = make_model()
    training = training_of(model, data)
    start = model.free.detach().clone()
    assert training.epoch() is not None
    with torch.no_grad():
        model.free.fill_(float("nan"))

    assert not training.settle()

    torch.testing.assert_close(model.free.detach(), start)


def test_without_validation_sequences_their_error_is_no_number(data: TrainingData) -> None:
    alone = dataclasses.replace(
        data, validation=data.validation[:0], validation_initial=data.validation_initial[:0]
    )
    epoch = training_of(make_model(), alone).epoch()
    assert epoch is not None
    assert math.isnan(epoch.errors.validation_mse)
