"""An ImageJ stack in one piece."""

from __future__ import annotations

from pathlib import Path

import tifffile

from encoders.known import known_frames


def sample(folder: Path) -> Path:
    """Uncompressed, 2 ms a frame."""
    path = folder / "movie.tif"
    tifffile.imwrite(
        path, known_frames(), imagej=True, metadata={"axes": "TYX", "finterval": 0.002}
    )
    return path
