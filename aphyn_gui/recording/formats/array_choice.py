"""Files that hold arrays without a meaning: which of them is the movie, and which axis is time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from aphyn_gui.recording.errors import RecordingError
from aphyn_gui.recording.frames import FRAME_AXES, FrameSource, transposed
from aphyn_gui.recording.recording import ReadingChoice

_NAMED_AT_MOST = 12
"""Arrays that a message lists; a file may hold thousands."""


@dataclass(frozen=True, slots=True)
class StoredArray:
    """An array as a file describes it, unread.

    Parameters
    ----------
    name : str
        As the file calls it.
    shape : tuple of int
        Lengths of its axes.
    dtype : dtype
        Type of one value.
    """

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @property
    def byte_count(self) -> int:
        """What the values need, as claimed."""
        return prod(self.shape) * self.dtype.itemsize

    @property
    def may_be_a_movie(self) -> bool:
        """Whether it has three axes, none empty, and real numbers."""
        return (
            len(self.shape) == FRAME_AXES
            and self.dtype.kind in "uif"
            and min(self.shape, default=0) > 0
        )

    def __str__(self) -> str:
        return f"{self.name} ({self.dtype}, shape {self.shape})"


def choose_array(
    path: Path,
    arrays: Sequence[StoredArray],
    choices: Mapping[str, str],
    preferred: str | None = None,
) -> tuple[StoredArray, tuple[ReadingChoice, ...], tuple[str, ...]]:
    """The movie among the arrays: the one asked for, else the preferred name, else the largest.

    Returns
    -------
    StoredArray
        The movie.
    tuple of ReadingChoice
        The choice ``array``, where there are several.
    tuple of str
        What was assumed.

    Raises
    ------
    RecordingError
        If no array can be a movie, or there is none of the name asked for.
    """
    movies = {array.name: array for array in arrays if array.may_be_a_movie}
    if not movies:
        held = _listed([str(array) for array in arrays]) or "no array at all"
        raise RecordingError(
            f"{path.name} holds no three-dimensional array of numbers; it holds {held}"
        )
    taken = preferred
    if taken is None or taken not in movies:
        taken = max(movies, key=lambda name: movies[name].byte_count)
    if len(movies) == 1:
        return movies[taken], (), ()
    why = "its name says so" if taken == preferred else "it is the largest"
    choice = ReadingChoice(
        "array",
        "Array with the movie",
        tuple(movies),
        choices.get("array", taken),
        f"{taken}: {why}.",
    )
    assumptions: tuple[str, ...] = ()
    if "array" not in choices:
        assumptions = (
            f"Of the arrays {_listed(list(movies))}, {taken} was taken as the movie, because "
            f"{why}.",
        )
    return movies[choice.chosen], (choice,), assumptions


def as_movie(
    source: FrameSource, choices: Mapping[str, str]
) -> tuple[FrameSource, tuple[ReadingChoice, ...], tuple[str, ...]]:
    """Three axes as time, row and column, without reading; time is asked for or guessed.

    Returns
    -------
    FrameSource
        Frames, shape (time, row, column).
    tuple of ReadingChoice
        The choice ``time_axis``.
    tuple of str
        What was assumed.
    """
    shape = tuple(int(length) for length in source.shape)
    guess = guess_time_axis(shape)
    longest = shape[guess] == max(shape)
    why = "it is the longest" if longest else "the other two are equally long, as in a square frame"
    choice = ReadingChoice(
        "time_axis",
        f"Time axis of {' x '.join(map(str, shape))}",
        tuple(map(str, range(FRAME_AXES))),
        choices.get("time_axis", str(guess)),
        f"Axis {guess}: {why}.",
    )
    time = int(choice.chosen)
    assumptions: tuple[str, ...] = ()
    if time != 0 and "time_axis" not in choices:
        assumptions = (f"Axis {time} of shape {shape} was taken as time, because {why}.",)
    row, column = (axis for axis in range(FRAME_AXES) if axis != time)
    return transposed(source, (time, row, column)), (choice,), assumptions


def guess_time_axis(shape: tuple[int, ...]) -> int:
    """The longest of three axes; where two tie for it, the third, for frames are often square."""
    longest = [axis for axis, length in enumerate(shape) if length == max(shape)]
    if len(longest) == 2:
        return next(axis for axis in range(FRAME_AXES) if axis not in longest)
    return longest[0]


def _listed(words: Sequence[str]) -> str:
    more = len(words) - _NAMED_AT_MOST
    shown = ", ".join(words[:_NAMED_AT_MOST])
    return f"{shown} and {more} more" if more > 0 else shown
