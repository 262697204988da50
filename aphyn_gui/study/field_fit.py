"""The physics of every pixel of a recording: one fit of the tissue's mean, then all pixels."""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from aphyn_gui.fitting.least_squares import Unknown
from aphyn_gui.fitting.parameter_map import WEAK, PixelFits, PixelSolver
from aphyn_gui.fitting.physics_fit import PhysicsFit, fit_physics
from aphyn_gui.fitting.protocol import InitialVoltage, Optimiser, Protocol
from aphyn_gui.fitting.training_data import TrainingData
from aphyn_gui.hybrid import TimeGrid, TrajectoryProblem, simulate
from aphyn_gui.hybrid.threads import one_thread, thread_count
from aphyn_gui.physics import STIMULUS_PARAMETERS, ionic_model
from aphyn_gui.recording import (
    FieldTiming,
    Preparation,
    Recording,
    RecordingError,
    RectangularRoi,
    field_bands,
    field_timing,
    mean_potential,
    potentials_of,
)

Floats = npt.NDArray[np.float64]
Map = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]

NOT_YET = -2
"""In `FieldFit.left_out`: the pixel is still to be fitted."""

_GAIN = 1e-4
"""Of recordings, the model misses more than noise: digits beyond a twentieth of a standard error
take half of the time."""
_ITERATIONS = 12

_DECISIVE = {
    parameter.name: (lowest, parameter.upper)
    for parameter, lowest in zip(STIMULUS_PARAMETERS[:2], (0.05, 2.0), strict=True)
}
"""A weaker or shorter stimulus would leave it to noise in v(0) whether a pixel fires."""

FIELD_FIT_DEFINITION = (
    "Bounded least squares of the ionic model alone on each pixel's normalised potential, cut at "
    "the foot of the upstroke and aligned at the pixel's own half upstroke. The stimulus and "
    "every parameter that is not mapped are those of one fit of the tissue's mean potential, v(0) "
    "is its first sample. "
    "Residual: root mean square difference from the model, in parts of the amplitude. Flagged: "
    f"the relative standard error exceeds {WEAK:.0%} or a distant value fits as well, a value lies "
    "at its bound, or the solver did not come to rest."
)
"""How the numbers are defined, in one paragraph."""


@dataclass(frozen=True, slots=True, eq=False)
class PixelFit:
    """The physics of one potential.

    Parameters
    ----------
    values, standard_errors : dict of str to float
        Of each mapped parameter, in its unit.
    units : dict of str to str
        Their units.
    residual : float
        Root mean square difference, dimensionless.
    flags : tuple of str
        Why the values should not be trusted; empty where they can be.
    time_ms, measured : ndarray, shape (samples,)
        The potential that was fitted.
    model_time_ms, model : ndarray, shape (points,)
        The fitted action potential.
    """

    values: dict[str, float]
    standard_errors: dict[str, float]
    units: dict[str, str]
    residual: float
    flags: tuple[str, ...]
    time_ms: Floats
    measured: Map
    model_time_ms: Floats
    model: Map


@dataclass(frozen=True, slots=True, eq=False)
class FieldFit:
    """Maps of a model's parameters.

    Parameters
    ----------
    names, units : tuple of str
        Parameters that are mapped, and their units.
    values, standard_errors : ndarray of float32, shape (parameters, rows, columns)
        NaN where there is none.
    residual : ndarray of float32, shape (rows, columns)
        Root mean square difference, dimensionless.
    weak, at_bound, unconverged : ndarray of bool, shape (rows, columns)
        Why a pixel should not be trusted.
    left_out : ndarray of int8, shape (rows, columns)
        Why a pixel has no potential: place in `LEFT_OUT_REASONS`; -1: it has; `NOT_YET`.
    shared : mapping of str to float
        What all pixels have in common, the stimulus included.
    definition : str
        How the numbers are defined.
    """

    names: tuple[str, ...]
    units: tuple[str, ...]
    values: Map
    standard_errors: Map
    residual: Map
    weak: Flags
    at_bound: Flags
    unconverged: Flags
    left_out: npt.NDArray[np.int8]
    shared: Mapping[str, float]
    definition: str = FIELD_FIT_DEFINITION

    @property
    def flagged(self) -> Flags:
        """Pixels whose values should not be trusted, shape (rows, columns)."""
        return np.asarray(self.weak | self.at_bound | self.unconverged)

    @property
    def fitted_count(self) -> int:
        """Pixels that have values."""
        return int(np.isfinite(self.residual).sum())

    def of(self, name: str) -> tuple[Map, str]:
        """Map and unit of a parameter."""
        place = self.names.index(name)
        return self.values[place], self.units[place]

    def flags_at(self, row: int, column: int) -> tuple[str, ...]:
        """Why a pixel should not be trusted, in words."""
        return _flags(
            bool(self.weak[row, column]),
            bool(self.at_bound[row, column]),
            bool(self.unconverged[row, column]),
        )


