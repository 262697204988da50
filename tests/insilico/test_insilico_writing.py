"""TIFF files: what is written is read back, and nothing half-written is left."""

from pathlib import Path

import numpy as np
import pytest
import tifffile

from aphyn_gui.insilico import write_movie

FRAMES = np.random.default_rng(2).integers(0, 65535, (7, 5, 6), dtype=np.uint16)


def test_timing_and_scale_survive(tmp_path: Path) -> None:
    path = tmp_path / "movie.tif"
    write_movie(path, FRAMES, frame_interval_ms=3.7, pixel_pitch_mm=0.25, note="a note")
    with tifffile.TiffFile(path) as file:
        metadata = file.imagej_metadata
        assert metadata is not None
        assert metadata["finterval"] == pytest.approx(0.0037)
        assert metadata["tunit"] == "s"
        assert metadata["unit"] == "mm"
        assert metadata["Info"] == "a note"
        assert file.series[0].axes == "TYX"
        pixels, per = file.pages.first.tags["XResolution"].value
        assert pixels / per == pytest.approx(4.0)
        np.testing.assert_array_equal(file.asarray(), FRAMES)


def test_file_can_be_memory_mapped(tmp_path: Path) -> None:
    path = tmp_path / "movie.tif"
    write_movie(path, FRAMES, 2.0, 0.25)
    mapped = tifffile.memmap(path, mode="r")
    np.testing.assert_array_equal(mapped, FRAMES)
    del mapped


def test_a_failure_leaves_the_old_file_and_no_litter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "movie.tif"
    path.write_bytes(b"old")

    def fail(unfinished: Path, *_: object, **__: object) -> None:
        unfinished.write_bytes(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(tifffile, "imwrite", fail)
    with pytest.raises(OSError, match="disk full"):
        write_movie(path, FRAMES, 2.0, 0.25)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_impossible_movies_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "movie.tif"
    with pytest.raises(ValueError, match="shape"):
        write_movie(path, FRAMES[0], 2.0, 0.25)
    with pytest.raises(ValueError, match="uint16"):
        write_movie(path, FRAMES.astype(np.float32), 2.0, 0.25)
    with pytest.raises(ValueError, match="frame_interval_ms"):
        write_movie(path, FRAMES, 0.0, 0.25)
    assert not path.exists()
