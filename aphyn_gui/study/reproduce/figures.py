"""Figures: forecasts with their decomposition, and errors beside the paper's.

Colours mean role, as everywhere in the program. Vector files keep text as text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

import matplotlib
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from aphyn_gui.fitting import FitForecast
from aphyn_gui.study.reproduce.paper import PaperNumbers
from aphyn_gui.study.reproduce.runs import FLOOR, HYBRID, PHYSICS, Run, Score
from aphyn_gui.study.reproduce.tables import Result

TRUTH, PREDICTION, F_P, F_DL = "#1A1A1A", "#D55E00", "#0072B2", "#009E73"
_FAINT, _PHYSICS_ONLY = "#BBBBBB", "#777777"

_DPI = 300
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "aphyn-gui",
    "font.size": 8.0,
    "axes.titlesize": 8.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.fontsize": 7.0,
    "legend.frameon": False,
    "lines.linewidth": 1.2,
}
_COLUMN_INCHES, _ROW_INCHES, _TITLE_INCHES = 2.6, 2.0, 0.4
_LINEAR_RATE = 1e-2
"""Rates below this, 1/ms, are drawn to scale, larger ones by their logarithm: the upstroke is a
hundred times faster than the plateau, and both are of interest."""

_DOTS = (
    (HYBRID, "o", PREDICTION, 0.22),
    (PHYSICS, "s", F_P, 0.0),
    (FLOOR, "|", TRUTH, -0.22),
)
"""Predictor, marker, colour and place within its row."""


def draw(result: Result) -> Figure:
    """The figure of one experiment."""
    with matplotlib.rc_context(_STYLE):
        if result.name == "ablation":
            figure = _ablation(result)
        elif result.name.startswith("table1"):
            figure = _table(result)
        else:
            figure = _forecasts(result)
        # Laid out once: each file would do it again, which takes longer than drawing.
        figure.draw_without_rendering()
        figure.set_layout_engine("none")
    return figure


def save(figure: Figure, kind: str, file: BinaryIO) -> None:
    """Write a figure as "png" (300 dpi) or "svg"."""
    # Without a date the same results give the same file.
    metadata = {"Date": None} if kind == "svg" else None
    with matplotlib.rc_context(_STYLE):
        figure.savefig(file, format=kind, dpi=_DPI, metadata=metadata)


def _forecasts(result: Result) -> Figure:
    """One row for each region and protocol: training, validation, rates, integrals."""
    runs = [result.typical(region, case) for region in result.regions for case in result.cases]
    figure = Figure(
        figsize=(4 * _COLUMN_INCHES, len(runs) * _ROW_INCHES + _TITLE_INCHES),
        layout="constrained",
    )
    figure.suptitle(result.title, fontsize=9)
    grid = figure.subplots(len(runs), 4, squeeze=False)
    for row, run in zip(grid, runs, strict=True):
        label = f"{run.region}, {run.case.label}" if run.region else run.case.label
        score = run.score(HYBRID)
        _draw_part(row[0], run, is_training=True)
        row[0].set_title(f"{label}: training", loc="left")
        _draw_part(row[1], run, is_training=False)
        row[1].set_title("validation", loc="left")
        for axes, mse in ((row[0], score.training_mse), (row[1], score.validation_mse)):
            axes.text(0.98, 0.98, f"MSE {mse:.3g}", transform=axes.transAxes, ha="right", va="top")
        _draw_rates(row[2], run.fit.forecast)
        row[2].set_title(f"rates, mean F_dl² {score.training_f_dl:.2g} 1/ms²", loc="left")
        _draw_integrals(row[3], run)
        row[3].set_title("integrated", loc="left")
    for axes in grid[-1]:
        axes.set_xlabel("time (ms)")
    _draw_legend(figure, grid[0])
    return figure


def _draw_legend(part: Figure | SubFigure, drawn: Iterable[Axes]) -> None:
    """One legend below everything, each name once: inside, it would hide curves."""
    entries: dict[str, Artist] = {}
    for axes in drawn:
        handles, labels = axes.get_legend_handles_labels()
        entries.update(zip(labels, handles, strict=True))
    part.legend(
        list(entries.values()), list(entries), loc="outside lower center", ncols=len(entries)
    )


def _draw_part(axes: Axes, run: Run, *, is_training: bool) -> None:
    """Sequences, what is known of the truth, prediction and physics alone."""
    sequences = run.sample.sequences
    part = sequences.training if is_training else sequences.validation
    for trace in sequences.voltages[part]:
        axes.plot(sequences.time_ms, trace, color=_FAINT, linewidth=0.4)
    truth = run.sample.truth
    shown = sequences.voltages if truth is None else truth
    name = "mean of the sequences" if truth is None else "ground truth"
    axes.plot(sequences.time_ms, shown[part].mean(axis=0), color=TRUTH, label=name)
    physics, forecast = run.fit.physics_forecast, run.fit.forecast
    axes.plot(forecast.time_ms, forecast.voltage, color=PREDICTION, label="prediction")
    # On top and dashed: it is seen where the network is silent and both are one.
    axes.plot(
        physics.time_ms, physics.voltage, color=_PHYSICS_ONLY, linestyle=":", label="physics only"
    )
    axes.set_ylabel("v (dimensionless)")
    axes.set_ylim(-0.2, 1.3)


def _draw_rates(axes: Axes, forecast: FitForecast) -> None:
    time_ms = forecast.time_ms[:-1]
    axes.plot(time_ms, forecast.physics_rate, color=F_P, label="F_p")
    axes.plot(time_ms, forecast.network_rate, color=F_DL, label="F_dl")
    axes.axhline(0, color=_FAINT, linewidth=0.5, zorder=0)
    axes.set_yscale("symlog", linthresh=_LINEAR_RATE)
    axes.set_yticks([-1, -0.1, -0.01, 0, 0.01, 0.1, 1])
    axes.set_yticklabels(["−1", "−0.1", "−0.01", "0", "0.01", "0.1", "1"])
    axes.minorticks_off()
    axes.set_ylabel("rate of v (1/ms)")


def _draw_integrals(axes: Axes, run: Run) -> None:
    """On the axis of the data: v(0) + integral of F_p, integral of F_dl, and their sum."""
    forecast, sequences = run.fit.forecast, run.sample.sequences
    shown = sequences.voltages if run.sample.truth is None else run.sample.truth
    axes.plot(
        sequences.time_ms, shown[sequences.training].mean(axis=0), color=TRUTH,
        label="mean of the sequences" if run.sample.truth is None else "ground truth",
    )  # fmt: skip
    axes.plot(forecast.time_ms, forecast.voltage, color=PREDICTION, label="prediction")
    axes.plot(forecast.time_ms, forecast.integrated_physics, color=F_P, label="v(0) + ∫F_p dt")
    axes.plot(forecast.time_ms, forecast.integrated_network, color=F_DL, label="∫F_dl dt")
    axes.set_ylabel("v (dimensionless)")


def _table(result: Result) -> Figure:
    """Errors and F_dl beside the paper's, above the decomposition in each region."""
    regions = result.regions
    dots = len(regions) * len(result.cases) * 0.45 + 1.0
    figure = Figure(
        figsize=(4 * _COLUMN_INCHES, dots + len(regions) * _ROW_INCHES + _TITLE_INCHES),
        layout="constrained",
    )
    figure.suptitle(result.title, fontsize=9)
    heights = [dots, len(regions) * _ROW_INCHES]
    top, bottom = figure.subfigures(2, 1, squeeze=False, height_ratios=heights)[:, 0]
    _dot_plots(top, result)
    grid = bottom.subplots(len(regions), 2, squeeze=False)
    for row, region in zip(grid, regions, strict=True):
        run = result.typical(region, result.cases[-1])
        _draw_decomposition(row, run, f"{region}, {run.case.label}")
    _draw_legend(bottom, grid[0])
    return figure


