import gc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from aphyn_gui.recording import RecordingError, RectangularRoi, open_recording
from aphyn_gui.recording.formats.tiff import PagedFrames

FRAMES = np.random.default_rng(0).integers(0, 60000, (20, 12, 16)).astype(np.uint16)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "movie.tif"


def write(path: Path, frames: Any = FRAMES, **options: Any) -> Path:
    tifffile.imwrite(path, frames, **options)
    return path


def test_imagej_interval_and_pitch(path: Path) -> None:
    write(
        path,
        imagej=True,
        resolution=(4.0, 4.0),
        metadata={"axes": "TYX", "finterval": 0.0037, "tunit": "sec", "unit": "mm"},
    )
    recording = open_recording(path)

    assert recording.format_name == "ImageJ TIFF"
    assert recording.frame_interval_ms == pytest.approx(3.7)
    assert recording.pixel_pitch_mm == pytest.approx(0.25)
    assert recording.assumptions == ()
    np.testing.assert_array_equal(recording.read_frame(7), FRAMES[7])


@pytest.mark.parametrize(
    ("metadata", "interval"),
    [
        ({"finterval": 2.5, "tunit": "ms"}, 2.5),
        ({"finterval": 0.5, "tunit": "min"}, 30000.0),
        ({"finterval": 0.0}, None),
        ({"finterval": 5.0, "tunit": "frames"}, None),
        ({}, None),
    ],
)
def test_imagej_time_units(path: Path, metadata: dict[str, Any], interval: float | None) -> None:
    write(path, imagej=True, metadata={"axes": "TYX", **metadata})

    assert open_recording(path).frame_interval_ms == pytest.approx(interval)


def test_imagej_frames_per_second_are_taken_with_a_warning(path: Path) -> None:
    write(path, imagej=True, metadata={"axes": "TYX", "fps": 500.0})
    recording = open_recording(path)

    assert recording.frame_interval_ms == pytest.approx(2.0)
    assert any("playback" in text for text in recording.assumptions)


@pytest.mark.parametrize(("unit", "pitch"), [("um", 1e-4), ("\\u00B5m", 1e-4), ("inch", None)])
def test_imagej_space_units(path: Path, unit: str, pitch: float | None) -> None:
    write(path, imagej=True, resolution=(10.0, 10.0), metadata={"axes": "TYX", "unit": unit})

    assert open_recording(path).pixel_pitch_mm == pytest.approx(pitch)


def test_ome_interval_and_pitch(tmp_path: Path) -> None:
    path = write(
        tmp_path / "movie.ome.tif",
        metadata={
            "axes": "TYX",
            "TimeIncrement": 2.0,
            "TimeIncrementUnit": "ms",
            "PhysicalSizeX": 150.0,
            "PhysicalSizeXUnit": "µm",
        },
    )
    recording = open_recording(path)

    assert recording.format_name == "OME TIFF"
    assert recording.frame_interval_ms == pytest.approx(2.0)
    assert recording.pixel_pitch_mm == pytest.approx(0.15)
    np.testing.assert_array_equal(recording.read_frame(19), FRAMES[19])


def test_ome_units_default_to_seconds_and_micrometres(tmp_path: Path) -> None:
    path = write(
        tmp_path / "movie.ome.tif",
        metadata={"axes": "TYX", "TimeIncrement": 0.004, "PhysicalSizeX": 80.0},
    )
    recording = open_recording(path)

    assert recording.frame_interval_ms == pytest.approx(4.0)
    assert recording.pixel_pitch_mm == pytest.approx(0.08)


def test_ome_times_of_planes_give_the_interval(tmp_path: Path) -> None:
    path = write(
        tmp_path / "movie.ome.tif",
        metadata={"axes": "TYX", "Plane": {"DeltaT": [0.005 * frame for frame in range(20)]}},
    )
    recording = open_recording(path)

    assert recording.frame_interval_ms == pytest.approx(5.0)
    assert any("median difference" in text for text in recording.assumptions)


@pytest.mark.parametrize("bigtiff", [False, True])
def test_a_plain_file_has_no_timing(path: Path, bigtiff: bool) -> None:
    write(path, bigtiff=bigtiff, photometric="minisblack")
    recording = open_recording(path)

    assert recording.format_name == "TIFF"
    assert recording.frame_interval_ms is None
    assert recording.pixel_pitch_mm is None
    assert recording.header["BigTIFF"] == ("yes" if bigtiff else "no")
    np.testing.assert_array_equal(recording.read_frame(3), FRAMES[3])


