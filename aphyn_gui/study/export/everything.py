"""A whole study into one folder."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, partial
from pathlib import Path

from aphyn_gui.recording import Recording
from aphyn_gui.study.comparison import compare
from aphyn_gui.study.export.contents import CONTENTS_NAME, contents_text
from aphyn_gui.study.export.csv_files import write_csv
from aphyn_gui.study.export.fitted import FittedRegion, fitted_regions
from aphyn_gui.study.export.physics_text import hybrid_physics, lone_physics
from aphyn_gui.study.export.plain_data import parameters_as_dicts
from aphyn_gui.study.export.report import html_report
from aphyn_gui.study.export.script import export_script
from aphyn_gui.study.export.series import write_series
from aphyn_gui.study.export.tables import Table, shown_table, study_tables, write_tables
from aphyn_gui.study.export.workbook import write_workbook
from aphyn_gui.study.study import Study, StudyError
from aphyn_gui.study.writing import write_text


class ExportPart(StrEnum):
    """What can be written."""

    TABLES = "tables"
    SERIES = "series"
    REPORT = "report"
    SCRIPT = "script"
    MODELS = "models"

    @property
    def meaning(self) -> str:
        """One sentence for the user."""
        return _MEANINGS[self]


_MEANINGS = {
    ExportPart.TABLES: "the comparison and everything behind it as CSV, and as one Excel workbook",
    ExportPart.SERIES: "traces, sequences, forecasts, training, F_dl of each region as CSV and NPY",
    ExportPart.REPORT: "one HTML page with figures, tables and methods",
    ExportPart.SCRIPT: "a Python script that makes the fits again",
    ExportPart.MODELS: "the fitted physics for Myokit, openCARP and Finitewave",
}


_MANY = {ExportPart.TABLES, ExportPart.SERIES, ExportPart.MODELS}
"""Parts of so many files that one wants to be told what they are."""


@dataclass(frozen=True, slots=True)
class ExportProgress:
    """How far an export is.

    Parameters
    ----------
    written : tuple of Path
        Files of the last step.
    done, steps : int
        Steps that are done, and all.
    """

    written: tuple[Path, ...]
    done: int
    steps: int


def export_study(
    study: Study,
    recordings: Iterable[Recording],
    folder: Path,
    *,
    what: Collection[ExportPart] = tuple(ExportPart),
    beside: Collection[str] = (),
) -> list[Path]:
    """Write a study's results; each file appears only when it is complete.

    Parameters
    ----------
    study : Study
        With at least one fit.
    recordings : iterable of Recording
        Those that are open, told apart by their files. Without its recording a region lacks its
        trace, and the report the recording's format.
    folder : Path
        Created where it is missing; files of the same names are replaced. Each region has a folder
        of its own in it.
    what : collection of ExportPart
        Parts to write.
    beside : collection of str
        Names of JSON files that the caller adds: they belong on the page of contents.

    Returns
    -------
    list of Path
        Files written.

    Raises
    ------
    StudyError
        If no region has a fit, a script is asked for and cannot be made, or the folder cannot be
        written to.
    RecordingError
        If a recording cannot be read.
    """
    progress = export_in_steps(study, recordings, folder, what=what, beside=beside)
    return [path for step in progress for path in step.written]


def export_in_steps(
    study: Study,
    recordings: Iterable[Recording],
    folder: Path,
    *,
    what: Collection[ExportPart] = tuple(ExportPart),
    beside: Collection[str] = (),
) -> Iterator[ExportProgress]:
    """As :func:`export_study`, step by step: it can be left between any two.

    Yields
    ------
    ExportProgress
        After each step, which writes a few files of one part and one region; the last one says
        what is in the folder, if that is more than a page or a script.
    """
    known = tuple(recordings)
    fitted = fitted_regions(study, known)
    # Three steps want them: as files, as a workbook, and for what stands in them.
    tables = cache(partial(study_tables, study, known))
    steps = _steps(study, known, fitted, tables, folder, what)
    written: list[Path] = []
    if _MANY & set(what):
        more = [folder / name for name in beside]
        steps.append(lambda: _write_contents([*written, *more], folder, fitted, tables()))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for done, step in enumerate(steps, start=1):
            files = step()
            written += files
            yield ExportProgress(tuple(files), done, len(steps))
    except OSError as error:
        file = folder if error.filename is None else error.filename
        raise StudyError(
            f"{file} cannot be written ({error.strerror}): choose another folder, or close the "
            "program that has the file open"
        ) from error


def _steps(
    study: Study,
    recordings: tuple[Recording, ...],
    fitted: tuple[FittedRegion, ...],
    tables: Callable[[], tuple[Table, ...]],
    folder: Path,
    what: Collection[ExportPart],
) -> list[Callable[[], list[Path]]]:
    steps: list[Callable[[], list[Path]]] = []
    if ExportPart.TABLES in what:
        steps.append(lambda: _write_tables(study, tables(), folder))
        steps += [partial(_in_its_folder, _write_parameters, one, folder) for one in fitted]
        steps.append(lambda: _write_workbook(study, tables(), folder))
    if ExportPart.SERIES in what:
        steps += [partial(_in_its_folder, write_series, one, folder) for one in fitted]
    if ExportPart.REPORT in what:
        steps.append(lambda: [write_text(folder / "report.html", html_report(study, recordings))])
    if ExportPart.SCRIPT in what:
        steps.append(lambda: [write_text(folder / "fit_again.py", export_script(study))])
    if ExportPart.MODELS in what:
        steps += [partial(_in_its_folder, write_models, one, folder) for one in fitted]
    return steps


def _in_its_folder(
    write: Callable[[FittedRegion, Path], list[Path]], fitted: FittedRegion, folder: Path
) -> list[Path]:
    """Write a region's files into the region's folder."""
    own = folder / fitted.stem
    own.mkdir(exist_ok=True)
    return write(fitted, own)


def _write_contents(
    written: list[Path], folder: Path, fitted: tuple[FittedRegion, ...], tables: tuple[Table, ...]
) -> list[Path]:
    own = {one.stem for one in fitted}
    others = sorted(
        path.name for path in folder.iterdir() if path.is_dir() and path.name not in own
    )
    text = contents_text(written, folder, fitted, tables, others)
    return [write_text(folder / CONTENTS_NAME, text)]


def _write_tables(study: Study, tables: tuple[Table, ...], folder: Path) -> list[Path]:
    comparison = write_text(folder / "comparison.csv", compare(study).to_csv())
    return [comparison, *write_tables(tables, folder)]


def _write_workbook(study: Study, tables: tuple[Table, ...], folder: Path) -> list[Path]:
    return [write_workbook(folder / "study.xlsx", (shown_table(compare(study)), *tables))]


def write_study(study: Study, recording: Recording, folder: Path) -> tuple[Path, ...]:
    """Write tables and series of a study with one recording; see :func:`export_study`."""
    parts = (ExportPart.TABLES, ExportPart.SERIES)
    return tuple(export_study(study, (recording,), folder, what=parts))


def _write_parameters(fitted: FittedRegion, folder: Path) -> list[Path]:
    parameters = parameters_as_dicts(fitted.region_fit.fit)
    path = folder / f"{fitted.stem}_parameters.csv"
    return [write_csv(path, list(parameters[0]), (one.values() for one in parameters))]


def write_models(fitted: FittedRegion, folder: Path) -> list[Path]:
    """A region's physics for each simulator that can take it.

    Parameters
    ----------
    fitted : FittedRegion
        One region.
    folder : Path
        Exists.

    Returns
    -------
    list of Path
        ``.mmt`` (Myokit) and ``.model`` (openCARP) for every ionic model; for Mitchell-Schaeffer
        also the parameters of openCARP's and Finitewave's own. A fit with a network gives each
        twice: F_p as it stands beside F_dl, and the physics fitted alone.
    """
    # SymPy: only when it is asked for.
    from aphyn_gui.study.export.finitewave import finitewave_parameters
    from aphyn_gui.study.export.myokit_model import myokit_model
    from aphyn_gui.study.export.opencarp import easyml_model, opencarp_parameters

    versions = {fitted.stem: hybrid_physics(fitted)}
    if fitted.region_fit.fit.protocol.network is not None:
        versions[f"{fitted.stem}_physics_only"] = lone_physics(fitted)
    written = []
    for stem, physics in versions.items():
        # openCARP makes identifiers of the file's name.
        identifier = re.sub(r"\W", "_", stem, flags=re.ASCII)
        texts = {
            f"{stem}.mmt": myokit_model(physics),
            f"{identifier}.model": easyml_model(physics),
            f"{stem}_opencarp.txt": opencarp_parameters(physics),
            f"{stem}_finitewave.json": finitewave_parameters(physics),
        }
        written += [
            write_text(folder / name, content)
            for name, content in texts.items()
            if content is not None
        ]
    return written
