"""One fit, judged: errors of hybrid, physics alone and mean trace, with and without noise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from aphyn_gui.draining import drained
from aphyn_gui.fitting import Fit, FitForecast, InitialVoltage, Outcome, fit
from aphyn_gui.hybrid import NetworkShape, TimeGrid, TrajectoryProblem, observe
from aphyn_gui.physics import STIMULUS_PARAMETERS, ionic_model
from aphyn_gui.study.reproduce.cases import Case
from aphyn_gui.study.reproduce.tissue import Floats, Sample

HYBRID, PHYSICS, FLOOR = "hybrid", "physics only", "mean trace"
"""What predicts: the hybrid, the converged fit of the physics alone, and the floor."""

PREDICTORS = (HYBRID, PHYSICS, FLOOR)

_NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Score:
    """Errors of one predictor after one fit; NaN where something does not exist.

    Parameters
    ----------
    predictor : str
        One of ``PREDICTORS``.
    training_mse, validation_mse : float
        Over sequences and samples, dimensionless.
    training_true_mse, validation_true_mse : float
        The same against the sequences without noise.
    training_f_dl, validation_f_dl : float
        Mean of F_dl^2 over the forecasts, 1/ms^2.
    parameters : mapping of str to float
        Everything that may have been learned, fixed or not.
    """

    predictor: str
    training_mse: float
    validation_mse: float
    training_true_mse: float
    validation_true_mse: float
    training_f_dl: float
    validation_f_dl: float
    parameters: Mapping[str, float]


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """One fit of one region with one seed.

    Parameters
    ----------
    region : str
        Name; empty for the slab.
    case : Case
        Protocol.
    seed : int
        Of nodes, noise and network.
    sample : Sample
        What was fitted.
    fit : Fit
        What came out.
    scores : tuple of Score
        One for each predictor.
    """

    region: str
    case: Case
    seed: int
    sample: Sample
    fit: Fit
    scores: tuple[Score, ...]

    def score(self, predictor: str) -> Score:
        """The score of one predictor."""
        return next(score for score in self.scores if score.predictor == predictor)


def train(region: str, case: Case, seed: int, sample: Sample) -> Run:
    """Fit one sample by one protocol, and judge the result."""
    result = drained(fit(sample.sequences, case.with_seed(seed)))
    return Run(region, case, seed, sample, result, _scores(result, sample))


def _scores(result: Fit, sample: Sample) -> tuple[Score, ...]:
    sequences = result.sequences
    weights = None if result.protocol.network is None else result.network_weights["weights"]
    hybrid, square = predict(result, result.forecast, result.parameters, weights)
    physics, silence = predict(result, result.physics_forecast, result.physics_parameters, None)
    mean = np.broadcast_to(sequences.training_voltages.mean(axis=0), hybrid.shape)
    return (
        _score(HYBRID, hybrid, square, sample, result.parameters),
        _score(PHYSICS, physics, silence, sample, result.physics_parameters),
        _score(FLOOR, mean, np.full(len(mean), _NAN), sample, {}),
    )


@torch.no_grad()
def predict(
    result: Fit,
    forecast: FitForecast,
    parameters: Mapping[str, float],
    weights: npt.NDArray[np.float32] | None,
) -> tuple[Floats, Floats]:
    """Forecast every sequence of a fit from the initial value that its protocol gives it.

    Parameters
    ----------
    result : Fit
        Whose sequences and settings.
    forecast : FitForecast
        Whose v(0) serves all sequences, unless the protocol starts each at its own.
    parameters : mapping of str to float
        Every physical parameter.
    weights : ndarray or None
        Of F_dl; None: none.

    Returns
    -------
    voltage : ndarray, shape (sequences, samples)
    squared_network : ndarray, shape (sequences,)
        Mean of F_dl^2 over each forecast, 1/ms^2.
    """
    protocol, sequences = result.protocol, result.sequences
    model = ionic_model(protocol.physics)
    grid = TimeGrid.covering(
        sequences.voltages.shape[1], sequences.sample_interval_ms, protocol.time_step_ms
    )
    shape = None
    if weights is not None and protocol.network is not None:
        shape = NetworkShape(protocol.network.features, protocol.network.blocks)
    problem = TrajectoryProblem(model, shape, grid)
    start = np.full(len(sequences.voltages), forecast.voltage[0])
    if protocol.initial_voltage is InitialVoltage.MEASURED:
        start = sequences.voltages[:, 0]
    initial = np.stack((start, np.full_like(start, model.resting_gate)), axis=-1)
    observed = observe(
        problem,
        torch.tensor([parameters[name] for name in problem.physical_names], dtype=torch.float64),
        None if shape is None else torch.as_tensor(weights, dtype=torch.float64),
        torch.from_numpy(initial),
    )
    return observed.voltage.numpy(), observed.squared_network.numpy()


def _score(
    predictor: str, predicted: Floats, squared: Floats, sample: Sample, values: Mapping[str, float]
) -> Score:
    sequences = sample.sequences
    parts = (sequences.training, sequences.validation)
    noisy = [float(np.mean((predicted[p] - sequences.voltages[p]) ** 2)) for p in parts]
    true = [_NAN, _NAN]
    if sample.truth is not None:
        true = [float(np.mean((predicted[p] - sample.truth[p]) ** 2)) for p in parts]
    return Score(
        predictor=predictor,
        training_mse=noisy[0],
        validation_mse=noisy[1],
        training_true_mse=true[0],
        validation_true_mse=true[1],
        training_f_dl=float(squared[parts[0]].mean()),
        validation_f_dl=float(squared[parts[1]].mean()),
        parameters=values,
    )


def parameter_names(run: Run) -> tuple[str, ...]:
    """Parameters worth a column: the physics' learned ones, and the stimulus."""
    stimulus = tuple(parameter.name for parameter in STIMULUS_PARAMETERS)
    return (*ionic_model(run.case.protocol.physics).learned_by_default, *stimulus)


def is_finished(run: Run) -> bool:
    """Whether the fit came to its end."""
    return run.fit.outcome is Outcome.FINISHED
