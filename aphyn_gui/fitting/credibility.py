"""Can the fit be believed: how the work is shared, and warnings in plain sentences."""

from __future__ import annotations

import math

from aphyn_gui.fitting.fit import FitForecast
from aphyn_gui.fitting.population import Population
from aphyn_gui.fitting.uncertainty import Estimate, Uncertainty

_FEW_SEQUENCES = 5
"""Half of the paper's ten: below it one odd pixel is a fifth of the evidence, or more."""


def network_share(forecast: FitForecast) -> float:
    """Share of dv/dt that F_dl carries along a forecast, 0 to 1.

    mean |F_dl| / mean (|F_p| + |F_dl|); 0 where nothing moves.
    """
    network = float(abs(forecast.network_rate).mean())
    total = network + float(abs(forecast.physics_rate).mean())
    return network / total if total > 0 else 0.0


def drift(start: float, end: float) -> float:
    """How far a parameter moved, as a part of where it started; NaN where it started at 0."""
    return end / start - 1 if start else math.nan


def warnings(
    uncertainty: Uncertainty | None,
    population: Population,
    spontaneous_beats_ms: tuple[float | None, float | None],
    *,
    physics_converged: bool,
    training_count: int,
) -> tuple[str, ...]:
    """What to know before using a fit's numbers, one short sentence each.

    Parameters
    ----------
    uncertainty : Uncertainty or None
        None: the forecast has no finite derivatives.
    population : Population
        Of the region's sequences.
    spontaneous_beats_ms : (float or None, float or None)
        From ``spontaneous_beat_ms``.
    physics_converged : bool
        Whether the physics-only fit converged.
    training_count : int
        Training sequences.
    """
    sentences = []
    if training_count < _FEW_SEQUENCES:
        sentences.append(
            f"The fit rests on {training_count} training sequence{'s' * (training_count > 1)}: "
            "a larger region would show more of the tissue."
        )
    if not physics_converged:
        sentences.append("The physics-only fit did not converge.")
    if uncertainty is None:
        sentences.append("The fit has no intervals: its forecast has no finite derivatives.")
    else:
        sentences += [
            f"{name} {estimate.reason}."
            for name, estimate in uncertainty.estimates.items()
            if math.isnan(estimate.standard_error) and not _begins_with_the_window(name, estimate)
        ]
    from_rest, after_beat = spontaneous_beats_ms
    if from_rest is not None:
        sentences.append(
            f"These parameters fire by themselves: from rest, without stimulus, the physics starts "
            f"a beat after {from_rest:.0f} ms."
        )
    if after_beat is not None:
        sentences.append(
            f"These parameters fire by themselves: after one stimulated beat the physics starts "
            f"another at {after_beat:.0f} ms without a stimulus."
        )
    if not population.is_one:
        sentences.append(
            f"The region does not look like one population: its sequences fall into two groups, of "
            f"{min(population.sizes)} and {max(population.sizes)}; its mean describes neither."
        )
    return tuple(sentences)


def _begins_with_the_window(name: str, estimate: Estimate) -> bool:
    """Whether this is the stimulus at the first sample: the window is cut where it belongs."""
    return name == "stimulus_onset" and "lower bound" in estimate.reason
