"""Regions side by side: what a fit found in each, beside its baselines."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass, field, replace

from aphyn_gui.fitting import Estimate
from aphyn_gui.fitting.credibility import drift
from aphyn_gui.physics import STIMULUS_PARAMETERS, Parameter, ionic_model
from aphyn_gui.study.differences import Difference, difference_of
from aphyn_gui.study.findings import findings_of, predicted_measures
from aphyn_gui.study.study import Region, RegionFit, Study

_UNIT_KEYS = {"1/ms": "per_ms"}
"""Units as they are written in keys, where they are no words themselves."""


@dataclass(frozen=True, slots=True)
class ComparisonRow:
    """One quantity over all compared regions.

    Parameters
    ----------
    key : str
        Name in files, snake_case with its unit.
    label, unit : str
        For the user; the unit is empty when dimensionless.
    values : tuple of float
        One for each region; NaN where the quantity does not exist.
    meaning : str
        One sentence.
    lower, upper : tuple of float
        95 % interval for each region; empty where the quantity has none, NaN where a region has
        none.
    flags : tuple of str
        For each region, why the data do not identify the value; "" where they do. Empty where the
        quantity is not estimated.
    is_kept : tuple of bool
        For each region, whether the value was kept, not learned; empty: all were learned.
    absence : str
        Why a value may not exist, one sentence; empty where all do.
    resolution : float
        What is shown as 0: a parameter at its bound 0 is none of 4.4e-05.
    """

    key: str
    label: str
    unit: str
    values: tuple[float, ...]
    meaning: str
    lower: tuple[float, ...] = ()
    upper: tuple[float, ...] = ()
    flags: tuple[str, ...] = ()
    is_kept: tuple[bool, ...] = ()
    absence: str = ""
    resolution: float = 0.0

    def text(self, index: int) -> str:
        """The value for one region, as shown in tables: "142 (138–146)"."""
        value = self.values[index]
        if math.isnan(value):
            return "–"
        if self.flags and self.flags[index]:
            shown = 0.0 if abs(value) < self.resolution else value
            return f"{shown:.3g} ({'kept' if self._was_kept(index) else 'not identified'})"
        if not self.lower or math.isnan(self.lower[index]):
            return f"{value:.4g}"
        lower, upper = self.lower[index], self.upper[index]
        decimals = _decimals((upper - lower) / 2)
        return f"{value:.{decimals}f} ({lower:.{decimals}f}–{upper:.{decimals}f})"

    def is_identified(self, index: int) -> bool | None:
        """Whether the data pin one region's value down; None where nobody knows."""
        if not self.flags:
            return None
        if self.flags[index]:
            return False
        # Without an interval nobody knows, unless a reason says why there is none.
        return None if not self.lower or math.isnan(self.lower[index]) else True

    def identified(self, index: int) -> str:
        """:meth:`is_identified` as a word for tables; "kept" for what was not learned."""
        if self._was_kept(index):
            return "kept"
        return {True: "yes", False: "no", None: ""}[self.is_identified(index)]

    def _was_kept(self, index: int) -> bool:
        return bool(self.is_kept) and self.is_kept[index]

    def tooltip(self, index: int) -> str:
        """What the quantity means, and what there is to say about one region's value."""
        if self.absence and math.isnan(self.values[index]):
            return f"{self.meaning}\n\n{self.absence}"
        flag = self.flags[index] if self.flags else ""
        return f"{self.meaning}\n\n{self.label} {flag}." if flag else self.meaning


