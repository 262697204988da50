"""Sequences as tensors, with the initial states their forecasts start from."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from aphyn_gui.fitting.fit import Errors
from aphyn_gui.fitting.protocol import InitialVoltage
from aphyn_gui.recording import SequenceSet


@dataclass(frozen=True, slots=True, eq=False)
class TrainingData:
    """One region's sequences, ready for the trajectory engine.

    Parameters
    ----------
    training, validation : Tensor of float32, shape (sequences, samples)
        Normalised potentials.
    training_initial, validation_initial : Tensor of float32, shape (sequences, 2)
        v(0) and h(0) of each forecast.
    mean_initial : Tensor of float32, shape (1, 2)
        The region's v(0), at first the training sequences' mean, and h(0): where the drawn forecast
        starts.
    """

    training: Tensor
    validation: Tensor
    training_initial: Tensor
    validation_initial: Tensor
    mean_initial: Tensor

    @classmethod
    def of(
        cls, sequences: SequenceSet, initial_voltage: InitialVoltage, resting_gate: float
    ) -> TrainingData:
        """Tensors of a region's sequences."""
        training = torch.tensor(sequences.training_voltages, dtype=torch.float32)
        validation = torch.tensor(sequences.validation_voltages, dtype=torch.float32)
        mean = training[:, 0].mean()

        def initial(voltages: Tensor) -> Tensor:
            start = voltages[:, 0]
            if initial_voltage is not InitialVoltage.MEASURED:
                start = mean.expand(len(voltages))
            return torch.stack((start, torch.full_like(start, resting_gate)), dim=-1)

        return cls(
            training=training,
            validation=validation,
            training_initial=initial(training),
            validation_initial=initial(validation),
            mean_initial=torch.tensor([[float(mean), resting_gate]]),
        )

    def starting_at(self, voltage: float) -> TrainingData:
        """The same sequences with one v(0) for all forecasts."""

        def moved(initial: Tensor) -> Tensor:
            return torch.stack((torch.full_like(initial[:, 0], voltage), initial[:, 1]), dim=-1)

        return replace(
            self,
            training_initial=moved(self.training_initial),
            validation_initial=moved(self.validation_initial),
            mean_initial=moved(self.mean_initial),
        )

    def errors_of(self, voltage: Tensor) -> Errors:
        """Errors of one forecast a sequence, those of the training sequences first."""
        count = len(self.training)
        voltage = voltage.detach().cpu()
        return Errors(
            training_mse=float((voltage[:count] - self.training).square().mean()),
            validation_mse=float((voltage[count:] - self.validation).square().mean()),
        )

    def errors_of_one(self, voltage: Tensor) -> Errors:
        """Errors of one forecast for all sequences, shape (1, samples)."""
        return Errors(
            training_mse=float((voltage - self.training).square().mean()),
            validation_mse=float((voltage - self.validation).square().mean()),
        )

    def mean_trace_errors(self) -> Errors:
        """Errors of the mean training trace as a predictor: the floor of any one trajectory."""
        mean = self.training.double().mean(dim=0)
        return Errors(
            training_mse=float((self.training - mean).square().mean()),
            validation_mse=float((self.validation - mean).square().mean()),
        )
