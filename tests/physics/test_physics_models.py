"""Ionic models: parameters, bounds, and rates against their published formulas."""

from __future__ import annotations

import math

import pytest
import sympy
from model_rates import rates_at, values_within_bounds

from aphyn_gui.physics import (
    MITCHELL_SCHAEFFER,
    MITCHELL_SCHAEFFER_SMOOTH,
    MODELS,
    IonicModel,
    Parameter,
    PhysicsError,
    Stimulus,
    ionic_model,
)


def test_mitchell_schaeffer_has_the_published_values() -> None:
    defaults = dict(
        zip(MITCHELL_SCHAEFFER.parameter_names, MITCHELL_SCHAEFFER.values(), strict=True)
    )
    assert defaults == {
        "tau_in": 0.3, "tau_out": 6.0, "tau_open": 120.0, "tau_close": 150.0, "v_gate": 0.13,
    }  # fmt: skip
    assert MITCHELL_SCHAEFFER.learned_by_default == ("tau_in", "tau_out", "tau_close")


@pytest.mark.parametrize(("v", "h"), [(0.05, 0.4), (0.5, 0.9), (0.95, 0.2)])
def test_mitchell_schaeffer_rates_are_the_published_formula(v: float, h: float) -> None:
    voltage_rate, gate_rate = rates_at(MITCHELL_SCHAEFFER, v, h)
    assert voltage_rate == pytest.approx(h * v * v * (1 - v) / 0.3 - v / 6)
    assert gate_rate == pytest.approx((1 - h) / 120 if v < 0.13 else -h / 150)


def test_the_smooth_gate_equals_the_hard_one_away_from_the_threshold() -> None:
    for v in (0.0, 0.05, 0.25, 0.9):
        hard = rates_at(MITCHELL_SCHAEFFER, v, 0.6)
        assert rates_at(MITCHELL_SCHAEFFER_SMOOTH, v, 0.6) == pytest.approx(hard, abs=5e-6)


def test_the_smooth_gate_is_halfway_at_the_threshold() -> None:
    _, gate_rate = rates_at(MITCHELL_SCHAEFFER_SMOOTH, 0.13, 0.6)
    assert gate_rate == pytest.approx((0.4 / 120 - 0.6 / 150) / 2)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_every_model_rests_at_zero(model: IonicModel) -> None:
    voltage_rate, gate_rate = rates_at(model, 0.0, model.resting_gate)
    assert abs(voltage_rate) < 1e-6
    assert abs(gate_rate) < 1e-6


@pytest.mark.parametrize(
    "model",
    # The smooth gate is shut at v = 0 only from v_gate = 0.04 on; its bounds begin at 0.02.
    [model for model in MODELS if model is not MITCHELL_SCHAEFFER_SMOOTH],
    ids=lambda model: model.name,
)
def test_rest_is_an_equilibrium_for_all_parameters(model: IonicModel) -> None:
    for values in values_within_bounds(model, 40):
        assert rates_at(model, 0.0, model.resting_gate, **values) == pytest.approx((0, 0), abs=1e-9)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_every_parameter_explains_itself(model: IonicModel) -> None:
    for parameter in model.parameters:
        assert parameter.meaning.endswith(".")
        assert parameter.source
    assert set(model.learned_by_default) <= set(model.parameter_names)
    assert model.learned_by_default


def test_values_outside_their_bounds_are_refused_by_name() -> None:
    with pytest.raises(PhysicsError, match=r"tau_in = 50 ms lies outside its bounds, 0.1 to 3 ms"):
        MITCHELL_SCHAEFFER.values({"tau_in": 50.0})
    with pytest.raises(PhysicsError, match="no parameter 'tau_inn'; it has tau_in"):
        MITCHELL_SCHAEFFER.values({"tau_inn": 0.3})


def test_an_unknown_model_names_those_that_exist() -> None:
    with pytest.raises(PhysicsError, match="choose one of: mitchell_schaeffer"):
        ionic_model("hodgkin_huxley")


def test_a_model_with_an_undeclared_symbol_is_refused() -> None:
    model = IonicModel(
        name="broken", title="Broken", source="none",
        parameters=(Parameter("k", "1/ms", 1.0, 0.1, 2.0, "A rate.", "none", learned=True),),
        rates=lambda v, h, p: (p["k"] * v * sympy.Symbol("stray"), -h),
    )  # fmt: skip
    with pytest.raises(PhysicsError, match="stray, which is neither a state nor a parameter"):
        _ = model.rate_expressions


@pytest.mark.parametrize(("lower", "upper"), [(2.0, 3.0), (math.nan, 1.0), (1.0, 1.0)])
def test_a_parameter_needs_bounds_around_its_default(lower: float, upper: float) -> None:
    with pytest.raises(PhysicsError):
        Parameter("k", "", 1.0, lower, upper, "A number.", "none")


@pytest.mark.parametrize(
    "bad", [{"amplitude_per_ms": -1.0}, {"duration_ms": 0.0}, {"onset_ms": math.nan}]
)
def test_an_impossible_stimulus_is_refused(bad: dict[str, float]) -> None:
    with pytest.raises(PhysicsError, match="stimulus"):
        Stimulus(**bad)


@pytest.mark.parametrize("name", ["n", "dt", "v", "stimulus_onset", "tau-in", "", "τ"])
def test_names_that_the_equations_cannot_hold_are_refused(name: str) -> None:
    parameter = Parameter(name, "1/ms", 1.0, 0.1, 2.0, "A rate.", "none")
    with pytest.raises(PhysicsError, match="model m: "):
        IonicModel("m", "M", "none", (parameter,), lambda v, h, p: (-v, -h))
