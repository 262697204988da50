"""Physics and network together, with the data's noise as the stopping rule.

One trajectory from one initial voltage serves the region, so it is fitted to the mean of the
training sequences, and the cost does not grow with their number. In three steps:

1. What the physics misses is estimated as a field over (v, h) (``defect``); where noise alone
   explains the misfit, the network stays silent.
2. The network learns that field (``distillation``).
3. Levenberg-Marquardt on all weights and parameters together minimises

       lambda * mean (v - mean trace)^2 + mean F_dl^2 + sum_j overlap_j^2 + drift

   with lambda from the first step: the ratio of what the field may be to what the noise is.
   overlap_j is the mean of F_dl times the direction in which parameter j would change dv/dt along
   the path, of unit mean square: what physics can do, physics shall do. The drift is the squared
   distance of the parameters from where step 1 found them, in units of ``PARAMETER_SPREAD`` and
   weighed like the field. Together they make the split between the two a definite one.
"""

from __future__ import annotations

from collections.abc import Generator

import numpy as np
import numpy.typing as npt
from torch import Tensor

from aphyn_gui.fitting.defect import PARAMETER_SPREAD
from aphyn_gui.fitting.distillation import teach
from aphyn_gui.fitting.hybrid_solver import Attempt, HybridSolver, HybridState
from aphyn_gui.hybrid import HybridModel, TimeGrid

Array = npt.NDArray[np.float64]

LEAST_EVIDENCE = 2.5
"""Gain of the log evidence from which the network may speak: odds of 12 to 1."""

MOST_ATTEMPTS = 4
_LAST_RESORT = 8
"""Further ones while none has come nearer to the data than the physics: about every second does."""
_LESSONS, _POLISHING = 30, 20
_SMALLEST_GAIN = 2e-3


def fit_hybrid(
    model: HybridModel,
    sequences: Tensor,
    initial: Tensor,
    grid: TimeGrid,
    physics_names: tuple[str, ...],
    iterations: int,
    seed: int = 0,
    attempts: int = MOST_ATTEMPTS,
) -> Generator[HybridState, None, HybridState]:
    """Fit ``model`` in place.

    Parameters
    ----------
    model : HybridModel
        In double precision, with a network, at its start.
    sequences : Tensor, shape (sequences, samples)
        Training sequences.
    initial : Tensor of float64, shape (1, 2)
        v(0) and h(0) of the one trajectory.
    grid : TimeGrid
        Steps and observations.
    physics_names : tuple of str
        Learned parameters whose work the network shall not do.
    iterations : int
        Most iterations.
    seed : int
        Of the network's start.
    attempts : int
        Most starts; another one is made where the last one has not explained the data, and a few
        more while none has brought the trajectory nearer to the data.

    Yields
    ------
    HybridState
        After each iteration.

    Returns
    -------
    HybridState
        The last one.
    """
    solver = HybridSolver(model, sequences.double().numpy(), initial, grid, physics_names)
    iteration = 0
    defect = solver.defect()
    if defect is None or defect.evidence < LEAST_EVIDENCE:
        solver.silence()
        state = solver.state(1, 0.0)
        yield state
        return state
    lesson = solver.lesson(defect)
    unit = float(np.mean(lesson[2] ** 2)) / max(defect.freedom, 1.0)
    lambda_ = unit / solver.noise_of_the_misfit
    solver.hold_parameters(unit / PARAMETER_SPREAD**2)
    best: Attempt | None = None
    for attempt in range(attempts + _LAST_RESORT):
        if best is not None:
            # Where the best start led near the answer, the linear answer is a better one.
            solver.return_to(best)
            if attempt >= attempts and not solver.is_worse_than_physics:
                break
            if solver.is_worse_than_physics:
                solver.begin(defect)
            else:
                nearer = solver.defect()
                if nearer is None:
                    break
                lesson = solver.lesson(nearer)
        lessons = min(_LESSONS, (iterations - iteration + 1) // 2)
        for _ in teach(solver.network, *lesson, seed + attempt, lessons):
            solver.look_again()
            # A network that has learned half may still drive the trajectory away.
            if solver.is_sane:
                iteration += 1
                yield solver.state(iteration, lambda_)
        solver.settle()
        for _ in range(min(_POLISHING, iterations - iteration)):
            gain = solver.improve(lambda_)
            iteration += 1
            yield solver.state(iteration, lambda_)
            if gain < _SMALLEST_GAIN:
                break
        found = solver.attempt(lambda_)
        if best is None or found.objective < best.objective:
            best = found
        if solver.explains_the_data or iteration >= iterations:
            break
    assert best is not None
    solver.return_to(best)
    if solver.is_worse_than_physics:
        solver.silence()
    return solver.state(iteration, lambda_)
