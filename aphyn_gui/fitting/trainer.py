"""Training: a generator of progress that ends in a fit. torch is imported when one begins."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING

from aphyn_gui.fitting.fit import Fit
from aphyn_gui.fitting.progress import Progress, Stage
from aphyn_gui.fitting.protocol import Protocol

if TYPE_CHECKING:
    from aphyn_gui.recording import SequenceSet


def fit(
    sequences: SequenceSet,
    protocol: Protocol,
    should_stop: Callable[[], bool] = lambda: False,
) -> Generator[Progress, None, Fit]:
    """Fit a hybrid, or the physics alone, to one region's sequences.

    First the physics by bounded least squares from several starts; then, where the protocol has a
    network, physics and network together: by least squares stopped at the noise, or by the paper's
    training, Adam on lambda * L_traj + ||F_dl||^2 with lambda growing by gamma * L_traj after each
    epoch.

    Parameters
    ----------
    sequences : SequenceSet
        What to fit.
    protocol : Protocol
        How.
    should_stop : callable
        Asked between epochs; when it answers True the fit ends with its last finite model.

    Yields
    ------
    Progress
        After each iteration and epoch.

    Returns
    -------
    Fit
        Whatever the outcome: finished, cancelled or diverged.
    """
    unknown = float("nan")
    yield Progress(
        stage=Stage.PREPARING,
        epoch=0,
        epochs=protocol.epochs,
        elapsed_s=0.0,
        remaining_s=unknown,
        epochs_per_s=unknown,
        device="",
        sequences=sequences,
        parameters={},
        training_mse=unknown,
        validation_mse=unknown,
        mean_square_f_dl=unknown,
        lambda_=protocol.initial_lambda,
        detail=None,
    )
    from aphyn_gui.fitting.training import Training

    training = Training(sequences, protocol, should_stop)
    return (yield from training.run())