def test_dots_per_inch_are_no_pixel_pitch_but_centimetres_are(path: Path) -> None:
    write(path, resolution=(72.0, 72.0), resolutionunit="INCH")
    assert open_recording(path).pixel_pitch_mm is None

    write(path, resolution=(40.0, 40.0), resolutionunit="CENTIMETER")
    recording = open_recording(path)
    assert recording.pixel_pitch_mm == pytest.approx(0.25)
    assert any("check" in text for text in recording.assumptions)


def test_what_the_user_says_wins(path: Path) -> None:
    write(path, imagej=True, metadata={"axes": "TYX", "finterval": 0.01})
    recording = open_recording(path, frame_interval_ms=1.5, pixel_pitch_mm=0.3)

    assert (recording.frame_interval_ms, recording.pixel_pitch_mm) == (1.5, 0.3)


@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize("bigtiff", [False, True])
def test_an_uncompressed_stack_is_memory_mapped(path: Path, byteorder: str, bigtiff: bool) -> None:
    write(path, byteorder=byteorder, bigtiff=bigtiff, photometric="minisblack")
    recording = open_recording(path)

    assert isinstance(recording.frames, np.memmap)
    region = recording.read_region(RectangularRoi(3, 2, 4, 5))
    np.testing.assert_array_equal(region, FRAMES[:, 2:7, 3:7])


@pytest.mark.parametrize(
    "options",
    [{"compression": "zlib"}, {"compression": "zlib", "predictor": True}, {"tile": (16, 16)}],
)
def test_other_stacks_are_read_page_by_page(path: Path, options: dict[str, Any]) -> None:
    write(path, photometric="minisblack", **options)
    recording = open_recording(path)

    assert isinstance(recording.frames, PagedFrames)
    np.testing.assert_array_equal(recording.read_frame(11), FRAMES[11])
    region = recording.read_region(RectangularRoi(3, 2, 4, 5))
    np.testing.assert_array_equal(region, FRAMES[:, 2:7, 3:7])


@pytest.mark.parametrize("metadata", [None, {}])
def test_frames_written_one_by_one_are_a_movie(path: Path, metadata: dict[str, Any] | None) -> None:
    with tifffile.TiffWriter(path) as writer:
        for frame in FRAMES:
            writer.write(frame, contiguous=False, photometric="minisblack", metadata=metadata)
    recording = open_recording(path)

    assert recording.frame_count == 20
    np.testing.assert_array_equal(recording.read_frame(19), FRAMES[19])


def test_of_several_series_the_largest_is_taken_and_said(path: Path) -> None:
    with tifffile.TiffWriter(path) as writer:
        writer.write(FRAMES[0, :5, :5], photometric="minisblack")
        writer.write(FRAMES, photometric="minisblack")
    recording = open_recording(path)

    assert recording.frame_count == 20
    assert "2 series" in recording.assumptions[0]


def test_the_file_is_closed_when_its_pages_are_no_longer_used(path: Path) -> None:
    recording = open_recording(write(path, compression="zlib"))
    assert isinstance(recording.frames, PagedFrames)
    handle = recording.frames._pages[0].parent.filehandle
    assert not handle.closed

    del recording
    gc.collect()
    assert handle.closed


def test_time_saved_as_depth_is_taken_and_said(path: Path) -> None:
    write(path, imagej=True, metadata={"axes": "ZYX", "finterval": 0.002})
    recording = open_recording(path)

    assert recording.frame_count == 20
    assert recording.frame_interval_ms == pytest.approx(2.0)
    assert recording.assumptions == (
        "The file calls its 20 images depth (Z): they were taken as frames in time.",
    )


def test_the_longest_axis_is_time_and_the_first_of_the_others_is_read(path: Path) -> None:
    frames = FRAMES.reshape(2, 10, 12, 16)
    write(path, frames, imagej=True, metadata={"axes": "TZYX"})
    recording = open_recording(path)

    assert recording.frame_count == 10
    np.testing.assert_array_equal(recording.read_frame(4), frames[0, 4])
    assert any("first of 2 positions along axis T" in text for text in recording.assumptions)


def test_of_equally_long_axes_time_is_time(path: Path) -> None:
    frames = FRAMES[:16].reshape(4, 4, 12, 16)
    write(path, frames, imagej=True, metadata={"axes": "TZYX"})
    recording = open_recording(path)

    np.testing.assert_array_equal(recording.read_frame(2), frames[2, 0])


