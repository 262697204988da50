"""The engine's kernels as CUDA C++: whole trajectories, one thread a sequence.

Going forward, a thread takes one sequence through all its steps in one launch, and keeps the
states. Going backward, the states are known, so the network and its derivatives at every step of
every sequence are computed side by side (``slopes``); the recursion backwards in time is then a few
operations a step (``adjoint``); and the products that make up the gradients of the weights are again
summed over all steps side by side (``weight_gradient``). Only the two recursions take as long as a
trajectory has steps.

In all arrays the sequence is the fastest index, so that neighbouring threads read neighbouring
numbers. ``P`` physical parameters, ``W`` fused weights, ``S`` observations, ``N`` sequences.

The source is plain C++ but for CUDA's keywords and ``EACH_THREAD``, which a test defines as a loop
to run the very same source on the processor.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from textwrap import indent

from aphyn_gui.hybrid.fused_network import fused_layers, fused_weight_count
from aphyn_gui.hybrid.gpu.c_arithmetic import statements
from aphyn_gui.hybrid.gpu.network_source import network_source, unit_count
from aphyn_gui.hybrid.residual_network import NetworkShape
from aphyn_gui.hybrid.step_graph import StepGraph

SEQUENCE_THREADS = 32
"""Threads a block where each takes a whole trajectory: one warp, to spread over the device."""

STEP_THREADS = 128
"""Threads a block where each takes one step of one sequence."""

_PREFETCHED_STEPS = 8
"""Steps whose states the backward recursion loads at once, to wait for the memory only once."""

_SHARED_BYTES = 36 * 1024


@dataclass(frozen=True, slots=True)
class ProgramSpecification:
    """What the kernels of one program compute.

    Parameters
    ----------
    step : StepGraph
        The step and its derivatives.
    network : NetworkShape or None
        F_dl.
    tangents : tuple of int
        Physical parameters along which ``sensitivities`` carries tangents.
    bits : int
        Precision, 32 or 64.
    """

    step: StepGraph
    network: NetworkShape | None
    tangents: tuple[int, ...]
    bits: int


def cuda_program(specification: ProgramSpecification) -> str:
    """CUDA C++ of all kernels of a specification."""
    return _Source(specification).program()


def kernel_names(specification: ProgramSpecification) -> tuple[str, ...]:
    """Names of the kernels of a specification."""
    if specification.tangents:
        return ("sensitivities",)
    shared = ("observe", "simulate", "adjoint")
    return shared if specification.network is None else (*shared, "slopes", "weight_gradient")


class _Source:
    """Writes one program."""

    def __init__(self, specification: ProgramSpecification) -> None:
        self._network = specification.network
        self._step = specification.step
        self._tangents = specification.tangents
        self._bits = specification.bits
        self._weights = "" if self._network is None else "const Weights weights, "

    def program(self) -> str:
        kind = "float" if self._bits == 32 else "double"
        parts = [
            f"""typedef {kind} real;
#ifndef EACH_THREAD
#define EACH_THREAD(count) for (int thread = threadIdx.x, once = 1; once; once = 0)
#endif
"""
        ]
        if self._tangents:
            return "".join([*parts, self._sensitivities()])
        if self._network is not None:
            parts.append(network_source(self._network, self._bits))
        parts += [self._observe(), self._simulate(), self._adjoint()]
        if self._network is not None:
            parts += [self._slopes(self._network), self._weight_gradient(self._network)]
        return "".join(parts)

    # Kernels

    def _observe(self) -> str:
        """physical[P][N], initial[2][N] -> states[steps + 1][2][N], observed[S][N], squared[N]."""
        code, (new_v, new_h, _, _, rate) = self._advance()
        body = f"""
real total = 0;
real *state = states + sequence;
state[0] = v;
state[width] = h;
observed[sequence] = v;
int index = 0;
for (int sample = 1; sample < samples; ++sample) {{
    for (int inner = 0; inner < interval; ++inner, ++index) {{
{indent(code, " " * 8)}
        total += {rate} * {rate};
        v = {new_v};
        h = {new_h};
        state += 2 * width;
        state[0] = v;
        state[width] = h;
    }}
    observed[sample * width + sequence] = v;
}}
squared[sequence] = total;"""
        arrays = f"{self._weights}{_inputs('physical', 'initial')}, "
        arrays += _outputs("states", "observed", "squared")
        return self._trajectory_kernel("observe", arrays, body)

    def _simulate(self) -> str:
        """physical[P][N], initial[2][N] -> rows[steps + 1][v, h, physics, network][N]."""
        code, (new_v, new_h, physics_rate, network_rate, _) = self._advance()
        body = f"""
