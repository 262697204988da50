"""Simulated tissue and recordings: Ten Tusscher-Panfilov slabs, optics, TIFF files.

A slab is described by frozen settings and simulated by a cancellable generator; its potential is
turned into camera counts by a pure function, and written as a TIFF that carries its timing:

>>> settings = SlabSettings(24, 24, 400.0, (Stimulus(Rectangle(0, 0, 5, 5), time_ms=0.0),))
>>> result = run_slab(settings)  # doctest: +SKIP
>>> frames = record_optically(
...     result.potential_mv, 1.0, settings.spacing_mm, OpticsSettings()
... )  # doctest: +SKIP

`SimulatedExperiment` is all of that in one value, and `simulate_experiment` its run into a file.

The ground truth is a detailed cell with 19 states, so none of the two-state models that are fitted
to it can follow it exactly. The demo recording is defined in :mod:`.demo`, which is also a command
(``python -m aphyn_gui.insilico.demo``) and therefore not imported here.
"""

from aphyn_gui.insilico.experiment import (
    ExperimentError,
    Severity,
    Signal,
    SimulatedExperiment,
    StimulusSite,
)
from aphyn_gui.insilico.monodomain import (
    SimulationError,
    SlabProgress,
    SlabResult,
    SlabSettings,
    SlabStep,
    run_slab,
    simulate_slab,
    stream_slab,
)
from aphyn_gui.insilico.optics import Camera, OpticsSettings, record_optically
from aphyn_gui.insilico.simulation import (
    ExperimentProgress,
    SimulationStage,
    check_target,
    simulate_experiment,
)
from aphyn_gui.insilico.tissue import Disc, IschaemicRegion, Rectangle, Stimulus
from aphyn_gui.insilico.writing import write_movie

__all__ = [
    "Camera",
    "Disc",
    "ExperimentError",
    "ExperimentProgress",
    "IschaemicRegion",
    "OpticsSettings",
    "Rectangle",
    "Severity",
    "Signal",
    "SimulatedExperiment",
    "SimulationError",
    "SimulationStage",
    "SlabProgress",
    "SlabResult",
    "SlabSettings",
    "SlabStep",
    "Stimulus",
    "StimulusSite",
    "check_target",
    "record_optically",
    "run_slab",
    "simulate_experiment",
    "simulate_slab",
    "stream_slab",
    "write_movie",
]
