"""NumPy's format 1.0, written by hand."""

from __future__ import annotations

import struct
from pathlib import Path

from encoders.known import known_frames


def sample(folder: Path) -> Path:
    """An array of shape (20, 6, 8)."""
    frames = known_frames()
    text = f"{{'descr': '<u2', 'fortran_order': False, 'shape': {frames.shape}, }}".encode()
    padded = text + b" " * (63 - (10 + len(text)) % 64) + b"\n"
    path = folder / "movie.npy"
    path.write_bytes(
        b"\x93NUMPY\x01\x00" + struct.pack("<H", len(padded)) + padded + frames.tobytes()
    )
    return path