@dataclass(frozen=True, slots=True, eq=False)
class FieldFitProgress:
    """How far the maps are.

    Parameters
    ----------
    fraction : float
        Of the pixels, 0 to 1.
    pixels_per_s : float
        So far, preparation included.
    partial : FieldFit
        What is there; a copy.
    """

    fraction: float
    pixels_per_s: float
    partial: FieldFit


class PixelFitter:
    """What all pixels of a recording share, ready to fit any of them.

    Parameters
    ----------
    recording : Recording
        With a known frame interval.
    preparation : Preparation
        From counts to potentials, as for regions.
    protocol : Protocol
        Ionic model, what is learned, bounds, values and time step; network, training and the
        choice of v(0) are left aside: the stimulus and v(0) are always fitted, to the mean.

    Raises
    ------
    RecordingError
        If the field shows no beats, or no pixel gives a potential.
    """

    def __init__(self, recording: Recording, preparation: Preparation, protocol: Protocol) -> None:
        self.recording, self.preparation = recording, preparation
        self.timing: FieldTiming = field_timing(recording, preparation)
        self.model = ionic_model(protocol.physics)
        self.names = protocol.learned_names
        self.units = tuple(self.model.parameter(name).unit for name in self.names)
        interval, samples = self.timing.frame_interval_ms, self.timing.window.sample_count
        self._problem = TrajectoryProblem(
            self.model, None, TimeGrid.covering(samples, interval, protocol.time_step_ms)
        )
        shared = self._fit_mean(protocol)
        self.shared = dict(shared.values)
        start = self._mean_start
        self._initial = torch.tensor([start, self.model.resting_gate], dtype=torch.float64)
        self._solver = PixelSolver(
            self._problem,
            self.shared,
            tuple(Unknown(name, *protocol.bounds_of(name)) for name in self.names),
            self._initial,
            unchecked_gain=_GAIN,
            iterations=_ITERATIONS,
        )

    def fit_pixel(self, row: int, column: int) -> PixelFit | None:
        """Fit one pixel; None where it gives no potential."""
        return self.fit_mean(RectangularRoi(column, row, 1, 1))

    def recall(self, row: int, column: int, maps: FieldFit) -> PixelFit | None:
        """A pixel's potential with the fit that maps of the same settings hold; None: they don't.

        A tenth of the time of fitting it again.
        """
        if maps.left_out[row, column] != -1:
            return None
        roi = RectangularRoi(column, row, 1, 1)
        voltage = mean_potential(self.recording, roi, self.preparation, self.timing)
        if voltage is None:
            return None
        values = dict(zip(self.names, maps.values[:, row, column].tolist(), strict=True))
        errors = maps.standard_errors[:, row, column].tolist()
        model_time, model = self.forecast({**self.shared, **values})
        return PixelFit(
            values=values,
            standard_errors=dict(zip(self.names, errors, strict=True)),
            units=dict(zip(self.names, self.units, strict=True)),
            residual=float(maps.residual[row, column]),
            flags=maps.flags_at(row, column),
            time_ms=self.timing.time_ms,
            measured=voltage,
            model_time_ms=model_time,
            model=model,
        )

    def fit_mean(self, roi: RectangularRoi) -> PixelFit | None:
        """Fit the mean over a rectangle's usable pixels; None where there is none."""
        voltage = mean_potential(self.recording, roi, self.preparation, self.timing)
        return None if voltage is None else self.fit_potential(voltage)

    def fit_potential(self, voltage: Map) -> PixelFit:
        """Fit one normalised potential, shape (samples,)."""
        with one_thread():
            (fits,) = self._solver.fit(torch.from_numpy(voltage)[None])
        values = fits.values[0]
        errors = fits.standard_errors[0].tolist()
        physical = {**self.shared, **dict(zip(self.names, values.tolist(), strict=True))}
        model_time, model = self.forecast(physical)
        return PixelFit(
            values={name: physical[name] for name in self.names},
            standard_errors=dict(zip(self.names, errors, strict=True)),
            units=dict(zip(self.names, self.units, strict=True)),
            residual=float(fits.mean_square_error[0].sqrt()),
            flags=_flags(
                bool(fits.weak[0].any()), bool(fits.at_bound[0].any()), not bool(fits.converged[0])
            ),
            time_ms=self.timing.time_ms,
            measured=voltage,
            model_time_ms=model_time,
            model=model,
        )

    def forecast(self, physical: Mapping[str, float]) -> tuple[Floats, Map]:
        """The action potential of parameters, at every step: times in ms, and v."""
        vector = torch.tensor(
            [[physical[name] for name in self._problem.physical_names]], dtype=torch.float64
        )
        with one_thread():
            voltage = simulate(self._problem, vector, None, self._initial[None]).voltage[0]
        steps = np.arange(len(voltage), dtype=np.float64)
        return steps * self._problem.grid.time_step_ms, voltage.float().numpy()

    def fit_field(self) -> Generator[FieldFitProgress, None, FieldFit]:
        """Fit every pixel, band by band. Closing the generator cancels.

        Yields
        ------
        FieldFitProgress
            After each band.

        Returns
        -------
        FieldFit
            The maps.
        """
        maps = _Maps(self)
        bands = list(field_bands(self.recording))
        started = time.perf_counter()
        done = 0
        executor = ThreadPoolExecutor(thread_count(), thread_name_prefix="aphyn-field")
        try:
            for future in as_completed([executor.submit(self._fit_band, roi) for roi in bands]):
                roi, left_out, fits = future.result()
                maps.put(roi, left_out, fits)
                done += roi.pixel_count
                yield FieldFitProgress(
                    fraction=done / maps.left_out.size,
                    pixels_per_s=done / (time.perf_counter() - started),
                    partial=maps.copy(),
                )
        finally:
            executor.shutdown(cancel_futures=True)
        return maps.copy()

    def _fit_band(
        self, roi: RectangularRoi
    ) -> tuple[RectangularRoi, npt.NDArray[np.int8], PixelFits | None]:
        found = potentials_of(self.recording, roi, self.preparation, self.timing)
        if not found.usable.any():
            return roi, found.left_out, None
        with one_thread():
            fits = PixelFits.joined(
                list(self._solver.fit(torch.from_numpy(found.voltages[found.usable])))
            )
        return roi, found.left_out, fits

    def _fit_mean(self, protocol: Protocol) -> PhysicsFit:
        """Stimulus, v(0) and starting values, from the mean over the patches."""
        parts = [
            potentials_of(self.recording, roi, self.preparation, self.timing)
            for roi in self.timing.patches
        ]
        voltages = np.concatenate([part.voltages[part.usable] for part in parts])
        if len(voltages) == 0:
            raise RecordingError(
                f"none of the pixels of {self.recording.path.name} that were looked at gives an "
                "action potential: lower the SNR limit, or average neighbouring pixels"
            )
        mean = torch.from_numpy(voltages.mean(axis=0, keepdims=True))
        self._mean_start = float(mean[0, 0])
        initial = torch.tensor([[float(mean[0, 0]), self.model.resting_gate]])
        data = TrainingData(mean, mean, initial, initial, initial)
        shared = protocol.with_changes(
            learn_stimulus=True,
            initial_voltage=InitialVoltage.MEAN,
            optimiser=Optimiser.LEAST_SQUARES,
        )
        solver = fit_physics(self._problem, shared, data, narrower=_DECISIVE)
        while True:
            try:
                next(solver)
            except StopIteration as stop:
                found: PhysicsFit = stop.value
                return found


