"""The paper's experiments, quickly, from the command line to the files."""

from __future__ import annotations

import csv
import importlib.util
import json
import math
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import tifffile

from aphyn_gui import cli_reproduce
from aphyn_gui.cli import main
from aphyn_gui.fitting import IN_SILICO, RECOMMENDED, Protocol
from aphyn_gui.insilico.demo import DEMO_REGIONS, demo_recording_path
from aphyn_gui.study.reproduce import (
    EXPERIMENTS,
    ReproduceError,
    ReproduceProgress,
    ReproduceSettings,
    UserRecording,
    reproduce,
)
from aphyn_gui.study.reproduce.cases import Case
from aphyn_gui.study.reproduce.paper import table_1
from aphyn_gui.study.reproduce.runs import FLOOR, HYBRID, PHYSICS, train
from aphyn_gui.study.reproduce.tables import Spread
from aphyn_gui.study.reproduce.tissue import NOISE, SlabDesign, aligned, draw_nodes, simulate_nodes

NAMES = (*EXPERIMENTS, "fig4-recording", "table1-recording")
ROIS = [f"{region.name}={region.x},{region.y},{region.width},{region.height}"
        for region in DEMO_REGIONS]  # fmt: skip
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything at once, on simulated tissue and on the demo recording."""
    folder = tmp_path_factory.mktemp("reproduced") / "new"
    arguments = ["reproduce", "--out", str(folder), "--quick", "--json"]
    assert main([*arguments, "--recording", str(demo_recording_path()), "--roi", *ROIS]) == 0
    return folder


def rows_of(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_experiment_has_its_files_and_nothing_is_left_over(folder: Path) -> None:
    expected = {f"{name}.{suffix}" for name in NAMES for suffix in ("csv", "md", "png", "svg")}
    assert {path.name for path in folder.iterdir()} == {
        *expected, "summary.md", "simulated-pair.tif"
    }  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_tables_hold_finite_numbers(folder: Path, name: str) -> None:
    rows = rows_of(folder, name)
    has_truth = name in ("fig3a", "fig3b", "ablation")
    assert {row["predictor"] for row in rows} == {"hybrid", "physics only", "mean trace"}
    for row in rows:
        assert 0 < float(row["training_mse"]) < 0.5
        assert 0 < float(row["validation_mse"]) < 0.5
        assert bool(row["validation_mse_noise_free"]) == has_truth
        if row["predictor"] == "hybrid":
            assert math.isfinite(float(row["training_mean_square_f_dl_per_ms2"]))
            assert row["outcome"] == "finished"
            assert float(row["fit_s"]) > 0
    assert "training MSE" in (folder / f"{name}.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_the_network_never_harms_by_the_recommended_protocol(folder: Path, name: str) -> None:
    errors = {
        (row["region"], row["predictor"]): float(row["training_mse"])
        for row in rows_of(folder, name)
        if row["protocol"] == "recommended"
    }
    for region in {region for region, _ in errors}:
        # The same trajectory in single and in double precision.
        assert errors[region, "hybrid"] <= errors[region, "physics only"] * (1 + 1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_figures_are_vectors_with_text(folder: Path, name: str) -> None:
    root = ElementTree.parse(folder / f"{name}.svg").getroot()
    texts = ["".join(text.itertext()) for text in root.iter(f"{SVG}text")]
    assert not list(root.iter(f"{SVG}image"))
    assert any("time (ms)" in text for text in texts)
    assert any("rate of v (1/ms)" in text for text in texts)
    assert any("∫F_dl dt" in text for text in texts)
    svg = (folder / f"{name}.svg").read_text(encoding="utf-8").lower()
    for color in ("#1a1a1a", "#d55e00", "#0072b2", "#009e73"):
        assert color in svg
    png = (folder / f"{name}.png").read_bytes()
    assert png.startswith(b"\x89PNG")
    # pHYs: 300 dpi is 11811 pixels a metre.
    assert (11811).to_bytes(4, "big") * 2 in png


def test_the_papers_numbers_stand_beside_ours_where_it_has_them(folder: Path) -> None:
    first = next(row for row in rows_of(folder, "table1") if row["predictor"] == "hybrid")
    assert float(first["paper_training_mse"]) == 9.12e-3
    assert float(first["paper_validation_mean_square_f_dl_per_ms2"]) == 8e-5
    assert "0.00912 / 0.00572" in (folder / "table1.md").read_text(encoding="utf-8")
    assert all(not row["paper_training_mse"] for row in rows_of(folder, "fig3a"))
    assert table_1(2, "hybrid") is None


def test_figure_3a_learns_two_parameters_and_3b_three(folder: Path) -> None:
    for name, is_learned in (("fig3a", False), ("fig3b", True)):
        row = next(row for row in rows_of(folder, name) if row["predictor"] == "physics only")
        assert (float(row["tau_close"]) != 150.0) == is_learned
        assert float(row["tau_in"]) != 0.3


def test_the_summary_says_how(folder: Path) -> None:
    text = (folder / "summary.md").read_text(encoding="utf-8")
    assert "its numbers mean nothing" in text
    for words in ("aphyn_gui", "torch", "seeds", "γ = 10", "(V + 85.2 mV) / 121.2 mV", "input v"):
        assert words in text
    for name in NAMES:
        assert f"({name}.png)" in text


def test_what_is_finished_is_kept_when_the_rest_is_cancelled(tmp_path: Path) -> None:
    settings = ReproduceSettings(experiments=("fig3a", "fig3b"), seeds=1, is_quick=True)
    (tmp_path / "fig3a.csv").write_text("old", encoding="utf-8")
    experiments = reproduce(settings, tmp_path)
    fractions = []
    for progress in experiments:
        fractions.append(progress.fraction)
        if progress.text.startswith("fig3b: recommended"):
            break
    experiments.close()
    assert fractions == sorted(fractions)
    assert fractions[-1] < 1
    assert {path.name for path in tmp_path.iterdir()} == {
        "fig3a.csv", "fig3a.md", "fig3a.png", "fig3a.svg", "summary.md"
    }  # fmt: skip
    assert len(rows_of(tmp_path, "fig3a")) == 6


def test_an_interrupt_ends_the_command_and_says_where_the_results_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(settings: ReproduceSettings, folder: Path) -> Iterator[ReproduceProgress]:
        yield ReproduceProgress("fig3a: recommended, seed 0", 0.5, 2.0, 2.0)
        raise KeyboardInterrupt

    monkeypatch.setattr(cli_reproduce, "reproduce", interrupted)
    assert main(["reproduce", "--out", str(tmp_path)]) == 130
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == " 50 %, 2 s left  fig3a: recommended, seed 0"
    assert lines[1] == f"finished experiments are in {tmp_path}"


def test_sequences_begin_at_the_same_phase_of_each_upstroke() -> None:
    """Upstrokes that differ in time by parts of a sample give the same sequence."""
    times = np.arange(0, 60, 0.1)
    shifts = np.array([5.0, 7.03, 9.61])
    v = 1 / (1 + np.exp(-(times - shifts[:, None] - 3) / 0.8))
    sequences, half_ms = aligned(v, 0.1, SlabDesign(horizon_ms=20, sample_interval_ms=2))
    np.testing.assert_allclose(half_ms, shifts + 3, atol=5e-3)
    np.testing.assert_allclose(sequences, sequences[:1].repeat(3, axis=0), atol=2e-3)
    assert sequences.shape == (3, 11)
    assert sequences[0, 0] == pytest.approx(0.05, abs=2e-3)


def test_nodes_are_drawn_by_seed_from_outside_the_stimulus() -> None:
    design = SlabDesign(side=10, horizon_ms=60.0, sample_interval_ms=1.0)
    corner = simulate_nodes(design, is_central=False)
    centre = simulate_nodes(design, is_central=True)
    assert len(corner.voltages) == 100 - 16
    assert not ((corner.rows < 4) & (corner.columns < 4)).any()
    assert (corner.voltages.max(axis=1) < 1.02).all()
    first, again, other = (draw_nodes(corner, centre, design, seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first.sequences.voltages, again.sequences.voltages)
    assert not np.array_equal(first.sequences.voltages, other.sequences.voltages)
    assert (len(first.sequences.training), len(first.sequences.validation)) == (10, 5)
    assert first.truth is not None
    assert np.std(first.sequences.voltages - first.truth) == pytest.approx(NOISE, rel=0.1)


@pytest.mark.parametrize("protocol", [IN_SILICO, RECOMMENDED], ids=lambda p: p.name)
def test_scores_agree_with_the_fits_own_errors(protocol: Protocol) -> None:
    design = SlabDesign(side=10, horizon_ms=60.0, sample_interval_ms=4.0)
    nodes = [simulate_nodes(design, is_central=central) for central in (False, True)]
    sample = draw_nodes(*nodes, design, seed=0)
    run = train("", Case("", protocol.with_changes(epochs=4)), 0, sample)
    for predictor, errors in (
        (HYBRID, run.fit.hybrid), (PHYSICS, run.fit.physics), (FLOOR, run.fit.mean_trace)
    ):  # fmt: skip
        score = run.score(predictor)
        assert score.training_mse == pytest.approx(errors.training_mse, rel=1e-4)
        assert score.validation_mse == pytest.approx(errors.validation_mse, rel=1e-4)
    square = run.score(HYBRID).training_f_dl
    assert square == pytest.approx(run.fit.mean_square_f_dl, rel=1e-3, abs=1e-12)


def test_a_spread_is_a_median_with_its_range() -> None:
    assert Spread.of([3e-3, 1e-3, 2e-3]).text() == "0.002 (0.001 to 0.003)"
    assert Spread.of([5.0]).text() == "5"
    assert Spread.of([math.nan]).text() == "–"


def test_without_matplotlib_nothing_is_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec",
        lambda name, *rest: None if name == "matplotlib" else find_spec(name, *rest),
    )  # fmt: skip
    assert main(["reproduce", "--out", str(tmp_path / "out"), "--quick"]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert 'pip install "aphyn-gui[figures]"' in line
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--recording", "DEMO", "--roi", "A=1,2,3"], "NAME=x,y,width,height"),
        (["--recording", "DEMO"], "--roi NAME=x,y,width,height"),
        (["--recording", "DEMO", "--roi", "A=1,2,8,8", "A=1,9,8,8"], "names of the regions repeat"),
        (["--recording", "DEMO", "--roi", "A=60,60,20,20"], "x=60 y=60"),
        (["--recording", "nowhere.tif", "--roi", "A=1,2,8,8"], "nowhere.tif"),
        (["--recording", "DEMO", "--roi", "A=1,2,8,8", "--experiment", "fig3a"], "fig4 and table1"),
        (["--roi", "A=1,2,8,8"], "--recording FILE"),
        (["--frame-interval", "2"], "--recording FILE"),
        (["--seeds", "0"], "1 to 100"),
    ],
)
def test_bad_input_ends_with_status_2_and_one_line(
    arguments: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [str(demo_recording_path()) if word == "DEMO" else word for word in arguments]
    assert main(["reproduce", "--out", str(tmp_path / "out"), *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.strip().splitlines()
    assert line.startswith("aphyn-gui: ")
    assert words in line
    assert not (tmp_path / "out").exists()


def test_a_recording_without_timing_needs_its_frame_interval(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "plain.tif"
    tifffile.imwrite(path, tifffile.imread(demo_recording_path())[:400], photometric="minisblack")
    out = tmp_path / "out"
    assert main(["reproduce", "--out", str(out), "--recording", str(path), "--roi", *ROIS]) == 2
    assert "frame interval" in capsys.readouterr().err


def test_unknown_experiments_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(["reproduce", "--out", "out", "--experiment", "fig9"])
    assert exit_.value.code == 2
    assert "fig9" in capsys.readouterr().err
    with pytest.raises(ReproduceError, match="fig3a, fig3b, fig4, table1, ablation"):
        ReproduceSettings(experiments=("fig9",))
    with pytest.raises(ReproduceError, match="--roi"):
        UserRecording(Path("a.tif"), ())


def test_json_holds_the_medians(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["reproduce", "--out", str(tmp_path), "--quick", "--experiment", "fig3a", "--json"]
    assert main(arguments) == 0
    captured = capsys.readouterr()
    result = json.loads(captured.out)
    assert result["files"] == ["fig3a.csv", "fig3a.md", "fig3a.png", "fig3a.svg", "summary.md"]
    (first, *_) = result["experiments"]["fig3a"]
    assert first["protocol"] == "in-silico (paper)"
    table = rows_of(tmp_path, "fig3a")
    assert first["training_mse"] == float(table[0]["training_mse"])
    assert "s left" in captured.err
