"""Linear estimates: how far least squares move with the data, and how far data move by chance."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

CONFIDENCE = 0.95
"""Of every interval."""

_CHANCE_OF_A_WIDER_SPREAD = 0.2
"""Of white noise; so large because overlooked differences between pixels cost coverage."""

_SMALLEST_SINGULAR_VALUE = 1e-10


def pooled_noise(sequences: Array) -> float:
    """Standard deviation of one sequence's samples about the mean trace.

    Parameters
    ----------
    sequences : ndarray, shape (sequences, samples)
        At least two; (sequences - 1) * samples degrees of freedom.
    """
    return float(np.sqrt(sequences.var(axis=0, ddof=1).mean()))


def variance_of_the_mean(sequences: Array) -> float:
    """Variance of one sample of the mean trace by noise; 0 for a single sequence, which shows none.

    Parameters
    ----------
    sequences : ndarray, shape (sequences, samples)
        As measured.
    """
    count = len(sequences)
    return pooled_noise(sequences) ** 2 / count if count > 1 else 0.0


def linear_estimate(jacobian: Array, covariance: Array, prior_errors: Array) -> tuple[Array, Array]:
    """Generalised least squares of a linear model, with weak knowledge of its variables.

    Parameters
    ----------
    jacobian : ndarray, shape (samples, variables)
        Derivatives of the prediction.
    covariance : ndarray, shape (samples, samples)
        Of the residuals.
    prior_errors : ndarray, shape (variables,)
        Standard deviations of what is known beforehand; infinite for nothing. Without, variables
        that the data cannot tell apart would all count as unknown, however little one of them
        matters to the others.

    Returns
    -------
    estimator : ndarray, shape (variables, samples)
        A: the estimate for residuals r is A r.
    posterior : ndarray, shape (variables, variables)
        Covariance of the error of the estimate.
    """
    samples = len(jacobian)
    whiten = np.linalg.inv(np.linalg.cholesky(covariance))
    stacked = np.concatenate((whiten @ jacobian, np.diag(1 / prior_errors)))
    size = np.linalg.norm(stacked, axis=0)
    scale = np.where(size > 0, size, 1.0)
    left, values, right = np.linalg.svd(stacked / scale, full_matrices=False)
    # A direction without any effect gets a huge error, not an exception.
    values = np.maximum(values, _SMALLEST_SINGULAR_VALUE * float(values[0]))
    half = right.T / values / scale[:, None]
    return half @ left[:samples].T @ whiten, half @ half.T


def with_measured_start(estimator: Array, by_start: Array) -> Array:
    """The estimator of a fit whose forecasts start at the measured first sample.

    The first sample's noise then moves the whole forecast, and the parameters make up for it.
    """
    result = estimator.copy()
    result[:, 0] -= estimator @ by_start
    return result


def resampling_covariance(estimator: Array, sequences: Array) -> Array:
    """Covariance of the estimate when the sequences are drawn anew, shape (variables, variables).

    The jackknife of a linear estimate: sum of delta_i delta_i^T / (n (n - 1)) with
    delta_i = A (y_i - mean).
    """
    count = len(sequences)
    moves = estimator @ (sequences - sequences.mean(axis=0)).T
    covariance: Array = moves @ moves.T / (count * (count - 1))
    return covariance


def largest_noise_ratio(count: int) -> float:
    """Largest ratio of resampled to Laplace variance that is put down to chance."""
    # Imported when needed: scipy takes as long to import as the whole window.
    from scipy.special import chdtri

    return float(chdtri(count - 1, _CHANCE_OF_A_WIDER_SPREAD)) / (count - 1)


def quantile(degrees_of_freedom: float) -> float:
    """Half the width of a 95 % interval, in standard errors."""
    from scipy.special import ndtri, stdtrit

    probability = (1 + CONFIDENCE) / 2
    if math.isinf(degrees_of_freedom):
        return float(ndtri(probability))
    return float(stdtrit(degrees_of_freedom, probability))


def correlation_of(covariance: Array) -> Array:
    """Correlations of a covariance; 0 where nothing varies."""
    error = np.sqrt(np.diag(covariance))
    scale = np.where(error > 0, error, 1.0)
    correlation: Array = np.clip(covariance / np.outer(scale, scale), -1.0, 1.0)
    return correlation
