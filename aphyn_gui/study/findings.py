"""What a comparison says in words."""

from __future__ import annotations

import math

from aphyn_gui.fitting import Estimate
from aphyn_gui.fitting.linear_fit import LARGEST_RELATIVE_ERROR
from aphyn_gui.recording import ActionPotentialMeasures, measure_action_potential
from aphyn_gui.study.differences import Difference
from aphyn_gui.study.study import RegionFit
from aphyn_gui.wording import enumerated

_FAR_APART = 0.1
"""Share by which a forecast's APD80 must differ from the measured one to be spoken of."""

_WHAT_INTERVALS_SAY = (
    "Intervals are about a repetition of this recording, in this window: not about other places "
    "or hearts."
)

_LIKE_WINDOWS = 1.1
"""How many times as long as another a window may be."""


def findings_of(fits: list[RegionFit], differences: tuple[Difference, ...]) -> tuple[str, ...]:
    """One sentence each: durations, differences, and what to know about both.

    Parameters
    ----------
    fits : list of RegionFit
        Under names that tell them apart.
    differences : tuple of Difference
        Between them.
    """
    cautions = [*_other_windows(fits), *_apart(fits), *_unseen(fits)]
    known = [fit for fit in fits if not math.isnan(fit.measured.apd80_ms.median)]
    if len(known) < 2:
        return tuple(cautions)
    longest = max(known, key=lambda fit: fit.measured.apd80_ms.median)
    shortest = min(known, key=lambda fit: fit.measured.apd80_ms.median)
    findings = [
        f"{longest.region.name} has the {'longest' if len(known) > 2 else 'longer'} action "
        f"potential: APD80 {longest.measured.apd80_ms.median:.1f} ms against "
        f"{shortest.measured.apd80_ms.median:.1f} ms in {shortest.region.name}."
    ]
    names = {longest.region.name, shortest.region.name}
    between = [d for d in differences if {d.region, d.reference} == names]
    findings += [d.sentence for d in between]
    if any(not d.reason for d in between):
        findings.append(_WHAT_INTERVALS_SAY)
    return (*findings, *cautions)


def predicted_measures(fit: RegionFit) -> ActionPotentialMeasures:
    """The measures of a fit's forecast, by the definitions that the recording is measured by."""
    forecast = fit.fit.forecast
    return measure_action_potential(forecast.voltage, forecast.time_step_ms)


def _other_windows(fits: list[RegionFit]) -> list[str]:
    """Fits to stretches of different length: a slow parameter depends on what was to be seen."""
    lengths = {fit.region.name: fit.fit.sequences.horizon_ms for fit in fits}
    if not lengths or max(lengths.values()) <= _LIKE_WINDOWS * min(lengths.values()):
        return []
    shortest, longest = min(lengths, key=lengths.__getitem__), max(lengths, key=lengths.__getitem__)
    return [
        f"The fitted windows differ, {lengths[shortest]:.0f} ms in {shortest} and "
        f"{lengths[longest]:.0f} ms in {longest}, and slow parameters depend on them: fit both "
        "with the same horizon."
    ]


def _apart(fits: list[RegionFit]) -> list[str]:
    """Where forecast and recording last differently, which the table shows without a word."""
    sentences = []
    for fit in fits:
        measured, predicted = fit.measured.apd80_ms.median, predicted_measures(fit).apd80_ms
        if measured > 0 and math.isnan(predicted):
            sentences.append(
                f"In {fit.region.name} the forecast has no APD80: it does not come down to that "
                "level before its window ends. Fit a longer one."
            )
        elif measured > 0 and abs(predicted / measured - 1) > _FAR_APART:
            word = "shorter" if predicted < measured else "longer"
            sentences.append(
                f"In {fit.region.name} the forecast's APD80 is {abs(predicted / measured - 1):.0%} "
                f"{word} than the measured one ({predicted:.1f} against {measured:.1f} ms). "
                "Each is taken between its own baseline and peak: compare within one row."
            )
    return sentences


def _unseen(fits: list[RegionFit]) -> list[str]:
    """One sentence about the parameters that no region shows."""
    fixed: dict[str, list[Estimate]] = {}
    for fit in fits:
        if fit.fit.uncertainty is not None:
            for name, estimate in fit.fit.uncertainty.not_learned.items():
                fixed.setdefault(name, []).append(estimate)
    names = [
        name
        for name, estimates in fixed.items()
        if all(estimate.standard_error > LARGEST_RELATIVE_ERROR for estimate in estimates)
    ]
    if not names:
        return []
    verb = "is" if len(names) == 1 else "are"
    return [
        f"{enumerated(names)} {verb} kept, not learned: one beat does not show "
        f"{'it' if len(names) == 1 else 'them'}."
    ]
