"""Single PNG and TIFF images, as frames of a movie."""

from __future__ import annotations

import struct
from math import prod
from pathlib import Path
from typing import cast

import numpy as np

from aphyn_gui.recording.errors import RecordingError
from aphyn_gui.recording.formats.tiff_errors import tifffile_errors
from aphyn_gui.recording.frames import Array

PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
_PNG_HEADER = struct.Struct(">8sI4sIIBB")
_PNG_CHUNK, _PNG_CHECKSUM_BYTES = struct.Struct(">I4s"), 4
_PNG_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""PNG specification, table 11.1: grey, RGB, palette, grey and alpha, RGB and alpha."""
_DEFLATE_LIMIT = 1032
_LARGEST_IMAGE_BYTES = 2**27


def read_image(path: Path) -> Array:
    """An image, shape (rows, columns), or (rows, columns, 3) in colour; 16-bit grey stays 16-bit.

    Raises
    ------
    RecordingError
        If it is missing, damaged, neither PNG nor TIFF, or claims more than it can hold.
    """
    try:
        with path.open("rb") as file:
            first_bytes = file.read(_PNG_HEADER.size)
        if first_bytes.startswith(PNG_MAGIC):
            return _read_png(path, first_bytes)
    except OSError as error:
        raise RecordingError(
            f"frame {path.name} could not be read ({error.strerror or error}): was it moved, or "
            "copied completely?"
        ) from error
    return _read_tiff(path)


def _read_png(path: Path, first_bytes: bytes) -> Array:
    try:
        from PIL import Image
    except ImportError as error:
        raise RecordingError(
            f"{path.name} is a PNG image, and reading those needs one more package: "
            'pip install "aphyn-gui[images]"'
        ) from error
    if len(first_bytes) < _PNG_HEADER.size:
        raise RecordingError(f"{path.name} is truncated: copy it again")
    _, _, _, width, height, bits, kind = _PNG_HEADER.unpack(first_bytes)
    channels = _PNG_CHANNELS.get(kind, 1)
    _require_credible(path, (width * bits * channels + 7) // 8 * height, _DEFLATE_LIMIT)
    _require_whole_chunks(path)
    if bits == 16 and channels > 1:
        raise RecordingError(
            f"{path.name} has 16 bits in {channels} channels: save the frames as 16-bit grey"
        )
    try:
        with Image.open(path, formats=("PNG",)) as image:
            if image.mode not in ("L", "I;16", "I", "I;16B"):
                image = image.convert("L" if kind in (0, 4) else "RGB")
            values = np.asarray(image)
    except Exception as error:
        # Pillow meets damaged files with many types of exception.
        raise RecordingError(
            f"{path.name} could not be read as PNG ({error}): it may be truncated; copy it again"
        ) from error
    return values.astype(np.uint16) if bits == 16 else values


def _require_whole_chunks(path: Path) -> None:
    """Pillow reads as much as a chunk claims to be long, up to 4 GB."""
    size = path.stat().st_size
    with path.open("rb") as file:
        place = len(PNG_MAGIC)
        while place < size:
            file.seek(place)
            head = file.read(_PNG_CHUNK.size)
            length = _PNG_CHUNK.unpack(head)[0] if len(head) == _PNG_CHUNK.size else size
            place += _PNG_CHUNK.size + length + _PNG_CHECKSUM_BYTES
            if place > size:
                raise RecordingError(
                    f"{path.name} could not be read as PNG (a part claims {length} bytes of a file "
                    f"of {size}): it may be truncated; copy it again"
                )
            if head[4:] == b"IEND":
                return


def _read_tiff(path: Path) -> Array:
    import tifffile

    with tifffile_errors(path), tifffile.TiffFile(path) as tif:
        page = tif.pages[0]
        shape = tuple(int(length) for length in page.shape)
        ratio = 1 if page.compression == 1 else 5 * _DEFLATE_LIMIT
        _require_credible(path, prod(shape) * np.dtype(page.dtype).itemsize, ratio)
        if len(shape) == 3 and page.axes == "YXS" and shape[2] in (3, 4):
            return cast(Array, page.asarray())[..., :3]
        if len(shape) != 2:
            raise RecordingError(
                f"{path.name} has the shape {shape}; a frame has rows and columns: save the frames "
                "as single grey images"
            )
        return cast(Array, page.asarray())


def _require_credible(path: Path, claimed: int, ratio: int) -> None:
    size = path.stat().st_size
    if not 0 < claimed <= ratio * size or claimed > max(_LARGEST_IMAGE_BYTES, size):
        raise RecordingError(
            f"{path.name} is damaged: an image of {claimed} bytes is claimed in a file of {size}: "
            "copy it again from its source"
        )
