"""What lies where in a MATLAB file of versions 5 to 7, without reading or trusting it.

MATLAB's "MAT-File Format" (MathWorks, 2023), chapter "Level 5". SciPy's reader allocates what the
headers claim and reads whole variables; this walks the elements, and leaves the values where they
are.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import IO, Any, cast

import numpy as np

from aphyn_gui.recording.errors import RecordingError
from aphyn_gui.recording.formats.array_choice import StoredArray
from aphyn_gui.recording.formats.temporary import require_room, write_temporarily
from aphyn_gui.recording.frames import Array

HEADER_BYTES = 128
_STORED_TYPES = {
    1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8",
}  # fmt: skip
_INT8, _INT32, _UINT32, _MATRIX, _COMPRESSED = 1, 5, 6, 14, 15
_CELL, _STRUCT = 1, 2
_NUMERIC = range(6, 16)
_COMPLEX = 0x0800
_DEFLATE_LIMIT = 1032
"""Deflate cannot shrink data further than this; a larger ratio is a damaged or hostile file."""
_DEEPEST = 4
_MOST_ELEMENTS = 20_000
_MOST_AXES = 16
_LONGEST_NAME = 4096
_BLOCK_BYTES = 2**20


@dataclass(frozen=True, slots=True)
class MatArray:
    """A numeric array in the file.

    Parameters
    ----------
    stored : StoredArray
        Name (``a.b`` for a field, ``a{2}`` for a cell), shape as MATLAB shows it, and the type it
        is stored as, which may be smaller than MATLAB's.
    element_start, element_bytes : int
        The compressed element that holds it, in the file; 0 bytes: it is not compressed.
    offset : int
        Of the first value, in the file or in the inflated element.
    value : float or None
        The value, where there is only one.
    """

    stored: StoredArray
    element_start: int
    element_bytes: int
    offset: int
    value: float | None


def walk(path: Path) -> list[MatArray]:
    """All real numeric arrays of a file, also those in its cells and structures.

    Raises
    ------
    RecordingError
        If the file is damaged.
    """
    size = path.stat().st_size
    walker = _Walker(path)
    with path.open("rb") as file:
        header = file.read(HEADER_BYTES)
        if len(header) < HEADER_BYTES or header[126:128] not in (b"IM", b"MI"):
            raise _damaged(path, "its header is not MATLAB's")
        walker.order = "<" if header[126:128] == b"IM" else ">"
        position = HEADER_BYTES
        while position + 8 <= size:
            file.seek(position)
            kind, length = struct.unpack(walker.order + "II", file.read(8))
            start = position + 8
            if start + length > size:
                raise _damaged(path, f"a variable claims {length} bytes, {size - start} are left")
            if kind == _MATRIX:
                walker.matrix(_Plain(file, start, start + length), "", 0)
            elif kind == _COMPRESSED:
                walker.compressed(file, start, length)
            else:
                raise _damaged(path, f"an element of the unknown type {kind}")
            position = start + length
    return walker.found


def read(path: Path, array: MatArray) -> Array:
    """The values as a read-only map: of the file, or of a temporary one if they are compressed.

    Raises
    ------
    RecordingError
        If the values cannot be inflated.
    """
    shape, dtype = array.stored.shape, array.stored.dtype
    if not array.element_bytes:
        return np.memmap(path, dtype=dtype, mode="r", offset=array.offset, shape=shape, order="F")
    require_room(path, array.stored.byte_count)
    with path.open("rb") as file:
        stream = _Inflated(path, file, array.element_start, array.element_bytes)
        try:
            stream.skip(array.offset)
            inflated = write_temporarily(path, stream.blocks(array.stored.byte_count))
            with inflated:
                # The sum over all values stands behind them.
                stream.finish()
                return np.memmap(inflated, dtype=dtype, mode="r", shape=shape, order="F")
        except EOFError as error:
            raise _damaged(path, f"{array.stored.name} ends early") from error


class _Plain:
    """A part of the file."""

    element_start = element_bytes = 0

    def __init__(self, file: IO[bytes], start: int, end: int) -> None:
        self._file = file
        self.position = start
        self.end = end

    def take(self, count: int) -> bytes:
        if count > self.end - self.position:
            raise EOFError
        self._file.seek(self.position)
        self.position += count
        return self._file.read(count)

    def skip(self, count: int) -> None:
        if count > self.end - self.position:
            raise EOFError
        self.position += count


class _Inflated:
    """A compressed element, inflated from its beginning; forward only."""

    def __init__(self, path: Path, file: IO[bytes], start: int, length: int) -> None:
        self._path = path
        self._file = file
        self._left = length
        self._inflate = zlib.decompressobj()
        self._ready = b""
        self.element_start = start
        self.element_bytes = length
        self.position = 0
        self.end = _DEFLATE_LIMIT * length
        file.seek(start)

    def take(self, count: int) -> bytes:
        if count > self.end - self.position:
            raise EOFError
        return b"".join(self.blocks(count))

    def skip(self, count: int) -> None:
        if count > self.end - self.position:
            raise EOFError
        for _ in self.blocks(count):
            pass

    def blocks(self, count: int) -> Iterator[bytes]:
        """So many bytes, in pieces."""
        while count > 0:
            if not self._ready:
                self._more()
            block = self._ready[:count]
            self._ready = self._ready[len(block) :]
            count -= len(block)
            self.position += len(block)
            yield block

    def finish(self) -> None:
        """Inflate what is left, so that its sum is checked."""
        while not self._inflate.eof:
            self._more()

    def _more(self) -> None:
        pending = self._inflate.unconsumed_tail
        if not pending:
            pending = self._file.read(min(_BLOCK_BYTES, self._left))
            self._left -= len(pending)
        if not pending or self._inflate.eof:
            raise EOFError
        try:
            self._ready = self._inflate.decompress(pending, _BLOCK_BYTES)
        except zlib.error as error:
            raise _damaged(self._path, str(error)) from error


_Stream = _Plain | _Inflated


class _Walker:
    """Collects arrays from elements."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen = 0
        self.order = "<"
        self.found: list[MatArray] = []

    def compressed(self, file: IO[bytes], start: int, length: int) -> None:
        """One compressed variable."""
        stream = _Inflated(self._path, file, start, length)
        try:
            kind, inner = struct.unpack(self.order + "II", stream.take(8))
        except EOFError as error:
            raise _damaged(self._path, "a compressed variable ends early") from error
        if kind != _MATRIX or inner > stream.end:
            raise _damaged(self._path, f"a compressed variable of type {kind} claims {inner} bytes")
        stream.end = 8 + inner
        self.matrix(stream, "", 0)

    def matrix(self, stream: _Stream, name: str, depth: int) -> None:
        """One variable, field or cell; the stream is somewhere inside of it afterwards."""
        self._seen += 1
        if self._seen > _MOST_ELEMENTS:
            raise RecordingError(
                f"{self._path.name} holds more than {_MOST_ELEMENTS} variables, fields and cells: "
                "save the movie alone in a file"
            )
        if stream.position == stream.end:  # an empty cell
            return
        try:
            self._matrix(stream, name, depth)
        except (EOFError, struct.error) as error:
            raise _damaged(self._path, f"the variable {name or '?'} ends early") from error

    def _matrix(self, stream: _Stream, name: str, depth: int) -> None:
        flags = self._small(stream, _UINT32, 8)
        word = struct.unpack(self.order + "I", flags[:4])[0]
        kind = word & 0xFF
        if kind not in (_CELL, _STRUCT, *_NUMERIC):
            return  # text, strings, tables and functions, each laid out in its own way
        lengths = self._small(stream, _INT32, 4 * _MOST_AXES)
        shape = struct.unpack(f"{self.order}{len(lengths) // 4}i", lengths)  # refuses odd lengths
        if len(shape) < 2 or min(shape) < 0:
            raise _damaged(self._path, f"an array of shape {shape}")
        own = self._small(stream, _INT8, _LONGEST_NAME).decode("utf-8", "replace")
        name = name or own
        if kind in _NUMERIC and not word & _COMPLEX:
            self._numeric(stream, name, shape)
        elif kind == _CELL and depth < _DEEPEST:
            for index in range(prod(shape)):
                self._child(stream, f"{name}{{{index + 1}}}", depth)
        elif kind == _STRUCT and depth < _DEEPEST:
            self._structure(stream, name, shape, depth)

    def _structure(self, stream: _Stream, name: str, shape: tuple[int, ...], depth: int) -> None:
        length = struct.unpack(self.order + "i", self._small(stream, _INT32, 4))[0]
        names = self._small(stream, _INT8, _LONGEST_NAME * 16)
        if not 1 <= length <= _LONGEST_NAME:
            raise _damaged(self._path, f"field names of {length} letters in {name}")
        fields = [
            names[start : start + length].split(b"\0")[0].decode("utf-8", "replace")
            for start in range(0, len(names), length)
        ]
        count = prod(shape)
        for index in range(count if fields else 0):
            place = "" if count == 1 else f"({index + 1})"
            for field in fields:
                self._child(stream, f"{name}{place}.{field}", depth)

    def _child(self, stream: _Stream, name: str, depth: int) -> None:
        kind, length = struct.unpack(self.order + "II", stream.take(8))
        end, outer = stream.position + length, stream.end
        if kind != _MATRIX or end > outer:
            raise _damaged(self._path, f"{name} claims {length} bytes")
        stream.end = end
        self.matrix(stream, name, depth + 1)
        stream.skip(end - stream.position)
        stream.end = outer

    def _numeric(self, stream: _Stream, name: str, shape: tuple[int, ...]) -> None:
        kind, length, is_small = self._tag(stream)
        if kind not in _STORED_TYPES:
            raise _damaged(self._path, f"{name} is stored as the unknown type {kind}")
        dtype = np.dtype(_STORED_TYPES[kind]).newbyteorder(cast(Any, self.order))
        stored = StoredArray(name, shape, dtype)
        if stored.byte_count != length or length > stream.end - stream.position:
            raise _damaged(
                self._path,
                f"{name}, shape {shape}, needs {stored.byte_count} bytes, {length} are claimed and "
                f"{stream.end - stream.position} can be there",
            )
        offset = stream.position
        value = None
        if prod(shape) == 1:
            value = float(np.frombuffer(stream.take(length), dtype)[0])
            if is_small:
                stream.skip(4 - length)
        self.found.append(
            MatArray(stored, stream.element_start, stream.element_bytes, offset, value)
        )

    def _small(self, stream: _Stream, kind: int, most: int) -> bytes:
        """A part that describes the array: of this type, and no longer than it can be."""
        found, length, is_small = self._tag(stream)
        if found != kind or length > most:
            raise _damaged(self._path, f"a description of type {found} and {length} bytes")
        content = stream.take(length)
        stream.skip((4 if is_small else -(-length // 8) * 8) - length)
        return content

    def _tag(self, stream: _Stream) -> tuple[int, int, bool]:
        """Type, length in bytes, and whether the content shares the tag's eight bytes."""
        word = struct.unpack(self.order + "I", stream.take(4))[0]
        if word >> 16:
            if word >> 16 > 4:
                raise _damaged(self._path, f"a small element of {word >> 16} bytes")
            return word & 0xFFFF, word >> 16, True
        return word, struct.unpack(self.order + "I", stream.take(4))[0], False


def _damaged(path: Path, what: str) -> RecordingError:
    return RecordingError(
        f"{path.name} is truncated or damaged ({what}): copy it again, or save it again in MATLAB"
    )
