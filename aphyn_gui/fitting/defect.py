"""What the physics cannot say, as the smoothest field over (v, h) that the data ask for.

Along the converged physics, small additions to dv/dt change the trajectory linearly. The addition
is taken as a Gaussian process over the state (v, h), so that it is a vector field and not a
function of time, and its size is chosen by the evidence: where noise explains the misfit, the
answer is that nothing is missing. Directions in which a physical parameter could move dv/dt are
left to the parameter.

The prior has two parts. One is a smooth correction everywhere. The other lives where the gate has
hardly left its rest: during the upstroke and the notch a two-variable model misses currents that
act for a few milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aphyn_gui.fitting.linear_estimate import variance_of_the_mean
from aphyn_gui.hybrid.path_derivatives import PathDerivatives

Array = npt.NDArray[np.float64]

_LENGTHS = ((0.2, 0.2), (0.2, 0.05))
"""Correlation lengths of the two parts, in v and in h."""
_EARLY = 0.1
"""Share of the gate's range within which the second part lives."""
_CENTRES = 100
_SMALLEST_NOISE = 1e-8
"""Variance below which measurements without noise are not trusted further."""

PARAMETER_SPREAD = 0.003
"""How freely the field may move the parameters, as a logarithm. Physics first: what noisy data
allow to be said in two ways stays with the converged physics, and fitted time constants repeat to a
few parts in a thousand; where data are precise, they overrule this."""
_SIZES = np.concatenate(([0.0], 10.0 ** np.arange(-7.0, -0.5, 1.0)))
_FINER = 10.0 ** np.array([-0.5, 0.0, 0.5])
_JITTER = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Defect:
    """A field that the physics lacks, along the path that it would take.

    Parameters
    ----------
    voltage : ndarray, shape (steps,)
        v along the path with the field in force.
    parameter_change : ndarray, shape (variables,)
        Change of the solver's variables that goes with it.
    covariance : ndarray, shape (groups, groups)
        Of what fields of that size do to the means of the observations, before any is measured.
    evidence : float
        Gain of the log marginal likelihood over no field at all.
    freedom : float
        Degrees of freedom that the data give the field.
    """

    voltage: Array
    parameter_change: Array
    covariance: Array
    evidence: float
    freedom: float


def trusted_variance(sequences: Array) -> float:
    """Variance of one sample of the mean trace by noise, as far as it is trusted.

    Parameters
    ----------
    sequences : ndarray, shape (sequences, samples)
        As measured.
    """
    return max(variance_of_the_mean(sequences), _SMALLEST_NOISE)


def find_defect(
    path: PathDerivatives,
    residual: Array,
    variances: Array,
    learned: list[int],
    by_variable: Array,
) -> Defect | None:
    """The most probable field; None where the derivatives are too large to compute with.

    Parameters
    ----------
    path : PathDerivatives
        Along the present trajectory: the converged physics, or a hybrid near the answer.
    residual : ndarray, shape (groups,)
        Mean trace minus the trajectory, plus what the present F_dl has contributed to it: all that
        the field has to explain.
    variances : ndarray, shape (groups,)
        Of the mean trace's noise.
    learned : list of int
        Positions of the learned parameters.
    by_variable : ndarray, shape (variables,)
        Derivative of each learned parameter by the solver's variable.

    Notes
    -----
    A Gaussian process regression (Rasmussen and Williams, 2006, ch. 2 and 5) whose linear operator
    is the trajectory's response to dv/dt; sizes by maximum marginal likelihood on a grid.
    """
    weight = 1 / np.sqrt(variances)
    directions = path.physics_slopes[:, learned] * by_variable
    parts = [
        _left_to_the_network(part, directions) for part in _parts(path.path_voltage, path.path_gate)
    ]
    responses = [weight[:, None] * (path.by_rate @ part) for part in parts]
    by_parameter = weight[:, None] * path.by_parameter[:, learned] * by_variable
    data = weight * residual
    base = np.eye(len(data)) + PARAMETER_SPREAD**2 * by_parameter @ by_parameter.T
    kernels = [response @ response.T for response in responses]
    if not all(np.isfinite(matrix).all() for matrix in (data, base, *kernels)):
        return None
    try:
        sizes, evidence = _best_sizes(base, kernels, data)
    except np.linalg.LinAlgError:
        return None
    field = sizes[0] * kernels[0] + sizes[1] * kernels[1]
    covariance = base + field
    solved = np.linalg.solve(covariance, data)
    rate = np.zeros(len(path.path_voltage))
    for size, part, response in zip(sizes, parts, responses, strict=True):
        rate += size * part @ (response.T @ solved)
    change = PARAMETER_SPREAD**2 * by_parameter.T @ solved
    parameters = np.zeros(path.step_by_parameter.shape[-1])
    parameters[learned] = change * by_variable
    voltage, _ = path.disturbed(rate - path.network_rate, parameters)
    return Defect(
        voltage=voltage,
        parameter_change=change,
        covariance=field / np.outer(weight, weight),
        evidence=evidence,
        freedom=float(np.trace(np.linalg.solve(covariance, field))),
    )


