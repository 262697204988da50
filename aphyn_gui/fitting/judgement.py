"""What can be believed of a finished fit: everything that is computed once, at its end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from torch import Tensor

from aphyn_gui.fitting.credibility import (
    is_large,
    network_share,
    network_warnings,
    outcome_warnings,
    warnings,
)
from aphyn_gui.fitting.defect import find_defect, trusted_variance
from aphyn_gui.fitting.fit import Errors, FitForecast, Outcome
from aphyn_gui.fitting.least_network import least_network, other_split, other_values
from aphyn_gui.fitting.linear_estimate import pooled_noise
from aphyn_gui.fitting.linearisation import Linearisation, linearise
from aphyn_gui.fitting.observation_groups import observation_groups
from aphyn_gui.fitting.pacing import spontaneous_beat_ms
from aphyn_gui.fitting.population import examine_population
from aphyn_gui.fitting.protocol import InitialVoltage, Protocol
from aphyn_gui.fitting.uncertainty import Uncertainty, assess
from aphyn_gui.hybrid import HybridModel, TimeGrid, physical_names
from aphyn_gui.hybrid.path_derivatives import group_means
from aphyn_gui.recording import SequenceSet

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Judgement:
    """The fields of a ``Fit`` that say how far to believe it; see there."""

    uncertainty: Uncertainty | None
    network_share: float
    overlaps: Mapping[str, float]
    warnings: tuple[str, ...]


def judge(
    model: HybridModel,
    protocol: Protocol,
    sequences: SequenceSet,
    initial: Tensor,
    grid: TimeGrid,
    values: Mapping[str, float],
    forecast: FitForecast,
    *,
    outcome: Outcome,
    errors: tuple[Errors, Errors],
    physics_converged: bool,
    network_spread: Mapping[str, float] | None = None,
) -> Judgement:
    """Judge a fit at its end.

    Parameters
    ----------
    model : HybridModel
        As it was left.
    protocol, sequences
        What was fitted, and how.
    initial : Tensor, shape (1, 2)
        v(0) and h(0) of the forecast.
    grid : TimeGrid
        Steps and observations.
    values : mapping of str to float
        Every physical parameter, as the fit reports it.
    forecast : FitForecast
        From ``initial``.
    outcome : Outcome
        How the fit ended.
    errors : (Errors, Errors)
        Of the forecasts with the network, and of the physics fitted alone.
    physics_converged : bool
        Whether the physics-only fit converged.
    network_spread : mapping of str to float, optional
        Standard deviation of each learned parameter's variable over fits from other networks.
    """
    unknowns = protocol.unknowns
    fixed = {
        name: protocol.bounds_of(name)
        for name in model.model.parameter_names
        if name not in unknowns
    }
    groups = observation_groups(grid.sample_count, grid.time_step_ms * grid.steps_per_sample)
    found = linearise(
        model,
        values,
        unknowns,
        fixed,
        initial,
        grid,
        groups,
        is_start_fitted=protocol.initial_voltage is InitialVoltage.FITTED,
    )
    population = examine_population(sequences.voltages)
    uncertainty = None
    field = _of_the_field(model, found, sequences.training_voltages, groups)
    parts = [found.fit.jacobian, found.fit.fixed_jacobian, found.fit.by_start]
    parts += [] if field is None else [field]
    if all(bool(np.isfinite(part).all()) for part in parts):
        # The mean of n observations, times the root of n, has the noise of one.
        weights = np.sqrt(np.bincount(groups))
        observed = forecast.voltage[:: grid.steps_per_sample]
        uncertainty = assess(
            weights * np.array([group_means(row, groups) for row in sequences.training_voltages]),
            weights * group_means(observed, groups),
            found.fit.weighted(weights),
            is_one_population=population.is_one,
            network_spread=network_spread,
            field_covariance=field,
        )
        if len(sequences.training_voltages) > 1:
            # Noise that lasts longer than a sample is larger in the averages.
            uncertainty = replace(uncertainty, noise=pooled_noise(sequences.training_voltages))
    beats = spontaneous_beat_ms(model.model, values, float(initial[0, 0]), grid.time_step_ms)
    share = network_share(forecast)
    split = ""
    if is_large(share):
        least = least_network(protocol, values, forecast)
        others = other_values(protocol, values, least)
        split = other_split(others, least.size)
        if uncertainty is not None:
            uncertainty = _undetermined(uncertainty, others, least.size)
    return Judgement(
        uncertainty=uncertainty,
        network_share=share,
        overlaps=found.overlaps,
        warnings=(
            *outcome_warnings(outcome),
            *network_warnings(share, found.overlaps, *errors, split),
            *warnings(
                uncertainty,
                population,
                beats,
                physics_converged=physics_converged,
                training_count=len(sequences.training_voltages),
            ),
        ),
    )


def _undetermined(uncertainty: Uncertainty, others: Mapping[str, str], size: float) -> Uncertainty:
    """Without the claim that the data identify what another split puts elsewhere."""
    estimates = {
        name: replace(
            estimate,
            identified=False,
            reason=f"{others[name]} would need {size:.0%} of the network",
        )
        # One at a bound, or hardly shown, has its own reason.
        if name in others and estimate.identified
        else estimate
        for name, estimate in uncertainty.estimates.items()
    }
    return replace(uncertainty, estimates=estimates)


def _of_the_field(
    model: HybridModel, found: Linearisation, voltages: Array, groups: npt.NDArray[np.intp]
) -> Array | None:
    """Covariance of what F_dl may add to the weighted means of the groups; None where silent.

    NaN where nobody can tell.
    """
    path = found.path
    if path is None or not path.network_rate.any() or len(voltages) < 2:
        return None
    counts = np.bincount(groups)
    residual = group_means(voltages.mean(axis=0), groups) - path.voltage
    variances = trusted_variance(voltages) / counts
    names = physical_names(model.model)
    defect = find_defect(
        path,
        residual + path.by_rate @ path.network_rate,
        variances,
        [names.index(variable.name) for variable in found.fit.variables],
        np.array([variable.by_variable for variable in found.fit.variables]),
    )
    weights = np.sqrt(counts)
    if defect is None:
        return np.full((len(weights), len(weights)), np.nan)
    covariance: Array = weights[:, None] * defect.covariance * weights
    return covariance
