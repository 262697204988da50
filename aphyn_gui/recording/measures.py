"""Durations and rise time of action potentials, signal-to-noise ratio, as exports define them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aphyn_gui.recording.cleaning import noise_level
from aphyn_gui.recording.errors import RecordingError
from aphyn_gui.recording.landmarks import Landmarks
from aphyn_gui.recording.precision import as_real
from aphyn_gui.recording.smoothing import savitzky_golay

Floats = npt.NDArray[np.float64]

DEFINITIONS = (
    "Onset: maximum dV/dt, located between frames by a parabola. Baseline: lowest value before "
    "the onset. Amplitude: highest value minus baseline. APD at X %: from the onset to the first "
    "time after the peak at which X % of the amplitude is lost, interpolated linearly. Rise time: "
    "10 % to 90 % of the amplitude."
)
"""How the numbers are defined, in one paragraph."""

_SIGNAL_PERCENTILES = (10, 98)


@dataclass(frozen=True, slots=True)
class ActionPotentialMeasures:
    """Measures of one action potential; NaN where the trace does not reach the level.

    Parameters
    ----------
    apd50_ms, apd80_ms, apd90_ms : float
        Action potential durations at 50, 80 and 90 % repolarisation, ms.
    rise_time_ms : float
        From 10 % to 90 % of the upstroke, ms.
    onset_ms : float
        Time of maximum dV/dt from the first sample, ms.
    amplitude : float
        Peak minus baseline, unit of the trace.
    """

    apd50_ms: float
    apd80_ms: float
    apd90_ms: float
    rise_time_ms: float
    onset_ms: float
    amplitude: float


def action_potential_duration(time_ms: npt.ArrayLike, trace: npt.ArrayLike, level: float) -> float:
    """Time from the onset until a fraction of the amplitude is lost, ms; NaN if it never is.

    Parameters
    ----------
    time_ms : array_like, shape (samples,)
        Equally spaced, ms.
    trace : array_like, shape (samples,)
        One action potential, upright, from before its upstroke on; any unit.
    level : float
        Fraction of the amplitude lost: 0.8 for APD80.
    """
    if not 0 < level < 1:
        raise RecordingError(f"the level of an action potential duration is in (0, 1), got {level}")
    time = np.asarray(time_ms, dtype=np.float64)
    found = _landmarks(np.asarray(trace, dtype=np.float64))
    return float(found.duration(level)[0]) * float(time[-1] - time[0]) / (time.size - 1)


def measure_action_potential(
    trace: npt.ArrayLike, sample_interval_ms: float
) -> ActionPotentialMeasures:
    """Measure one action potential, by `DEFINITIONS`.

    Parameters
    ----------
    trace : array_like, shape (samples,)
        Upright, from before its upstroke on; measured or modelled, any unit.
    sample_interval_ms : float
        Time between samples, ms.
    """
    found = _landmarks(np.asarray(trace, dtype=np.float64))
    apd50, apd80, apd90 = (
        float(found.duration(level)[0]) * sample_interval_ms for level in (0.5, 0.8, 0.9)
    )
    return ActionPotentialMeasures(
        apd50_ms=apd50,
        apd80_ms=apd80,
        apd90_ms=apd90,
        rise_time_ms=float(found.rise_time()[0]) * sample_interval_ms,
        onset_ms=float(found.onset[0]) * sample_interval_ms,
        amplitude=float(found.amplitude[0]),
    )


def _landmarks(trace: Floats) -> Landmarks:
    if trace.ndim != 1:
        raise RecordingError(f"an action potential is one trace, got shape {trace.shape}")
    return Landmarks(trace[None])


def signal_range(traces: npt.ArrayLike) -> tuple[Floats, Floats]:
    """10th and 98th percentile of the Savitzky-Golay filtered traces, each of shape (...).

    The medians of the lowest 20 % and of the highest 4 % of the samples: minimum and maximum would
    move apart with the noise.

    Parameters
    ----------
    traces : array_like, shape (..., time)
        One beat, with some diastole.
    """
    low, high = np.percentile(savitzky_golay(as_real(traces)), _SIGNAL_PERCENTILES, axis=-1)
    return np.asarray(low, dtype=np.float64), np.asarray(high, dtype=np.float64)


def signal_to_noise(traces: npt.ArrayLike, noise: npt.ArrayLike | None = None) -> Floats:
    """Signal-to-noise ratio, shape (...), dimensionless.

    `signal_range` over the standard deviation of the unfiltered noise (`cleaning.noise_level`).
    Pure noise gives about 1.6.

    Parameters
    ----------
    traces : array_like, shape (..., time)
        One beat, with some diastole.
    noise : array_like, shape (...), or None
        Standard deviation of the noise where it is known better than from these samples.
    """
    low, high = signal_range(traces)
    return over_noise(high - low, noise_level(traces) if noise is None else noise)


def over_noise(amplitude: npt.ArrayLike, noise: npt.ArrayLike) -> Floats:
    """Amplitudes over standard deviations of noise, shape (...); infinite where there is none."""
    size, level = np.asarray(amplitude, dtype=np.float64), np.asarray(noise, dtype=np.float64)
    noiseless = np.where(size > 0, np.inf, 0.0)
    return np.asarray(np.divide(size, level, out=noiseless, where=level > 0))