real *row = rows + sequence;
const int steps = interval * (samples - 1);
for (int index = 0; index < steps; ++index) {{
{indent(code, " " * 4)}
    row[0] = v;
    row[width] = h;
    row[2 * width] = {physics_rate};
    row[3 * width] = {network_rate};
    row += 4 * width;
    v = {new_v};
    h = {new_h};
}}
row[0] = v;
row[width] = h;
row[2 * width] = 0;
row[3 * width] = 0;"""
        arrays = f"{self._weights}{_inputs('physical', 'initial')}, {_outputs('rows')}"
        return self._trajectory_kernel("simulate", arrays, body)

    def _sensitivities(self) -> str:
        """physical[P][N], initial[2][N] -> observed[S][N], derivatives[S][tangents][N]."""
        inputs = self._symbols(n="real(0.0)", dn="real(0.0)")
        code, (new_v, new_h, _, _) = statements(self._step.advance, self._bits, inputs, "x")
        lines, moves, begin, store = [code], [f"v = {new_v};", f"h = {new_h};"], [], []
        for number, parameter in enumerate(self._tangents):
            names = {"dv": f"dv_{number}", "dh": f"dh_{number}"}
            code, (new_dv, new_dh) = statements(
                self._step.tangents[parameter], self._bits, {**inputs, **names}, f"d{number}_"
            )
            lines.append(code)
            moves += [f"{names['dv']} = {new_dv};", f"{names['dh']} = {new_dh};"]
            begin.append(f"real {names['dv']} = 0, {names['dh']} = 0;")
            begin.append(f"derivatives[{number} * width + sequence] = 0;")
            row = f"(sample * width) * {len(self._tangents)} + {number} * width + sequence"
            store.append(f"derivatives[{row}] = {names['dv']};")
        body = f"""
{_lines(begin)}
observed[sequence] = v;
int index = 0;
for (int sample = 1; sample < samples; ++sample) {{
    for (int inner = 0; inner < interval; ++inner, ++index) {{
        const real t = real(index) * dt;
{indent(_lines(lines), " " * 8)}
{indent(_lines(moves), " " * 8)}
    }}
    observed[sample * width + sequence] = v;
{indent(_lines(store), " " * 4)}
}}"""
        arrays = f"{_inputs('physical', 'initial')}, {_outputs('observed', 'derivatives')}"
        return self._trajectory_kernel("sensitivities", arrays, body)

    def _slopes(self, network: NetworkShape) -> str:
        """F_dl and its derivatives by v and h at ``count`` steps from ``first``: [count][3][N]."""
        return f"""
extern "C" __global__ void __launch_bounds__({STEP_THREADS}) slopes(
    const Weights weights, {_inputs("physical", "states")}, {_outputs("network")},
    double time_step, int first, int count, int sequences)
{{
    const real dt = real(time_step);
    const long long width = sequences;
    EACH_THREAD({STEP_THREADS}) {{
        const int item = blockIdx.x * {STEP_THREADS} + thread;
        if (item >= count * sequences) continue;
        const int offset = item / sequences, sequence = item % sequences;
{indent(self._evaluate_network(network), " " * 8)}
        real *row = network + offset * 3 * width + sequence;
        row[0] = rate;
        row[width] = by_v;
        row[2 * width] = by_h;
    }}
}}
"""

    def _adjoint(self) -> str:
        """The recursion backwards, from step ``first + count`` to ``first``.

        carried[2 + P][N] holds the cotangents of the state, then the sums of those of the physical
        parameters. network[count][3][N] comes from ``slopes``; F_dl's cotangent takes the place of
        its first row.
        """
        names = self._step.parameter_names
        zero = "real(0.0)"
        symbols = self._symbols(v="vs[j]", h="hs[j]", n=zero, a_v=zero, a_h=zero)
        symbols.update(lambda_v="lambda_v", lambda_h="lambda_h")
        declare, load, code = ["real vs[AHEAD], hs[AHEAD];"], [], []
        if self._network is not None:
            declare.append("real ns[AHEAD], slopes_v[AHEAD], slopes_h[AHEAD];")
            load = [
                "const real *at = network + (index - first) * 3 * width + sequence;",
                "ns[j] = at[0];",
                "slopes_v[j] = at[width];",
                "slopes_h[j] = at[2 * width];",
            ]
            symbols["n"] = "ns[j]"
            lines, (bar,) = statements(self._step.network_cotangent, self._bits, symbols, "c")
            code = [
                lines,
                f"const real rate_bar = {bar} + twice * ns[j];",
                "const real a_v = rate_bar * slopes_v[j], a_h = rate_bar * slopes_h[j];",
                "network[(index - first) * 3 * width + sequence] = rate_bar;",
            ]
            symbols.update(a_v="a_v", a_h="a_h")
        lines, (new_v, new_h, *terms) = statements(self._step.adjoint, self._bits, symbols, "x")
        code.append(lines)
        code += [f"sum_{number} += {term};" for number, term in enumerate(terms)]
        code += [f"const real new_v = {new_v}, new_h = {new_h};"]
        code += ["lambda_v = new_v;", "lambda_h = new_h;"]
        sums = [
            f"real sum_{number} = carried[{2 + number} * width + sequence];"
            for number in range(len(names))
        ]
        keep = [
            f"carried[{2 + number} * width + sequence] = sum_{number};"
            for number in range(len(names))
        ]
        return f"""
