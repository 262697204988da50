"""What an ionic model is: parameters with units and bounds, and the rates of two states.

A model is written once, as SymPy expressions. The torch rates, the compiled kernels with their
exact derivatives, and the formula in the window are all derived from these expressions.
SymPy itself is imported when the first rate is asked for, so that a window can list the models
without paying for it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sympy

VOLTAGE_SYMBOL = "v"
"""Normalised transmembrane potential, dimensionless, 0 at rest and 1 at the peak."""

GATE_SYMBOL = "h"
"""Second state of the model: the gate, or recovery variable, dimensionless."""


_ENGINE_NAMES = frozenset(
    {"v", "h", "n", "t", "dt", "dv", "dh", "dn", "a_v", "a_h", "lambda_v", "lambda_h"}
)
"""What the equations of a step call their own inputs: no parameter can have these names."""


class PhysicsError(ValueError):
    """A model, parameter or value that cannot be used; the message is meant for the user."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One constant of an ionic model.

    Parameters
    ----------
    name : str
        Identifier, as used in files and on the command line.
    unit : str
        Unit, empty when dimensionless.
    default, lower, upper : float
        Original value, and the bounds a fit keeps to.
    meaning : str
        One sentence for the user.
    source : str
        Where the default comes from.
    learned : bool
        Whether a fit learns it by default.
    """

    name: str
    unit: str
    default: float
    lower: float
    upper: float
    meaning: str
    source: str
    learned: bool = False

    def __post_init__(self) -> None:
        if not (math.isfinite(self.lower) and math.isfinite(self.upper)):
            raise PhysicsError(f"{self.name}: bounds must be finite")
        if not self.lower <= self.default <= self.upper or self.lower == self.upper:
            raise PhysicsError(
                f"{self.name}: {self.default} must lie between {self.lower} and {self.upper}"
            )

    @property
    def is_positive(self) -> bool:
        """Whether the bounds exclude zero, so that a fit can work on the logarithm."""
        return self.lower > 0

    def check(self, value: float) -> float:
        """Return ``value`` if it lies inside the bounds.

        Raises
        ------
        PhysicsError
            If it does not.
        """
        if not self.lower <= value <= self.upper:
            unit = f" {self.unit}" if self.unit else ""
            raise PhysicsError(
                f"{self.name} = {value:g}{unit} lies outside its bounds, "
                f"{self.lower:g} to {self.upper:g}{unit}"
            )
        return value


Rates = Callable[["sympy.Expr", "sympy.Expr", Mapping[str, "sympy.Symbol"]], Sequence["sympy.Expr"]]


@dataclass(frozen=True, eq=False)
class IonicModel:
    """A two-variable ionic model, normalised to v in [0, 1] and to milliseconds.

    Parameters
    ----------
    name : str
        Identifier, as used in files and on the command line.
    title : str
        Name shown to the user.
    source : str
        Publication.
    parameters : tuple of Parameter
        In the order of every parameter vector in this project.
    rates : callable
        ``rates(v, h, parameters) -> (dv/dt, dh/dt)``, both in 1/ms, as SymPy expressions without
        branches (``Piecewise`` is a select). The stimulus adds to dv/dt and is not part of them.
    resting_gate : float
        Second state at rest, before the stimulus.
    gate_label : str
        Usual name of the second state.
    """

    name: str
    title: str
    source: str
    parameters: tuple[Parameter, ...]
    rates: Rates = field(repr=False)
    resting_gate: float = 1.0
    gate_label: str = "h"

    def __post_init__(self) -> None:
        names = [parameter.name for parameter in self.parameters]
        for name in (self.name, *names):
            if not (name.isascii() and name.isidentifier()):
                raise PhysicsError(
                    f"model {self.name}: {name!r} is no name; use letters, digits and _"
                )
        if len(set(names)) != len(names):
            raise PhysicsError(f"model {self.name}: parameter names repeat")
        for name in names:
            if name in _ENGINE_NAMES or name.startswith("stimulus_"):
                raise PhysicsError(
                    f"model {self.name}: no parameter can be called {name}, "
                    "which stands for something else in the equations"
                )

    @cached_property
    def rate_expressions(self) -> tuple[sympy.Expr, sympy.Expr]:
        """dv/dt without stimulus and dh/dt, in 1/ms, in the symbols of states and parameters.

        Raises
        ------
        PhysicsError
            If the rates cannot be derived, or use a symbol that is neither a state nor a
            parameter.
        """
        import sympy

        v = sympy.Symbol(VOLTAGE_SYMBOL, real=True)
        h = sympy.Symbol(GATE_SYMBOL, real=True)
        symbols = {name: sympy.Symbol(name, real=True) for name in self.parameter_names}
        try:
            voltage_rate, gate_rate = (sympy.sympify(rate) for rate in self.rates(v, h, symbols))
        except Exception as error:
            # The rates may be a user's: whatever goes wrong there is told as any other mistake.
            raise PhysicsError(
                f"model {self.name}: its rates cannot be derived ({type(error).__name__}: {error})"
            ) from error
        known = {v, h, *symbols.values()}
        unknown = (voltage_rate.free_symbols | gate_rate.free_symbols) - known
        if unknown:
            raise PhysicsError(
                f"model {self.name}: its rates use {', '.join(sorted(map(str, unknown)))}, "
                "which is neither a state nor a parameter"
            )
        return voltage_rate, gate_rate

    @property
    def parameter_names(self) -> tuple[str, ...]:
        """Names, in the order of every parameter vector."""
        return tuple(parameter.name for parameter in self.parameters)

    @property
    def learned_by_default(self) -> tuple[str, ...]:
        """Names of the parameters that a fit learns unless told otherwise."""
        return tuple(parameter.name for parameter in self.parameters if parameter.learned)

    def parameter(self, name: str) -> Parameter:
        """The parameter of that name.

        Raises
        ------
        PhysicsError
            If the model has none.
        """
        for parameter in self.parameters:
            if parameter.name == name:
                return parameter
        raise PhysicsError(
            f"{self.title} has no parameter {name!r}; it has {', '.join(self.parameter_names)}"
        )

    def values(self, overrides: Mapping[str, float] | None = None) -> tuple[float, ...]:
        """Defaults with ``overrides``, in the order of ``parameters``.

        Raises
        ------
        PhysicsError
            If an override names no parameter or lies outside the bounds.
        """
        overrides = dict(overrides or {})
        for name, value in overrides.items():
            self.parameter(name).check(value)
        return tuple(overrides.get(p.name, p.default) for p in self.parameters)
