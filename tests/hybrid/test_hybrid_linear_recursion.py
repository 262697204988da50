"""Linear recursions: the kernel against a loop over the steps, with and without a compiler."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aphyn_gui.hybrid import linear_recursion as module
from aphyn_gui.hybrid.errors import CompilationError
from aphyn_gui.hybrid.linear_recursion import linear_recursion

Case = tuple[np.ndarray, np.ndarray, np.ndarray]


def a_case(seed: int, steps: int, columns: int) -> Case:
    random = np.random.default_rng(seed)
    matrices = 0.7 * np.eye(2) + 0.2 * random.standard_normal((steps, 2, 2))
    return (
        matrices,
        random.standard_normal((steps, 2, columns)),
        random.standard_normal((2, columns)),
    )


def step_by_step(case: Case, is_backward: bool) -> np.ndarray:
    matrices, sources, state = case
    states = np.empty_like(sources)
    order = range(len(sources))
    for step in reversed(order) if is_backward else order:
        states[step] = state
        state = np.einsum("ij,jc->ic", matrices[step], state) + sources[step]
    return states


@given(
    seed=st.integers(0, 2**32 - 1),
    steps=st.integers(1, 60),
    columns=st.integers(1, 40),
    is_backward=st.booleans(),
)
def test_the_kernel_does_what_a_loop_over_the_steps_does(
    seed: int, steps: int, columns: int, is_backward: bool
) -> None:
    case = a_case(seed, steps, columns)
    wanted = step_by_step(case, is_backward)
    found = linear_recursion(*case, is_backward=is_backward)
    np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-12 * np.abs(wanted).max())


@pytest.mark.parametrize("is_backward", [False, True])
def test_without_a_compiler_the_result_is_the_same(
    monkeypatch: pytest.MonkeyPatch, is_backward: bool
) -> None:
    def refuse(*_: object) -> None:
        raise CompilationError("no compiler here")

    case = a_case(3, 50, 7)
    wanted = step_by_step(case, is_backward)
    monkeypatch.setattr("aphyn_gui.hybrid.cpu.compiler.compile_library", refuse)
    module._kernel.cache_clear()
    try:
        assert module._kernel() is None
        found = linear_recursion(*case, is_backward=is_backward)
    finally:
        module._kernel.cache_clear()
    np.testing.assert_allclose(found, wanted, rtol=1e-13)


def test_views_in_any_order_of_memory_are_taken() -> None:
    matrices, sources, start = a_case(5, 30, 16)
    wanted = step_by_step((matrices, sources.copy(), start), is_backward=False)
    transposed = np.asfortranarray(sources)
    found = linear_recursion(
        matrices.transpose(0, 2, 1).copy().transpose(0, 2, 1), transposed, start
    )
    np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-14)
