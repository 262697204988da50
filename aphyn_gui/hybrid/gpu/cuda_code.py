"""The engine's kernels as CUDA C++: whole trajectories, one thread a sequence.

Going forward, a thread takes one sequence through all its steps in one launch, and keeps the
states. Going backward, the states are known, so the network and its derivatives at every step of
every sequence are computed side by side (``slopes``); the recursion backwards in time is then a
few operations a step (``adjoint``); and the products that make up the gradients of the weights are
again summed over all steps side by side (``weight_gradient``). Only the two recursions take as long
as a trajectory has steps.

In all arrays the sequence is the fastest index, so that neighbouring threads read neighbouring
numbers. ``P`` physical parameters, ``W`` fused weights, ``S`` observations, ``N`` sequences.

The source is plain C++ but for CUDA's keywords and ``EACH_THREAD``, which a test defines as a loop
to run the very same source on the processor.
"""

from __future__ import annotations

from textwrap import indent

from aphyn_gui.hybrid.gpu.c_arithmetic import statements
from aphyn_gui.hybrid.gpu.gradient_source import adjoint, slopes, weight_gradient
from aphyn_gui.hybrid.gpu.network_source import network_source
from aphyn_gui.hybrid.gpu.step_source import (
    SEQUENCE_THREADS,
    ProgramSpecification,
    StepSource,
    joined,
    read_arrays,
    written_arrays,
)


def cuda_program(specification: ProgramSpecification) -> str:
    """CUDA C++ of all kernels of a specification."""
    source = StepSource(specification)
    kind = "float" if source.bits == 32 else "double"
    parts = [
        f"""typedef {kind} real;
#ifndef EACH_THREAD
#define EACH_THREAD(count) for (int thread = threadIdx.x, once = 1; once; once = 0)
#endif
"""
    ]
    if source.tangents:
        return "".join([*parts, _sensitivities(source)])
    if source.network is not None:
        parts.append(network_source(source.network, source.bits))
    parts += [_observe(source), _simulate(source), adjoint(source)]
    if source.network is not None:
        parts += [slopes(source, source.network), weight_gradient(source, source.network)]
    return "".join(parts)


def kernel_names(specification: ProgramSpecification) -> tuple[str, ...]:
    """Names of the kernels of a specification."""
    if specification.tangents:
        return ("sensitivities",)
    shared = ("observe", "simulate", "adjoint")
    return shared if specification.network is None else (*shared, "slopes", "weight_gradient")


def _observe(source: StepSource) -> str:
    """physical[P][N], initial[2][N] -> states[steps + 1][2][N], observed[S][N], squared[N]."""
    code, (new_v, new_h, _, _, rate) = source.advance()
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
    arrays = f"{source.weights}{read_arrays('physical', 'initial')}, "
    arrays += written_arrays("states", "observed", "squared")
    return _trajectory_kernel(source, "observe", arrays, body)


def _simulate(source: StepSource) -> str:
    """physical[P][N], initial[2][N] -> rows[steps + 1][v, h, physics, network][N]."""
    code, (new_v, new_h, physics_rate, network_rate, _) = source.advance()
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
    arrays = f"{source.weights}{read_arrays('physical', 'initial')}, {written_arrays('rows')}"
    return _trajectory_kernel(source, "simulate", arrays, body)


def _sensitivities(source: StepSource) -> str:
    """physical[P][N], initial[2][N] -> observed[S][N], derivatives[S][tangents][N]."""
    inputs = source.symbols(n="real(0.0)", dn="real(0.0)")
    code, (new_v, new_h, _, _) = statements(source.step.advance, source.bits, inputs, "x")
    lines, moves, begin, store = [code], [f"v = {new_v};", f"h = {new_h};"], [], []
    for number, parameter in enumerate(source.tangents):
        names = {"dv": f"dv_{number}", "dh": f"dh_{number}"}
        code, (new_dv, new_dh) = statements(
            source.step.tangents[parameter], source.bits, {**inputs, **names}, f"d{number}_"
        )
        lines.append(code)
        moves += [f"{names['dv']} = {new_dv};", f"{names['dh']} = {new_dh};"]
        first = int(parameter == len(source.step.parameter_names))
        begin.append(f"real {names['dv']} = {first}, {names['dh']} = 0;")
        begin.append(f"derivatives[{number} * width + sequence] = {first};")
        row = f"(sample * width) * {len(source.tangents)} + {number} * width + sequence"
        store.append(f"derivatives[{row}] = {names['dv']};")
    body = f"""
{joined(begin)}
observed[sequence] = v;
int index = 0;
for (int sample = 1; sample < samples; ++sample) {{
    for (int inner = 0; inner < interval; ++inner, ++index) {{
        const real t = real(index) * dt;
{indent(joined(lines), " " * 8)}
{indent(joined(moves), " " * 8)}
    }}
    observed[sample * width + sequence] = v;
{indent(joined(store), " " * 4)}
}}"""
    arrays = f"{read_arrays('physical', 'initial')}, {written_arrays('observed', 'derivatives')}"
    return _trajectory_kernel(source, "sensitivities", arrays, body)


def _trajectory_kernel(source: StepSource, name: str, arrays: str, body: str) -> str:
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
{indent(source.load_physical(body), " " * 8)}
        real v = initial[sequence], h = initial[width + sequence];
{indent(body, " " * 8)}
    }}
}}
"""
