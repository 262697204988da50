"""What a running fit notes: its working time, and one row an epoch."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import numpy as np

from aphyn_gui.fitting.fit import History

_FIRST_ROWS = 128


class WorkingClock:
    """Time a fit spends working: not while it waits to be asked for more."""

    def __init__(self) -> None:
        self._started = time.perf_counter()
        self._waited_s = 0.0

    @property
    def running_s(self) -> float:
        """Working time so far, s."""
        return time.perf_counter() - self._started - self._waited_s

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """While this lasts, time does not count."""
        since = time.perf_counter()
        yield
        self._waited_s += time.perf_counter() - since


class HistoryRecorder:
    """Collects one row an epoch.

    The rows lie in one array that doubles when it is full: a window asks for the course of a long
    training several times a second.
    """

    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = names
        self._count = 0
        self._rows = np.empty((_FIRST_ROWS, 4 + len(names)))

    @property
    def epochs(self) -> int:
        """Rows so far."""
        return self._count

    def add(self, values: Mapping[str, float], *numbers: float) -> None:
        """Add an epoch: all parameters, then training and validation MSE, ||F_dl||^2, lambda."""
        if self._count == len(self._rows):
            self._rows = np.concatenate((self._rows, np.empty_like(self._rows)))
        self._rows[self._count] = (*numbers, *(values[name] for name in self._names))
        self._count += 1

    def history(self) -> History:
        """All epochs so far, in arrays of their own."""
        columns = self._rows[: self._count].T.copy()
        training_mse, validation_mse, mean_square, lambda_ = columns[:4]
        return History(
            training_mse=training_mse,
            validation_mse=validation_mse,
            mean_square_f_dl=mean_square,
            lambda_=lambda_,
            parameters=dict(zip(self._names, columns[4:], strict=True)),
        )
