"""Can the fit be believed: how the work is shared, and warnings in plain sentences."""

from __future__ import annotations

import math
from collections.abc import Mapping

from aphyn_gui.fitting.fit import Errors, FitForecast, Outcome
from aphyn_gui.fitting.population import Population
from aphyn_gui.fitting.uncertainty import Estimate, Uncertainty
from aphyn_gui.physics import STIMULUS_PARAMETERS
from aphyn_gui.wording import enumerated

_FURTHER = 0.05
"""Share by which the hybrid's error must exceed the physics' to be spoken of: noise moves both."""

_LARGE_SHARE, _LARGE_OVERLAP = 0.25, 0.5
"""From where on F_dl is no small residual, and its likeness to a parameter's work no chance."""

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
        sentences.append(
            "The physics-only fit did not converge: widen the bounds of its parameters, or choose "
            "another ionic model."
        )
    if uncertainty is None:
        sentences.append(
            "The fit has no intervals: its forecast has no finite derivatives. Choose another "
            "ionic model, or a shorter window."
        )
    else:
        sentences += [
            f"{name} {estimate.reason}. {_beyond_the_bound(name)}"
            for name, estimate in uncertainty.estimates.items()
            if math.isnan(estimate.standard_error) and not _begins_with_the_window(name, estimate)
        ]
    from_rest, after_beat = spontaneous_beats_ms
    if from_rest is not None:
        sentences.append(
            f"These parameters fire by themselves: from rest, without a stimulus, after "
            f"{from_rest:.0f} ms. Simulate one beat only."
        )
    if after_beat is not None:
        sentences.append(
            f"These parameters fire by themselves: after one stimulated beat, without another "
            f"stimulus, at {after_beat:.0f} ms. Simulate one beat only."
        )
    if not population.is_one:
        sentences.append(
            f"The region does not look like one population: its sequences fall into two groups, of "
            f"{min(population.sizes)} and {max(population.sizes)}; its mean describes neither. "
            "Draw a smaller region within one of them."
        )
    return tuple(sentences)


def shared_work(share: float, overlaps: Mapping[str, float]) -> tuple[str, ...]:
    """The parameters whose work a network does, where it is no small residual.

    Parameters
    ----------
    share : float
        From ``network_share``.
    overlaps : mapping of str to float
        Of F_dl with each learned parameter's own work, -1 to 1.
    """
    if not is_large(share):
        return ()
    return tuple(name for name, overlap in overlaps.items() if abs(overlap) > _LARGE_OVERLAP)


def is_large(share: float) -> bool:
    """Whether a network with this share of dv/dt is no small residual."""
    return share > _LARGE_SHARE


def network_warnings(
    share: float,
    overlaps: Mapping[str, float],
    hybrid: Errors,
    physics: Errors,
    split: str = "",
) -> tuple[str, ...]:
    """What to know of a network before using the parameters beside it, one sentence each.

    Parameters
    ----------
    share, overlaps
        As in ``shared_work``.
    hybrid, physics : Errors
        Of the forecasts with the network, and of the physics fitted alone.
    split : str
        From ``other_split``, where it was looked for.
    """
    sentences = []
    before, after = physics.training_mse, hybrid.training_mse
    if after > before * (1 + _FURTHER):
        sentences.append(
            f"The hybrid is further from the data than the physics alone, mean square error "
            f"{after:.3g} against {before:.3g}: use the physics-only values."
        )
    if is_large(share):
        names = shared_work(share, overlaps)
        work = f" and does work of {enumerated(names)}" if names else ""
        advice = split or "read the parameters beside the physics-only values."
        sentences.append(f"The network carries {share:.0%} of dv/dt{work}: {advice}")
    return tuple(sentences)


def outcome_warnings(outcome: Outcome) -> tuple[str, ...]:
    """What to know of a fit that did not come to its end."""
    if outcome is Outcome.FINISHED:
        return ()
    return (f"The fit was not finished ({outcome.value}): fit again before its numbers are used.",)


def _beyond_the_bound(name: str) -> str:
    """What can be done: the stimulus's bounds are the program's own."""
    if any(parameter.name == name for parameter in STIMULUS_PARAMETERS):
        return "Read the value as a limit."
    return "Widen the bound in the protocol, or read the value as a limit."


def _begins_with_the_window(name: str, estimate: Estimate) -> bool:
    """Whether this is the stimulus at the first sample: the window is cut where it belongs."""
    return name == "stimulus_onset" and "lower bound" in estimate.reason
