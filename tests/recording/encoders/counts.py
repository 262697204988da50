"""Movies with known counts, for the encoders of camera files."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[Any]


def background(rows: int, columns: int) -> Integers:
    """A smooth image, brighter towards the right and the bottom: neighbours hardly differ."""
    return np.add.outer(20 * np.arange(rows), 30 * np.arange(columns)) + 2000


def differences(frames: int, rows: int, columns: int, seed: int = 0) -> Integers:
    """What a camera adds to its background, another number in every pixel of every frame."""
    return np.random.default_rng(seed).integers(-300, 300, size=(frames, rows, columns))
