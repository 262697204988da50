"""Traces, sequences and forecasts as files; maps with what they mean."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import tifffile

from aphyn_gui.recording import Recording, region_signal
from aphyn_gui.study import Study, StudyError
from aphyn_gui.study.export import ExportPart, export_study, write_map
from aphyn_gui.study.network_map import network_map

MAP = np.array([[1.0, np.nan, 3.25], [-4.0, 5e-7, 1 / 3]])


FIRST, SECOND = "_1_1", "_b_A____B_____é__b_"
"""The regions' names, as a file name can say them."""


@pytest.fixture(scope="module")
def folder(study: Study, recording: Recording, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("series")
    export_study(study, iter([recording]), folder, what=[ExportPart.SERIES])
    return folder


def test_the_two_parts_of_a_forecast_add_up_to_it(study: Study, folder: Path) -> None:
    (path,) = folder.glob(f"{SECOND}/{SECOND}_forecast.csv")
    lines = np.genfromtxt(path, delimiter=",", names=True)
    array = np.load(path.with_suffix(".npy"), allow_pickle=False)
    assert lines.dtype.names == array.dtype.names
    for name in array.dtype.names:
        np.testing.assert_array_equal(lines[name], array[name])
    np.testing.assert_allclose(array["integrated_f_p"] + array["integrated_f_dl"], array["v"],
                               atol=2e-5)  # fmt: skip
    forecast = study.fits["roi-2"].fit.forecast
    np.testing.assert_array_equal(array["f_dl_per_ms"][:-1], forecast.network_rate)
    assert np.abs(forecast.network_rate).max() > 0


def test_the_networks_plane_is_written_where_there_is_a_network(study: Study, folder: Path) -> None:
    assert not list(folder.glob(f"{FIRST}/{FIRST}_network.*"))
    (path,) = folder.glob(f"{SECOND}/{SECOND}_network.csv")
    lines = np.genfromtxt(path, delimiter=",", names=True)
    assert lines.dtype.names == ("v", "h", "f_dl_per_ms")
    plane = network_map(study.fits["roi-2"].fit)
    np.testing.assert_array_equal(lines["f_dl_per_ms"].reshape(plane.rate.shape), plane.rate)
    np.testing.assert_array_equal(lines["v"][: len(plane.voltage)], plane.voltage)
    np.testing.assert_array_equal(lines["h"][:: len(plane.voltage)], plane.gate)
    np.testing.assert_array_equal(np.load(path.with_suffix(".npy"))["v"], lines["v"])


def test_sequences_and_their_mean_are_what_was_fitted(study: Study, folder: Path) -> None:
    sequences = study.fits["roi-1"].fit.sequences
    (path,) = folder.glob(f"{FIRST}/{FIRST}_sequences.npy")
    np.testing.assert_array_equal(np.load(path, allow_pickle=False), sequences.voltages)
    (path,) = folder.glob(f"{FIRST}/{FIRST}_mean.csv")
    mean = np.genfromtxt(path, delimiter=",", names=True)
    np.testing.assert_array_equal(mean["training_mean_v"], sequences.training_voltages.mean(axis=0))
    error = np.square(sequences.training_voltages - mean["physics_only_v"]).mean()
    assert error == pytest.approx(study.fits["roi-1"].fit.physics.training_mse, rel=1e-3)


def test_the_trace_is_the_regions_and_is_left_out_without_its_recording(
    study: Study, recording: Recording, folder: Path, tmp_path: Path
) -> None:
    (path,) = folder.glob(f"{FIRST}/{FIRST}_trace.csv")
    trace = np.genfromtxt(path, delimiter=",", names=True)
    signal = region_signal(recording, study.regions[0].roi, study.preparation)
    np.testing.assert_array_equal(trace["raw_counts"], signal.raw)
    assert len(list(folder.glob("*/*_trace.npy"))) == 2
    written = export_study(study, [], tmp_path, what=[ExportPart.SERIES])
    assert written
    assert not any("trace" in path.name for path in written)


def test_a_map_reads_back_with_its_meaning(tmp_path: Path) -> None:
    about = ("APD80", "ms", "Onset to 80 %\nrepolarisation, in µ.", 0.25)
    (path,) = write_map(tmp_path / "map.csv", MAP, *about)
    np.testing.assert_array_equal(np.loadtxt(path, delimiter=",", encoding="utf-8"), MAP)
    text = path.read_text(encoding="utf-8")
    assert "# definition: Onset to 80 % repolarisation, in µ.\n" in text
    assert "# pixel_pitch_mm: 0.25\n" in text
    array, sidecar = write_map(tmp_path / "map.npy", MAP, *about)
    np.testing.assert_array_equal(np.load(array, allow_pickle=False), MAP)
    assert json.loads(sidecar.read_text(encoding="utf-8"))["unit"] == "ms"
    (path,) = write_map(tmp_path / "map.tif", MAP, *about)
    with tifffile.TiffFile(path) as tiff:
        page = tiff.pages[0]
        np.testing.assert_array_equal(page.asarray(), MAP.astype(np.float32))
        horizontal, per = page.tags["XResolution"].value
        assert horizontal / per == pytest.approx(4.0)
        assert tiff.imagej_metadata["unit"] == "mm"
        assert "name: APD80\nunit: ms\n" in tiff.imagej_metadata["Info"]
        assert "in µ." in tiff.imagej_metadata["Info"]


def test_a_map_without_pitch_claims_none(tmp_path: Path) -> None:
    (path,) = write_map(tmp_path / "map.tiff", MAP, "a", "", "b", None)
    with tifffile.TiffFile(path) as tiff:
        assert "unit" not in tiff.imagej_metadata


@pytest.mark.parametrize(
    ("name", "values", "pitch", "message"),
    [
        ("map.png", MAP, None, "choose one"),
        ("map.csv", MAP[0], None, "one map at a time"),
        ("map.csv", MAP[:0], None, "one map at a time"),
        ("map.csv", MAP, 0.0, "must be positive"),
        ("map.csv", MAP, float("nan"), "must be positive"),
    ],
)
def test_what_is_no_map_is_refused(
    tmp_path: Path, name: str, values: np.ndarray, pitch: float | None, message: str
) -> None:
    with pytest.raises(StudyError, match=message):
        write_map(tmp_path / name, values, "a", "", "b", pitch)
    assert list(tmp_path.iterdir()) == []
