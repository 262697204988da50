"""Writing a movie as an ImageJ TIFF that says how fast and how large it is."""

import os
from pathlib import Path

import numpy as np
import tifffile
from numpy.typing import NDArray

from aphyn_gui.insilico.tissue import require_positive

# ImageJ stacks are classic TIFF, whose offsets are 32-bit; the margin is for the tags.
LARGEST_BYTES = 2**32 - 2**20


def write_movie(
    path: str | os.PathLike[str],
    frames: NDArray[np.uint16],
    frame_interval_ms: float,
    pixel_pitch_mm: float,
    note: str = "",
) -> None:
    """Write a movie as an uncompressed, contiguous ImageJ TIFF, which readers can memory-map.

    The file appears under its name only when it is complete.

    Parameters
    ----------
    path : path
        File to write; an existing one is replaced.
    frames : ndarray of uint16, shape (frames, rows, columns)
        Counts.
    frame_interval_ms : float
        Time between frames, ms; stored in seconds as ImageJ's ``finterval``.
    pixel_pitch_mm : float
        Distance between pixels, mm; stored as resolution with the unit mm.
    note : str
        Free text stored as ImageJ's ``Info``.
    """
    if frames.ndim != 3 or 0 in frames.shape:
        raise ValueError(f"a movie has the shape (frames, rows, columns), not {frames.shape}")
    if frames.dtype != np.uint16:
        raise ValueError(f"a movie holds 16-bit counts (uint16), not {frames.dtype}")
    if frames.nbytes > LARGEST_BYTES:
        raise ValueError(f"{frames.nbytes} bytes do not fit an ImageJ TIFF (4 GiB)")
    require_positive("frame_interval_ms", frame_interval_ms)
    require_positive("pixel_pitch_mm", pixel_pitch_mm)
    metadata = {
        "axes": "TYX",
        "finterval": frame_interval_ms / 1000,
        "tunit": "s",
        "fps": 1000 / frame_interval_ms,
        "unit": "mm",
    }
    if note:
        metadata["Info"] = note
    target = Path(path)
    # In the same folder, since a file can only be replaced atomically within one file system.
    unfinished = target.with_name(f"{target.name}.{os.getpid()}.part")
    try:
        tifffile.imwrite(
            unfinished,
            frames,
            imagej=True,
            resolution=(1 / pixel_pitch_mm, 1 / pixel_pitch_mm),
            metadata=metadata,
        )
        os.replace(unfinished, target)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
