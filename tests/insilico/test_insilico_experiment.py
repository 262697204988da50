"""Simulated experiments: what may be asked for, and what the written recording says of it."""

from __future__ import annotations

import json
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

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
from aphyn_gui.recording import Polarity, open_recording, suggest_polarity

SMALL = SimulatedExperiment(
    rows=16, columns=16, duration_ms=12.0, stimulus_time_ms=2.0, frame_interval_ms=1.0
)
POTENTIAL = replace(SMALL, signal=Signal.POTENTIAL, noise_fraction=0.0)


def run(experiment: SimulatedExperiment, path: Path) -> list[ExperimentProgress]:
    """Every report of a whole run."""
    reports: list[ExperimentProgress] = []
    written: list[Path] = []

    def drain() -> Generator[ExperimentProgress, None, None]:
        written.append((yield from simulate_experiment(experiment, path)))

    reports.extend(drain())
    assert written == [path]
    return reports


def potential_mv(experiment: SimulatedExperiment, path: Path) -> np.ndarray:
    """The recorded potential, mV."""
    run(experiment, path)
    counts = np.asarray(tifffile.imread(path), dtype=float)
    return counts / 200.0 - 130.0


@pytest.mark.parametrize("interval", [1.0, 3.7])
def test_the_app_opens_what_is_written_with_its_timing_and_scale(
    tmp_path: Path, interval: float
) -> None:
    path = tmp_path / "slab.tif"
    run(replace(SMALL, columns=20, spacing_mm=0.3, frame_interval_ms=interval), path)
    recording = open_recording(path)
    assert recording.frame_interval_ms == pytest.approx(interval)
    assert recording.pixel_pitch_mm == pytest.approx(0.3)
    assert (recording.frame_count, recording.row_count, recording.column_count) == (
        int(12 / interval), 16, 20,
    )  # fmt: skip
    assert recording.assumptions == ()


def test_the_file_says_how_it_was_made(tmp_path: Path) -> None:
    experiment = replace(SMALL, ischaemia=Severity.SEVERE.region(Disc(8, 8, 3)), seed=4)
    run(experiment, tmp_path / "slab.tif")
    with tifffile.TiffFile(tmp_path / "slab.tif") as file:
        assert file.imagej_metadata is not None
        words, settings = file.imagej_metadata["Info"].split("\n")
    assert "Ten Tusscher-Panfilov 2006" in words
    stored = json.loads(settings)
    assert stored["seed"] == 4
    assert stored["stimulus"] == "corner"
    assert stored["ischaemia"]["shape"] == {"row": 8, "column": 8, "radius": 3}


@pytest.mark.parametrize("polarity", list(Polarity))
def test_polarity_is_as_asked_and_found_again(tmp_path: Path, polarity: Polarity) -> None:
    experiment = replace(SMALL, rows=4, columns=4, duration_ms=500.0, polarity=polarity)
    run(experiment, tmp_path / "slab.tif")
    traces = np.asarray(tifffile.imread(tmp_path / "slab.tif"), dtype=float).reshape(500, -1).T
    assert np.sign(np.median(traces[:, 100:200] - traces[:, :1])) == polarity.sign
    assert suggest_polarity(traces).polarity is polarity


def test_the_same_seed_gives_the_same_file(tmp_path: Path) -> None:
    files = [tmp_path / f"{name}.tif" for name in ("first", "again", "other")]
    for path, seed in zip(files, (7, 7, 8), strict=True):
        run(replace(SMALL, seed=seed), path)
    assert files[0].read_bytes() == files[1].read_bytes()
    assert files[0].read_bytes() != files[2].read_bytes()


@pytest.mark.parametrize("signal", list(Signal))
def test_noise_is_the_asked_fraction_of_the_amplitude(tmp_path: Path, signal: Signal) -> None:
    clean = replace(SMALL, beats=0, signal=signal, noise_fraction=0.0, duration_ms=60.0)
    run(clean, tmp_path / "clean.tif")
    run(replace(clean, noise_fraction=0.05), tmp_path / "noisy.tif")
    quiet, noisy = (
        np.asarray(tifffile.imread(tmp_path / f"{n}.tif"), dtype=float) for n in ("clean", "noisy")
    )
    optics = clean.optics()
    amplitude: Any = 200.0 * optics.amplitude_mv
    if signal is Signal.FLUORESCENCE:
        amplitude = optics.fractional_change * (quiet[0] - optics.offset_counts)
    assert ((noisy - quiet) / amplitude).std() == pytest.approx(0.05, rel=0.05)


