"""Project files on the command line."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from aphyn_gui.cli import main
from aphyn_gui.insilico.demo import DEMO_REGIONS, demo_recording_path
from aphyn_gui.study.project_file import load_project

PLACES = [f"{r.name}={r.x},{r.y},{r.width},{r.height}" for r in DEMO_REGIONS]
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
    sample = Path(__file__).parent / "study" / "data" / "project_v1.aphyn"
    assert main(["export", str(sample), "--out", str(tmp_path / "out")]) == 0
    assert "stack.tif was not found" in capsys.readouterr().err
    assert (tmp_path / "out" / "comparison.csv").exists()
    assert not (tmp_path / "out" / "fit.json").exists()