@pytest.mark.parametrize("compression", [None, "zlib"])
def test_the_first_channel_is_taken_and_said(path: Path, compression: str | None) -> None:
    frames = FRAMES.reshape(10, 2, 12, 16)
    write(path, frames, imagej=True, compression=compression, metadata={"axes": "TCYX"})
    recording = open_recording(path)

    assert recording.frame_count == 10
    np.testing.assert_array_equal(recording.read_frame(4), frames[4, 0])
    assert any("first of 2 positions along channel" in text for text in recording.assumptions)


def test_content_decides_not_the_ending(tmp_path: Path) -> None:
    path = tmp_path / "movie.dat"
    tifffile.imwrite(path, FRAMES)

    assert open_recording(path).frame_count == 20


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float32, np.float64])
def test_types_of_counts(path: Path, dtype: type) -> None:
    frames: Any = (FRAMES // 300).astype(dtype)
    write(path, frames, photometric="minisblack")

    np.testing.assert_array_equal(open_recording(path).read_frame(5), frames[5])


def test_a_recording_with_nan_opens(path: Path) -> None:
    frames = FRAMES.astype(np.float32)
    frames[:, 0, 0] = np.nan
    write(path, frames)

    assert np.isnan(open_recording(path).read_frame(0)[0, 0])


def test_text_named_tif_is_refused(path: Path) -> None:
    path.write_text("time, voltage\n0, 1\n")

    with pytest.raises(RecordingError, match=r"movie\.tif.*first bytes"):
        open_recording(path)


@pytest.mark.parametrize("imagej", [False, True])
@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_a_truncated_file_is_refused(
    path: Path, imagej: bool, compression: str | None, share: float
) -> None:
    write(path, imagej=imagej, compression=compression, metadata={"axes": "TYX"})
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])

    with pytest.raises(RecordingError, match=r"movie\.tif.*(truncated|damaged)") as refusal:
        open_recording(path)
    assert "<tifffile" not in str(refusal.value)


def test_one_image_is_refused(path: Path) -> None:
    write(path, FRAMES[0])

    with pytest.raises(RecordingError, match="one image of 16 x 12 pixels, not a movie"):
        open_recording(path)


@pytest.mark.parametrize("channels", [3, 4])
def test_a_colour_movie_is_refused(path: Path, channels: int) -> None:
    write(path, np.zeros((8, 12, 16, channels), dtype=np.uint8), photometric="rgb")

    with pytest.raises(RecordingError, match="convert it to one channel"):
        open_recording(path)


def test_one_frame_is_refused(path: Path) -> None:
    write(path, FRAMES[:1], ome=True, metadata={"axes": "TYX"})

    with pytest.raises(RecordingError, match="one image"):
        open_recording(path)


def test_a_header_that_claims_gigabytes_allocates_nothing(path: Path) -> None:
    write(path, np.zeros((2, 16, 16), dtype=np.uint8), compression="zlib", metadata=None)
    with tifffile.TiffFile(path, mode="r+") as tif:
        for page in tif.pages:
            for tag in ("ImageWidth", "ImageLength", "RowsPerStrip"):
                page.tags[tag].overwrite(45000)

    with pytest.raises(RecordingError, match="claims 2025000000 bytes"):
        open_recording(path)


def test_a_frame_that_cannot_be_decoded_is_refused_with_its_number(path: Path) -> None:
    write(path, compression="zlib")
    recording = open_recording(path)
    with tifffile.TiffFile(path) as tif:
        start = tif.pages[9].dataoffsets[0]
    content = bytearray(path.read_bytes())
    content[start : start + 40] = bytes(40)
    path.write_bytes(content)

    with pytest.raises(RecordingError, match=r"frame 9 of movie\.tif"):
        recording.read_frame(9)


@pytest.mark.parametrize("name", ["cosmas_controlV", "cosmas_infarctV130"])
def test_real_recordings(shared_data: Path, name: str) -> None:
    recording = open_recording(shared_data / name / "stack.tif")

    assert (recording.frame_count, recording.row_count, recording.column_count) == (1000, 32, 32)
    assert recording.frame_interval_ms == pytest.approx(1.0)
    assert recording.pixel_pitch_mm == pytest.approx(0.21875)
    assert isinstance(recording.frames, np.memmap)
    assert recording.assumptions == ()
