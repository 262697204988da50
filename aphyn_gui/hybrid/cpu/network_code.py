"""The residual network, forward and backward, as vector code."""

from __future__ import annotations

from llvmlite import ir

from aphyn_gui.hybrid.cpu.vector_arithmetic import INT64, VectorArithmetic
from aphyn_gui.hybrid.fused_network import FusedLayer, fused_layers
from aphyn_gui.hybrid.residual_network import NetworkShape

Vectors = list[ir.Value]


class NetworkCode:
    """Writes the fused network into a kernel; weights are read from memory where they are used.

    Kept in registers, or spilled, the broadcast weights would cost more than their reloading.

    Parameters
    ----------
    arithmetic : VectorArithmetic
        Where to write.
    shape : NetworkShape
        Width and depth.
    weights : ir.Value
        Pointer to the fused weights.
    """

    def __init__(
        self, arithmetic: VectorArithmetic, shape: NetworkShape, weights: ir.Value
    ) -> None:
        self._arithmetic = arithmetic
        self._shape = shape
        self._layers = fused_layers(shape)
        self._weights = weights

    def forward(self, v: ir.Value, h: ir.Value) -> tuple[ir.Value, Vectors, Vectors]:
        """F_dl at (v, h); every layer's inputs (v, h, then the units); slopes of the units."""
        inputs = [v, h]
        slopes: Vectors = []
        *blocks, last = self._layers
        for layer in blocks:
            units = [self._arithmetic.sigmoid(x) for x in self._affine(layer, inputs)]
            inputs = inputs + [value for value, _ in units]
            slopes += [slope for _, slope in units]
        (rate,) = self._affine(last, inputs)
        return rate, inputs, slopes

    def backward(self, slopes: Vectors) -> tuple[ir.Value, ir.Value, Vectors]:
        """Derivatives of F_dl by v, by h, and by the arguments of all units."""
        arithmetic, width = self._arithmetic, self._shape.features
        *blocks, last = self._layers
        arguments: Vectors = []
        for block in range(len(blocks) - 1, -1, -1):
            columns = range(2 + block * width, 2 + (block + 1) * width)
            by_unit = self._transposed(columns, last, blocks[block + 1 :], arguments)
            by_argument = [
                arithmetic.multiply(gradient, slope)
                for gradient, slope in zip(
                    by_unit, slopes[block * width : (block + 1) * width], strict=True
                )
            ]
            arguments = by_argument + arguments
        by_v, by_h = self._transposed(range(2), last, blocks, arguments)
        return by_v, by_h, arguments

    def _affine(self, layer: FusedLayer, inputs: Vectors) -> Vectors:
        arithmetic = self._arithmetic
        results: Vectors = []
        for rows in _groups(range(layer.outputs)):
            sums = [self._weight(layer.bias(row)) for row in rows]
            for column, value in enumerate(inputs):
                for position, row in enumerate(rows):
                    weight = self._weight(layer.weight(row, column))
                    sums[position] = arithmetic.add(
                        sums[position], arithmetic.multiply(weight, value)
                    )
            results += sums
        return results

    def _transposed(
        self, columns: range, last: FusedLayer, later: tuple[FusedLayer, ...] | list[FusedLayer],
        arguments: Vectors,
    ) -> Vectors:  # fmt: skip
        """Derivatives of F_dl by some inputs, through the output layer and the later blocks."""
        arithmetic = self._arithmetic
        results: Vectors = []
        for group in _groups(columns):
            sums = [self._weight(last.weight(0, column)) for column in group]
            values = iter(arguments)
            for layer in later:
                for row in range(layer.outputs):
                    value = next(values)
                    for position, column in enumerate(group):
                        weight = self._weight(layer.weight(row, column))
                        sums[position] = arithmetic.add(
                            sums[position], arithmetic.multiply(weight, value)
                        )
            results += sums
        return results

    def _weight(self, position: int) -> ir.Value:
        builder = self._arithmetic.builder
        pointer = builder.gep(self._weights, [ir.Constant(INT64, position)])
        return self._arithmetic.broadcast(builder.load(pointer))


def _groups(rows: range, size: int = 4) -> list[range]:
    """Rows that are summed together: few enough for their sums to stay in registers."""
    return [rows[start : start + size] for start in range(0, len(rows), size)]
