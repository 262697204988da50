"""Every cleaning step together: whatever is asked for, the answer is sound or says why not."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recording_samples import movie, recording_of

from aphyn_gui.recording import (
    FrameRepair,
    Mask,
    Preparation,
    RecordingError,
    RectangularRoi,
    SmoothBaseline,
    TemporalFilter,
    TemporalKind,
    prepare_region,
)

ROI = RectangularRoi(1, 1, 4, 4)

temporal_filters = st.one_of(
    st.builds(
        TemporalFilter,
        st.just(TemporalKind.SAVITZKY_GOLAY),
        frames=st.sampled_from([5, 9, 21]),
        order=st.integers(0, 4),
    ),
    st.builds(TemporalFilter, st.just(TemporalKind.MEDIAN), frames=st.sampled_from([3, 9, 51])),
    st.builds(TemporalFilter, st.just(TemporalKind.GAUSSIAN), sigma_ms=st.floats(0.01, 100)),
    st.builds(TemporalFilter, st.just(TemporalKind.BUTTERWORTH), cut_off_hz=st.floats(1, 1000)),
)


def drawn_mask() -> Mask:
    return Mask.everything(6, 6).without_polygon([(1, 1), (4, 1), (1, 4)])


@settings(max_examples=30)
@given(
    setting=st.fixed_dictionaries(
        {
            "cut_start_ms": st.none() | st.floats(0, 600),
            "cut_end_ms": st.none() | st.floats(601, 1200),
            "frame_repair": st.none() | st.builds(FrameRepair, st.integers(1, 20)),
            "mask": st.none() | st.builds(drawn_mask),
            "spatial_median": st.sampled_from([1, 3]),
            "spatial_mean": st.sampled_from([1, 5]),
            "spatial_sigma": st.sampled_from([0.0, 0.7]),
            "drift_order": st.integers(0, 9),
            "baseline": st.none()
            | st.builds(SmoothBaseline, st.floats(10, 1e5), st.floats(0.001, 0.5)),
            "temporal_filter": st.none() | temporal_filters,
        }
    )
)
def test_any_preparation_gives_sound_sequences_or_says_why_not(setting: dict[str, Any]) -> None:
    frames = movie(shape=(6, 6), frame_count=240, frame_interval_ms=2.0, drift=500.0)
    frames[:, 2, 2] = np.nan
    frames[50] = 0.0
    preparation = Preparation(**setting)
    try:
        prepared = prepare_region(recording_of(frames, 2.0), ROI, preparation)
    except RecordingError:
        return
    signal, sequences = prepared.signal, prepared.sequences

    assert np.isfinite(sequences.voltages).all()
    assert np.isfinite(signal.cleaned).all()
    assert signal.cleaned.shape == signal.raw.shape == signal.time_ms.shape
    assert (2, 2) in {(pixel.row, pixel.column) for pixel in sequences.left_out}
    assert (sequences.activation_ms >= signal.start_ms - 2).all()
    assert sequences.notes[: len(signal.steps)] == signal.steps
    asked = sum(
        (
            preparation.cut_start_ms is not None or preparation.cut_end_ms is not None,
            preparation.mask is not None,
            preparation.spatial_median > 1,
            preparation.spatial_mean > 1,
            preparation.spatial_sigma > 0,
            preparation.temporal_filter is not None,
        )
    )
    # Polarity and baseline are always among them; repair has something to say of its own.
    said = len(signal.steps) - 2 - asked
    assert said > 0 if preparation.frame_repair else said == 0


@pytest.mark.parametrize(
    ("preparation", "step"),
    [
        (Preparation(cut_start_ms=10.0), "Only frames 5 to 239"),
        (Preparation(frame_repair=FrameRepair()), "1 hold one value"),
        (Preparation(mask=drawn_mask()), "The mask leaves out 3"),
        (Preparation(spatial_median=3), "median over 3 x 3"),
        (Preparation(spatial_mean=3), "averaged over 3 x 3"),
        (Preparation(spatial_sigma=1.0), "Gaussian (sigma 1 pixels)"),
        (Preparation(polarity=None), "Depolarisation goes down"),
        (Preparation(drift_order=0), "mean of each trace"),
        (Preparation(baseline=SmoothBaseline()), "smooth baseline"),
        (Preparation(temporal_filter=TemporalFilter()), "Savitzky-Golay filter (9 frames"),
    ],
)
def test_every_step_is_named(preparation: Preparation, step: str) -> None:
    frames = movie(shape=(6, 6), frame_count=240, frame_interval_ms=2.0)
    if preparation.frame_repair:
        frames[50] = 0.0
    prepared = prepare_region(recording_of(frames, 2.0), ROI, preparation)

    assert len([said for said in prepared.signal.steps if step in said]) == 1
    assert len([said for said in prepared.sequences.notes if step in said]) == 1


def test_preparations_are_values() -> None:
    def everything() -> Preparation:
        return Preparation(
            frame_repair=FrameRepair(2, 4095.0),
            mask=drawn_mask(),
            baseline=SmoothBaseline(400.0),
            temporal_filter=TemporalFilter(TemporalKind.MEDIAN),
        )

    assert everything() == everything()
    assert hash(everything()) == hash(everything())
    assert everything() != Preparation()
