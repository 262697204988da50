"""Writes the .bin files of Rhythm."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

from encoders.counts import Integers, differences


def write_bin(folder: Path, frames: Integers, rate_hz: float = 1000.0) -> Path:
    """Write frames (frames, rows, columns)."""
    _, height, width = frames.shape
    path = folder / "mouse.bin"
    header = struct.pack("<iiiid", width, 0, height, 0, rate_hz)
    path.write_bytes(header + frames.astype("<u2").tobytes())
    return path


def sample(folder: Path) -> Path:
    """Five frames of 4 x 6."""
    return write_bin(folder, np.abs(differences(5, 4, 6)))
