"""The fused CPU engine agrees with the reference, on this processor and on lesser ones."""

from __future__ import annotations

import logging
import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from trajectories import assert_gradients_agree, random_case, relative_error

from aphyn_gui.hybrid import (
    INITIAL_VOLTAGE,
    HybridModel,
    Integrator,
    NetworkShape,
    TimeGrid,
    trajectory,
    trajectory_cpu,
)
from aphyn_gui.hybrid import trajectory_reference as reference
from aphyn_gui.hybrid.cpu import compiler
from aphyn_gui.physics import MITCHELL_SCHAEFFER, MITCHELL_SCHAEFFER_SMOOTH, MODELS

TOLERANCE = {torch.float64: 1e-12, torch.float32: 1e-5}
SHAPES = (None, NetworkShape(), NetworkShape(4, 1), NetworkShape(12, 2))


@settings(derandomize=True, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(
    model=st.sampled_from(MODELS),
    integrator=st.sampled_from(list(Integrator)),
    shape=st.sampled_from(SHAPES),
    dtype=st.sampled_from(list(TOLERANCE)),
    stimulated=st.booleans(),
    sequences=st.integers(1, 19),
    seed=st.integers(0, 2**31),
)
def test_losses_and_gradients_are_the_references(
    model, integrator, shape, dtype, stimulated, sequences, seed
) -> None:
    case = random_case(
        model, integrator, shape, sequences=sequences, stimulated=stimulated, seed=seed
    )
    expected = case.loss_gradients(reference, torch.float64)
    found = case.loss_gradients(trajectory_cpu, dtype)
    assert_gradients_agree(found, expected, dtype)


@pytest.mark.parametrize("integrator", Integrator)
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_forecasts_and_sensitivities_are_the_references(model, integrator) -> None:
    case = random_case(model, integrator, NetworkShape(), sequences=11, samples=30)
    inputs = (case.problem, case.physical, case.weights, case.initial)
    for found, expected in zip(
        trajectory_cpu.simulate(*inputs), reference.simulate(*inputs), strict=True
    ):
        assert relative_error(found, expected) < 1e-12
    alone = replace(case.problem, network=None)
    names = (*model.learned_by_default, "stimulus_amplitude", "stimulus_onset", INITIAL_VOLTAGE)
    for found, expected in zip(
        trajectory_cpu.sensitivities(alone, case.physical, case.initial, names),
        reference.sensitivities(alone, case.physical, case.initial, names),
        strict=True,
    ):
        assert relative_error(found, expected) < 1e-12


@pytest.mark.parametrize("integrator", Integrator)
@pytest.mark.parametrize("pulse_end_ms", [0.0, 3.0, 7.4, 11.0, 1e6, math.nan])
def test_the_stimulus_is_left_out_only_after_its_end(integrator, pulse_end_ms) -> None:
    case = random_case(MITCHELL_SCHAEFFER_SMOOTH, integrator, None, sequences=5, samples=6)
    onset = case.problem.physical_names.index("stimulus_onset")
    physical = case.physical.clone()
    physical[:, onset] = 0.0
    # All pulses end earlier than one of them.
    physical[:, onset - 1] = torch.tensor([1.0, 0.0, 0.5, pulse_end_ms, 0.2])
    measured = torch.rand(5, 6, dtype=torch.float64)
    names = ("tau_in", "tau_close", "stimulus_amplitude", "stimulus_duration", INITIAL_VOLTAGE)
    inputs = (case.problem, physical, case.initial, measured, names)
    for found, expected in zip(
        trajectory_cpu.normal_equations(*inputs), reference.normal_equations(*inputs), strict=True
    ):
        torch.testing.assert_close(found, expected, rtol=1e-11, atol=1e-13, equal_nan=True)


@pytest.mark.parametrize("count", [1, 7, 16, 33])
def test_normal_equations_are_the_sums_of_sensitivities(count) -> None:
    case = random_case(MITCHELL_SCHAEFFER_SMOOTH, shape=None, sequences=count, samples=12)
    measured = torch.rand(count, 12, dtype=torch.float64)
    names = ("tau_in", "tau_out", "stimulus_onset")
    inputs = (case.problem, case.physical, case.initial)
    summed = trajectory_cpu.normal_equations(*inputs, measured, names)
    voltage, jacobian = trajectory_cpu.sensitivities(*inputs, names)
    residual = voltage - measured
    torch.testing.assert_close(summed.squared, (residual**2).sum(1))
    torch.testing.assert_close(summed.gradient, torch.einsum("ns,nsp->np", residual, jacobian))
    torch.testing.assert_close(summed.normal, torch.einsum("nsp,nsq->npq", jacobian, jacobian))


def test_one_set_of_parameters_serves_all_sequences() -> None:
    case = random_case(MITCHELL_SCHAEFFER, shape=NetworkShape())
    shared = replace(case, physical=case.physical[0])
    expected = shared.loss_gradients(reference, torch.float64)
    found = shared.loss_gradients(trajectory_cpu, torch.float64)
    assert found["physical"].shape == (len(case.problem.physical_names),)
    assert relative_error(found["physical"], expected["physical"]) < 1e-12


def test_the_same_numbers_come_from_one_thread_and_from_many(monkeypatch) -> None:
    case = random_case(MITCHELL_SCHAEFFER_SMOOTH, shape=NetworkShape(), sequences=50)
    results = []
    for threads in ("1", "2"):
        monkeypatch.setenv("APHYN_THREADS", threads)
        results.append(case.loss_gradients(trajectory_cpu, torch.float64))
    for name, value in results[0].items():
        assert relative_error(results[1][name], value) < 1e-13


def test_divergence_is_seen() -> None:
    case = random_case(MITCHELL_SCHAEFFER, shape=NetworkShape(), samples=40)
    wild = replace(case, weights=case.weights * 40)
    observed = trajectory_cpu.observe(wild.problem, wild.physical, wild.weights, wild.initial)
    assert not observed.voltage.isfinite().all()


@pytest.fixture
def other_kernels(monkeypatch, tmp_path: Path):
    """Kernels compiled anew, into a folder of their own."""
    monkeypatch.setenv("APHYN_KERNEL_CACHE", str(tmp_path / "kernels"))
    trajectory_cpu._kernels.cache_clear()
    trajectory._engine.cache_clear()
    yield tmp_path / "kernels"
    trajectory_cpu._kernels.cache_clear()
    trajectory._engine.cache_clear()


@pytest.mark.parametrize("width", [16, 32])
def test_narrower_processors_compute_the_same(monkeypatch, other_kernels, width: int) -> None:
    host = compiler.host_target()
    if not host.is_x86:
        pytest.skip("the narrower targets tried here are those of x86")
    features = "+avx2,+fma,-avx512f" if width == 32 else ""
    processor = "haswell" if width == 32 else "x86-64"
    target = compiler.Target(processor, features, width, True)
    monkeypatch.setattr(trajectory_cpu, "host_target", lambda: target)
    case = random_case(MITCHELL_SCHAEFFER_SMOOTH, shape=NetworkShape(4, 1), sequences=9)
    expected = case.loss_gradients(reference, torch.float64)
    for dtype, tolerance in TOLERANCE.items():
        found = case.loss_gradients(trajectory_cpu, dtype)
        for name, gradient in expected.items():
            assert relative_error(found[name], gradient) < 10 * tolerance, name


def test_a_damaged_cache_is_compiled_again(other_kernels) -> None:
    case = random_case(MITCHELL_SCHAEFFER, shape=NetworkShape(2, 1))
    first = case.loss_gradients(trajectory_cpu, torch.float64)
    (kernel,) = other_kernels.glob("*.o")
    intact = kernel.read_bytes()
    kernel.write_bytes(intact[: len(intact) // 2])
    trajectory_cpu._kernels.cache_clear()
    again = case.loss_gradients(trajectory_cpu, torch.float64)
    assert again["loss"] == first["loss"]
    assert kernel.read_bytes() == intact
    assert list(other_kernels.glob("*.tmp")) == []


def test_an_unwritable_cache_only_costs_time(monkeypatch, other_kernels) -> None:
    other_kernels.write_text("a file where the folder should be")
    case = random_case(MITCHELL_SCHAEFFER, shape=None)
    expected = case.loss_gradients(reference, torch.float64)
    found = case.loss_gradients(trajectory_cpu, torch.float64)
    assert relative_error(found["physical"], expected["physical"]) < 1e-12


def test_without_a_compiler_the_reference_takes_over(
    monkeypatch, other_kernels, caplog: pytest.LogCaptureFixture
) -> None:
    # LLVM meets text that is no module, as it would meet instructions it does not know.
    monkeypatch.setattr(trajectory_cpu, "kernel_module", lambda specification: "no module")
    with caplog.at_level(logging.WARNING):
        text = trajectory.engine_description(torch.device("cpu"))
    assert "slow" in text
    assert "slow reference engine" in caplog.text
    case = random_case(MITCHELL_SCHAEFFER, shape=NetworkShape(2, 1))
    found = case.loss_gradients(trajectory, torch.float64)
    expected = case.loss_gradients(reference, torch.float64)
    assert found["loss"] == expected["loss"]


def test_the_model_learns_through_the_engine() -> None:
    """Adam on a HybridModel returns to the parameter its data were made with."""
    names = (*MITCHELL_SCHAEFFER.parameter_names, "stimulus_amplitude", "stimulus_duration")
    truth = dict(zip(names, (0.3, 6.0, 120.0, 150.0, 0.13, 0.5, 2.0), strict=True))
    truth["stimulus_onset"] = 0.0
    bounds = {"tau_close": (2.0, 1000.0)}
    grid = TimeGrid.covering(60, 5.0, 0.1)
    initial = torch.tensor([[0.0, 1.0]])
    data = HybridModel(MITCHELL_SCHAEFFER_SMOOTH, truth, bounds, None)(initial, grid)
    model = HybridModel(MITCHELL_SCHAEFFER_SMOOTH, {**truth, "tau_close": 120.0}, bounds, None)
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-2)
    for _ in range(150):
        optimiser.zero_grad()
        loss = (model(initial, grid).voltage - data.voltage.detach()).square().mean()
        loss.backward()
        optimiser.step()
        model.keep_inside_bounds()
    assert model.parameter_values["tau_close"] == pytest.approx(150.0, rel=0.01)
