"""From the engine's tensors to the forecast a fit keeps."""

from __future__ import annotations

import numpy as np

from aphyn_gui.fitting.fit import FitForecast
from aphyn_gui.hybrid import Simulation, TimeGrid


def forecast_of(simulation: Simulation, grid: TimeGrid) -> FitForecast:
    """The first sequence of a simulation, as arrays that nobody else owns."""
    voltage, gate, physics_rate, network_rate = (
        values[0].detach().cpu().double().numpy().copy() for values in simulation
    )
    return FitForecast(
        time_ms=np.arange(grid.step_count + 1, dtype=np.float64) * grid.time_step_ms,
        voltage=voltage,
        gate=gate,
        physics_rate=physics_rate,
        network_rate=network_rate,
    )
