"""``aphyn-gui reproduce``: the paper's experiments from the command line."""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aphyn_gui.cli_input import ROI_FORM, parse_roi
from aphyn_gui.cli_line import StatusLine
from aphyn_gui.draining import drained
from aphyn_gui.study.reproduce import (
    EXPERIMENTS,
    ReproduceError,
    ReproduceProgress,
    ReproduceSettings,
    UserRecording,
    reproduce,
    require_matplotlib,
)

if TYPE_CHECKING:
    from aphyn_gui.study.reproduce.experiments import Reproduction


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the subcommand ``reproduce``."""
    defaults = ReproduceSettings()
    parser = commands.add_parser(
        "reproduce",
        help="reproduce the paper's experiments: tables and figures",
        description="Reproduce the paper's experiments (Kashtanova et al., APHYN-EP, STACOM 2022) "
        "on simulated tissue, and on a recording of your own: each a table and a figure (CSV, "
        "Markdown, PNG, SVG) beside the paper's numbers, with a summary of the methods. Takes "
        "some minutes; with --quick, seconds.",
    )
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="folder for the results"
    )
    parser.add_argument(
        "--experiment", nargs="+", choices=EXPERIMENTS, default=EXPERIMENTS, metavar="NAME",
        help=f"some of: {', '.join(EXPERIMENTS)} (default: all)",
    )  # fmt: skip
    parser.add_argument(
        "--seeds", type=int, default=defaults.seeds, metavar="N",
        help=f"repeats with other nodes, noise and networks (default {defaults.seeds})",
    )  # fmt: skip
    parser.add_argument(
        "--quick", action="store_true",
        help="small slab, one seed, few epochs: shows that everything works, means nothing",
    )  # fmt: skip
    data = parser.add_argument_group("a recording of your own, for fig4 and table1")
    data.add_argument("--recording", type=Path, metavar="FILE", help="TIFF, NPY or NPZ")
    data.add_argument(
        "--roi", nargs="+", action="extend", default=[], metavar=ROI_FORM,
        help="region in pixels: column and row of its corner, width, height; the first is compared "
        "with the paper's ROI A, the second with its ischaemic ROI B",
    )  # fmt: skip
    data.add_argument("--frame-interval", type=float, metavar="MS", help="time between frames, ms")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(options: argparse.Namespace) -> int:
    """Reproduce what the options say.

    Returns
    -------
    int
        Exit status 0.

    Raises
    ------
    ReproduceError, InputError, RecordingError
        For anything the user can mend.
    OSError
        If the folder cannot be written.
    """
    settings = _settings(options)
    require_matplotlib()
    reporter = _Reporter()
    with closing(reproduce(settings, options.out)) as experiments:
        try:
            done = drained(experiments, reporter.show)
        except KeyboardInterrupt:
            reporter.finish()
            print(f"finished experiments are in {options.out}", file=sys.stderr)
            raise
        finally:
            reporter.finish()
    if options.json:
        print(json.dumps(_as_dict(done, options.out)))
    else:
        for result in done.results:
            print(f"{result.title}: {options.out / result.name}.md, .csv, .png, .svg")
        print(f"{options.out / 'summary.md'} says how; {done.elapsed_s:.0f} s in all")
    return 0


def _settings(options: argparse.Namespace) -> ReproduceSettings:
    recording = None
    if options.recording is not None:
        regions = tuple(parse_roi(text) for text in options.roi)
        recording = UserRecording(options.recording, regions, options.frame_interval)
    elif options.roi or options.frame_interval is not None:
        raise ReproduceError("--roi and --frame-interval need a recording: give --recording FILE")
    chosen = set(options.experiment)
    return ReproduceSettings(
        experiments=tuple(name for name in EXPERIMENTS if name in chosen),
        seeds=1 if options.quick else options.seeds,
        is_quick=options.quick,
        recording=recording,
    )


def _as_dict(done: Reproduction, folder: Path) -> dict[str, Any]:
    # The tables need the results, which need torch: imported by now.
    from aphyn_gui.study.reproduce.tables import medians

    return {
        "folder": str(folder),
        "elapsed_s": done.elapsed_s,
        "files": _names(done.files),
        "experiments": {result.name: medians(result) for result in done.results},
    }


def _names(files: Iterable[Path]) -> list[str]:
    return [path.name for path in files]


class _Reporter:
    """One line that follows the experiments; on a terminal it is overwritten."""

    def __init__(self) -> None:
        self._line = StatusLine()

    def show(self, progress: ReproduceProgress) -> None:
        left = "" if math.isnan(progress.remaining_s) else f", {progress.remaining_s:.0f} s left"
        text = f"{100 * progress.fraction:3.0f} %{left}  {progress.text}"
        if self._line.is_watched:
            self._line.write(text)
        else:
            print(text, file=sys.stderr, flush=True)

    def finish(self) -> None:
        self._line.clear()
