"""``aphyn-gui simulate``, run in this process on slabs of a few nodes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from aphyn_gui import cli_simulate
from aphyn_gui.cli import main
from aphyn_gui.insilico import ExperimentProgress, Severity, SimulationError
from aphyn_gui.recording import open_recording

ROOT = Path(__file__).resolve().parent.parent
FEW = ("--size", "16x20", "--duration", "12", "--stimulus-time", "2")


def refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """The one line that a bad call prints."""
    assert main(["simulate", *map(str, arguments)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.strip().splitlines()
    assert line.startswith("aphyn-gui: ")
    return line


def test_a_recording_is_simulated_and_opens(tmp_path: Path, capsys) -> None:
    path = tmp_path / "slab.tif"
    status = main(
        [
            "simulate", str(path), *FEW, "--spacing", "0.3", "--frame-interval", "0.5",
            "--stimulus", "3,15", "--ischaemia", "rect=8,0,8,6", "--ischaemia-severity", "severe",
            "--ischaemia-potassium", "8.5", "--noise", "0.02", "--seed", "3", "--json",
        ]
    )  # fmt: skip
    captured = capsys.readouterr()
    assert status == 0
    assert captured.err == ""
    result = json.loads(captured.out)
    assert result["file"] == str(path)
    assert result["frame_count"] == 24
    assert result["seed"] == 3
    assert result["stimulus"] == {"row": 1, "column": 13, "height": 5, "width": 5}
    region = result["ischaemia"]
    assert region["shape"] == {"row": 8, "column": 0, "height": 8, "width": 6}
    assert region["extracellular_potassium_mm"] == 8.5
    grade = Severity.SEVERE.region(cli_simulate.Disc(0, 0, 1))
    assert region["katp_conductance"] == grade.katp_conductance
    recording = open_recording(path)
    assert recording.frame_interval_ms == pytest.approx(0.5)
    assert recording.pixel_pitch_mm == pytest.approx(0.3)
    assert (recording.row_count, recording.column_count) == (16, 20)


def test_the_recording_lasts_until_the_last_action_potential(tmp_path: Path, capsys) -> None:
    path = tmp_path / "slab.tif"
    assert main(["simulate", str(path), "--size", "4x4", "--beats", "2"]) == 0
    assert "950 frames of 4 rows x 4 columns, 1 ms, 0.25 mm" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["slab.npy"], "OUT: a simulated recording is a TIFF"),
        (["missing/slab.tif"], "there is no such folder"),
        (["slab.tif", "--size", "16"], "--size takes ROWSxCOLUMNS"),
        (["slab.tif", "--size", "2x16"], "--size: rows must be a whole number from 4 to 1024"),
        (["slab.tif", "--spacing", "3"], "--spacing: spacing must be from 0.05 to 0.5 mm"),
        (["slab.tif", "--stimulus", "top"], "--stimulus takes corner, centre, edge or ROW,COLUMN"),
        (["slab.tif", "--stimulus", "3,99"], "--stimulus: row 3, column 99 lies outside"),
        (["slab.tif", "--beats", "9", "--duration", "50"], "--beats: the last of 9 beats"),
        (["slab.tif", "--ischaemia", "blob=3"], "--ischaemia takes disc=ROW,COLUMN,RADIUS"),
        (["slab.tif", "--ischaemia", "disc=3,3,nan"], "--ischaemia takes disc=ROW,COLUMN,RADIUS"),
        (["slab.tif", "--ischaemia", "rect=3,3,0,2"], "--ischaemia: a rectangle needs"),
        (["slab.tif", "--ischaemia", "disc=99,3,2"], "--ischaemia: the ischaemic disc around"),
        (["slab.tif", "--ischaemia-katp", "0.01"], "--ischaemia is missing"),
        (["slab.tif", "--noise", "nan"], "--noise: noise must be from 0 to 2"),
        (["slab.tif", "--seed", "-1"], "--seed: seed must be a whole number"),
    ],
)  # fmt: skip
def test_bad_input_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys, arguments: list[str], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert message in refused(capsys, *arguments)
    assert list(tmp_path.iterdir()) == []


def test_a_simulation_that_fails_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    def fail(*_: object) -> object:
        raise SimulationError("at 3 ms the potential spans -200 to 300 mV")
        yield

    monkeypatch.setattr(cli_simulate, "simulate_experiment", fail)
    assert "at 3 ms the potential spans" in refused(capsys, tmp_path / "slab.tif")


def test_progress_is_shown_on_a_terminal_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert main(["simulate", str(tmp_path / "slab.tif"), *FEW]) == 0
    shown = capsys.readouterr().err
    assert "compiling" in shown
    assert "100 %, 12 ms, 0 s left" in shown


def test_an_interrupt_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    seen: list[ExperimentProgress] = []

    def interrupt(_: object, report: ExperimentProgress) -> None:
        seen.append(report)
        if len(seen) == 5:
            raise KeyboardInterrupt

    monkeypatch.setattr(cli_simulate._Reporter, "show", interrupt)
    assert main(["simulate", str(tmp_path / "slab.tif"), *FEW]) == 130
    assert capsys.readouterr().err == "aphyn-gui: interrupted\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for another process")
def test_control_c_ends_a_long_simulation(tmp_path: Path) -> None:
    # A shell that starts the tests in the background lets them, and so their children, ignore the
    # signal; and a busy machine must not finish before it comes.
    code = (
        "import signal, sys; from aphyn_gui import cli, cli_simulate;"
        "signal.signal(signal.SIGINT, signal.default_int_handler);"
        "cli_simulate._Reporter.show = lambda self, report: print(report.stage, flush=True);"
        "sys.exit(cli.main(sys.argv[1:]))"
    )
    run = subprocess.Popen(
        [
            sys.executable, "-W", "ignore", "-c", code, "simulate", str(tmp_path / "slab.tif"),
            "--duration", "10000",
        ],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert run.stdout is not None
    with run:
        while run.stdout.readline().strip() != "simulating":
            assert run.poll() is None
        run.send_signal(signal.SIGINT)
        _, errors = run.communicate(timeout=30)
    assert run.returncode == 130
    assert errors == "aphyn-gui: interrupted\n"
    assert list(tmp_path.iterdir()) == []
