"""What fits of pixels give: values, flags and maps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aphyn_gui.fitting.linear_fit import LARGEST_RELATIVE_ERROR
from aphyn_gui.physics import STIMULUS_PARAMETERS

Floats = npt.NDArray[np.float64]
Map = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]

LARGEST_REST = 0.2
"""Part of the amplitude that may be left at the window's end."""

NOT_YET = -2
"""In `FieldFit.left_out`: the pixel is still to be fitted."""

FLAGS = (
    "not identified",
    "at a bound",
    "not converged",
    "the window ends before repolarisation",
)
"""Why values of a pixel should not be trusted."""

FIELD_FIT_DEFINITION = (
    "Bounded least squares of the ionic model alone on each pixel's normalised potential, cut at "
    "the foot of the upstroke and aligned at the pixel's own half upstroke. The stimulus and "
    "every parameter that is not mapped are those of one fit of the tissue's mean potential, v(0) "
    "is its first sample: an assumption, for a pixel that is excited otherwise shows it in the "
    "parameters that are mapped. "
    "Residual: root mean square difference from the model, in parts of the amplitude. Flagged: "
    f"the relative standard error exceeds {LARGEST_RELATIVE_ERROR:.0%} or a distant value fits as "
    "well; a value lies at its bound; the solver did not come to rest; or the window ends before "
    f"repolarisation, with more than {LARGEST_REST:.0%} of the amplitude left, so that the model "
    "alone says how the action potential ends."
)
"""How the numbers are defined, in one paragraph."""


@dataclass(frozen=True, slots=True, eq=False)
class PixelFit:
    """The physics of one potential.

    Parameters
    ----------
    values, standard_errors : dict of str to float
        Of each mapped parameter, in its unit.
    units : dict of str to str
        Their units.
    residual : float
        Root mean square difference, dimensionless.
    flags : tuple of str
        Why the values should not be trusted; empty where they can be.
    time_ms, measured : ndarray, shape (samples,)
        The potential that was fitted.
    model_time_ms, model : ndarray, shape (points,)
        The fitted action potential.
    """

    values: dict[str, float]
    standard_errors: dict[str, float]
    units: dict[str, str]
    residual: float
    flags: tuple[str, ...]
    time_ms: Floats
    measured: Map
    model_time_ms: Floats
    model: Map


@dataclass(frozen=True, slots=True, eq=False)
class FieldFit:
    """Maps of a model's parameters.

    Parameters
    ----------
    names, units : tuple of str
        Parameters that are mapped, and their units.
    values, standard_errors : ndarray of float32, shape (parameters, rows, columns)
        NaN where there is none.
    residual : ndarray of float32, shape (rows, columns)
        Root mean square difference, dimensionless.
    weak, at_bound, unconverged, ends_early : ndarray of bool, shape (rows, columns)
        Why a pixel should not be trusted.
    left_out : ndarray of int8, shape (rows, columns)
        Why a pixel has no potential: place in `LEFT_OUT_REASONS`; -1: it has; `NOT_YET`.
    shared : mapping of str to float
        What all pixels have in common, the stimulus included.
    definition : str
        How the numbers are defined.
    """

    names: tuple[str, ...]
    units: tuple[str, ...]
    values: Map
    standard_errors: Map
    residual: Map
    weak: Flags
    at_bound: Flags
    unconverged: Flags
    ends_early: Flags
    left_out: npt.NDArray[np.int8]
    shared: Mapping[str, float]
    definition: str = FIELD_FIT_DEFINITION

    @property
    def flagged(self) -> Flags:
        """Pixels whose values should not be trusted, shape (rows, columns)."""
        return np.asarray(np.any(self._flags, axis=0))

    @property
    def fitted_count(self) -> int:
        """Pixels that have values."""
        return int(np.isfinite(self.residual).sum())

    def of(self, name: str) -> tuple[Map, str]:
        """Map and unit of a parameter."""
        place = self.names.index(name)
        return self.values[place], self.units[place]

    def flags_at(self, row: int, column: int) -> tuple[str, ...]:
        """Why a pixel should not be trusted, in words."""
        return flag_words(*(bool(flag[row, column]) for flag in self._flags))

    @property
    def notes(self) -> tuple[str, ...]:
        """What was assumed of all pixels, and how many are flagged, one sentence each."""
        stimulus = ", ".join(
            f"{one.name.replace('_', ' ')} {self.shared[one.name]:.3g} {one.unit}"
            for one in STIMULUS_PARAMETERS
        )
        counted = ", ".join(
            f"{int(flag.sum())} {words}" for flag, words in zip(self._flags, FLAGS, strict=True)
        )
        return (
            f"Assumed of all pixels, from the tissue's mean: {stimulus}.",
            f"Of {self.fitted_count} pixels {int(self.flagged.sum())} are flagged ({counted}).",
        )

    @property
    def _flags(self) -> tuple[Flags, ...]:
        return self.weak, self.at_bound, self.unconverged, self.ends_early


@dataclass(frozen=True, slots=True, eq=False)
class FieldFitProgress:
    """How far the maps are.

    Parameters
    ----------
    fraction : float
        Of the pixels, 0 to 1.
    pixels_per_s : float
        So far, preparation included.
    partial : FieldFit
        What is there; a copy.
    """

    fraction: float
    pixels_per_s: float
    partial: FieldFit


def flag_words(*holds: bool) -> tuple[str, ...]:
    """Why values should not be trusted, in words, from whether each of `FLAGS` holds."""
    return tuple(words for words, does in zip(FLAGS, holds, strict=True) if does)
