"""The modified Mitchell-Schaeffer model against its publication."""

from __future__ import annotations

import pytest
from model_rates import rates_at

from aphyn_gui.physics import MODIFIED_MITCHELL_SCHAEFFER


@pytest.mark.parametrize(("v", "h"), [(0.05, 0.4), (0.5, 0.9), (0.95, 0.2)])
def test_rates_are_the_published_formula_away_from_the_gate(v: float, h: float) -> None:
    voltage_rate, gate_rate = rates_at(MODIFIED_MITCHELL_SCHAEFFER, v, h, v_crit=0.1)
    expected = h * v * (v - 0.1) * (1 - v) / 0.3 - (1 - h) * v / 6
    assert voltage_rate == pytest.approx(expected)
    assert gate_rate == pytest.approx((1 - h) / 120 if v < 0.13 else -h / 150, rel=1e-2)


def test_the_gate_is_halfway_at_its_threshold() -> None:
    _, gate_rate = rates_at(MODIFIED_MITCHELL_SCHAEFFER, 0.13, 0.6)
    assert gate_rate == pytest.approx((0.4 / 120 - 0.6 / 150) / 2, abs=1e-7)


def test_rest_is_exact_even_with_the_lowest_gate() -> None:
    lowest = {"v_gate": 0.05, "tau_close": 2.0}
    assert rates_at(MODIFIED_MITCHELL_SCHAEFFER, 0.0, 1.0, **lowest) == (0.0, 0.0)


def test_v_falls_below_the_threshold_and_rises_above_it() -> None:
    for v, sign in ((0.1, -1), (0.16, 1)):
        voltage_rate, _ = rates_at(MODIFIED_MITCHELL_SCHAEFFER, v, 1.0)
        assert voltage_rate * sign > 0
