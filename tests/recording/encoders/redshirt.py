"""Writes NeuroPlex and TurboSM recordings."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

from encoders.counts import Integers, background, differences


def write_da(
    folder: Path,
    frames: Integers,
    dark: Integers,
    *,
    interval_us: int = 1000,
    factor: int = 1,
    traces: Integers | None = None,
    name: str = "zebrafish.da",
) -> Path:
    """Write frames (frames, rows, columns), eight traces (8, frames x ratio) and a dark frame."""
    count, rows, columns = frames.shape
    traces = np.zeros((8, count), dtype=int) if traces is None else traces
    words = [0] * 2560
    words[5 - 1], words[385 - 1], words[386 - 1] = count, columns, rows
    words[389 - 1], words[391 - 1], words[392 - 1] = interval_us, factor, traces.shape[1] // count
    content = struct.pack("<2560h", *words)
    for row in range(rows):
        for column in range(columns):
            content += struct.pack(f"<{count}h", *(int(n) for n in frames[:, row, column]))
    content += traces.astype("<i2").tobytes() + dark.astype("<i2").tobytes()
    path = folder / name
    path.write_bytes(content)
    return path


def write_tsm(
    folder: Path,
    frames: Integers,
    dark: Integers | None,
    *,
    exposure: str = "0.002",
    stem: str = "slice",
) -> Path:
    """Write frames (frames, rows, columns) and, if there is one, a dark frame."""
    count, rows, columns = frames.shape
    cards = [
        "SIMPLE  =                    T / file does conform",
        "BITPIX  =                   16",
        "NAXIS   =                    3",
        f"NAXIS1  = {columns:20d}",
        f"NAXIS2  = {rows:20d}",
        f"NAXIS3  = {count:20d}",
        f"EXPOSURE= {exposure:>20} / seconds",
        "END",
    ]
    content = "".join(card.ljust(80) for card in cards).ljust(2880).encode()
    content += frames.astype("<i2").tobytes()
    if dark is not None:
        content += dark.astype("<i2").tobytes()
    path = folder / f"{stem}.tsm"
    path.write_bytes(content)
    return path


def write_tbn(folder: Path, traces: Integers, ratio: int, stem: str = "slice") -> Path:
    """Write traces (channels, frames x ratio); the count is negative, as a plug-in stores it."""
    path = folder / f"{stem}.tbn"
    path.write_bytes(struct.pack("<2h", -len(traces), ratio) + traces.astype("<f8").tobytes())
    return path


def sample_da(folder: Path) -> Path:
    """Five frames of 4 x 6."""
    return write_da(folder, differences(5, 4, 6) + 900, background(4, 6) // 10)


def sample_tsm(folder: Path) -> Path:
    """Five frames of 4 x 6 with two analog channels."""
    write_tbn(folder, np.arange(20.0).reshape(2, 10), ratio=2)
    return write_tsm(folder, differences(5, 4, 6) + 900, background(4, 6) // 10)
