"""The same fit from other random networks: how much of a result is the network's chance."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Mapping, Sequence

import numpy as np
import numpy.typing as npt
from torch import Tensor

from aphyn_gui.fitting.hybrid_least_squares import fit_hybrid
from aphyn_gui.hybrid import HybridModel, TimeGrid

_SEED_STRIDE = 1000
"""Between the seeds of networks: a fit may use a few that follow its own."""


def fit_other_networks(
    new_model: Callable[[int], HybridModel],
    sequences: Tensor,
    initial: Tensor,
    grid: TimeGrid,
    physics_names: tuple[str, ...],
    iterations: int,
    seed: int,
    count: int,
) -> Generator[int, None, list[dict[str, float]]]:
    """Fit again, from networks that start elsewhere.

    Each gets one attempt where the fit itself may have taken several: the spread is rather too
    large than too small, and costs a fraction.

    Parameters
    ----------
    new_model : callable
        Gives the model at its start, for a network's seed.
    sequences, initial, grid, physics_names, iterations
        As in ``fit_hybrid``.
    seed : int
        Of the fit that is repeated.
    count : int
        Number of networks.

    Yields
    ------
    int
        Networks done, after each iteration.

    Returns
    -------
    list of dict
        Every physical parameter, network by network.
    """
    found: list[dict[str, float]] = []
    for number in range(1, count + 1):
        other = seed + number * _SEED_STRIDE
        model = new_model(other)
        course = fit_hybrid(
            model, sequences, initial, grid, physics_names, iterations, other, attempts=1
        )
        for _ in course:
            yield number - 1
        found.append(dict(model.parameter_values))
    return found


def spread_of(
    values: Sequence[Mapping[str, float]], unknowns: Mapping[str, tuple[float, float]]
) -> dict[str, float]:
    """Standard deviation of each unknown's variable over fits; its logarithm where bounds allow.

    Parameters
    ----------
    values : sequence of mappings
        Parameters of at least two fits.
    unknowns : mapping of str to (float, float)
        What was learned, with its bounds.
    """
    spread = {}
    for name, (lower, _) in unknowns.items():
        found: npt.NDArray[np.float64] = np.array([fit[name] for fit in values])
        if lower > 0:
            found = np.log(found)
        spread[name] = float(found.std(ddof=1)) if len(found) > 1 else math.nan
    return spread
