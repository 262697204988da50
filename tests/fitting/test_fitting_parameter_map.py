"""Thousands of pixels: each as an independent optimiser would fit it, or flagged."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.optimize
import torch
from simulated import STIMULUS

from aphyn_gui.fitting.least_squares import Unknown
from aphyn_gui.fitting.parameter_map import PixelFits, PixelSolver
from aphyn_gui.hybrid import TimeGrid, TrajectoryProblem, observe
from aphyn_gui.physics import MITCHELL_SCHAEFFER_SMOOTH

NAMES = ("tau_in", "tau_out", "tau_close")
UNKNOWNS = tuple(
    Unknown(p.name, p.lower, p.upper)
    for p in map(MITCHELL_SCHAEFFER_SMOOTH.parameter, NAMES)
)  # fmt: skip
PROBLEM = TrajectoryProblem(MITCHELL_SCHAEFFER_SMOOTH, None, TimeGrid(0.1, 37, 82))
FIXED = dict(
    zip(PROBLEM.physical_names, (*MITCHELL_SCHAEFFER_SMOOTH.values(), *STIMULUS), strict=True)
)
POSITIONS = [PROBLEM.physical_names.index(name) for name in NAMES]
REST = torch.tensor([0.0, 1.0], dtype=torch.float64)


def voltages(truth: torch.Tensor) -> torch.Tensor:
    physical = torch.tensor([list(FIXED.values())], dtype=torch.float64).repeat(len(truth), 1)
    physical[:, POSITIONS] = truth
    return observe(PROBLEM, physical, None, REST.repeat(len(truth), 1)).voltage


def field(pixels: int, noise: float, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """True values and noisy traces."""
    generator = torch.Generator().manual_seed(seed)
    logs = 0.8 * torch.rand(pixels, 3, generator=generator, dtype=torch.float64) - 0.4
    truth = torch.tensor([0.3, 6.0, 150.0], dtype=torch.float64) * logs.exp()
    clean = voltages(truth)
    noisy = clean + noise * torch.randn(clean.shape, generator=generator, dtype=torch.float64)
    noisy[:, 0] = clean[:, 0]
    return truth, noisy


@pytest.fixture(scope="module")
def solver() -> PixelSolver:
    return PixelSolver(PROBLEM, FIXED, UNKNOWNS, REST)


def test_noise_free_pixels_return_their_values(solver) -> None:
    truth, clean = field(200, 0.0)
    fits = PixelFits.joined(list(solver.fit(clean)))
    assert not fits.flagged.any()
    torch.testing.assert_close(fits.values, truth, rtol=2e-3, atol=0)


def test_each_pixel_is_at_an_independent_optimum_or_flagged(solver) -> None:
    truth, noisy = field(400, 0.05, seed=1)
    fits = PixelFits.joined(list(solver.fit(noisy)))
    assert fits.values.isfinite().all()
    trusted = (~fits.flagged).nonzero().squeeze(-1)
    assert len(trusted) > 200
    bounds = np.log([[u.lower, u.upper] for u in UNKNOWNS]).T
    for pixel in trusted[:40].tolist():
        found = scipy.optimize.least_squares(
            lambda x, pixel=pixel: (
                voltages(torch.from_numpy(np.exp(x))[None])[0] - noisy[pixel]
            ).numpy(),
            truth[pixel].log().numpy(),
            bounds=bounds,
            xtol=1e-10,
            ftol=1e-12,
            gtol=1e-12,
        )
        np.testing.assert_allclose(fits.values[pixel].numpy(), np.exp(found.x), rtol=0.01)


def test_values_that_give_the_same_trace_are_flagged_not_chosen(solver) -> None:
    """A slow inward current can hide behind the stimulus: two minima a factor of 2.4 apart."""
    truth, noisy = field(1000, 0.01, seed=2)
    fits = PixelFits.joined(list(solver.fit(noisy)))
    far = (fits.values / truth).log().abs() > 0.5
    assert (far & ~fits.weak).any(-1).sum() <= 2
    assert far.any(-1).sum() >= 10
    # tau_close is the same at both minima, or nearly so.
    assert fits.weak[:, 2].sum() < 0.3 * fits.weak[:, 0].sum()


def test_standard_errors_are_the_scatter_of_repeats(solver) -> None:
    clean = voltages(torch.tensor([[0.2, 8.0, 120.0]], dtype=torch.float64))
    generator = torch.Generator().manual_seed(3)
    noise = torch.randn(600, clean.shape[1], generator=generator, dtype=torch.float64)
    fits = PixelFits.joined(list(solver.fit(clean + 0.01 * noise)))
    scatter = fits.values.std(0)
    stated = fits.standard_errors.median(0).values
    torch.testing.assert_close(stated, scatter, rtol=0.15, atol=0)


def test_a_trace_without_an_action_potential_is_flagged(solver) -> None:
    generator = torch.Generator().manual_seed(4)
    noise = 0.05 * torch.randn(20, 82, generator=generator, dtype=torch.float64)
    fits = PixelFits.joined(list(solver.fit(noise)))
    assert fits.flagged.all()


def test_measurements_that_are_no_numbers_are_flagged(solver) -> None:
    _, noisy = field(20, 0.01)
    sound = PixelFits.joined(list(solver.fit(noisy)))
    noisy[3, 10] = torch.nan
    noisy[4] = torch.inf
    fits = PixelFits.joined(list(solver.fit(noisy)))
    assert fits.flagged[[3, 4]].all()
    torch.testing.assert_close(fits.values[5:], sound.values[5:])
    torch.testing.assert_close(fits.weak[5:], sound.weak[5:])


def test_every_pixel_is_answered_in_order(solver) -> None:
    _, noisy = field(101, 0.01, seed=7)
    together = PixelFits.joined(list(solver.fit(noisy)))
    alone = PixelFits.joined([next(iter(solver.fit(row[None]))) for row in noisy[::25]])
    torch.testing.assert_close(together.values[::25], alone.values, rtol=1e-3, atol=0)


def test_a_field_that_is_given_up_leaves_no_work_behind(solver) -> None:
    _, noisy = field(64, 0.05)
    batches = solver.fit(noisy)
    next(batches)
    batches.close()
    with pytest.raises(StopIteration):
        next(batches)
