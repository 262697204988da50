"""Onset, baseline, peak and crossings of many action potentials at once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from aphyn_gui.recording.errors import RecordingError

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

_FEWEST_SAMPLES = 4


class Landmarks:
    """Landmarks of action potentials, in samples, by `measures.DEFINITIONS`.

    Parameters
    ----------
    traces : ndarray of float64, shape (traces, samples)
        Upright, one action potential each, from before its upstroke on. A trace that is not
        finite, is flat, or has its peak at the first sample has NaN for landmarks.

    Attributes
    ----------
    onset : ndarray of float64, shape (traces,)
        Maximum dV/dt before the peak, in samples, sub-sample.
    baseline, amplitude : ndarray of float64, shape (traces,)
        Unit of the traces.
    """

    def __init__(self, traces: Floats) -> None:
        if traces.ndim != 2 or traces.shape[1] < _FEWEST_SAMPLES:
            raise RecordingError(
                f"an action potential has at least {_FEWEST_SAMPLES} samples, got shape "
                f"{traces.shape}"
            )
        finite = np.asarray(np.isfinite(traces).all(axis=1))
        if not finite.all():
            # Flat traces, too, have their peak at the first sample.
            traces = np.where(finite[:, None], traces, 0.0)
        self._traces = traces
        self._row = np.arange(len(traces))
        self._sample = np.arange(traces.shape[1])
        self._peak = np.argmax(traces, axis=1)
        measurable = self._peak > 0
        slopes = np.diff(traces, axis=1)
        rising = np.where(self._sample[:-1] < self._peak[:, None], slopes, -np.inf)
        steepest = np.argmax(rising, axis=1)
        # Slope k lies between samples k and k + 1.
        onset = steepest + 0.5 + self._parabola_offset(slopes, steepest)
        before = np.where(self._sample <= steepest[:, None], traces, np.inf).min(axis=1)
        self.onset: Floats = np.where(measurable, onset, np.nan)
        self.baseline: Floats = np.where(measurable, before, np.nan)
        self.amplitude: Floats = traces[self._row, self._peak] - self.baseline

    def _parabola_offset(self, values: Floats, index: Indices) -> Floats:
        """Offset of a maximum from its sample, by the parabola through its two neighbours."""
        inside = (index > 0) & (index < values.shape[1] - 1)
        at = np.clip(index, 1, values.shape[1] - 2)
        left, middle, right = (values[self._row, at + side] for side in (-1, 0, 1))
        bend = left - 2 * middle + right
        curved = inside & (bend < 0)
        offset = np.divide(0.5 * (left - right), bend, out=np.zeros(len(values)), where=curved)
        return np.asarray(np.clip(offset, -0.5, 0.5))

    def duration(self, level: float) -> Floats:
        """From onset until a fraction of the amplitude is lost, samples; NaN if it never is."""
        threshold = self.baseline + (1 - level) * self.amplitude
        lost = (self._traces <= threshold[:, None]) & (self._sample >= self._peak[:, None])
        first = np.argmax(lost, axis=1)
        return self._crossing(first - 1, threshold, lost.any(axis=1)) - self.onset

    def rise_time(self) -> Floats:
        """From 10 % to 90 % of the amplitude, samples; NaN if it begins above 10 %."""
        low = self.baseline + 0.1 * self.amplitude
        high = self.baseline + 0.9 * self.amplitude
        until_peak = self._sample <= self._peak[:, None]
        below = (self._traces <= low[:, None]) & until_peak
        # The last rise before the peak: what came before is not this upstroke.
        last_below = self._sample.size - 1 - np.argmax(below[:, ::-1], axis=1)
        above = (self._traces >= high[:, None]) & (self._sample > last_below[:, None]) & until_peak
        there = below.any(axis=1) & above.any(axis=1)
        first_above = np.argmax(above, axis=1)
        return self._crossing(first_above - 1, high, there) - self._crossing(last_below, low, there)

    def _crossing(self, index: Indices, level: Floats, there: npt.NDArray[np.bool_]) -> Floats:
        """Where the line from a sample to the next crosses a level; NaN where it does not."""
        at = np.clip(index, 0, self._sample.size - 2)
        before, after = self._traces[self._row, at], self._traces[self._row, at + 1]
        part = np.full(len(at), np.nan)
        np.divide(level - before, after - before, out=part, where=there & (after != before))
        return np.asarray(at + part)
