"""The kernel of linear recursions: sensitivities carried along a trajectory."""

from __future__ import annotations

from llvmlite import ir

from aphyn_gui.hybrid.cpu.kernel_writer import KernelWriter, State
from aphyn_gui.hybrid.cpu.vector_arithmetic import Lanes


def recursion_module(lanes: Lanes) -> ir.Module:
    """The kernel ``carry`` as an LLVM module; its vectors are neighbouring columns."""
    module = ir.Module(name="aphyn-recursion")
    _Recursion(
        module, "carry", lanes, pointers=3, reals=0, integers=4, flush_denormals=False
    ).write()
    return module


class _Recursion(KernelWriter):
    def write(self) -> None:
        """matrices[steps][2][2], start[2][C], rows[steps][2][C]; C vectors, steps, first, stride.

        Takes the rows in the order first, first + stride, ...; leaves in each the state before it,
        and goes on with matrix times state plus what the row held.
        """
        builder, arithmetic = self._builder, self._arithmetic
        matrices, start, rows = self._pointers
        vectors, steps, first, stride = self._numbers

        def of_row(row: ir.Value, component: int, column: ir.Value) -> ir.Value:
            line = builder.add(builder.mul(row, self._index(2)), self._index(component))
            return builder.add(builder.mul(line, vectors), column)

        def factor(row: ir.Value, position: int) -> ir.Value:
            index = builder.add(builder.mul(row, self._index(4)), self._index(position))
            return arithmetic.broadcast(builder.load(builder.gep(matrices, [index])))

        def column(number: ir.Value, nothing: State) -> State:
            def step(done: ir.Value, state: State) -> State:
                row = builder.add(first, builder.mul(done, stride))
                moved = []
                for component in range(2):
                    index = of_row(row, component, number)
                    total = self._load(rows, index)
                    for position, value in enumerate(state):
                        product = arithmetic.multiply(factor(row, 2 * component + position), value)
                        total = arithmetic.add(total, product)
                    self._store(rows, index, state[component])
                    moved.append(total)
                return moved

            zero = self._index(0)
            begin = [self._load(start, of_row(zero, component, number)) for component in range(2)]
            self._loop(steps, begin, step)
            return nothing

        self._loop(vectors, [], column)
        self._finish()
