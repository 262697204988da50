"""A compressed OME stack with a channel axis."""

from __future__ import annotations

from pathlib import Path

import tifffile

from encoders.known import known_frames


def sample(folder: Path) -> Path:
    """Ten frames of two channels."""
    path = folder / "movie.ome.tif"
    frames = known_frames().reshape(10, 2, 6, 8)
    tifffile.imwrite(path, frames, compression="zlib", metadata={"axes": "TCYX"})
    return path