def _ablation(result: Result) -> Figure:
    """Errors and F_dl of every variant, above the decomposition of the first and the last."""
    dots = len(result.cases) * 0.3 + 1.0
    figure = Figure(
        figsize=(4 * _COLUMN_INCHES, dots + 2 * _ROW_INCHES + _TITLE_INCHES), layout="constrained"
    )
    figure.suptitle(result.title, fontsize=9)
    heights = [dots, 2 * _ROW_INCHES]
    top, bottom = figure.subfigures(2, 1, squeeze=False, height_ratios=heights)[:, 0]
    _dot_plots(top, result)
    grid = bottom.subplots(2, 2)
    for row, case in zip(grid, (result.cases[0], result.cases[-1]), strict=True):
        _draw_decomposition(row, result.typical("", case), case)
    _draw_legend(bottom, grid[0])
    return figure


def _draw_decomposition(row: Sequence[Axes], run: Run, label: str) -> None:
    _draw_rates(row[0], run.fit.forecast)
    _draw_integrals(row[1], run)
    row[0].set_title(f"{label}: rates", loc="left")
    row[1].set_title("integrated", loc="left")
    for axes in row:
        axes.set_xlabel("time (ms)")


@dataclass(frozen=True, slots=True)
class _Panel:
    """One number: its axis, and where it is found."""

    label: str
    value: Callable[[Score], float]
    paper: Callable[[PaperNumbers], float | None]
    factor: float = 1e3
    is_log: bool = False


