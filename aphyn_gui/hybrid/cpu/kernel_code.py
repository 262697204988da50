"""The engine's kernels as LLVM functions: one block of sequences, whole trajectories.

All arrays of a block are vectors: the sequence is the fastest index. ``P`` physical parameters,
``W`` weights, ``S`` observations, ``Q`` steps between them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from llvmlite import ir

from aphyn_gui.hybrid.cpu.gradient_workspace import CHUNK, GradientWorkspace
from aphyn_gui.hybrid.cpu.kernel_writer import KernelWriter, State
from aphyn_gui.hybrid.cpu.network_code import NetworkCode
from aphyn_gui.hybrid.cpu.vector_arithmetic import INT32, INT64, Lanes
from aphyn_gui.hybrid.residual_network import NetworkShape
from aphyn_gui.hybrid.step_graph import StepGraph


@dataclass(frozen=True, slots=True)
class KernelSpecification:
    """What the kernels of one module compute.

    Parameters
    ----------
    step : StepGraph
        The step and its derivatives.
    quiet_step : StepGraph
        The same after the stimulus.
    network : NetworkShape or None
        F_dl.
    tangents : tuple of int
        What is differentiated by: positions of physical parameters, or, one past the last, v(0).
    lanes : Lanes
        Precision and width.
    flush_denormals : bool
        Whether to write x86 instructions that flush denormals to zero while a kernel runs.
    """

    step: StepGraph
    quiet_step: StepGraph
    network: NetworkShape | None
    tangents: tuple[int, ...]
    lanes: Lanes
    flush_denormals: bool


def kernel_module(specification: KernelSpecification) -> ir.Module:
    """All kernels of a specification, as one LLVM module."""
    module = ir.Module(name="aphyn")
    if specification.tangents:
        _Kernel(module, specification, "sensitivities", 4, is_hushed=True).write_sensitivities()
        _Kernel(
            module, specification, "normal_equations", 6, is_hushed=True
        ).write_normal_equations()
    else:
        _Kernel(module, specification, "observe", 6).write_observe()
        _Kernel(module, specification, "gradient", 9).write_gradient()
        _Kernel(module, specification, "simulate", 4).write_simulate()
        if specification.network is None:
            _Kernel(module, specification, "follow", 4).write_follow()
    return module


class _Kernel(KernelWriter):
    """One function: pointers, then the time step, Q and S.

    A hushed one has one more argument: the observation from which on nothing is stimulated.
    """

    def __init__(
        self,
        module: ir.Module,
        specification: KernelSpecification,
        name: str,
        pointers: int,
        *,
        is_hushed: bool = False,
    ) -> None:
        super().__init__(
            module, name, specification.lanes, pointers=pointers, reals=1, integers=2 + is_hushed,
            flush_denormals=specification.flush_denormals,
        )  # fmt: skip
        self._specification = specification
        time_step, self._steps_per_sample, self._samples, *hushed = self._numbers
        self._quiet_from = hushed[0] if is_hushed else self._index(0)
        if self._lanes.bits == 32:
            time_step = self._builder.fptrunc(time_step, self._lanes.scalar)
        self._scalar_time_step = time_step
        self._time_step = self._arithmetic.broadcast(time_step)
        self._physical: dict[str, ir.Value] = {}

    # Kernels

    def write_observe(self) -> None:
        """weights[W], physical[P], initial[2] -> states[steps + 1][2], observed[S], squared[1]."""
        builder, arithmetic = self._builder, self._arithmetic
        weights, physical, initial, states, observed, squared = self._pointers
        self._load_physical(physical)
        state = [self._load(initial, 0), self._load(initial, 1), arithmetic.constant(0.0)]
        self._store(observed, self._index(0), state[0])
        self._store_state(states, self._index(0), state)

        def step(index: ir.Value, current: State) -> State:
            v, h, total = current
            new_v, new_h, _, _, rate = self._advance(weights, index, v, h)
            moved = [new_v, new_h, arithmetic.add(total, arithmetic.multiply(rate, rate))]
            self._store_state(states, builder.add(index, self._index(1)), moved)
            return moved

        def sample(number: ir.Value, current: State) -> State:
            self._store(observed, number, current[0])
            return current

        final = self._step_through(state, step, sample)
        self._store(squared, self._index(0), final[2])
        self._finish()

    def write_simulate(self) -> None:
        """weights[W], physical[P], initial[2] -> rows[steps + 1][v, h, physics, network]."""
        weights, physical, initial, rows = self._pointers
        self._load_physical(physical)
        state = [self._load(initial, 0), self._load(initial, 1)]

        def step(index: ir.Value, current: State) -> State:
            v, h = current
            new_v, new_h, physics_rate, network_rate, _ = self._advance(weights, index, v, h)
            self._store_row(rows, index, [v, h, physics_rate, network_rate])
            return [new_v, new_h]

        final = self._step_through(state, step, lambda _, current: current)
        last = self._builder.mul(
            self._steps_per_sample, self._builder.sub(self._samples, self._index(1))
        )
        zero = self._arithmetic.constant(0.0)
        self._store_row(rows, last, [*final, zero, zero])
        self._finish()

    def write_follow(self) -> None:
        """physical[P], initial[2], path[steps + 1] -> rows[steps][h, physics], v on the path."""
        arithmetic = self._arithmetic
        physical, initial, path, rows = self._pointers
        self._load_physical(physical)

        def step(index: ir.Value, current: State) -> State:
            (h,) = current
            inputs = self._inputs(index, self._load(path, index), h)
            inputs["n"] = arithmetic.constant(0.0)
            _, new_h, physics_rate, _ = self._specification.step.advance.evaluate(
                arithmetic, inputs
            )
            self._store_row(rows, index, [h, physics_rate])
            return [new_h]

        self._step_through([self._load(initial, 1)], step, lambda _, current: current)
        self._finish()

    def write_gradient(self) -> None:
        """Adjoint of ``observe``.

        weights[W], physical[P], states, cotangents of observed[S] and of squared[1] ->
        gradients of physical[P] and initial[2]; adds the weights' gradients, summed over the
        sequences, to gradients[W], using scratch memory.

        Steps are taken in chunks. The states are known, so the network and its derivatives are
        computed for the whole chunk first; the recursion backwards in time is then a few
        operations a step; and the products that make up the weights' gradients are summed over the
        chunk in registers.
        """
        builder, arithmetic = self._builder, self._arithmetic
        (
            weights, physical, states, observed_bar, squared_bar,
            physical_bar, initial_bar, scratch, weights_bar,
        ) = self._pointers  # fmt: skip
        self._load_physical(physical)
        network = self._network(weights)
        graph = self._specification.step
        twice = arithmetic.multiply(arithmetic.constant(2.0), self._load(squared_bar, 0))
        zero = arithmetic.constant(0.0)
        steps = builder.mul(self._steps_per_sample, builder.sub(self._samples, self._index(1)))
        shape = self._specification.network
        workspace = None if shape is None else GradientWorkspace(arithmetic, shape, scratch)
        if workspace is not None:
            workspace.clear(self._loop)

        def evaluate(first: ir.Value, count: ir.Value) -> None:
            """Network and its derivatives for every step of a chunk."""
            if network is None or workspace is None:
                return

            def one(offset: ir.Value, current: State) -> State:
                index = builder.add(first, offset)
                inputs = self._inputs(index, *self._load_state(states, index))
                v_stage, h_stage = graph.stage.evaluate(arithmetic, inputs)
                rate, units, slopes = network.forward(v_stage, h_stage)
                workspace.store_step(offset, rate, units, *network.backward(slopes))
                return current

            self._loop(count, [], one)

        def step(index: ir.Value, offset: ir.Value, current: State) -> State:
            lambda_v, lambda_h, *sums = current
            inputs = self._inputs(index, *self._load_state(states, index))
            inputs.update(lambda_v=lambda_v, lambda_h=lambda_h, a_v=zero, a_h=zero, n=zero)
            if workspace is not None:
                inputs["n"], slope_v, slope_h = workspace.load_slopes(offset)
                (rate_bar,) = graph.network_cotangent.evaluate(arithmetic, inputs)
                rate_bar = arithmetic.add(rate_bar, arithmetic.multiply(twice, inputs["n"]))
                workspace.store_cotangent(offset, rate_bar)
                inputs["a_v"] = arithmetic.multiply(rate_bar, slope_v)
                inputs["a_h"] = arithmetic.multiply(rate_bar, slope_h)
            lambda_v, lambda_h, *terms = graph.adjoint.evaluate(arithmetic, inputs)
            added = [arithmetic.add(a, b) for a, b in zip(sums, terms, strict=True)]
            return [lambda_v, lambda_h, *added]

        def chunk(number: ir.Value, current: State) -> State:
            """One chunk; the last in time comes first."""
            last = builder.sub(steps, builder.mul(number, self._index(CHUNK)))
            first = builder.sub(last, self._index(CHUNK))
            inside = builder.icmp_signed(">", first, self._index(0))
            first = builder.select(inside, first, self._index(0))
            count = builder.sub(last, first)
            evaluate(first, count)

            def back(done: ir.Value, state: State) -> State:
                offset = builder.sub(builder.sub(count, done), self._index(1))
                index = builder.add(first, offset)
                state = self._seen(observed_bar, builder.add(index, self._index(1)), state)
                return step(index, offset, state)

            current = self._loop(count, current, back)
            if workspace is not None:
                workspace.accumulate(count, self._loop)
            return current

        chunks = builder.sdiv(builder.add(steps, self._index(CHUNK - 1)), self._index(CHUNK))
        start = [zero, zero, *([zero] * len(graph.parameter_names))]
        final = self._loop(chunks, start, chunk)
        first_bar = arithmetic.add(final[0], self._load(observed_bar, 0))
        self._store(initial_bar, self._index(0), first_bar)
        self._store(initial_bar, self._index(1), final[1])
        for position, value in enumerate(final[2:]):
            self._store(physical_bar, self._index(position), value)
        if workspace is not None:
            workspace.reduce(weights_bar, self._loop)
        self._finish()

    def _seen(self, observed_bar: ir.Value, index: ir.Value, state: State) -> State:
        """Add the cotangent of the observation at a step, where there is one."""
        builder = self._builder
        # Divisions of 32 bits take a third of the time of 64.
        step, interval = (builder.trunc(x, INT32) for x in (index, self._steps_per_sample))
        number = builder.udiv(step, interval)
        is_sample = builder.icmp_unsigned("==", builder.mul(number, interval), step)
        bar = self._load(observed_bar, builder.zext(number, INT64))
        moved = self._arithmetic.add(state[0], bar)
        return [builder.select(is_sample, moved, state[0]), *state[1:]]

    def write_sensitivities(self) -> None:
        """physical[P], initial[2] -> observed[S], derivatives[S][tangents]."""
        physical, initial, observed, derivatives = self._pointers

        def store(number: ir.Value, voltage: ir.Value, along: State) -> None:
            self._store(observed, number, voltage)
            self._store_row(derivatives, number, along)

        self._carry_tangents(physical, initial, store)

    def write_normal_equations(self) -> None:
        """physical[P], initial[2], measured[S] -> squared[1], gradient[T], normal[T (T + 1) / 2].

        Of the residual r = v - measured and its derivatives J: the sum of r^2, J^T r, and the lower
        triangle of J^T J. Three numbers a parameter leave the kernel instead of one a sample.
        """
        physical, initial, measured, squared, gradient, normal = self._pointers
        arithmetic = self._arithmetic
        tangents = len(self._specification.tangents)
        pairs = [(row, column) for row in range(tangents) for column in range(row + 1)]
        zero = arithmetic.constant(0.0)
        for pointer, count in ((squared, 1), (gradient, tangents), (normal, len(pairs))):
            for position in range(count):
                self._store(pointer, self._index(position), zero)

        def add(pointer: ir.Value, position: int, a: ir.Value, b: ir.Value) -> None:
            total = arithmetic.add(self._load(pointer, position), arithmetic.multiply(a, b))
            self._store(pointer, self._index(position), total)

        def accumulate(number: ir.Value, voltage: ir.Value, along: State) -> None:
            seen = arithmetic.negate(self._load(measured, number))
            residual = arithmetic.add(voltage, seen)
            add(squared, 0, residual, residual)
            for position, tangent in enumerate(along):
                add(gradient, position, tangent, residual)
            for position, (row, column) in enumerate(pairs):
                add(normal, position, along[row], along[column])

        self._carry_tangents(physical, initial, accumulate)

    def _carry_tangents(
        self,
        physical: ir.Value,
        initial: ir.Value,
        sample: Callable[[ir.Value, ir.Value, State], None],
    ) -> None:
        """All steps with their tangents; ``sample`` gets its number, v, and dv along each."""
        arithmetic, graph = self._arithmetic, self._specification.step
        self._load_physical(physical)
        tangents = self._specification.tangents
        zero, one = arithmetic.constant(0.0), arithmetic.constant(1.0)
        state = [self._load(initial, 0), self._load(initial, 1)]
        for parameter in tangents:
            state += [one if parameter == len(graph.parameter_names) else zero, zero]

        def observe(number: ir.Value, current: State) -> State:
            sample(number, current[0], current[2::2])
            return current

        def stepping(graph: StepGraph) -> Callable[[ir.Value, State], State]:
            def step(index: ir.Value, current: State) -> State:
                v, h, *along = current
                inputs = self._inputs(index, v, h)
                inputs.update(n=zero, dn=zero)
                new_v, new_h, _, _ = graph.advance.evaluate(arithmetic, inputs)
                moved = [new_v, new_h]
                for position, parameter in enumerate(tangents):
                    inputs["dv"], inputs["dh"] = along[2 * position : 2 * position + 2]
                    moved.extend(graph.tangents[parameter].evaluate(arithmetic, inputs))
                return moved

            return step

        observe(self._index(0), state)
        state = self._step_through(state, stepping(graph), observe, last=self._quiet_from)
        quiet = stepping(self._specification.quiet_step)
        self._step_through(state, quiet, observe, first=self._quiet_from)
        self._finish()

    # Pieces

    def _advance(
        self, weights: ir.Value, index: ir.Value, v: ir.Value, h: ir.Value
    ) -> tuple[ir.Value, ...]:
        """New v, new h, both rates, and F_dl itself."""
        graph, arithmetic = self._specification.step, self._arithmetic
        inputs = self._inputs(index, v, h)
        inputs["n"] = arithmetic.constant(0.0)
        network = self._network(weights)
        if network is not None:
            inputs["n"], _, _ = network.forward(*graph.stage.evaluate(arithmetic, inputs))
        return (*graph.advance.evaluate(arithmetic, inputs), inputs["n"])

    def _network(self, weights: ir.Value) -> NetworkCode | None:
        shape = self._specification.network
        return None if shape is None else NetworkCode(self._arithmetic, shape, weights)

    def _inputs(self, index: ir.Value, v: ir.Value, h: ir.Value) -> dict[str, ir.Value]:
        builder = self._builder
        time = builder.fmul(builder.sitofp(index, self._lanes.scalar), self._scalar_time_step)
        return {
            **self._physical,
            "v": v,
            "h": h,
            "dt": self._time_step,
            "t": self._arithmetic.broadcast(time),
        }

    def _load_physical(self, pointer: ir.Value) -> None:
        for position, name in enumerate(self._specification.step.parameter_names):
            self._physical[name] = self._load(pointer, position)

    def _step_through(
        self,
        state: State,
        step: Callable[[ir.Value, State], State],
        sample: Callable[[ir.Value, State], State],
        first: ir.Value | None = None,
        last: ir.Value | None = None,
    ) -> State:
        """All steps, or those between two observations, with ``sample`` after every Q of them."""
        builder = self._builder
        first = self._index(0) if first is None else first
        last = builder.sub(self._samples, self._index(1)) if last is None else last

        def between(number: ir.Value, current: State) -> State:
            outer = builder.add(first, number)
            start = builder.mul(outer, self._steps_per_sample)
            current = self._loop(
                self._steps_per_sample,
                current,
                lambda inner, state: step(builder.add(start, inner), state),
            )
            return sample(builder.add(outer, self._index(1)), current)

        return self._loop(builder.sub(last, first), state, between)

    def _store_state(self, pointer: ir.Value, row: ir.Value, state: State) -> None:
        self._store_row(pointer, row, state[:2])

    def _load_state(self, pointer: ir.Value, row: ir.Value) -> State:
        start = self._builder.mul(row, self._index(2))
        return [
            self._load(pointer, self._builder.add(start, self._index(position)))
            for position in range(2)
        ]
