"""How well the data pin each parameter down: intervals, correlations, and plain reasons.

A fit is linearised at its end. With X the derivatives of the forecast by the fit's variables
(logarithms where bounds are positive), the least-squares estimate moves by ``A (change of the mean
trace)``, A = (X^T X)^-1 X^T, with the bounds as a weak restraint. Two errors of the
estimate follow in closed form: what independent noise of the size seen would give (Laplace), and
what drawing other pixels would give (resampling, the jackknife of a linear estimate). Where pixels
differ by more than noise the second is larger, and is the one that counts. Both say how far the
numbers would move in a repetition of this recording; how animals differ they cannot say.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from aphyn_gui.fitting.linear_estimate import (
    correlation_of,
    largest_noise_ratio,
    linear_estimate,
    pooled_noise,
    quantile,
    resampling_covariance,
    with_measured_start,
)
from aphyn_gui.fitting.linear_fit import LinearFit, Variable

Array = npt.NDArray[np.float64]

_STRONG_CORRELATION = 0.9
_FEWEST_TO_RESAMPLE = 4
_SMALLEST_VARIANCE = 1e-12
"""Of the mean trace: sequences without any noise are copies of one."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """One parameter with its interval.

    Parameters
    ----------
    value : float
        In the parameter's unit.
    lower, upper : float
        95 % interval, cut at the parameter's bounds; NaN where there is none, at a bound.
    standard_error : float
        Of the logarithm where ``is_log``, else in the parameter's unit; NaN at a bound.
    laplace_error, resampling_error : float
        The same from the noise alone, and from how the pixels differ; the latter is NaN with fewer
        than four sequences.
    network_error : float
        Standard deviation over fits from other random networks, likewise; 0 without a network, or
        with a silent one, and NaN where it was not tried.
    degrees_of_freedom : float
        Of the quantile: infinite for the normal distribution.
    is_log : bool
        Whether the interval is symmetric in the logarithm.
    identified : bool
        Whether this fit pins the parameter down; never one that was not learned.
    reason : str
        Why not, in words, after the parameter's name; for a parameter that was not learned, what
        learning it would give. Empty otherwise.
    """

    value: float
    lower: float
    upper: float
    standard_error: float
    laplace_error: float
    resampling_error: float
    network_error: float
    degrees_of_freedom: float
    is_log: bool
    identified: bool
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class Uncertainty:
    """What the data say, and do not say, about a fit's parameters.

    Parameters
    ----------
    estimates : mapping of str to Estimate
        Every learned parameter, the stimulus's included.
    not_learned : mapping of str to Estimate
        The ionic model's other parameters: their fixed values, and how well these data would
        determine each if it were learned too.
    names : tuple of str
        Order of ``correlation``.
    correlation : ndarray, shape (names, names)
        Of the errors of the learned parameters, from the noise; NaN for those at a bound.
    noise : float
        Standard deviation of one sequence's samples about the region's mean trace, dimensionless.
    is_one_population : bool
        False where the region's sequences fall into two groups.
    method : str
        How the intervals were obtained, for the methods of a paper.
    """

    estimates: Mapping[str, Estimate]
    not_learned: Mapping[str, Estimate]
    names: tuple[str, ...]
    correlation: Array
    noise: float
    is_one_population: bool
    method: str


def assess(
    sequences: Array,
    forecast: Array,
    linear: LinearFit,
    *,
    is_one_population: bool = True,
    network_spread: Mapping[str, float] | None = None,
    field_covariance: Array | None = None,
) -> Uncertainty:
    """Intervals, correlations and flags of one fit.

    Parameters
    ----------
    sequences : ndarray, shape (sequences, samples)
        The training sequences.
    forecast : ndarray, shape (samples,)
        Of the fit; used for the noise where a single sequence has no spread.
    linear : LinearFit
        Derivatives of that forecast.
    is_one_population : bool
        What a test of the region's sequences said.
    network_spread : mapping of str to float, optional
        Standard deviation of each variable over fits from other random networks.
    field_covariance : ndarray, shape (samples, samples), optional
        Covariance of what a network may add to the forecast: what the network could say instead,
        the parameters are less sure of.
    """
    count, samples = sequences.shape
    learned = [i for i, variable in enumerate(linear.variables) if not variable.bound]
    names = tuple(variable.name for variable in linear.variables)
    if count > 1:
        noise = pooled_noise(sequences)
    else:
        left = max(samples - len(learned) - 1, 1)
        noise = float(np.sqrt(np.sum((sequences[0] - forecast) ** 2) / left))
    noise_of_mean = noise**2 / count
    weighting = max(noise_of_mean, _SMALLEST_VARIANCE) * np.eye(samples)
    if field_covariance is not None:
        weighting = weighting + field_covariance
    known = [linear.variables[index].prior_error for index in learned]

    def spread_of(jacobian: Array) -> tuple[Array, Array, Array]:
        """Covariances of the estimate: from noise, from pixels, and what the data leave open."""
        columns = jacobian
        if linear.is_start_fitted:
            columns = np.column_stack((jacobian, linear.by_start))
        prior = np.array(known + [math.inf] * (columns.shape[1] - len(known)))
        estimator, posterior = linear_estimate(columns, weighting, prior)
        count_wanted = jacobian.shape[1]
        estimator = estimator[:count_wanted]
        open_ = posterior[:count_wanted, :count_wanted] - noise_of_mean * estimator @ estimator.T
        if not linear.is_start_fitted:
            estimator = with_measured_start(estimator, linear.by_start)
        white = noise_of_mean * estimator @ estimator.T
        pixels = np.full_like(white, math.nan)
        if count >= _FEWEST_TO_RESAMPLE:
            pixels = resampling_covariance(estimator, sequences)
        return white, pixels, open_

    jacobian = linear.jacobian[:, learned]
    parts = spread_of(jacobian)
    white, _, left_open = parts
    correlation = np.full((len(names), len(names)), math.nan)
    correlation[np.ix_(learned, learned)] = correlation_of(white + left_open)
    estimates = {}
    for index, variable in enumerate(linear.variables):
        if index not in learned:
            estimates[variable.name] = _at_a_bound(variable)
            continue
        place = learned.index(index)
        estimates[variable.name] = _estimate(
            variable,
            _entry(parts, place),
            count,
            _partner(correlation[index], names, index),
            math.nan if network_spread is None else network_spread[variable.name],
        )
    not_learned = {}
    for variable, column in zip(linear.fixed, linear.fixed_jacobian.T, strict=True):
        extended = spread_of(np.column_stack((jacobian, column)))
        estimate = _estimate(variable, _entry(extended, -1), count, "")
        not_learned[variable.name] = _as_fixed(variable, estimate)
    return Uncertainty(
        estimates=estimates,
        not_learned=not_learned,
        names=names,
        correlation=correlation,
        noise=noise,
        is_one_population=is_one_population,
        method=_method(estimates, count, has_field=field_covariance is not None),
    )


def _entry(covariances: tuple[Array, Array, Array], place: int) -> tuple[float, float, float]:
    """One variable's variances."""
    white, pixels, left_open = (float(part[place, place]) for part in covariances)
    return white, pixels, max(left_open, 0.0)


