"""MATLAB's level 5 format, written by hand: elements of tag, content and padding."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt

from encoders.known import known_frames

CLASSES = {"f8": 6, "f4": 7, "i1": 8, "u1": 9, "i2": 10, "u2": 11, "i4": 12, "u4": 13}
TYPES = {"i1": 1, "u1": 2, "i2": 3, "u2": 4, "i4": 5, "u4": 6, "f4": 7, "f8": 9}


def header(order: str = "<") -> bytes:
    """The first 128 bytes."""
    text = b"MATLAB 5.0 MAT-file, written by hand".ljust(116)
    return text + bytes(8) + struct.pack(order + "H", 0x0100) + (b"IM" if order == "<" else b"MI")


def element(kind: int, content: bytes, order: str = "<") -> bytes:
    """Tag, content, and padding to eight bytes."""
    return struct.pack(order + "II", kind, len(content)) + content + bytes(-len(content) % 8)


def matrix(
    name: str,
    values: npt.NDArray[np.generic],
    order: str = "<",
    *,
    stored_as: str | None = None,
    flags: int = 0,
) -> bytes:
    """A numeric array; ``stored_as`` a smaller type, as MATLAB saves whole numbers."""
    code = values.dtype.str[1:]
    stored = stored_as or code
    content = element(6, struct.pack(order + "II", CLASSES[code] | flags, 0), order)
    content += element(5, struct.pack(f"{order}{values.ndim}i", *values.shape), order)
    content += element(1, name.encode(), order)
    content += element(TYPES[stored], values.astype(order + stored).tobytes(order="F"), order)
    return element(14, content, order)


def cell(name: str, members: list[bytes], order: str = "<") -> bytes:
    """A cell array of one column."""
    content = element(6, struct.pack(order + "II", 1, 0), order)
    content += element(5, struct.pack(order + "2i", len(members), 1), order)
    return element(14, content + element(1, name.encode(), order) + b"".join(members), order)


def structure(name: str, fields: dict[str, bytes], order: str = "<") -> bytes:
    """A structure of one element."""
    content = element(6, struct.pack(order + "II", 2, 0), order)
    content += element(5, struct.pack(order + "2i", 1, 1), order) + element(1, name.encode(), order)
    content += struct.pack(order + "II", 4 << 16 | 5, 32)
    content += element(1, b"".join(field.encode().ljust(32, b"\0") for field in fields), order)
    return element(14, content + b"".join(fields.values()), order)


def compressed(inner: bytes, order: str = "<") -> bytes:
    """An element as MATLAB 7 saves it."""
    content = zlib.compress(inner)
    return struct.pack(order + "II", 15, len(content)) + content


def rows_columns_time() -> npt.NDArray[np.uint16]:
    """The known frames with time last, as MATLAB keeps movies."""
    return np.moveaxis(known_frames(), 0, 2)


def sample(folder: Path) -> Path:
    """A movie beside its frame interval, uncompressed."""
    path = folder / "movie.mat"
    path.write_bytes(
        header()
        + matrix("frame_interval_ms", np.array([[2.0]]))
        + cell("cameras", [matrix("", rows_columns_time()), matrix("", np.zeros((6, 8)))])
        + structure("data", {"movie": matrix("", rows_columns_time()[:, :, :4])})
    )
    return path
