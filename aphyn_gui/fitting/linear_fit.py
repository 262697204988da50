"""A finished fit to first order: its parameters as variables, and its forecast's derivatives."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

LARGEST_RELATIVE_ERROR = 0.3
"""Standard error of a logarithm above which a parameter counts as not identified."""

LARGEST_ERROR_OF_RANGE = 0.1
"""The same for a parameter without logarithm, as a part of the range between its bounds."""

_NEAR_A_BOUND = 3e-3
"""Of the distance between the bounds."""


@dataclass(frozen=True, slots=True)
class Variable:
    """A parameter at the end of a fit.

    Parameters
    ----------
    name, unit : str
        The unit is empty when dimensionless.
    value, lower, upper : float
        Value and bounds in force, in that unit.
    """

    name: str
    unit: str
    value: float
    lower: float
    upper: float

    @property
    def is_log(self) -> bool:
        """Whether its variable is the logarithm."""
        return self.lower > 0

    @property
    def by_variable(self) -> float:
        """Derivative of the parameter by its variable."""
        return self.value if self.is_log else 1.0

    @property
    def prior_error(self) -> float:
        """What the bounds say about the variable: half their distance as a standard deviation."""
        low, high = self.lower, self.upper
        if self.is_log:
            low, high = math.log(low), math.log(high)
        return (high - low) / 2

    @property
    def bound(self) -> str:
        """ "lower" or "upper" where the value sits at that bound, else ""."""
        value, low, high = self.value, self.lower, self.upper
        if self.is_log:
            value, low, high = (math.log(max(x, 1e-300)) for x in (value, low, high))
        near = _NEAR_A_BOUND * (high - low)
        return "lower" if value <= low + near else "upper" if value >= high - near else ""

    def text(self, value: float) -> str:
        """A value with the unit."""
        return f"{value:.4g} {self.unit}".rstrip()

    def error_text(self, standard_error: float) -> str:
        """A standard error, relative where the variable is a logarithm."""
        if not self.is_log:
            return self.text(float(f"{standard_error:.2g}"))
        percent = 100 * standard_error
        return f"{float(f'{percent:.2g}'):g} %" if percent < 1e4 else "far more than 1000 %"

    def is_within(self, standard_error: float) -> bool:
        """Whether an error of its variable is small enough to call the parameter identified."""
        if self.is_log:
            return standard_error <= LARGEST_RELATIVE_ERROR
        return standard_error <= LARGEST_ERROR_OF_RANGE * (self.upper - self.lower)


@dataclass(frozen=True, slots=True, eq=False)
class LinearFit:
    """A fit linearised at its end.

    Parameters
    ----------
    variables : tuple of Variable
        What was learned.
    jacobian : ndarray, shape (samples, variables)
        Derivatives of the forecast by the variables: logarithms where ``is_log``.
    fixed : tuple of Variable
        Parameters of the ionic model that were not learned.
    fixed_jacobian : ndarray, shape (samples, fixed)
        Derivatives by theirs.
    by_start : ndarray, shape (samples,)
        Derivative of the forecast by v(0).
    is_start_fitted : bool
        Whether v(0) was fitted with the parameters; otherwise it is the first sample.
    """

    variables: tuple[Variable, ...]
    jacobian: Array
    fixed: tuple[Variable, ...]
    fixed_jacobian: Array
    by_start: Array
    is_start_fitted: bool

    def weighted(self, weights: Array) -> LinearFit:
        """The same for observations that are multiplied by ``weights``, shape (samples,)."""
        return replace(
            self,
            jacobian=weights[:, None] * self.jacobian,
            fixed_jacobian=weights[:, None] * self.fixed_jacobian,
            by_start=weights * self.by_start,
        )