class _Maps:
    """Maps as they fill."""

    def __init__(self, fitter: PixelFitter) -> None:
        recording = fitter.recording
        shape = (recording.row_count, recording.column_count)
        self._fitter = fitter
        self._values = np.full((len(fitter.names), *shape), np.nan, dtype=np.float32)
        self._errors = self._values.copy()
        self._residual = np.full(shape, np.nan, dtype=np.float32)
        self._flags = np.zeros((3, *shape), dtype=np.bool_)
        self.left_out = np.full(shape, NOT_YET, dtype=np.int8)

    def put(
        self, roi: RectangularRoi, left_out: npt.NDArray[np.int8], fits: PixelFits | None
    ) -> None:
        """Enter a band."""
        self.left_out[roi.rows, roi.columns] = left_out.reshape(roi.height, roi.width)
        if fits is None:
            return
        rows, columns = np.divmod(np.flatnonzero(left_out < 0), roi.width)
        at = rows + roi.y, columns + roi.x
        self._values[(slice(None), *at)] = fits.values.T.numpy()
        self._errors[(slice(None), *at)] = fits.standard_errors.T.numpy()
        self._residual[at] = fits.mean_square_error.sqrt().numpy()
        self._flags[(slice(None), *at)] = torch.stack(
            (fits.weak.any(-1), fits.at_bound.any(-1), ~fits.converged)
        ).numpy()

    def copy(self) -> FieldFit:
        """What is there now."""
        weak, at_bound, unconverged = self._flags.copy()
        return FieldFit(
            names=self._fitter.names,
            units=self._fitter.units,
            values=self._values.copy(),
            standard_errors=self._errors.copy(),
            residual=self._residual.copy(),
            weak=weak,
            at_bound=at_bound,
            unconverged=unconverged,
            left_out=self.left_out.copy(),
            shared=self._fitter.shared,
        )


def run_field_fit(recording: Recording, preparation: Preparation, protocol: Protocol) -> FieldFit:
    """Fit every pixel without reporting progress.

    Raises
    ------
    RecordingError
        As `PixelFitter`.
    """
    steps = PixelFitter(recording, preparation, protocol).fit_field()
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            found: FieldFit = stop.value
            return found


def _flags(is_weak: bool, is_at_bound: bool, is_unconverged: bool) -> tuple[str, ...]:
    words = (
        (is_weak, "not identified"),
        (is_at_bound, "at a bound"),
        (is_unconverged, "not converged"),
    )
    return tuple(text for holds, text in words if holds)
