"""What a running fit notes: its working time, and one row an epoch."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import numpy as np

from aphyn_gui.fitting.fit import History


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
    """Collects one row an epoch."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = names
        self._rows: list[tuple[float, ...]] = []

    @property
    def epochs(self) -> int:
        """Rows so far."""
        return len(self._rows)

    def add(self, values: Mapping[str, float], *numbers: float) -> None:
        """Add an epoch: all parameters, then training and validation MSE, ||F_dl||^2, lambda."""
        self._rows.append((*numbers, *(values[name] for name in self._names)))

    def history(self) -> History:
        """All epochs so far."""
        columns = np.array(self._rows, dtype=np.float64).reshape(-1, 4 + len(self._names)).T
        training_mse, validation_mse, mean_square, lambda_ = columns[:4]
        return History(
            training_mse=training_mse,
            validation_mse=validation_mse,
            mean_square_f_dl=mean_square,
            lambda_=lambda_,
            parameters=dict(zip(self._names, columns[4:], strict=True)),
        )