@dataclass(frozen=True, slots=True)
class Comparison:
    """A table, region by column, and what it says in words.

    Parameters
    ----------
    regions : tuple of Region
        Regions that have a fit, as they were fitted; with the recording's name after their own
        where regions of several recordings are compared.
    rows : tuple of ComparisonRow
        Quantities.
    findings : tuple of str
        One sentence each.
    differences : tuple of Difference
        Each learned parameter of the ionic model in each region against the reference: the region
        with the longest measured action potential, else the first.
    warnings : tuple of tuple of str
        For each region, what to know before using its numbers.
    fits : tuple of RegionFit
        Of the regions.
    """

    regions: tuple[Region, ...]
    rows: tuple[ComparisonRow, ...]
    findings: tuple[str, ...]
    differences: tuple[Difference, ...] = ()
    warnings: tuple[tuple[str, ...], ...] = ()
    fits: tuple[RegionFit, ...] = field(default=(), compare=False)

    def row(self, key: str) -> ComparisonRow:
        """The row of that key."""
        return next(row for row in self.rows if row.key == key)

    @property
    def region_warnings(self) -> tuple[str, ...]:
        """All warnings, each after its region's name."""
        return tuple(
            f"{region.name}: {warning}"
            for region, warnings in zip(self.regions, self.warnings, strict=True)
            for warning in warnings
        )

    def as_table(self) -> list[list[str]]:
        """Lines of the table with full precision: key, unit, one column for each region.

        Below a quantity with intervals stand their ends, and whether the data identify it.
        """
        lines = [["quantity", "unit", *(region.name for region in self.regions)]]
        for row in self.rows:
            lines.append([row.key, row.unit, *(_cell(value) for value in row.values)])
            for end, values in (("lower", row.lower), ("upper", row.upper)):
                if values:
                    lines.append([f"{row.key}_{end}", row.unit, *(_cell(v) for v in values)])
            if row.flags:
                known = (row.identified(index) for index in range(len(row.flags)))
                lines.append([f"{row.key}_identified", "", *known])
        lines.append(["warnings", "", *(" ".join(warnings) for warnings in self.warnings)])
        return lines

    def to_csv(self) -> str:
        """:meth:`as_table` as CSV."""
        buffer = io.StringIO()
        csv.writer(buffer, lineterminator="\n").writerows(self.as_table())
        return buffer.getvalue()

    def to_text(self) -> str:
        """The table and the findings, aligned, for a terminal."""
        header = ["", *(region.name for region in self.regions)]
        body = [
            [f"{row.label} ({row.unit})" if row.unit else row.label]
            + [row.text(index) for index in range(len(self.regions))]
            for row in self.rows
        ]
        widths = [max(len(line[i]) for line in [header, *body]) for i in range(len(header))]
        lines = [
            "  ".join(
                [line[0].ljust(widths[0])]
                + [cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True)]
            ).rstrip()
            for line in [header, *body]
        ]
        warnings = [f"Warning, {sentence}" for sentence in self.region_warnings]
        return "\n".join([*lines, "", *self.findings, *warnings])


def compare(study: Study) -> Comparison:
    """Compare the fitted regions of all recordings, in the order of the study."""
    fits = _fits(study)
    differences = _differences(fits)
    return Comparison(
        regions=tuple(fit.region for fit in fits),
        rows=_rows(fits),
        findings=findings_of(fits, differences),
        differences=differences,
        warnings=tuple(fit.fit.warnings for fit in fits),
        fits=tuple(fits),
    )


def _cell(value: float) -> str:
    """In full precision, blank where it does not exist."""
    return "" if math.isnan(value) else repr(value)


def _fits(study: Study) -> list[RegionFit]:
    """All fits, under names that tell them apart."""
    fitted = [
        (entry, [study.fit_of(region.id) for region in entry.regions if region.id in study.fits])
        for entry in study.recordings
    ]
    if sum(bool(fits) for _, fits in fitted) < 2:
        return [fit for _, fits in fitted for fit in fits]
    return [
        replace(fit, region=replace(fit.region, name=f"{fit.region.name}, {entry.name}"))
        for entry, fits in fitted
        for fit in fits
    ]


