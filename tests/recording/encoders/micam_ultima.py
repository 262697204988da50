"""Writes MiCAM ULTIMA and MC05 recordings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from encoders.counts import Integers, background, differences

ROWS, COLUMNS, LEFT, RIGHT = 100, 128, 20, 8


def wrapped(values: Integers) -> Integers:
    """Integers as 16 bits keep them."""
    return ((np.asarray(values, dtype=np.int64) + 2**15) % 2**16 - 2**15).astype("<i2")


def write_ultima(
    folder: Path,
    planes: Integers,
    plane: Integers,
    *,
    stem: str = "heart",
    block: int = 4,
    dual: int = 0,
    sample_time: str = "  2.0msec",
    claimed: int | None = None,
    listed_folder: str = "",
    line_end: str = "\r\n",
) -> Path:
    """Write stored planes (frames, 100, 128) in blocks, and their header; returns the header."""
    count = len(planes)
    blocks = [planes[start : start + block] for start in range(0, count, block)]
    names = [f"{stem}({number}).rsd" for number in range(len(blocks))]
    for name, frames in zip(names, blocks, strict=True):
        (folder / name).write_bytes(wrapped(frames).tobytes())
    (folder / f"{stem}.rsm").write_bytes(wrapped(plane).tobytes())
    lines = [
        "//UltimaExp-Dual version 1111",
        f"//x={COLUMNS}/y={ROWS}/lskp={LEFT}/rskp={RIGHT}/blk={block}",
        "//cmp=0/bit=16/mon=14/sft=0/prc=0",
        "acquisition_date=2018/02/14 15:22:04",
        f"page_frames={count if claimed is None else claimed}",
        f"sample_time={sample_time}",
        "sample_mode=SDIF",
        f"dual_cam={dual}",
        "cmnt=",
        "Data-File-List",
        *(listed_folder + name for name in (f"{stem}.rsm", *names)),
    ]
    header = folder / f"{stem}.rsh"
    header.write_bytes((line_end.join(lines) + line_end).encode())
    return header


def write_mc05(
    folder: Path,
    cameras: Sequence[Integers],
    planes: Sequence[Integers],
    *,
    side_by_side: bool = False,
    stem: str = "mc05",
) -> Path:
    """Write two cameras' planes, each (frames, 100, 128), in one block; returns the header."""
    axis = 2 if side_by_side else 1
    frames = np.stack([wrapped(camera) for camera in cameras], axis=axis)
    (folder / f"{stem}.rsd").write_bytes(frames.tobytes())
    stored = np.stack([wrapped(plane) for plane in planes], axis=axis - 1)
    (folder / f"{stem}.rsm").write_bytes(stored.tobytes())
    lines = [
        "//MC05 version 1505",
        f"DataXsize={2 * COLUMNS}",
        f"DataYsize={ROWS}",
        f"frame_number={len(frames)}",
        "sample_time=1.0msec",
        "dual_cam=3",
        "Data-File-List",
        f"{stem}.rsm",
        f"{stem}.rsd",
    ]
    header = folder / f"{stem}.rsh"
    header.write_bytes(("\r\n".join(lines) + "\r\n").encode())
    return header


def movie(frames: int, seed: int = 0) -> tuple[Integers, Integers]:
    """Stored planes, the first of them the background itself, and the background."""
    plane = background(ROWS, COLUMNS)
    stored = differences(frames, ROWS, COLUMNS, seed)
    stored[0] = plane
    return stored, plane


def sample(folder: Path) -> Path:
    """Six frames in two blocks."""
    return write_ultima(folder, *movie(6))


def sample_mc05(folder: Path) -> Path:
    """Four frames of two cameras."""
    pairs = [movie(4, seed) for seed in (1, 2)]
    return write_mc05(folder, [stored for stored, _ in pairs], [plane for _, plane in pairs])
