"""Project files on the command line: ``aphyn-gui fit --save`` and ``aphyn-gui export``."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path

from aphyn_gui.cli_input import InputError
from aphyn_gui.study import PROJECT_SUFFIX, Study, StudyRecording
from aphyn_gui.study.export import ExportPart, export_study, study_as_dict
from aphyn_gui.study.opening import open_project, with_content_hash
from aphyn_gui.study.project_file import save_project
from aphyn_gui.study.writing import write_text


def add_save_option(parser: argparse._ActionsContainer) -> None:
    """Add ``--save`` to the parser of ``fit``."""
    parser.add_argument(
        "--save", type=Path, metavar=f"STUDY{PROJECT_SUFFIX}",
        help="study to write: opens in the window, with recording, regions and fits",
    )  # fmt: skip


def require_writable(path: Path | None) -> None:
    """Refuse a project file that cannot be written, before hours of fitting.

    Raises
    ------
    InputError
        If its name has another ending, or its folder does not exist.
    """
    if path is None:
        return
    if path.suffix != PROJECT_SUFFIX:
        raise InputError(f"--save takes a name that ends in {PROJECT_SUFFIX}, not {path.name!r}")
    if not path.absolute().parent.is_dir():
        raise InputError(f"--save: there is no folder {path.absolute().parent}")


def add_parts_option(parser: argparse._ActionsContainer) -> None:
    """Add ``--export``, which names parts of a study's results."""
    parser.add_argument(
        "--export", nargs="+", choices=[*ExportPart], default=[*ExportPart],
        metavar="PART",
        help="with --out, what to write beside fit.json (default: all): "
        + "; ".join(f"{part}: {part.meaning}" for part in ExportPart),
    )  # fmt: skip


def save(study: Study, path: Path) -> None:
    """Write a study into a project file and say so.

    Raises
    ------
    ProjectError
        If it cannot be written.
    """
    for entry in study.recordings:
        if entry.reference is not None:
            known = replace(entry, reference=with_content_hash(entry.reference))
            study = study.with_recording(known)
    save_project(study, path)
    print(f"saved {path}", file=sys.stderr)


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the subcommand ``export``."""
    parser = commands.add_parser(
        "export",
        help="write the fits of a study as tables",
        description="Write the comparison and the fits of a study as CSV and JSON.",
    )
    parser.add_argument("file", type=Path, metavar=f"STUDY{PROJECT_SUFFIX}", help="study file")
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="folder for the results"
    )
    add_parts_option(parser)


def run(options: argparse.Namespace) -> int:
    """Export what the options say.

    Returns
    -------
    int
        Exit status 0.

    Raises
    ------
    InputError, StudyError
        If there is nothing to export, or the project or a recording of it cannot be used.
    OSError
        If a file cannot be written.
    """
    document = open_project(options.file)
    study = document.study
    fitted = [
        entry
        for entry in study.recordings
        if any(region.id in study.fits for region in entry.regions)
    ]
    if not fitted:
        raise InputError(f"{options.file.name} has no fits yet: fit its regions first")
    open_ones = [
        document.recordings[entry.id] for entry in fitted if entry.id in document.recordings
    ]
    names = {
        entry.id: "fit.json" if len(fitted) == 1 else f"fit-{entry.id}.json"
        for entry in fitted
        if entry.id in document.recordings
    }
    files = export_study(
        study, open_ones, options.out, what=options.export, beside=[*names.values()]
    )
    for entry in fitted:
        name = names.get(entry.id)
        if name is None:
            problem = document.problems.get(entry.id, f"{entry.name} is not open")
            print(
                f"{entry.name} is exported without its traces and fit.json: {problem}",
                file=sys.stderr,
            )
            continue
        result = study_as_dict(_only(study, entry), document.recordings[entry.id])
        files.append(write_text(options.out / name, json.dumps(result, indent=2) + "\n"))
    print(f"wrote {len(files)} files into {options.out}", file=sys.stderr)
    return 0


def _only(study: Study, entry: StudyRecording) -> Study:
    """The part of a study that belongs to one recording."""
    ids = {region.id for region in entry.regions}
    fits = {key: fit for key, fit in study.fits.items() if key in ids}
    return Study((entry,), entry.id, study.protocol, fits)
