"""Andor's .sif, written by hand as version 65559 lays it out."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from encoders.known import COLUMNS, FRAME_COUNT, ROWS, known_frames


def header() -> bytes:
    """Everything before the frames; the cycle takes 2 ms, the exposure 1 ms."""
    lines = [
        b"Andor Technology Multi-Channel File",
        b"65538 1",
        # Version, three numbers, time, temperature, blanks, exposure, cycle, accumulation.
        b"65559 0 0 1 1540956289 -20 "
        + b" " * 10
        + b"0 0.001 0.002 0.002 1 \0 0 1e-07 0 1 1 0 0 0 "
        + b"0 " * 16
        + b"500 0",
        b"DU-897",
        b"512 512 8",
        b"test.sif ",
        b"65538 0",
    ]
    text = b"\n".join(lines) + b"\n"
    text += b"65538 " + b" " * 7 + b"\x01" + b"0 0\n"
    text += b"\n" * 8 + b"65 spectrograph\n"
    text += b"65539 calibration\n0 1 0 0\n0 1 0 0\n0\n422\n13\n13\n"
    for axis in (b"Pixel number", b"Counts", b"Pixel number"):
        text += str(len(axis)).encode() + b"\n" + axis
    total = FRAME_COUNT * ROWS * COLUMNS
    text += f"65541 1 {ROWS} {COLUMNS} 1 {FRAME_COUNT} 1 {total} {ROWS * COLUMNS}\n".encode()
    text += f"65538 1 {ROWS} {COLUMNS} 1 1 1 0\n".encode()
    text += b"".join(f"{2000 * number}\n".encode() for number in range(FRAME_COUNT))
    return text + b"0\n"


def sample(folder: Path) -> Path:
    """Twenty frames of 32-bit real numbers."""
    path = folder / "movie.sif"
    path.write_bytes(header() + known_frames().astype(np.float32).tobytes())
    return path
