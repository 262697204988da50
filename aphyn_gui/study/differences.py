"""Differences of parameters between regions, each with an interval; never a p-value over pixels.

Two regions' estimates are independent, so the variances of their errors add up. Pixels of one
preparation are no repetition of an experiment: an interval that excludes "no difference" speaks
about these regions in this recording.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from aphyn_gui.fitting import Estimate, Outcome
from aphyn_gui.fitting.credibility import shared_work
from aphyn_gui.fitting.linear_estimate import quantile
from aphyn_gui.physics import Parameter
from aphyn_gui.study.study import RegionFit

_MANY_TIMES = 2.0
"""Ratio from which on it is said as such, not in per cent."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One parameter in two regions.

    Parameters
    ----------
    name, unit : str
        Of the parameter.
    reference, region : str
        Names of the regions that are compared.
    is_ratio : bool
        Whether ``value`` is region / reference, dimensionless, or region - reference, in the unit.
    value, lower, upper : float
        With the 95 % interval; NaN where the two are not compared.
    reason : str
        Why they are not compared, "" where they are.
    note : str
        What else to know, a sentence; "" for nothing.
    """

    name: str
    unit: str
    reference: str
    region: str
    is_ratio: bool
    value: float
    lower: float
    upper: float
    reason: str
    note: str = ""

    @property
    def is_shown(self) -> bool:
        """Whether the interval excludes that the regions are alike."""
        alike = 1.0 if self.is_ratio else 0.0
        return not self.reason and not self.lower <= alike <= self.upper

    @property
    def sentence(self) -> str:
        """In words."""
        return f"{self._statement} {self.note}".rstrip()

    @property
    def _statement(self) -> str:
        if self.reason:
            return f"{self.name} is not compared between {self.region} and {self.reference}: " + (
                self.reason + "."
            )
        if not self.is_shown:
            what = "ratio" if self.is_ratio else "difference"
            unit = f" {self.unit}" if self.unit and not self.is_ratio else ""
            interval = f"{self.lower:.2f} to {self.upper:.2f}{unit}"
            return (
                f"{self.name}: no difference shown between {self.region} and {self.reference}, "
                f"{what} {self.value:.2f} (95 %: {interval})."
            )
        word = "smaller" if self.value < (1.0 if self.is_ratio else 0.0) else "larger"
        if self.is_ratio and self.value >= _MANY_TIMES:
            return (
                f"{self.name} is {self.value:.1f} times as large in {self.region} as in "
                f"{self.reference} (95 %: {self.lower:.1f} to {self.upper:.1f})."
            )
        if self.is_ratio:
            least, most = sorted((abs(self.lower - 1), abs(self.upper - 1)))
            change = f"{abs(self.value - 1):.0%} {word}"
            interval = f"{least:.0%} to {most:.0%}"
        else:
            least, most = sorted((abs(self.lower), abs(self.upper)))
            change = f"{abs(self.value):.3g} {self.unit}".rstrip() + f" {word}"
            interval = f"{least:.3g} to {most:.3g} {self.unit}".rstrip()
        return (
            f"{self.name} is {change} in {self.region} than in {self.reference} (95 %: {interval})."
        )


def difference_of(
    parameter: Parameter, reference: RegionFit, other: RegionFit
) -> Difference | None:
    """Compare one parameter; None where it was not learned in both regions.

    Parameters
    ----------
    parameter : Parameter
        What is compared.
    reference, other : RegionFit
        The regions.
    """
    name = parameter.name
    pair = [
        None if fit.fit.uncertainty is None else fit.fit.uncertainty.estimates.get(name)
        for fit in (reference, other)
    ]
    first, second = pair
    if first is None or second is None:
        return None
    reason = ""
    for fit, estimate in ((reference, first), (other, second)):
        if fit.fit.outcome is not Outcome.FINISHED:
            reason = f"the fit of {fit.region.name} was not finished"
        elif not estimate.identified:
            reason = f"in {fit.region.name} it {_about(estimate)}"
    is_ratio = first.is_log and second.is_log
    value = lower = upper = math.nan
    if not reason:
        value, lower, upper = _interval(first, second, is_ratio=is_ratio)
    return Difference(
        name=name,
        unit=parameter.unit,
        reference=reference.region.name,
        region=other.region.name,
        is_ratio=is_ratio,
        value=value,
        lower=lower,
        upper=upper,
        reason=reason,
        note="" if reason else _shared_note(parameter, reference, other, is_ratio=is_ratio),
    )


def _shared_note(
    parameter: Parameter, reference: RegionFit, other: RegionFit, *, is_ratio: bool
) -> str:
    """Where a network shares a parameter's work: what the physics alone says."""
    name, pair = parameter.name, (reference.fit, other.fit)
    if all(name not in shared_work(fit.network_share, fit.overlaps) for fit in pair):
        return ""
    before, after = (fit.physics_parameters[name] for fit in pair)
    alone = (
        f"ratio {after / before:.2f}"
        if is_ratio
        else f"difference {after - before:.3g} {parameter.unit}".rstrip()
    )
    return f"Networks share its work; physics alone: {alone}."


def _about(estimate: Estimate) -> str:
    if math.isnan(estimate.standard_error):
        return estimate.reason
    return f"is not identified, {estimate.reason}"


def _interval(
    reference: Estimate, other: Estimate, *, is_ratio: bool
) -> tuple[float, float, float]:
    """Ratio or difference with its interval."""
    errors = [_error(estimate, is_ratio=is_ratio) for estimate in (reference, other)]
    error = math.hypot(*errors)
    freedom = welch(
        (errors[0], errors[1]), (reference.degrees_of_freedom, other.degrees_of_freedom)
    )
    reach = quantile(freedom) * error
    if is_ratio:
        ratio = other.value / reference.value
        return ratio, ratio * math.exp(-reach), ratio * math.exp(reach)
    gap = other.value - reference.value
    return gap, gap - reach, gap + reach


def _error(estimate: Estimate, *, is_ratio: bool) -> float:
    """Standard error of the logarithm, or in the parameter's unit."""
    if estimate.is_log and not is_ratio:
        return estimate.standard_error * estimate.value
    return estimate.standard_error


def welch(errors: tuple[float, float], degrees_of_freedom: tuple[float, float]) -> float:
    """Degrees of freedom of a difference (Welch 1947, Satterthwaite 1946).

    Parameters
    ----------
    errors, degrees_of_freedom : (float, float)
        Of the two estimates; infinite where an error is known.
    """
    total = errors[0] ** 2 + errors[1] ** 2
    parts = sum(e**4 / f for e, f in zip(errors, degrees_of_freedom, strict=True))
    return total**2 / parts if parts > 0 else math.inf
