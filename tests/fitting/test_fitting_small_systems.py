"""Tiny symmetric systems, against LAPACK."""

from __future__ import annotations

import pytest
import torch

from aphyn_gui.fitting.small_systems import positive_inverse_diagonal


def matrices(systems: int, size: int, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    root = torch.randn(systems, size, size + 2, generator=generator, dtype=torch.float64)
    return root @ root.mT


@pytest.mark.parametrize("size", range(1, 9))
def test_diagonals_of_inverses_are_lapacks(size: int) -> None:
    systems = matrices(50, size, seed=size)
    found, is_positive = positive_inverse_diagonal(systems)
    assert is_positive.all()
    wanted = torch.linalg.inv(systems).diagonal(dim1=-2, dim2=-1)
    torch.testing.assert_close(found, wanted, rtol=1e-7, atol=1e-10)


@pytest.mark.parametrize("size", [2, 3, 8])
def test_what_is_not_positive_is_said(size: int) -> None:
    systems = matrices(3, size)
    systems[1, 0, 0] = -1.0
    _, is_positive = positive_inverse_diagonal(systems)
    assert is_positive.tolist() == [True, False, True]
