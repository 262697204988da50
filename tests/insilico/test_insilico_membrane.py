"""The compiled, tabulated membrane against the equations' package and a published simulator."""

from pathlib import Path

import numpy as np
import pytest
from ten_tusscher_panfilov_2006 import ops

from aphyn_gui.insilico import IschaemicRegion, Rectangle, SlabSettings, Stimulus, run_slab
from aphyn_gui.insilico.ten_tusscher import TRAITS
from aphyn_gui.insilico.tissue import tissue_traits


def package_cell(traits: np.ndarray, duration_ms: float, dt: float) -> np.ndarray:
    """Potential of one cell by the package's own step, in plain Python; stimulus as below."""
    parameters = ops.get_parameters() | dict(zip(TRAITS, traits.tolist(), strict=True))
    katp = parameters.pop("gKATP")
    state = ops.get_variables()
    potential = []
    for step in range(round(duration_ms / dt)):
        if step * dt < 1.0:
            state["u"] += dt * 50.0
        u, ki = state["u"], state["ki"]
        ek = ops.calc_Ek(parameters["Ko"], ki, *(parameters[n] for n in "RTF"))
        rate, *rest = ops.ionic_step(dt, **state, **parameters)
        added = katp * (u - ek)
        state = dict(zip(state, [u + dt * (rate - added), *rest], strict=True))
        state["ki"] -= dt * added * parameters["Cm"] / (parameters["Vc"] * parameters["F"])
        potential.append(state["u"])
    return np.array(potential)


@pytest.mark.parametrize("ischaemia", [None, IschaemicRegion(Rectangle(0, 0, 1, 1))])
def test_tables_follow_the_package_through_an_action_potential(
    ischaemia: IschaemicRegion | None,
) -> None:
    dt, duration = 0.02, 400.0
    settings = SlabSettings(
        rows=1,
        columns=1,
        duration_ms=duration,
        time_step_ms=dt,
        output_interval_ms=dt,
        stimuli=(Stimulus(Rectangle(0, 0, 1, 1), time_ms=0.0, strength_mv_per_ms=50.0),),
        ischaemia=ischaemia,
    )
    ours = run_slab(settings).potential_mv[:, 0, 0]
    package = package_cell(tissue_traits(1, 1, 0.25, ischaemia)[0, 0], duration, dt)
    assert package.max() > 10.0
    assert package[-1] < -75.0
    assert np.abs(ours - package).max() < 0.01


def finitewave_run(corner: int, start_ms: float, frames: int) -> np.ndarray:
    """Our version of a run of the simulator finitewave, which stimulated for 101 steps."""
    stimulus = Stimulus(Rectangle(corner, corner, 5, 5), time_ms=0.0, duration_ms=1.01)
    return run_slab(
        SlabSettings(24, 24, start_ms + frames, (stimulus,), output_start_ms=start_ms)
    ).potential_mv


def test_upstroke_agrees_with_finitewave_away_from_the_edges(shared_data: Path) -> None:
    theirs = np.load(shared_data / "tp06_slab24_finitewave" / "valid.npy")[:2]
    ours = finitewave_run(corner=10, start_ms=0.0, frames=2)
    # Until the wave meets the edges, which the simulator places half a node further in.
    inner = np.s_[:, 4:-4, 4:-4]
    assert theirs[inner].max() > 20.0
    assert np.abs(ours - theirs)[inner].max() < 0.01


def test_activation_and_plateau_agree_with_finitewave(shared_data: Path) -> None:
    # From its fourth frame on the simulator's output is one step late (its clock sums steps).
    theirs = np.load(shared_data / "tp06_slab24_finitewave" / "train.npy")[3:24]
    ours = finitewave_run(corner=0, start_ms=3.01, frames=21)
    inner = np.s_[:, 5:-5, 5:-5]
    # The front crosses these nodes in the first frames; 2 mV are 0.01 ms there.
    assert theirs[inner][0].min() < -80.0
    assert theirs[inner][-1].min() > 15.0
    assert np.abs(ours - theirs)[inner].max() < 2.0
    assert np.abs(ours - theirs)[10:].max() < 0.5
