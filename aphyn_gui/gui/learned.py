"""The learned parameters of a protocol, as plots show them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aphyn_gui.fitting import Protocol
from aphyn_gui.physics import STIMULUS_PARAMETERS, Parameter, ionic_model


@dataclass(frozen=True, slots=True)
class LearnedParameter:
    """A parameter that is learned, with the bounds in force.

    Parameters
    ----------
    parameter : Parameter
        Name, unit and meaning.
    lower, upper : float
        Bounds, in the parameter's unit.
    """

    parameter: Parameter
    lower: float
    upper: float

    @property
    def is_log(self) -> bool:
        """Whether it is shown on a logarithmic axis: both bounds are positive."""
        return self.lower > 0

    def on_axis(self, values: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """``values`` as the axis counts: logarithms where it is logarithmic."""
        return log10(values) if self.is_log else np.asarray(values, dtype=np.float64)

    @property
    def bounds_on_axis(self) -> tuple[float, float]:
        """Lower and upper bound as the axis counts."""
        low, high = self.on_axis([self.lower, self.upper])
        return float(low), float(high)

    def axis_range(self, margin: float = 0.08) -> tuple[float, float]:
        """The bounds and, as a share of what lies between them, a margin on both sides."""
        low, high = self.bounds_on_axis
        extra = margin * (high - low)
        return low - extra, high + extra

    @property
    def bound_ticks(self) -> list[list[tuple[float, str]]]:
        """The bounds as the only labels of an axis, in the form pyqtgraph wants."""
        values = zip(self.bounds_on_axis, (self.lower, self.upper), strict=True)
        return [[(position, f"{bound:g}") for position, bound in values]]


def learned_parameters(protocol: Protocol) -> dict[str, LearnedParameter]:
    """Everything ``protocol`` learns, by name: the physics first, then the stimulus."""
    known = {
        parameter.name: parameter
        for parameter in (*ionic_model(protocol.physics).parameters, *STIMULUS_PARAMETERS)
    }
    return {
        name: LearnedParameter(known[name], lower, upper)
        for name, (lower, upper) in protocol.unknowns.items()
    }


def log10(values: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Decimal logarithm, NaN for what has none."""
    array = np.asarray(values, dtype=np.float64)
    return np.log10(np.where(array > 0, array, math.nan))
