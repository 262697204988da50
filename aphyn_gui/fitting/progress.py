"""What a running fit reports."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from aphyn_gui.fitting.fit import FitForecast, History
from aphyn_gui.recording import SequenceSet


class Stage(StrEnum):
    """What the fit is doing."""

    PREPARING = "preparing the engine"
    PHYSICS = "physics only"
    HYBRID = "hybrid"
    REPEATING = "other networks"

    @property
    def meaning(self) -> str:
        """One sentence for the user."""
        return _MEANINGS[self]


_MEANINGS = {
    Stage.PREPARING: "The compiled code is loaded, or made where this is the first time.",
    Stage.PHYSICS: "The ionic model alone is fitted by least squares, from several starts.",
    Stage.HYBRID: "Ionic model and network are trained together.",
    Stage.REPEATING: "The fit is made again from other networks: how far its parameters then lie "
    "apart belongs into their intervals.",
}


@dataclass(frozen=True, slots=True)
class Detail:
    """What a window draws of a running fit: float64 copies that nobody else owns.

    Parameters
    ----------
    forecast : FitForecast
        Forecast from the mean initial voltage of the training sequences.
    history : History
        All epochs so far.
    """

    forecast: FitForecast
    history: History


@dataclass(frozen=True, slots=True)
class Progress:
    """One report of a running fit.

    Parameters
    ----------
    stage : Stage
        What the fit is doing.
    epoch, epochs : int
        Epochs done, and in all, of this stage.
    elapsed_s, remaining_s : float
        Working time since the start of the fit, and estimated time to its end, s; NaN when unknown.
    epochs_per_s : float
        Speed of this stage, NaN when unknown.
    device : str
        Where it runs, and why, for the user.
    sequences : SequenceSet
        What is fitted.
    parameters : mapping of str to float
        Current values of everything that is learned, the stimulus included.
    training_mse, validation_mse, mean_square_f_dl, lambda_ : float
        Current errors, ||F_dl||^2 in 1/ms^2, and lambda; NaN when unknown.
    detail : callable or None
        ``detail() -> Detail``; None while there is nothing to draw; valid until the generator is
        resumed. Costs one forecast, so a consumer that shows 30 pictures a second asks for it 30
        times a second.
    """

    stage: Stage
    epoch: int
    epochs: int
    elapsed_s: float
    remaining_s: float
    epochs_per_s: float
    device: str
    sequences: SequenceSet
    parameters: Mapping[str, float]
    training_mse: float
    validation_mse: float
    mean_square_f_dl: float
    lambda_: float
    detail: Callable[[], Detail] | None
