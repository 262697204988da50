import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from recording_samples import action_potential

from aphyn_gui.recording import Normalisation
from aphyn_gui.recording.normalisation import limits, normalise

sequences = arrays(
    np.float64,
    st.tuples(st.integers(1, 5), st.integers(9, 80)),
    elements=st.floats(-1e5, 1e5, width=32),
    unique=True,
)


@given(values=sequences)
def test_minimum_and_maximum_span_zero_to_one(
    values: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
) -> None:
    voltages = normalise(values, *limits(values, Normalisation.MIN_MAX))

    np.testing.assert_allclose(voltages.min(axis=1), 0, atol=1e-12)
    np.testing.assert_allclose(voltages.max(axis=1), 1, atol=1e-12)


@given(
    values=sequences,
    gain=st.floats(0.01, 100),
    offset=st.floats(-1e4, 1e4),
    how=st.sampled_from(list(Normalisation)),
)
def test_gain_and_offset_of_the_camera_do_not_matter(
    values: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    gain: float,
    offset: float,
    how: Normalisation,
) -> None:
    lower, upper = limits(values, how)
    changed_lower, changed_upper = limits(gain * values + offset, how)

    np.testing.assert_allclose(changed_lower, gain * lower + offset, rtol=1e-6, atol=1e-3)
    np.testing.assert_allclose(changed_upper, gain * upper + offset, rtol=1e-6, atol=1e-3)
    assert (lower <= upper).all()


@pytest.mark.parametrize(("duration_ms", "samples"), [(40, 120), (200, 300)])
def test_robust_limits_come_closer_to_the_signal(duration_ms: float, samples: int) -> None:
    clean = action_potential(np.arange(samples) - 4.0, duration_ms)
    noise = np.random.default_rng(0).normal(scale=0.1, size=(400, samples))
    error = {
        how: np.abs(
            np.mean(np.stack(limits(clean + noise, how)), axis=1) - [clean.min(), clean.max()]
        )
        for how in Normalisation
    }

    assert (error[Normalisation.ROBUST] < 0.5 * error[Normalisation.MIN_MAX]).all()
    assert (error[Normalisation.ROBUST] < 0.08).all()
