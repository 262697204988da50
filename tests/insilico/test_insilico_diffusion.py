"""Diffusion on its own, against closed forms."""

import numpy as np
import pytest

from aphyn_gui.insilico.kernels import diffuse


def diffused(field: np.ndarray, number: float, steps: int) -> np.ndarray:
    now, after = field.copy(), np.empty_like(field)
    for _ in range(steps):
        diffuse(now, after, number)
        now, after = after, now
    return now


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (7, 1), (6, 11)])
def test_no_flux_edges_keep_the_mean(shape: tuple[int, int]) -> None:
    field = np.random.default_rng(1).normal(size=shape)
    after = diffused(field, 0.2, 50)
    assert after.mean() == pytest.approx(field.mean(), abs=1e-13)
    assert np.ptp(after) <= np.ptp(field)


def test_uniform_field_is_left_alone() -> None:
    field = np.full((5, 4), -84.5)
    np.testing.assert_allclose(diffused(field, 0.2, 10), field, rtol=0, atol=1e-12)


@pytest.mark.parametrize(("k", "l"), [(1, 0), (0, 2), (3, 2)])
def test_cosine_mode_decays_at_the_analytic_rate(k: int, l: int) -> None:  # noqa: E741
    rows, columns, number, steps = 12, 16, 0.1, 30
    down = np.cos(np.pi * k * (np.arange(rows) + 0.5) / rows)
    right = np.cos(np.pi * l * (np.arange(columns) + 0.5) / columns)
    mode = np.outer(down, right)
    # Eigenvalue of the five-point Laplacian with reflecting edges.
    eigenvalue = -4 * (np.sin(np.pi * k / (2 * rows)) ** 2 + np.sin(np.pi * l / (2 * columns)) ** 2)
    expected = (1 + number * eigenvalue) ** steps * mode
    np.testing.assert_allclose(diffused(mode, number, steps), expected, rtol=0, atol=1e-13)


def test_a_point_spreads_the_same_in_every_direction() -> None:
    field = np.zeros((9, 9))
    field[4, 4] = 1.0
    after = diffused(field, 0.15, 6)
    np.testing.assert_allclose(after, after.T, atol=1e-15)
    np.testing.assert_allclose(after, after[::-1], atol=1e-15)
