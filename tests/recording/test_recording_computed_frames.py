"""Frames put together when asked for give what an array of them would."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aphyn_gui.recording.formats.computed_frames import (
    BlockFrames,
    CroppedFrames,
    DifferenceFrames,
    cropped,
)

COUNTS = (4, 1, 5, 3)
WHOLE = np.arange(sum(COUNTS) * 4 * 5, dtype=np.int16).reshape(-1, 4, 5)
PARTS = np.split(WHOLE, np.cumsum(COUNTS)[:-1])


def blocks() -> BlockFrames:
    return BlockFrames(COUNTS, lambda index: PARTS[index])


def parts(length: int) -> st.SearchStrategy[Any]:
    return st.slices(length) | st.integers(-length, length - 1)


KEYS = st.tuples(parts(13), parts(4), parts(5))
CROPS = st.tuples(st.slices(13), st.slices(4), st.slices(5))


@given(KEYS)
def test_blocks_are_one_movie(key: tuple[Any, ...]) -> None:
    np.testing.assert_array_equal(blocks()[key], WHOLE[key])


@given(CROPS, st.data())
def test_a_part_of_a_part(crop: tuple[slice, slice, slice], data: st.DataObject) -> None:
    expected = WHOLE[crop]
    part = cropped(blocks(), *crop)
    assert part.shape == expected.shape
    key = data.draw(st.tuples(*(st.slices(length) for length in expected.shape)))

    np.testing.assert_array_equal(part[key], expected[key])


def test_a_part_of_an_array_is_a_view() -> None:
    part = cropped(WHOLE, slice(1, None), slice(0, 2), slice(None))

    assert not isinstance(part, CroppedFrames)
    assert np.shares_memory(np.asarray(part[:]), WHOLE)


@given(KEYS, st.booleans())
def test_a_plane_is_added(key: tuple[Any, ...], first_is_absolute: bool) -> None:
    plane = np.arange(20).reshape(4, 5) + 40_000
    whole = WHOLE.astype(int) + plane
    if first_is_absolute:
        whole[0] = WHOLE[0]
    frames = DifferenceFrames(
        blocks(), plane, first_is_absolute=first_is_absolute, repair_wraps=True
    )

    np.testing.assert_array_equal(frames[key], whole[key])


def test_an_index_outside_is_refused() -> None:
    with pytest.raises(IndexError):
        blocks()[13]
