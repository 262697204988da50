"""MATLAB 7.3: HDF5 behind a block of 512 bytes, axes reversed."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np

from encoders.mat5 import rows_columns_time

USER_BLOCK = b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\x00\x02IM"


def write(path: Path, chunks: tuple[int, ...] | None = None) -> Path:
    """The known frames as rows x columns x time, and numbers beside them."""
    with h5py.File(path, "w", userblock_size=512) as file:
        compression = "gzip" if chunks else None
        movie = rows_columns_time().T
        file.create_dataset("movie", data=movie, chunks=chunks, compression=compression)
        file["frame_interval_ms"] = np.array([[2.0]])
        file.attrs["made"] = "by hand"
    with path.open("r+b") as raw:
        raw.write(USER_BLOCK.ljust(512, b"\0"))
    return path


def sample(folder: Path) -> Path:
    """Compressed, one frame a piece."""
    return write(folder / "movie.mat", chunks=(1, 8, 6))
