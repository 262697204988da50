"""The container of a project: a zip of JSON documents and .npy arrays, strictly as written here.

Members are stored, not deflated: measured numbers hardly shrink, and a stored member cannot claim
more than the file holds. They lie one behind the other, from the first byte to the directory, so
that none is counted twice. Any unzip and ``numpy.load`` read them; the other way round, an archive
packed by another program is refused.
"""

from __future__ import annotations

import contextlib
import io
import json
import math
import os
import re
import struct
import zipfile
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from aphyn_gui.study.project_codec import ProjectError

MOST_MEMBERS = 60_000
LARGEST_PROJECT_BYTES = 2 * 2**30
LARGEST_DOCUMENT_BYTES = 32 * 2**20
MOST_GROUPS = 600_000
"""Lists and groups of fields in one document: each takes a hundred bytes or more when read."""
DEEPEST = 32

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The same content gives the same file."""

_LONGEST_NAME = 100
_END_BYTES = 22
_END_SIGNATURE = b"PK\x05\x06"
_LOCATOR_BYTES = 20
_LOCATOR_SIGNATURE = b"PK\x06\x07"
"""Of archives over 4 GiB, whose directory is described elsewhere."""
_LOCAL_HEADER_BYTES = 30
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
_NPY_START = b"\x93NUMPY\x01\x00"
_NPY_HEADER = re.compile(
    rb"\{'descr': '(<f8|<f4|<i8)', 'fortran_order': False, "
    rb"'shape': \(((?:\d{1,10}, ?)*(?:\d{1,10})?)\), \} *\n"
)
_NPY_CODES = {b"<f8": np.float64, b"<f4": np.float32, b"<i8": np.int64}
_MOST_AXES = 4
_LONGEST_AXIS = 2**31


class ArchiveWriter:
    """Writes documents and arrays, one after the other; the same ones give the same bytes."""

    def __init__(self, file: BinaryIO) -> None:
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_STORED, allowZip64=False)
        self._count = 0
        self._bytes = 0

    def write_document(self, name: str, document: Any) -> None:
        """Add a JSON document.

        Raises
        ------
        ProjectError
            If it is larger than what would be read again.
        """
        text = json.dumps(document, separators=(",", ":"), allow_nan=False).encode("ascii")
        _require_bounded(text, name)
        self.write(name, text)

    def write_array(self, name: str, array: npt.NDArray[Any]) -> None:
        """Add an array, little-endian, in C order.

        Raises
        ------
        ProjectError
            If it holds anything but numbers of the kinds that are read again.
        """
        if array.dtype.type not in _NPY_CODES.values():
            raise ProjectError(f"{name} holds {array.dtype}, which no study can")
        buffer = io.BytesIO()
        ordered = np.ascontiguousarray(array.astype(array.dtype.newbyteorder("<"), copy=False))
        np.lib.format.write_array(buffer, ordered, version=(1, 0), allow_pickle=False)
        self.write(name, buffer.getvalue())

    def __enter__(self) -> ArchiveWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Write the directory; after an error it means nothing, and may fail like the rest."""
        with contextlib.nullcontext() if error is None else contextlib.suppress(OSError):
            self._zip.close()

    def write(self, name: str, content: bytes) -> None:
        """Add a member as it is.

        Raises
        ------
        ProjectError
            If there are too many, or they are too large, to be read again.
        """
        self._count += 1
        self._bytes += len(content) + 2 * _LONGEST_NAME + 100
        if self._count > MOST_MEMBERS or self._bytes > LARGEST_PROJECT_BYTES:
            raise ProjectError(
                "the study is too large for one file: save some of its recordings in another one"
            )
        info = zipfile.ZipInfo(name, _EPOCH)
        info.create_system = 3
        info.external_attr = 0o644 << 16
        self._zip.writestr(info, content)


