"""What every kernel is written with: vectors in memory, loops, and the processor's mode."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from llvmlite import ir

from aphyn_gui.hybrid.cpu.vector_arithmetic import INT32, INT64, Lanes, VectorArithmetic

State = list[ir.Value]


class KernelWriter:
    """One function of a module: addresses, real numbers, and counts.

    Parameters
    ----------
    module : ir.Module
        Gets the function.
    name : str
        Of the function.
    lanes : Lanes
        Precision and width of the vectors in memory.
    pointers, reals, integers : int
        Number of arguments of each kind, in this order.
    flush_denormals : bool
        Whether to write x86 instructions that flush denormals to zero while it runs.
    """

    def __init__(
        self,
        module: ir.Module,
        name: str,
        lanes: Lanes,
        *,
        pointers: int,
        reals: int,
        integers: int,
        flush_denormals: bool,
    ) -> None:
        self._lanes = lanes
        arguments = [lanes.scalar.as_pointer()] * pointers
        arguments += [ir.DoubleType()] * reals + [INT64] * integers
        function = ir.Function(module, ir.FunctionType(ir.VoidType(), arguments), name)
        self._builder = ir.IRBuilder(function.append_basic_block("entry"))
        self._arithmetic = VectorArithmetic(self._builder, lanes)
        self._pointers = function.args[:pointers]
        self._numbers = function.args[pointers:]
        self._flushes = flush_denormals
        if flush_denormals:
            self._flush_denormals()

    def _loop(
        self, count: ir.Value, state: State, body: Callable[[ir.Value, State], State]
    ) -> State:
        """``state`` after ``body`` was applied ``count`` times."""
        builder = self._builder
        before = builder.block
        head = builder.append_basic_block("head")
        inside = builder.append_basic_block("body")
        after = builder.append_basic_block("after")
        builder.branch(head)
        builder.position_at_end(head)
        index = builder.phi(INT64)
        index.add_incoming(self._index(0), before)
        carried = []
        for value in state:
            phi = builder.phi(value.type)
            phi.add_incoming(value, before)
            carried.append(phi)
        builder.cbranch(builder.icmp_signed("<", index, count), inside, after)
        builder.position_at_end(inside)
        moved = body(index, list(carried))
        following = builder.add(index, self._index(1))
        index.add_incoming(following, builder.block)
        for phi, value in zip(carried, moved, strict=True):
            phi.add_incoming(value, builder.block)
        builder.branch(head)
        builder.position_at_end(after)
        return list(carried)

    def _index(self, value: int) -> ir.Value:
        return ir.Constant(INT64, value)

    def _address(self, pointer: ir.Value, vector_index: ir.Value) -> ir.Value:
        vectors = self._builder.bitcast(pointer, self._lanes.vector.as_pointer())
        return self._builder.gep(vectors, [vector_index])

    def _load(self, pointer: ir.Value, index: int | ir.Value) -> ir.Value:
        position = self._index(index) if isinstance(index, int) else index
        load = self._builder.load(self._address(pointer, position))
        load.align = self._lanes.bits // 8
        return load

    def _store(self, pointer: ir.Value, index: ir.Value, value: ir.Value) -> None:
        store = self._builder.store(value, self._address(pointer, index))
        store.align = self._lanes.bits // 8

    def _store_row(self, pointer: ir.Value, row: ir.Value, values: Sequence[ir.Value]) -> None:
        start = self._builder.mul(row, self._index(len(values)))
        for position, value in enumerate(values):
            self._store(pointer, self._builder.add(start, self._index(position)), value)

    def _flush_denormals(self) -> None:
        """Flush denormals while the kernel runs: they slow a decaying state fivefold."""
        self._control_word = self._builder.alloca(INT32)
        self._control_intrinsic("stmxcsr", self._control_word)
        word = self._builder.alloca(INT32)
        flags = ir.Constant(INT32, 0x8040)
        self._builder.store(self._builder.or_(self._builder.load(self._control_word), flags), word)
        self._control_intrinsic("ldmxcsr", word)

    def _control_intrinsic(self, name: str, word: ir.Value) -> None:
        byte = ir.IntType(8).as_pointer()
        full_name = f"llvm.x86.sse.{name}"
        module = self._builder.module
        function = module.globals.get(full_name) or ir.Function(
            module, ir.FunctionType(ir.VoidType(), [byte]), full_name
        )
        self._builder.call(function, [self._builder.bitcast(word, byte)])

    def _finish(self) -> None:
        if self._flushes:
            self._control_intrinsic("ldmxcsr", self._control_word)
        self._builder.ret_void()
