"""The numbers behind ``aphyn-gui benchmark``; how large they are is not a matter for a test."""

from __future__ import annotations

import json
import math
import os

import pytest
import torch

from aphyn_gui.hybrid import trajectory_reference
from aphyn_gui.study.benchmark import run_benchmark
from aphyn_gui.study.benchmark_work import (
    EPOCH_GRID,
    PIXEL_GRID,
    PixelField,
    TrainingEpoch,
    engine_threads,
    fit_pixels,
)


def test_all_promised_numbers_are_there() -> None:
    said: list[str] = []
    result = run_benchmark(said.append, quick=True)
    numbers = json.loads(json.dumps(result.as_dict()))
    for key in (
        "epoch_ms", "reference_epoch_ms", "reference_steps", "times_faster",
        "physics_pixels_per_s", "pixels", "cores", "elapsed_s",
    ):  # fmt: skip
        assert math.isfinite(numbers[key]), key
        assert numbers[key] > 0, key
    ratio = numbers["reference_epoch_ms"] / numbers["epoch_ms"]
    assert numbers["times_faster"] == pytest.approx(ratio)
    assert 0 <= numbers["pixels_flagged"] <= numbers["pixels"]
    assert "engine" in numbers["device"]
    for library in ("aphyn_gui", "python", "torch", "numpy", "llvmlite"):
        assert numbers[f"{library}_version"]
    assert said
    assert "extrapolated" in result.to_text()


def test_the_work_is_the_one_that_is_promised() -> None:
    epoch = TrainingEpoch()
    assert EPOCH_GRID.step_count == 3000
    assert epoch.initial.shape == (10, 2)
    assert epoch.initial.dtype is torch.float32
    assert epoch.network.weights.numel() == 465
    assert PIXEL_GRID.sample_count == 1 + 81
    assert PIXEL_GRID.step_count * PIXEL_GRID.time_step_ms == pytest.approx(300, abs=1)


def test_engine_and_reference_do_the_same_epoch() -> None:
    grid = type(EPOCH_GRID)(EPOCH_GRID.time_step_ms, EPOCH_GRID.steps_per_sample, 3)
    fused = TrainingEpoch(grid=grid)
    reference = TrainingEpoch(grid=grid, observe_with=trajectory_reference.observe)
    for _ in range(2):
        assert fused() == pytest.approx(reference(), rel=1e-5)


def test_pixels_without_noise_are_recovered() -> None:
    field = PixelField.random(8, noise=0.0, seed=3)
    fits = fit_pixels(field)
    assert not fits.flagged.any()
    torch.testing.assert_close(fits.values, field.truth, rtol=1e-3, atol=0)


@pytest.mark.parametrize("before", [None, "3"])
def test_threads_are_put_back(before: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    if before is None:
        monkeypatch.delenv("APHYN_THREADS", raising=False)
    else:
        monkeypatch.setenv("APHYN_THREADS", before)
    torch_before = torch.get_num_threads()
    with engine_threads(1):
        assert os.environ["APHYN_THREADS"] == "1"
        assert torch.get_num_threads() == 1
    assert os.environ.get("APHYN_THREADS") == before
    assert torch.get_num_threads() == torch_before
