"""Options of ``aphyn-gui info`` and ``fit`` for how a recording is read."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

from aphyn_gui.cli_input import InputError
from aphyn_gui.recording import Recording
from aphyn_gui.recording.binning import LARGEST_BINNING, SMALLEST_BINNING
from aphyn_gui.study import RecordingReference
from aphyn_gui.study.opening import open_referenced

_CHOICE_FORM = "KEY=OPTION"


_RECORDING = "recording: a file, or a folder in which every frame is a file"


def add_recording_options(parser: argparse.ArgumentParser, file_help: str = _RECORDING) -> None:
    """Add the file, and what can be said about it."""
    parser.add_argument("file", type=Path, help=file_help)
    parser.add_argument(
        "--frame-interval", type=float, metavar="MS", help="time between frames, ms"
    )
    parser.add_argument(
        "--pixel-pitch", type=float, metavar="MM", help="size of a pixel as stored, mm"
    )
    parser.add_argument(
        "--bin", type=int, metavar="N",
        help="average squares of N x N pixels into one, 2 to 8; regions are given in these",
    )  # fmt: skip
    parser.add_argument(
        "--choose", action="append", default=[], metavar=_CHOICE_FORM,
        help="where the file leaves something open, what to take; info says what there is; "
        "repeatable",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def referred(options: argparse.Namespace) -> RecordingReference:
    """The recording that the options name, and how it is to be read.

    Raises
    ------
    InputError
        If an option has another form, or a key is given twice.
    """
    choices: dict[str, str] = {}
    for text in options.choose:
        key, equals, option = (part.strip() for part in text.partition("="))
        if not (key and equals and option):
            raise InputError(f"--choose takes {_CHOICE_FORM}, not {text!r}")
        if key in choices:
            raise InputError(f"--choose says twice what {key} should be")
        choices[key] = option
    if options.bin is not None and not SMALLEST_BINNING <= options.bin <= LARGEST_BINNING:
        raise InputError(
            f"--bin takes a number between {SMALLEST_BINNING} and {LARGEST_BINNING}, "
            f"not {options.bin}"
        )
    return RecordingReference(
        options.file,
        options.frame_interval,
        options.pixel_pitch,
        tuple(choices.items()),
        binning=options.bin or 1,
    )


def given_options(options: argparse.Namespace) -> list[str]:
    """The options that say how the file is to be read, as far as they are given."""
    values = {
        "--frame-interval": options.frame_interval,
        "--pixel-pitch": options.pixel_pitch,
        "--bin": options.bin,
        "--choose": options.choose or None,
    }
    return [name for name, value in values.items() if value is not None]


def open_chosen(options: argparse.Namespace) -> Recording:
    """The recording that the options name, read as they say.

    Raises
    ------
    InputError
        If an option has another form, or the file does not leave open what is chosen: nothing
        would happen.
    RecordingError
        If it cannot be used.
    """
    recording = open_referenced(referred(options))
    known = [choice.key for choice in recording.choices]
    for key, _ in referred(options).choices:
        if key not in known:
            there = f"only {', '.join(known)}" if known else "nothing"
            raise InputError(f"--choose {key}: {options.file.name} leaves {there} open")
    return recording


def choice_lines(recording: Recording) -> list[str]:
    """What the file leaves open, what was taken and why, ready for ``--choose``."""
    lines = []
    for choice in recording.choices:
        others = [option for option in choice.options if option != choice.chosen]
        lines.append(f"{choice.label}: {choice.chosen}. {choice.reason}")
        lines += [f"    or --choose {shlex.quote(f'{choice.key}={other}')}" for other in others]
    return lines
