"""MiCAM ULTIMA and MC05: a text header (.rsh), a background (.rsm) and movie blocks (.rsd)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from aphyn_gui.recording.errors import RecordingError
from aphyn_gui.recording.formats.computed_frames import BlockFrames, DifferenceFrames, cropped
from aphyn_gui.recording.formats.flat_files import map_numbers, size_of
from aphyn_gui.recording.formats.micam_choices import NOT_ADDED, REPAIRED
from aphyn_gui.recording.formats.micam_ultima_choices import (
    DROPPED,
    FROM_FIRST_FRAME,
    KEPT_AS_STORED,
    SENSOR_COLUMNS,
    SIDE_BY_SIDE,
    UltimaChoices,
)
from aphyn_gui.recording.formats.micam_ultima_header import (
    UltimaHeader,
    find_header,
    looks_like_header,
    read_header,
)
from aphyn_gui.recording.frames import Array, FrameSource
from aphyn_gui.recording.recording import AnalogChannel, Recording

_NUMBER = np.dtype("<i2")

_ANALOG_COLUMNS = {"analog 1": 12, "analog 2": 14, "stimulus": 8}
_ANALOG_ROWS = slice(0, 80, 4)
_ANALOG_SAMPLES = 20
_ANALOG_MARGIN = 15
"""A left margin this wide holds all of them."""

_FEWEST_FRAMES = 3
"""One that is an image, and two of a movie."""


class MicamUltimaFormat:
    """Recordings of SciMedia's MiCAM ULTIMA and MC05; any of the files opens all of them."""

    name = "MiCAM ULTIMA"
    suffixes = (".rsh", ".rsm", ".rsd")

    def recognises(self, path: Path, first_bytes: bytes) -> bool:
        """Whether the file is a header; background and movie are bare numbers, known by suffix."""
        return looks_like_header(first_bytes.decode("latin-1"))

    def open(self, path: Path, choices: Mapping[str, str]) -> Recording:
        """Open the recording that the file belongs to; only its background is read.

        Raises
        ------
        RecordingError
            If a part is missing, damaged or truncated.
        """
        header = read_header(find_header(path))
        background = header.part(
            (*header.listed_with(".rsm"), header.path.with_suffix(".rsm").name)[0]
        )
        plane_bytes = header.plane_size * _NUMBER.itemsize
        taken = UltimaChoices(header, choices, size_of(background) // plane_bytes)
        stored = _movie(header, taken)
        total, notes = _frame_count(header, stored.shape[0])
        step = 2 if taken.interleaved else 1
        first = taken.camera if taken.interleaved else 0
        if len(range(first, total, step)) < _FEWEST_FRAMES:
            raise RecordingError(
                f"{header.path.name} holds {total} frames, too few for a movie: was the recording "
                "stopped, or a part of it lost?"
            )
        if taken["first_frame"] == DROPPED:
            notes += ("The first frame, an image and no difference, was dropped.",)
            times = slice(first + step, total, step)
        else:
            times = slice(first, total, step)
        rows, columns = slice(0, header.row_count), _image_columns(header, taken)
        if taken["background"] == NOT_ADDED:
            plane = np.zeros((header.row_count, columns.stop - columns.start), dtype=np.int16)
        elif taken["background"] == FROM_FIRST_FRAME:
            plane = stored[first, rows, columns]
        else:
            plane = _background(header, background, taken)[rows, columns]
        return Recording(
            frames=DifferenceFrames(
                cropped(stored, times, rows, columns),
                plane,
                first_is_absolute=taken["first_frame"] == KEPT_AS_STORED,
                repair_wraps=taken["wraps"] == REPAIRED,
            ),
            path=path,
            format_name=self.name if header.left is not None else "MiCAM MC05",
            frame_interval_ms=taken.frame_interval_ms,
            header=header.values,
            assumptions=notes,
            choices=taken.decided,
            analog=_analog_channels(stored, times, columns),
        )


def _movie(header: UltimaHeader, taken: UltimaChoices) -> BlockFrames:
    """Stored frames of all blocks; of MC05's two planes, the camera's."""
    files = [header.part(name) for name in header.listed_with(".rsd")]
    if not files:
        raise RecordingError(
            f"{header.path.name} names no .rsd file, so its movie is missing: copy the header "
            "again from its source"
        )
    counts = [_frames_in(file, header, last=file is files[-1]) for file in files]
    opener = _block_opener(header, taken, files, counts)
    return BlockFrames(counts, opener)


def _frames_in(file: Path, header: UltimaHeader, *, last: bool) -> int:
    frame_bytes = header.plane_count * header.plane_size * _NUMBER.itemsize
    count, rest = divmod(size_of(file), frame_bytes)
    whole_block = last or header.block_frames is None or count % header.block_frames == 0
    if count < 1 or rest or not whole_block:
        blocks = "" if header.block_frames is None else f", {header.block_frames} in a block"
        raise RecordingError(
            f"{file.name} is truncated: by the header {header.path.name} a frame has {frame_bytes} "
            f"bytes{blocks}, but the file holds {size_of(file)} bytes; copy it again from its "
            "source"
        )
    return count


def _block_opener(
    header: UltimaHeader, taken: UltimaChoices, files: list[Path], counts: list[int]
) -> Callable[[int], Array]:
    def open_block(index: int) -> Array:
        return _plane_of(header, taken, files[index], counts[index], header.plane_count)

    return open_block


def _background(header: UltimaHeader, file: Path, taken: UltimaChoices) -> Array:
    """The camera's plane of the ``.rsm``, or its only one."""
    held = size_of(file) // (header.plane_size * _NUMBER.itemsize)
    if header.dual and held < 2:
        return map_numbers(
            file, _NUMBER, (header.row_count, header.column_count), 0, _plane_text(header)
        )
    if header.plane_count > 1:
        return np.asarray(_plane_of(header, taken, file, 1, header.plane_count)[0])
    index = taken.camera if header.dual else 0
    shape = (index + 1, header.row_count, header.column_count)
    return np.asarray(map_numbers(file, _NUMBER, shape, 0, _plane_text(header))[index])


def _plane_of(
    header: UltimaHeader, taken: UltimaChoices, file: Path, count: int, planes: int
) -> Array:
    """One camera's plane of each frame in a file, shape (frames, rows, columns), mapped."""
    rows, columns = header.row_count, header.column_count
    what = f"{count} frames of {planes} x {_plane_text(header)}"
    if taken.chosen("planes") == SIDE_BY_SIDE:
        return map_numbers(file, _NUMBER, (count, rows, planes, columns), 0, what)[
            :, :, taken.camera
        ]
    plane = taken.camera if planes > 1 else 0
    return map_numbers(file, _NUMBER, (count, planes, rows, columns), 0, what)[:, plane]


def _plane_text(header: UltimaHeader) -> str:
    return f"{header.row_count} rows of {header.column_count} 16-bit numbers"


def _frame_count(header: UltimaHeader, held: int) -> tuple[int, tuple[str, ...]]:
    """Stored frames that belong to the recording, and what was assumed."""
    claimed = header.frames_claimed
    if claimed is None or claimed == held:
        return held, ()
    if header.plane_count == 1 and header.dual and held >= 2 * claimed:
        return 2 * claimed, (f"{claimed} frames were taken as the number of each camera.",)
    if header.plane_count == 2 and claimed == 2 * held:
        return held, (f"{claimed} frames were taken as the sum over both cameras.",)
    if held < claimed:
        raise RecordingError(
            f"the .rsd files of {header.path.name} are truncated or not all listed: the header "
            f"says {claimed} frames, they hold {held}; copy the recording again from its source"
        )
    return claimed, (
        f"The .rsd files hold {held} frames; those after the {claimed} of the header were taken "
        "as padding.",
    )


def _image_columns(header: UltimaHeader, taken: UltimaChoices) -> slice:
    if header.left is not None and header.right is not None:
        return slice(header.left, header.column_count - header.right)
    if taken.chosen("columns") == SENSOR_COLUMNS:
        return slice(20, 120)
    return slice(0, header.column_count)


def _analog_channels(
    stored: FrameSource, times: slice, image_columns: slice
) -> tuple[AnalogChannel, ...]:
    """The inputs in the left margin, gathered from all frames when asked for."""
    if image_columns.start < _ANALOG_MARGIN or stored.shape[1] < _ANALOG_ROWS.stop:
        return ()

    def reader(column: int) -> Callable[[], npt.NDArray[np.int16]]:
        return lambda: np.asarray(stored[times, _ANALOG_ROWS, column]).reshape(-1)

    return tuple(
        AnalogChannel(name, reader(column), _ANALOG_SAMPLES)
        for name, column in _ANALOG_COLUMNS.items()
    )
