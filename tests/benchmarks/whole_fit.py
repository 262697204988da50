"""The paper's protocol from sequences to fit, and one forecast."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator

import numpy as np
import torch
from table import Row, interleaved_medians
from torchdiffeq_peer import TorchdiffeqEpoch

from aphyn_gui.fitting import EX_VIVO, RECOMMENDED, Outcome, Protocol, Stage, fit
from aphyn_gui.hybrid import TimeGrid
from aphyn_gui.physics import Stimulus
from aphyn_gui.recording import Polarity, Preparation, SequenceSet
from aphyn_gui.study.benchmark_work import NOISE, TrainingEpoch, engine_threads

_FITS = 3
_STEP_MS = 0.1


def measure() -> Iterator[Row]:
    """Whole fits for two presets, and a forecast."""
    with engine_threads(1):
        epoch = TrainingEpoch()
        peer = TorchdiffeqEpoch(epoch)
        started = time.perf_counter()
        peer()
        hundred_s = 100 * (time.perf_counter() - started)
    paper = EX_VIVO.with_changes(stimulus=Stimulus(0.25, 4.0, 0.0))
    for label, protocol, target_s in (
        ("100-epoch fit, paper's protocol", paper, 1.0),
        ("the recommended fit", RECOMMENDED, None),
    ):
        fit_s, physics_s, outcome = fit_times_s(protocol)
        yield Row(
            label, fit_s, "s",
            *((hundred_s, "torchdiffeq", hundred_s / fit_s) if protocol is paper else ()),
            target="" if target_s is None else f"< {target_s:g} s",
            met=None if target_s is None else fit_s < target_s,
            note=f"{outcome}; physics warm start {physics_s:.2f} s of it; 10 training and 5 "
            "validation sequences, 300 ms"
            + ("; the peer is one epoch times 100, without warm start" * (protocol is paper)),
        )  # fmt: skip
    yield _forecast(epoch, peer)


def sequences(training: int = 10, validation: int = 5) -> SequenceSet:
    """Noisy action potentials of 300 ms, frames of 3.7 ms, one a pixel."""
    grid = TimeGrid(_STEP_MS, 37, 82)
    epoch = TrainingEpoch(training + validation, grid)
    voltages = epoch.measured.double().numpy()
    count = len(voltages)
    return SequenceSet(
        voltages=voltages,
        sample_interval_ms=grid.steps_per_sample * grid.time_step_ms,
        rows=np.zeros(count, dtype=np.int64),
        columns=np.arange(count),
        activation_ms=np.zeros(count),
        lower=np.zeros(count),
        upper=np.ones(count),
        snr=np.full(count, 1 / NOISE),
        training=np.arange(training),
        validation=np.arange(training, count),
        left_out=(),
        cycle_length_ms=450.0,
        polarity=Polarity.UP,
        preparation=Preparation(),
        notes=(),
    )


def fit_times_s(protocol: Protocol) -> tuple[float, float, Outcome]:
    """Medians of the whole fit and of its physics, kernels loaded before; and how it ended."""
    data = sequences()
    times = [_drain(data, protocol) for _ in range(_FITS + 1)][1:]
    whole, physics, outcomes = zip(*times, strict=True)
    return statistics.median(whole), statistics.median(physics), outcomes[-1]


def _drain(data: SequenceSet, protocol: Protocol) -> tuple[float, float, Outcome]:
    run = fit(data, protocol)
    started = time.perf_counter()
    hybrid_s = started
    while True:
        try:
            progress = next(run)
        except StopIteration as stop:
            now = time.perf_counter()
            return now - started, hybrid_s - started, stop.value.outcome
        if progress.stage is Stage.PHYSICS:
            hybrid_s = time.perf_counter()


def _forecast(epoch: TrainingEpoch, peer: TorchdiffeqEpoch) -> Row:
    grid = TimeGrid(_STEP_MS, 1, 3501)
    initial = torch.tensor([[0.02, 1.0]])
    peer.field.load(epoch)
    with torch.no_grad():
        peer.field.free.copy_(epoch.model.free)
    own_v = epoch.model.simulate(initial, grid).voltage[0]
    peer_v = peer.forecast(initial, grid)[:, 0, 0]
    difference = float((own_v - peer_v).abs().max())
    with engine_threads(1):
        own_s, peer_s = interleaved_medians(
            [
                (lambda: epoch.model.simulate(initial, grid), 20),
                (lambda: peer.forecast(initial, grid), 1),
            ],
            rounds=3,
        )
    return Row(
        "350 ms forecast of one pixel", 1e3 * own_s, "ms", 1e3 * peer_s, "torchdiffeq",
        peer_s / own_s,
        note=f"{grid.step_count} steps, one core; largest difference of v {difference:.0e}",
    )  # fmt: skip
