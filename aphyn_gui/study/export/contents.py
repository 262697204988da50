"""What an export has written, as a page beside it: fifty files want a key."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from aphyn_gui import __version__
from aphyn_gui.study.export.fitted import FittedRegion
from aphyn_gui.study.export.tables import Table

CONTENTS_NAME = "contents.txt"

_OF_THE_STUDY = {
    "comparison.csv": "the comparison as on the screen, with full precision",
    "study.xlsx": "all tables as one workbook",
    "report.html": "figures, tables and methods on one page",
    "fit_again.py": "a Python script that makes the fits again",
}
_JSON = "every number of the fits, for programs"
_OF_A_REGION = {
    "_parameters.csv": "learned and fixed parameters, with intervals",
    "_trace.csv": "the mean trace over the whole recording, as recorded and prepared",
    "_sequences.csv": "the normalised sequences that were fitted",
    "_mean.csv": "their mean, and the fit, at the frames",
    "_forecast.csv": "the forecast with F_p and F_dl, at the steps",
    "_history.csv": "the training, epoch by epoch",
    "_network.csv": "F_dl over the (v, h) plane",
    ".mmt": "the fitted physics for Myokit",
    ".model": "the same for openCARP (EasyML)",
    "_opencarp.txt": "parameters for openCARP's own model",
    "_finitewave.json": "parameters for Finitewave's own model",
}


_STIMULUS = (
    "The stimulus's J_stim, t_stim and t_onset are called stimulus_amplitude, stimulus_duration",
    "and stimulus_onset in files.",
)


def contents_text(
    written: Sequence[Path],
    folder: Path,
    fitted: Iterable[FittedRegion],
    tables: Iterable[Table],
    others: Sequence[str] = (),
) -> str:
    """The page.

    Parameters
    ----------
    written : sequence of Path
        Files of the export, and JSON files that lie beside them.
    folder : Path
        Where they lie.
    fitted : iterable of FittedRegion
        Regions, each with a folder of its own.
    tables : iterable of Table
        What stands in the tables of the study.
    others : sequence of str
        Folders that were there before and hold nothing of this export.

    Returns
    -------
    str
        One line for each file of the study, and for each kind of file of the regions.
    """
    meanings = _OF_THE_STUDY | {
        f"{table.name}.csv": f"{table.note[0].lower()}{table.note[1:].removesuffix('.')}"
        for table in tables
    }
    names = [path.name for path in written if path.parent == folder]
    meanings |= {name: _JSON for name in names if name.endswith(".json")}
    lines = [f"Written by aphyn_gui {__version__}. Times are in ms, rates in 1/ms.", ""]
    lines += _aligned((name, meanings[name]) for name in names)
    kinds = [
        (ending, meaning)
        for ending, meaning in _OF_A_REGION.items()
        if any(path.parent != folder and path.name.endswith(ending) for path in written)
    ]
    if kinds:
        lines += ["", "One folder for each region:"]
        lines += [f"  {one.stem}/  {one.region.name}" for one in fitted]
        lines += ["", "In each of them, after the region's name:"]
        lines += [f"  {line}" for line in _aligned(kinds)]
        if any(path.suffix == ".npy" for path in written):
            lines += ["", "A .npy file holds the columns of the .csv file of the same name."]
        if any("_physics_only" in path.name for path in written):
            lines += [
                "",
                "With _physics_only: the physics fitted alone; without: beside the network.",
            ]
    lines += ["", *_STIMULUS]
    if others:
        # A region that has got another name, or is gone, leaves its folder behind.
        lines += ["", "Not of this export:", *(f"  {name}/" for name in others)]
    return "\n".join(lines) + "\n"


def _aligned(pairs: Iterable[tuple[str, str]]) -> list[str]:
    known = list(pairs)
    width = max((len(name) for name, _ in known), default=0)
    return [f"{name.ljust(width)}  {meaning}" for name, meaning in known]
