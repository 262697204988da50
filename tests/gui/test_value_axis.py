"""The axis around a parameter's values: few labels, far enough apart to be read."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aphyn_gui.gui.learned import LearnedParameter
from aphyn_gui.gui.value_axis import axis_around
from aphyn_gui.physics import MITCHELL_SCHAEFFER_SMOOTH

TAU_IN = MITCHELL_SCHAEFFER_SMOOTH.parameter("tau_in")
LOG = LearnedParameter(TAU_IN, 0.01, 100.0)
LINEAR = LearnedParameter(TAU_IN, 0.0, 10.0)


@pytest.mark.parametrize("parameter", [LOG, LINEAR])
@given(ends=st.tuples(st.floats(0.02, 9.9), st.floats(0.02, 9.9)))
def test_labels_are_few_inside_and_apart(
    parameter: LearnedParameter, ends: tuple[float, float]
) -> None:
    axis = axis_around(parameter, ends)
    places = [place for place, _ in axis.ticks[0]]
    span = axis.high - axis.low
    assert 1 <= len(places) <= 6
    assert all(axis.low - 1e-9 <= place <= axis.high + 1e-9 for place in places)
    assert all(gap >= 0.19 * span for gap in np.diff(places))
    shown = [math.log10(end) for end in ends] if parameter.is_log else list(ends)
    assert axis.low <= min(shown)
    assert max(shown) <= axis.high
