"""The command line, run in this process on real and simulated recordings."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import tifffile

from aphyn_gui.cli import main
from aphyn_gui.insilico.demo import DEMO_REGIONS, demo_recording_path
from aphyn_gui.study.opening import open_project

DEMO = [
    argument
    for region in DEMO_REGIONS
    for argument in (
        "--roi", f"{region.name}={region.x},{region.y},{region.width},{region.height}"
    )
]  # fmt: skip


def run_json(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict:
    assert main([*map(str, arguments), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """The one line that a bad call prints."""
    assert main([*map(str, arguments)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.strip().splitlines()
    assert line.startswith("aphyn-gui: ")
    return line


def test_info_reads_a_real_recording(shared_data: Path, capsys) -> None:
    result = run_json(capsys, "info", shared_data / "cosmas_infarctV130" / "stack.tif")
    assert result["frame_interval_ms"] == pytest.approx(1.0)
    assert result["pixel_pitch_mm"] == pytest.approx(0.21875)
    assert result["polarity"] == "down"
    assert result["cycle_length_ms"] == pytest.approx(130, abs=1)
    assert (result["frame_count"], result["row_count"], result["column_count"]) == (1000, 32, 32)


@pytest.mark.parametrize(
    ("folder", "cycle_ms", "apds"),
    [
        ("cosmas_infarctV130", 130, {"A": (27, 53, 3), "B": (35, 62, 3)}),
        ("cosmas_controlV", 150, {"A": (20, 46, 5), "B": (32, 69, 5)}),
    ],
)
def test_real_regions_are_measured_fitted_and_compared(
    shared_data: Path, capsys, folder: str, cycle_ms: float, apds: dict
) -> None:
    result = run_json(
        capsys, "fit", shared_data / folder / "stack.tif",
        "--roi", "A=2,2,8,8", "--roi", "B=2,22,8,8", "--train", 40, "--validation", 20,
    )  # fmt: skip
    assert result["polarity"] == "down"
    assert result["cycle_length_ms"] == pytest.approx(cycle_ms, abs=1)
    for region in result["regions"]:
        apd50, apd80, tolerance = apds[region["name"]]
        assert region["outcome"] == "finished"
        assert region["measured_apd50_ms"] == pytest.approx(apd50, abs=tolerance)
        assert region["measured_apd80_ms"] == pytest.approx(apd80, abs=tolerance)
        assert region["validation_mse"] < region["physics_validation_mse"]
        assert region["validation_mse"] < 1.2 * region["mean_trace_validation_mse"]
        assert 0 < region["mean_square_f_dl"] < 1e-3
        assert (region["training_count"], region["validation_count"]) == (40, 20)
    assert result["findings"][0].startswith("B has the longer action potential")


def test_the_demo_tells_the_ischaemic_region_from_the_normal_one(capsys, tmp_path: Path) -> None:
    result = run_json(capsys, "fit", demo_recording_path(), *DEMO, "--out", tmp_path / "out")
    normal, ischaemic = result["regions"]
    assert ischaemic["tau_close_ms"] < normal["tau_close_ms"]
    assert ischaemic["measured_apd80_ms"] < 0.8 * normal["measured_apd80_ms"]
    for region in (normal, ischaemic):
        assert region["validation_mse"] < region["physics_validation_mse"]
    written = json.loads((tmp_path / "out" / "fit.json").read_text())
    assert written == result
    with (tmp_path / "out" / "comparison.csv").open() as file:
        table = {row["quantity"]: row for row in csv.DictReader(file)}
    assert float(table["tau_close_ms"]["Normal"]) == normal["tau_close_ms"]
    report = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "Ischaemic" in report
    assert (tmp_path / "out" / "study.xlsx").exists()
    assert (tmp_path / "out" / "fit_again.py").exists()
    assert len(list((tmp_path / "out").glob("*/*.mmt"))) == 4
    forecasts = sorted((tmp_path / "out").glob("*/*_forecast.csv"))
    assert len(forecasts) == 2
    for path in forecasts:
        rows = np.genfromtxt(path, delimiter=",", names=True)
        rate = (rows["f_p_per_ms"] + rows["f_dl_per_ms"])[:-1]
        step = np.diff(rows["time_ms"])
        np.testing.assert_allclose(np.diff(rows["v"]) / step, rate, atol=2e-5)


def test_the_papers_protocol_runs_by_name(capsys) -> None:
    result = run_json(
        capsys, "fit", demo_recording_path(), *DEMO[:2],
        "--preset", "ex-vivo", "--epochs", 5, "--seed", 7, "--horizon", 200,
    )  # fmt: skip
    (region,) = result["regions"]
    assert (region["preset"], region["epochs"], region["seed"]) == ("ex-vivo", 5, 7)
    assert region["horizon_ms"] == pytest.approx(200, abs=2)
    assert region["stimulus_amplitude_per_ms"] == pytest.approx(1.0)


def test_no_network_is_the_physics_alone(capsys) -> None:
    result = run_json(capsys, "fit", demo_recording_path(), *DEMO[:2], "--network", "none")
    (region,) = result["regions"]
    assert region["network"] == "none"
    assert region["validation_mse"] == region["physics_validation_mse"]
    assert region["mean_square_f_dl"] == 0


def test_the_network_can_see_v_alone(capsys) -> None:
    fit = ("fit", demo_recording_path(), *DEMO[:2], "--epochs", 2)
    (region,) = run_json(capsys, *fit, "--network-inputs", "v")["regions"]
    assert region["network_inputs"] == "v"
    line = refused(capsys, *fit, "--network", "none", "--network-inputs", "v")
    assert "--network-inputs needs a network" in line


def test_the_results_can_be_chosen(capsys, tmp_path: Path) -> None:
    fit = ("fit", demo_recording_path(), *DEMO[:2], "--network", "none", "--out", tmp_path)
    run_json(capsys, *fit, "--export", "report", "script")
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"fit.json", "report.html", "fit_again.py"}


def test_people_get_a_table_and_a_sentence(capsys) -> None:
    assert main(["fit", str(demo_recording_path()), *DEMO, "--epochs", "3"]) == 0
    text = capsys.readouterr().out
    assert "tau_close (ms)" in text
    assert "Normal has the longer action potential" in text


def test_a_file_without_timing_needs_the_frame_interval(tmp_path: Path, capsys) -> None:
    path = tmp_path / "plain.tif"
    movie = tifffile.imread(demo_recording_path())[:400]
    tifffile.imwrite(path, movie, photometric="minisblack")
    line = refused(capsys, "fit", path, *DEMO[:2])
    assert "--frame-interval" in line
    result = run_json(capsys, "info", path)
    assert result["frame_interval_ms"] is None
    assert "--frame-interval" in result["note"]
    result = run_json(capsys, "info", path, "--frame-interval", 2)
    assert result["cycle_length_ms"] == pytest.approx(450, abs=3)


def test_bad_input_ends_with_status_2_and_one_line(tmp_path: Path, capsys) -> None:
    text = tmp_path / "notes.tif"
    text.write_text("not an image at all")
    demo = demo_recording_path()
    whole = demo.read_bytes()
    truncated = tmp_path / "truncated.tif"
    truncated.write_bytes(whole[: len(whole) // 3])
    flat = tmp_path / "flat.npz"
    np.savez(flat, frames=np.full((300, 8, 8), 7, np.uint16), frame_interval_ms=2.0)
    image = tmp_path / "image.npy"
    np.save(image, np.zeros((8, 8)))
    assert "notes.tif" in refused(capsys, "info", text)
    assert "truncated.tif" in refused(capsys, "fit", truncated, *DEMO[:2])
    assert "nowhere.tif" in refused(capsys, "info", tmp_path / "nowhere.tif")
    assert "image.npy" in refused(capsys, "info", image)
    assert "x=60 y=60" in refused(capsys, "fit", demo, "--roi", "A=60,60,20,20")
    assert "NAME=x,y,width,height" in refused(capsys, "fit", demo, "--roi", "A=1,2,3")
    assert "at least 1 epoch" in refused(capsys, "fit", demo, *DEMO[:2], "--epochs", 0)
    assert "names of the regions repeat" in refused(capsys, "fit", demo, *DEMO[:2], *DEMO[:2])
    assert "horizon" in refused(capsys, "fit", demo, *DEMO[:2], "--horizon", 99999)
    assert "--beat" in refused(capsys, "fit", demo, *DEMO[:2], "--beat", "first")
    assert "beats" in refused(capsys, "fit", flat, "--roi", "A=0,0,8,8")


@pytest.mark.parametrize("arguments", [["--help"], ["info", "--help"], ["fit", "--help"]])
def test_help_is_everywhere(arguments: list[str], capsys) -> None:
    with pytest.raises(SystemExit) as exit_:
        main(arguments)
    assert exit_.value.code == 0
    assert "usage: aphyn-gui" in capsys.readouterr().out


def test_cleaning_is_asked_for_and_recorded(capsys: pytest.CaptureFixture[str]) -> None:
    result = run_json(
        capsys, "fit", demo_recording_path(), "--roi", "Normal=4,15,4,4", "--epochs", 1,
        "--train", 3, "--validation", 2, "--bin", 2, "--cut-start", 400, "--cut-end", 1400,
        "--repair-frames", 2, "--saturation", 60000, "--automatic-mask", "--spatial-median", 3,
        "--spatial-mean", 3, "--spatial-sigma", 0.5, "--baseline", 1500,
        "--baseline-asymmetry", 0.02, "--filter", "gaussian", "--filter-sigma", 3,
    )  # fmt: skip
    notes = " ".join(result["regions"][0]["notes"])

    assert result["pixel_pitch_mm"] == pytest.approx(0.5)
    assert "binned 2 x 2" in " ".join(result["assumptions"])
    for said in (
        "frames 200 to 700",
        "None of 501 frames is faulty",
        "No sample reaches 60000",
        "all pixels were kept",
        "median over 3 x 3",
        "averaged over 3 x 3",
        "sigma 0.5 pixels",
        "time scale 1500 ms",
        "weight 0.02",
        "sigma 3 ms",
        "before the filter and",
    ):
        assert said in notes


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--bin", 9), "between 2 and 8"),
        (("--saturation", 100), "--repair-frames"),
        (("--baseline-asymmetry", 0.1), "--baseline"),
        (("--filter-sigma", 2), "--filter"),
        (("--filter", "savitzky-golay", "--filter-frames", 8), "odd"),
        (("--filter", "butterworth", "--filter-cut-off", 400), "half the frame rate, 250 Hz"),
        (("--cut-start", 1475), "the cut leaves"),
        (("--drift-order", 12), "drift order"),
    ],
)
def test_impossible_cleaning_is_refused(
    capsys: pytest.CaptureFixture[str], options: tuple[object, ...], message: str
) -> None:
    assert message in refused(capsys, "fit", demo_recording_path(), *DEMO[:2], *options)


@pytest.fixture
def open_array(tmp_path: Path) -> Path:
    """An array whose time axis is left open, of three even axes."""
    path = tmp_path / "heart.npy"
    np.save(path, np.random.default_rng(0).integers(900, 1100, (40, 12, 20)).astype(np.uint16))
    return path


def test_info_says_what_the_file_leaves_open_and_how_to_choose(
    capsys: pytest.CaptureFixture[str], open_array: Path
) -> None:
    assert main(["info", str(open_array)]) == 0
    said = capsys.readouterr().out
    (choice,) = run_json(capsys, "info", open_array)["choices"]
    assert choice["chosen"] in choice["options"]
    others = [option for option in choice["options"] if option != choice["chosen"]]
    for other in others:
        assert f"{choice['key']}={other}" in said
    asked = f"{choice['key']}={others[0]}"
    result = run_json(capsys, "info", open_array, "--choose", asked, "--bin", 2)
    assert result["choices"][0]["chosen"] == others[0]
    before = run_json(capsys, "info", open_array)
    assert result["frame_count"] == before["row_count"]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (["time_axis"], "KEY=OPTION"),
        (["=2"], "KEY=OPTION"),
        (["camera=1"], "leaves only time_axis open"),
        (["time_axis=1", "time_axis=2"], "says twice"),
        (["time_axis=seven"], "must be one of"),
    ],
)
def test_choices_that_cannot_be_are_refused(
    capsys: pytest.CaptureFixture[str], open_array: Path, asked: list[str], words: str
) -> None:
    options = [part for one in asked for part in ("--choose", one)]
    assert words in refused(capsys, "info", open_array, *options)


def test_a_saved_fit_knows_choices_and_binning(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "study.aphyn"
    code = main(
        [
            "fit", str(demo_recording_path()), "--roi", "A=4,15,4,4", "--bin", "2",
            "--pixel-pitch", "0.1", "--train", "3", "--validation", "2", "--epochs", "2",
            "--network", "none", "--save", str(path), "--json",
        ]
    )  # fmt: skip
    assert code == 0
    assert json.loads(capsys.readouterr().out)["pixel_pitch_mm"] == pytest.approx(0.2)
    document = open_project(path)
    reference = document.study.recording
    assert reference is not None
    assert (reference.binning, reference.pixel_pitch_mm) == (2, 0.1)
    assert document.recording is not None
    assert document.recording.pixel_pitch_mm == pytest.approx(0.2)
