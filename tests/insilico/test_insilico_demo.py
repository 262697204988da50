"""The demo recording: its file, its regions, and the command that makes it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tifffile

from aphyn_gui.insilico import SlabProgress, demo


@pytest.fixture(scope="module")
def frames() -> np.ndarray:
    return np.asarray(tifffile.imread(demo.demo_recording_path()))


def region_trace(frames: np.ndarray, region: demo.DemoRegion) -> np.ndarray:
    """Mean trace, up on depolarisation, 0 at rest and 1 at the plateau, drift taken out."""
    rows = slice(region.y, region.y + region.height)
    columns = slice(region.x, region.x + region.width)
    trace = -frames[:, rows, columns].mean(axis=(1, 2))
    trace -= np.interp(
        np.arange(trace.size), [5, trace.size - 5], [trace[:10].mean(), trace[-10:].mean()]
    )
    return np.asarray(trace / np.percentile(trace, 98))


def test_file_is_what_its_definition_says() -> None:
    with tifffile.TiffFile(demo.demo_recording_path()) as file:
        assert file.series[0].axes == "TYX"
        assert file.series[0].shape == (740, demo.DEMO_SLAB.rows, demo.DEMO_SLAB.columns)
        assert file.series[0].dtype == np.uint16
        metadata = file.imagej_metadata
        assert metadata is not None
        assert metadata["finterval"] * 1000 == pytest.approx(demo.DEMO_OPTICS.frame_interval_ms)
        assert metadata["unit"] == "mm"
        assert metadata["Info"] == demo.demo_note()
        pixels, per = file.pages.first.tags["XResolution"].value
        assert per / pixels == pytest.approx(demo.DEMO_SLAB.spacing_mm)
    # The window opens it without reading it.
    assert tifffile.memmap(demo.demo_recording_path(), mode="r").shape[0] == 740


def test_note_beside_the_file_is_current() -> None:
    note = demo.demo_recording_path().with_suffix(".txt").read_text(encoding="utf-8")
    assert note.strip() == demo.demo_note()


def test_regions_lie_inside_and_apart() -> None:
    normal, ischaemic = demo.DEMO_REGIONS
    for region in demo.DEMO_REGIONS:
        assert region.x >= 0
        assert region.y >= 0
        assert region.x + region.width <= demo.DEMO_SLAB.columns
        assert region.y + region.height <= demo.DEMO_SLAB.rows
    assert normal.x + normal.width < ischaemic.x
    assert demo.DEMO_SLAB.ischaemia is not None
    weight = demo.DEMO_SLAB.ischaemia.weight(64, 64, demo.DEMO_SLAB.spacing_mm)
    assert (weight[30:38, normal.x : normal.x + normal.width] == 0).all()
    assert (weight[30:38, ischaemic.x : ischaemic.x + ischaemic.width] == 1).all()


def test_both_regions_show_whole_beats_and_the_ischaemic_one_is_shorter(
    frames: np.ndarray,
) -> None:
    durations = []
    for region in demo.DEMO_REGIONS:
        above = region_trace(frames, region) > 0.2
        ups = np.flatnonzero(~above[:-1] & above[1:])
        downs = np.flatnonzero(above[:-1] & ~above[1:])
        assert len(ups) == len(downs) == demo.DEMO_RECORDED_BEATS
        cycle_ms = np.diff(ups) * demo.DEMO_OPTICS.frame_interval_ms
        np.testing.assert_allclose(cycle_ms, demo.DEMO_CYCLE_LENGTH_MS, atol=4.0)
        durations.append((downs - ups) * demo.DEMO_OPTICS.frame_interval_ms)
    normal, ischaemic = durations
    np.testing.assert_allclose(normal, 254, atol=10)
    np.testing.assert_allclose(ischaemic / normal, 0.66, atol=0.05)


def test_making_it_writes_file_and_note_and_reports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    small = replace(
        demo.DEMO_SLAB,
        rows=6,
        columns=6,
        stimuli=demo.DEMO_SLAB.stimuli[:1],
        duration_ms=20.0,
        output_start_ms=0.0,
        ischaemia=None,
    )
    monkeypatch.setattr(demo, "DEMO_SLAB", small)
    reports: list[SlabProgress] = []
    demo.make_demo(tmp_path / "direct.tif", reports.append)
    assert reports[-1].fraction == 1.0
    demo.main([str(tmp_path / "command.tif")])
    assert (tmp_path / "command.txt").read_text(encoding="utf-8").startswith("Simulated")
    assert "100 %" in capsys.readouterr().err
    first = tifffile.imread(tmp_path / "direct.tif")
    assert first.shape == (10, 6, 6)
    np.testing.assert_array_equal(first, tifffile.imread(tmp_path / "command.tif"))


def test_missing_file_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "__file__", str(tmp_path / "aphyn_gui" / "insilico" / "demo.py"))
    with pytest.raises(FileNotFoundError, match=r"aphyn_gui\.insilico\.demo"):
        demo.demo_recording_path()
    installed = tmp_path / "aphyn_gui" / "_resources" / "demo_recording.tif"
    installed.parent.mkdir(parents=True)
    installed.touch()
    assert demo.demo_recording_path() == installed.resolve()