class ArchiveReader:
    """Reads documents and arrays; nothing is allocated that the file does not hold.

    Parameters
    ----------
    path : Path
        The project file.

    Raises
    ------
    ProjectError
        If the file is no archive as :class:`ArchiveWriter` makes it.
    OSError
        If it cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        try:
            _require_plain_end(self._file)
            self._zip = zipfile.ZipFile(self._file)
            self._infos = _checked_infos(self._zip)
        except _ZIP_ERRORS as error:
            self._file.close()
            raise ProjectError(f"its archive is damaged ({error})") from error
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> ArchiveReader:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    @property
    def names(self) -> frozenset[str]:
        """Names of all members."""
        return frozenset(self._infos)

    def read_document(self, name: str) -> Any:
        """A JSON document, its size and depth bounded, without NaN and double keys."""
        if self._info(name).file_size > LARGEST_DOCUMENT_BYTES:
            raise ProjectError(f"{name} is too large")
        text = self._read(name)
        _require_bounded(text, name)
        try:
            return json.loads(
                text.decode("utf-8"),
                object_pairs_hook=_without_doubles,
                parse_constant=_refuse_constant,
            )
        except ProjectError as error:
            raise ProjectError(f"{name}: {error}") from error
        except (ValueError, RecursionError) as error:
            raise ProjectError(f"{name} is no valid JSON ({error})") from error

    def read_array(self, name: str, dtype: type) -> npt.NDArray[Any]:
        """An array, which must hold numbers of that type."""
        content = self._read(name)
        length = int.from_bytes(content[8:10], "little")
        header = _NPY_HEADER.fullmatch(content[10 : 10 + length])
        if content[:8] != _NPY_START or header is None:
            raise ProjectError(f"{name} is no array as this program writes them")
        stored = _NPY_CODES[header[1]]
        if not np.issubdtype(stored, dtype):
            raise ProjectError(f"{name} should hold numbers of type {dtype.__name__}")
        shape = tuple(int(text) for text in header[2].replace(b" ", b"").split(b",") if text)
        body = memoryview(content)[10 + length :]
        # The file's own bytes decide: the shape is only how they are arranged.
        is_filled = math.prod(shape) * np.dtype(stored).itemsize == len(body)
        if len(shape) > _MOST_AXES or max(shape, default=0) > _LONGEST_AXIS or not is_filled:
            raise ProjectError(f"{name} holds {len(body)} bytes, which is not its shape {shape}")
        numbers = np.frombuffer(body, np.dtype(stored).newbyteorder("<"))
        return numbers.astype(stored).reshape(shape)

    def _info(self, name: str) -> zipfile.ZipInfo:
        if name not in self._infos:
            raise ProjectError(f"{name} is missing")
        return self._infos[name]

    def _read(self, name: str) -> bytes:
        try:
            return self._zip.read(self._info(name))
        except _ZIP_ERRORS as error:
            raise ProjectError(f"{name} is damaged ({error})") from error


_ZIP_ERRORS = (
    zipfile.BadZipFile, NotImplementedError, struct.error, EOFError, RuntimeError, ValueError,
    IndexError,
)  # fmt: skip
"""What zipfile raises on bytes that are no archive."""


def _require_plain_end(file: BinaryIO) -> None:
    """Refuse what zipfile would take before it asks how large the directory is."""
    size = file.seek(0, os.SEEK_END)
    if size > LARGEST_PROJECT_BYTES:
        raise ProjectError(f"it is larger than {LARGEST_PROJECT_BYTES / 2**30:g} GiB")
    tail_bytes = _END_BYTES + _LOCATOR_BYTES
    if size < tail_bytes:
        raise ProjectError("it is no study file, or the end of it is missing")
    file.seek(size - tail_bytes)
    locator, end = file.read(_LOCATOR_BYTES), file.read(_END_BYTES)
    if end[:4] != _END_SIGNATURE or end[20:] != b"\0\0" or locator[:4] == _LOCATOR_SIGNATURE:
        raise ProjectError("it is no study file, or the end of it is missing")
    members, directory_bytes, start = struct.unpack("<HII", end[10:20])
    if members > MOST_MEMBERS or directory_bytes > MOST_MEMBERS * (_LONGEST_NAME + 46):
        raise ProjectError("it has too many members")
    if start + directory_bytes + _END_BYTES != size:
        raise ProjectError("its directory is not where it should be")


def _checked_infos(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """Members by name, which lie one behind the other as they are."""
    infos: dict[str, zipfile.ZipInfo] = {}
    place = 0
    for info in archive.infolist():
        name = info.filename
        is_plain = (
            info.compress_type == zipfile.ZIP_STORED
            and info.file_size == info.compress_size
            and info.flag_bits == 0
            and not info.extra
            and len(name) <= _LONGEST_NAME
            and name.isascii()
        )
        if not is_plain or info.header_offset != place or name in infos:
            raise ProjectError(
                f"its member {name[:_LONGEST_NAME]!r} is not stored as this program stores it"
            )
        infos[name] = info
        place += _LOCAL_HEADER_BYTES + len(name) + info.file_size
    if place != archive.start_dir:
        raise ProjectError("its members do not fill it")
    return infos


def _require_bounded(text: bytes, name: str) -> None:
    """Raise ProjectError if reading a document would take too much memory."""
    if len(text) > LARGEST_DOCUMENT_BYTES:
        raise ProjectError(f"{name} is too large")
    bare = np.frombuffer(_STRING.sub(b"", text), np.uint8)
    opens = (bare == ord("[")) | (bare == ord("{"))
    closes = (bare == ord("]")) | (bare == ord("}"))
    depth = np.cumsum(opens, dtype=np.int32) - np.cumsum(closes, dtype=np.int32)
    if depth.size and int(depth.max()) > DEEPEST:
        raise ProjectError(f"{name} is nested too deeply")
    if int(opens.sum()) > MOST_GROUPS:
        raise ProjectError(f"{name} has too many entries")


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    entries = dict(pairs)
    if len(entries) < len(pairs):
        raise ProjectError("a field is given twice")
    return entries


def _refuse_constant(text: str) -> Any:
    raise ProjectError(f"{text} is no JSON number")
