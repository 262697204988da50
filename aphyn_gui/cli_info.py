"""``aphyn-gui info``: what a recording or a project is."""

from __future__ import annotations

import argparse
import json
from typing import Any

from aphyn_gui.cli_input import InputError
from aphyn_gui.cli_recording import (
    add_recording_options,
    choice_lines,
    given_options,
    open_chosen,
)
from aphyn_gui.recording import (
    Preparation,
    Recording,
    RecordingError,
    RectangularRoi,
    region_signal,
)
from aphyn_gui.study import PROJECT_SUFFIX
from aphyn_gui.study.export import document_as_dict, recording_as_dict
from aphyn_gui.study.opening import open_project
from aphyn_gui.wording import enumerated

_LARGEST_PREVIEW = 64


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the subcommand ``info``."""
    parser = commands.add_parser(
        "info",
        help="say what a recording or a study is",
        description="Say what a recording is, or what a study holds.",
    )
    add_recording_options(
        parser,
        "recording: a file, or a folder in which every frame is a file; or a study, "
        f"STUDY{PROJECT_SUFFIX}",
    )


def run(options: argparse.Namespace) -> int:
    """Describe the file that the options name.

    Returns
    -------
    int
        Exit status 0.

    Raises
    ------
    InputError, RecordingError, StudyError
        If it cannot be used, or not in that way.
    """
    if options.file.suffix.lower() == PROJECT_SUFFIX:
        given = given_options(options)
        if given:
            raise InputError(
                f"{options.file.name} says itself how its recordings are read: "
                f"leave {enumerated(given)} away"
            )
        result = document_as_dict(open_project(options.file))
        lines = _project_lines(result)
    else:
        result, lines = _recording(open_chosen(options))
    print(json.dumps(result) if options.json else "\n".join(lines))
    return 0


def _recording(recording: Recording) -> tuple[dict[str, Any], list[str]]:
    """What is known of a recording, and the same for reading."""
    result: dict[str, Any] = {
        **recording_as_dict(recording),
        "polarity": None,
        "cycle_length_ms": None,
        "note": "",
    }
    if recording.frame_interval_ms is None:
        result["note"] = "the file does not say its frame interval; give it with --frame-interval"
    else:
        try:
            signal = region_signal(recording, _central_region(recording), Preparation())
        except RecordingError as error:
            result["note"] = str(error)
        else:
            result["polarity"] = str(signal.polarity)
            result["cycle_length_ms"] = signal.beats.cycle_length_ms
    lines = [
        f"{result['file']}: {result['format']}",
        f"  {result['frame_count']} frames of {result['row_count']} rows x "
        f"{result['column_count']} columns",
        f"  frame interval {_quantity(recording.frame_interval_ms, 'ms')}",
        f"  pixel pitch {_quantity(recording.pixel_pitch_mm, 'mm')}",
        *(f"  {line}" for line in choice_lines(recording)),
    ]
    if result["polarity"]:
        lines.append(
            f"  polarity {result['polarity']}, cycle length {result['cycle_length_ms']:.1f} ms"
        )
    notes = [*recording.assumptions, *([result["note"]] if result["note"] else [])]
    return result, [*lines, *(f"  note: {note}" for note in notes)]


def _quantity(value: float | None, unit: str) -> str:
    return "unknown" if value is None else f"{value:g} {unit}"


def _central_region(recording: Recording) -> RectangularRoi:
    """The middle of the frame: enough to see beats in, small enough to read at once."""
    width = min(recording.column_count, _LARGEST_PREVIEW)
    height = min(recording.row_count, _LARGEST_PREVIEW)
    return RectangularRoi(
        (recording.column_count - width) // 2, (recording.row_count - height) // 2, width, height
    )


def _project_lines(project: dict[str, Any]) -> list[str]:
    recordings = project["recordings"]
    regions = [region for entry in recordings for region in entry["regions"]]
    fits = [region for region in regions if region["fit"] is not None]
    counts = [
        _count(len(recordings), "recording"),
        _count(len(regions), "region"),
        _count(len(fits), "fit"),
    ]
    lines = [f"{project['file']}: study of {enumerated(counts)}"]
    for entry in recordings:
        state = "present" if entry["is_present"] else f"not usable: {entry['problem']}"
        lines.append(f"  {entry['name']}: {entry['file']}")
        lines.append(f"    {state}")
        lines += [f"    {_region_line(region)}" for region in entry["regions"]]
    return lines


def _region_line(region: dict[str, Any]) -> str:
    place = (
        f"{region['name']}: {region['width']} x {region['height']} pixels from column "
        f"{region['x']}, row {region['y']}; "
    )
    fit = region["fit"]
    if fit is None:
        return f"{place}not fitted"
    network = "without network" if fit["network"] == "none" else "with network"
    words = f"{place}{fit['outcome']}, {fit['preset']}, {fit['physics']} {network}"
    if fit["training_mse"] is not None:
        words += f", training MSE {fit['training_mse']:.3g}"
    changes = fit["changed_since_fit"]
    return f"{words}; {enumerated(changes)} changed since" if changes else words


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
