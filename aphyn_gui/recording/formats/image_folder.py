"""Folders in which every frame is a PNG or TIFF image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from aphyn_gui.recording.errors import RecordingError
from aphyn_gui.recording.formats.colour import channel_choice, one_channel
from aphyn_gui.recording.formats.decoded import DecodedFrames
from aphyn_gui.recording.formats.images import PNG_MAGIC, read_image
from aphyn_gui.recording.formats.numbered import (
    IMAGE_SUFFIXES,
    folder_hint,
    last_numbers,
    numbered_series,
)
from aphyn_gui.recording.frames import Array
from aphyn_gui.recording.recording import ReadingChoice, Recording


class ImageFolderFormat:
    """A folder of numbered images; the frames follow each other as 2 follows 1 and 10 follows 9."""

    name = "Folder of images"
    suffixes = (".png",)

    def recognises(self, path: Path, first_bytes: bytes) -> bool:
        """Whether it is a folder with numbered images, or one PNG image."""
        if path.is_dir():
            return bool(numbered_series(path, IMAGE_SUFFIXES))
        return first_bytes.startswith(PNG_MAGIC)

    def open(self, path: Path, choices: Mapping[str, str]) -> Recording:
        """The longest series of numbered images, or the one asked for; only two are decoded.

        Raises
        ------
        RecordingError
            If it is a single image, or the images differ in size or type.
        """
        if not path.is_dir():
            raise RecordingError(f"{path.name} is one image, not a movie{folder_hint(path)}")
        series = numbered_series(path, IMAGE_SUFFIXES)
        if not series:
            raise RecordingError(
                f"{path.name} holds no numbered PNG or TIFF images: number the frames, as in "
                "frame_001.png"
            )
        longest = next(iter(series))
        of_series: tuple[ReadingChoice, ...] = ()
        assumptions: tuple[str, ...] = ()
        if len(series) > 1:
            of_series = (
                ReadingChoice(
                    "series",
                    "Series of images",
                    tuple(series),
                    choices.get("series", longest),
                    f"{longest} is the longest.",
                ),
            )
            if "series" not in choices:
                assumptions = (f"Of the series {', '.join(series)}, the longest was taken.",)
        taken = of_series[0].chosen if of_series else longest
        files = [path / name for name in series[taken]]
        first = read_image(files[0])
        of_channel: tuple[ReadingChoice, ...] = ()
        if first.ndim == 3:
            choice, said = channel_choice(choices)
            of_channel, assumptions = (choice,), assumptions + said
        frames = FolderFrames(files, first, of_channel[0].chosen if of_channel else None)
        recording = Recording(
            frames=frames,
            path=path,
            format_name="Folder of images",
            header={"first": files[0].name, "last": files[-1].name, "dtype": str(first.dtype)},
            assumptions=assumptions + _gaps(series[taken]),
            choices=of_series + of_channel,
        )
        recording.read_frame(recording.frame_count - 1)
        return recording


class FolderFrames(DecodedFrames):
    """Images of one size and type, decoded when asked for.

    Parameters
    ----------
    files : sequence of Path
        One image a frame.
    first : ndarray, shape (rows, columns) or (rows, columns, 3)
        The first image; the others must be like it.
    channel : str or None
        What is taken of a colour image.
    """

    def __init__(self, files: Sequence[Path], first: Array, channel: str | None) -> None:
        super().__init__((len(files), first.shape[0], first.shape[1]), first.dtype)
        self._files = files
        self._expected = first.shape, first.dtype
        self._channel = channel

    def _decode(self, index: int) -> Array:
        image = read_image(self._files[index])
        if (image.shape, image.dtype) != self._expected:
            shape, dtype = self._expected
            raise RecordingError(
                f"frame {self._files[index].name} has the shape {image.shape} and type "
                f"{image.dtype}, the first has {shape} and {dtype}: keep images of other kinds in "
                "another folder"
            )
        return image if self._channel is None else one_channel(image, self._channel)


def _gaps(names: Sequence[str]) -> tuple[str, ...]:
    numbers = last_numbers(names)
    steps = [after - before for before, after in pairwise(numbers)]
    if min(steps) == max(steps):
        return ()
    where = next(index for index, step in enumerate(steps) if step != min(steps))
    return (
        f"Numbers are missing between the images, first after {names[where]}: frames may be lost, "
        "and time is not even there.",
    )
