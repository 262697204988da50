"""Tables: every run with full precision as CSV, medians over the seeds beside the paper's."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import numpy as np

from aphyn_gui.study.reproduce import paper
from aphyn_gui.study.reproduce.runs import (
    FLOOR,
    HYBRID,
    PREDICTORS,
    Run,
    Score,
    is_finished,
    parameter_names,
)

_SCORE_COLUMNS: tuple[tuple[str, str], ...] = (
    ("training_mse", "training_mse"),
    ("validation_mse", "validation_mse"),
    ("training_mse_noise_free", "training_true_mse"),
    ("validation_mse_noise_free", "validation_true_mse"),
    ("training_mean_square_f_dl_per_ms2", "training_f_dl"),
    ("validation_mean_square_f_dl_per_ms2", "validation_f_dl"),
)
"""Name in the CSV, and attribute of ``Score``."""

_PAPER_COLUMNS: tuple[tuple[str, str], ...] = (
    ("paper_training_mse", "training_mse"),
    ("paper_validation_mse", "validation_mse"),
    ("paper_training_mean_square_f_dl_per_ms2", "training_f_dl"),
    ("paper_validation_mean_square_f_dl_per_ms2", "validation_f_dl"),
)
"""Name in the CSV, and attribute of ``PaperNumbers``."""

DASH = "–"


@dataclass(frozen=True, slots=True)
class Spread:
    """Median and range over the seeds; all NaN where nothing has a value."""

    median: float
    low: float
    high: float

    @staticmethod
    def of(values: Iterable[float]) -> Spread:
        """Of the finite values."""
        finite = [value for value in values if math.isfinite(value)]
        if not finite:
            return Spread(math.nan, math.nan, math.nan)
        return Spread(float(np.median(finite)), min(finite), max(finite))

    def text(self) -> str:
        """``1.23e-4 (1.20e-4 to 1.31e-4)``, without the range where there is none."""
        if math.isnan(self.median):
            return DASH
        if self.low == self.high:
            return number_text(self.median)
        return f"{number_text(self.median)} ({number_text(self.low)} to {number_text(self.high)})"


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """One experiment, done.

    Parameters
    ----------
    name : str
        Stem of its files.
    title : str
        One line.
    text : str
        What was done, for the methods.
    runs : tuple of Run
        In the order of regions, cases and seeds.
    has_paper : bool
        Whether the paper's Table 1 belongs beside it.
    elapsed_s : float
        Time of its fits; those that an earlier experiment had done cost nothing.
    """

    name: str
    title: str
    text: str
    runs: tuple[Run, ...]
    has_paper: bool
    elapsed_s: float

    @property
    def regions(self) -> tuple[str, ...]:
        """Names of the regions, in order."""
        return tuple(dict.fromkeys(run.region for run in self.runs))

    @property
    def cases(self) -> tuple[str, ...]:
        """Labels of the cases, in order."""
        return tuple(dict.fromkeys(run.case.label for run in self.runs))

    def of(self, region: str, case: str) -> tuple[Run, ...]:
        """The repeats of one fit."""
        return tuple(r for r in self.runs if r.region == region and r.case.label == case)

    def spread(
        self, region: str, case: str, predictor: str, value: Callable[[Score], float]
    ) -> Spread:
        """Median and range of one number over the seeds."""
        return Spread.of(value(run.score(predictor)) for run in self.of(region, case))

    def typical(self, region: str, case: str) -> Run:
        """The repeat whose validation error is the (lower) median: the one that is drawn."""
        ordered = sorted(self.of(region, case), key=lambda run: run.score(HYBRID).validation_mse)
        return ordered[(len(ordered) - 1) // 2]

    def paper(self, region: str, predictor: str) -> paper.PaperNumbers | None:
        """What the paper says beside it."""
        if not self.has_paper:
            return None
        return paper.table_1(self.regions.index(region), predictor)


def to_csv(result: Result) -> str:
    """One line for each run and predictor, with full precision; empty where there is no value."""
    names = parameter_names(result.runs[0])
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(
        [
            "experiment", "region", "varied", "protocol", "seed", "predictor",
            *(column for column, _ in _SCORE_COLUMNS), *names,
            "epochs", "outcome", "fit_s", *(column for column, _ in _PAPER_COLUMNS),
        ]
    )  # fmt: skip
    for run in result.runs:
        for score in run.scores:
            numbers = result.paper(run.region, score.predictor)
            printed = [
                None if numbers is None else getattr(numbers, key) for _, key in _PAPER_COLUMNS
            ]
            is_hybrid = score.predictor == HYBRID
            writer.writerow(
                [
                    result.name, run.region, run.case.group, run.case.label, run.seed,
                    score.predictor,
                    *(_cell(getattr(score, key)) for _, key in _SCORE_COLUMNS),
                    *(_cell(score.parameters.get(name, math.nan)) for name in names),
                    run.fit.history.epochs if is_hybrid else "",
                    str(run.fit.outcome) if is_hybrid else "",
                    _cell(run.fit.provenance.elapsed_s) if is_hybrid else "",
                    *(_cell(value) for value in printed),
                ]
            )  # fmt: skip
    return buffer.getvalue()


def to_markdown(result: Result) -> str:
    """Medians over the seeds with their range, the paper's numbers beside them."""
    has_regions, has_truth = result.regions != ("",), result.runs[0].sample.truth is not None
    header = [*(["region"] if has_regions else []), "protocol", "predictor"]
    header += ["training MSE", "validation MSE"]
    header += ["noise-free, training", "noise-free, validation"] if has_truth else []
    header += ["mean F_dl² training, 1/ms²", "mean F_dl² validation, 1/ms²"]
    header += ["paper: MSE training / validation", "paper: F_dl² training / validation"]
    keys = ["training_mse", "validation_mse"]
    keys += ["training_true_mse", "validation_true_mse"] if has_truth else []
    keys += ["training_f_dl", "validation_f_dl"]
    rows: list[list[str]] = []
    for region in result.regions:
        for case in result.cases:
            for predictor in _predictors(result, region, case):
                numbers = result.paper(region, predictor)
                rows.append(
                    [
                        *([region] if has_regions else []), case, predictor,
                        *(
                            result.spread(region, case, predictor, attrgetter(key)).text()
                            for key in keys
                        ),
                        *_paper_cells(numbers),
                    ]
                )  # fmt: skip
    parts = [f"## {result.title}", result.text, markdown_table(header, rows)]
    parts += ["Parameters and time, median and range over the seeds:", _parameter_table(result)]
    failed = [run for run in result.runs if not is_finished(run)]
    parts += [
        f"{run.region} {run.case.label}, seed {run.seed}: {run.fit.message}".strip()
        for run in failed
    ]
    return "\n\n".join(parts) + "\n"


