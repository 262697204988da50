"""Whether a set of parameters fires by itself: a test run without stimulus.

Some Mitchell-Schaeffer parameter sets pace spontaneously (Corrado and Niederer, Math. Biosci.
281:46-54, 2016). A rule of thumb on the parameters condemns sets that do not, the original one
among them, so each set is run.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import torch

from aphyn_gui.hybrid import Integrator, TimeGrid, TrajectoryProblem, observe
from aphyn_gui.physics import IonicModel

DURATION_MS = 3000.0
"""Length of the test run."""

EXCITED = 0.5
"""v that counts as an action potential when it is crossed upwards."""

_LONGEST_STEP_MS = 0.1
_SAMPLE_INTERVAL_MS = 1.0


def upward_crossings(voltage: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Samples at which v has just risen above ``EXCITED``."""
    above = voltage > EXCITED
    return np.flatnonzero(above[1:] & ~above[:-1]) + 1


@torch.no_grad()
def spontaneous_beat_ms(
    model: IonicModel, values: Mapping[str, float], initial_voltage: float, time_step_ms: float
) -> tuple[float | None, float | None]:
    """Run the physics alone for 3 s, from rest and after one stimulated beat.

    Parameters
    ----------
    model : IonicModel
        F_p.
    values : mapping of str to float
        Every physical parameter, the stimulus's included.
    initial_voltage : float
        v(0) of the stimulated run.
    time_step_ms : float
        Euler step of the fit, ms; at most 0.1 is used.

    Returns
    -------
    from_rest, after_a_beat : float or None
        When v first rises above 0.5 without stimulus, ms; None: it does not. The rise that the
        stimulus causes does not count.
    """
    grid = TimeGrid.covering(
        round(DURATION_MS / _SAMPLE_INTERVAL_MS) + 1,
        _SAMPLE_INTERVAL_MS,
        min(time_step_ms, _LONGEST_STEP_MS),
    )
    problem = TrajectoryProblem(model, None, grid, Integrator.EULER)
    names = problem.physical_names
    physical = torch.tensor([[values[name] for name in names]] * 2, dtype=torch.float64)
    physical[0, names.index("stimulus_amplitude")] = 0.0
    gate = model.resting_gate
    initial = torch.tensor([[0.0, gate], [initial_voltage, gate]], dtype=torch.float64)
    rest, beat = observe(problem, physical, None, initial).voltage.numpy()
    first = upward_crossings(rest)[:1] * _SAMPLE_INTERVAL_MS
    second = upward_crossings(beat)[1:2] * _SAMPLE_INTERVAL_MS
    return (float(first[0]) if len(first) else None, float(second[0]) if len(second) else None)
