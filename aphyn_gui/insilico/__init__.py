"""Simulated tissue and recordings: Ten Tusscher-Panfilov slabs, optics, TIFF files.

A slab is described by frozen settings and simulated by a cancellable generator; its potential is
turned into camera counts by a pure function, and written as a TIFF that carries its timing:

>>> settings = SlabSettings(24, 24, 400.0, (Stimulus(Rectangle(0, 0, 5, 5), time_ms=0.0),))
>>> result = run_slab(settings)  # doctest: +SKIP
>>> frames = record_optically(
...     result.potential_mv, 1.0, settings.spacing_mm, OpticsSettings()
... )  # doctest: +SKIP

The ground truth is a detailed cell with 19 states, so none of the two-state models that are fitted
to it can follow it exactly. The demo recording is defined in :mod:`.demo`, which is also a command
(``python -m aphyn_gui.insilico.demo``) and therefore not imported here.
"""

from aphyn_gui.insilico.monodomain import (
    SimulationError,
    SlabProgress,
    SlabResult,
    SlabSettings,
    run_slab,
    simulate_slab,
)
from aphyn_gui.insilico.optics import OpticsSettings, record_optically
from aphyn_gui.insilico.tissue import Disc, IschaemicRegion, Rectangle, Stimulus
from aphyn_gui.insilico.writing import write_movie

__all__ = [
    "Disc",
    "IschaemicRegion",
    "OpticsSettings",
    "Rectangle",
    "SimulationError",
    "SlabProgress",
    "SlabResult",
    "SlabSettings",
    "Stimulus",
    "record_optically",
    "run_slab",
    "simulate_slab",
    "write_movie",
]
