"""Simulation of an isotropic slab of Ten Tusscher-Panfilov 2006 tissue.

``dV/dt = D laplacian(V) - I_ion``, no flux through the edges; explicit Euler for the potential,
Rush-Larsen for the gates, as in the package the equations come from.
"""

from collections.abc import Generator
from dataclasses import dataclass
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from aphyn_gui.draining import drained
from aphyn_gui.insilico import ten_tusscher
from aphyn_gui.insilico.tissue import (
    IschaemicRegion,
    Stimulus,
    require_not_negative,
    require_positive,
    tissue_traits,
)

STABLE_DIFFUSION_NUMBER = 0.25
"""Largest ``D dt / spacing**2`` for which explicit diffusion in two dimensions is stable."""

# About 0.1 s of work: cancelling feels immediate and the calls cost nothing.
_CELL_STEPS_PER_CALL = 500_000


class SimulationError(RuntimeError):
    """The potential left the range in which the model means anything."""


@dataclass(frozen=True)
class SlabSettings:
    """A slab and what is done to it.

    Attributes
    ----------
    rows, columns : int
        Nodes of the slab.
    duration_ms : float
        Simulated time, ms.
    stimuli : tuple of Stimulus
        Pulses; may overlap.
    spacing_mm : float
        Distance between nodes, mm.
    time_step_ms : float
        Integration step, ms.
    diffusion_mm2_per_ms : float
        Diffusion coefficient; the default is that of the equations' package.
    output_interval_ms : float
        Time between stored frames, ms; a multiple of the step.
    output_start_ms : float
        Frames before this time are not stored, so that conditioning beats cost no memory.
    ischaemia : IschaemicRegion or None
        Changed tissue, if any.
    """

    rows: int
    columns: int
    duration_ms: float
    stimuli: tuple[Stimulus, ...]
    spacing_mm: float = 0.25
    time_step_ms: float = 0.01
    diffusion_mm2_per_ms: float = 0.154
    output_interval_ms: float = 1.0
    output_start_ms: float = 0.0
    ischaemia: IschaemicRegion | None = None

    def __post_init__(self) -> None:
        if self.rows < 1 or self.columns < 1:
            raise ValueError(f"a slab needs nodes, not {self.rows} x {self.columns} of them")
        for name in ("duration_ms", "spacing_mm", "time_step_ms", "output_interval_ms"):
            require_positive(name, getattr(self, name))
        require_not_negative("diffusion_mm2_per_ms", self.diffusion_mm2_per_ms)
        require_not_negative("output_start_ms", self.output_start_ms)
        for name in ("output_interval_ms", "output_start_ms"):
            steps = getattr(self, name) / self.time_step_ms
            if abs(steps - round(steps)) > 1e-6 * max(steps, 1.0):
                raise ValueError(
                    f"{name} ({getattr(self, name)}) must be a multiple of time_step_ms "
                    f"({self.time_step_ms})"
                )
        if self.frames < 1:
            raise ValueError(
                f"nothing would be stored: duration_ms ({self.duration_ms}) must exceed "
                f"output_start_ms ({self.output_start_ms}) by at least output_interval_ms "
                f"({self.output_interval_ms})"
            )
        if self.diffusion_number > STABLE_DIFFUSION_NUMBER:
            longest = STABLE_DIFFUSION_NUMBER * self.spacing_mm**2 / self.diffusion_mm2_per_ms
            raise ValueError(
                f"time_step_ms ({self.time_step_ms}) is too long for this spacing and diffusion: "
                f"explicit diffusion is stable up to {longest:.3g} ms"
            )
        for stimulus in self.stimuli:
            if not stimulus.site.fits(self.rows, self.columns):
                raise ValueError(
                    f"the stimulus at {stimulus.site} reaches outside the slab of "
                    f"{self.rows} x {self.columns} nodes"
                )
        if self.ischaemia and not self.ischaemia.shape.fits(self.rows, self.columns):
            raise ValueError(
                f"the ischaemic region {self.ischaemia.shape} reaches outside the slab of "
                f"{self.rows} x {self.columns} nodes"
            )

    @property
    def diffusion_number(self) -> float:
        """``D dt / spacing**2``, dimensionless."""
        return self.diffusion_mm2_per_ms * self.time_step_ms / self.spacing_mm**2

    @property
    def frames(self) -> int:
        """Number of frames that are stored."""
        stored_ms = self.duration_ms - self.output_start_ms
        return max(int(stored_ms / self.output_interval_ms + 1e-6), 0)


@dataclass(frozen=True)
class SlabProgress:
    """How far a simulation has come."""

    fraction: float
    time_ms: float
    elapsed_s: float
    remaining_s: float


@dataclass(frozen=True, eq=False)
class SlabStep:
    """One piece of work of a simulation.

    Attributes
    ----------
    progress : SlabProgress
        How far it has come.
    potential_mv : ndarray of float32, shape (rows, columns)
        Transmembrane potential now, mV; a copy.
    frame : int or None
        Number of the output frame that this potential is, from 0; None between frames.
    """

    progress: SlabProgress
    potential_mv: NDArray[np.float32]
    frame: int | None


