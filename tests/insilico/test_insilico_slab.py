"""Simulated slabs: ischaemia, output, progress, cancelling, settings that make no sense."""

from dataclasses import FrozenInstanceError, replace
from typing import Any

import numpy as np
import pytest

from aphyn_gui.insilico import (
    Disc,
    IschaemicRegion,
    Rectangle,
    SimulationError,
    SlabProgress,
    SlabSettings,
    Stimulus,
    run_slab,
    simulate_slab,
)

PULSE = Stimulus(Rectangle(0, 0, 2, 3), time_ms=1.0, duration_ms=2.0, strength_mv_per_ms=50.0)
SMALL = SlabSettings(rows=2, columns=8, duration_ms=3.0, stimuli=(PULSE,), time_step_ms=0.02)


def duration_at(level_mv: float, potential: np.ndarray) -> int:
    """Number of 1 ms frames above a potential."""
    return int((potential > level_mv).sum())


def test_ischaemic_part_has_a_shorter_action_potential_and_is_still_excited() -> None:
    settings = replace(
        SMALL,
        rows=2,
        columns=48,
        duration_ms=380.0,
        ischaemia=IschaemicRegion(Rectangle(0, 24, 2, 24)),
    )
    potential = run_slab(settings).potential_mv[:, 0]
    normal, ischaemic = potential[:, 8], potential[:, 42]
    assert ischaemic.max() > 0.0
    assert np.argmax(normal > -40) < np.argmax(ischaemic > -40)
    ratio = duration_at(-65.0, ischaemic) / duration_at(-65.0, normal)
    assert 0.55 < ratio < 0.75
    assert potential[-1].max() < -75.0


def test_conduction_velocity_is_that_of_human_ventricle() -> None:
    settings = replace(SMALL, columns=64, duration_ms=26.0, output_interval_ms=0.1)
    result = run_slab(settings)
    activation = result.times_ms[np.argmax(result.potential_mv[:, 0] > -40, axis=0)]
    velocity = (50 - 20) * settings.spacing_mm / (activation[50] - activation[20])
    # Ten Tusscher and Panfilov 2006: about 0.7 mm/ms for this diffusion.
    assert velocity == pytest.approx(0.7, abs=0.05)


def test_resting_tissue_stays_at_rest() -> None:
    potential = run_slab(replace(SMALL, stimuli=(), duration_ms=20.0)).potential_mv
    assert potential.max() < -84.0
    assert potential.min() > -86.0


def test_frames_come_when_asked() -> None:
    settings = replace(SMALL, duration_ms=6.0, output_start_ms=2.0, output_interval_ms=0.5)
    late, full = run_slab(settings), run_slab(replace(settings, output_start_ms=0.0))
    np.testing.assert_allclose(late.times_ms, np.arange(2.5, 6.01, 0.5))
    assert late.potential_mv.shape == (8, 2, 8)
    assert late.potential_mv.dtype == np.float32
    np.testing.assert_array_equal(late.potential_mv, full.potential_mv[4:])


def test_progress_rises_to_one() -> None:
    reports: list[SlabProgress] = list(simulate_slab(SMALL))
    fractions = [report.fraction for report in reports]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert reports[-1].remaining_s == 0.0
    assert reports[-1].time_ms == pytest.approx(3.0)
    assert all(report.elapsed_s > 0 for report in reports)


def test_closing_the_generator_cancels_a_long_simulation() -> None:
    simulation = simulate_slab(replace(SMALL, duration_ms=1e5))
    assert next(simulation).fraction < 1e-3
    simulation.close()
    with pytest.raises(StopIteration):
        next(simulation)


def test_a_simulation_that_leaves_the_model_says_so() -> None:
    brutal = replace(SMALL, stimuli=(replace(PULSE, strength_mv_per_ms=1e4),))
    with pytest.raises(SimulationError, match="stimulus is too strong"):
        run_slab(brutal)


def test_region_changes_smoothly_over_its_border_and_not_at_the_slab_edge() -> None:
    region = IschaemicRegion(Rectangle(0, 10, 6, 10), border_mm=1.0)
    weight = region.weight(6, 20, 0.25)
    assert (weight[:, :7] == 0).all()
    assert (weight[:, 13:] == 1).all()
    assert (np.diff(weight[0]) >= 0).all()
    assert ((weight[0] > 0) & (weight[0] < 1)).sum() == 4
    disc = IschaemicRegion(Disc(10, 10, 5), border_mm=1.0).weight(21, 21, 0.25)
    assert disc[10, 10] == 1
    assert disc[10, 15] == pytest.approx(0.5)
    assert disc[0, 0] == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rows": 0}, "needs nodes"),
        ({"spacing_mm": 0.0}, "spacing_mm"),
        ({"duration_ms": float("nan")}, "duration_ms"),
        ({"diffusion_mm2_per_ms": -1.0}, "diffusion_mm2_per_ms"),
        ({"time_step_ms": 0.2}, "stable up to 0.101 ms"),
        ({"output_interval_ms": 0.05}, "multiple of time_step_ms"),
        ({"output_start_ms": 2.5}, "nothing would be stored"),
        ({"columns": 2}, "the stimulus at .* outside the slab"),
        ({"ischaemia": IschaemicRegion(Rectangle(1, 0, 2, 2))}, "ischaemic region .* outside"),
        ({"ischaemia": IschaemicRegion(Disc(1, 9, 2))}, "ischaemic region .* outside"),
    ],
)
def test_impossible_settings_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(SMALL, **change)


def test_impossible_parts_are_refused() -> None:
    with pytest.raises(ValueError, match="rectangle"):
        Rectangle(0, 0, 0, 3)
    with pytest.raises(ValueError, match="radius"):
        Disc(1, 1, 0)
    with pytest.raises(ValueError, match="time_ms of a stimulus"):
        replace(PULSE, time_ms=-1.0)
    with pytest.raises(ValueError, match="sodium_factor"):
        IschaemicRegion(Disc(1, 1, 1), sodium_factor=-0.1)


def test_settings_are_values() -> None:
    assert replace(SMALL) == SMALL
    assert hash(SMALL) == hash(replace(SMALL))
    with pytest.raises(FrozenInstanceError):
        SMALL.rows = 3  # type: ignore[misc]
