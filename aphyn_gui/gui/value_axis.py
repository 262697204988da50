"""An axis around a parameter's values and intervals: what lies between its bounds is far more."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aphyn_gui.gui.learned import LearnedParameter
from aphyn_gui.gui.plot_style import nice_step

_MARGIN = 0.2
_SMALLEST_FACTOR = 1.3
_SMALLEST_SHARE = 0.05
_MANY_DECADES = 8.0
_SMALLEST_GAP = 0.2
"""Share of the axis between two labels: a plot of 50 pixels has room for five."""


@dataclass(frozen=True, slots=True)
class ValueAxis:
    """Where an axis begins and ends, and what stands at it.

    Parameters
    ----------
    low, high : float
        Ends, as the axis counts: decimal logarithms where the parameter is shown so.
    ticks : list of list of (float, str)
        Positions and labels, in the form pyqtgraph wants.
    """

    low: float
    high: float
    ticks: list[list[tuple[float, str]]]


def axis_around(parameter: LearnedParameter, values: Sequence[float]) -> ValueAxis:
    """The axis that holds some values of a parameter.

    It covers at least a factor of 1.3, or a twentieth of the range between linear bounds: small
    differences shall look small.

    Parameters
    ----------
    parameter : LearnedParameter
        With its bounds.
    values : sequence of float
        Values and ends of intervals, in the parameter's unit.
    """
    shown = parameter.on_axis(values)
    low, high = float(np.min(shown)), float(np.max(shown))
    bottom, top = parameter.bounds_on_axis
    smallest = (
        math.log10(_SMALLEST_FACTOR) if parameter.is_log else _SMALLEST_SHARE * (top - bottom)
    )
    missing = max(smallest - (high - low), 0.0) / 2
    low, high = low - missing, high + missing
    margin = _MARGIN * (high - low)
    low, high = max(low, bottom) - margin, min(high, top) + margin
    return ValueAxis(low, high, [_ticks(parameter, low, high)])


def _ticks(parameter: LearnedParameter, low: float, high: float) -> list[tuple[float, str]]:
    """Round values between the ends, two to five of them."""
    first, last = (10.0**low, 10.0**high) if parameter.is_log else (low, high)
    if parameter.is_log and last > _MANY_DECADES * first:
        factors = (1.0,) if last > 300 * first else (1.0, 3.0)
        exponents = range(math.floor(low), math.ceil(high) + 1)
        values = [factor * 10.0**exponent for exponent in exponents for factor in factors]
    else:
        step = nice_step((last - first) / 2)
        values = [n * step for n in range(math.ceil(first / step), math.floor(last / step) + 1)]
    ticks: list[tuple[float, str]] = []
    for value in values:
        place = float(parameter.on_axis(value))
        # Even steps crowd at the upper end of a logarithmic axis.
        has_room = not ticks or place - ticks[-1][0] >= _SMALLEST_GAP * (high - low)
        if first <= value <= last and has_room:
            ticks.append((place, f"{value:.4g}"))
    return ticks