def _rows(fits: list[RegionFit]) -> tuple[ComparisonRow, ...]:
    rows: list[ComparisonRow] = []

    def add(
        key: str, label: str, unit: str, values: list[float], meaning: str, absence: str = ""
    ) -> None:
        rows.append(ComparisonRow(key, label, unit, tuple(values), meaning, absence=absence))

    rows += [_parameter_row(parameter, fits) for parameter in _shown(fits).values()]
    for name, parameter in _learned(fits).items():
        if parameter in STIMULUS_PARAMETERS or all(not fit.fit.overlaps for fit in fits):
            continue
        add(
            f"{name}_physics_only{_unit_suffix(parameter)}", f"{name}, physics only",
            parameter.unit,
            [fit.fit.physics_parameters.get(name, math.nan) for fit in fits],
            f"{name} of the physics fitted alone, where the hybrid starts.",
        )  # fmt: skip
        add(
            f"{name}_drift_percent", f"{name}, drift", "%",
            [_drift_percent(fit, name) for fit in fits],
            f"Change of {name} from the physics-only fit, where the hybrid starts, to the end.",
        )  # fmt: skip
    for part in ("training", "validation"):
        for prefix, label, errors in (
            ("", "hybrid", [fit.fit.hybrid for fit in fits]),
            ("physics_", "physics only", [fit.fit.physics for fit in fits]),
            ("mean_trace_", "mean trace", [fit.fit.mean_trace for fit in fits]),
        ):
            add(
                f"{prefix}{part}_mse", f"{part} MSE, {label}", "",
                [getattr(error, f"{part}_mse") for error in errors],
                f"Mean square error of the {part} sequences; "
                + {
                    "": "forecast of the hybrid.",
                    "physics_": "converged fit of the physics without network.",
                    "mean_trace_": "the mean training trace as the prediction: "
                    "the floor of any single trajectory.",
                }[prefix],
            )  # fmt: skip
    add(
        "noise", "noise", "",
        [math.nan if (u := fit.fit.uncertainty) is None else u.noise for fit in fits],
        "Standard deviation of one pixel's samples about the region's mean trace; no single "
        "trajectory can have a mean square error much below its square.",
    )  # fmt: skip
    add(
        "mean_square_f_dl", "mean F_dl²", "1/ms²", [fit.fit.mean_square_f_dl for fit in fits],
        "What the network adds to dv/dt: mean square over the training forecasts.",
    )  # fmt: skip
    add(
        "network_share", "share of F_dl", "", [fit.fit.network_share for fit in fits],
        "Share of dv/dt that the network carries: mean |F_dl| / mean (|F_p| + |F_dl|) along the "
        "forecast, 0 to 1.",
    )  # fmt: skip
    for name in dict.fromkeys(name for fit in fits for name in fit.fit.overlaps):
        add(
            f"overlap_{name}", f"overlap of F_dl with {name}", "",
            [fit.fit.overlaps.get(name, math.nan) for fit in fits],
            f"Correlation of F_dl with the change of F_p by {name} along the forecast, -1 to 1: "
            f"near 0 the network leaves {name}'s work to the physics.",
        )  # fmt: skip
    add(
        "fitted_window_ms", "window fitted", "ms",
        [fit.fit.sequences.horizon_ms for fit in fits],
        "Length of the sequences, from the foot of the upstroke on. Slow parameters depend on it: "
        "compare fits to windows of the same length.",
    )  # fmt: skip
    add(
        "beats_averaged", "beats averaged", "", [float(fit.measured.beat_count) for fit in fits],
        "Beats of the recording whose mean the measured durations are taken from; which beats were "
        "fitted is part of the preparation.",
    )  # fmt: skip
    predicted = [predicted_measures(fit) for fit in fits]
    for level in (50, 80, 90):
        add(
            f"measured_apd{level}_ms", f"APD{level}, measured", "ms",
            [getattr(fit.measured, f"apd{level}_ms").median for fit in fits],
            f"Duration to {level} % repolarisation, from the recording: median over the region's "
            "pixels.",
            "No pixel of the region comes down to this level before the next beat, or the end.",
        )  # fmt: skip
        add(
            f"predicted_apd{level}_ms", f"APD{level}, predicted", "ms",
            [getattr(measures, f"apd{level}_ms") for measures in predicted],
            f"Duration to {level} % repolarisation, from the hybrid's forecast.",
            "The forecast does not come down to this level of its amplitude before the window "
            "ends: fit a longer one.",
        )  # fmt: skip
    return tuple(rows)


