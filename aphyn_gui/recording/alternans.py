"""Alternans: beats that take turns, found before anything is averaged."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aphyn_gui.recording.beats import Beats
from aphyn_gui.recording.measures import ActionPotentialMeasures, measure_action_potential
from aphyn_gui.recording.smoothing import savitzky_golay

Floats = npt.NDArray[np.float64]

ALTERNANS_DEFINITIONS = (
    "Alternans: amplitude, APD50 and APD80 of consecutive complete beats of the mean trace "
    "(Savitzky-Golay filtered, 9 frames, order 3) are fitted by a mean, a linear trend over beats "
    "and an alternating part. It is reported where the alternating part exceeds 10 % of the mean "
    "between even and odd beats and differs from 0 with p < 0.001 (t test against the residual "
    "beat-to-beat noise; at least 5 beats). A rise midway between beats, of at least 5 % of their "
    "amplitude and p < 0.001 over at least 4 cycles, is reported as beats too small to be counted."
)
"""What is called alternans, in one paragraph."""

SIGNIFICANCE = 0.001
SMALLEST_DIFFERENCE = 0.1
"""Of the mean: what alternates less is not called alternans, however regular it is."""

_SMALLEST_MIDWAY = 0.05
_FEWEST_BEATS = 5
_FEWEST_CYCLES = 4
_DIASTOLE_SHARE = 0.15
_FRAMES_BEFORE_NEXT_FOOT = 2
_FEWEST_SAMPLES = 4
_MIDWAY = (0.3, 0.7)
"""Of a cycle: where the upstroke of a small beat lies that was not counted."""

_IRREGULAR = 0.5
"""Intervals further from their median than this share of it hide beats, or are no rhythm."""


@dataclass(frozen=True, slots=True)
class Alternation:
    """How one measure alternates from beat to beat.

    Parameters
    ----------
    measure : str
        "amplitude", "APD50" or "APD80".
    unit : str
        "counts" or "ms".
    even, odd : float
        Its value in even (0, 2, ...) and odd complete beats, a linear trend over beats removed.
    spread : float
        Standard deviation of the beat-to-beat noise that remains, in the unit.
    p_value : float
        Probability of such an alternating part in noise of that spread (two-sided t test).
    """

    measure: str
    unit: str
    even: float
    odd: float
    spread: float
    p_value: float

    @property
    def ratio(self) -> float:
        """Smaller over larger value, dimensionless: 1 without alternation."""
        return min(self.even, self.odd) / max(self.even, self.odd)

    @property
    def difference(self) -> float:
        """Even minus odd beats over their mean, dimensionless."""
        return 2 * (self.even - self.odd) / (self.even + self.odd)

    @property
    def present(self) -> bool:
        """Large enough to matter, and beyond the noise."""
        return self.p_value < SIGNIFICANCE and abs(self.difference) >= SMALLEST_DIFFERENCE


@dataclass(frozen=True, slots=True)
class MidwayRise:
    """A small upstroke midway between beats: every other beat, too small to be counted.

    Parameters
    ----------
    ratio : float
        Its height over the amplitude of the beats, dimensionless.
    p_value : float
        Probability of such a rise in noise (one-sided t test over cycles).
    """

    ratio: float
    p_value: float

    @property
    def present(self) -> bool:
        """Large enough to matter, and beyond the noise."""
        return self.p_value < SIGNIFICANCE and self.ratio >= _SMALLEST_MIDWAY


@dataclass(frozen=True, slots=True)
class Alternans:
    """What alternates in the beats of one trace.

    Parameters
    ----------
    alternations : tuple of Alternation
        One for each measure that all beats have; empty where there are too few beats.
    midway : MidwayRise or None
        The largest rise midway between beats; None where there are too few cycles, or none rises.
    beat_count : int
        Complete beats that were compared.
    cycle_length_ms : float
        Of the beats, ms.
    """

    alternations: tuple[Alternation, ...]
    midway: MidwayRise | None
    beat_count: int
    cycle_length_ms: float

    @property
    def between_beats(self) -> bool:
        """Even and odd beats differ: average them apart."""
        return any(one.present for one in self.alternations)

    @property
    def hidden(self) -> bool:
        """Every other beat is so small that it was not counted."""
        return self.midway is not None and self.midway.present

    @property
    def present(self) -> bool:
        """Either of the two."""
        return self.between_beats or self.hidden

    @property
    def note(self) -> str:
        """What was found, as a sentence."""
        if self.between_beats:
            found = "; ".join(
                f"{one.measure} {one.even:.4g} in even and {one.odd:.4g} {one.unit} in odd beats, "
                f"ratio {one.ratio:.2f}, p = {one.p_value:.1g}"
                for one in self.alternations
                if one.present
            )
            return f"Alternans: {found} (over {self.beat_count} beats, counted from 0)."
        if self.midway is not None and self.midway.present:
            return (
                f"Alternans: a small upstroke of {100 * self.midway.ratio:.0f} % recurs midway "
                f"between the beats (p = {self.midway.p_value:.1g}), or the tissue moves. If it "
                f"was paced every {self.cycle_length_ms / 2:.0f} ms, enter that as cycle length."
            )
        if not self.alternations:
            return (
                f"Alternans was not looked for: {self.beat_count} complete "
                f"beat{'s' * (self.beat_count != 1)} in a regular rhythm; at least "
                f"{_FEWEST_BEATS} are needed."
            )
        return f"No alternans over {self.beat_count} beats."


def find_alternans(
    trace_upright: npt.ArrayLike, frame_interval_ms: float, beats: Beats
) -> Alternans:
    """Look for alternans, by `ALTERNANS_DEFINITIONS`.

    A trend over beats, such as bleaching, is no alternans; a single odd beat raises the noise. Of
    three measures of pure noise, one is called alternans in at most 3 of 1000 traces.

    Parameters
    ----------
    trace_upright : array_like, shape (time,)
        Depolarisation goes up; drift removed.
    frame_interval_ms : float
        ms.
    beats : Beats
        Of the trace.
    """
    smooth = savitzky_golay(np.asarray(trace_upright, dtype=np.float64))
    starts = np.maximum(beats.feet_ms - _DIASTOLE_SHARE * beats.cycle_length_ms, 0)
    ends = np.append(beats.feet_ms[1:], beats.feet_ms[-1] + beats.cycle_length_ms)
    first = np.ceil(starts / frame_interval_ms).astype(np.int64)
    stop = (ends / frame_interval_ms).astype(np.int64) + 1 - _FRAMES_BEFORE_NEXT_FOOT
    measured = [
        measure_action_potential(smooth[first[beat] : stop[beat]], frame_interval_ms)
        for beat in _in_a_row(beats)
        if stop[beat] - first[beat] >= _FEWEST_SAMPLES
    ]
    return Alternans(
        alternations=_alternations(measured),
        midway=_midway_rise(smooth, frame_interval_ms, beats),
        beat_count=len(measured),
        cycle_length_ms=beats.cycle_length_ms,
    )


def _in_a_row(beats: Beats) -> npt.NDArray[np.int64]:
    """Complete beats, if none is missing between them; else none."""
    intervals = np.diff(beats.onsets_ms)
    regular = np.abs(intervals - np.median(intervals)) if intervals.size else intervals
    if (regular > _IRREGULAR * beats.cycle_length_ms).any():
        return beats.complete[:0]
    return beats.complete


def _alternations(measured: list[ActionPotentialMeasures]) -> tuple[Alternation, ...]:
    if len(measured) < _FEWEST_BEATS:
        return ()
    series = {
        ("amplitude", "counts"): [one.amplitude for one in measured],
        ("APD50", "ms"): [one.apd50_ms for one in measured],
        ("APD80", "ms"): [one.apd80_ms for one in measured],
    }
    return tuple(
        _alternation(measure, unit, np.array(values))
        for (measure, unit), values in series.items()
        if np.isfinite(values).all()
    )


def _alternation(measure: str, unit: str, values: Floats) -> Alternation:
    """The alternating part of a measure, and the noise around it, by least squares."""
    beat = np.arange(values.size)
    design = np.stack([np.ones(values.size), beat - beat.mean(), (-1.0) ** beat], axis=1)
    covariance = np.linalg.inv(design.T @ design)
    mean, _, alternating = covariance @ design.T @ values
    residual = values - design @ (covariance @ design.T @ values)
    freedom = values.size - design.shape[1]
    spread = float(np.sqrt(residual @ residual / freedom))
    error = spread * float(np.sqrt(covariance[2, 2]))
    p_value = 2 * _exceedance(abs(float(alternating)), error, freedom)
    return Alternation(
        measure, unit, float(mean + alternating), float(mean - alternating), spread, p_value
    )


def _midway_rise(smooth: Floats, frame_interval_ms: float, beats: Beats) -> MidwayRise | None:
    """The rise midway between beats: located in the other cycles, measured in each.

    Measured where it was located, noise would rise, too.
    """
    cycle = beats.cycle_length_ms / frame_interval_ms
    starts = np.rint(beats.onsets_ms[beats.complete] / frame_interval_ms).astype(np.int64)
    window = np.arange(int(_MIDWAY[0] * cycle), int(_MIDWAY[1] * cycle))
    starts = starts[starts + int(cycle) < smooth.size]
    if starts.size < _FEWEST_CYCLES or window.size < _FEWEST_SAMPLES:
        return None
    cycles = smooth[starts[:, None] + window]
    rises = np.empty(starts.size)
    for index in range(starts.size):
        others = np.delete(cycles, index, axis=0).mean(axis=0)
        top = int(np.argmax(others - np.minimum.accumulate(others)))
        bottom = int(np.argmin(others[: top + 1]))
        rises[index] = _rise_like(others[bottom : top + 1], cycles[index, bottom : top + 1])
    whole = smooth[starts[:, None] + np.arange(int(cycle))]
    amplitude = float(np.ptp(whole.mean(axis=0)))
    rise = float(rises.mean())
    if not (rise > 0 and amplitude > 0):
        return None
    error = float(rises.std(ddof=1) / np.sqrt(rises.size))
    return MidwayRise(rise / amplitude, _exceedance(rise, error, rises.size - 1))


def _rise_like(model: Floats, trace: Floats) -> float:
    """How far a trace rises in the way of a model, from its first to its last sample."""
    shape = model - model.mean()
    power = float(shape @ shape)
    return float(model[-1] - model[0]) * float(shape @ trace) / power if power > 0 else 0.0


def _exceedance(value: float, standard_error: float, freedom: int) -> float:
    """Probability that noise exceeds a value, by Student's t distribution."""
    if standard_error == 0:
        return 0.0 if value > 0 else 0.5
    # Imported when needed: scipy takes as long to import as the whole window.
    from scipy.special import stdtr

    return float(stdtr(freedom, -value / standard_error))
