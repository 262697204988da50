"""Which series of a TIFF file is the movie, and which of its axes is what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from aphyn_gui.recording.errors import RecordingError
from aphyn_gui.recording.formats.numbered import folder_hint
from aphyn_gui.recording.recording import ReadingChoice

_TIME_AXES = "TZIQ"
"""Axes that may hold time, in order of preference: T first, then what programs misuse for it."""

_AXIS_WORDS = {
    "Z": "depth (Z)",
    "I": "an unnamed sequence (I)",
    "Q": "an unnamed axis (Q)",
    "C": "channel",
}
_NAMELESS = "QI"
_LISTED_AT_MOST = 8


@dataclass(frozen=True, slots=True)
class Layout:
    """Which axis of a series is what, and what had to be assumed.

    Parameters
    ----------
    time, rows, columns : int
        Axes of the pages and of the images in them.
    taken : Mapping of int to int
        The other axes, and the position along each that is read.
    order : tuple of int
        Which of (pages, rows, columns) is shown as time, row and column.
    assumptions : tuple of str
        One sentence each.
    choices : tuple of ReadingChoice
        What else could have been read.
    """

    time: int
    rows: int
    columns: int
    taken: Mapping[int, int]
    order: tuple[int, int, int]
    assumptions: tuple[str, ...]
    choices: tuple[ReadingChoice, ...]


def choose_series(
    tif: Any, choices: Mapping[str, str]
) -> tuple[Any, tuple[ReadingChoice, ...], tuple[str, ...]]:
    """The series asked for, else the largest; the choice ``series``; and what was assumed."""
    everything = list(tif.series)
    if not everything:
        raise RecordingError(f"{Path(tif.filename).name} holds no image")
    largest = max(range(len(everything)), key=lambda index: prod(everything[index].shape))
    if len(everything) == 1:
        return everything[0], (), ()
    shapes = ", ".join(
        f"{index + 1}: {' x '.join(map(str, series.shape))}"
        for index, series in enumerate(everything[:_LISTED_AT_MOST])
    )
    more = ", ..." if len(everything) > _LISTED_AT_MOST else ""
    choice = ReadingChoice(
        "series",
        f"Series of images ({shapes}{more})",
        tuple(str(index + 1) for index in range(len(everything))),
        choices.get("series", str(largest + 1)),
        f"Series {largest + 1} is the largest.",
    )
    assumptions: tuple[str, ...] = ()
    if "series" not in choices:
        assumptions = (
            f"The file holds {len(everything)} series of images; the largest, of shape "
            f"{everything[largest].shape}, was taken.",
        )
    return everything[int(choice.chosen) - 1], (choice,), assumptions


def single_images(tif: Any) -> list[Any]:
    """Pages of a file whose frames were written one by one, each as if it were alone."""
    alike = {(series.axes, series.shape, series.dtype) for series in tif.series}
    if len(tif.series) < 2 or len(alike) > 1 or tif.series[0].axes != "YX":
        return []
    return [series.pages[0] for series in tif.series]


def choose_layout(
    path: Path, axes: str, shape: Sequence[int], choices: Mapping[str, str]
) -> Layout:
    """Time, rows and columns among the axes of a series: as asked for, else guessed.

    Raises
    ------
    RecordingError
        If the series is in colour or a single image, or there is no such axis or channel.
    """
    if "S" in axes and shape[axes.index("S")] > 1:
        raise RecordingError(
            f"{path.name} is a colour movie ({shape[axes.index('S')]} values a pixel): convert it "
            "to one channel (in ImageJ: Image > Type > 16-bit) and open that"
        )
    names = _axis_names(axes)
    leading = [axis for axis in range(len(axes)) if axes[axis] not in "YXS"]
    pages, of_time, order, assumptions = _time(path, axes, names, shape, leading, choices)
    taken, of_channel, said = _other_axes(axes, shape, [a for a in leading if a != pages], choices)
    return Layout(
        pages,
        axes.index("Y"),
        axes.index("X"),
        taken,
        order,
        assumptions + said,
        of_time + of_channel,
    )


def _time(
    path: Path,
    axes: str,
    names: Sequence[str],
    shape: Sequence[int],
    leading: Sequence[int],
    choices: Mapping[str, str],
) -> tuple[int, tuple[ReadingChoice, ...], tuple[int, int, int], tuple[str, ...]]:
    """Axis of the pages, the choice ``time_axis``, the order of axes shown, what was assumed."""
    candidates = [axis for axis in leading if axes[axis] in _TIME_AXES]
    if not candidates:
        # Letters of other programs: anything but the channel may be time.
        candidates = [axis for axis in leading if axes[axis] != "C"]
    if not candidates:
        size = f"{shape[axes.index('X')]} x {shape[axes.index('Y')]} pixels"
        channels = f" in {shape[axes.index('C')]} channels" if "C" in axes else ""
        raise RecordingError(
            f"{path.name} holds one image of {size}{channels}, not a movie{folder_hint(path)}"
        )
    # Of two equally long, T before what programs misuse for it.
    guess = max(candidates, key=lambda axis: (shape[axis], -_TIME_AXES.find(axes[axis])))
    possible = [*candidates, axes.index("Y"), axes.index("X")]
    choice = ReadingChoice(
        "time_axis",
        f"Time axis ({', '.join(f'{names[axis]}: {shape[axis]}' for axis in possible)})",
        tuple(names[axis] for axis in possible),
        choices.get("time_axis", names[guess]),
        "The file says so."
        if axes[guess] == "T"
        else f"{names[guess]} is the longest axis that can be time.",
    )
    shown = names.index(choice.chosen)
    if shown in candidates:
        order, pages = (0, 1, 2), shown
    else:
        # Images that hold time along one side: a movie saved with its axes in another order.
        order, pages = ((1, 0, 2) if axes[shown] == "Y" else (2, 0, 1)), guess
    assumptions: tuple[str, ...] = ()
    if axes[shown] != "T" and "time_axis" not in choices:
        count = shape[shown]
        if "T" in axes:
            said = (
                f"The file names no axis as time that is as long as {_words(axes[shown])}, "
                f"{count} long, which was taken as time."
            )
        elif axes[shown] in _NAMELESS:
            said = f"The file does not say what its {count} images are: they were taken as frames."
        else:
            said = (
                f"The file calls its {count} images {_words(axes[shown])}: they were taken as "
                "frames in time."
            )
        assumptions = (said,)
    return pages, (choice,), order, assumptions


def _other_axes(
    axes: str, shape: Sequence[int], others: Sequence[int], choices: Mapping[str, str]
) -> tuple[dict[int, int], tuple[ReadingChoice, ...], tuple[str, ...]]:
    """Position along each axis that is not shown, the choice ``channel``, what was assumed."""
    taken = dict.fromkeys(others, 0)
    of_channel: tuple[ReadingChoice, ...] = ()
    assumptions: list[str] = []
    for axis in others:
        if shape[axis] < 2:
            continue
        if axes[axis] == "C" and not of_channel:
            choice = ReadingChoice(
                "channel",
                f"Channel of {shape[axis]}",
                tuple(str(number + 1) for number in range(shape[axis])),
                choices.get("channel", "1"),
                "The first, for the file does not say which one is the dye.",
            )
            of_channel, taken[axis] = (choice,), int(choice.chosen) - 1
            if "channel" in choices:
                continue
        assumptions.append(
            f"Only the first of {shape[axis]} positions along {_words(axes[axis])} was read."
        )
    return taken, of_channel, tuple(assumptions)


def _axis_names(axes: str) -> list[str]:
    """The letter of each axis, numbered where two share it: Q, Q2."""
    return [
        axis + (str(axes[: index + 1].count(axis)) if axis in axes[:index] else "")
        for index, axis in enumerate(axes)
    ]


def _words(axis: str) -> str:
    return _AXIS_WORDS.get(axis, f"axis {axis}")
