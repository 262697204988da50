"""A compressed archive with the movie and its frame interval."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from encoders.known import known_frames


def sample(folder: Path) -> Path:
    """Two arrays."""
    path = folder / "movie.npz"
    np.savez_compressed(path, movie=known_frames(), frame_interval_ms=2.0)
    return path