_TRAINING = _Panel("training MSE (10⁻³)", lambda s: s.training_mse, lambda p: p.training_mse)
_VALIDATION = _Panel(
    "validation MSE (10⁻³)", lambda s: s.validation_mse, lambda p: p.validation_mse
)
_NOISE_FREE = _Panel(
    "noise-free validation MSE (10⁻³)", lambda s: s.validation_true_mse, lambda p: None
)
_NETWORK = _Panel(
    "mean F_dl² (1/ms²)", lambda s: s.training_f_dl, lambda p: p.training_f_dl, 1.0, True
)


def _dot_plots(part: SubFigure, result: Result) -> None:
    """One panel a number, one row a region and protocol; medians, ranges, the paper's diamonds."""
    has_truth = result.runs[0].sample.truth is not None
    panels = (_TRAINING, _VALIDATION, *((_NOISE_FREE,) if has_truth else ()), _NETWORK)
    rows = [(region, case) for region in result.regions for case in result.cases]
    names = [f"{region}, {case}" if region else case for region, case in rows]
    all_axes = part.subplots(1, len(panels), sharey=True)
    for axes, panel in zip(all_axes, panels, strict=True):
        axes.set_xscale("log" if panel.is_log else "linear")
        axes.set_xlabel(panel.label)
        axes.set_ylim(-0.6, len(rows) - 0.4)
        axes.grid(axis="x", color="#EEEEEE", linewidth=0.5)
        axes.set_axisbelow(True)
        for row, (region, case) in enumerate(rows):
            _draw_dots(axes, panel, result, region, case, len(rows) - 1 - row)
    all_axes[0].set_yticks(range(len(rows)), names[::-1])
    _draw_legend(part, [all_axes[0]])


def _draw_dots(
    axes: Axes, panel: _Panel, result: Result, region: str, case: str, place: float
) -> None:
    """What each predictor reached in one region by one protocol."""
    has_network = result.of(region, case)[0].case.protocol.network is not None
    for predictor, marker, color, offset in _DOTS:
        if predictor == HYBRID and not has_network:
            continue
        spread = result.spread(region, case, predictor, panel.value)
        low, median, high = (panel.factor * x for x in (spread.low, spread.median, spread.high))
        y = place + offset
        if median > 0 or not panel.is_log:
            axes.plot([max(low, 0.0) or median, high], [y, y], color=color, linewidth=0.8)
            axes.plot(
                [median], [y], marker=marker, markersize=5, color=color, linestyle="none",
                label=predictor,
            )  # fmt: skip
        elif predictor == HYBRID:
            axes.text(
                0.02, y, "0: silent", color=color, transform=axes.get_yaxis_transform(),
                va="center", fontsize=7,
            )  # fmt: skip
        numbers = result.paper(region, predictor)
        printed = None if numbers is None else panel.paper(numbers)
        if printed is not None:
            axes.plot(
                [panel.factor * printed], [y], marker="D", markersize=5, linestyle="none",
                markerfacecolor="none", markeredgecolor=color, label=f"paper, {predictor}",
            )  # fmt: skip
