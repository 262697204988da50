"""The reference trajectory: finite differences, closed forms, and the split of dv/dt."""

from __future__ import annotations

import math

import pytest
import torch
from trajectories import random_case

from aphyn_gui.hybrid import (
    INITIAL_VOLTAGE,
    Integrator,
    NetworkShape,
    TimeGrid,
    TrajectoryProblem,
    physical_names,
)
from aphyn_gui.hybrid import trajectory_reference as reference
from aphyn_gui.physics import MITCHELL_SCHAEFFER, MITCHELL_SCHAEFFER_SMOOTH, MODELS

SMALL = NetworkShape(features=3, blocks=2)


@pytest.mark.parametrize("integrator", Integrator)
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_every_gradient_agrees_with_finite_differences(model, integrator) -> None:
    case = random_case(model, integrator, SMALL, sequences=2, samples=3, sample_interval_ms=1.0)
    gradients = case.loss_gradients(reference, torch.float64)

    def loss(**changes: torch.Tensor) -> float:
        inputs = {
            "physical": case.physical, "weights": case.weights, "initial": case.initial, **changes
        }  # fmt: skip
        observed = reference.observe(case.problem, *inputs.values())
        squared = 3 * observed.squared_network.sum()
        return float((observed.voltage * case.cotangent).sum() + squared)

    for name in ("physical", "weights", "initial"):
        value = getattr(case, name)
        for position in range(value.numel()):
            scale = max(1e-6, 1e-6 * abs(float(value.flatten()[position])))
            moved = []
            for sign in (1, -1):
                changed = value.clone()
                changed.view(-1)[position] += sign * scale
                moved.append(loss(**{name: changed}))
            difference = (moved[0] - moved[1]) / (2 * scale)
            exact = float(gradients[name].flatten()[position])
            assert exact == pytest.approx(difference, rel=2e-5, abs=2e-7), (name, position)


@pytest.mark.parametrize("integrator", Integrator)
def test_sensitivities_agree_with_autograd(integrator) -> None:
    case = random_case(MITCHELL_SCHAEFFER_SMOOTH, integrator, None)
    names = ("tau_in", "tau_close", "stimulus_duration", INITIAL_VOLTAGE)
    found = reference.sensitivities(case.problem, case.physical, case.initial, names)
    physical = case.physical.clone().requires_grad_()
    initial = case.initial.clone().requires_grad_()
    voltage = reference.observe(case.problem, physical, None, initial).voltage
    torch.testing.assert_close(found.voltage, voltage.detach())
    positions = [physical_names(MITCHELL_SCHAEFFER_SMOOTH).index(name) for name in names[:-1]]
    for sequence in range(len(voltage)):
        for sample in range(1, voltage.shape[1]):
            gradient, initial_gradient = torch.autograd.grad(
                voltage[sequence, sample], (physical, initial), retain_graph=True
            )
            torch.testing.assert_close(
                found.derivative[sequence, sample],
                torch.cat((gradient[sequence, positions], initial_gradient[sequence, :1])),
                rtol=1e-10,
                atol=1e-12,
            )


@pytest.mark.parametrize("integrator", Integrator)
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_the_two_rates_add_up_to_the_change_of_v(model, integrator) -> None:
    case = random_case(model, integrator, SMALL, samples=10)
    run = reference.simulate(case.problem, case.physical, case.weights, case.initial)
    change = run.voltage.diff(dim=-1) / case.problem.grid.time_step_ms
    torch.testing.assert_close(run.physics_rate + run.network_rate, change, rtol=0, atol=1e-12)
    assert run.network_rate.abs().max() > 1e-3


def held_gate(step_ms: float, samples: int, tau_in: float, tau_out: float):
    """Mitchell-Schaeffer with the gate held at 1: tau_close without end, no stimulus."""
    values = dict(zip(MITCHELL_SCHAEFFER.parameter_names, MITCHELL_SCHAEFFER.values(), strict=True))
    values.update(tau_in=tau_in, tau_out=tau_out, tau_close=1e300, v_gate=-1.0)
    physical = torch.tensor([*values.values(), 0.0, 1.0, 0.0], dtype=torch.float64)
    grid = TimeGrid.covering(samples, 1.0, step_ms)
    problem = TrajectoryProblem(MITCHELL_SCHAEFFER, None, grid)
    initial = torch.tensor([[0.6, 1.0]], dtype=torch.float64)
    return reference.observe(problem, physical, None, initial).voltage[0]


