"""The kernels of the backward pass as CUDA C++; ``cuda_code`` says how they work together."""

from __future__ import annotations

from textwrap import indent

from aphyn_gui.hybrid.fused_network import fused_layers, fused_weight_count
from aphyn_gui.hybrid.gpu.c_arithmetic import statements
from aphyn_gui.hybrid.gpu.network_source import unit_count
from aphyn_gui.hybrid.gpu.step_source import (
    SEQUENCE_THREADS,
    STEP_THREADS,
    StepSource,
    joined,
    read_arrays,
    written_arrays,
)
from aphyn_gui.hybrid.residual_network import NetworkShape

_PREFETCHED_STEPS = 8
"""Steps whose states the backward recursion loads at once, to wait for the memory only once."""

_SHARED_BYTES = 36 * 1024
"""Shared memory of a block; every device has 48 KB."""


def slopes(source: StepSource, network: NetworkShape) -> str:
    """F_dl and its derivatives by v and h at ``count`` steps from ``first``: [count][3][N]."""
    return f"""
extern "C" __global__ void __launch_bounds__({STEP_THREADS}) slopes(
    const Weights weights, {read_arrays("physical", "states")}, {written_arrays("network")},
    double time_step, int first, int count, int sequences)
{{
    const real dt = real(time_step);
    const long long width = sequences;
    EACH_THREAD({STEP_THREADS}) {{
        const int item = blockIdx.x * {STEP_THREADS} + thread;
        if (item >= count * sequences) continue;
        const int offset = item / sequences, sequence = item % sequences;
{indent(source.evaluate_network(network), " " * 8)}
        real *row = network + offset * 3 * width + sequence;
        row[0] = rate;
        row[width] = by_v;
        row[2 * width] = by_h;
    }}
}}
"""


def adjoint(source: StepSource) -> str:
    """The recursion backwards, from step ``first + count`` to ``first``.

    carried[2 + P][N] holds the cotangents of the state, then the sums of those of the physical
    parameters. network[count][3][N] comes from ``slopes``; F_dl's cotangent takes the place of
    its first row.
    """
    names = source.step.parameter_names
    zero = "real(0.0)"
    symbols = source.symbols(v="vs[j]", h="hs[j]", n=zero, a_v=zero, a_h=zero)
    symbols.update(lambda_v="lambda_v", lambda_h="lambda_h")
    declare, load, code = ["real vs[AHEAD], hs[AHEAD];"], [], []
    if source.network is not None:
        declare.append("real ns[AHEAD], slopes_v[AHEAD], slopes_h[AHEAD];")
        load = [
            "const real *at = network + (index - first) * 3 * width + sequence;",
            "ns[j] = at[0];",
            "slopes_v[j] = at[width];",
            "slopes_h[j] = at[2 * width];",
        ]
        symbols["n"] = "ns[j]"
        lines, (bar,) = statements(source.step.network_cotangent, source.bits, symbols, "c")
        code = [
            lines,
            f"const real rate_bar = {bar} + twice * ns[j];",
            "const real a_v = rate_bar * slopes_v[j], a_h = rate_bar * slopes_h[j];",
            "network[(index - first) * 3 * width + sequence] = rate_bar;",
        ]
        symbols.update(a_v="a_v", a_h="a_h")
    lines, (new_v, new_h, *terms) = statements(source.step.adjoint, source.bits, symbols, "x")
    code.append(lines)
    code += [f"sum_{number} += {term};" for number, term in enumerate(terms)]
    code += [f"const real new_v = {new_v}, new_h = {new_h};"]
    code += ["lambda_v = new_v;", "lambda_h = new_h;"]
    sums = [
        f"real sum_{number} = carried[{2 + number} * width + sequence];"
        for number in range(len(names))
    ]
    keep = [
        f"carried[{2 + number} * width + sequence] = sum_{number};" for number in range(len(names))
    ]
    return f"""
#define AHEAD {_PREFETCHED_STEPS}
extern "C" __global__ void __launch_bounds__({SEQUENCE_THREADS}) adjoint(
    {read_arrays("physical", "states", "observed_bar", "squared_bar")},
    {written_arrays("network", "carried")},
    double time_step, int interval, int first, int count, int sequences)
{{
    const real dt = real(time_step);
    const long long width = sequences;
    EACH_THREAD({SEQUENCE_THREADS}) {{
        const int sequence = blockIdx.x * {SEQUENCE_THREADS} + thread;
        if (sequence >= sequences) continue;
{indent(source.load_physical(joined(code)), " " * 8)}
        const real twice = real(2) * squared_bar[sequence];
        real lambda_v = carried[sequence], lambda_h = carried[width + sequence];
{indent(joined(sums), " " * 8)}
        int sample = (first + count) / interval;
        // Steps from the next observation, counting back.
        int beyond = (first + count) % interval;
        for (int top = first + count; top > first; top -= AHEAD) {{
{indent(joined(declare), " " * 12)}
#pragma unroll
            for (int j = 0; j < AHEAD; ++j) {{
                const int index = top - 1 - j < first ? first : top - 1 - j;
                const real *state = states + index * 2 * width + sequence;
                vs[j] = state[0];
                hs[j] = state[width];
{indent(joined(load), " " * 16)}
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
{indent(joined(code), " " * 16)}
            }}
        }}
        carried[sequence] = lambda_v;
        carried[width + sequence] = lambda_h;
{indent(joined(keep), " " * 8)}
    }}
}}
"""


def weight_gradient(source: StepSource, network: NetworkShape) -> str:
    """Adds the gradients of the weights, a row of ``partial[blocks][W]`` each block.

    A block takes a tile of steps at a time: each thread writes the network's inputs and the
    cotangents of its arguments at one step into shared memory; then each thread sums the
    products that make up its weights over the tile.
    """
    units = unit_count(network)
    rows = 2 * units + 4
    tile = STEP_THREADS
    while tile > 1 and rows * (tile + 1) * source.bits // 8 > _SHARED_BYTES:
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
__device__ const unsigned short FACTORS[{2 * weights}] = {{{table}}};

extern "C" __global__ void __launch_bounds__({STEP_THREADS}) weight_gradient(
    const Weights weights, {read_arrays("physical", "states", "network")},
    {written_arrays("partial")},
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
{indent(source.evaluate_network(network), " " * 12)}
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
