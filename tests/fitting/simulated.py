"""Sequences with known answers, made without a recording."""

from __future__ import annotations

import numpy as np
import torch

from aphyn_gui.hybrid import TimeGrid, TrajectoryProblem, simulate
from aphyn_gui.physics import MITCHELL_SCHAEFFER_SMOOTH
from aphyn_gui.recording import Polarity, Preparation, SequenceSet

TRUTH = {"tau_in": 0.35, "tau_out": 7.0, "tau_close": 120.0}
STIMULUS = (0.25, 4.0, 0.5)


def clean_trace(
    samples: int, interval_ms: float, truth: dict[str, float] | None = None
) -> np.ndarray:
    """One Mitchell-Schaeffer action potential with known parameters, shape (samples,)."""
    values = MITCHELL_SCHAEFFER_SMOOTH.values(TRUTH if truth is None else truth)
    physical = torch.tensor([*values, *STIMULUS], dtype=torch.float64)
    grid = TimeGrid.covering(samples, interval_ms, 0.1)
    problem = TrajectoryProblem(MITCHELL_SCHAEFFER_SMOOTH, None, grid)
    initial = torch.tensor([[0.0, 1.0]], dtype=torch.float64)
    voltage = simulate(problem, physical, None, initial).voltage[0]
    return voltage[:: grid.steps_per_sample].numpy()


def sequence_set(voltages: np.ndarray, interval_ms: float, training: int) -> SequenceSet:
    """Sequences as a region would give them; the first ``training`` are for training."""
    count = len(voltages)
    return SequenceSet(
        voltages=np.asarray(voltages, dtype=np.float64),
        sample_interval_ms=interval_ms,
        rows=np.zeros(count, dtype=np.int64),
        columns=np.arange(count),
        activation_ms=np.zeros(count),
        lower=np.zeros(count),
        upper=np.ones(count),
        snr=np.full(count, 20.0),
        training=np.arange(training),
        validation=np.arange(training, count),
        left_out=(),
        cycle_length_ms=voltages.shape[1] * interval_ms,
        polarity=Polarity.UP,
        preparation=Preparation(),
        notes=(),
    )


def noisy_sequences(
    noise: float = 0.05, samples: int = 60, interval_ms: float = 3.7, seed: int = 0
) -> SequenceSet:
    """Ten training and five validation copies of the clean trace, with white noise."""
    trace = clean_trace(samples, interval_ms)
    generator = np.random.default_rng(seed)
    return sequence_set(trace + noise * generator.normal(size=(15, samples)), interval_ms, 10)
