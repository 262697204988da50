"""Writes MiCAM02 and MiCAM05 recordings."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from encoders.counts import Integers, background, differences


def colon_header(frames: int, columns: int, rows: int) -> str:
    """The dialect with colons, at 500 Hz."""
    return (
        "MiCAM02 header\r\nDate: 2020/01/02 03:04:05\r\n"
        f"Number of frames: {frames}\r\nImage width: {columns}\r\nImage height: {rows}\r\n"
        "Frame rate (Hz): 500\r\n"
    )


def equals_header(frames: int, columns: int, rows: int, dual: int = 0) -> str:
    """The dialect with equals signs, at 2 ms."""
    return (
        f"Data Size = ({columns},{rows})\r\nFrame Size = {frames}\r\n"
        f"Sampling Time = 2.00msec\r\ndual_cam ={dual}\r\n"
    )


def write_gsd(
    folder: Path,
    stored: Integers,
    plane: Integers,
    header: str,
    *,
    offset: int = 972,
    margins: tuple[int, int, int, int] = (0, 0, 0, 0),
    analog: Sequence[Integers] = (),
    rate: int = 0,
    stem: str = "rat",
    padding: int = 0,
) -> Path:
    """Write frames (frames, rows, columns) with margins (left, top, right, bottom)."""
    _, rows, columns = stored.shape
    left, top, right, bottom = margins
    content = bytearray(offset)
    sizes = (columns, rows, left, top, columns - left - right, rows - top - bottom)
    struct.pack_into("<6h", content, 256, *sizes)
    struct.pack_into("<2h", content, 328, len(analog), rate)
    for numbers in (plane, stored, *analog):
        content += np.asarray(numbers).astype("<i2").tobytes()
    movie = folder / f"{stem}.gsd"
    movie.write_bytes(content + bytes(padding))
    movie.with_suffix(".gsh").write_text(header, newline="")
    return movie


def sample(folder: Path) -> Path:
    """Five frames of 6 x 8 with an analog channel."""
    return write_gsd(
        folder,
        differences(5, 6, 8),
        background(6, 8),
        equals_header(5, 8, 6),
        analog=[np.arange(10)],
        rate=2,
    )
