"""A folder of PNG images, written by hand."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt

from encoders.known import known_frames


def chunk(kind: bytes, content: bytes) -> bytes:
    """Length, kind, content and sum."""
    return (
        struct.pack(">I", len(content))
        + kind
        + content
        + struct.pack(">I", zlib.crc32(kind + content))
    )


def png(image: npt.NDArray[np.generic]) -> bytes:
    """Grey, or RGB where there is a third axis; of 8 or 16 bits."""
    rows, columns = image.shape[:2]
    kind = 0 if image.ndim == 2 else 2
    described = struct.pack(">IIBBBBB", columns, rows, 8 * image.dtype.itemsize, kind, 0, 0, 0)
    lines = [b"\0" + line.astype(image.dtype.newbyteorder(">")).tobytes() for line in image]
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", described)
        + chunk(b"IDAT", zlib.compress(b"".join(lines)))
        + chunk(b"IEND", b"")
    )


def sample(folder: Path) -> Path:
    """Three frames of 16-bit grey, so that damage often meets the first or the last."""
    frames = folder / "frames"
    frames.mkdir()
    for number, frame in enumerate(known_frames()[:3], start=9):
        (frames / f"frame{number}.png").write_bytes(png(frame))
    return frames
