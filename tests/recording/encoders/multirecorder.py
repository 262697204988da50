"""Writes MultiRecorder recordings."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

from encoders.counts import Integers, differences


def write_dat(
    folder: Path,
    frames: Integers,
    *,
    version: str = "e",
    order: str = "<",
    bits: int = 16,
    date_length: int = 24,
    rate_hz: float = 500.0,
) -> Path:
    """Write frames (frames, rows, columns)."""
    sizes = frames.shape
    if version == "d":
        date = b"2010-01-02 03:04:".ljust(date_length)
        header = b"d" + date + struct.pack("<3i", *sizes)
    else:
        header = version.encode() + struct.pack(f"{order}i", 0x1A2B3C4D)
        header += struct.pack(f"{order}3i", *sizes) + bytes(8)
        header += struct.pack(f"{order}i", round(rate_hz * 100_000))
        header += b"Tue Jan  2 03:04:05 2018".ljust(24) + b"pig heart, paced\0"
    content = header.ljust(1024, b"\0")
    for number, frame in enumerate(frames):
        content += frame.astype(f"{order}u{bits // 8}").tobytes()
        if version != "d":
            content += struct.pack(f"{order}Q", 10_000 + number)
    path = folder / "recording.dat"
    path.write_bytes(content)
    return path


def sample(folder: Path) -> Path:
    """Five frames of 4 x 6."""
    return write_dat(folder, np.abs(differences(5, 4, 6)))
