"""The engine without a window: ``aphyn-gui info``, ``fit`` and the other subcommands."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from aphyn_gui import cli_info, cli_project, cli_reproduce, cli_simulate
from aphyn_gui.cli_cleaning import add_cleaning_options, cleaning_settings, with_mask
from aphyn_gui.cli_input import ROI_FORM, InputError, parse_roi
from aphyn_gui.cli_line import StatusLine
from aphyn_gui.cli_recording import add_recording_options, open_chosen, referred
from aphyn_gui.draining import drained
from aphyn_gui.fitting import (
    PRESETS,
    RECOMMENDED,
    NetworkSettings,
    Outcome,
    Progress,
    Protocol,
    ProtocolError,
    Stage,
    preset,
)
from aphyn_gui.insilico import SimulationError
from aphyn_gui.physics import models
from aphyn_gui.recording import (
    Normalisation,
    Polarity,
    Preparation,
    RecordingError,
    Split,
)
from aphyn_gui.study import Study, StudyError, compare, fit_region
from aphyn_gui.study.export import export_study, study_as_dict
from aphyn_gui.study.writing import write_text

BAD_INPUT = 2
"""Exit status for anything the user can mend."""

_USER_ERRORS = (
    RecordingError,
    ProtocolError,
    StudyError,
    SimulationError,
    InputError,
    cli_simulate.SimulateInputError,
)
"""Errors whose message is written for the user."""


def main(arguments: Sequence[str]) -> int:
    """Run one headless job.

    Parameters
    ----------
    arguments : sequence of str
        Without the program's name; the first is one of ``cli_input.SUBCOMMANDS``.

    Returns
    -------
    int
        Exit status: 0, 2 for bad input, 130 when interrupted.
    """
    options = _parser().parse_args(arguments)
    try:
        jobs = {
            "info": cli_info.run,
            "fit": _fit,
            "export": cli_project.run,
            "simulate": cli_simulate.run,
            "reproduce": cli_reproduce.run,
            "benchmark": _benchmark,
        }
        return jobs[options.command](options)
    except _USER_ERRORS as error:
        message = " ".join(str(error).split())
        print(f"aphyn-gui: {message}", file=sys.stderr)
        return BAD_INPUT
    except OSError as error:
        print(f"aphyn-gui: {error.filename}: {error.strerror}", file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        print("aphyn-gui: interrupted", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="aphyn-gui",
        description="Fit APHYN-EP to optical mapping recordings, without a window.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    cli_info.add_parser(commands)
    fit = commands.add_parser(
        "fit",
        help="fit one or more regions of a recording and compare them",
        description="Fit one or more regions of a recording and compare them.",
    )
    add_recording_options(fit)
    _add_fit_options(fit)
    cli_project.add_parser(commands)
    cli_simulate.add_parser(commands)
    cli_reproduce.add_parser(commands)
    benchmark = commands.add_parser(
        "benchmark",
        help="say how fast this machine is",
        description="Say how fast this machine is; takes less than half a minute.",
    )
    benchmark.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


def _add_fit_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--roi", action="append", required=True, metavar=ROI_FORM,
        help="region in pixels: column and row of its corner, width, height; repeatable",
    )  # fmt: skip
    data = parser.add_argument_group("data")
    defaults = Preparation()
    data.add_argument(
        "--train", type=int, default=defaults.training_count, metavar="N",
        help=f"training sequences for each region (default {defaults.training_count})",
    )  # fmt: skip
    data.add_argument(
        "--validation", type=int, default=defaults.validation_count, metavar="N",
        help=f"validation sequences for each region (default {defaults.validation_count})",
    )  # fmt: skip
    data.add_argument(
        "--all-pixels", action="store_true", help="use every pixel, two to one, instead of counts"
    )
    data.add_argument(
        "--beat", default="0", metavar="N", help="complete beat, from 0, or 'average' (default 0)"
    )
    data.add_argument(
        "--horizon", type=float, metavar="MS", help="length of a sequence (default: 300 or a cycle)"
    )
    data.add_argument(
        "--polarity", choices=[*Polarity], help="fluorescence on depolarisation (default: detected)"
    )
    data.add_argument("--normalisation", choices=[*Normalisation], default=Normalisation.MIN_MAX)
    add_cleaning_options(parser)
    model = parser.add_argument_group("model and training")
    model.add_argument(
        "--preset", choices=[p.name for p in PRESETS], default=RECOMMENDED.name,
        help=f"settings to start from (default {RECOMMENDED.name})",
    )  # fmt: skip
    model.add_argument(
        "--physics", choices=[model.name for model in models()], help="ionic model, F_p"
    )
    model.add_argument("--network", choices=["none", "resnet"], help="residual network, F_dl")
    model.add_argument(
        "--network-inputs", choices=["vh", "v"],
        help="what F_dl depends on: v and the gate h, or v alone",
    )  # fmt: skip
    model.add_argument("--epochs", type=int, metavar="N", help="epochs of the hybrid")
    model.add_argument(
        "--seed", type=int, metavar="N", help="seed of the pixels' draw and of the network"
    )
    results = parser.add_argument_group("results")
    results.add_argument(
        "--out", type=Path, metavar="DIR",
        help="folder for the results: fit.json, and the parts that --export names",
    )  # fmt: skip
    cli_project.add_parts_option(results)
    cli_project.add_save_option(results)


def _fit(options: argparse.Namespace) -> int:
    protocol = _protocol(options)
    preparation = _preparation(options)
    rois = [parse_roi(text) for text in options.roi]
    cli_project.require_writable(options.save)
    recording = open_chosen(options)
    if recording.frame_interval_ms is None:
        raise InputError(
            f"{options.file}: the file does not say its frame interval; "
            "give it with --frame-interval MS"
        )
    preparation = with_mask(options, recording, preparation)
    study = Study.of(referred(options), preparation, protocol)
    for name, roi in rois:
        study = study.with_region(study.new_region(roi, name))
    for region in study.regions:
        training = fit_region(recording, region, preparation, protocol)
        reporter = _Reporter(region.name)
        fit = drained(training, reporter.show)
        reporter.finish()
        study = study.with_fit(region.id, fit)
        if fit.fit.outcome is not Outcome.FINISHED:
            print(f"{region.name}: {fit.fit.message}", file=sys.stderr)
    result = study_as_dict(study, recording)
    if options.out is not None:
        files = export_study(
            study, [recording], options.out, what=options.export, beside=["fit.json"]
        )
        write_text(options.out / "fit.json", json.dumps(result, indent=2) + "\n")
        print(f"wrote {len(files) + 1} files into {options.out}", file=sys.stderr)
    print(json.dumps(result) if options.json else compare(study).to_text())
    if options.save is not None:
        # Last: what was found is on the screen even if the file cannot be written.
        cli_project.save(study, options.save)
    return 0


def _benchmark(options: argparse.Namespace) -> int:
    # torch: only when it is asked for.
    from aphyn_gui.study.benchmark import run_benchmark

    result = run_benchmark(lambda text: print(f"{text} ...", file=sys.stderr, flush=True))
    print(json.dumps(result.as_dict()) if options.json else result.to_text())
    return 0


def _protocol(options: argparse.Namespace) -> Protocol:
    protocol = preset(options.preset)
    changes: dict[str, object] = {}
    if options.physics:
        changes["physics"] = options.physics
    if options.epochs is not None:
        changes["epochs"] = options.epochs
    if options.seed is not None:
        changes["seed"] = options.seed
    if options.network:
        changes["network"] = None if options.network == "none" else NetworkSettings()
    protocol = protocol.with_changes(**changes)
    if options.network_inputs:
        if protocol.network is None:
            raise InputError("--network-inputs needs a network: leave --network none away")
        network = replace(protocol.network, sees_gate=options.network_inputs == "vh")
        protocol = protocol.with_changes(network=network)
    return protocol


def _preparation(options: argparse.Namespace) -> Preparation:
    if options.beat != "average" and not options.beat.isdigit():
        raise InputError(f"--beat takes a number from 0, or 'average', not {options.beat!r}")
    return Preparation(
        polarity=None if options.polarity is None else Polarity(options.polarity),
        beat=None if options.beat == "average" else int(options.beat),
        horizon_ms=options.horizon,
        normalisation=Normalisation(options.normalisation),
        split=Split.ALL_PIXELS if options.all_pixels else Split.COUNTS,
        training_count=options.train,
        validation_count=options.validation,
        seed=options.seed or 0,
        **cleaning_settings(options),
    )


class _Reporter:
    """One line on a terminal that follows the fit; silent when nobody watches."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._line = StatusLine()

    def show(self, progress: Progress) -> None:
        line = f"{self._name}: {progress.stage}"
        if progress.stage is not Stage.PREPARING:
            line += (
                f" {progress.epoch}/{progress.epochs}, {progress.remaining_s:.0f} s left, "
                f"training MSE {progress.training_mse:.3g}"
            )
        self._line.write(line)

    def finish(self) -> None:
        self._line.clear()
