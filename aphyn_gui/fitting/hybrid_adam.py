"""The paper's training: Adam on physics and network together, lambda growing with the error.

An epoch is a few milliseconds of compiled code with Python before and after it. There every call of
torch counts: it takes microseconds, and hands the interpreter to a window that is waiting for it,
which may keep it for milliseconds. So the losses' derivatives, which are short, are written out
here; autograd begins at the observations.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch

from aphyn_gui.fitting.fit import Errors
from aphyn_gui.fitting.training_data import TrainingData
from aphyn_gui.hybrid import HybridModel, Integrator, TimeGrid, observe


@dataclass(frozen=True, slots=True)
class Epoch:
    """What an epoch found before it moved the model.

    Parameters
    ----------
    values : mapping of str to float
        Every physical parameter.
    errors : Errors
        Of the training and the validation sequences.
    mean_square_f_dl : float
        ||F_dl||^2 over the training sequences, 1/ms^2.
    lambda_ : float
        Weight of the training error in this epoch.
    """

    values: Mapping[str, float]
    errors: Errors
    mean_square_f_dl: float
    lambda_: float


class AdamTraining:
    """Moves a hybrid towards lambda * L_traj + ||F_dl||^2, one epoch a call.

    Parameters
    ----------
    model : HybridModel
        With a network, at its start, on the device where it is trained.
    data : TrainingData
        What is fitted.
    grid : TimeGrid
        Steps and observations.
    learning_rate : float
        Adam's.
    lambda_, lambda_growth : float
        The first lambda; after each epoch it grows by ``lambda_growth`` times L_traj.
    """

    def __init__(
        self,
        model: HybridModel,
        data: TrainingData,
        grid: TimeGrid,
        *,
        learning_rate: float,
        lambda_: float,
        lambda_growth: float,
    ) -> None:
        assert model.network is not None
        self._model, self._network = model, model.network
        self._problem = model.problem(grid, Integrator.EULER)
        self._lambda, self._lambda_growth = lambda_, lambda_growth
        self._learned = list(model.parameters())
        self._optimiser = torch.optim.Adam(self._learned, lr=learning_rate, fused=True)
        device = model.free.device
        # One batch for both parts: the engine then fills its lanes, and validation costs little.
        initial = torch.cat((data.training_initial, data.validation_initial))
        measured = torch.cat((data.training, data.validation))
        self._initial, self._measured = initial.to(device), measured.to(device)
        self._count = len(data.training)
        is_training = torch.arange(len(measured), device=device) < self._count
        self._squared_bar = is_training / self._count
        """Derivative of the mean of F_dl^2 over the training sequences."""
        self._residual_bar = 2 / measured.shape[1] * self._squared_bar[:, None]
        """Derivative of L_traj by the observations, for a residual of one."""
        self._finite = [parameter.detach().clone() for parameter in self._learned]

    def epoch(self) -> Epoch | None:
        """Look, and take one step.

        Returns
        -------
        Epoch or None
            None where the loss or its gradient is no longer finite; the model is then put back to
            where they last were.
        """
        for parameter in self._learned:
            parameter.grad = None
        physical = self._model.physical
        observed = observe(self._problem, physical, self._network.weights, self._initial)
        residual = observed.voltage.detach() - self._measured
        squared_error = residual.square().mean(dim=1).tolist()
        squared_network = observed.squared_network.tolist()
        training_mse = _mean(squared_error[: self._count])
        mean_square = _mean(squared_network[: self._count])
        lambda_ = self._lambda
        if math.isfinite(lambda_ * training_mse + mean_square):
            voltage_bar = residual * (lambda_ * self._residual_bar)
            torch.autograd.backward(observed, (voltage_bar, self._squared_bar))
            is_finite = self._gradient_is_finite()
        else:
            is_finite = False
        if not is_finite:
            self._put_back()
            return None
        for kept, parameter in zip(self._finite, self._learned, strict=True):
            kept.copy_(parameter.detach())
        self._optimiser.step()
        self._model.keep_inside_bounds()
        self._lambda = lambda_ + self._lambda_growth * training_mse
        errors = Errors(training_mse, _mean(squared_error[self._count :]))
        return Epoch(self._model.named(physical), errors, mean_square, lambda_)

    @torch.no_grad()
    def settle(self) -> bool:
        """Whether the last step left finite trajectories; where not, it is taken back."""
        weights = self._network.weights
        observed = observe(self._problem, self._model.physical, weights, self._initial)
        is_finite = bool(observed.voltage.isfinite().all())
        if not is_finite:
            self._put_back()
        return is_finite

    def _gradient_is_finite(self) -> bool:
        """A sum is finite only where all its terms are."""
        gradients = [p.grad for p in self._learned if p.grad is not None]
        return all(math.isfinite(gradient.sum().item()) for gradient in gradients)

    @torch.no_grad()
    def _put_back(self) -> None:
        for kept, parameter in zip(self._finite, self._learned, strict=True):
            parameter.copy_(kept)


def _mean(values: list[float]) -> float:
    return math.fsum(values) / len(values) if values else math.nan
