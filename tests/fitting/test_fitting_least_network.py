"""The split of a forecast that leaves the least to the network."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from simulated import STIMULUS, noisy_sequences

from aphyn_gui.draining import drained
from aphyn_gui.fitting import RECOMMENDED, Errors, Fit, Protocol, fit
from aphyn_gui.fitting.credibility import network_warnings
from aphyn_gui.fitting.least_network import (
    LeastNetwork,
    least_network,
    other_split,
    other_values,
)
from aphyn_gui.insilico.demo import demo_recording_path
from aphyn_gui.physics import Stimulus
from aphyn_gui.recording import Preparation, RectangularRoi, cut_sequences, open_recording

PHYSICS = RECOMMENDED.with_changes(network=None, stimulus=Stimulus(*STIMULUS), learn_stimulus=False)


@pytest.fixture(scope="module")
def physics_fit() -> Fit:
    return drained(fit(noisy_sequences(), PHYSICS))


@pytest.mark.parametrize(("by_in", "by_out", "by_close"), [(1.8, 0.6, 1.4), (0.5, 3.0, 0.8)])
def test_parameters_that_need_no_network_are_found(
    physics_fit: Fit, by_in: float, by_out: float, by_close: float
) -> None:
    """A physics-only trajectory, told as that of other parameters with a network."""
    true = physics_fit.parameters
    told = true | {
        "tau_in": by_in * true["tau_in"],
        "tau_out": by_out * true["tau_out"],
        "tau_close": by_close * true["tau_close"],
    }
    found = least_network(PHYSICS, told, physics_fit.forecast)
    for name in PHYSICS.learned_names:
        assert found.values[name] == pytest.approx(true[name], rel=1e-3)
    assert found.size < 1e-3


def test_where_there_is_no_network_nothing_is_gained(physics_fit: Fit) -> None:
    forecast = physics_fit.forecast
    found = least_network(PHYSICS, physics_fit.parameters, forecast)
    assert found.values == pytest.approx(
        {name: physics_fit.parameters[name] for name in PHYSICS.learned_names}, rel=1e-3
    )
    assert found.size <= 1


def test_values_stay_within_their_bounds(physics_fit: Fit) -> None:
    narrow = PHYSICS.with_changes(bounds={"tau_close": (2.0, 100.0), "tau_in": (0.5, 3.0)})
    told = physics_fit.parameters | {"tau_close": 60.0, "tau_in": 2.0}
    found = least_network(narrow, told, physics_fit.forecast)
    # But for the rounding of a logarithm.
    assert found.values["tau_close"] <= 100.0 * (1 + 1e-12)
    assert found.values["tau_in"] >= 0.5 * (1 - 1e-12)
    assert 0 < found.size < 1


def test_the_learned_stimulus_may_be_slower(physics_fit: Fit) -> None:
    learned: Protocol = PHYSICS.with_changes(learn_stimulus=True)
    told = physics_fit.parameters | {"stimulus_amplitude": 1.0, "stimulus_duration": 0.5}
    found = least_network(learned, told, physics_fit.forecast)
    pulse = found.values["stimulus_amplitude"] * found.values["stimulus_duration"]
    assert pulse == pytest.approx(STIMULUS[0] * STIMULUS[1], rel=0.05)
    # The end of the pulse lies within one step: its length is found by its edges, not exactly.
    assert found.size < 0.3


def test_a_forecast_that_is_not_finite_is_no_reason_to_fail(physics_fit: Fit) -> None:
    voltage = physics_fit.forecast.voltage.copy()
    voltage[-5:] = np.nan
    broken = replace(physics_fit.forecast, voltage=voltage)
    assert least_network(PHYSICS, physics_fit.parameters, broken).size == 1


def test_another_split_is_told_where_it_needs_much_less() -> None:
    values = {"tau_in": 0.3, "tau_out": 6.0, "tau_close": 150.0}
    other = {"tau_in": 2.73, "tau_out": 6.1, "tau_close": 100.0}
    others = other_values(PHYSICS, values, LeastNetwork(other, 0.16))
    assert others == {"tau_in": "2.73 ms", "tau_close": "100 ms"}
    words = other_split(others, 0.16)
    assert words == (
        "tau_in 2.73 ms and tau_close 100 ms would need 16% of it for the same forecast. Take "
        "neither set for properties of the tissue."
    )
    assert other_values(PHYSICS, values, LeastNetwork(other, 0.7)) == {}
    assert other_values(PHYSICS, values, LeastNetwork(values, 0.2)) == {}
    assert other_split({}, 0.2) == ""
    error = Errors(1e-3, 1e-3)
    (warning,) = network_warnings(0.46, {"tau_in": 0.6}, error, error, words)
    assert warning == f"The network carries 46% of dv/dt and does work of tau_in: {words}"


def test_a_fit_in_a_corner_identifies_no_time_constant() -> None:
    """Normal tissue of the demo: a steep plateau that the network holds down."""
    recording = open_recording(demo_recording_path())
    sequences = cut_sequences(
        recording, RectangularRoi(x=8, y=30, width=8, height=8), Preparation()
    )
    found = drained(fit(sequences, RECOMMENDED.with_changes(repeats=0)))
    least = least_network(found.protocol, found.parameters, found.forecast)
    assert least.size < 0.5
    assert found.uncertainty is not None
    for name in ("tau_in", "tau_out"):
        estimate = found.uncertainty.estimates[name]
        assert not estimate.identified
        assert estimate.reason.endswith("of the network")
    assert "would need" in found.warnings[0]
    assert "neither set" in found.warnings[0]