def _parts(voltage: Array, gate: Array) -> list[Array]:
    """Features of the two parts along the path, shape (steps, centres) each."""
    states = np.stack((voltage, gate), axis=-1)
    span = max(float(np.ptp(gate)), 1e-6)
    early = np.exp(-0.5 * ((gate - gate[0]) / (_EARLY * span)) ** 2)
    windows = (np.ones_like(early), early)
    return [
        _features(states, np.array(lengths)) * window[:, None]
        for lengths, window in zip(_LENGTHS, windows, strict=True)
    ]


def _features(states: Array, lengths: Array) -> Array:
    """Independent features of a squared-exponential process, centred along the path."""
    moves = np.diff(states, axis=0, prepend=states[:1]) / lengths
    centres = states[np.unique(evenly_travelled(moves, _CENTRES))]
    among = _kernel(centres, centres, lengths) + _JITTER * np.eye(len(centres))
    features: Array = np.linalg.solve(
        np.linalg.cholesky(among), _kernel(centres, states, lengths)
    ).T
    return features


def evenly_travelled(moves: Array, count: int) -> npt.NDArray[np.intp]:
    """Steps at which equal parts of a path are behind, shape (count,); some may repeat.

    Parameters
    ----------
    moves : ndarray, shape (steps, 2)
        How far each step goes, in v and in h.
    count : int
        Number of stops.
    """
    travelled = np.cumsum(np.hypot(moves[:, 0], moves[:, 1]))
    return np.searchsorted(travelled, np.linspace(0, 0.9999 * travelled[-1], count))


def _kernel(a: Array, b: Array, lengths: Array) -> Array:
    distance = (a[:, None] - b[None]) / lengths
    kernel: Array = np.exp(-0.5 * np.square(distance).sum(-1))
    return kernel


def _left_to_the_network(features: Array, directions: Array) -> Array:
    """The combinations of features that are orthogonal to every parameter's direction."""
    constraints = directions.T @ features
    size = np.linalg.norm(constraints, axis=1, keepdims=True)
    constraints = (constraints / np.where(size > 0, size, 1.0))[size[:, 0] > 1e-9]
    combinations = np.linalg.svd(constraints)[2][len(constraints) :]
    free: Array = features @ combinations.T
    return free


def _best_sizes(
    base: Array, kernels: list[Array], data: Array
) -> tuple[tuple[float, float], float]:
    """Sizes of the two parts with the largest evidence, and its gain over none."""

    def evidence(first: float, second: float) -> float:
        factor = np.linalg.cholesky(base + first * kernels[0] + second * kernels[1])
        whitened = np.linalg.solve(factor, data)
        return float(-np.log(np.diag(factor)).sum() - 0.5 * whitened @ whitened)

    none = evidence(0.0, 0.0)
    coarse = {(a, b): evidence(a, b) for a in _SIZES for b in _SIZES}
    a, b = max(coarse, key=lambda sizes: coarse[sizes])
    fine = {(a * f, b * g): evidence(a * f, b * g) for f in _FINER for g in _FINER}
    best = max(fine, key=lambda sizes: fine[sizes])
    return best, fine[best] - none
