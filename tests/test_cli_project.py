"""Project files on the command line."""

from __future__ import annotations

import csv
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from aphyn_gui.cli import main
from aphyn_gui.insilico.demo import DEMO_REGIONS, demo_recording_path
from aphyn_gui.recording import RectangularRoi
from aphyn_gui.study.project_file import load_project, save_project

PLACES = [f"{r.name}={r.x},{r.y},{r.width},{r.height}" for r in DEMO_REGIONS]
SAMPLE = Path(__file__).parent / "study" / "data" / "project_v1.aphyn"
QUICK = ("--network", "none", "--epochs", "2")


def refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    assert main([*map(str, arguments)]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    return line


def test_a_fit_is_saved_and_exported_again(tmp_path: Path, capsys) -> None:
    path = tmp_path / "demo.aphyn"
    fit = ("fit", demo_recording_path(), "--roi", PLACES[0], "--roi", PLACES[1], *QUICK)
    assert main([*map(str, fit), "--json", "--save", str(path)]) == 0
    captured = capsys.readouterr()
    assert f"saved {path}" in captured.err
    study = load_project(path)
    assert study.recording is not None
    assert study.recording.content_hash
    assert set(study.fits) == {region.id for region in study.regions}
    assert main(["export", str(path), "--out", str(tmp_path / "out")]) == 0
    capsys.readouterr()
    exported = json.loads((tmp_path / "out" / "fit.json").read_text())
    fitted = json.loads(captured.out)
    assert exported["regions"] == fitted["regions"]
    assert exported["differences"] == fitted["differences"]
    with (tmp_path / "out" / "comparison.csv").open() as file:
        table = {row["quantity"]: row for row in csv.DictReader(file)}
    name = DEMO_REGIONS[0].name
    assert float(table["tau_in_ms"][name]) == exported["regions"][0]["tau_in_ms"]
    assert "fit.json" in (tmp_path / "out" / "contents.txt").read_text(encoding="utf-8")
    some = tmp_path / "some"
    assert main(["export", str(path), "--out", str(some), "--export", "script"]) == 0
    assert {entry.name for entry in some.iterdir()} == {"fit_again.py", "fit.json"}


def test_what_cannot_be_saved_is_said_before_the_fit(tmp_path: Path, capsys) -> None:
    fit = ("fit", demo_recording_path(), "--roi", PLACES[0], *QUICK, "--save")
    assert "ends in .aphyn" in refused(capsys, *fit, tmp_path / "demo.zip")
    assert "there is no folder" in refused(capsys, *fit, tmp_path / "nowhere" / "demo.aphyn")


def test_what_cannot_be_exported_is_said(tmp_path: Path, capsys) -> None:
    out = ("--out", tmp_path / "out")
    assert "no such file" in refused(capsys, "export", tmp_path / "no.aphyn", *out)
    damaged = tmp_path / "damaged.aphyn"
    damaged.write_bytes(b"PK" * 100)
    assert "damaged.aphyn cannot be opened" in refused(capsys, "export", damaged, *out)


def test_without_its_recording_a_study_is_exported_and_that_is_said(tmp_path: Path, capsys) -> None:
    assert main(["export", str(SAMPLE), "--out", str(tmp_path / "out")]) == 0
    assert "stack.tif was not found" in capsys.readouterr().err
    assert (tmp_path / "out" / "comparison.csv").exists()
    assert not (tmp_path / "out" / "fit.json").exists()


def test_info_says_what_a_project_holds(tmp_path: Path, capsys) -> None:
    movie = tmp_path / "movie.tif"
    shutil.copy(demo_recording_path(), movie)
    path = tmp_path / "heart.aphyn"
    place = "scar tissue=2,2,8,6"
    assert main(["fit", str(movie), "--roi", place, *QUICK, "--save", str(path)]) == 0
    study = load_project(path)
    study = study.with_region(study.new_region(RectangularRoi(12, 3, 5, 4), "later"))
    reference = study.recording
    assert reference is not None
    changed = replace(study.current, reference=replace(reference, frame_interval_ms=3.0))
    save_project(study.with_recording(changed), path)
    capsys.readouterr()

    assert main(["info", str(path), "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["file"] == str(path)
    (recording,) = result["recordings"]
    assert (recording["name"], recording["file"]) == ("movie", str(movie))
    assert (recording["is_present"], recording["problem"]) == (True, "")
    scar, later = recording["regions"]
    assert later == {"name": "later", "x": 12, "y": 3, "width": 5, "height": 4, "fit": None}
    fit = load_project(path).fits["roi-1"].fit
    assert scar["fit"]["outcome"] == "finished"
    assert scar["fit"]["training_mse"] == fit.hybrid.training_mse
    assert scar["fit"]["changed_since_fit"] == ["frame interval"]

    assert main(["info", str(path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"{path}: study of 1 recording, 2 regions and 1 fit"
    assert lines[1:3] == [f"  movie: {movie}", "    present"]
    assert lines[3].startswith("    scar tissue: 8 x 6 pixels from column 2, row 2; finished, ")
    assert lines[3].endswith("; frame interval changed since")
    assert lines[4] == "    later: 5 x 4 pixels from column 12, row 3; not fitted"

    movie.unlink()
    assert main(["info", str(path)]) == 0
    assert "    not usable: The recording movie.tif was not found" in capsys.readouterr().out


def test_info_refuses_what_a_project_says_itself(tmp_path: Path, capsys) -> None:
    assert "no such file" in refused(capsys, "info", tmp_path / "no.aphyn")
    told = refused(capsys, "info", SAMPLE, "--bin", 2, "--choose", "time_axis=0")
    assert "leave --bin and --choose away" in told