#define AHEAD {_PREFETCHED_STEPS}
extern "C" __global__ void __launch_bounds__({SEQUENCE_THREADS}) adjoint(
    {_inputs("physical", "states", "observed_bar", "squared_bar")},
    {_outputs("network", "carried")},
    double time_step, int interval, int first, int count, int sequences)
{{
    const real dt = real(time_step);
    const long long width = sequences;
    EACH_THREAD({SEQUENCE_THREADS}) {{
        const int sequence = blockIdx.x * {SEQUENCE_THREADS} + thread;
        if (sequence >= sequences) continue;
{indent(self._load_physical(), " " * 8)}
        const real twice = real(2) * squared_bar[sequence];
        real lambda_v = carried[sequence], lambda_h = carried[width + sequence];
{indent(_lines(sums), " " * 8)}
        int sample = (first + count) / interval;
        // Steps from the next observation, counting back.
        int beyond = (first + count) % interval;
        for (int top = first + count; top > first; top -= AHEAD) {{
{indent(_lines(declare), " " * 12)}
#pragma unroll
            for (int j = 0; j < AHEAD; ++j) {{
                const int index = top - 1 - j < first ? first : top - 1 - j;
                const real *state = states + index * 2 * width + sequence;
                vs[j] = state[0];
                hs[j] = state[width];
{indent(_lines(load), " " * 16)}
            }}
#pragma unroll
            for (int j = 0; j < AHEAD; ++j) {{
                const int index = top - 1 - j;
                if (index < first) continue;
                if (beyond == 0) {{
                    lambda_v += observed_bar[sample * width + sequence];
                    sample -= 1;
                    beyond = interval;
                }}
                beyond -= 1;
                const real t = real(index) * dt;
{indent(_lines(code), " " * 16)}
            }}
        }}
        carried[sequence] = lambda_v;
        carried[width + sequence] = lambda_h;
{indent(_lines(keep), " " * 8)}
    }}
}}
"""

    def _weight_gradient(self, network: NetworkShape) -> str:
        """Adds the gradients of the weights, a row of ``partial[blocks][W]`` each block.

        A block takes a tile of steps at a time: each thread writes the network's inputs and the
        cotangents of its arguments at one step into shared memory; then each thread sums the
        products that make up its weights over the tile.
        """
        units = unit_count(network)
        rows = 2 * units + 4
        tile = STEP_THREADS
        while tile > 1 and rows * (tile + 1) * self._bits // 8 > _SHARED_BYTES:
            tile //= 2
        pairs = [
            (row, column)
            for layer in fused_layers(network)
            for row in range(layer.inputs - 2, layer.inputs - 2 + layer.outputs)
            for column in range(layer.inputs + 1)
        ]
        # Row by row in shared memory: 1 for the biases, the inputs v, h and units; the cotangents.
        table = ", ".join(f"{column}, {units + 3 + row}" for row, column in pairs)
        weights = fused_weight_count(network)
        return f"""
__constant__ unsigned short FACTORS[{2 * weights}] = {{{table}}};

