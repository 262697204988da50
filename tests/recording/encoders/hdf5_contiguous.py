"""HDF5 in one piece."""

from __future__ import annotations

from pathlib import Path

import h5py

from encoders.known import known_frames


def sample(folder: Path) -> Path:
    """A dataset with its frame interval and pixel pitch."""
    path = folder / "movie.h5"
    with h5py.File(path, "w") as file:
        data = file.create_dataset("movie", data=known_frames())
        data.attrs["frame_interval_ms"] = 2.0
        data.attrs["pixel_pitch_mm"] = 0.1
    return path
