"""A network that sees v alone: the weights of h are zero, whoever trains it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from simulated import noisy_sequences

from aphyn_gui.draining import drained
from aphyn_gui.fitting import EX_VIVO, RECOMMENDED, Fit, NetworkSettings, Protocol, fit
from aphyn_gui.hybrid import NetworkShape, ResidualNetwork
from aphyn_gui.physics import Stimulus

# With a stimulus that does not suit the data the network has work to do.
LEAST_SQUARES = RECOMMENDED.with_changes(stimulus=Stimulus(), learn_stimulus=False, epochs=60)
ADAM = EX_VIVO.with_changes(epochs=10)


def trained(protocol: Protocol, sees_gate: bool) -> Fit:
    network = NetworkSettings(features=4, blocks=2, sees_gate=sees_gate)
    return drained(fit(noisy_sequences(0.02), protocol.with_changes(network=network)))


@pytest.mark.parametrize("protocol", [LEAST_SQUARES, ADAM], ids=["least-squares", "adam"])
def test_weights_of_the_gate_stay_zero_and_the_others_are_trained(protocol: Protocol) -> None:
    result = trained(protocol, sees_gate=False)
    first = NetworkShape(4, 2).layers[0]
    weights = result.network_weights["weights"]
    start = ResidualNetwork(NetworkShape(4, 2), 1e-4, result.protocol.seed, sees_gate=False)
    by_input = weights[first.weight : first.bias].reshape(4, 2)
    np.testing.assert_array_equal(by_input[:, 1], 0)
    assert (by_input[:, 0] != start.weights.detach().numpy()[first.weight : first.bias : 2]).all()
    assert result.mean_square_f_dl > 0


@pytest.mark.parametrize("protocol", [LEAST_SQUARES, ADAM], ids=["least-squares", "adam"])
def test_a_network_that_sees_the_gate_uses_it(protocol: Protocol) -> None:
    result = trained(protocol, sees_gate=True)
    first = NetworkShape(4, 2).layers[0]
    weights = result.network_weights["weights"]
    assert weights[first.weight + 1 : first.bias : 2].all()


def test_its_field_does_not_depend_on_the_gate() -> None:
    network = ResidualNetwork(NetworkShape(), 1.0, seed=3, sees_gate=False)
    v = torch.linspace(0, 1, 7)
    assert torch.equal(network(v, torch.zeros(7)), network(v, torch.ones(7)))
    assert network(v, v).std() > 0.01
