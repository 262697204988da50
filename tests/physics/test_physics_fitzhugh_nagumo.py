"""The rescaled FitzHugh-Nagumo model against FitzHugh's own equations."""

from __future__ import annotations

import numpy as np
import pytest
from model_rates import rates_at, values_within_bounds

from aphyn_gui.physics import FITZHUGH_NAGUMO


@pytest.mark.parametrize(("v", "w"), [(0.0, 0.0), (0.1, 0.02), (0.6, 0.1), (1.0, 0.0), (-0.2, 0.1)])
def test_it_is_fitzhughs_model_rescaled(v: float, w: float) -> None:
    a, b, c, time_unit = 0.7, 0.8, 3.0, 2.0
    # Rest: r = (a - x)/b in x - x^3/3 + r = 0. It is the only real root.
    roots = np.roots([-1 / 3, 0, 1 - 1 / b, a / b])
    (x0,) = roots[abs(roots.imag) < 1e-9].real
    r0 = (a - x0) / b
    x1, x2 = sorted(root.real for root in np.roots([-1 / 3, 0, 1, r0]))[:2]
    span = x0 - x1
    k = c * span**2 / 3 / time_unit
    found = rates_at(
        FITZHUGH_NAGUMO, v, w,
        k=k, v_threshold=(x0 - x2) / span, epsilon=1 / (k * time_unit**2), gamma=b * span**2 / 3,
    )  # fmt: skip

    x, r = x0 - span * v, r0 + w * span**3 / 3
    x_rate = c * (x - x**3 / 3 + r) / time_unit
    r_rate = -(x - a + b * r) / c / time_unit
    assert found == pytest.approx((-x_rate / span, 3 * r_rate / span**3), abs=1e-12)
    assert (x0 - x2) / span == pytest.approx(0.13, abs=1e-3)
    assert b * span**2 / 3 == pytest.approx(2.7, abs=1e-2)


def test_rest_is_the_only_equilibrium_and_stable_for_all_parameters() -> None:
    for values in values_within_bounds(FITZHUGH_NAGUMO, 200):
        a, gamma = values["v_threshold"], values["gamma"]
        # Off v = 0 the nullclines meet where (v - a)(1 - v) = 1/gamma.
        assert max(np.roots([-1, 1 + a, -a - 1 / gamma]).imag) > 0, values
        jacobian = values["k"] * np.array([[-a, -1], [0, 0]])
        jacobian += values["epsilon"] * np.array([[0, 0], [1, -gamma]])
        assert max(np.linalg.eigvals(jacobian).real) < 0, values
