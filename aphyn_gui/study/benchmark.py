"""What this machine reaches: the numbers behind ``aphyn-gui benchmark``, in under half a minute."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from aphyn_gui import __version__
from aphyn_gui.hybrid import (
    TrajectoryProblem,
    engine_description,
    normal_equations,
    trajectory_reference,
)
from aphyn_gui.study.benchmark_work import (
    BENCHMARK_MODEL,
    EPOCH_GRID,
    LEARNED,
    PIXEL_GRID,
    SEQUENCES,
    PixelField,
    TrainingEpoch,
    default_values,
    engine_threads,
    fit_pixels,
    resting,
)

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class BenchmarkResult:
    """Speed of the engine on this machine.

    Parameters
    ----------
    epoch_ms : float
        Forward, gradient and Adam for 10 sequences of 3,000 Euler steps with 465 weights, float32,
        on one core; median.
    reference_epoch_ms : float
        The same with the plain torch reference.
    reference_steps : int
        Steps it was measured over: fewer than 3,000 where the time was extrapolated.
    times_faster : float
        ``reference_epoch_ms / epoch_ms``.
    physics_pixels_per_s : float
        Independent pixels fitted a second on all cores: bounded Levenberg-Marquardt of three time
        constants, 300 ms at 0.1 ms, 81 samples, 5 % noise.
    pixels, pixels_flagged : int
        Pixels of that measurement, and how many of them are flagged: one trace at 5 % noise does
        not identify all its values, or a value lies at its bound.
    pixels_extrapolated : bool
        Whether the fit was too slow to be waited for, and its time was estimated from one
        integration.
    device : str
        Which engine ran.
    processor : str
        Name of the processor.
    cores : int
        Cores that were used for the pixels.
    aphyn_gui_version, python_version, torch_version, numpy_version, llvmlite_version : str
        Versions.
    elapsed_s : float
        Time the whole benchmark took, compilation included.
    """

    epoch_ms: float
    reference_epoch_ms: float
    reference_steps: int
    times_faster: float
    physics_pixels_per_s: float
    pixels: int
    pixels_flagged: int
    pixels_extrapolated: bool
    device: str
    processor: str
    cores: int
    aphyn_gui_version: str
    python_version: str
    torch_version: str
    numpy_version: str
    llvmlite_version: str
    elapsed_s: float

    def as_dict(self) -> dict[str, Any]:
        """Everything, as JSON can hold it."""
        return asdict(self)

    def to_text(self) -> str:
        """A few lines for a terminal."""
        steps = self.reference_steps
        whole = steps == EPOCH_GRID.step_count
        how = "" if whole else f", extrapolated from {steps} steps"
        flagged = "extrapolated" if self.pixels_extrapolated else f"{self.pixels_flagged} flagged"
        lines = (
            f"{self.processor}, {self.cores} cores",
            f"device                    {self.device}",
            f"epoch, one core           {self.epoch_ms:.2f} ms "
            f"({SEQUENCES} sequences x {EPOCH_GRID.step_count} Euler steps)",
            f"the same, reference       {self.reference_epoch_ms:.0f} ms{how}",
            f"times faster              {self.times_faster:.0f}",
            f"physics only, all cores   {self.physics_pixels_per_s:.0f} pixels/s "
            f"({self.pixels} pixels, {flagged})",
            f"aphyn-gui {self.aphyn_gui_version}, Python {self.python_version}, "
            f"torch {self.torch_version}, NumPy {self.numpy_version}, "
            f"llvmlite {self.llvmlite_version}",
        )
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class _Effort:
    """How much is measured.

    Parameters
    ----------
    epoch_s : float
        Time for repeating the epoch.
    reference_s : float
        Longest time for one epoch of the reference; beyond it, the time is extrapolated.
    pixels : int
        Largest number of pixels.
    pixels_s : float
        Longest time for one fit of all pixels.
    """

    epoch_s: float = 1.5
    reference_s: float = 8.0
    pixels: int = 16384
    pixels_s: float = 6.0


_QUICK = _Effort(epoch_s=0.1, reference_s=0.0, pixels=16, pixels_s=0.5)
_USUAL_INTEGRATIONS = 4
"""Whole integrations that a fit of a pixel takes: for the estimate where only the slow reference
runs."""
_ESTIMATED_PIXELS = 64


def run_benchmark(progress: Say | None = None, *, quick: bool = False) -> BenchmarkResult:
    """Measure this machine.

    Parameters
    ----------
    progress : callable or None
        Told what is measured, before it is.
    quick : bool
        Measure less, in a second or so; the numbers scatter.

    Returns
    -------
    BenchmarkResult
        Medians.

    Notes
    -----
    Under 30 s, compilation included, also where only the reference engine runs.
    """
    say = progress or (lambda _text: None)
    effort = _QUICK if quick else _Effort()
    started = time.perf_counter()
    cores = os.cpu_count() or 1
    say("compiling, or loading, the kernels")
    with engine_threads(cores):
        device = engine_description(torch.device("cpu"))
    with engine_threads(1):
        epoch = TrainingEpoch()
        epoch_s = _median_s(epoch, 0.0, least=1)
        is_fused = "reference" not in device
        is_fast = is_fused or epoch_s < effort.epoch_s
        say("one epoch, one core")
        if is_fast:
            epoch_s = _median_s(epoch, effort.epoch_s)
        say("one epoch of the reference, one core")
        # Where only the reference runs, a whole epoch of it was waited for already.
        reference_s, reference_steps = _reference_epoch_s(effort.reference_s if is_fast else 0.0)
    with engine_threads(cores):
        say("physics of many pixels, all cores")
        fit = _fit_of_many_pixels(effort, is_fused=is_fused)
    return BenchmarkResult(
        epoch_ms=1e3 * epoch_s,
        reference_epoch_ms=1e3 * reference_s,
        reference_steps=reference_steps,
        times_faster=reference_s / epoch_s,
        physics_pixels_per_s=fit.pixels / fit.seconds,
        pixels=fit.pixels,
        pixels_flagged=fit.flagged,
        pixels_extrapolated=fit.is_extrapolated,
        device=device,
        processor=_processor_name(),
        cores=cores,
        aphyn_gui_version=__version__,
        python_version=platform.python_version(),
        torch_version=torch.__version__,
        numpy_version=np.__version__,
        llvmlite_version=importlib.metadata.version("llvmlite"),
        elapsed_s=time.perf_counter() - started,
    )


def _median_s(work: Callable[[], object], budget_s: float, least: int = 3) -> float:
    """Median time of ``work``, repeated for ``budget_s``."""
    times: list[float] = []
    deadline = time.perf_counter() + budget_s
    while len(times) < least or time.perf_counter() < deadline:
        if times and sum(times) > 2 * budget_s:
            break
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def _reference_epoch_s(longest_s: float) -> tuple[float, int]:
    """Time of an epoch with the reference, and the steps it was measured over."""
    part = replace(EPOCH_GRID, sample_count=4)
    short = TrainingEpoch(grid=part, observe_with=trajectory_reference.observe)
    short()
    steps, whole = part.step_count, EPOCH_GRID.step_count
    estimate = _median_s(short, 0.1) * whole / steps
    if estimate > longest_s:
        return estimate, steps
    epoch = TrainingEpoch(observe_with=trajectory_reference.observe)
    return _median_s(epoch, 0.0, least=1), whole


@dataclass(frozen=True, slots=True)
class _PixelFit:
    """Size of a fit of independent pixels, and what it took."""

    pixels: int
    seconds: float
    flagged: int
    is_extrapolated: bool


def _fit_of_many_pixels(effort: _Effort, *, is_fused: bool) -> _PixelFit:
    """The largest field that can be fitted in the time; smaller ones, which go first, warm up."""
    if not is_fused:
        return _estimated_pixel_fit()
    fit = _timed_pixel_fit(min(64, effort.pixels))
    # Four times as many take at most four times as long.
    while fit.pixels < effort.pixels and 4 * fit.seconds < effort.pixels_s:
        fit = _timed_pixel_fit(min(4 * fit.pixels, effort.pixels))
    return fit


def _timed_pixel_fit(pixels: int) -> _PixelFit:
    field = PixelField.random(pixels)
    started = time.perf_counter()
    fits = fit_pixels(field)
    seconds = time.perf_counter() - started
    return _PixelFit(pixels, seconds, int(fits.flagged.sum()), is_extrapolated=False)


def _estimated_pixel_fit() -> _PixelFit:
    """What the reference would take for some pixels, from one integration of them."""
    field = PixelField.random(_ESTIMATED_PIXELS)
    problem = TrajectoryProblem(BENCHMARK_MODEL, None, PIXEL_GRID)
    values = default_values(BENCHMARK_MODEL)
    physical = torch.tensor([[values[name] for name in problem.physical_names]])
    started = time.perf_counter()
    normal_equations(
        problem,
        physical.expand(_ESTIMATED_PIXELS, -1),
        resting(_ESTIMATED_PIXELS).float(),
        field.measured.float(),
        LEARNED,
    )
    seconds = (time.perf_counter() - started) * _USUAL_INTEGRATIONS
    return _PixelFit(_ESTIMATED_PIXELS, seconds, 0, is_extrapolated=True)


def _processor_name() -> str:
    """The processor in words, as far as the system tells."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        text = ""
    for line in text.splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