def test_the_potential_is_recorded_in_mv_at_the_end_of_each_frame(tmp_path: Path) -> None:
    reports = run(POTENTIAL, tmp_path / "slab.tif")
    movie = np.asarray(tifffile.imread(tmp_path / "slab.tif")) / 200.0 - 130.0
    last = reports[-1].potential_mv
    assert last is not None
    np.testing.assert_allclose(movie[-1], last, atol=0.003)
    assert movie[0].max() < -80
    assert movie.max() > 20


@pytest.mark.parametrize(
    ("site", "first"),
    [
        (StimulusSite.CORNER, (0, 0)),
        (StimulusSite.CENTRE, (8, 8)),
        (StimulusSite.EDGE, (15, 0)),
        (Rectangle(10, 2, 4, 4), (12, 4)),
    ],
)
def test_the_wave_starts_where_the_stimulus_is(
    tmp_path: Path, site: StimulusSite | Rectangle, first: tuple[int, int]
) -> None:
    movie = potential_mv(replace(POTENTIAL, stimulus=site), tmp_path / "slab.tif")
    activation = np.argmax(movie > -40, axis=0)
    assert (movie > -40).any(axis=0).all()
    assert activation[first] == activation.min() <= 3
    far = (0 if first[0] > 7 else 15, 15)
    assert activation[far] > activation[first]


def test_beats_come_when_asked_and_conditioning_comes_before(tmp_path: Path) -> None:
    paced = replace(POTENTIAL, rows=4, columns=4, beats=2, cycle_length_ms=350.0, duration_ms=450.0)
    movie = potential_mv(paced, tmp_path / "paced.tif").mean(axis=(1, 2))
    ups = np.flatnonzero((movie[:-1] <= -40) & (movie[1:] > -40))
    assert ups.tolist() == pytest.approx([1, 351], abs=1)
    reports = run(replace(paced, conditioning_beats=1), tmp_path / "conditioned.tif")
    assert reports[0].time_ms == -350.0
    conditioned = np.asarray(tifffile.imread(tmp_path / "conditioned.tif")) / 200.0 - 130.0
    # The recording of the second beat is the beginning of the conditioned one.
    np.testing.assert_allclose(conditioned.mean(axis=(1, 2))[:95], movie[350:445], atol=0.01)


def test_ischaemic_tissue_has_a_short_action_potential_and_a_slow_upstroke(
    tmp_path: Path,
) -> None:
    durations, slopes, rests = [], [], []
    for severity in (None, *Severity):
        region = None if severity is None else severity.region(Rectangle(0, 0, 4, 32))
        experiment = replace(
            POTENTIAL, rows=4, columns=32, duration_ms=400.0, frame_interval_ms=0.1,
            stimulus=StimulusSite.EDGE, ischaemia=region,
        )  # fmt: skip
        # Far from the stimulus, whose own slope would be seen.
        trace = potential_mv(experiment, tmp_path / "slab.tif")[:, 2, 20]
        durations.append((trace > -60).sum() * 0.1)
        slopes.append(np.diff(trace).max() / 0.1)
        rests.append(trace[-1])
    assert durations == sorted(durations, reverse=True)
    kept = np.array(durations[1:]) / durations[0]
    np.testing.assert_allclose(kept, [0.78, 0.54, 0.33], atol=0.02)
    # A little potassium alone brings the cell nearer to its threshold; more of it, and less sodium
    # conductance, slow the upstroke.
    assert slopes[3] < slopes[2] < slopes[0]
    assert rests == sorted(rests)


def test_only_the_region_is_ischaemic(tmp_path: Path) -> None:
    region = IschaemicRegion(Rectangle(0, 24, 4, 24), border_mm=0.5)
    experiment = replace(POTENTIAL, rows=4, columns=48, duration_ms=400.0, ischaemia=region)
    above = (potential_mv(experiment, tmp_path / "slab.tif") > -60).sum(axis=0)
    assert above[:, 42].max() < 0.75 * above[:, 2].min()


def test_progress_rises_and_shows_the_slab(tmp_path: Path) -> None:
    reports = run(SMALL, tmp_path / "slab.tif")
    assert reports[0].stage is SimulationStage.PREPARING
    assert np.isnan(reports[0].remaining_s)
    assert reports[-1].stage is SimulationStage.WRITING
    assert {r.stage for r in reports[1:-1]} == {SimulationStage.SIMULATING}
    fractions = [report.fraction for report in reports]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert reports[-1].remaining_s == 0.0
    assert reports[-1].time_ms == pytest.approx(12.0)
    for report in reports[1:]:
        assert report.potential_mv is not None
        assert report.potential_mv.shape == (16, 16)
        assert report.potential_mv.dtype == np.float32


