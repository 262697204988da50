"""HDF5 as its newest libraries lay it out: other headers, groups and indices of pieces."""

from __future__ import annotations

from pathlib import Path

import h5py

from encoders.known import known_frames


def sample(folder: Path) -> Path:
    """A movie that could grow, among many small datasets."""
    path = folder / "movie.hdf5"
    frames = known_frames()
    with h5py.File(path, "w", libver="latest") as file:
        file.create_dataset(
            "movie", data=frames, chunks=(1, 6, 8), maxshape=(None, 6, 8), fletcher32=True
        )
        file.create_dataset("whole", data=frames[:10], chunks=(10, 6, 8), compression="lzf")
        for number in range(12):
            file.attrs[f"note {number}"] = "words"
            file[f"group/{number}"] = number
    return path
