"""Optics: polarity, noise, fading, blur and exposure, each seen alone."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from aphyn_gui.insilico import Camera, OpticsSettings, record_optically
from aphyn_gui.recording import Polarity

CLEAN = OpticsSettings(
    frame_interval_ms=2.0,
    lateral_blur_mm=0.0,
    depth_mm=0.0,
    vignetting=0.0,
    bleaching_per_s=0.0,
    noise_fraction=0.0,
    brightness_counts=40000.0,
    offset_counts=0.0,
)
REST = CLEAN.resting_mv
AMPLITUDE = CLEAN.amplitude_mv


def step_movie(samples: int = 400, rows: int = 8, columns: int = 8) -> np.ndarray:
    """At rest, then fully depolarised in the second half; samples of 1 ms."""
    movie = np.full((samples, rows, columns), REST)
    movie[samples // 2 :] += AMPLITUDE
    return movie


def test_fluorescence_falls_by_the_fractional_change() -> None:
    frames = record_optically(step_movie(), 1.0, 0.25, CLEAN)
    assert frames.shape == (200, 8, 8)
    assert frames.dtype == np.uint16
    assert (frames[:100] == 40000).all()
    assert (frames[100:] == 38000).all()


def test_noise_is_the_asked_fraction_of_the_amplitude_everywhere() -> None:
    settings = replace(CLEAN, noise_fraction=0.05, vignetting=0.5)
    frames = record_optically(step_movie(4000), 1.0, 0.25, settings).astype(float)
    noise = frames[:1000].std(axis=0)
    amplitude = frames[:1000].mean(axis=0) - frames[1000:].mean(axis=0)
    np.testing.assert_allclose((noise / amplitude), 0.05, rtol=0.12)
    assert (noise / amplitude).mean() == pytest.approx(0.05, rel=0.02)


def test_same_seed_same_movie() -> None:
    noisy = replace(CLEAN, noise_fraction=0.05)
    first = record_optically(step_movie(), 1.0, 0.25, noisy)
    np.testing.assert_array_equal(first, record_optically(step_movie(), 1.0, 0.25, noisy))
    assert (first != record_optically(step_movie(), 1.0, 0.25, replace(noisy, seed=1))).any()


def test_bleaching_fades_exponentially() -> None:
    rest = np.full((2000, 2, 2), REST)
    frames = record_optically(rest, 1.0, 0.25, replace(CLEAN, bleaching_per_s=0.1))
    seconds = (np.arange(1000) + 0.5) * 0.002
    np.testing.assert_allclose(frames[:, 0, 0], 40000 * np.exp(-0.1 * seconds), atol=0.6)


def test_light_is_uneven_and_never_more_than_asked() -> None:
    rest = np.full((4, 20, 30), REST)
    frames = record_optically(rest, 1.0, 0.25, replace(CLEAN, vignetting=0.4))
    assert frames.max() == 40000
    assert frames.min() == 24000


def test_lateral_blur_keeps_the_total_and_widens_a_point() -> None:
    movie = np.full((2, 21, 21), REST)
    movie[:, 10, 10] += AMPLITUDE
    settings = replace(CLEAN, lateral_blur_mm=0.5, fractional_change=0.9)
    drop = 40000.0 - record_optically(movie, 1.0, 0.25, settings)[0]
    assert drop.sum() == pytest.approx(0.9 * 40000, rel=2e-3)
    across = drop.sum(axis=0)
    width = np.sqrt((across * (np.arange(21) - 10) ** 2).sum() / across.sum())
    assert width * 0.25 == pytest.approx(0.5, rel=0.03)


def test_depth_makes_the_upstroke_exponential() -> None:
    settings = replace(
        CLEAN,
        frame_interval_ms=1.0,
        depth_mm=1.0,
        depth_velocity_mm_per_ms=0.25,
        fractional_change=0.9,
    )
    drop = 40000.0 - record_optically(step_movie(), 1.0, 0.25, settings)[:, 0, 0]
    since_ms = np.arange(1, 201)
    expected = 36000 * (1 - np.exp(-since_ms / 4.0))
    np.testing.assert_allclose(drop[200:], expected, atol=0.6)
    assert (drop[:200] == 0).all()


def test_camera_averages_over_exposures_of_any_length() -> None:
    samples = np.arange(1, 38)[:, None, None] * AMPLITUDE / 37 + REST
    settings = replace(CLEAN, frame_interval_ms=3.7, fractional_change=0.9)
    frames = record_optically(samples, 1.0, 0.25, settings)
    # Each sample stands for the millisecond before it.
    steps = np.repeat(np.arange(1, 38) / 37, 10).reshape(10, 37).mean(axis=1)
    np.testing.assert_allclose(frames[:, 0, 0], 40000 * (1 - 0.9 * steps), atol=0.6)


@pytest.mark.parametrize("interval", [1.0, 2.0, 3.7])
def test_a_camera_sees_the_same_in_pieces(interval: float) -> None:
    movie = np.random.default_rng(5).uniform(-85, 30, (101, 5, 6))
    settings = OpticsSettings(frame_interval_ms=interval, seed=3)
    camera = Camera(5, 6, 1.0, 0.25, settings)
    pieces = [camera.record(piece) for piece in np.split(movie, [1, 2, 9, 40])]
    whole = record_optically(movie, 1.0, 0.25, settings)
    np.testing.assert_array_equal(np.concatenate(pieces), whole)


def test_fluorescence_rises_where_the_dye_does() -> None:
    frames = record_optically(step_movie(), 1.0, 0.25, replace(CLEAN, polarity=Polarity.UP))
    assert (frames[100:] == 42000).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"frame_interval_ms": 0.0}, "frame_interval_ms"),
        ({"lateral_blur_mm": -0.1}, "lateral_blur_mm"),
        ({"fractional_change": 1.0}, "fractional_change"),
        ({"noise_fraction": float("inf")}, "noise_fraction"),
        ({"brightness_counts": 7e4}, "full scale"),
    ],
)
def test_impossible_settings_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(CLEAN, **change)


def test_impossible_movies_are_refused() -> None:
    with pytest.raises(ValueError, match="shape"):
        record_optically(np.zeros((4, 4)), 1.0, 0.25, CLEAN)
    with pytest.raises(ValueError, match="frame interval"):
        record_optically(step_movie(), 4.0, 0.25, CLEAN)
    with pytest.raises(ValueError, match="frame interval"):
        record_optically(step_movie(2), 0.5, 0.25, CLEAN)
    with pytest.raises(ValueError, match="pixel_pitch_mm"):
        record_optically(step_movie(), 1.0, 0.0, CLEAN)
