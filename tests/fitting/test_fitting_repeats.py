"""Fits from other random networks: how much of a result is the network's chance."""

from __future__ import annotations

import math

import numpy as np
import pytest
from known_defect import STEP_MS, with_known_defect
from simulated import noisy_sequences, sequence_set

from aphyn_gui.draining import drained
from aphyn_gui.fitting import (
    EX_VIVO,
    RECOMMENDED,
    Fit,
    Outcome,
    Progress,
    ProtocolError,
    Stage,
    fit,
)
from aphyn_gui.fitting.repeats import spread_of
from aphyn_gui.recording import SequenceSet

EVERY_STEPS = 40


@pytest.fixture(scope="module")
def with_defect() -> SequenceSet:
    """Ten noisy sequences of a model with a field that no parameter can stand for."""
    v, _, _ = with_known_defect(4e-3)
    generator = np.random.default_rng(1)
    clean = v[::EVERY_STEPS]
    noisy = clean + 0.01 * generator.standard_normal((15, len(clean)))
    return sequence_set(noisy, EVERY_STEPS * STEP_MS, 10)


def run(sequences: SequenceSet, **changes: object) -> tuple[Fit, list[Progress]]:
    reports: list[Progress] = []
    found = drained(fit(sequences, RECOMMENDED.with_changes(**changes)), reports.append)
    return found, reports


def test_the_spread_over_networks_is_part_of_every_interval(with_defect: SequenceSet) -> None:
    result, reports = run(with_defect, repeats=2)
    assert result.mean_square_f_dl > 0
    done = [report.epoch for report in reports if report.stage is Stage.REPEATING]
    assert sorted(set(done)) == [0, 1]
    others = [run(with_defect, repeats=0, seed=seed)[0] for seed in (1000, 2000)]
    assert result.uncertainty is not None
    for name, estimate in result.uncertainty.estimates.items():
        if math.isnan(estimate.lower):
            continue
        values = [found.parameters[name] for found in (result, *others)]
        wanted = np.std(np.log(values) if estimate.is_log else values, ddof=1)
        assert estimate.network_error == pytest.approx(wanted, rel=1e-6)
        assert estimate.standard_error >= estimate.network_error > 0
    assert "other random networks" in result.uncertainty.method


def test_the_fit_itself_is_the_same_with_and_without_repeats(with_defect: SequenceSet) -> None:
    alone, reports = run(with_defect, repeats=0)
    repeated, _ = run(with_defect, repeats=1)
    assert all(report.stage is not Stage.REPEATING for report in reports)
    assert repeated.parameters == alone.parameters
    assert alone.uncertainty is not None
    assert all(math.isnan(e.network_error) for e in alone.uncertainty.estimates.values())


def test_a_silent_network_has_no_spread() -> None:
    result, reports = run(noisy_sequences(seed=2), repeats=3)
    assert result.mean_square_f_dl == 0
    assert all(report.stage is not Stage.REPEATING for report in reports)
    assert result.uncertainty is not None
    found = [e for e in result.uncertainty.estimates.values() if not math.isnan(e.lower)]
    assert found
    assert all(estimate.network_error == 0 for estimate in found)


def test_cancelling_the_repeats_keeps_the_fit(with_defect: SequenceSet) -> None:
    is_repeating = False
    training = fit(
        with_defect, RECOMMENDED.with_changes(repeats=5), should_stop=lambda: is_repeating
    )
    while True:
        try:
            is_repeating = next(training).stage is Stage.REPEATING
        except StopIteration as stop:
            result: Fit = stop.value
            break
    assert result.outcome is Outcome.CANCELLED
    assert result.parameters == run(with_defect, repeats=0)[0].parameters


def test_the_spread_is_of_the_logarithm_where_bounds_allow() -> None:
    fits = [{"tau": 1.0, "level": 1.0}, {"tau": math.e, "level": 3.0}]
    spread = spread_of(fits, {"tau": (0.1, 10.0), "level": (-5.0, 5.0)})
    assert spread == pytest.approx({"tau": math.sqrt(0.5), "level": math.sqrt(2.0)})


@pytest.mark.parametrize("changes", [{"repeats": -1}, {"repeats": 51}])
def test_absurd_numbers_of_repeats_are_refused(changes: dict[str, int]) -> None:
    with pytest.raises(ProtocolError, match="repeated 0 to 50 times"):
        RECOMMENDED.with_changes(**changes)


def test_adam_is_not_repeated() -> None:
    with pytest.raises(ProtocolError, match="least squares are repeated"):
        EX_VIVO.with_changes(repeats=1)
