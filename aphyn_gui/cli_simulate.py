"""``aphyn-gui simulate``: a simulated recording from the command line."""

from __future__ import annotations

import argparse
import json
import math
import re
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, replace
from pathlib import Path
from time import perf_counter
from typing import Any, TypeVar

from aphyn_gui.cli_line import StatusLine
from aphyn_gui.draining import drained
from aphyn_gui.insilico import (
    Disc,
    ExperimentError,
    ExperimentProgress,
    IschaemicRegion,
    Rectangle,
    Severity,
    Signal,
    SimulatedExperiment,
    SimulationStage,
    StimulusSite,
    simulate_experiment,
)
from aphyn_gui.recording import Polarity

_Value = TypeVar("_Value")

_REPORT_INTERVAL_S = 0.2
_AFTER_LAST_MS = 450.0
"""Longer than any action potential of this tissue."""

_OPTIONS = {
    "rows": "--size", "columns": "--size", "spacing_mm": "--spacing",
    "stimulus": "--stimulus", "stimulus_time_ms": "--stimulus-time", "beats": "--beats",
    "cycle_length_ms": "--cycle-length", "conditioning_beats": "--conditioning-beats",
    "duration_ms": "--duration", "ischaemia": "--ischaemia", "signal": "--signal",
    "polarity": "--polarity", "lateral_blur_mm": "--blur", "noise_fraction": "--noise",
    "frame_interval_ms": "--frame-interval", "seed": "--seed", "path": "OUT",
}  # fmt: skip
"""Option behind each attribute of an experiment."""

_ISCHAEMIA_OPTIONS = {
    "ischaemia_potassium": "extracellular_potassium_mm",
    "ischaemia_sodium": "sodium_factor",
    "ischaemia_calcium": "calcium_factor",
    "ischaemia_katp": "katp_conductance",
    "ischaemia_gkr": "rapid_rectifier_factor",
    "ischaemia_gks": "slow_rectifier_factor",
    "ischaemia_border": "border_mm",
}
"""Attribute of an ischaemic region behind each option that changes one."""


class SimulateInputError(ValueError):
    """Something on the command line cannot be used; the message is meant for the user."""


