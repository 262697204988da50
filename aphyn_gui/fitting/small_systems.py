"""Thousands of tiny symmetric systems at once, an operation for all of them at a time.

LAPACK takes them one by one: of three unknowns, a call costs more than the arithmetic.
"""

from __future__ import annotations

import torch
from torch import Tensor

LARGEST = 6
"""Unknowns from which on LAPACK is faster."""


class SmallSystems:
    """L D L^T of symmetric positive definite matrices.

    Parameters
    ----------
    matrices : Tensor of float64, shape (systems, size, size)
        Only the lower triangles are read.
    """

    def __init__(self, matrices: Tensor) -> None:
        size = matrices.shape[-1]
        self._factors: list[list[Tensor]] = [[] for _ in range(size)]
        self._pivots: list[Tensor] = []
        for column in range(size):
            scaled = [
                factor * pivot
                for factor, pivot in zip(self._factors[column], self._pivots, strict=True)
            ]
            for row in range(column, size):
                rest = matrices[:, row, column]
                for factor, other in zip(self._factors[row], scaled, strict=False):
                    rest = rest - factor * other
                if row == column:
                    self._pivots.append(rest)
                else:
                    self._factors[row].append(rest / self._pivots[column])

    @property
    def is_positive(self) -> Tensor:
        """Whether each matrix is positive definite, shape (systems,)."""
        return torch.stack(self._pivots).gt(0).all(0)

    def inverse_diagonal(self) -> Tensor:
        """Diagonals of the inverses, shape (systems, size)."""
        one = torch.ones_like(self._pivots[0])
        zero = torch.zeros_like(one)
        size = len(self._pivots)
        # (L^-1)^T D^-1 L^-1: the squares of each column of L^-1 over the pivots.
        diagonal = []
        for column in range(size):
            unit = tuple(one if row == column else zero for row in range(size))
            parts = self._forward(unit)[column:]
            squares = [
                part.square() / pivot
                for part, pivot in zip(parts, self._pivots[column:], strict=True)
            ]
            diagonal.append(torch.stack(squares).sum(0))
        return torch.stack(diagonal, dim=-1)

    def _forward(self, right: tuple[Tensor, ...]) -> list[Tensor]:
        found: list[Tensor] = []
        for value, factors in zip(right, self._factors, strict=True):
            rest = value
            for factor, before in zip(factors, found, strict=False):
                rest = rest - factor * before
            found.append(rest)
        return found


def positive_inverse_diagonal(matrices: Tensor) -> tuple[Tensor, Tensor]:
    """Diagonals of the inverses, shape (systems, size), and whether each matrix is positive."""
    if matrices.shape[-1] <= LARGEST:
        systems = SmallSystems(matrices)
        return systems.inverse_diagonal(), systems.is_positive
    factor, failed = torch.linalg.cholesky_ex(matrices)
    return torch.cholesky_inverse(factor).diagonal(dim1=-2, dim2=-1), failed == 0
