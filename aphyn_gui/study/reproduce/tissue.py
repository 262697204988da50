"""What the models are fitted to: nodes of simulated slabs, and regions of recordings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from aphyn_gui.draining import drained
from aphyn_gui.insilico import (
    Rectangle,
    Severity,
    SimulatedExperiment,
    SlabSettings,
    Stimulus,
    run_slab,
    simulate_experiment,
)
from aphyn_gui.recording import (
    Polarity,
    Preparation,
    Recording,
    RectangularRoi,
    SequenceSet,
    cut_sequences,
)

Floats = npt.NDArray[np.float64]

NOISE = 0.05
TRAINING_COUNT, VALIDATION_COUNT = 10, 5
REST_MV, AMPLITUDE_MV = -85.2, 121.2
"""v = (V - rest) / amplitude: the fixed normalisation of the simulated potential."""

_STIMULATED_SIDE = 3
_STIMULUS_MS, _STIMULUS_DURATION_MS, _STIMULUS_MV_PER_MS = 2.0, 2.0, 50.0
_STEP_MS = 0.02
_OUTPUT_MS = 0.1
_TRAVEL_MS = 80.0
"""Simulated beyond the horizon, for the wave to reach the last node."""
_FOOT, _HALF = 0.05, 0.5


@dataclass(frozen=True, slots=True)
class SlabDesign:
    """Size of the slab, and what is cut from it.

    Parameters
    ----------
    side : int
        Nodes along each edge, 0.25 mm apart.
    horizon_ms, sample_interval_ms : float
        Length and spacing of a sequence, ms.
    """

    side: int = 24
    horizon_ms: float = 350.0
    sample_interval_ms: float = 1.0

    @classmethod
    def of(cls, *, is_quick: bool) -> SlabDesign:
        """The slab of a quick run, or of a real one."""
        return cls(12, 120.0, 4.0) if is_quick else cls()


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """Sequences to fit, with the truth behind them where it is known.

    Parameters
    ----------
    sequences : SequenceSet
        What is fitted.
    truth : ndarray, shape (sequences, samples), or None
        The same without noise.
    """

    sequences: SequenceSet
    truth: Floats | None


Source = Callable[[int], Sample]
"""Sequences by seed."""


@dataclass(frozen=True, slots=True, eq=False)
class Nodes:
    """Noise-free sequences of every usable node of one slab.

    Parameters
    ----------
    voltages : ndarray, shape (nodes, samples)
        v, aligned at the foot of each upstroke.
    rows, columns : ndarray of int, shape (nodes,)
        Where.
    activation_ms : ndarray, shape (nodes,)
        Half of the upstroke, from the stimulus, ms.
    """

    voltages: Floats
    rows: npt.NDArray[np.int64]
    columns: npt.NDArray[np.int64]
    activation_ms: Floats


def simulate_nodes(design: SlabDesign, *, is_central: bool) -> Nodes:
    """Simulate a slab, stimulated in its corner or its centre, and cut all its nodes.

    Stimulated nodes and their neighbours overshoot and are left out.
    """
    corner = (design.side - _STIMULATED_SIDE) // 2 if is_central else 0
    site = Rectangle(corner, corner, _STIMULATED_SIDE, _STIMULATED_SIDE)
    pulse = Stimulus(site, _STIMULUS_MS, _STIMULUS_DURATION_MS, _STIMULUS_MV_PER_MS)
    slab = run_slab(
        SlabSettings(
            rows=design.side,
            columns=design.side,
            duration_ms=design.horizon_ms + _TRAVEL_MS,
            stimuli=(pulse,),
            time_step_ms=_STEP_MS,
            output_interval_ms=_OUTPUT_MS,
        )
    )
    rows, columns = np.indices((design.side, design.side))
    away = np.maximum(
        np.abs(rows - corner - _STIMULATED_SIDE // 2),
        np.abs(columns - corner - _STIMULATED_SIDE // 2),
    )
    usable = away > _STIMULATED_SIDE // 2 + 1
    potential = slab.potential_mv[:, usable].T.astype(np.float64)
    voltages, half_ms = aligned((potential - REST_MV) / AMPLITUDE_MV, _OUTPUT_MS, design)
    return Nodes(voltages, rows[usable], columns[usable], half_ms + _OUTPUT_MS - _STIMULUS_MS)


def aligned(v: Floats, interval_ms: float, design: SlabDesign) -> tuple[Floats, Floats]:
    """Sequences from the foot of each upstroke on, and the time of half of it.

    The foot lies one common time before each node's own half upstroke: the median time from 5 %
    to 50 %. Both crossings are read on noise-free traces, between samples.

    Parameters
    ----------
    v : ndarray, shape (nodes, times)
        Normalised, noise-free.
    interval_ms : float
        Between those times, ms.
    design : SlabDesign
        Length and spacing of the sequences.

    Returns
    -------
    voltages : ndarray, shape (nodes, samples)
    half_ms : ndarray, shape (nodes,)
    """
    half_ms = _crossings_ms(v, _HALF, interval_ms)
    lead_ms = np.median(half_ms - _crossings_ms(v, _FOOT, interval_ms))
    count = round(design.horizon_ms / design.sample_interval_ms) + 1
    offsets = np.arange(count) * design.sample_interval_ms
    times = np.arange(v.shape[1]) * interval_ms
    voltages = np.stack(
        [
            np.interp(start + offsets, times, trace)
            for start, trace in zip(half_ms - lead_ms, v, strict=True)
        ]
    )
    return voltages, half_ms


def _crossings_ms(v: Floats, level: float, interval_ms: float) -> Floats:
    """First upward crossing of a level in each row, interpolated, shape (nodes,), ms."""
    after = np.argmax(v >= level, axis=1)
    nodes = np.arange(len(v))
    low, high = v[nodes, after - 1], v[nodes, after]
    return np.asarray((after - 1 + (level - low) / (high - low)) * interval_ms)


def draw_nodes(corner: Nodes, centre: Nodes, design: SlabDesign, seed: int) -> Sample:
    """Ten training nodes of one slab and five validation nodes of the other, with noise."""
    random = np.random.default_rng(seed)
    train = random.choice(len(corner.voltages), TRAINING_COUNT, replace=False)
    validate = random.choice(len(centre.voltages), VALIDATION_COUNT, replace=False)
    truth = np.concatenate((corner.voltages[train], centre.voltages[validate]))
    count = len(truth)
    sequences = SequenceSet(
        voltages=truth + NOISE * random.standard_normal(truth.shape),
        sample_interval_ms=design.sample_interval_ms,
        rows=np.concatenate((corner.rows[train], centre.rows[validate])),
        columns=np.concatenate((corner.columns[train], centre.columns[validate])),
        activation_ms=np.concatenate((corner.activation_ms[train], centre.activation_ms[validate])),
        lower=np.full(count, REST_MV),
        upper=np.full(count, REST_MV + AMPLITUDE_MV),
        snr=np.full(count, 1 / NOISE),
        training=np.arange(TRAINING_COUNT),
        validation=np.arange(TRAINING_COUNT, count),
        left_out=(),
        cycle_length_ms=float("nan"),
        polarity=Polarity.UP,
        preparation=Preparation(seed=seed),
        notes=(),
    )
    return Sample(sequences, truth)


def draw_pixels(recording: Recording, roi: RectangularRoi, seed: int) -> Sample:
    """Training and validation pixels of a region, cut as the window cuts them."""
    return Sample(cut_sequences(recording, roi, Preparation(seed=seed)), None)


PAIR_FILE = "simulated-pair.tif"


@dataclass(frozen=True, slots=True)
class PairDesign:
    """A simulated recording whose right half is ischaemic, and a region in each half.

    Parameters
    ----------
    rows : int
        Nodes; there are twice as many columns.
    duration_ms : float
        Length of the recording, ms.
    """

    rows: int = 24
    duration_ms: float = 480.0

    @classmethod
    def of(cls, *, is_quick: bool) -> PairDesign:
        """The pair of a quick run, or of a real one."""
        return cls(rows=12) if is_quick else cls()

    @property
    def experiment(self) -> SimulatedExperiment:
        """Tissue and camera: 3.7 ms frames, as in the paper."""
        half = Rectangle(0, self.rows, self.rows, self.rows)
        return SimulatedExperiment(
            rows=self.rows,
            columns=2 * self.rows,
            duration_ms=self.duration_ms,
            ischaemia=Severity.MODERATE.region(half),
            frame_interval_ms=3.7,
            noise_fraction=NOISE,
        )

    @property
    def regions(self) -> tuple[tuple[str, RectangularRoi], ...]:
        """Healthy and ischaemic, away from the stimulus, the border and the edges."""
        size = self.rows // 3
        top = self.rows // 2
        left = self.rows // 2 - size // 2
        return (
            ("healthy", RectangularRoi(left, top, size, size)),
            ("ischaemic", RectangularRoi(self.rows + left, top, size, size)),
        )

    def write(self, folder: Path) -> Path:
        """Simulate the recording into a folder."""
        return drained(simulate_experiment(self.experiment, folder / PAIR_FILE))