def add_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the subcommand ``simulate``."""
    defaults = SimulatedExperiment()
    parser = commands.add_parser(
        "simulate",
        help="simulate a recording: Ten Tusscher-Panfilov tissue seen by a camera",
        description="Simulate a slab of Ten Tusscher-Panfilov 2006 ventricular tissue (monodomain, "
        "no flux through its edges) and write it as a TIFF recording with its timing and scale. "
        "Places and sizes are in nodes, which are the pixels of the recording.",
    )
    parser.add_argument("out", type=Path, metavar="OUT", help="recording to write, .tif or .tiff")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    slab = parser.add_argument_group("slab and stimulus")
    slab.add_argument(
        "--size", metavar="ROWSxCOLUMNS", default=f"{defaults.rows}x{defaults.columns}",
        help=f"nodes, 4 to 1024 each (default {defaults.rows}x{defaults.columns})",
    )  # fmt: skip
    _number(slab, "--spacing", "MM", defaults.spacing_mm, "distance between nodes, 0.05 to 0.5 mm")
    slab.add_argument(
        "--stimulus", metavar="SITE", default=str(defaults.stimulus),
        help="corner, centre, edge (left), or ROW,COLUMN: a square of 1.5 mm around that node "
        f"(default {defaults.stimulus})",
    )  # fmt: skip
    _number(slab, "--stimulus-time", "MS", defaults.stimulus_time_ms, "first stimulus, ms")
    _whole(slab, "--beats", defaults.beats, "stimuli in the recording")
    _number(slab, "--cycle-length", "MS", defaults.cycle_length_ms, "time between stimuli, ms")
    _whole(
        slab, "--conditioning-beats", defaults.conditioning_beats,
        "stimuli before the recording starts",
    )  # fmt: skip
    region = parser.add_argument_group("ischaemic region")
    region.add_argument(
        "--ischaemia", metavar="SHAPE",
        help="disc=ROW,COLUMN,RADIUS or rect=ROW,COLUMN,HEIGHT,WIDTH (default: none)",
    )  # fmt: skip
    region.add_argument(
        "--ischaemia-severity", choices=[*Severity], default=Severity.MODERATE,
        help=f"how ischaemic it is (default {Severity.MODERATE}); the options below change one "
        "component each",
    )  # fmt: skip
    for option, metavar, meaning in (
        ("potassium", "MM", "extracellular potassium, mM; normal is 5.4"),
        ("sodium", "F", "remaining fraction of gNa"),
        ("calcium", "F", "remaining fraction of gCaL"),
        (
            "katp",
            "G",
            "open ATP-sensitive potassium channels, nS/pF: shortens the action potential",
        ),
        ("gkr", "F", "factor of gKr"),
        ("gks", "F", "factor of gKs"),
        ("border", "MM", "width over which normal turns into ischaemic, mm"),
    ):
        region.add_argument(f"--ischaemia-{option}", type=float, metavar=metavar, help=meaning)
    camera = parser.add_argument_group("recording")
    camera.add_argument(
        "--duration", type=float, metavar="MS",
        help="length of the recording, ms (default: until 450 ms after the last stimulus)",
    )  # fmt: skip
    _number(camera, "--frame-interval", "MS", defaults.frame_interval_ms, "time between frames, ms")
    camera.add_argument(
        "--signal", choices=[*Signal], default=defaults.signal,
        help="fluorescence as a camera sees it, or the potential itself "
        f"(default {defaults.signal})",
    )  # fmt: skip
    camera.add_argument(
        "--polarity", choices=[*Polarity], default=defaults.polarity,
        help=f"fluorescence on depolarisation (default {defaults.polarity})",
    )  # fmt: skip
    _number(camera, "--blur", "MM", defaults.lateral_blur_mm, "blur along the surface, mm")
    _number(
        camera, "--noise", "F", defaults.noise_fraction,
        "noise as a fraction of the action potential's amplitude",
    )  # fmt: skip
    _whole(camera, "--seed", defaults.seed, "seed of the noise")


def run(options: argparse.Namespace) -> int:
    """Simulate what the options say.

    Returns
    -------
    int
        Exit status 0.

    Raises
    ------
    SimulateInputError
        For anything the user can mend on the command line.
    OSError
        If the file cannot be written.
    SimulationError
        If the potential left the physiological range.
    """
    try:
        experiment = _experiment(options)
        path, elapsed_s = _simulate(experiment, options.out.expanduser())
    except ExperimentError as error:
        raise SimulateInputError(f"{_OPTIONS[error.field]}: {error}") from error
    result: dict[str, Any] = {
        "file": str(path),
        "frame_count": experiment.frame_count,
        "elapsed_s": elapsed_s,
        **asdict(experiment),
    }
    if options.json:
        print(json.dumps(result))
    else:
        print(
            f"{path}: {experiment.frame_count} frames of {experiment.rows} rows x "
            f"{experiment.columns} columns, {experiment.frame_interval_ms:g} ms, "
            f"{experiment.spacing_mm:g} mm; simulated in {elapsed_s:.1f} s"
        )
    return 0


def _simulate(experiment: SimulatedExperiment, path: Path) -> tuple[Path, float]:
    """The written file, and the time it took, s."""
    began = perf_counter()
    reporter = _Reporter()
    # Closed also on Ctrl-C: what was half done is gone before the program ends.
    with closing(simulate_experiment(experiment, path)) as simulation:
        try:
            written = drained(simulation, reporter.show)
        finally:
            reporter.finish()
    return written, perf_counter() - began


def _experiment(options: argparse.Namespace) -> SimulatedExperiment:
    rows, columns = _size(options.size)
    duration_ms = options.duration
    if duration_ms is None:
        last_ms = options.stimulus_time + max(options.beats - 1, 0) * options.cycle_length
        duration_ms = last_ms + _AFTER_LAST_MS
    experiment = SimulatedExperiment(
        rows=rows,
        columns=columns,
        spacing_mm=options.spacing,
        stimulus_time_ms=options.stimulus_time,
        beats=options.beats,
        cycle_length_ms=options.cycle_length,
        conditioning_beats=options.conditioning_beats,
        duration_ms=duration_ms,
        ischaemia=_ischaemia(options),
        signal=Signal(options.signal),
        polarity=Polarity(options.polarity),
        lateral_blur_mm=options.blur,
        noise_fraction=options.noise,
        frame_interval_ms=options.frame_interval,
        seed=options.seed,
    )
    return replace(experiment, stimulus=_stimulus(options.stimulus, experiment))


def _size(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d+)[x×](\d+)", text.strip())
    if match is None:
        raise SimulateInputError(f"--size takes ROWSxCOLUMNS, such as 64x64, not {text!r}")
    return int(match[1]), int(match[2])


def _stimulus(text: str, experiment: SimulatedExperiment) -> StimulusSite | Rectangle:
    if text in set(StimulusSite):
        return StimulusSite(text)
    try:
        row, column = (int(part) for part in text.split(","))
    except ValueError:
        raise SimulateInputError(
            f"--stimulus takes {', '.join(StimulusSite)} or ROW,COLUMN in whole nodes, not {text!r}"
        ) from None
    return experiment.square_around(row, column)


def _ischaemia(options: argparse.Namespace) -> IschaemicRegion | None:
    changes = {
        attribute: getattr(options, name)
        for name, attribute in _ISCHAEMIA_OPTIONS.items()
        if getattr(options, name) is not None
    }
    if options.ischaemia is None:
        if changes:
            raise SimulateInputError(
                "--ischaemia is missing: say where the ischaemic region lies, such as disc=32,48,12"
            )
        return None
    shape = _shape(options.ischaemia)
    return _built(
        "--ischaemia",
        lambda: replace(Severity(options.ischaemia_severity).region(shape), **changes),
    )


def _shape(text: str) -> Rectangle | Disc:
    kind, _, rest = text.partition("=")
    try:
        numbers = [float(part) for part in rest.split(",")]
    except ValueError:
        numbers = []
    if kind == "disc" and len(numbers) == 3 and all(map(math.isfinite, numbers)):
        return _built("--ischaemia", lambda: Disc(*numbers))
    if kind == "rect" and len(numbers) == 4 and all(number.is_integer() for number in numbers):
        return _built("--ischaemia", lambda: Rectangle(*map(int, numbers)))
    raise SimulateInputError(
        "--ischaemia takes disc=ROW,COLUMN,RADIUS or rect=ROW,COLUMN,HEIGHT,WIDTH (whole nodes), "
        f"not {text!r}"
    )


def _built(option: str, make: Callable[[], _Value]) -> _Value:
    try:
        return make()
    except ValueError as error:
        raise SimulateInputError(f"{option}: {error}") from error


def _number(
    group: argparse._ArgumentGroup, option: str, metavar: str, default: float, meaning: str
) -> None:
    group.add_argument(
        option,
        type=float,
        metavar=metavar,
        default=default,
        help=f"{meaning} (default {default:g})",
    )


def _whole(group: argparse._ArgumentGroup, option: str, default: int, meaning: str) -> None:
    group.add_argument(
        option, type=int, metavar="N", default=default, help=f"{meaning} (default {default})"
    )


class _Reporter:
    """One line on a terminal that follows the simulation; silent when nobody watches."""

    def __init__(self) -> None:
        self._line = StatusLine()
        self._last_s = -math.inf

    def show(self, report: ExperimentProgress) -> None:
        is_due = perf_counter() - self._last_s >= _REPORT_INTERVAL_S
        if not (is_due or report.fraction == 1):
            return
        self._last_s = perf_counter()
        line = "compiling, once on this machine ..."
        if report.stage is not SimulationStage.PREPARING:
            line = (
                f"{100 * report.fraction:3.0f} %, {report.time_ms:.0f} ms, "
                f"{report.remaining_s:.0f} s left"
            )
        self._line.write(line)

    def finish(self) -> None:
        self._line.clear()
