"""The course of one fit: physics by least squares, then the hybrid by Adam."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Mapping
from datetime import UTC, datetime
from functools import partial

import numpy as np
import torch
from torch import Tensor

from aphyn_gui import __version__
from aphyn_gui.fitting.bookkeeping import HistoryRecorder, WorkingClock
from aphyn_gui.fitting.device_choice import choose_device
from aphyn_gui.fitting.fit import Errors, Fit, FitForecast, Outcome, Provenance
from aphyn_gui.fitting.forecasts import forecast_of
from aphyn_gui.fitting.hybrid_adam import AdamTraining
from aphyn_gui.fitting.hybrid_least_squares import fit_hybrid
from aphyn_gui.fitting.judgement import judge
from aphyn_gui.fitting.physics_fit import PhysicsFit, fit_physics, starting_values
from aphyn_gui.fitting.progress import Detail, Progress, Stage
from aphyn_gui.fitting.protocol import Optimiser, Protocol
from aphyn_gui.fitting.repeats import fit_other_networks, spread_of
from aphyn_gui.fitting.training_data import TrainingData
from aphyn_gui.hybrid import (
    HybridModel,
    Integrator,
    NetworkShape,
    ResidualNetwork,
    TimeGrid,
    TrajectoryProblem,
    observe,
    simulate,
)
from aphyn_gui.physics import ionic_model
from aphyn_gui.recording import SequenceSet


class Training:
    """One fit while it runs; ``run`` drains into a ``Fit``.

    Parameters
    ----------
    sequences, protocol, should_stop
        As in ``fit``.
    """

    def __init__(
        self, sequences: SequenceSet, protocol: Protocol, should_stop: Callable[[], bool]
    ) -> None:
        self._sequences = sequences
        self._protocol = protocol
        self._should_stop = should_stop
        self._model = ionic_model(protocol.physics)
        self._data = TrainingData.of(sequences, protocol.initial_voltage, self._model.resting_gate)
        self._grid = TimeGrid.covering(
            sequences.voltages.shape[1], sequences.sample_interval_ms, protocol.time_step_ms
        )
        self._physics_problem = TrajectoryProblem(self._model, None, self._grid, Integrator.EULER)
        self._device, self._device_text = choose_device(
            protocol, len(sequences.training) + len(sequences.validation)
        )
        self._clock = WorkingClock()
        self._started_at = datetime.now(UTC).isoformat(timespec="seconds")
        self._recorder = HistoryRecorder(tuple(protocol.unknowns))

    def run(self) -> Generator[Progress, None, Fit]:
        """Train, reporting after every iteration and epoch."""
        physics = yield from self._fit_physics()
        if self._protocol.network is None:
            outcome = Outcome.CANCELLED if self._should_stop() else Outcome.FINISHED
            return self._result(physics, self._module(physics.values, None), outcome)
        model = self._hybrid_model(physics)
        if self._protocol.optimiser is Optimiser.ADAM:
            outcome = yield from self._train(model)
            return self._result(physics, model, outcome)
        outcome = yield from self._solve(model)
        spread: dict[str, float] | None = None
        if outcome is Outcome.FINISHED and self._protocol.repeats:
            spread, outcome = yield from self._repeat(physics, model)
        return self._result(physics, model, outcome, spread)

    def _fit_physics(self) -> Generator[Progress, None, PhysicsFit]:
        solver = fit_physics(self._physics_problem, self._protocol, self._data)
        stage_started = self._clock.running_s
        while True:
            try:
                latest = next(solver)
            except StopIteration as stop:
                latest = stop.value
                break
            record = self._protocol.network is None
            if record:
                self._recorder.add(latest.values, latest.mean_square_error, math.nan, 0.0, math.nan)
            yield from self._report(
                Stage.PHYSICS,
                epoch=latest.iteration,
                epochs=latest.iterations,
                rate=latest.iteration / (self._clock.running_s - stage_started),
                values=latest.values,
                errors=Errors(latest.mean_square_error, math.nan),
                mean_square_f_dl=0.0,
                lambda_=math.nan,
                forecast=partial(self._physics_forecast, latest),
            )
            if self._should_stop():
                solver.close()
                break
        if latest.initial_voltage is not None:
            self._data = self._data.starting_at(latest.initial_voltage)
        return latest

    def _train(self, model: HybridModel) -> Generator[Progress, None, Outcome]:
        """The paper's training; the model is left in its last finite state."""
        protocol = self._protocol
        training = AdamTraining(
            model,
            self._data,
            self._grid,
            learning_rate=protocol.learning_rate,
            lambda_=protocol.initial_lambda,
            lambda_growth=protocol.lambda_growth,
        )
        stage_started = self._clock.running_s
        for number in range(1, protocol.epochs + 1):
            if self._should_stop():
                training.settle()
                return Outcome.CANCELLED
            epoch = training.epoch()
            if epoch is None:
                return Outcome.DIVERGED
            errors = epoch.errors
            numbers = (errors.training_mse, errors.validation_mse, epoch.mean_square_f_dl)
            self._recorder.add(epoch.values, *numbers, epoch.lambda_)
            yield from self._report(
                Stage.HYBRID,
                epoch=number,
                epochs=protocol.epochs,
                rate=number / (self._clock.running_s - stage_started),
                values=epoch.values,
                errors=errors,
                mean_square_f_dl=epoch.mean_square_f_dl,
                lambda_=epoch.lambda_,
                forecast=partial(self._hybrid_forecast, model),
            )
        return Outcome.FINISHED if training.settle() else Outcome.DIVERGED

    def _solve(self, model: HybridModel) -> Generator[Progress, None, Outcome]:
        """Least squares; each accepted state is finite."""
        data, protocol = self._data, self._protocol
        initial = data.mean_initial.double()
        solver = fit_hybrid(
            model,
            data.training,
            initial,
            self._grid,
            protocol.learned_names,
            protocol.epochs,
            protocol.seed,
        )
        stage_started = self._clock.running_s
        for state in solver:
            with torch.no_grad():
                voltage = model(initial, self._grid).voltage
            errors = data.errors_of_one(voltage)
            values = model.parameter_values
            numbers = (errors.training_mse, errors.validation_mse, state.mean_square_f_dl)
            self._recorder.add(values, *numbers, state.lambda_)
            yield from self._report(
                Stage.HYBRID,
                epoch=state.iteration,
                epochs=protocol.epochs,
                rate=state.iteration / (self._clock.running_s - stage_started),
                values=values,
                errors=errors,
                mean_square_f_dl=state.mean_square_f_dl,
                lambda_=state.lambda_,
                forecast=partial(self._hybrid_forecast, model),
            )
            if self._should_stop():
                return Outcome.CANCELLED
        return Outcome.FINISHED

    def _repeat(
        self, physics: PhysicsFit, model: HybridModel
    ) -> Generator[Progress, None, tuple[dict[str, float] | None, Outcome]]:
        """The spread over networks, which is nil where evidence left the network silent."""
        data, protocol = self._data, self._protocol
        initial = data.mean_initial.double()
        with torch.no_grad():
            observed = model(initial, self._grid)
        mean_square = float(observed.squared_network.mean())
        if mean_square == 0:
            return dict.fromkeys(protocol.unknowns, 0.0), Outcome.FINISHED
        errors = data.errors_of_one(observed.voltage)
        values = model.parameter_values
        others = fit_other_networks(
            lambda seed: self._hybrid_model(physics, seed),
            data.training,
            initial,
            self._grid,
            protocol.learned_names,
            protocol.epochs,
            protocol.seed,
            protocol.repeats,
        )
        stage_started = self._clock.running_s
        while True:
            try:
                done = next(others)
            except StopIteration as stop:
                found = [values, *stop.value]
                return spread_of(found, protocol.unknowns), Outcome.FINISHED
            yield from self._report(
                Stage.REPEATING,
                epoch=done,
                epochs=protocol.repeats,
                rate=max(done, 0.5) / (self._clock.running_s - stage_started),
                values=values,
                errors=errors,
                mean_square_f_dl=mean_square,
                lambda_=math.nan,
                forecast=partial(self._hybrid_forecast, model),
            )
            if self._should_stop():
                return None, Outcome.CANCELLED

    def _hybrid_model(self, physics: PhysicsFit, seed: int | None = None) -> HybridModel:
        settings = self._protocol.network
        assert settings is not None
        network = ResidualNetwork(
            NetworkShape(settings.features, settings.blocks),
            settings.output_gain,
            self._protocol.seed if seed is None else seed,
            self._precision,
            settings.sees_gate,
        )
        start = physics.values if self._protocol.warm_start else starting_values(self._protocol)
        return self._module(start, network).to(self._device)

    def _module(self, values: Mapping[str, float], network: ResidualNetwork | None) -> HybridModel:
        dtype = torch.float32 if network is None else self._precision
        return HybridModel(self._model, values, self._protocol.unknowns, network, dtype)

    @property
    def _precision(self) -> torch.dtype:
        """Least squares square the condition number; Adam is content with single precision."""
        least_squares = self._protocol.optimiser is Optimiser.LEAST_SQUARES
        return torch.float64 if least_squares else torch.float32

    def _report(
        self,
        stage: Stage,
        *,
        epoch: int,
        epochs: int,
        rate: float,
        values: Mapping[str, float],
        errors: Errors,
        mean_square_f_dl: float,
        lambda_: float,
        forecast: Callable[[], FitForecast],
    ) -> Generator[Progress, None, None]:
        """Yield one report; the time until the generator is resumed does not count."""
        progress = Progress(
            stage=stage,
            epoch=epoch,
            epochs=epochs,
            elapsed_s=self._clock.running_s,
            remaining_s=(epochs - epoch) / rate,
            epochs_per_s=rate,
            device=self._device_text,
            sequences=self._sequences,
            parameters={name: values[name] for name in self._protocol.unknowns},
            training_mse=errors.training_mse,
            validation_mse=errors.validation_mse,
            mean_square_f_dl=mean_square_f_dl,
            lambda_=lambda_,
            detail=lambda: Detail(forecast(), self._recorder.history()),
        )
        with self._clock.stopped():
            yield progress

    def _physics_forecast(self, physics: PhysicsFit) -> FitForecast:
        data, start = self._data, physics.initial_voltage
        initial = (data if start is None else data.starting_at(start)).mean_initial.double()
        physical = self._physical(physics.values)
        return forecast_of(simulate(self._physics_problem, physical, None, initial), self._grid)

    def _hybrid_forecast(self, model: HybridModel) -> FitForecast:
        initial = self._data.mean_initial.to(self._device, model.free.dtype)
        return forecast_of(model.simulate(initial, self._grid), self._grid)

    def _physical(self, values: Mapping[str, float]) -> Tensor:
        names = self._physics_problem.physical_names
        return torch.tensor([values[name] for name in names], dtype=torch.float64)

    @torch.no_grad()
    def _physics_errors(self, values: Mapping[str, float]) -> Errors:
        data = self._data
        initial = torch.cat((data.training_initial, data.validation_initial)).double()
        observed = observe(self._physics_problem, self._physical(values), None, initial)
        return data.errors_of(observed.voltage)

    @torch.no_grad()
    def _result(
        self,
        physics: PhysicsFit,
        model: HybridModel,
        outcome: Outcome,
        network_spread: Mapping[str, float] | None = None,
    ) -> Fit:
        data = self._data
        physics_errors = self._physics_errors(physics.values)
        physics_forecast = self._physics_forecast(physics)
        if model.network is None:
            hybrid_errors, forecast, mean_square = physics_errors, physics_forecast, 0.0
            parameters = dict(physics.values)
            weights = {}
        else:
            initial = torch.cat((data.training_initial, data.validation_initial))
            initial = initial.to(self._device, model.free.dtype)
            observed = model(initial, self._grid)
            hybrid_errors = data.errors_of(observed.voltage)
            mean_square = float(observed.squared_network[: len(data.training)].mean())
            forecast = self._hybrid_forecast(model)
            parameters = model.parameter_values
            weights = {
                name: value.detach().cpu().numpy().copy()
                for name, value in model.network.state_dict().items()
            }
        message = {
            Outcome.FINISHED: "",
            Outcome.CANCELLED: "cancelled; the last finite model is kept",
            Outcome.DIVERGED: (
                f"training diverged at epoch {self._recorder.epochs + 1}; the last finite model "
                "is kept. Lower the learning rate or lambda's growth, or narrow the bounds."
            ),
        }[outcome]
        judged = judge(
            model,
            self._protocol,
            self._sequences,
            data.mean_initial,
            self._grid,
            parameters,
            forecast,
            outcome=outcome,
            errors=(hybrid_errors, physics_errors),
            physics_converged=physics.converged,
            network_spread=network_spread,
        )
        return Fit(
            outcome=outcome,
            message=message,
            protocol=self._protocol,
            sequences=self._sequences,
            parameters=parameters,
            physics_parameters=dict(physics.values),
            physics_converged=physics.converged,
            hybrid=hybrid_errors,
            physics=physics_errors,
            mean_trace=data.mean_trace_errors(),
            mean_square_f_dl=mean_square,
            forecast=forecast,
            physics_forecast=physics_forecast,
            history=self._recorder.history(),
            network_weights=weights,
            uncertainty=judged.uncertainty,
            network_share=judged.network_share,
            overlaps=judged.overlaps,
            warnings=judged.warnings,
            provenance=Provenance(
                package_version=__version__,
                torch_version=torch.__version__,
                numpy_version=np.__version__,
                device=self._device_text,
                started_at=self._started_at,
                elapsed_s=self._clock.running_s,
            ),
        )