@pytest.mark.parametrize("reports", [1, 2, 12])
def test_cancelling_leaves_nothing_behind(tmp_path: Path, reports: int) -> None:
    simulation = simulate_experiment(SMALL, tmp_path / "slab.tif")
    for _ in range(reports):
        next(simulation)
    simulation.close()
    assert list(tmp_path.iterdir()) == []


def test_cancelling_keeps_the_file_that_was_there(tmp_path: Path) -> None:
    path = tmp_path / "slab.tif"
    path.write_bytes(b"precious")
    simulation = simulate_experiment(SMALL, path)
    next(simulation)
    simulation.close()
    assert path.read_bytes() == b"precious"


def test_cost_and_size_are_known_before() -> None:
    experiment = SimulatedExperiment()
    assert experiment.frame_count == 500
    assert experiment.file_bytes == 2 * 500 * 64 * 64
    assert experiment.cell_steps == 64 * 64 * 25_000
    fine = replace(experiment, spacing_mm=0.05).slab()
    assert fine.diffusion_number < 0.25


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        ({"rows": 3}, "rows", "rows must be a whole number from 4 to 1024, not 3"),
        ({"columns": 16.5}, "columns", "whole number"),
        ({"columns": True}, "columns", "whole number"),
        ({"spacing_mm": 0.6}, "spacing_mm", "spacing must be from 0.05 to 0.5 mm, not 0.6"),
        ({"spacing_mm": float("nan")}, "spacing_mm", "not nan"),
        ({"frame_interval_ms": 0.0}, "frame_interval_ms", "frame interval must be from 0.1"),
        ({"duration_ms": 1.0}, "duration_ms", "from 2 to 60000 ms"),
        ({"stimulus_time_ms": 13.0}, "stimulus_time_ms", "from 0 to 12 ms"),
        ({"beats": -1}, "beats", "from 0"),
        ({"beats": 2}, "beats", "fewer beats or a longer recording"),
        ({"cycle_length_ms": 20.0}, "cycle_length_ms", "from 50"),
        ({"conditioning_beats": 200}, "conditioning_beats", "90000 ms"),
        ({"noise_fraction": -0.1}, "noise_fraction", "noise must be from 0"),
        ({"lateral_blur_mm": float("inf")}, "lateral_blur_mm", "lateral blur must be"),
        ({"seed": -1}, "seed", "seed must be"),
        ({"stimulus": Rectangle(12, 0, 5, 5)}, "stimulus", "rows 12 to 16 .* outside"),
        ({"stimulus": "corner"}, "stimulus", "must be a StimulusSite or a Rectangle"),
        ({"ischaemia": IschaemicRegion(Disc(8, 20, 2))}, "ischaemia", "disc around row 8"),
        ({"ischaemia": IschaemicRegion(Rectangle(8, 8, 9, 2))}, "ischaemia", "rectangle of rows"),
        (
            {"ischaemia": IschaemicRegion(Disc(8, 8, 2), extracellular_potassium_mm=50.0)},
            "ischaemia",
            "extracellular potassium .* from 2 to 20, not 50",
        ),
        ({"rows": 1024, "columns": 1024, "duration_ms": 6e4}, "duration_ms", "at most 1 GiB"),
    ],
)
def test_impossible_experiments_are_refused(
    change: dict[str, Any], field: str, message: str
) -> None:
    with pytest.raises(ExperimentError, match=message) as caught:
        replace(SMALL, **change)
    assert caught.value.field == field


def test_a_square_lies_around_its_node_and_in_the_slab() -> None:
    assert SMALL.square_around(8, 9) == Rectangle(5, 6, 6, 6)
    assert SMALL.square_around(0, 15) == Rectangle(0, 10, 6, 6)
    with pytest.raises(ExperimentError, match="row 16, column 0 lies outside the slab"):
        SMALL.square_around(16, 0)


def test_impossible_targets_are_refused_before_anything_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ExperimentError, match=r"must end in \.tif or \.tiff") as caught:
        next(simulate_experiment(SMALL, tmp_path / "slab.npy"))
    assert caught.value.field == "path"
    with pytest.raises(FileNotFoundError, match="no such folder"):
        next(simulate_experiment(SMALL, tmp_path / "missing" / "slab.tif"))
    (tmp_path / "folder.tif").mkdir()
    with pytest.raises(IsADirectoryError):
        next(simulate_experiment(SMALL, tmp_path / "folder.tif"))
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(PermissionError):
        next(simulate_experiment(SMALL, tmp_path / "slab.tif"))
    monkeypatch.undo()
    usage = type("Usage", (), {"free": 10})
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
    with pytest.raises(OSError, match="no room for"):
        next(simulate_experiment(SMALL, tmp_path / "slab.tif"))
