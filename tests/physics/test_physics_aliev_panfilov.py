"""The Aliev-Panfilov model against its publication."""

from __future__ import annotations

import pytest
from model_rates import rates_at

from aphyn_gui.physics import ALIEV_PANFILOV


@pytest.mark.parametrize(("u", "w"), [(0.05, 0.1), (0.5, 1.2), (0.95, 2.0)])
def test_rates_are_the_published_formula(u: float, w: float) -> None:
    a, b, k, mu1, mu2, eps = 0.01, 0.15, 8, 0.2, 0.3, 0.002
    voltage_rate, gate_rate = rates_at(ALIEV_PANFILOV, u, w)
    assert voltage_rate == pytest.approx((-k * u * (u - a) * (u - 1) - u * w) / 12.9)
    expected = (eps + mu1 * w / (mu2 + u)) * (-w - k * u * (u - b - 1)) / 12.9
    assert gate_rate == pytest.approx(expected)


def test_time_unit_k_and_epsilon_scale_together() -> None:
    # With w in units of k, hence not in v: the reason why only two of the three can be learned.
    v, w, factor = 0.6, 1.3, 1.7
    slow = rates_at(ALIEV_PANFILOV, v, w)
    scaled = {"time_unit": 12.9 * factor, "k": 8 * factor, "epsilon": 0.002 * factor}
    voltage_rate, gate_rate = rates_at(ALIEV_PANFILOV, v, w * factor, **scaled)
    assert voltage_rate == pytest.approx(slow[0])
    assert gate_rate == pytest.approx(slow[1] * factor)
    assert not set(scaled) <= set(ALIEV_PANFILOV.learned_by_default)


def test_there_is_no_pole_where_a_network_may_push_v() -> None:
    # Published, the recovery's speed is eps + mu1 w/(mu2 + v): infinite at v = -mu2.
    expected = (0.002 + 0.2 * 0.1 / 0.3) * (-0.1 + 8 * 0.3 * (-0.3 - 0.15 - 1)) / 12.9
    assert rates_at(ALIEV_PANFILOV, -0.3, 0.1)[1] == pytest.approx(expected)