extern "C" __global__ void __launch_bounds__({STEP_THREADS}) weight_gradient(
    const Weights weights, {_inputs("physical", "states", "network")}, {_outputs("partial")},
    double time_step, int first, int count, int sequences)
{{
    __shared__ real shared[{rows}][{tile + 1}];
    const real dt = real(time_step);
    const long long width = sequences;
    const int items = count * sequences;
    for (int start = blockIdx.x * {tile}; start < items; start += gridDim.x * {tile}) {{
        const int size = items - start < {tile} ? items - start : {tile};
        EACH_THREAD({STEP_THREADS}) {{
            if (thread >= size) continue;
            const int offset = (start + thread) / sequences;
            const int sequence = (start + thread) % sequences;
{indent(self._evaluate_network(network), " " * 12)}
            const real rate_bar = network[offset * 3 * width + sequence];
            shared[0][thread] = 1;
#pragma unroll
            for (int row = 0; row < {units + 2}; ++row) shared[1 + row][thread] = inputs[row];
#pragma unroll
            for (int row = 0; row < {units}; ++row)
                shared[{units + 3} + row][thread] = rate_bar * arguments[row];
            shared[{2 * units + 3}][thread] = rate_bar;
        }}
        __syncthreads();
        EACH_THREAD({STEP_THREADS}) {{
            for (int weight = thread; weight < {weights}; weight += {STEP_THREADS}) {{
                const real *left = shared[FACTORS[2 * weight]];
                const real *right = shared[FACTORS[2 * weight + 1]];
                real sum = 0;
#pragma unroll 4
                for (int item = 0; item < size; ++item) sum += left[item] * right[item];
                partial[blockIdx.x * {weights} + weight] += sum;
            }}
        }}
        __syncthreads();
    }}
}}
"""

    # Pieces

    def _trajectory_kernel(self, name: str, arrays: str, body: str) -> str:
        """A kernel in which each thread takes one sequence through all its steps."""
        return f"""
extern "C" __global__ void __launch_bounds__({SEQUENCE_THREADS}) {name}(
    {arrays},
    double time_step, int interval, int samples, int sequences)
{{
    const real dt = real(time_step);
    const long long width = sequences;
    EACH_THREAD({SEQUENCE_THREADS}) {{
        const int sequence = blockIdx.x * {SEQUENCE_THREADS} + thread;
        if (sequence >= sequences) continue;
{indent(self._load_physical(), " " * 8)}
        real v = initial[sequence], h = initial[width + sequence];
{indent(body, " " * 8)}
    }}
}}
"""

    def _advance(self) -> tuple[str, tuple[str, ...]]:
        """One step from v, h at ``index``: new v, new h, both rates, and F_dl itself."""
        symbols = self._symbols(n="real(0.0)")
        lines = ["const real t = real(index) * dt;"]
        if self._network is not None:
            code, (v_stage, h_stage) = statements(self._step.stage, self._bits, symbols, "s")
            units = unit_count(self._network)
            lines += [
                code,
                f"real inputs[{units + 2}], unit_slopes[{units}];",
                f"const real n = network_rate(weights, {v_stage}, {h_stage}, inputs, unit_slopes);",
            ]
            symbols["n"] = "n"
        code, outputs = statements(self._step.advance, self._bits, symbols, "x")
        return _lines([*lines, code]), (*outputs, symbols["n"])

    def _evaluate_network(self, network: NetworkShape) -> str:
        """F_dl and its derivatives at step ``first + offset`` of ``sequence``."""
        units = unit_count(network)
        code, (v_stage, h_stage) = statements(self._step.stage, self._bits, self._symbols(), "s")
        return f"""const real *state = states + (first + offset) * 2 * width + sequence;
const real v = state[0], h = state[width];
{self._load_physical()}
{code}
real inputs[{units + 2}], unit_slopes[{units}], arguments[{units}];
const real rate = network_rate(weights, {v_stage}, {h_stage}, inputs, unit_slopes);
real by_v, by_h;
network_slopes(weights, unit_slopes, arguments, by_v, by_h);"""

    def _symbols(self, **others: str) -> dict[str, str]:
        """C++ of each symbol of the step."""
        parameters = {name: f"p_{name}" for name in self._step.parameter_names}
        return {**parameters, "v": "v", "h": "h", "t": "t", "dt": "dt", **others}

    def _load_physical(self) -> str:
        return _lines(
            f"const real p_{name} = physical[{position} * width + sequence];"
            for position, name in enumerate(self._step.parameter_names)
        )


def _lines(lines: Iterable[str]) -> str:
    return "\n".join(line for line in lines if line)


def _inputs(*names: str) -> str:
    return ", ".join(f"const real *__restrict__ {name}" for name in names)


def _outputs(*names: str) -> str:
    return ", ".join(f"real *__restrict__ {name}" for name in names)
