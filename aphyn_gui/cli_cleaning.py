"""Options of ``aphyn-gui fit`` for the cleaning of a recording."""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import Any

from aphyn_gui.cli_input import InputError
from aphyn_gui.recording import (
    FrameRepair,
    Preparation,
    Recording,
    SmoothBaseline,
    TemporalFilter,
    TemporalKind,
    automatic_mask,
    frames_kept,
)


def add_cleaning_options(parser: argparse.ArgumentParser) -> None:
    """Add them as a group; without any, a recording is cleaned as `Preparation()` says."""
    group = parser.add_argument_group(
        "cleaning", "applied in this order; every step is recorded in the result's notes"
    )
    add = group.add_argument
    defaults, smooth, in_time = Preparation(), SmoothBaseline(), TemporalFilter()
    add("--cut-start", type=float, metavar="MS", help="leave out what is recorded before")
    add("--cut-end", type=float, metavar="MS", help="leave out what is recorded after")
    add(
        "--repair-frames", type=int, metavar="N",
        help="look for dropped, repeated or flashing frames and saturated samples, and bridge "
        f"runs of up to N frames ({FrameRepair().longest_gap_frames} is sensible); longer ones "
        "make beats or pixels unusable",
    )  # fmt: skip
    add(
        "--saturation", type=float, metavar="COUNTS",
        help="count at which the camera saturates, with --repair-frames (default: the largest "
        "the file can hold)",
    )  # fmt: skip
    add(
        "--automatic-mask", action="store_true",
        help="leave out pixels without beats, if a background stands apart",
    )  # fmt: skip
    add("--spatial-median", type=int, default=1, metavar="N", help="median over N x N pixels")
    add("--spatial-mean", type=int, default=1, metavar="N", help="mean over N x N pixels")
    add(
        "--spatial-sigma", type=float, default=0.0, metavar="PIXELS",
        help="blur frames by a Gaussian of this standard deviation",
    )  # fmt: skip
    add(
        "--drift-order", type=int, default=defaults.drift_order, metavar="N",
        help=f"degree of the polynomial baseline (default {defaults.drift_order})",
    )  # fmt: skip
    add(
        "--baseline", type=float, metavar="MS",
        help="smooth baseline instead of the polynomial, by asymmetric least squares: "
        "time scale, longer than the cycle",
    )  # fmt: skip
    add(
        "--baseline-asymmetry", type=float, metavar="P",
        help="weight of samples above the smooth baseline, 0 to 0.5 "
        f"(default {smooth.asymmetry:g})",
    )  # fmt: skip
    add("--filter", choices=[*TemporalKind], help="zero-phase filter in time (default: none)")
    add(
        "--filter-frames", type=int, metavar="N",
        help=f"window of savitzky-golay and median (default {in_time.frames})",
    )  # fmt: skip
    add(
        "--filter-order", type=int, metavar="N",
        help=f"polynomial degree of savitzky-golay (default {in_time.order})",
    )  # fmt: skip
    add(
        "--filter-sigma", type=float, metavar="MS",
        help=f"standard deviation of gaussian (default {in_time.sigma_ms:g})",
    )  # fmt: skip
    add(
        "--filter-cut-off", type=float, metavar="HZ",
        help=f"cut-off of butterworth (default {in_time.cut_off_hz:g})",
    )  # fmt: skip


def cleaning_settings(options: argparse.Namespace) -> dict[str, Any]:
    """Keywords of `Preparation` that the options give; the mask needs the recording.

    Raises
    ------
    InputError
        If an option stands without the one it belongs to.
    RecordingError
        If a value is out of its range.
    """
    if options.saturation is not None and options.repair_frames is None:
        raise InputError("--saturation needs --repair-frames")
    if options.baseline_asymmetry is not None and options.baseline is None:
        raise InputError("--baseline-asymmetry needs --baseline")
    return {
        "cut_start_ms": options.cut_start,
        "cut_end_ms": options.cut_end,
        "frame_repair": _frame_repair(options),
        "spatial_median": options.spatial_median,
        "spatial_mean": options.spatial_mean,
        "spatial_sigma": options.spatial_sigma,
        "drift_order": options.drift_order,
        "baseline": _baseline(options),
        "temporal_filter": _temporal_filter(options),
    }


def with_mask(
    options: argparse.Namespace, recording: Recording, preparation: Preparation
) -> Preparation:
    """The preparation with the mask that the options ask for, found in the frames it keeps.

    Raises
    ------
    RecordingError
        If it keeps too few, or they cannot be read.
    """
    if not options.automatic_mask:
        return preparation
    return replace(
        preparation, mask=automatic_mask(recording, *frames_kept(recording, preparation))
    )


def _frame_repair(options: argparse.Namespace) -> FrameRepair | None:
    if options.repair_frames is None:
        return None
    return FrameRepair(options.repair_frames, options.saturation)


def _baseline(options: argparse.Namespace) -> SmoothBaseline | None:
    if options.baseline is None:
        return None
    if options.baseline_asymmetry is None:
        return SmoothBaseline(options.baseline)
    return SmoothBaseline(options.baseline, options.baseline_asymmetry)


def _temporal_filter(options: argparse.Namespace) -> TemporalFilter | None:
    asked = {
        "frames": options.filter_frames,
        "order": options.filter_order,
        "sigma_ms": options.filter_sigma,
        "cut_off_hz": options.filter_cut_off,
    }
    given = {name: value for name, value in asked.items() if value is not None}
    if options.filter is not None:
        return TemporalFilter(kind=TemporalKind(options.filter), **given)
    if given:
        raise InputError("the settings of a filter need --filter, which says which one")
    return None
