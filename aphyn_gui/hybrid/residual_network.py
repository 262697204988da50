"""F_dl: a small residual network on (v, h) that corrects dv/dt."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor, nn


class Layer(NamedTuple):
    """One affine layer inside a flat weight vector.

    Parameters
    ----------
    name : str
        "input", "block1.first", "block1.second", ..., "output".
    inputs, outputs : int
        Width before and after.
    weight : int
        Position of its first weight; the matrix follows row by row (outputs x inputs).
    bias : int
        Position of its first bias.
    """

    name: str
    inputs: int
    outputs: int
    weight: int
    bias: int


@dataclass(frozen=True, slots=True)
class NetworkShape:
    """Width and depth of the network.

    Parameters
    ----------
    features : int
        Width of every hidden layer.
    blocks : int
        Number of residual blocks.

    Notes
    -----
    z = W_in (v, h) + b_in; in each block z = z + W_2 s(W_1 z + b_1) + b_2; n = w_out z + b_out,
    with the sigmoid s(x) = x / sqrt(1 + x^2), which needs no exponential. With 8 features and 3
    blocks, 465 weights (Kashtanova et al., STACOM 2022).
    """

    features: int = 8
    blocks: int = 3

    @property
    def layers(self) -> tuple[Layer, ...]:
        """All layers, in the order of the flat weight vector."""
        return _layers(self.features, self.blocks)

    @property
    def weight_count(self) -> int:
        """Length of the flat weight vector."""
        last = self.layers[-1]
        return last.bias + last.outputs


@lru_cache(maxsize=64)
def _layers(features: int, blocks: int) -> tuple[Layer, ...]:
    widths = [("input", 2, features)]
    for block in range(1, blocks + 1):
        widths.append((f"block{block}.first", features, features))
        widths.append((f"block{block}.second", features, features))
    widths.append(("output", features, 1))
    layers = []
    position = 0
    for name, inputs, outputs in widths:
        layers.append(Layer(name, inputs, outputs, position, position + inputs * outputs))
        position += (inputs + 1) * outputs
    return tuple(layers)


def network_rate(shape: NetworkShape, weights: Tensor, v: Tensor, h: Tensor) -> Tensor:
    """F_dl at given states.

    Parameters
    ----------
    shape : NetworkShape
        Width and depth.
    weights : Tensor, shape (weight_count,)
        Flat weights.
    v, h : Tensor, any one shape
        States, dimensionless.

    Returns
    -------
    Tensor, the shape of ``v``
        Contribution to dv/dt, 1/ms.
    """
    first, *hidden, last = shape.layers
    z = _affine(first, weights, torch.stack((v, h), dim=-1))
    for inner, outer in zip(hidden[::2], hidden[1::2], strict=True):
        z = z + _affine(outer, weights, sigmoid(_affine(inner, weights, z)))
    return _affine(last, weights, z).squeeze(-1)


def sigmoid(x: Tensor) -> Tensor:
    """The network's activation, x / sqrt(1 + x^2)."""
    return x * torch.rsqrt(1 + x * x)


def _affine(layer: Layer, weights: Tensor, x: Tensor) -> Tensor:
    matrix = weights[layer.weight : layer.bias].view(layer.outputs, layer.inputs)
    bias = weights[layer.bias : layer.bias + layer.outputs]
    return nn.functional.linear(x, matrix, bias)


class ResidualNetwork(nn.Module):
    """F_dl with its weights as one flat parameter, which is how the engines take them.

    Parameters
    ----------
    shape : NetworkShape
        Width and depth.
    output_gain : float
        Scale of the orthogonal output layer at the start; small, so that F_dl starts silent.
    seed : int
        Seed of the start.
    dtype : torch.dtype
        Precision of the weights.
    sees_gate : bool
        Whether h is an input; where not, its weights are held at zero, so that every engine
        serves both kinds of network.

    Notes
    -----
    The paper scales every layer down; with all layers small the first gradients vanish with the
    product of the gains. Only the output layer is scaled here: F_dl starts as silent, and learns
    from the first epoch.
    """

    def __init__(
        self,
        shape: NetworkShape,
        output_gain: float,
        seed: int,
        dtype: torch.dtype = torch.float32,
        sees_gate: bool = True,
    ) -> None:
        super().__init__()
        self.shape = shape
        self.sees_gate = sees_gate
        first = shape.layers[0]
        held = range(0) if sees_gate else range(first.weight + 1, first.bias, first.inputs)
        self.held = list(held)
        generator = torch.Generator().manual_seed(seed)
        weights = torch.zeros(shape.weight_count, dtype=torch.float64)
        for layer in shape.layers:
            gain = output_gain if layer.name == "output" else 1.0
            matrix = torch.empty(layer.outputs, layer.inputs, dtype=torch.float64)
            nn.init.orthogonal_(matrix, gain=gain, generator=generator)
            weights[layer.weight : layer.bias] = matrix.flatten()
        self.weights = nn.Parameter(weights.to(dtype))
        self.hold()

    @torch.no_grad()
    def hold(self) -> None:
        """Set the weights at the positions ``held`` to zero; called after each optimiser step."""
        if self.held:
            self.weights[self.held] = 0.0

    def forward(self, v: Tensor, h: Tensor) -> Tensor:
        """F_dl at given states, 1/ms."""
        return network_rate(self.shape, self.weights, v, h)
