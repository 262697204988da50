"""HybridModel and its network: start, bounds, layout of the weights."""

from __future__ import annotations

import pytest
import torch

from aphyn_gui.hybrid import HybridModel, NetworkShape, ResidualNetwork, TimeGrid
from aphyn_gui.physics import MITCHELL_SCHAEFFER, STIMULUS_PARAMETERS, Stimulus

VALUES = dict(
    zip(
        (*MITCHELL_SCHAEFFER.parameter_names, *(p.name for p in STIMULUS_PARAMETERS)),
        (*MITCHELL_SCHAEFFER.values(), *Stimulus().values),
        strict=True,
    )
)


def test_the_papers_network_has_465_weights() -> None:
    assert NetworkShape(8, 3).weight_count == 465


def test_layers_cover_the_weights_without_gap_or_overlap() -> None:
    for shape in (NetworkShape(), NetworkShape(1, 1), NetworkShape(5, 4)):
        covered = []
        for layer in shape.layers:
            covered += range(layer.weight, layer.bias)
            covered += range(layer.bias, layer.bias + layer.outputs)
        assert covered == list(range(shape.weight_count))


def test_a_new_network_is_silent_but_learns() -> None:
    network = ResidualNetwork(NetworkShape(), 1e-4, seed=0)
    v, h = torch.rand(100), torch.rand(100)
    rate = network(v, h)
    assert rate.abs().max() < 1e-3
    rate.sum().backward()
    assert network.weights.grad.abs().max() > 1


def test_the_start_depends_on_the_seed_alone() -> None:
    one, same, other = (
        ResidualNetwork(NetworkShape(), 1e-4, seed=seed).weights for seed in (1, 1, 2)
    )
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_hidden_layers_start_orthogonal() -> None:
    network = ResidualNetwork(NetworkShape(), 1e-4, seed=3, dtype=torch.float64)
    layer = network.shape.layers[1]
    matrix = network.weights[layer.weight : layer.bias].detach().view(layer.outputs, layer.inputs)
    torch.testing.assert_close(matrix @ matrix.T, torch.eye(8, dtype=torch.float64))


def test_learned_parameters_stay_inside_their_bounds() -> None:
    bounds = {"tau_in": (0.1, 3.0), "tau_close": (2.0, 1000.0)}
    model = HybridModel(MITCHELL_SCHAEFFER, VALUES, bounds, None)
    with torch.no_grad():
        model.free += torch.tensor([100.0, -100.0])
    model.keep_inside_bounds()
    assert model.parameter_values["tau_in"] == pytest.approx(3.0, rel=1e-6)
    assert model.parameter_values["tau_close"] == pytest.approx(2.0, rel=1e-6)


def test_parameters_that_may_be_negative_are_learned_as_they_are() -> None:
    bounds = {"stimulus_onset": (-5.0, 10.0)}
    model = HybridModel(MITCHELL_SCHAEFFER, {**VALUES, "stimulus_onset": -1.5}, bounds, None)
    assert model.free.tolist() == [-1.5]
    assert model.parameter_values["stimulus_onset"] == -1.5


def test_fixed_parameters_get_no_gradient_and_do_not_move() -> None:
    model = HybridModel(MITCHELL_SCHAEFFER, VALUES, {"tau_out": (0.5, 60.0)}, None)
    observed = model(torch.tensor([[0.0, 1.0]]), TimeGrid.covering(5, 2.0, 0.1))
    observed.voltage.sum().backward()
    assert [parameter.numel() for parameter in model.parameters()] == [1]
    assert model.parameter_values == pytest.approx(VALUES)


def test_the_state_returns_from_a_state_dict() -> None:
    bounds = {"tau_in": (0.1, 3.0)}
    network = ResidualNetwork(NetworkShape(2, 1), 1.0, seed=0)
    model = HybridModel(MITCHELL_SCHAEFFER, VALUES, bounds, network)
    with torch.no_grad():
        model.free += 0.3
    other = HybridModel(
        MITCHELL_SCHAEFFER, VALUES, bounds, ResidualNetwork(NetworkShape(2, 1), 1.0, seed=9)
    )
    other.load_state_dict(model.state_dict())
    assert other.parameter_values == model.parameter_values
    assert torch.equal(other.network.weights, model.network.weights)