def _estimate(
    variable: Variable,
    variances: tuple[float, float, float],
    count: int,
    partner: str,
    network_error: float = math.nan,
) -> Estimate:
    """The interval that counts, from a variable's variances: noise, pixels, left open."""
    white, pixels, left_open = variances
    variance, freedom = white, math.inf
    if pixels > white * largest_noise_ratio(max(count, 2)):
        variance, freedom = pixels, count - 1.0
    by_network = 0.0 if math.isnan(network_error) else network_error**2
    error = math.sqrt(variance + left_open + by_network)
    lower, upper = _interval(variable, quantile(freedom) * error)
    identified = variable.is_within(error)
    reason = ""
    if not identified:
        reason = f"one standard error is {variable.error_text(error)}"
        reason += f"; {partner}" if partner else ": these data hardly show it"
    return Estimate(
        value=variable.value,
        lower=lower,
        upper=upper,
        standard_error=error,
        laplace_error=math.sqrt(white + left_open),
        resampling_error=math.sqrt(pixels + left_open),
        network_error=network_error,
        degrees_of_freedom=freedom,
        is_log=variable.is_log,
        identified=identified,
        reason=reason,
    )


def _interval(variable: Variable, reach: float) -> tuple[float, float]:
    """The value plus and minus a reach of its variable, within its bounds."""
    if variable.is_log:
        # Beyond the bounds nothing is shown, and exp must not overflow.
        factor = math.exp(min(reach, 300.0))
        lower, upper = variable.value / factor, variable.value * factor
    else:
        lower, upper = variable.value - reach, variable.value + reach
    return max(lower, variable.lower), min(upper, variable.upper)


def _at_a_bound(variable: Variable) -> Estimate:
    bound = variable.lower if variable.bound == "lower" else variable.upper
    return Estimate(
        value=variable.value,
        lower=math.nan,
        upper=math.nan,
        standard_error=math.nan,
        laplace_error=math.nan,
        resampling_error=math.nan,
        network_error=math.nan,
        degrees_of_freedom=math.nan,
        is_log=variable.is_log,
        identified=False,
        reason=(
            f"sits at its {variable.bound} bound, {variable.text(bound)}: "
            "these data would move it further"
        ),
    )


def _as_fixed(variable: Variable, estimate: Estimate) -> Estimate:
    """The words for a parameter that was not learned."""
    why = "it was not learned" if estimate.identified else "one beat does not show it"
    return replace(
        estimate,
        identified=False,
        reason=(
            f"kept at {variable.text(variable.value)}: {why}; learned, its standard error would "
            f"be {variable.error_text(estimate.standard_error)}"
        ),
    )


def _partner(row: Array, names: Sequence[str], index: int) -> str:
    """The parameter that could take this one's place, in words, or ""."""
    others = np.abs(row)
    others[index] = 0.0
    best = int(np.nanargmax(others))
    if others[best] <= _STRONG_CORRELATION:
        return ""
    return f"it trades against {names[best]}, correlation {row[best]:.2f}"


def _method(estimates: Mapping[str, Estimate], count: int, *, has_field: bool) -> str:
    words = (
        "95 % intervals of the fit linearised at its end, symmetric in the logarithm where bounds "
        f"are positive, from the spread of {count} training sequences about their mean"
    )
    if count < 2:
        words = (
            "95 % intervals of the fit linearised at its end, from the misfit of its one training "
            "sequence"
        )
    resampled = [name for name, e in estimates.items() if math.isfinite(e.degrees_of_freedom)]
    if count < _FEWEST_TO_RESAMPLE:
        words += "; too few sequences to see whether pixels differ by more than noise"
    elif resampled:
        words += (
            f"; for {', '.join(resampled)} from resampling the pixels, which scatter by more than "
            f"independent noise, with Student's t of {count - 1} degrees of freedom"
        )
    else:
        words += "; resampling the pixels gives no more than independent noise"
    if has_field:
        words += "; widened by what the network could say instead"
    if any(estimate.network_error > 0 for estimate in estimates.values()):
        words += ", and by how much fits from other random networks differ"
    return words + "."
