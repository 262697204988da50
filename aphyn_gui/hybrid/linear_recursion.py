"""Linear recursions along a trajectory: what a disturbance of one step does to all later ones."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from aphyn_gui.hybrid.errors import CompilationError

Array = npt.NDArray[np.float64]

WHOLE_VECTORS = 16
"""Numbers of columns that are multiples of this are not copied."""


def linear_recursion(
    matrices: Array, sources: Array, start: Array, *, is_backward: bool = False
) -> Array:
    """States x of x(n+1) = M(n) x(n) + s(n), before each step, of several columns at once.

    Parameters
    ----------
    matrices : ndarray, shape (steps, 2, 2)
        M.
    sources : ndarray, shape (steps, 2, columns)
        s; overwritten.
    start : ndarray, shape (2, columns)
        x of the first step.
    is_backward : bool
        Whether the last step comes first.

    Returns
    -------
    ndarray, shape (steps, 2, columns)
        x before each step.
    """
    carry = _kernel() or _carry
    columns = sources.shape[2]
    missing = -columns % WHOLE_VECTORS
    if missing:
        sources, start = (
            np.pad(values, [*([(0, 0)] * (values.ndim - 1)), (0, missing)])
            for values in (sources, start)
        )
    rows = np.ascontiguousarray(sources)
    carry(np.ascontiguousarray(matrices), np.ascontiguousarray(start), rows, is_backward)
    return rows[:, :, :columns]


def _carry(matrices: Array, start: Array, rows: Array, is_backward: bool) -> None:
    """What the kernel does, a step at a time."""
    steps = range(len(rows))
    state = start
    for step in reversed(steps) if is_backward else steps:
        source = rows[step].copy()
        rows[step] = state
        state = matrices[step] @ state + source


@lru_cache(maxsize=1)
def _kernel() -> Callable[[Array, Array, Array, bool], None] | None:
    """The compiled loop; None where nothing can be compiled."""
    try:
        from aphyn_gui.hybrid.cpu.compiler import compile_library, host_target
        from aphyn_gui.hybrid.cpu.recursion_code import recursion_module

        target = host_target()
        lanes = target.lanes(64)
        library = compile_library(
            f"linear recursion {lanes!r}", lambda: recursion_module(lanes), target
        )
    except (CompilationError, ImportError):
        # The trajectories say so, once; nothing else is lost here but time.
        return None
    function = library.function("carry", 3, integers=4, reals=0)

    def carry(matrices: Array, start: Array, rows: Array, is_backward: bool) -> None:
        steps, _, columns = rows.shape
        first, stride = (steps - 1, -1) if is_backward else (0, 1)
        function(
            matrices.ctypes.data, start.ctypes.data, rows.ctypes.data,
            columns // lanes.count, steps, first, stride,
        )  # fmt: skip

    return carry
