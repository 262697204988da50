"""Durations, rise time and signal-to-noise ratio, by definitions that every export prints."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aphyn_gui.recording.beats import Beats
from aphyn_gui.recording.cleaning import noise_level, remove_drift, spatial_mean
from aphyn_gui.recording.errors import RecordingError
from aphyn_gui.recording.interpolation import cut_windows, fits
from aphyn_gui.recording.landmarks import Landmarks
from aphyn_gui.recording.precision import as_real
from aphyn_gui.recording.preparation import Ensemble, Polarity
from aphyn_gui.recording.smoothing import savitzky_golay

Floats = npt.NDArray[np.float64]

DEFINITIONS = (
    "Onset: maximum dV/dt, located between frames by a parabola. Baseline: lowest value before "
    "the onset. Amplitude: highest value minus baseline. APD at X %: from the onset to the first "
    "time after the peak at which X % of the amplitude is lost, interpolated linearly. Rise time: "
    "10 % to 90 % of the amplitude."
)
"""How the numbers are defined, in one paragraph."""

REGION_DEFINITIONS = (
    "Measured for each pixel of the region on the mean over 3 x 3 pixels, drift removed, averaged "
    "over all beats that were recorded whole, Savitzky-Golay filtered (9 frames, order 3); given "
    "as median and quartiles over pixels. Signal-to-noise ratio: 10th to 98th percentile of "
    "one filtered beat of a single pixel over the standard deviation of its noise, the latter from "
    "the median absolute second difference. " + DEFINITIONS
)
"""What was done to a region before its action potentials were measured."""

_SPATIAL_SIDE = 3
_SIGNAL_PERCENTILES = (10, 98)
_DIASTOLE_SHARE = 0.15
"""Of the cycle, shown before the foot: where the baseline is read."""


_AVERAGED = {
    Ensemble.ALL: "all beats that were recorded whole",
    Ensemble.EVEN: "the even of the beats that were recorded whole (counted from 0)",
    Ensemble.ODD: "the odd of the beats that were recorded whole (counted from 0)",
}


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


@dataclass(frozen=True, slots=True)
class Quartiles:
    """Median and quartiles over the pixels that have a value; NaN if none has."""

    lower: float
    median: float
    upper: float

    @staticmethod
    def of(values: npt.ArrayLike) -> Quartiles:
        """Quartiles of the finite values."""
        numbers = np.asarray(values, dtype=np.float64)
        numbers = numbers[np.isfinite(numbers)]
        if numbers.size == 0:
            return Quartiles(np.nan, np.nan, np.nan)
        return Quartiles(*(float(value) for value in np.percentile(numbers, (25, 50, 75))))


@dataclass(frozen=True, slots=True)
class RegionMeasures:
    """What was measured in a region, over its pixels.

    Parameters
    ----------
    apd50_ms, apd80_ms, apd90_ms, rise_time_ms : Quartiles
        As in `ActionPotentialMeasures`, ms.
    snr : Quartiles
        Signal-to-noise ratio of the single pixels, dimensionless.
    pixel_count : int
        Pixels that were measured.
    beat_count : int
        Beats that were averaged.
    definitions : str
        How.
    """

    apd50_ms: Quartiles
    apd80_ms: Quartiles
    apd90_ms: Quartiles
    rise_time_ms: Quartiles
    snr: Quartiles
    pixel_count: int
    beat_count: int
    definitions: str = REGION_DEFINITIONS


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


def signal_to_noise(traces: npt.ArrayLike, noise: npt.ArrayLike | None = None) -> Floats:
    """Signal-to-noise ratio, shape (...), dimensionless.

    From the 10th to the 98th percentile of the Savitzky-Golay filtered trace (9 frames, order 3),
    over the standard deviation of the unfiltered noise (`cleaning.noise_level`). The percentiles
    are the medians of the lowest 20 % and of the highest 4 % of the samples; the range from
    minimum to maximum would grow with the noise. Pure noise gives about 1.6.

    Parameters
    ----------
    traces : array_like, shape (..., time)
        One beat, with some diastole.
    noise : array_like, shape (...), or None
        Standard deviation of the noise where it is known better than from these samples.
    """
    values = as_real(traces)
    low, high = np.percentile(savitzky_golay(values), _SIGNAL_PERCENTILES, axis=-1)
    amplitude = np.asarray(high - low)
    level = noise_level(values) if noise is None else np.asarray(noise, dtype=np.float64)
    noiseless = np.where(amplitude > 0, np.inf, 0.0)
    return np.asarray(np.divide(amplitude, level, out=noiseless, where=level > 0))


def measure_region(
    counts: npt.ArrayLike,
    inside: tuple[slice, slice],
    *,
    frame_interval_ms: float,
    polarity: Polarity,
    drift_order: int,
    beats: Beats,
    ensemble: Ensemble = Ensemble.ALL,
) -> RegionMeasures:
    """Measure the action potentials of a region, pixel by pixel, by `REGION_DEFINITIONS`.

    Parameters
    ----------
    counts : array_like, shape (time, row, column)
        As recorded; with a border of one pixel where the frame has one, for the spatial mean.
    inside : tuple of slice
        Rows and columns of the region within ``counts``.
    frame_interval_ms : float
        ms.
    polarity : Polarity
        Direction of depolarisation.
    drift_order : int
        Degree of the baseline polynomial.
    beats : Beats
        Of the region's mean trace.
    ensemble : Ensemble
        Which of its complete beats are averaged.
    """
    beats = beats.only(ensemble.of(beats.complete))
    recorded = np.asarray(counts, dtype=np.float64)
    single = _pixels(recorded, inside)
    usable = np.isfinite(single).all(axis=1)
    upright = polarity.sign * _pixels(spatial_mean(recorded, _SPATIAL_SIDE), inside)[usable]
    single = polarity.sign * single[usable]
    starts, sample_count = beat_windows(beats, frame_interval_ms, recorded.shape[0])
    cleaned = remove_drift(upright, drift_order)
    averaged = savitzky_golay(
        np.mean(
            [cut_windows(cleaned, frame_interval_ms, start, sample_count) for start in starts],
            axis=0,
        )
    )
    found = Landmarks(averaged)
    apd50, apd80, apd90 = (
        Quartiles.of(found.duration(level) * frame_interval_ms) for level in (0.5, 0.8, 0.9)
    )
    one_beat = cut_windows(remove_drift(single, 0), frame_interval_ms, starts[0], sample_count)
    return RegionMeasures(
        apd50_ms=apd50,
        apd80_ms=apd80,
        apd90_ms=apd90,
        rise_time_ms=Quartiles.of(found.rise_time() * frame_interval_ms),
        snr=Quartiles.of(signal_to_noise(one_beat, noise_level(single))),
        pixel_count=int(usable.sum()),
        beat_count=len(starts),
        definitions=REGION_DEFINITIONS.replace(_AVERAGED[Ensemble.ALL], _AVERAGED[ensemble]),
    )


def _pixels(frames: Floats, inside: tuple[slice, slice]) -> Floats:
    """Traces of the pixels inside, shape (pixels, time)."""
    region = frames[(slice(None), *inside)]
    return np.ascontiguousarray(region.reshape(len(region), -1).T)


def beat_windows(beats: Beats, frame_interval_ms: float, frame_count: int) -> tuple[Floats, int]:
    """Start of the window around each beat, ms, and its length in samples.

    A window begins in diastole and ends before the next foot.
    """
    end = (frame_count - 1) * frame_interval_ms
    feet = np.clip(beats.onsets_ms[beats.complete] - beats.lead_ms, 0, end)
    diastole = min(_DIASTOLE_SHARE * beats.cycle_length_ms, float(feet.max()))
    starts = feet[feet >= diastole] - diastole
    # The last two frames before the next foot are left out: it is known to about a frame.
    length = min(diastole + beats.cycle_length_ms - 2 * frame_interval_ms, end - float(starts[0]))
    sample_count = int(length / frame_interval_ms) + 1
    return starts[fits(starts, frame_interval_ms, sample_count, frame_count)], sample_count
