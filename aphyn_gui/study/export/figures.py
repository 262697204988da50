"""The report's figures: colours mean role in curves, and region in dots."""

from __future__ import annotations

import math

import numpy as np

from aphyn_gui.fitting import Fit
from aphyn_gui.physics import Parameter
from aphyn_gui.study.comparison import ComparisonRow
from aphyn_gui.study.export.markup import escaped
from aphyn_gui.study.export.svg import Plot, number, span, text, ticks
from aphyn_gui.study.study import Region, RegionFit

DATA, PREDICTION, PHYSICS, NETWORK = "#1A1A1A", "#D55E00", "#0072B2", "#009E73"
"""Roles: measured, hybrid, F_p (or physics only), F_dl."""

_DOT_WIDTH, _DOT_ROW, _DOT_TOP, _DOT_BOTTOM = 340.0, 26.0, 10.0, 40.0
_DOT_LEFT, _DOT_RIGHT = 100.0, 16.0
_LONGEST_LABEL = 14
_UPSTROKE_PERCENTILES = (1.0, 97.0)


def action_potential(fit: Fit) -> str:
    """Pixels, their mean, and the forecasts of hybrid and physics alone."""
    sequences, forecast = fit.sequences, fit.forecast
    low, high = np.percentile(sequences.voltages, (10, 90), axis=0)
    mean = sequences.training_voltages.mean(axis=0)
    curves = (low, high, forecast.voltage, fit.physics_forecast.voltage)
    plot = Plot((0.0, float(forecast.time_ms[-1])), span(curves), "time (ms)", "v")
    plot.level(0.0)
    plot.band(sequences.time_ms, low, high, DATA)
    plot.line(sequences.time_ms, mean, DATA, width=2.0)
    plot.line(
        fit.physics_forecast.time_ms, fit.physics_forecast.voltage, PHYSICS, width=1.2, dash="4 3"
    )
    plot.line(forecast.time_ms, forecast.voltage, PREDICTION)
    return plot.svg("Action potential: data, hybrid, physics alone")


def decomposition(fit: Fit) -> str:
    """What physics and network have each done to v: the two add up to the forecast."""
    forecast = fit.forecast
    physics, network = forecast.integrated_physics, forecast.integrated_network
    values = span((physics, network, forecast.voltage))
    plot = Plot((0.0, float(forecast.time_ms[-1])), values, "time (ms)", "part of v")
    plot.level(0.0)
    plot.line(forecast.time_ms, physics, PHYSICS)
    plot.line(forecast.time_ms, network, NETWORK)
    plot.line(forecast.time_ms, forecast.voltage, PREDICTION, width=1.2, dash="4 3")
    return plot.svg("Integrals of F_p and F_dl, and their sum")


def rates(fit: Fit) -> str:
    """F_p and F_dl; the upstroke, many times faster than the rest, runs out of the picture."""
    forecast = fit.forecast
    physics, network = forecast.physics_rate, forecast.network_rate
    usual = np.percentile(physics, _UPSTROKE_PERCENTILES)
    plot = Plot(
        (0.0, float(forecast.time_ms[-1])), span((usual, network)), "time (ms)", "dv/dt (1/ms)"
    )
    plot.level(0.0)
    plot.line(forecast.time_ms[:-1], physics, PHYSICS)
    plot.line(forecast.time_ms[:-1], network, NETWORK)
    return plot.svg("F_p and F_dl along the forecast")


def parameter_dots(row: ComparisonRow, parameter: Parameter, fits: list[RegionFit]) -> str:
    """One parameter in all regions.

    Filled: the hybrid with its interval; filled with white and dashed: not identified; small and
    hollow: the physics alone.
    """
    physics = [fit.fit.physics_parameters.get(parameter.name, math.nan) for fit in fits]
    known = np.array([*row.values, *physics])
    is_shown = [not flag for flag in row.flags]
    ends = np.array([row.lower, row.upper])[:, is_shown]
    low, high = span((known, ends), 0.08)
    height = _DOT_TOP + _DOT_ROW * len(fits) + _DOT_BOTTOM
    bottom = height - _DOT_BOTTOM

    def across(value: float) -> float:
        share = (value - low) / (high - low)
        return _DOT_LEFT + share * (_DOT_WIDTH - _DOT_LEFT - _DOT_RIGHT)

    parts = [f'<path d="M{_DOT_LEFT:g} {bottom:g}H{_DOT_WIDTH - _DOT_RIGHT:g}" stroke="#444444"/>']
    for tick in ticks(low, high):
        x = across(tick)
        parts.append(f'<path d="M{x:.1f} {_DOT_TOP:g}V{bottom:g}" stroke="#E4E4E4"/>')
        parts.append(text(x, bottom + 15, number(tick), anchor="middle"))
    for index, fit in enumerate(fits):
        y = _DOT_TOP + _DOT_ROW * (index + 0.5)
        parts.append(text(_DOT_LEFT - 8, y + 4, _short(fit.region.name), anchor="end"))
        interval = (across(row.lower[index]), across(row.upper[index]))
        parts.append(_dot(row, index, across(row.values[index]), interval, y, fit.region))
        if math.isfinite(physics[index]):
            parts.append(
                f'<circle cx="{across(physics[index]):.1f}" cy="{y + 7:.1f}" r="2.6" '
                'fill="#FFFFFF" stroke="#555555" stroke-width="1.1"/>'
            )
    unit = f" ({parameter.unit})" if parameter.unit else ""
    middle = (_DOT_LEFT + _DOT_WIDTH - _DOT_RIGHT) / 2
    parts.append(text(middle, height - 8, f"{parameter.name}{unit}", anchor="middle"))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_DOT_WIDTH:g} {height:g}" '
        f'width="{_DOT_WIDTH:g}" height="{height:g}" role="img">'
        f"<title>{escaped(parameter.name)} by region</title>{''.join(parts)}</svg>"
    )


def _dot(
    row: ComparisonRow,
    index: int,
    x: float,
    interval: tuple[float, float],
    y: float,
    region: Region,
) -> str:
    color = escaped(region.color)
    if math.isnan(x):
        return ""
    if row.flags and row.flags[index]:
        return (
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="#FFFFFF" stroke="{color}" '
            'stroke-width="1.6" stroke-dasharray="2.5 2"/>'
        )
    whisker = ""
    if all(map(math.isfinite, interval)):
        whisker = (
            f'<path d="M{interval[0]:.1f} {y:.1f}H{interval[1]:.1f}" stroke="{color}" '
            'stroke-width="2"/>'
        )
    return whisker + f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="{color}"/>'


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_LABEL else name[: _LONGEST_LABEL - 1] + "…"
