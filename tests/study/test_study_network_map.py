"""F_dl over the (v, h) plane, and where in the beat the physics falls short."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from dataclasses import replace

import numpy as np
import pytest
from scipy.interpolate import RegularGridInterpolator

from aphyn_gui.draining import drained
from aphyn_gui.fitting import RECOMMENDED, Fit, FitForecast, fit
from aphyn_gui.physics import MITCHELL_SCHAEFFER_SMOOTH
from aphyn_gui.recording import Polarity, Preparation, SequenceSet
from aphyn_gui.study import StudyError
from aphyn_gui.study.export.plane_figure import network_plane
from aphyn_gui.study.network_map import has_network_map, network_map, shortfall_sentence, shortfalls

STEP_MS, INTERVAL_MS, SAMPLES = 0.1, 2.0, 150
SIZE = -0.01


def defective_trace() -> tuple[np.ndarray, tuple[float, float]]:
    """An action potential that lacks a current near (v, h) = (0.75, 0.31), and when it does."""
    truth = {"tau_in": 0.35, "tau_out": 7.0, "tau_close": 120.0}
    tau_in, tau_out, tau_open, tau_close, v_gate = MITCHELL_SCHAEFFER_SMOOTH.values(truth)
    v, h, samples, missing = 0.0, 1.0, [], []
    steps = round(INTERVAL_MS / STEP_MS)
    for index in range(SAMPLES * steps):
        if index % steps == 0:
            samples.append(v)
        pulse = 0.25 if 0.5 <= index * STEP_MS < 4.5 else 0.0
        far = ((h - 0.31) / 0.05) ** 2 + ((v - 0.75) / 0.15) ** 2
        missing.append(SIZE * math.exp(-far / 2))
        x = min(max((v - v_gate) / 0.04, -1.0), 1.0)
        above = (2 + 3 * x - x**3) / 4
        v_rate = h * v**2 * (1 - v) / tau_in - v / tau_out + pulse + missing[-1]
        opening = (1 - h) / tau_open
        v, h = v + STEP_MS * v_rate, h + STEP_MS * (opening + above * (-h / tau_close - opening))
    strong = np.flatnonzero(np.array(missing) < SIZE / 2)
    return np.array(samples), (strong[0] * STEP_MS, strong[-1] * STEP_MS)


def fitted(trace: np.ndarray, noise: float) -> Fit:
    voltages = trace + noise * np.random.default_rng(0).normal(size=(15, trace.size))
    sequences = SequenceSet(
        voltages=voltages, sample_interval_ms=INTERVAL_MS,
        rows=np.zeros(15, dtype=np.int64), columns=np.arange(15),
        activation_ms=np.zeros(15), lower=np.zeros(15), upper=np.ones(15), snr=np.full(15, 99.0),
        training=np.arange(10), validation=np.arange(10, 15), left_out=(),
        cycle_length_ms=400.0, polarity=Polarity.UP, preparation=Preparation(), notes=(),
    )  # fmt: skip
    return drained(fit(sequences, RECOMMENDED.with_changes(epochs=40)))


@pytest.fixture(scope="module")
def known() -> tuple[Fit, tuple[float, float]]:
    trace, when = defective_trace()
    return fitted(trace, 0.01), when


def test_a_known_defect_is_found_in_its_place(known: tuple[Fit, tuple[float, float]]) -> None:
    result, (start, end) = known
    found = [s for s in shortfalls(result.forecast) if s.start_ms < end and s.end_ms > start]
    late = next(s for s in found if s.phase == "late plateau")
    assert late.start_ms == pytest.approx(start, abs=15)
    assert late.end_ms == pytest.approx(end, abs=15)
    assert SIZE * 1.5 < late.peak_per_ms < SIZE / 3
    assert "late plateau, " in shortfall_sentence(result)


def test_the_map_agrees_with_the_forecast_along_its_way(
    known: tuple[Fit, tuple[float, float]],
) -> None:
    result, _ = known
    assert network_map(result).rate.shape == (101, 131)
    found = network_map(result, voltages=1301, gates=501)
    at = RegularGridInterpolator((found.gate, found.voltage), found.rate)
    covered = found.path_voltage <= found.voltage[-1]
    along = at(np.stack((found.path_gate, found.path_voltage), axis=-1)[covered])
    np.testing.assert_array_equal(found.path_rate, result.forecast.network_rate)
    largest = np.abs(found.path_rate).max()
    np.testing.assert_allclose(along, found.path_rate[covered], atol=0.02 * largest)


def forecast(network: np.ndarray) -> FitForecast:
    """Upstroke to 10 ms, plateau, repolarisation about 200 ms; F_dl as given."""
    time = np.arange(3001) * STEP_MS
    voltage = np.interp(time, [0, 5, 10, 180, 220, 300], [0, 0, 1, 0.8, 0, 0])
    rate = np.diff(voltage) / STEP_MS
    return FitForecast(time, voltage, np.ones_like(time), rate - network, network)


def hill(peak: float, centre_ms: float, width_ms: float) -> np.ndarray:
    time = np.arange(3000) * STEP_MS
    return peak * np.exp(-0.5 * ((time - centre_ms) / width_ms) ** 2)


@pytest.mark.parametrize(
    ("centre", "phase"),
    [(7, "upstroke"), (40, "early plateau"), (150, "late plateau"), (211, "repolarisation"),
     (260, "rest")],
)  # fmt: skip
def test_a_stretch_is_named_by_its_part_of_the_beat(centre: float, phase: str) -> None:
    (found,) = shortfalls(forecast(hill(-0.05, centre, 0.8)))
    assert found.phase == phase
    assert found.peak_per_ms == pytest.approx(-0.05, rel=1e-3)
    # A tenth of a bell lies beyond 1.28 widths from its middle.
    assert found.start_ms == pytest.approx(centre - 1.03, abs=0.2)
    assert found.end_ms == pytest.approx(centre + 1.03, abs=0.2)
    assert found.integral == pytest.approx(-0.05 * 0.8 * math.sqrt(2 * math.pi), rel=1e-2)


def test_the_largest_come_first_and_small_ones_are_not_told() -> None:
    rate = hill(0.004, 60, 8) + hill(-0.01, 150, 8) + hill(0.0002, 260, 8)
    found = shortfalls(forecast(rate))
    assert [s.phase for s in found] == ["late plateau", "early plateau"]
    assert [s.peak_per_ms > 0 for s in found] == [False, True]
    assert found[0].sentence.startswith("late plateau, 140–160 ms: F_dl up to −0.01 per ms, ")


def test_a_spike_does_not_hide_what_goes_on_after_it() -> None:
    time = np.arange(3000) * STEP_MS
    rate = hill(-0.06, 8, 1) - 0.02 * ((time > 8) & (time < 90))
    (found,) = shortfalls(forecast(rate))
    assert found.phase == "upstroke to early plateau"
    assert found.peak_per_ms == pytest.approx(-0.08, rel=0.3)
    assert found.start_ms < 12
    assert found.end_ms > 75


def test_of_many_small_stretches_the_largest_is_told() -> None:
    rate = sum(hill(0.01 * (-1) ** k, 30 + 20 * k, 2 + 0.05 * (k == 5)) for k in range(12))
    (found,) = shortfalls(forecast(np.asarray(rate)))
    assert found.start_ms < 130 < found.end_ms


def test_a_silent_network_falls_short_nowhere() -> None:
    assert shortfalls(forecast(np.zeros(3000))) == ()
    assert shortfalls(forecast(hill(1e-5, 150, 5))) == ()


def test_without_a_network_nothing_is_claimed(known: tuple[Fit, tuple[float, float]]) -> None:
    alone = replace(known[0], protocol=RECOMMENDED.with_changes(network=None))
    assert "was not looked for" in shortfall_sentence(alone)
    with pytest.raises(StudyError, match="fit it with a network"):
        network_map(alone)


def test_the_map_covers_every_state_that_was_visited(
    known: tuple[Fit, tuple[float, float]],
) -> None:
    result, _ = known
    voltage = np.array(result.forecast.voltage)
    voltage[10], voltage[20] = 1.433, -0.234
    found = network_map(replace(result, forecast=replace(result.forecast, voltage=voltage)))
    assert found.voltage[[0, -1]] == pytest.approx([-0.25, 1.45])
    assert found.gate[[0, -1]] == pytest.approx([0.0, 1.0])
    usual = replace(result.forecast, voltage=np.clip(voltage, 0, 1))
    assert network_map(replace(result, forecast=usual)).voltage[[0, -1]].tolist() == [-0.1, 1.2]


def test_a_drawn_plane_has_shapes_and_no_bitmap(known: tuple[Fit, tuple[float, float]]) -> None:
    root = ET.fromstring(network_plane(known[0]))
    names = [element.tag.rpartition("}")[2] for element in root.iter()]
    assert names.count("path") > 20
    assert names.count("circle") > 2
    assert "image" not in names
    words = " ".join(root.itertext())
    assert "F_dl (1/ms)" in words
    assert "0 ms" in words


def test_weights_of_another_network_are_said_and_left_out(
    known: tuple[Fit, tuple[float, float]],
) -> None:
    damaged = replace(known[0], network_weights={"weights": np.ones(20, dtype=np.float32)})
    assert has_network_map(known[0])
    assert not has_network_map(damaged)
    with pytest.raises(StudyError, match=r"needs \d+ weights and has 20"):
        network_map(damaged)
