"""The fused residual network, forward and backward, as CUDA C++ functions."""

from __future__ import annotations

from aphyn_gui.hybrid.fused_network import FusedLayer, fused_layers, fused_weight_count
from aphyn_gui.hybrid.residual_network import NetworkShape

_PARAMETER_BYTES = 3936
"""Weights up to this size travel as a kernel parameter: parameters hold 4 KB on every device."""


def weights_by_value(shape: NetworkShape, bits: int) -> bool:
    """Whether a kernel takes the weights themselves, or a pointer to them.

    By value, they are operands of the multiplications and need no loads, and the loops over them
    are written out. Of a larger network the loops stay: written out, it would take minutes to
    compile, and the compiler would keep its weights in registers that it does not have.
    """
    return fused_weight_count(shape) * bits // 8 <= _PARAMETER_BYTES


def unit_count(shape: NetworkShape) -> int:
    """Number of activations."""
    return shape.features * shape.blocks


def network_source(shape: NetworkShape, bits: int) -> str:
    """``Weights``, ``network_rate`` and ``network_slopes``."""
    count = fused_weight_count(shape)
    field = f"real w[{count}]" if weights_by_value(shape, bits) else "const real *w"
    return f"""
struct Weights {{ {field}; }};

// F_dl at (v, h); the inputs of the layers (v, h, then the units); the slopes of the units.
__device__ __forceinline__ real network_rate(
    const Weights &weights, real v, real h, real *inputs, real *slopes)
{{
    inputs[0] = v;
    inputs[1] = h;
{_forward(shape, bits)}
}}

// Derivatives of F_dl by v, by h, and by the arguments of the units.
__device__ __forceinline__ void network_slopes(
    const Weights &weights, const real *slopes, real *arguments, real &by_v, real &by_h)
{{
{_backward(shape, bits)}
}}
"""


def _unroll(shape: NetworkShape, bits: int) -> str:
    return "#pragma unroll" if weights_by_value(shape, bits) else "#pragma unroll 1"


def _forward(shape: NetworkShape, bits: int) -> str:
    unroll = _unroll(shape, bits)
    root = "rsqrtf" if bits == 32 else "rsqrt"
    *blocks, last = fused_layers(shape)
    parts = [
        f"""
{unroll}
    for (int row = 0; row < {layer.outputs}; ++row) {{
        const int start = {layer.start} + row * {layer.inputs + 1};
        real sum = weights.w[start];
{unroll}
        for (int column = 0; column < {layer.inputs}; ++column)
            sum += weights.w[start + 1 + column] * inputs[column];
        const real root = {root}(real(1) + sum * sum);
        inputs[{layer.inputs} + row] = sum * root;
        slopes[{layer.inputs - 2} + row] = root * root * root;
    }}"""
        for layer in blocks
    ]
    parts.append(
        f"""
    real rate = weights.w[{last.start}];
{unroll}
    for (int column = 0; column < {last.inputs}; ++column)
        rate += weights.w[{last.start + 1} + column] * inputs[column];
    return rate;"""
    )
    return "".join(parts)


def _backward(shape: NetworkShape, bits: int) -> str:
    unroll = _unroll(shape, bits)
    width = shape.features
    *blocks, last = fused_layers(shape)
    parts = []
    for block in range(len(blocks) - 1, -1, -1):
        parts.append(
            f"""
{unroll}
    for (int unit = {block * width}; unit < {(block + 1) * width}; ++unit) {{
        real sum = weights.w[{last.weight(0, 2)} + unit];
{_through(blocks[block + 1 :], "2 + unit", unroll)}
        arguments[unit] = sum * slopes[unit];
    }}"""
        )
    for column, target in enumerate(("by_v", "by_h")):
        parts.append(
            f"""
    {{
        real sum = weights.w[{last.weight(0, column)}];
{_through(blocks, str(column), unroll)}
        {target} = sum;
    }}"""
        )
    return "".join(parts)


def _through(layers: list[FusedLayer], column: str, unroll: str) -> str:
    """Add what an input of the network's layers does through some of them."""
    return "\n".join(
        f"""{unroll}
        for (int row = 0; row < {layer.outputs}; ++row)
            sum += weights.w[{layer.weight(0, 0)} + row * {layer.inputs + 1} + {column}]
                * arguments[{layer.inputs - 2} + row];"""
        for layer in layers
    )
