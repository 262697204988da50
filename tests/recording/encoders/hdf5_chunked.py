"""HDF5 in compressed pieces, as NWB keeps its series."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np

from encoders.known import known_frames


def sample(folder: Path) -> Path:
    """A series with its rate, and a mask."""
    path = folder / "movie.nwb"
    with h5py.File(path, "w") as file:
        group = file.create_group("acquisition/TwoPhotonSeries")
        group.create_dataset(
            "data", data=known_frames(), chunks=(4, 6, 8), compression="gzip", shuffle=True
        )
        start = group.create_dataset("starting_time", data=0.0)
        start.attrs["rate"] = 500.0
        file["mask"] = np.ones((6, 8))
    return path
