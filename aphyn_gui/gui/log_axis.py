"""A logarithmic axis whose labels stay few."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pyqtgraph as pg

_PIXELS_FOR_HALVES = 55
_PIXELS_A_LABEL = 16
_PIXELS_FOR_MINOR = 25
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


class LogAxis(pg.AxisItem):  # type: ignore[misc]
    """An axis for data given as decimal logarithms.

    pyqtgraph's own labels every digit of a decade until they overlap. This one labels decades,
    also twos and fives where there is room, and only every second or third decade where not.
    """

    def __init__(self, orientation: str) -> None:
        super().__init__(orientation)
        self.setStyle(maxTextLevel=0)

    def tickValues(self, low: float, high: float, size: float) -> list[tuple[float, Any]]:
        """Labelled ticks, then bare ones; called by pyqtgraph."""
        low, high = min(low, high), max(low, high)
        per_decade = size / max(high - low, 1e-9)
        decades = range(math.floor(low), math.ceil(high) + 1)
        every = max(1, math.ceil(_PIXELS_A_LABEL / per_decade))
        digits = (1, 2, 5) if per_decade >= _PIXELS_FOR_HALVES else (1,)
        labelled = [
            decade + math.log10(digit) for decade in decades if decade % every == 0
            for digit in digits
        ]  # fmt: skip
        bare = [
            decade + math.log10(digit)
            for decade in decades
            for digit in (range(1, 10) if per_decade >= _PIXELS_FOR_MINOR else (1,))
        ]
        slack = 1e-6 * (high - low)
        inside = [value for value in labelled if low - slack <= value <= high + slack]
        others = [value for value in bare if low <= value <= high and value not in inside]
        return [(1.0, inside), (0.1, others)]

    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        """Plain numbers, or powers of ten where numbers would be long; called by pyqtgraph."""
        if all(-2 <= value < 4.01 for value in values):
            return [f"{10**value:g}" for value in values]
        return [_power(value) for value in values]


def _power(value: float) -> str:
    """A number given by its logarithm, as a power of ten."""
    exponent = math.floor(value + 1e-6)
    digit = round(10 ** (value - exponent))
    power = f"10{str(exponent).translate(_SUPERSCRIPTS)}"
    return power if digit == 1 else f"{digit}·{power}"
