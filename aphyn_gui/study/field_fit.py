"""The physics of every pixel of a recording: one fit of the tissue's mean, then all pixels."""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping

import numpy as np
import numpy.typing as npt
import torch

from aphyn_gui.draining import drained
from aphyn_gui.fitting.least_squares import Unknown
from aphyn_gui.fitting.parameter_map import PixelFits, PixelSolver
from aphyn_gui.fitting.physics_fit import PhysicsFit, fit_physics
from aphyn_gui.fitting.protocol import InitialVoltage, Optimiser, Protocol
from aphyn_gui.fitting.training_data import TrainingData
from aphyn_gui.hybrid import TimeGrid, TrajectoryProblem, simulate
from aphyn_gui.hybrid.threads import one_thread, thread_count
from aphyn_gui.physics import STIMULUS_PARAMETERS, ionic_model
from aphyn_gui.recording import (
    FieldCounts,
    FieldTiming,
    PixelPotentials,
    Preparation,
    Recording,
    RecordingError,
    RectangularRoi,
    RegionCounts,
    field_timing,
    potentials_in,
    potentials_of,
)
from aphyn_gui.study.field_values import (
    FLAGS,
    LARGEST_REST,
    NOT_YET,
    FieldFit,
    FieldFitProgress,
    PixelFit,
    flag_words,
)

__all__ = ["FieldFit", "FieldFitProgress", "PixelFit", "PixelFitter", "run_field_fit"]

Floats = npt.NDArray[np.float64]
Map = npt.NDArray[np.float32]

_GAIN = 1e-4
"""Of recordings, the model misses more than noise: digits beyond a twentieth of a standard error
take half of the time."""
_ITERATIONS = 12

_DECISIVE = {
    parameter.name: (lowest, parameter.upper)
    for parameter, lowest in zip(STIMULUS_PARAMETERS[:2], (0.05, 2.0), strict=True)
}
"""A weaker or shorter stimulus would leave it to noise in v(0) whether a pixel fires."""


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
        field = FieldCounts(recording, preparation)
        self.timing: FieldTiming = field_timing(field)
        self.model = ionic_model(protocol.physics)
        self.names = protocol.learned_names
        self.units = tuple(self.model.parameter(name).unit for name in self.names)
        interval, samples = self.timing.frame_interval_ms, self.timing.window.sample_count
        self._problem = TrajectoryProblem(
            self.model, None, TimeGrid.covering(samples, interval, protocol.time_step_ms)
        )
        shared = self._fit_mean(field.source, protocol)
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
        found = self._mean_of(roi)
        if found is None:
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
            measured=found.voltages[0],
            model_time_ms=model_time,
            model=model,
        )

    def fit_mean(self, roi: RectangularRoi) -> PixelFit | None:
        """Fit the mean over a rectangle's usable pixels; None where there is none."""
        found = self._mean_of(roi)
        if found is None:
            return None
        voltage = found.voltages[0]
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
            flags=flag_words(
                bool(fits.weak[0].any()),
                bool(fits.at_bound[0].any()),
                not bool(fits.converged[0]),
                bool(_ends_early(found)[0]),
            ),
            time_ms=self.timing.time_ms,
            measured=voltage,
            model_time_ms=model_time,
            model=model,
        )

    def _mean_of(self, roi: RectangularRoi) -> PixelPotentials | None:
        return potentials_of(self.recording, roi, self.preparation, self.timing).mean

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
        field = FieldCounts(self.recording, self.preparation)
        started = time.perf_counter()
        for fraction, (found, fits) in field.each_band(self._fit_band, thread_count()):
            maps.put(found, fits)
            yield FieldFitProgress(
                fraction=fraction,
                pixels_per_s=fraction * maps.left_out.size / (time.perf_counter() - started),
                partial=maps.copy(),
            )
        return maps.copy()

    def _fit_band(self, region: RegionCounts) -> tuple[PixelPotentials, PixelFits | None]:
        found = potentials_in(region, self.preparation, self.timing)
        if not found.usable.any():
            return found, None
        with one_thread():
            fits = PixelFits.joined(
                list(self._solver.fit(torch.from_numpy(found.voltages[found.usable])))
            )
        return found, fits

    def _fit_mean(self, source: Recording, protocol: Protocol) -> PhysicsFit:
        """Stimulus, v(0) and starting values, from the mean over the patches."""
        parts = [
            potentials_of(source, roi, self.preparation, self.timing) for roi in self.timing.patches
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
        return drained(solver)


class _Maps:
    """Maps as they fill."""

    def __init__(self, fitter: PixelFitter) -> None:
        recording = fitter.recording
        shape = (recording.row_count, recording.column_count)
        self._fitter = fitter
        self._values = np.full((len(fitter.names), *shape), np.nan, dtype=np.float32)
        self._errors = self._values.copy()
        self._residual = np.full(shape, np.nan, dtype=np.float32)
        self._flags = np.zeros((len(FLAGS), *shape), dtype=np.bool_)
        self.left_out = np.full(shape, NOT_YET, dtype=np.int8)

    def put(self, found: PixelPotentials, fits: PixelFits | None) -> None:
        """Enter a band."""
        roi = found.roi
        self.left_out[roi.rows, roi.columns] = found.left_out.reshape(roi.height, roi.width)
        if fits is None:
            return
        rows, columns = np.divmod(np.flatnonzero(found.usable), roi.width)
        at = rows + roi.y, columns + roi.x
        self._values[(slice(None), *at)] = fits.values.T.numpy()
        self._errors[(slice(None), *at)] = fits.standard_errors.T.numpy()
        self._residual[at] = fits.mean_square_error.sqrt().numpy()
        self._flags[(slice(None), *at)] = (
            fits.weak.any(-1).numpy(),
            fits.at_bound.any(-1).numpy(),
            ~fits.converged.numpy(),
            _ends_early(found)[found.usable],
        )

    def copy(self) -> FieldFit:
        """What is there now."""
        weak, at_bound, unconverged, ends_early = self._flags.copy()
        return FieldFit(
            names=self._fitter.names,
            units=self._fitter.units,
            values=self._values.copy(),
            standard_errors=self._errors.copy(),
            residual=self._residual.copy(),
            weak=weak,
            at_bound=at_bound,
            unconverged=unconverged,
            ends_early=ends_early,
            left_out=self.left_out.copy(),
            shared=self._fitter.shared,
        )


def _ends_early(found: PixelPotentials) -> npt.NDArray[np.bool_]:
    return np.asarray(found.left_at_end > LARGEST_REST)


def run_field_fit(recording: Recording, preparation: Preparation, protocol: Protocol) -> FieldFit:
    """Fit every pixel without reporting progress.

    Raises
    ------
    RecordingError
        As `PixelFitter`.
    """
    return drained(PixelFitter(recording, preparation, protocol).fit_field())
