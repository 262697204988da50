"""The demo recording: its definition, and a command that makes it.

``python -m aphyn_gui.insilico.demo OUT.tif`` simulates it (about a minute) and writes ``OUT.tif``
and a note ``OUT.txt`` beside it.
"""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from aphyn_gui.draining import drained
from aphyn_gui.insilico.monodomain import SlabProgress, SlabSettings, simulate_slab
from aphyn_gui.insilico.optics import OpticsSettings, record_optically
from aphyn_gui.insilico.tissue import Disc, IschaemicRegion, Rectangle, Stimulus
from aphyn_gui.insilico.writing import write_movie


class DemoRegion(NamedTuple):
    """A suggested region of interest, in pixels."""

    name: str
    x: int
    y: int
    width: int
    height: int


DEMO_REGIONS = (
    DemoRegion("Normal", x=8, y=30, width=8, height=8),
    DemoRegion("Ischaemic", x=46, y=30, width=8, height=8),
)

DEMO_CYCLE_LENGTH_MS = 450.0
DEMO_CONDITIONING_BEATS = 3
"""Beats before the recording starts: the action potential changes over the first ones."""
DEMO_RECORDED_BEATS = 3
_FIRST_STIMULUS_MS = 10.0
_LEAD_MS = 30.0
_TAIL_MS = 100.0

_RECORDING_START_MS = _FIRST_STIMULUS_MS + DEMO_CONDITIONING_BEATS * DEMO_CYCLE_LENGTH_MS - _LEAD_MS

DEMO_SLAB = SlabSettings(
    rows=64,
    columns=64,
    spacing_mm=0.25,
    # Against 0.01 ms: conduction 2 % slower, action potential duration within 0.2 ms.
    time_step_ms=0.02,
    duration_ms=_RECORDING_START_MS
    + _LEAD_MS
    + DEMO_RECORDED_BEATS * DEMO_CYCLE_LENGTH_MS
    + _TAIL_MS,
    output_start_ms=_RECORDING_START_MS,
    output_interval_ms=0.5,
    stimuli=tuple(
        Stimulus(
            site=Rectangle(row=0, column=0, height=6, width=6),
            time_ms=_FIRST_STIMULUS_MS + beat * DEMO_CYCLE_LENGTH_MS,
            duration_ms=2.0,
            strength_mv_per_ms=50.0,
        )
        for beat in range(DEMO_CONDITIONING_BEATS + DEMO_RECORDED_BEATS)
    ),
    ischaemia=IschaemicRegion(shape=Disc(row=33.5, column=50.0, radius=20.0)),
)

DEMO_OPTICS = OpticsSettings(frame_interval_ms=2.0, seed=20220918)

_FILE_NAME = "demo_recording.tif"


def demo_recording_path() -> Path:
    """Path of the demo recording, in a source checkout or in an installed package.

    Raises
    ------
    FileNotFoundError
        If neither holds the file.
    """
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "_resources", package.parent / "resources"):
        if (folder / _FILE_NAME).is_file():
            return folder / _FILE_NAME
    raise FileNotFoundError(
        f"{_FILE_NAME} is missing from this installation; "
        f"'python -m aphyn_gui.insilico.demo {_FILE_NAME}' makes it anew"
    )


def demo_note() -> str:
    """What the demo recording is, in one paragraph."""
    slab, optics = DEMO_SLAB, DEMO_OPTICS
    regions = "; ".join(
        f"{r.name.lower()} {r.x}, {r.y}, {r.width}, {r.height}" for r in DEMO_REGIONS
    )
    return (
        f"Simulated optical mapping recording, free to use. A slab of {slab.rows} x {slab.columns} "
        f"nodes at {slab.spacing_mm} mm of Ten Tusscher-Panfilov 2006 epicardium (monodomain, "
        f"isotropic, {slab.diffusion_mm2_per_ms} mm^2/ms, step {slab.time_step_ms} ms), paced in "
        f"the top left corner every {DEMO_CYCLE_LENGTH_MS:.0f} ms; {DEMO_RECORDED_BEATS} beats "
        f"after {DEMO_CONDITIONING_BEATS} conditioning ones. On the right lies an ischaemic disc: "
        "more extracellular potassium, less sodium and calcium conductance, open ATP-sensitive "
        "potassium channels, hence a shorter action potential. Recorded through depth and lateral "
        f"blur, with {100 * optics.fractional_change:.0f} % fractional change that points down on "
        f"depolarisation, vignetting, bleaching, noise of {100 * optics.noise_fraction:.0f} % of "
        f"the action potential amplitude, and frames of {optics.frame_interval_ms} ms. Suggested "
        f"regions (x, y, width, height in pixels): {regions}. "
        "Made by: python -m aphyn_gui.insilico.demo OUT.tif"
    )


def make_demo(
    path: str | os.PathLike[str], progress: Callable[[SlabProgress], None] | None = None
) -> None:
    """Simulate the demo recording and write it.

    Parameters
    ----------
    path : path
        TIFF file to write.
    progress : callable, optional
        Called several times a second.
    """
    result = drained(simulate_slab(DEMO_SLAB), progress)
    frames = record_optically(
        result.potential_mv, DEMO_SLAB.output_interval_ms, DEMO_SLAB.spacing_mm, DEMO_OPTICS
    )
    write_movie(path, frames, DEMO_OPTICS.frame_interval_ms, DEMO_SLAB.spacing_mm, demo_note())


def _print_progress(report: SlabProgress) -> None:
    line = f"\r{100 * report.fraction:3.0f} %, {report.remaining_s:.0f} s left "
    print(line, end="\n" if report.fraction == 1 else "", file=sys.stderr, flush=True)


def main(arguments: list[str] | None = None) -> None:
    """Command line: make the demo recording and its note."""
    parser = argparse.ArgumentParser(description="Simulate the demo recording.")
    parser.add_argument("out", type=Path, help="TIFF file to write; a .txt note goes beside it")
    out: Path = parser.parse_args(arguments).out
    make_demo(out, _print_progress)
    out.with_suffix(".txt").write_text(demo_note() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
