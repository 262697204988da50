"""TurboSM (RedShirtImaging, SciMeasure): a movie (.tsm) and its analog inputs (.tbn)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import cast

import numpy as np

from aphyn_gui.recording.errors import RecordingError
from aphyn_gui.recording.formats.computed_frames import DifferenceFrames
from aphyn_gui.recording.formats.flat_files import (
    decide,
    find_beside,
    leading_number,
    map_numbers,
    size_of,
)
from aphyn_gui.recording.frames import FrameSource
from aphyn_gui.recording.recording import AnalogChannel, ReadingChoice, Recording

_NUMBER = np.dtype("<i2")
_ANALOG_NUMBER = np.dtype("<f8")
_HEADER_BYTES, _CARD_BYTES = 2880, 80
_ANALOG_HEADER_WORDS = 2
_AXES = ("NAXIS3", "NAXIS2", "NAXIS1")
_SUBTRACTED, _NOT_SUBTRACTED = "subtracted", "not subtracted"


class TurboSmFormat:
    """Recordings of TurboSM; either file opens the movie."""

    name = "TurboSM"
    suffixes = (".tsm", ".tbn")

    def recognises(self, path: Path, first_bytes: bytes) -> bool:
        """Whether the header's sizes give the file's: a FITS file, alike, is padded or 2-D."""
        cards = _cards(first_bytes[:_HEADER_BYTES])
        try:
            frames, rows, columns = (int(cards.get(axis, "0")) for axis in _AXES)
        except ValueError:
            return False
        plane_bytes = rows * columns * _NUMBER.itemsize
        return (
            min(frames, rows, columns) > 0
            and size_of(path) == _HEADER_BYTES + (frames + 1) * plane_bytes
        )

    def open(self, path: Path, choices: Mapping[str, str]) -> Recording:
        """Map the movie; only its dark frame is read.

        Raises
        ------
        RecordingError
            If the movie is missing, truncated, or its header is none.
        """
        movie = _movie_of(path)
        header = np.asarray(
            map_numbers(movie, np.uint8, (_HEADER_BYTES,), 0, "a header of 2880 bytes")
        )
        cards = _cards(header.tobytes())
        frames, rows, columns = (_axis(movie, cards, axis) for axis in _AXES)
        if cards.get("BITPIX", "16") != "16":
            raise RecordingError(
                f"{movie.name} says BITPIX={cards['BITPIX']}; a TurboSM movie has 16 bits: open it "
                "in its own program and save it as TIFF"
            )
        what = f"{frames} frames of {rows} rows of {columns} 16-bit numbers"
        stored = map_numbers(movie, _NUMBER, (frames, rows, columns), _HEADER_BYTES, what)
        dark_at = _HEADER_BYTES + stored.nbytes
        taken: tuple[ReadingChoice, ...] = ()
        dark = np.zeros((rows, columns), dtype=np.int16)
        notes: tuple[str, ...] = ()
        if dark_at + dark.nbytes <= size_of(movie):
            choice = decide(
                choices,
                "dark_frame",
                "Dark frame",
                (_SUBTRACTED, _NOT_SUBTRACTED),
                _SUBTRACTED,
                "It is what the camera reads without light.",
            )
            taken = (choice,)
            if choice.chosen == _SUBTRACTED:
                dark = np.asarray(
                    map_numbers(movie, _NUMBER, (rows, columns), dark_at, "a dark frame")
                )
        else:
            notes = ("The file ends before the dark frame: none was subtracted.",)
        exposure = leading_number(cards.get("EXPOSURE", ""))
        if exposure is not None:
            notes += ("The exposure time was taken as the frame interval.",)
        analog, analog_notes = _analog_channels(movie, frames)
        return Recording(
            frames=DifferenceFrames(cast(FrameSource, stored), -dark.astype(np.int32)),
            path=path,
            format_name=self.name,
            frame_interval_ms=None if exposure is None else exposure * 1000,
            header=cards,
            assumptions=(*notes, *analog_notes),
            choices=taken,
            analog=analog,
        )


def _movie_of(path: Path) -> Path:
    if path.suffix.lower() != ".tbn":
        return path
    name = path.with_suffix(".tsm").name
    movie = find_beside(path, name)
    if movie is None:
        raise RecordingError(
            f"{name}, the movie that the analog inputs {path.name} belong to, is missing in the "
            f"folder {path.parent}: put both in one folder"
        )
    return movie


def _cards(header: bytes) -> dict[str, str]:
    """Keywords and values of a FITS-style header, without comments."""
    cards: dict[str, str] = {}
    for start in range(0, len(header), _CARD_BYTES):
        card = header[start : start + _CARD_BYTES].decode("latin-1")
        keyword, equals, value = card.partition("=")
        if keyword.strip() == "END":
            break
        if equals and keyword.strip().isascii():
            cards[keyword.strip()] = value.partition("/")[0].strip(" \0'")
    return cards


def _axis(movie: Path, cards: Mapping[str, str], axis: str) -> int:
    text = cards.get(axis, "")
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise RecordingError(
            f"{movie.name} says {axis}={text[:40] or 'nothing'}: it is no TurboSM movie, or damaged"
        )
    return int(text)


def _analog_channels(movie: Path, frames: int) -> tuple[tuple[AnalogChannel, ...], tuple[str, ...]]:
    """Channels one after the other in the ``.tbn`` beside the movie, mapped."""
    path = find_beside(movie, movie.with_suffix(".tbn").name)
    if path is None:
        return (), (f"There is no {movie.stem}.tbn beside it: the analog inputs are missing.",)
    try:
        words = map_numbers(path, _NUMBER, (_ANALOG_HEADER_WORDS,), 0, "two numbers")
        # Negative where a certain plug-in recorded them.
        channels, ratio = abs(int(words[0])), int(words[1])
        stored = map_numbers(
            path,
            _ANALOG_NUMBER,
            (channels, frames * ratio),
            words.nbytes,
            f"{channels} channels of {frames} x {ratio} numbers",
        )
    except RecordingError as error:
        # The movie is worth opening without.
        return (), (f"The analog inputs were not read: {error}.",)
    return tuple(
        AnalogChannel(f"BNC {number}", channel, ratio)
        for number, channel in enumerate(stored, start=1)
    ), ()
