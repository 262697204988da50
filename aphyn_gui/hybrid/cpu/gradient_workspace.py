"""Memory of one chunk of steps, and the weights' gradients summed over it."""

from __future__ import annotations

from collections.abc import Callable

from llvmlite import ir

from aphyn_gui.hybrid.cpu.network_code import Vectors
from aphyn_gui.hybrid.cpu.vector_arithmetic import INT64, Lanes, VectorArithmetic
from aphyn_gui.hybrid.fused_network import fused_layers, fused_weight_count
from aphyn_gui.hybrid.residual_network import NetworkShape

CHUNK = 4
"""Steps a chunk. Longer ones store less often, but leave the first-level cache."""

Loop = Callable[[ir.Value, list[ir.Value], Callable[..., list[ir.Value]]], list[ir.Value]]

_TILE_ROWS, _TILE_COLUMNS = 4, 3


def workspace_vectors(shape: NetworkShape, registers: int) -> int:
    """Length of the scratch memory, in vectors of all sequences of a block."""
    return _accumulator_vectors(shape, registers) + CHUNK * _Rows(shape).count


def _accumulator_vectors(shape: NetworkShape, registers: int) -> int:
    return -(-fused_weight_count(shape) // registers)


class _Rows:
    """Where a step's vectors lie: n, its slopes, its cotangent, units, and their arguments."""

    def __init__(self, shape: NetworkShape) -> None:
        units = shape.features * shape.blocks
        self.rate, self.slope_v, self.slope_h, self.cotangent = range(4)
        self.inputs = range(4, 6 + units)
        self.arguments = range(6 + units, 6 + 2 * units)
        self.count = 6 + 2 * units


class GradientWorkspace:
    """Writes the use of the scratch memory.

    First come the accumulators, one register a weight: the registers of a wide vector are summed
    into one. Then, for each step of the chunk, the vectors of ``_Rows``.

    Parameters
    ----------
    arithmetic : VectorArithmetic
        Where to write.
    shape : NetworkShape
        Width and depth.
    scratch : ir.Value
        Pointer to ``workspace_vectors`` vectors, aligned to a vector.
    """

    def __init__(
        self, arithmetic: VectorArithmetic, shape: NetworkShape, scratch: ir.Value
    ) -> None:
        lanes = arithmetic.lanes
        builder = arithmetic.builder
        self._wide = arithmetic
        self._layers = fused_layers(shape)
        self._weight_count = fused_weight_count(shape)
        self._rows = _Rows(shape)
        register = Lanes(lanes.bits, lanes.count // lanes.registers)
        self._narrow = VectorArithmetic(builder, register)
        self._accumulators = builder.bitcast(scratch, register.vector.as_pointer())
        vectors = builder.bitcast(scratch, lanes.vector.as_pointer())
        start = _accumulator_vectors(shape, lanes.registers)
        self._steps = builder.gep(vectors, [ir.Constant(INT64, start)])

    def clear(self, loop: Loop) -> None:
        """Set the accumulators to zero."""
        builder = self._wide.builder

        def body(index: ir.Value, current: Vectors) -> Vectors:
            builder.store(self._narrow.constant(0.0), builder.gep(self._accumulators, [index]))
            return current

        loop(ir.Constant(INT64, self._weight_count), [], body)

    def store_step(
        self,
        offset: ir.Value,
        rate: ir.Value,
        inputs: Vectors,
        slope_v: ir.Value,
        slope_h: ir.Value,
        arguments: Vectors,
    ) -> None:
        """Keep one step's network: F_dl, the layers' inputs, and the derivatives of F_dl."""
        rows = self._rows
        positions = [rows.rate, rows.slope_v, rows.slope_h, *rows.inputs, *rows.arguments]
        values = [rate, slope_v, slope_h, *inputs, *arguments]
        for position, value in zip(positions, values, strict=True):
            self._store(offset, position, value)

    def load_slopes(self, offset: ir.Value) -> tuple[ir.Value, ir.Value, ir.Value]:
        """F_dl of one step and its derivatives by v and h."""
        rows, builder = self._rows, self._wide.builder
        rate, slope_v, slope_h = (
            builder.load(self._address(offset, position))
            for position in (rows.rate, rows.slope_v, rows.slope_h)
        )
        return rate, slope_v, slope_h

    def store_cotangent(self, offset: ir.Value, cotangent: ir.Value) -> None:
        """Keep the cotangent of one step's F_dl."""
        self._store(offset, self._rows.cotangent, cotangent)

    def accumulate(self, count: ir.Value, loop: Loop) -> None:
        """Add the chunk's products to the weights' gradients."""
        builder, rows = self._wide.builder, self._rows

        def scale(offset: ir.Value, current: Vectors) -> Vectors:
            cotangent = builder.load(self._address(offset, rows.cotangent))
            for position in rows.arguments:
                address = self._address(offset, position)
                scaled = self._wide.multiply(builder.load(address), cotangent)
                builder.store(scaled, address)
            return current

        loop(count, [], scale)
        arguments = iter(rows.arguments)
        for layer in self._layers:
            is_last = layer is self._layers[-1]
            outputs = (
                [rows.cotangent] if is_last else [next(arguments) for _ in range(layer.outputs)]
            )
            # The bias is a weight whose input is 1: one more column.
            targets = {
                (row, column): layer.bias(row)
                if column == layer.inputs
                else layer.weight(row, column)
                for row in range(layer.outputs)
                for column in range(layer.inputs + 1)
            }
            for top in range(0, layer.outputs, _TILE_ROWS):
                for left in range(0, layer.inputs + 1, _TILE_COLUMNS):
                    tile = {
                        (row, column): target
                        for (row, column), target in targets.items()
                        if top <= row < top + _TILE_ROWS and left <= column < left + _TILE_COLUMNS
                    }
                    inputs = rows.inputs[: layer.inputs]
                    self._accumulate_tile(count, loop, tile, inputs, outputs)

    def _accumulate_tile(
        self,
        count: ir.Value,
        loop: Loop,
        targets: dict[tuple[int, int], int],
        inputs: range,
        outputs: list[int],
    ) -> None:
        """Sum the products of some rows and columns over the chunk, in registers."""
        builder, narrow = self._wide.builder, self._narrow
        addresses = [
            builder.gep(self._accumulators, [ir.Constant(INT64, target)])
            for target in targets.values()
        ]

        def body(offset: ir.Value, sums: Vectors) -> Vectors:
            totals = dict(zip(targets, sums, strict=True))
            for part in range(self._wide.lanes.registers):
                by_row = {
                    row: self._load_part(offset, outputs[row], part)
                    for row in dict.fromkeys(row for row, _ in targets)
                }
                by_column = {
                    column: self._load_part(offset, inputs[column], part)
                    for column in dict.fromkeys(column for _, column in targets)
                    if column < len(inputs)
                }
                for (row, column), total in totals.items():
                    term = by_row[row]
                    if column in by_column:
                        term = narrow.multiply(term, by_column[column])
                    totals[row, column] = narrow.add(total, term)
            return list(totals.values())

        final = loop(count, [builder.load(address) for address in addresses], body)
        for address, value in zip(addresses, final, strict=True):
            builder.store(value, address)

    def reduce(self, sums: ir.Value, loop: Loop) -> None:
        """Add each accumulator's sum over the lanes to the weights' gradients."""
        builder = self._wide.builder

        def body(index: ir.Value, current: Vectors) -> Vectors:
            accumulator = builder.load(builder.gep(self._accumulators, [index]))
            pointer = builder.gep(sums, [index])
            total = builder.fadd(builder.load(pointer), self._narrow.horizontal_sum(accumulator))
            builder.store(total, pointer)
            return current

        loop(ir.Constant(INT64, self._weight_count), [], body)

    def _address(self, offset: ir.Value, position: int) -> ir.Value:
        builder = self._wide.builder
        row = builder.mul(offset, ir.Constant(INT64, self._rows.count))
        return builder.gep(self._steps, [builder.add(row, ir.Constant(INT64, position))])

    def _store(self, offset: ir.Value, position: int, value: ir.Value) -> None:
        self._wide.builder.store(value, self._address(offset, position))

    def _load_part(self, offset: ir.Value, position: int, part: int) -> ir.Value:
        builder = self._wide.builder
        wide = self._address(offset, position)
        address = builder.bitcast(wide, self._narrow.lanes.vector.as_pointer())
        return builder.load(builder.gep(address, [ir.Constant(INT64, part)]))