@dataclass(frozen=True)
class SlabResult:
    """A simulated movie.

    Attributes
    ----------
    settings : SlabSettings
        What was simulated.
    times_ms : ndarray, shape (frames,)
        Time of each frame; the first is one output interval after `output_start_ms`.
    potential_mv : ndarray of float32, shape (frames, rows, columns)
        Transmembrane potential, mV.
    elapsed_s : float
        Wall-clock time spent.
    """

    settings: SlabSettings
    times_ms: NDArray[np.float64]
    potential_mv: NDArray[np.float32]
    elapsed_s: float


def simulate_slab(settings: SlabSettings) -> Generator[SlabProgress, None, SlabResult]:
    """Simulate a slab, reporting progress several times a second.

    Closing the generator cancels the simulation.

    Parameters
    ----------
    settings : SlabSettings
        What to simulate.

    Yields
    ------
    SlabProgress
        After each piece of work, the last one with fraction 1.

    Returns
    -------
    SlabResult
        As the generator's value (``StopIteration.value``).

    Raises
    ------
    SimulationError
        If the potential leaves the physiological range or is no longer a number.
    """
    began = perf_counter()
    movie = np.empty((settings.frames, settings.rows, settings.columns), dtype=np.float32)
    for step in stream_slab(settings):
        if step.frame is not None:
            movie[step.frame] = step.potential_mv
        yield step.progress
    first = settings.output_start_ms / settings.output_interval_ms
    times = (first + np.arange(1.0, settings.frames + 1.0)) * settings.output_interval_ms
    return SlabResult(settings, times, movie, perf_counter() - began)


def stream_slab(settings: SlabSettings) -> Generator[SlabStep, None, None]:
    """Simulate a slab and hand out its frames as they come; nothing is kept.

    Closing the generator cancels the simulation.

    Parameters
    ----------
    settings : SlabSettings
        What to simulate.

    Yields
    ------
    SlabStep
        After each piece of work, at most about 0.1 s of it; every output frame is among them, in
        order, and the last step is the last frame.

    Raises
    ------
    SimulationError
        If the potential leaves the physiological range or is no longer a number.
    """
    # numba takes half a second to import, which only a simulation has to wait for.
    from aphyn_gui.insilico import kernels

    rows, columns, dt = settings.rows, settings.columns, settings.time_step_ms
    potential = np.full((rows, columns), ten_tusscher.resting_potential_mv())
    scratch = np.empty_like(potential)
    cell = ten_tusscher.starting_cell_state()
    cells = np.broadcast_to(cell, (rows, columns, cell.size)).copy()
    traits = tissue_traits(rows, columns, settings.spacing_mm, settings.ischaemia)
    tables = ten_tusscher.voltage_tables(dt)
    constants = ten_tusscher.constants()
    stimulated, strengths = _stimulated_steps(settings)

    def advance(first_step: int, steps: int) -> None:
        kernels.advance(
            potential,
            scratch,
            cells,
            traits,
            tables,
            constants,
            stimulated,
            strengths,
            settings.diffusion_number,
            dt,
            first_step,
            steps,
        )

    # No step yet: what compiling takes, once on a machine, must not enter the remaining time.
    advance(0, 0)
    began = perf_counter()
    per_frame = round(settings.output_interval_ms / dt)
    first_stored = round(settings.output_start_ms / dt)
    total = first_stored + settings.frames * per_frame
    per_call = max(_CELL_STEPS_PER_CALL // (rows * columns), 1)

    step = 0
    while step < total:
        # Stop at each stored frame, and often enough to report and to be cancelled.
        target = first_stored + ((step - first_stored) // per_frame + 1) * per_frame
        steps = min(max(target, first_stored) - step, per_call)
        advance(step, steps)
        step += steps
        _require_physiological(potential, step * dt)
        stored, left_over = divmod(step - first_stored, per_frame)
        elapsed = perf_counter() - began
        fraction = step / total
        yield SlabStep(
            progress=SlabProgress(fraction, step * dt, elapsed, elapsed * (1 / fraction - 1)),
            potential_mv=potential.astype(np.float32),
            frame=stored - 1 if stored > 0 and left_over == 0 else None,
        )


def run_slab(settings: SlabSettings) -> SlabResult:
    """Simulate a slab to the end; see `simulate_slab`."""
    return drained(simulate_slab(settings))


def _stimulated_steps(settings: SlabSettings) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Stimuli in the kernel's terms: steps and node ranges, shape (stimuli, 6); mV/ms."""
    ranges = np.empty((len(settings.stimuli), 6), dtype=np.int64)
    for index, stimulus in enumerate(settings.stimuli):
        first = round(stimulus.time_ms / settings.time_step_ms)
        steps = max(round(stimulus.duration_ms / settings.time_step_ms), 1)
        site = stimulus.site
        ranges[index] = (
            first,
            first + steps,
            site.row,
            site.row + site.height,
            site.column,
            site.column + site.width,
        )
    strengths = np.array([s.strength_mv_per_ms for s in settings.stimuli], dtype=np.float64)
    return ranges, strengths


def _require_physiological(potential: NDArray[np.float64], time_ms: float) -> None:
    lowest, highest = float(potential.min()), float(potential.max())
    low, high = ten_tusscher.LOWEST_MV, ten_tusscher.HIGHEST_MV
    # Written so that NaN fails too.
    if not (low <= lowest and highest <= high):
        raise SimulationError(
            f"at {time_ms:.3g} ms the potential spans {lowest:.3g} to {highest:.3g} mV, outside "
            f"{low:.0f} to {high:.0f} mV: a stimulus is too strong or the time step too long"
        )
