"""Regions side by side: what a fit found in each, beside its baselines."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass

from aphyn_gui.physics import STIMULUS_PARAMETERS, Parameter, ionic_model
from aphyn_gui.recording import measure_action_potential
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
    """

    key: str
    label: str
    unit: str
    values: tuple[float, ...]
    meaning: str

    def text(self, index: int) -> str:
        """The value for one region, as shown in tables."""
        value = self.values[index]
        return "–" if math.isnan(value) else f"{value:.4g}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """A table, region by column, and what it says in words.

    Parameters
    ----------
    regions : tuple of Region
        Regions that have a fit, as they were fitted.
    rows : tuple of ComparisonRow
        Quantities.
    findings : tuple of str
        One sentence each.
    """

    regions: tuple[Region, ...]
    rows: tuple[ComparisonRow, ...]
    findings: tuple[str, ...]

    def row(self, key: str) -> ComparisonRow:
        """The row of that key."""
        return next(row for row in self.rows if row.key == key)

    def to_csv(self) -> str:
        """The table as CSV with full precision: key, unit, one column for each region."""
        buffer = io.StringIO()
        writer = csv.writer(buffer, lineterminator="\n")
        writer.writerow(["quantity", "unit", *(region.name for region in self.regions)])
        for row in self.rows:
            writer.writerow([row.key, row.unit, *(repr(value) for value in row.values)])
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
        return "\n".join([*lines, "", *self.findings])


def compare(study: Study) -> Comparison:
    """Compare the fitted regions of a study, in the order of its regions."""
    fits = [study.fits[region.id] for region in study.regions if region.id in study.fits]
    rows = _rows(fits)
    return Comparison(
        regions=tuple(fit.region for fit in fits),
        rows=rows,
        findings=_findings(fits),
    )


def _rows(fits: list[RegionFit]) -> tuple[ComparisonRow, ...]:
    rows: list[ComparisonRow] = []

    def add(key: str, label: str, unit: str, values: list[float], meaning: str) -> None:
        rows.append(ComparisonRow(key, label, unit, tuple(values), meaning))

    for name, parameter in _learned(fits).items():
        suffix = f"_{_UNIT_KEYS.get(parameter.unit, parameter.unit)}" if parameter.unit else ""
        add(
            f"{name}{suffix}", name, parameter.unit,
            [fit.fit.parameters.get(name, math.nan) for fit in fits],
            parameter.meaning,
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
        "mean_square_f_dl", "mean F_dl²", "1/ms²", [fit.fit.mean_square_f_dl for fit in fits],
        "What the network adds to dv/dt: mean square over the training forecasts.",
    )  # fmt: skip
    predicted = [
        measure_action_potential(fit.fit.forecast.voltage, fit.fit.forecast.time_step_ms)
        for fit in fits
    ]
    for level in (50, 80, 90):
        add(
            f"measured_apd{level}_ms", f"APD{level}, measured", "ms",
            [getattr(fit.measured, f"apd{level}_ms").median for fit in fits],
            f"Duration to {level} % repolarisation, from the recording.",
        )  # fmt: skip
        add(
            f"predicted_apd{level}_ms", f"APD{level}, predicted", "ms",
            [getattr(measures, f"apd{level}_ms") for measures in predicted],
            f"Duration to {level} % repolarisation, from the hybrid's forecast.",
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


def _findings(fits: list[RegionFit]) -> tuple[str, ...]:
    known = [fit for fit in fits if not math.isnan(fit.measured.apd80_ms.median)]
    if len(known) < 2:
        return ()
    longest = max(known, key=lambda fit: fit.measured.apd80_ms.median)
    shortest = min(known, key=lambda fit: fit.measured.apd80_ms.median)
    findings = [
        f"{longest.region.name} has the {'longest' if len(known) > 2 else 'longer'} action "
        f"potential: APD80 {longest.measured.apd80_ms.median:.1f} ms against "
        f"{shortest.measured.apd80_ms.median:.1f} ms in {shortest.region.name}."
    ]
    for name in _learned([longest, shortest]):
        if name not in shortest.fit.protocol.learned_names:
            continue
        reference, value = longest.fit.parameters.get(name), shortest.fit.parameters[name]
        if reference is None or reference <= 0:
            continue
        change = f"{abs(value / reference - 1):.0%}"
        if change == "0%":
            continue
        findings.append(
            f"{name} is {change} {'smaller' if value < reference else 'larger'} in "
            f"{shortest.region.name} than in {longest.region.name}: "
            f"{value:.4g} against {reference:.4g}."
        )
    return tuple(findings)
