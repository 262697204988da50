import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from recording_samples import movie, recording_of

from aphyn_gui.insilico.demo import demo_recording_path
from aphyn_gui.recording import (
    Mask,
    Preparation,
    RecordingError,
    RectangularRoi,
    automatic_mask,
    cut_sequences,
    open_recording,
    prepare_region,
    region_signal,
)
from aphyn_gui.recording import recording as recording_module
from aphyn_gui.recording.masks import otsu_threshold

Pixels = npt.NDArray[np.bool_]

masks = st.builds(
    Mask,
    arrays(np.bool_, st.tuples(st.integers(1, 9), st.integers(1, 9))),
    st.lists(st.text(max_size=8), max_size=3).map(tuple),
)


def disc(rows: int, columns: int, share: float = 0.4) -> Pixels:
    row, column = np.indices((rows, columns))
    return np.asarray(
        (row - rows / 2) ** 2 + (column - columns / 2) ** 2 < (share * rows) ** 2, dtype=np.bool_
    )


@given(mask=masks)
def test_a_mask_survives_json(mask: Mask) -> None:
    again = Mask.from_dict(json.loads(json.dumps(mask.as_dict())))

    assert again == mask
    assert hash(again) == hash(mask)


@given(mask=masks)
def test_inverting_twice_is_nothing(mask: Mask) -> None:
    np.testing.assert_array_equal(mask.inverted().usable, ~mask.usable)
    np.testing.assert_array_equal(mask.inverted().inverted().usable, mask.usable)
    assert mask.inverted() != mask


@given(
    x=st.integers(-3, 8), y=st.integers(-3, 8), width=st.integers(1, 9), height=st.integers(1, 9)
)
def test_a_rectangle_is_a_polygon(x: int, y: int, width: int, height: int) -> None:
    nothing = Mask.everything(7, 9).inverted()
    drawn = nothing.with_rectangle(RectangularRoi(x, y, width, height))
    corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
    expected = np.zeros((7, 9), dtype=np.bool_)
    expected[max(0, y) : max(0, y + height), max(0, x) : max(0, x + width)] = True

    np.testing.assert_array_equal(drawn.usable, expected)
    np.testing.assert_array_equal(nothing.with_polygon(corners).usable, expected)
    whole = Mask.everything(7, 9)
    np.testing.assert_array_equal(whole.without_polygon(corners).usable, ~expected)
    np.testing.assert_array_equal(
        whole.without_rectangle(RectangularRoi(x, y, width, height)).usable, ~expected
    )


def test_a_triangle_and_a_star() -> None:
    triangle = Mask.everything(4, 4).inverted().with_polygon([(0, 0), (4, 0), (0, 4)])
    bow = Mask.everything(4, 4).inverted().with_polygon([(0, 0), (4, 4), (4, 0), (0, 4)])

    np.testing.assert_array_equal(triangle.usable, np.add.outer(np.arange(4), np.arange(4)) < 3)
    assert bow.usable[1, 0]
    assert bow.usable[1, 3]
    assert not bow.usable[0, 1:3].any()


def test_a_mask_cannot_be_changed_in_place_and_says_how_it_was_made() -> None:
    pixels = np.ones((3, 4), dtype=np.bool_)
    mask = Mask(pixels, ()).without_rectangle(RectangularRoi(0, 0, 2, 1))
    pixels[:] = False

    assert mask.usable.sum() == 10
    with pytest.raises(ValueError, match="read-only"):
        mask.usable[0, 0] = True
    assert mask.description == (
        "The mask leaves out 2 of the frame's 12 pixels. Drawn: the rectangle x=0 y=0 width=2 "
        "height=1 was removed."
    )


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"rows": 10**9, "columns": 10**9, "bits": "AAAA", "steps": []},
        {"rows": -1, "columns": -8, "bits": "AA==", "steps": []},
        {"rows": 2, "columns": 4, "bits": "no base 64", "steps": []},
        {"rows": 2, "columns": 4, "bits": 7, "steps": []},
        {"rows": float("inf"), "columns": 4, "bits": "AA==", "steps": []},
        {"rows": 2, "columns": 4, "bits": "AA==", "steps": None},
    ],
)
def test_what_is_no_mask_is_refused(value: dict[str, Any]) -> None:
    with pytest.raises(RecordingError, match="mask cannot be read"):
        Mask.from_dict(value)


@pytest.mark.parametrize(
    "vertices", [[], [(0, 0), (1, 1)], [(0, 0), (1, 1), (float("nan"), 2)], [(0, 0, 0)] * 3]
)
def test_what_is_no_polygon_is_refused(vertices: Any) -> None:
    with pytest.raises(RecordingError, match="polygon"):
        Mask.everything(4, 4).with_polygon(vertices)


def test_otsu_splits_two_clusters_in_the_middle() -> None:
    values = np.concatenate((np.linspace(0, 1, 50), np.linspace(9, 10, 20)))

    assert otsu_threshold(values) == pytest.approx(5, abs=0.2)
    assert otsu_threshold([3.0, 3.0]) == pytest.approx(3.0)


