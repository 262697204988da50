"""The stimulus: a rectangular current pulse that starts the action potential."""

from __future__ import annotations

import math
from dataclasses import dataclass

from aphyn_gui.physics.ionic_model import Parameter, PhysicsError

_SOURCE = "Kashtanova et al., STACOM 2022"

STIMULUS_PARAMETERS = (
    Parameter(
        "stimulus_amplitude", "1/ms", 1.0, 0.02, 3.0,
        "Height of the stimulus: the rate at which it raises v.", _SOURCE,
    ),
    Parameter(
        "stimulus_duration", "ms", 1.0, 0.2, 20.0,
        "Length of the stimulus. An optical upstroke sums over depth and takes several ms.",
        _SOURCE,
    ),
    Parameter(
        "stimulus_onset", "ms", 0.0, 0.0, 10.0,
        "Start of the stimulus after the first sample of the sequence.", _SOURCE,
    ),
)  # fmt: skip
"""The stimulus as three parameters, so that a fit can learn them beside the model's own."""


@dataclass(frozen=True, slots=True)
class Stimulus:
    """A rectangular pulse of current added to dv/dt.

    Parameters
    ----------
    amplitude_per_ms : float
        Height of the pulse, 1/ms. The paper's value is 1.
    duration_ms : float
        Length of the pulse, ms. The paper's value is 1.
    onset_ms : float
        Start of the pulse after the first sample of the sequence, ms.
    """

    amplitude_per_ms: float = 1.0
    duration_ms: float = 1.0
    onset_ms: float = 0.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.amplitude_per_ms) and self.amplitude_per_ms >= 0):
            raise PhysicsError(
                f"the stimulus amplitude must not be negative, got {self.amplitude_per_ms} 1/ms"
            )
        if not (math.isfinite(self.duration_ms) and self.duration_ms > 0):
            raise PhysicsError(f"the stimulus duration must be positive, got {self.duration_ms} ms")
        if not math.isfinite(self.onset_ms):
            raise PhysicsError(f"the stimulus onset must be a number, got {self.onset_ms} ms")

    @property
    def values(self) -> tuple[float, float, float]:
        """Amplitude, duration and onset, in the order of ``STIMULUS_PARAMETERS``."""
        return (self.amplitude_per_ms, self.duration_ms, self.onset_ms)