def _learned(fits: list[RegionFit]) -> dict[str, Parameter]:
    """What any of the fits learned, each once: the physics first, then the stimulus."""
    known: dict[str, Parameter] = {}
    for fit in fits:
        known.update({p.name: p for p in ionic_model(fit.fit.protocol.physics).parameters})
    known.update({p.name: p for p in STIMULUS_PARAMETERS})
    learned = {name for fit in fits for name in fit.fit.protocol.unknowns}
    return {name: parameter for name, parameter in known.items() if name in learned}


def _shown(fits: list[RegionFit]) -> dict[str, Parameter]:
    """What was learned, and after it what the ionic models keep fixed."""
    shown = _learned(fits)
    for fit in fits:
        for parameter in ionic_model(fit.fit.protocol.physics).parameters:
            shown.setdefault(parameter.name, parameter)
    return shown


def _parameter_row(parameter: Parameter, fits: list[RegionFit]) -> ComparisonRow:
    name = parameter.name
    estimates = [_estimate(fit, name) for fit in fits]
    is_kept = tuple(name not in fit.fit.protocol.unknowns for fit in fits)
    intervals = [
        # What learning it would give is no interval of the value that was kept.
        (math.nan, math.nan) if e is None or kept else (e.lower, e.upper)
        for e, kept in zip(estimates, is_kept, strict=True)
    ]
    return ComparisonRow(
        key=f"{name}{_unit_suffix(parameter)}",
        label=name,
        unit=parameter.unit,
        values=tuple(fit.fit.parameters.get(name, math.nan) for fit in fits),
        meaning=parameter.meaning,
        lower=tuple(lower for lower, _ in intervals),
        upper=tuple(upper for _, upper in intervals),
        flags=tuple("" if e is None else e.reason for e in estimates),
        is_kept=is_kept,
        # A parameter that is positive has no natural size.
        resolution=0.0 if parameter.lower > 0 else 1e-4 * (parameter.upper - parameter.lower),
    )


def _unit_suffix(parameter: Parameter) -> str:
    return f"_{_UNIT_KEYS.get(parameter.unit, parameter.unit)}" if parameter.unit else ""


def _estimate(fit: RegionFit, name: str) -> Estimate | None:
    uncertainty = fit.fit.uncertainty
    if uncertainty is None:
        return None
    return uncertainty.estimates.get(name) or uncertainty.not_learned.get(name)


def _drift_percent(fit: RegionFit, name: str) -> float:
    if name not in fit.fit.protocol.learned_names:
        return math.nan
    return 100 * drift(fit.fit.physics_parameters[name], fit.fit.parameters[name])


def _decimals(half_width: float) -> int:
    """Decimals that show one digit of an interval's half width, two where it begins with 1 or 2."""
    if half_width <= 0:
        return 3
    exponent = math.floor(math.log10(half_width))
    extra = 1 if half_width / 10.0**exponent < 3 else 0
    return min(max(extra - exponent, 0), 6)


def _differences(fits: list[RegionFit]) -> tuple[Difference, ...]:
    if len(fits) < 2:
        return ()
    known = [fit for fit in fits if not math.isnan(fit.measured.apd80_ms.median)]
    reference = max(known, key=lambda fit: fit.measured.apd80_ms.median) if known else fits[0]
    parameters = [p for p in _learned(fits).values() if p not in STIMULUS_PARAMETERS]
    found = (
        difference_of(parameter, reference, fit)
        for fit in fits
        if fit is not reference
        for parameter in parameters
    )
    return tuple(difference for difference in found if difference is not None)
