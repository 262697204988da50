"""The residual network, forward and adjoint, as vector code."""

from __future__ import annotations

from dataclasses import dataclass

from llvmlite import ir

from aphyn_gui.hybrid.cpu.vector_arithmetic import INT64, VectorArithmetic
from aphyn_gui.hybrid.residual_network import Layer, NetworkShape

Vectors = list[ir.Value]


@dataclass(slots=True)
class Activations:
    """What the adjoint needs of the forward pass, per layer.

    Parameters
    ----------
    streams : list of vectors
        The residual stream before each block, and after the last.
    hidden : list of vectors
        tanh outputs of each block.
    """

    streams: list[Vectors]
    hidden: list[Vectors]


class NetworkCode:
    """Writes the network into a kernel; weights are read from memory where they are used.

    Kept in registers, or spilled, the broadcast weights would cost more than their reloading.

    Parameters
    ----------
    arithmetic : VectorArithmetic
        Where to write.
    shape : NetworkShape
        Width and depth.
    weights : ir.Value
        Pointer to the flat weights.
    """

    def __init__(
        self, arithmetic: VectorArithmetic, shape: NetworkShape, weights: ir.Value
    ) -> None:
        self._arithmetic = arithmetic
        self._shape = shape
        self._weights = weights

    def forward(self, v: ir.Value, h: ir.Value) -> tuple[ir.Value, Activations]:
        """F_dl at (v, h), and its activations."""
        first, *hidden, last = self._shape.layers
        stream = self._affine(first, [v, h])
        activations = Activations([stream], [])
        for inner, outer in zip(hidden[::2], hidden[1::2], strict=True):
            tanh = [self._arithmetic.tanh(x) for x in self._affine(inner, stream)]
            stream = self._affine(outer, tanh, start=stream)
            activations.hidden.append(tanh)
            activations.streams.append(stream)
        (rate,) = self._affine(last, stream)
        return rate, activations

    def adjoint(
        self,
        cotangent: ir.Value,
        v: ir.Value,
        h: ir.Value,
        activations: Activations,
        gradients: ir.Value,
    ) -> tuple[ir.Value, ir.Value]:
        """Add to the weights' gradients, and return the cotangents of (v, h).

        Parameters
        ----------
        cotangent : ir.Value
            Of F_dl.
        v, h : ir.Value
            Where it was evaluated.
        activations : Activations
            Of that evaluation.
        gradients : ir.Value
            Pointer to one vector a weight.
        """
        arithmetic = self._arithmetic
        first, *hidden, last = self._shape.layers
        self._accumulate(last, [cotangent], activations.streams[-1], gradients)
        stream = self._transposed(last, [cotangent])
        for block in range(self._shape.blocks - 1, -1, -1):
            inner, outer = hidden[2 * block], hidden[2 * block + 1]
            tanh = activations.hidden[block]
            self._accumulate(outer, stream, tanh, gradients)
            one = arithmetic.constant(1.0)
            through = []
            for value, gradient in zip(tanh, self._transposed(outer, stream), strict=True):
                slope = arithmetic.add(one, arithmetic.negate(arithmetic.multiply(value, value)))
                through.append(arithmetic.multiply(gradient, slope))
            self._accumulate(inner, through, activations.streams[block], gradients)
            stream = self._transposed(inner, through, start=stream)
        self._accumulate(first, stream, [v, h], gradients)
        a_v, a_h = self._transposed(first, stream)
        return a_v, a_h

    def _affine(self, layer: Layer, inputs: Vectors, start: Vectors | None = None) -> Vectors:
        arithmetic = self._arithmetic
        sums = [self._weight(layer.bias + row) for row in range(layer.outputs)]
        if start is not None:
            sums = [arithmetic.add(a, b) for a, b in zip(sums, start, strict=True)]
        for column, value in enumerate(inputs):
            for row in range(layer.outputs):
                weight = self._weight(layer.weight + row * layer.inputs + column)
                sums[row] = arithmetic.add(sums[row], arithmetic.multiply(weight, value))
        return sums

    def _transposed(self, layer: Layer, rows: Vectors, start: Vectors | None = None) -> Vectors:
        arithmetic = self._arithmetic
        sums = list(start) if start is not None else [None] * layer.inputs
        for row, value in enumerate(rows):
            for column in range(layer.inputs):
                weight = self._weight(layer.weight + row * layer.inputs + column)
                term = arithmetic.multiply(weight, value)
                total = sums[column]
                sums[column] = term if total is None else arithmetic.add(total, term)
        return sums

    def _accumulate(
        self, layer: Layer, rows: Vectors, columns: Vectors, gradients: ir.Value
    ) -> None:
        arithmetic = self._arithmetic
        for row, cotangent in enumerate(rows):
            for column, value in enumerate(columns):
                position = layer.weight + row * layer.inputs + column
                self._add_to(gradients, position, arithmetic.multiply(cotangent, value))
            self._add_to(gradients, layer.bias + row, cotangent)

    def _add_to(self, gradients: ir.Value, position: int, value: ir.Value) -> None:
        arithmetic = self._arithmetic
        pointer = arithmetic.builder.gep(gradients, [ir.Constant(INT64, position)])
        arithmetic.builder.store(arithmetic.add(arithmetic.builder.load(pointer), value), pointer)

    def _weight(self, position: int) -> ir.Value:
        builder = self._arithmetic.builder
        pointer = builder.gep(self._weights, [ir.Constant(INT64, position)])
        return self._arithmetic.broadcast(builder.load(pointer))
