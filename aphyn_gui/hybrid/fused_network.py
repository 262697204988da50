"""The residual network with its linear maps multiplied out.

Between two activations a residual network is linear, and its stream has only two inputs: each
block's arguments are an affine function of (v, h) and of the units of the blocks before. With 8
features and 3 blocks that is 266 products instead of 408. The kernels compute in this form; the
weights a user sees, and an optimiser moves, stay those of the residual network.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from aphyn_gui.hybrid.residual_network import NetworkShape

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class FusedLayer:
    """One layer; its inputs are v, h and the units of all blocks before.

    Each row holds the bias, then the weights of the inputs.

    Parameters
    ----------
    inputs, outputs : int
        Width before and after.
    start : int
        Position of its first number in the flat fused weights.
    """

    inputs: int
    outputs: int
    start: int

    @property
    def end(self) -> int:
        """Position after its last number."""
        return self.start + self.outputs * (self.inputs + 1)

    def bias(self, row: int) -> int:
        """Position of a bias."""
        return self.start + row * (self.inputs + 1)

    def weight(self, row: int, column: int) -> int:
        """Position of the weight of one input."""
        return self.bias(row) + 1 + column


@lru_cache(maxsize=32)
def fused_layers(shape: NetworkShape) -> tuple[FusedLayer, ...]:
    """Layers of the fused network: one a block, and the output."""
    widths = [(2 + shape.features * block, shape.features) for block in range(shape.blocks)]
    widths.append((2 + shape.features * shape.blocks, 1))
    layers: list[FusedLayer] = []
    for inputs, outputs in widths:
        layers.append(FusedLayer(inputs, outputs, layers[-1].end if layers else 0))
    return tuple(layers)


def fused_weight_count(shape: NetworkShape) -> int:
    """Length of the flat fused weights."""
    return fused_layers(shape)[-1].end


_DIVERGENCE_IS_SEEN_LATER = np.errstate(over="ignore", invalid="ignore")
"""Weights of a diverged training overflow here; the trajectories show it, and the trainer looks."""


class Fusion:
    """The fused weights of given weights, and the way back for gradients.

    Parameters
    ----------
    shape : NetworkShape
        Width and depth.
    weights : ndarray, shape (weight_count,)
        Flat weights of the residual network.
    """

    @_DIVERGENCE_IS_SEEN_LATER
    def __init__(self, shape: NetworkShape, weights: Array) -> None:
        self._shape = shape
        self._matrices = [
            weights[layer.weight : layer.bias].reshape(layer.outputs, layer.inputs)
            for layer in shape.layers
        ]
        biases = [weights[layer.bias : layer.bias + layer.outputs] for layer in shape.layers]
        width = shape.features
        # Column 0 is the stream's constant part; then v, h, and each block's units.
        self._stream = np.empty((width, 3 + width * shape.blocks), weights.dtype)
        self._stream[:, 0] = biases[0]
        self._stream[:, 1:3] = self._matrices[0]
        self._offsets = [biases[0]]
        self.weights = np.empty(fused_weight_count(shape), weights.dtype)
        for layer, number in zip(
            fused_layers(shape), range(1, 2 * shape.blocks + 2, 2), strict=True
        ):
            fused = self.weights[layer.start : layer.end].reshape(layer.outputs, -1)
            np.matmul(self._matrices[number], self._stream[:, : layer.inputs + 1], out=fused)
            fused[:, 0] += biases[number]
            if number < 2 * shape.blocks:
                end = layer.inputs + 1
                self._stream[:, end : end + width] = self._matrices[number + 1]
                self._stream[:, 0] += biases[number + 1]
                self._offsets.append(self._stream[:, 0].copy())

    @_DIVERGENCE_IS_SEEN_LATER
    def gradient(self, fused_bar: Array) -> Array:
        """Gradient by the residual network's weights of a gradient by the fused ones."""
        shape = self._shape
        width = shape.features
        stream_bar = np.zeros_like(self._stream)
        result = np.empty(shape.weight_count, fused_bar.dtype)
        layers = shape.layers
        for block in range(shape.blocks, -1, -1):
            fused = fused_layers(shape)[block]
            end = fused.inputs + 1
            number = 2 * block + 1
            bar = fused_bar[fused.start : fused.end].reshape(fused.outputs, -1)
            if block < shape.blocks:
                self._put(result, layers[number + 1], stream_bar[:, end : end + width],
                          stream_bar[:, 0])  # fmt: skip
            stream_bar[:, :end] += self._matrices[number].T @ bar
            stream = self._stream[:, :end]
            stream[:, 0] = self._offsets[block]
            self._put(result, layers[number], bar @ stream.T, bar[:, 0])
        self._put(result, layers[0], stream_bar[:, 1:3], stream_bar[:, 0])
        return result

    @staticmethod
    def _put(result: Array, layer: Any, matrix: Array, bias: Array) -> None:
        result[layer.weight : layer.bias] = matrix.ravel()
        result[layer.bias : layer.bias + layer.outputs] = bias