def medians(result: Result) -> list[dict[str, Any]]:
    """Medians over the seeds, one entry for each region, protocol and predictor, for JSON."""
    return [
        {
            "region": region,
            "protocol": case,
            "predictor": predictor,
            **{
                name: _finite(result.spread(region, case, predictor, attrgetter(key)).median)
                for name, key in _SCORE_COLUMNS
            },
        }
        for region in result.regions
        for case in result.cases
        for predictor in PREDICTORS
    ]


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table that can be read as it stands."""
    lines = [list(header), *(list(row) for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(header))]

    def join(cells: Sequence[str]) -> str:
        padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        return f"| {' | '.join(padded)} |"

    return "\n".join([join(header), join(["-" * width for width in widths]), *map(join, lines[1:])])


def number_text(value: float) -> str:
    """Three digits."""
    return DASH if math.isnan(value) else f"{value:.3g}"


def _predictors(result: Result, region: str, case: str) -> tuple[str, ...]:
    """Those that say something new: the floor once for each region, no hybrid without network."""
    run = result.of(region, case)[0]
    is_first = case == result.cases[0]
    return tuple(
        predictor
        for predictor in PREDICTORS
        if (predictor != FLOOR or is_first)
        and (predictor != HYBRID or run.case.protocol.network is not None)
    )


def _parameter_table(result: Result) -> str:
    names = parameter_names(result.runs[0])
    has_regions = result.regions != ("",)
    header = [*(["region"] if has_regions else []), "protocol", "predictor"]
    header += [*names, "time of the fit, s", "paper: time"]
    rows: list[list[str]] = []
    for region in result.regions:
        for case in result.cases:
            runs = result.of(region, case)
            for predictor in _predictors(result, region, case):
                if predictor == FLOOR:
                    continue
                is_last = predictor != HYBRID and runs[0].case.protocol.network is not None
                time = Spread.of(run.fit.provenance.elapsed_s for run in runs)
                rows.append(
                    [
                        *([region] if has_regions else []), case, predictor,
                        *(
                            Spread.of(
                                run.score(predictor).parameters[name] for run in runs
                            ).text()
                            for name in names
                        ),
                        DASH if is_last else time.text(),
                        paper.TRAINING_TIME if result.has_paper and predictor == HYBRID else DASH,
                    ]
                )  # fmt: skip
    return markdown_table(header, rows)


def _paper_cells(numbers: paper.PaperNumbers | None) -> list[str]:
    if numbers is None:
        return [DASH, DASH]
    errors = f"{number_text(numbers.training_mse)} / {number_text(numbers.validation_mse)}"
    if numbers.training_f_dl is None or numbers.validation_f_dl is None:
        return [errors, DASH]
    return [
        errors,
        f"{number_text(numbers.training_f_dl)} / {number_text(numbers.validation_f_dl)}",
    ]


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _cell(value: float | None) -> str:
    return "" if value is None or math.isnan(value) else repr(float(value))