def test_background_is_found_whatever_its_brightness() -> None:
    tissue = disc(24, 24)
    frames = movie(shape=(24, 24), noise=60)
    grain = np.random.default_rng(2).normal(scale=60, size=frames.shape)
    for level in (500.0, 20000.0, 40000.0):
        around = np.where(
            tissue, frames, level - 800 * np.linspace(0, 1, 480)[:, None, None] + grain
        )
        found = automatic_mask(recording_of(around))
        # The median over 3 x 3 may round a corner.
        assert (found.usable != tissue).sum() <= 4, level
        assert "Otsu" in found.description


def test_tissue_without_background_is_kept() -> None:
    frames = movie(shape=(24, 24), noise=60)
    # Half of the amplitude, as in ischaemia.
    frames[:, :, 12:] += (20000 - frames[:, :, 12:]) / 2
    mask = automatic_mask(recording_of(frames))

    assert mask.usable.all()
    assert "all pixels were kept" in mask.description


def test_dead_pixels_are_left_out() -> None:
    frames = movie(shape=(12, 12), noise=60)
    frames[:, 3, 4] = np.nan
    frames[:, 8, 8] = 12.0
    mask = automatic_mask(recording_of(frames))

    assert [tuple(place) for place in np.argwhere(~mask.usable)] == [(3, 4), (8, 8)]
    assert not automatic_mask(recording_of(np.full((20, 3, 3), 5.0))).usable.any()


def test_chunks_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    frames = np.where(disc(16, 16), movie(shape=(16, 16)), movie(shape=(16, 16), amplitude=0.0))
    whole = automatic_mask(recording_of(frames))
    monkeypatch.setattr(recording_module, "_CHUNK_BYTES", 7 * 8 * 256)

    assert automatic_mask(recording_of(frames)) == whole


def test_frames_without_light_are_not_looked_at() -> None:
    tissue = disc(24, 24)
    frames = np.where(tissue, movie(shape=(24, 24)), movie(shape=(24, 24), amplitude=0.0))
    frames[:50] = 100.0
    frames[470:] = np.nan

    np.testing.assert_array_equal(
        automatic_mask(recording_of(frames), 50, 470).usable,
        automatic_mask(recording_of(frames[50:470])).usable,
    )
    assert not automatic_mask(recording_of(frames), 50, 470).usable[0, 0]


def test_a_recording_too_short_is_refused() -> None:
    with pytest.raises(RecordingError, match="at least 8"):
        automatic_mask(recording_of(np.zeros((5, 3, 3))))


def test_masked_pixels_count_for_nothing() -> None:
    frames = movie(noise=5.0)
    spoilt = frames.copy()
    spoilt[:, 1, 1] = np.random.default_rng(0).normal(scale=9000, size=480)
    spoilt[:, 4, 2] = np.nan
    mask = (
        Mask.everything(6, 5)
        .without_rectangle(RectangularRoi(1, 1, 1, 1))
        .without_rectangle(RectangularRoi(2, 4, 1, 1))
    )
    roi = RectangularRoi(0, 0, 5, 6)
    preparation = Preparation(mask=mask, spatial_mean=3)
    clean = prepare_region(recording_of(frames), roi, preparation)
    prepared = prepare_region(recording_of(spoilt), roi, preparation)

    assert [(pixel.row, pixel.column, pixel.reason) for pixel in prepared.sequences.left_out] == [
        (1, 1, "the mask leaves it out"),
        (4, 2, "the mask leaves it out"),
    ]
    np.testing.assert_array_equal(prepared.sequences.voltages, clean.sequences.voltages)
    np.testing.assert_array_equal(prepared.signal.raw, clean.signal.raw)
    assert prepared.measures == clean.measures
    assert mask.description in prepared.sequences.notes


def test_masks_that_do_not_fit_are_refused() -> None:
    recording = recording_of(movie())
    with pytest.raises(
        RecordingError, match=r"frames of 5 rows x 5 columns, sample\.npy has 6 x 5"
    ):
        region_signal(
            recording, RectangularRoi(0, 0, 3, 3), Preparation(mask=Mask.everything(5, 5))
        )
    with pytest.raises(RecordingError, match="the mask leaves out all 9 pixels"):
        region_signal(
            recording,
            RectangularRoi(0, 0, 3, 3),
            Preparation(mask=Mask.everything(6, 5).inverted()),
        )


@pytest.mark.parametrize("name", ["cosmas_controlV", "cosmas_infarctV130"])
def test_real_tissue_is_kept_and_what_surrounds_it_is_not(shared_data: Path, name: str) -> None:
    recording = open_recording(shared_data / name / "stack.tif")
    frames = np.asarray(recording.frames[:]).astype(np.float64)
    tissue = disc(32, 32)
    grain = np.random.default_rng(0).normal(scale=15, size=frames.shape)
    # Stray light of the tissue: 3 %.
    around = 400 + 0.03 * frames.mean(axis=(1, 2), keepdims=True) + grain
    surrounded = replace(recording, frames=np.where(tissue, frames, around))

    assert automatic_mask(recording).usable.all()
    assert (automatic_mask(surrounded).usable != tissue).sum() <= 8
    sequences = cut_sequences(
        surrounded, RectangularRoi(0, 12, 10, 8), Preparation(mask=automatic_mask(surrounded))
    )
    assert tissue[sequences.rows, sequences.columns].mean() > 0.95


def test_the_ischaemic_region_of_the_demo_is_tissue() -> None:
    assert automatic_mask(open_recording(demo_recording_path())).usable.all()
