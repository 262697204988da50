"""Everything a comparison says, as flat tables: one line for each fact, for CSV and workbooks."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from aphyn_gui.recording import Recording, RegionMeasures
from aphyn_gui.study.comparison import Comparison, compare
from aphyn_gui.study.export.csv_files import Cell, write_csv
from aphyn_gui.study.export.fitted import FittedRegion, fitted_regions
from aphyn_gui.study.export.plain_data import (
    difference_as_dict,
    parameters_as_dicts,
    region_as_dict,
)
from aphyn_gui.study.study import RegionFit, Study
from aphyn_gui.wording import enumerated

_MEASURES = (
    ("apd50_ms", "ms"), ("apd80_ms", "ms"), ("apd90_ms", "ms"), ("rise_time_ms", "ms"), ("snr", ""),
)  # fmt: skip
_NESTED = ("parameters", "correlation", "warnings", "notes")
"""Parts of a region's dictionary that have tables of their own."""


@dataclass(frozen=True, slots=True)
class Table:
    """One table.

    Parameters
    ----------
    name : str
        Name of its file and sheet, snake_case.
    note : str
        What a line of it is, one sentence.
    header : tuple of str
        Names of the columns, with units where a column has one.
    rows : tuple of tuple
        Cells; None or NaN where something does not exist.
    """

    name: str
    note: str
    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


def study_tables(study: Study, recordings: Iterable[Recording] = ()) -> tuple[Table, ...]:
    """All tables of a study; those without lines are kept, so that the set is always the same.

    Parameters
    ----------
    study : Study
        With at least one fit.
    recordings : iterable of Recording
        Those that are open: whether they are still read as they were for the fits.
    """
    comparison = compare(study)
    fitted = fitted_regions(study, recordings)
    fits = [one.region_fit for one in fitted]
    return (
        _values(comparison),
        _parameters(fits),
        _differences(comparison),
        _correlations(fits),
        _measures(fits),
        _warnings(comparison, fitted),
        _settings(fits),
        _notes(fits),
    )


def shown_table(comparison: Comparison) -> Table:
    """The comparison as the window shows it: one line a quantity, one column a region."""
    rows = tuple(
        (row.label, row.unit, *(row.text(index) for index in range(len(comparison.regions))))
        for row in comparison.rows
    )
    return Table(
        "comparison",
        "Values as shown, with their 95 % intervals; full precision is in the table of values.",
        ("quantity", "unit", *(region.name for region in comparison.regions)),
        rows,
    )


def write_tables(tables: Iterable[Table], folder: Path) -> list[Path]:
    """Each table as a CSV file."""
    return [write_csv(folder / f"{table.name}.csv", table.header, table.rows) for table in tables]


def _values(comparison: Comparison) -> Table:
    rows = []
    for row in comparison.rows:
        for index, region in enumerate(comparison.regions):
            flag = row.flags[index] if row.flags else ""
            lower = row.lower[index] if row.lower else math.nan
            upper = row.upper[index] if row.upper else math.nan
            rows.append(
                (
                    region.name, row.key, row.label, row.unit, row.values[index], lower, upper,
                    row.identified(index), flag, row.text(index), row.meaning,
                )
            )  # fmt: skip
    return Table(
        "values",
        "Every quantity of every region: in full precision, with its 95 % interval, and as shown.",
        ("region", "key", "quantity", "unit", "value", "lower", "upper", "identified", "reason",
         "shown", "meaning"),
        tuple(rows),
    )  # fmt: skip


def _parameters(fits: list[RegionFit]) -> Table:
    found = [
        {"region": fit.region.name, **parameter}
        for fit in fits
        for parameter in parameters_as_dicts(fit.fit)
    ]
    return Table(
        "parameters",
        "Every parameter of every fit; standard errors are of the logarithm where is_relative.",
        tuple(found[0]) if found else (),
        tuple(tuple(parameter.values()) for parameter in found),
    )


def _differences(comparison: Comparison) -> Table:
    names = (
        "parameter", "unit", "region", "reference", "kind", "value", "lower", "upper", "is_shown",
        "reason",
    )  # fmt: skip
    found = [(difference_as_dict(d), d.sentence) for d in comparison.differences]
    return Table(
        "differences",
        "Each learned parameter against the region with the longest action potential, with the "
        "95 % interval.",
        (*names, "sentence"),
        tuple((*(one[name] for name in names), sentence) for one, sentence in found),
    )


def _correlations(fits: list[RegionFit]) -> Table:
    rows = []
    for fit in fits:
        uncertainty = fit.fit.uncertainty
        if uncertainty is None:
            continue
        for i, name in enumerate(uncertainty.names):
            for j, other in enumerate(uncertainty.names[:i]):
                rows.append((fit.region.name, name, other, float(uncertainty.correlation[i, j])))
    return Table(
        "correlations",
        "Correlation of the errors of two learned parameters; blank at a bound.",
        ("region", "parameter", "other", "correlation"),
        tuple(rows),
    )


def _measures(fits: list[RegionFit]) -> Table:
    rows = [
        (fit.region.name, name, unit, *_quartiles(fit.measured, name), fit.measured.pixel_count,
         fit.measured.beat_count, fit.measured.definitions)
        for fit in fits
        for name, unit in _MEASURES
    ]  # fmt: skip
    return Table(
        "measures",
        "What was measured in each region, without a model: quartiles over its pixels.",
        ("region", "measure", "unit", "median", "lower_quartile", "upper_quartile", "pixel_count",
         "beat_count", "definition"),
        tuple(rows),
    )  # fmt: skip


def _quartiles(measured: RegionMeasures, name: str) -> tuple[float, float, float]:
    quartiles = getattr(measured, name)
    return quartiles.median, quartiles.lower, quartiles.upper


def _warnings(comparison: Comparison, fitted: tuple[FittedRegion, ...]) -> Table:
    rows = []
    for region, warnings, one in zip(comparison.regions, comparison.warnings, fitted, strict=True):
        rows += [(region.name, warning) for warning in warnings]
        if one.changes:
            rows.append((region.name, f"{enumerated(one.changes)} changed since the fit"))
    return Table(
        "warnings",
        "What to know before using the numbers.",
        ("region", "warning"),
        tuple(rows),
    )


def _settings(fits: list[RegionFit]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for fit in fits:
        provenance = fit.fit.provenance
        settings = {k: v for k, v in region_as_dict(fit).items() if k not in (*_NESTED, "name")}
        settings |= {
            "package_version": provenance.package_version,
            "torch_version": provenance.torch_version,
            "numpy_version": provenance.numpy_version,
            "started_at": provenance.started_at,
        }
        rows += [(fit.region.name, name, value) for name, value in settings.items()]
    return Table(
        "settings",
        "How each fit was made; units are in the names.",
        ("region", "setting", "value"),
        tuple(rows),
    )


def _notes(fits: list[RegionFit]) -> Table:
    return Table(
        "preparation",
        "What was done to the recording before the fit, in order.",
        ("region", "step"),
        tuple((fit.region.name, note) for fit in fits for note in fit.fit.sequences.notes),
    )
