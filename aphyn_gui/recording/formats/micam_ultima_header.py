"""The text header of a MiCAM ULTIMA recording, and the files that belong to it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from aphyn_gui.recording.errors import RecordingError
from aphyn_gui.recording.formats.flat_files import files_beside, find_beside, read_text

LIST_MARK = "Data-File-List"
_FEWEST_MARKS = 2
_MARKS = ("lskp=", "sample_time=", LIST_MARK, "page_frames=", "DataXsize=")
_LARGEST_SIDE = 2**15


@dataclass(frozen=True, slots=True)
class UltimaHeader:
    """What a ``.rsh`` file says.

    Parameters
    ----------
    path : Path
        The header.
    values : Mapping of str to str
        Every ``key=value``.
    listed : tuple of str
        Names of the files that hold the background and the movie, without folders.
    row_count, column_count : int
        Of one stored plane, margins included.
    left, right : int or None
        Columns of the margins; None: the header does not say (MC05).
    block_frames : int or None
        Frames of a whole block; None: the header does not say (MC05).
    dual : bool
        Two cameras were recorded.
    plane_count : int
        Planes in each stored frame: 2 where MC05 stores both cameras' in one.
    frames_claimed : int or None
        Stored frames, as the header counts them.
    """

    path: Path
    values: Mapping[str, str]
    listed: tuple[str, ...]
    row_count: int
    column_count: int
    left: int | None
    right: int | None
    block_frames: int | None
    dual: bool
    plane_count: int
    frames_claimed: int | None

    @property
    def plane_size(self) -> int:
        """Numbers in a plane."""
        return self.row_count * self.column_count

    def part(self, name: str) -> Path:
        """The listed file, beside the header.

        Raises
        ------
        RecordingError
            If it is not there.
        """
        found = find_beside(self.path, name)
        if found is None:
            raise RecordingError(
                f"{name}, a part of the recording {self.path.name}, is missing in the folder "
                f"{self.path.parent}: put all parts of the recording in one folder"
            )
        return found

    def listed_with(self, suffix: str) -> tuple[str, ...]:
        """Listed files of one kind, in the order of the list."""
        return tuple(name for name in self.listed if name.lower().endswith(suffix))


def looks_like_header(text: str) -> bool:
    """Whether the beginning of a file is that of a ``.rsh``."""
    return sum(mark in text for mark in _MARKS) >= _FEWEST_MARKS


def find_header(path: Path) -> Path:
    """The header of a recording, from any of its files.

    Raises
    ------
    RecordingError
        If it is not beside the file.
    """
    if path.suffix.lower() not in (".rsm", ".rsd"):
        return path
    # rhrd0214-013(3).rsd is a block of rhrd0214-013.rsh.
    stem = re.sub(r"\(\d+\)$", "", path.stem)
    header = find_beside(path, f"{stem}.rsh")
    if header is not None:
        return header
    for other in files_beside(path):
        if other.suffix.lower() == ".rsh" and _names(other, path.name):
            return other
    raise RecordingError(
        f"{stem}.rsh, the header of the recording that {path.name} belongs to, is missing in the "
        f"folder {path.parent}: put all parts of the recording in one folder"
    )


def read_header(path: Path) -> UltimaHeader:
    """Read a ``.rsh`` file of either dialect.

    Raises
    ------
    RecordingError
        If it is none, or its sizes make no sense.
    """
    text = read_text(path)
    values = _values(text)
    listed = _file_list(text)
    if not listed:
        raise RecordingError(
            f"{path.name} names no files after the line {LIST_MARK}: it is no MiCAM ULTIMA "
            "header, or cut off; copy it again from its source"
        )
    if values.get("bit", "16").strip() != "16":
        raise RecordingError(
            f"{path.name} says bit={values['bit']}; only 16 bits can be read: export the movie "
            "as TIFF from the camera's program"
        )
    dual = (_whole(path, values, "dual_cam") or 0) != 0
    if "x" in values and "y" in values:
        rows, columns = _side(path, values, "y"), _side(path, values, "x")
        left = _whole(path, values, "lskp") or 0
        right = _whole(path, values, "rskp") or 0
        if min(left, right) < 0 or left + right >= columns:
            raise RecordingError(
                f"{path.name} says x={columns}/lskp={left}/rskp={right}: no column of the image "
                "is left; the header is damaged"
            )
        return UltimaHeader(
            path,
            values,
            listed,
            rows,
            columns,
            left,
            right,
            block_frames=_positive(path, values, "blk"),
            dual=dual,
            plane_count=1,
            frames_claimed=_positive(path, values, "page_frames"),
        )
    rows, columns = _side(path, values, "DataYsize"), _side(path, values, "DataXsize")
    planes = 2 if dual else 1
    if columns % planes:
        raise RecordingError(
            f"{path.name} says dual_cam={values['dual_cam']} and DataXsize={columns}, which two "
            "cameras cannot share: the header is damaged"
        )
    return UltimaHeader(
        path,
        values,
        listed,
        rows,
        columns // planes,
        left=None,
        right=None,
        block_frames=None,
        dual=dual,
        plane_count=planes,
        frames_claimed=_positive(path, values, "frame_number"),
    )


def _names(header: Path, file_name: str) -> bool:
    try:
        listed = _file_list(read_text(header))
    except RecordingError:  # not a header: another recording's problem
        return False
    return file_name.casefold() in (name.casefold() for name in listed)


def _values(text: str) -> dict[str, str]:
    values: dict[str, str] = {}
    for number, line in enumerate(text.partition(LIST_MARK)[0].splitlines()):
        if not line.startswith("//"):
            pairs = [line]
        elif "=" in line:
            pairs = line.strip("/ \t").split("/")
        else:
            values["program" if number == 0 else f"line {number + 1}"] = line.strip("/ \t")
            continue
        for pair in pairs:
            key, equals, value = pair.partition("=")
            if equals:
                values[key.strip()] = value.strip()
    return values


def _file_list(text: str) -> tuple[str, ...]:
    lines = text.partition(LIST_MARK)[2].splitlines()[1:]
    names = (line.strip(" \t\r\0\x1a").replace("\\", "/").rsplit("/", 1)[-1] for line in lines)
    return tuple(name for name in names if name.lower().endswith((".rsm", ".rsd")))


def _whole(path: Path, values: Mapping[str, str], key: str) -> int | None:
    text = values.get(key, "")
    if not text:
        return None
    if not re.fullmatch(r"[+-]?\d{1,18}", text):
        raise RecordingError(
            f"{path.name} says {key}={text[:40]}, which is no whole number: the header is damaged"
        )
    return int(text)


def _positive(path: Path, values: Mapping[str, str], key: str) -> int | None:
    number = _whole(path, values, key)
    if number is not None and number < 1:
        raise RecordingError(f"{path.name} says {key}={number}: the header is damaged")
    return number


def _side(path: Path, values: Mapping[str, str], key: str) -> int:
    number = _positive(path, values, key)
    if number is None or number > _LARGEST_SIDE:
        raise RecordingError(
            f"{path.name} does not say how large a frame is ({key}={values.get(key, 'missing')}): "
            "it is no MiCAM ULTIMA header, or damaged"
        )
    return number
