"""The result of a fit: a value that owns copies of everything it shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from aphyn_gui.fitting.protocol import Protocol
from aphyn_gui.fitting.uncertainty import Uncertainty
from aphyn_gui.recording import SequenceSet

Array = npt.NDArray[np.float64]


class Outcome(StrEnum):
    """How a fit ended."""

    FINISHED = "finished"
    CANCELLED = "cancelled"
    DIVERGED = "diverged"


@dataclass(frozen=True, slots=True, eq=False)
class FitForecast:
    """One forecast and its decomposition, on the grid of the Euler steps.

    Parameters
    ----------
    time_ms : ndarray, shape (steps + 1,)
        Time from the onset, ms.
    voltage, gate : ndarray, shape (steps + 1,)
        v and h, dimensionless.
    physics_rate, network_rate : ndarray, shape (steps,)
        F_p (with the stimulus) and F_dl at the start of each step, 1/ms; their sum times the step
        is the change of v over the step.
    """

    time_ms: Array
    voltage: Array
    gate: Array
    physics_rate: Array
    network_rate: Array

    @property
    def time_step_ms(self) -> float:
        """Length of a step, ms."""
        return float(self.time_ms[1] - self.time_ms[0])

    @property
    def integrated_physics(self) -> Array:
        """v(0) + integral of F_p, shape (steps + 1,)."""
        return np.asarray(self._integrated(self.physics_rate) + self.voltage[0])

    @property
    def integrated_network(self) -> Array:
        """Integral of F_dl, shape (steps + 1,)."""
        return self._integrated(self.network_rate)

    def _integrated(self, rate: Array) -> Array:
        return np.asarray(np.concatenate(([0.0], np.cumsum(rate))) * self.time_step_ms)


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """Course of a fit, one entry an epoch, each array of shape (epochs,).

    Parameters
    ----------
    training_mse, validation_mse : ndarray
        Mean square error of the forecasts, dimensionless.
    mean_square_f_dl : ndarray
        Mean of F_dl^2 over steps and training sequences, 1/ms^2.
    lambda_ : ndarray
        Weight of the trajectory loss.
    parameters : mapping of str to ndarray
        Everything that is learned, the stimulus included.
    """

    training_mse: Array
    validation_mse: Array
    mean_square_f_dl: Array
    lambda_: Array
    parameters: Mapping[str, Array]

    @property
    def epochs(self) -> int:
        """Number of entries."""
        return len(self.training_mse)


@dataclass(frozen=True, slots=True)
class Errors:
    """Mean square error over sequences and samples, dimensionless."""

    training_mse: float
    validation_mse: float


@dataclass(frozen=True, slots=True)
class Provenance:
    """How and where a fit was made."""

    package_version: str
    torch_version: str
    numpy_version: str
    device: str
    started_at: str
    elapsed_s: float


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """A finished, cancelled or diverged fit of one region.

    Parameters
    ----------
    outcome : Outcome
        How it ended; the model is the last finite one in every case.
    message : str
        What to tell the user about the outcome, empty when finished.
    protocol : Protocol
        Settings.
    sequences : SequenceSet
        What was fitted.
    parameters : mapping of str to float
        All parameters of the ionic model and of the stimulus after the fit, learned and fixed.
    physics_parameters : mapping of str to float
        The same for the converged physics-only fit.
    physics_converged : bool
        Whether the least squares of the physics-only fit converged.
    hybrid, physics, mean_trace : Errors
        Errors of the hybrid, of the converged physics-only fit, and of the mean training trace
        as a predictor: the floor of any single trajectory for the region.
    mean_square_f_dl : float
        Mean of F_dl^2 over the training forecasts, 1/ms^2; 0 without a network.
    forecast, physics_forecast : FitForecast
        From the mean initial voltage of the training sequences.
    history : History
        Course of the hybrid's training.
    network_weights : mapping of str to ndarray
        State of F_dl in the precision it was trained in, empty without a network.
    uncertainty : Uncertainty or None
        Intervals of the parameters and what the data do not show; None where the forecast has no
        finite derivatives.
    network_share : float
        Share of dv/dt that F_dl carries along the forecast, mean |F_dl| / mean (|F_p| + |F_dl|),
        0 to 1.
    overlaps : mapping of str to float
        Correlation about zero, -1 to 1, of F_dl with dF_p / d(parameter) along the forecast, for
        each learned parameter of the ionic model; empty without a network.
    warnings : tuple of str
        What to know before using the numbers, one short sentence each.
    provenance : Provenance
        How and where.
    """

    outcome: Outcome
    message: str
    protocol: Protocol
    sequences: SequenceSet
    parameters: Mapping[str, float]
    physics_parameters: Mapping[str, float]
    physics_converged: bool
    hybrid: Errors
    physics: Errors
    mean_trace: Errors
    mean_square_f_dl: float
    forecast: FitForecast
    physics_forecast: FitForecast
    history: History
    network_weights: Mapping[str, npt.NDArray[np.floating[Any]]]
    uncertainty: Uncertainty | None
    network_share: float
    overlaps: Mapping[str, float]
    warnings: tuple[str, ...]
    provenance: Provenance
