"""An uncompressed AVI film of grey frames, written by hand."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

from encoders.known import COLUMNS, FRAME_COUNT, ROWS, known_frames


def chunk(kind: bytes, content: bytes) -> bytes:
    """Kind, length, content, and padding to two bytes."""
    return kind + struct.pack("<I", len(content)) + content + bytes(len(content) % 2)


def sample(folder: Path) -> Path:
    """Y800: one byte a pixel, 500 frames a second."""
    frames = known_frames(np.uint8)
    size = ROWS * COLUMNS
    main = struct.pack(
        "<14I", 2000, size * 500, 0, 0x10, FRAME_COUNT, 0, 1, size, COLUMNS, ROWS, *[0] * 4
    )
    stream = (
        b"vidsY800"
        + struct.pack("<3I", 0, 0, 0)
        + struct.pack("<8I", 1, 500, 0, FRAME_COUNT, size, 0, 0, 0)
        + bytes(4)
    )
    image = struct.pack("<IiiHH4sIiiII", 40, COLUMNS, ROWS, 1, 8, b"Y800", size, 0, 0, 0, 0)
    headers = b"hdrl" + chunk(b"avih", main)
    headers += chunk(b"LIST", b"strl" + chunk(b"strh", stream) + chunk(b"strf", image))
    movie = b"movi" + b"".join(chunk(b"00db", frame.tobytes()) for frame in frames)
    index = b"".join(
        b"00db" + struct.pack("<III", 0x10, 4 + number * (size + 8), size)
        for number in range(FRAME_COUNT)
    )
    path = folder / "movie.avi"
    path.write_bytes(
        chunk(
            b"RIFF",
            b"AVI " + chunk(b"LIST", headers) + chunk(b"LIST", movie) + chunk(b"idx1", index),
        )
    )
    return path
