"""Runs a simulated experiment into a file, with progress, and cancellable at any time.

>>> from aphyn_gui.insilico import SimulatedExperiment
>>> experiment = SimulatedExperiment(rows=24, columns=24, duration_ms=60.0)
>>> for report in simulate_experiment(experiment, "slab.tif"):  # doctest: +SKIP
...     print(f"{100 * report.fraction:.0f} %, {report.remaining_s:.0f} s left")
"""

import errno
import json
import math
import os
import shutil
from collections.abc import Callable, Generator
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from aphyn_gui.insilico.experiment import ExperimentError, Signal, SimulatedExperiment
from aphyn_gui.insilico.monodomain import stream_slab
from aphyn_gui.insilico.optics import FULL_SCALE_COUNTS, Camera, OpticsSettings
from aphyn_gui.insilico.writing import write_movie

POTENTIAL_COUNTS_PER_MV = 200.0
POTENTIAL_AT_ZERO_MV = -130.0
"""Counts of a recording of the potential itself: ``(V + 130 mV) * 200``."""


class SimulationStage(StrEnum):
    """What a run is doing."""

    PREPARING = "preparing"
    SIMULATING = "simulating"
    WRITING = "writing"


@dataclass(frozen=True, eq=False)
class ExperimentProgress:
    """How far a simulated recording has come.

    Attributes
    ----------
    stage : SimulationStage
        What is being done.
    fraction : float
        Share of the simulation that is done, 0 to 1.
    time_ms : float
        Time in the recording, ms; below 0 while conditioning.
    elapsed_s, remaining_s : float
        Time spent, and still needed, s; the latter NaN while preparing.
    potential_mv : ndarray of float32, shape (rows, columns), or None
        The slab now, mV; a copy. None while preparing.
    """

    stage: SimulationStage
    fraction: float
    time_ms: float
    elapsed_s: float
    remaining_s: float
    potential_mv: NDArray[np.float32] | None


def simulate_experiment(
    experiment: SimulatedExperiment, path: str | os.PathLike[str]
) -> Generator[ExperimentProgress, None, Path]:
    """Simulate a recording and write it as an ImageJ TIFF with its timing and scale.

    The file appears under its name only when it is complete; an existing one is then replaced.
    Closing the generator cancels, and leaves nothing behind.

    Parameters
    ----------
    experiment : SimulatedExperiment
        What to simulate.
    path : path
        File to write; ends in ``.tif`` or ``.tiff``.

    Yields
    ------
    ExperimentProgress
        At least ten times a second on slabs of ordinary size, once compiled.

    Returns
    -------
    Path
        The file, as the generator's value (``StopIteration.value``).

    Raises
    ------
    ExperimentError
        If the name does not end as a TIFF's does.
    OSError
        If the file cannot be written there; most reasons are found before the simulation.
    SimulationError
        If the potential leaves the physiological range.
    """
    target = Path(path)
    check_target(experiment, target)
    began = perf_counter()
    slab = experiment.slab()
    frames = np.empty((experiment.frame_count, slab.rows, slab.columns), dtype=np.uint16)
    yield ExperimentProgress(
        SimulationStage.PREPARING, 0.0, -slab.output_start_ms, 0.0, math.nan, None
    )
    record = _recorder(experiment)
    samples: list[NDArray[np.float32]] = []
    done = 0
    for step in stream_slab(slab):
        if step.frame is not None:
            samples.append(step.potential_mv)
        if len(samples) == experiment.samples_per_frame:
            frames[done] = record(np.stack(samples))
            samples.clear()
            done += 1
        is_last = done == len(frames)
        yield ExperimentProgress(
            SimulationStage.WRITING if is_last else SimulationStage.SIMULATING,
            step.progress.fraction,
            step.progress.time_ms - slab.output_start_ms,
            perf_counter() - began,
            step.progress.remaining_s,
            step.potential_mv,
        )
    write_movie(
        target,
        frames,
        experiment.frame_interval_ms,
        experiment.spacing_mm,
        experiment_note(experiment),
    )
    return target


def check_target(experiment: SimulatedExperiment, target: Path) -> None:
    """Raise, before an hour is spent, if the recording could not be written to `target`.

    Raises
    ------
    ExperimentError
        If the name does not end as a TIFF's does.
    OSError
        If the folder is missing, may not be written to, or has not enough room.
    """
    if target.suffix.lower() not in (".tif", ".tiff"):
        raise ExperimentError(
            "path", f"a simulated recording is a TIFF: {target.name!r} must end in .tif or .tiff"
        )
    folder = target.absolute().parent
    if not folder.is_dir():
        raise FileNotFoundError(errno.ENOENT, "there is no such folder", str(folder))
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, "is a folder", str(target))
    if not os.access(folder, os.W_OK):
        raise PermissionError(errno.EACCES, "the folder may not be written to", str(folder))
    if shutil.disk_usage(folder).free < experiment.file_bytes:
        raise OSError(
            errno.ENOSPC,
            f"there is no room for {experiment.file_bytes / 1e6:.0f} MB",
            str(folder),
        )


def experiment_note(experiment: SimulatedExperiment) -> str:
    """What was simulated, in words and as JSON; stored in the file."""
    slab = experiment.slab()
    words = (
        f"Simulated by aphyn_gui: {slab.rows} x {slab.columns} nodes at {slab.spacing_mm:g} mm of "
        "Ten Tusscher-Panfilov 2006 epicardium (monodomain, isotropic, "
        f"{slab.diffusion_mm2_per_ms:g} mm^2/ms, step {slab.time_step_ms:.4g} ms)."
    )
    if experiment.signal is Signal.POTENTIAL:
        words += (
            f" Counts are (V - ({POTENTIAL_AT_ZERO_MV:g} mV)) * {POTENTIAL_COUNTS_PER_MV:g} per mV."
        )
    return f"{words}\n{json.dumps(asdict(experiment))}"


def _recorder(
    experiment: SimulatedExperiment,
) -> Callable[[NDArray[np.float32]], NDArray[np.uint16]]:
    """What turns the samples of one exposure into a frame, shape (rows, columns)."""
    if experiment.signal is Signal.FLUORESCENCE:
        camera = Camera(
            experiment.rows,
            experiment.columns,
            experiment.frame_interval_ms / experiment.samples_per_frame,
            experiment.spacing_mm,
            experiment.optics(),
        )
        return lambda samples: np.asarray(camera.record(samples)[0])
    random = np.random.default_rng(experiment.seed)
    noise_mv = experiment.noise_fraction * OpticsSettings().amplitude_mv

    def sample(samples: NDArray[np.float32]) -> NDArray[np.uint16]:
        potential = samples[-1] + noise_mv * random.standard_normal(samples[-1].shape)
        counts = np.rint((potential - POTENTIAL_AT_ZERO_MV) * POTENTIAL_COUNTS_PER_MV)
        return np.asarray(np.clip(counts, 0, FULL_SCALE_COUNTS), dtype=np.uint16)

    return sample