def test_the_held_gate_tends_to_the_closed_form_plateau() -> None:
    # With h = 1, dv/dt = 0 where v (1 - v) = tau_in / tau_out.
    tau_in, tau_out = 0.3, 6.0
    plateau = (1 + math.sqrt(1 - 4 * tau_in / tau_out)) / 2
    voltage = held_gate(0.1, 60, tau_in, tau_out)
    assert float(voltage[-1]) == pytest.approx(plateau, abs=1e-12)


def test_the_held_gate_follows_the_implicit_closed_form() -> None:
    """With h = 1 the time between two potentials is an integral of partial fractions.

    dv/dt = -(v/tau_in)(v - a)(v - b) with a, b the roots of v^2 - v + tau_in/tau_out, hence
    -t/tau_in = ln(v)/(ab) + ln|v - a|/(a(a - b)) + ln|v - b|/(b(b - a)) + const.
    """
    tau_in, tau_out = 0.3, 6.0
    root = math.sqrt(1 - 4 * tau_in / tau_out)
    a, b = (1 - root) / 2, (1 + root) / 2

    def clock(v: float) -> float:
        return -tau_in * (
            math.log(v) / (a * b)
            + math.log(abs(v - a)) / (a * (a - b))
            + math.log(abs(v - b)) / (b * (b - a))
        )

    errors = []
    for step in (0.01, 0.005):
        voltage = held_gate(step, 3, tau_in, tau_out).tolist()
        errors.append(abs(clock(voltage[1]) - clock(voltage[0]) - 1.0))
    assert errors[1] < 2e-2
    assert errors[1] / errors[0] == pytest.approx(0.5, abs=0.1), "Euler is of first order"


def test_the_linearly_implicit_step_bears_what_euler_does_not() -> None:
    physical = torch.tensor([0.3, 6.0, 120.0, 150.0, 0.13, 0.5, 2.0, 0.0], dtype=torch.float64)
    initial = torch.tensor([[0.0, 1.0]], dtype=torch.float64)

    def run(integrator: Integrator, step_ms: float) -> torch.Tensor:
        grid = TimeGrid.covering(80, 3.7, step_ms)
        problem = TrajectoryProblem(MITCHELL_SCHAEFFER_SMOOTH, None, grid, integrator)
        return reference.observe(problem, physical, None, initial).voltage

    fine = run(Integrator.EULER, 0.01)
    error = (run(Integrator.LINEARLY_IMPLICIT, 0.37) - fine).square().mean().sqrt()
    euler = (run(Integrator.EULER, 0.37) - fine).square().mean().sqrt()
    assert error < 1e-3
    assert error < euler
    assert run(Integrator.LINEARLY_IMPLICIT, 0.925).abs().max() < 1.2


def test_the_stimulus_delivers_its_area_wherever_its_edges_fall() -> None:
    # Without currents v rises by amplitude times duration, also when the edges fall between steps.
    for onset, duration in ((0.0, 1.0), (0.03, 1.0), (0.27, 0.51)):
        physical = torch.tensor(
            [1e30, 1e30, 120.0, 150.0, 0.13, 0.5, duration, onset], dtype=torch.float64
        )
        grid = TimeGrid.covering(4, 1.0, 0.1)
        problem = TrajectoryProblem(MITCHELL_SCHAEFFER, None, grid)
        initial = torch.tensor([[0.0, 1.0]], dtype=torch.float64)
        voltage = reference.observe(problem, physical, None, initial).voltage
        assert float(voltage[0, -1]) == pytest.approx(0.5 * duration, abs=1e-12)


@pytest.mark.parametrize(
    ("interval", "longest", "steps"), [(3.7, 0.1, 37), (1.0, 0.1, 10), (0.25, 0.1, 3), (2, 5, 1)]
)
def test_observations_fall_on_steps(interval: float, longest: float, steps: int) -> None:
    grid = TimeGrid.covering(11, interval, longest)
    assert grid.steps_per_sample == steps
    assert grid.step_count * grid.time_step_ms == pytest.approx(10 * interval)
    assert grid.time_step_ms <= longest * (1 + 1e-6)


def test_weights_and_network_come_together() -> None:
    case = random_case(MITCHELL_SCHAEFFER, shape=None)
    with pytest.raises(ValueError, match="weights are given exactly when"):
        reference.observe(case.problem, case.physical, torch.zeros(3), case.initial)
