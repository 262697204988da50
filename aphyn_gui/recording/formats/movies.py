"""Films (.avi, .mp4, .mov) through FFmpeg, as the optional package imageio-ffmpeg brings it.

Seeking in films is not reliable: many only say where every tenth or hundredth frame begins, and
frame numbers are guessed from times. A film is therefore decoded once, from its beginning, into a
temporary file that is mapped into memory.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import closing
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from aphyn_gui.recording.errors import RecordingError
from aphyn_gui.recording.formats.colour import channel_choice, one_channel
from aphyn_gui.recording.formats.temporary import write_temporarily
from aphyn_gui.recording.frames import Array
from aphyn_gui.recording.recording import ReadingChoice, Recording

_LARGEST_FRAME_PIXELS = 2**24
"""16 million: more than the cameras of optical mapping have."""
_ALLOCATION_BYTES = 128 * 2**20
"""What FFmpeg may ask for at once."""
_DURATION_STEP_S = 0.01
"""FFmpeg prints durations in hundredths."""
_LOSSLESS = ("rawvideo", "ffv1", "huffyuv", "ffvhuff", "png", "utvideo", "magicyuv", "qtrle")


class MovieFormat:
    """Films, decoded once into a temporary file."""

    name = "Film"
    suffixes = (".avi", ".mp4", ".m4v", ".mov")

    def recognises(self, path: Path, first_bytes: bytes) -> bool:
        """Whether the file starts as AVI, MP4 or QuickTime files do."""
        return _container(first_bytes) is not None

    def open(self, path: Path, choices: Mapping[str, str]) -> Recording:
        """All frames, decoded; time from the film's frames per second.

        Raises
        ------
        RecordingError
            If FFmpeg is not installed, cannot decode the film, or the disk would be full.
        """
        with path.open("rb") as file:
            container = _container(file.read(16))
        if container is None:
            raise RecordingError(
                f"{path.name} is named like a film but is neither AVI, MP4 nor QuickTime: open the "
                "original"
            )
        film = _Film(path, container)
        is_colour = not film.is_grey
        of_channel: tuple[ReadingChoice, ...] = ()
        assumptions: tuple[str, ...] = ()
        if is_colour:
            choice, assumptions = channel_choice(choices)
            of_channel = (choice,)
        frames = film.decode(of_channel[0].chosen if is_colour else None)
        if film.codec not in _LOSSLESS:
            assumptions += (
                f"The film is compressed with loss ({film.codec}), which alters small fluorescence "
                "changes: prefer the camera's own file.",
            )
        interval = None
        if film.frames_per_second:
            interval = 1e3 / film.frames_per_second
            assumptions += (
                f"The frame interval comes from the film's {film.frames_per_second:g} frames a "
                "second, which may be the speed of playback only: check it.",
            )
        if film.frames_per_second:
            promised = film.frames_per_second * (film.duration_s - _DURATION_STEP_S)
            if promised > frames.shape[0] + 1:
                assumptions += (
                    f"The film promises {promised:.0f} frames or more; {frames.shape[0]} could be "
                    "decoded.",
                )
        if container == "avi" and _is_cut(path):
            assumptions += ("The file is shorter than it says: frames at its end are missing.",)
        return Recording(
            frames=frames,
            path=path,
            format_name=f"Film ({film.codec})",
            frame_interval_ms=interval,
            header=film.header,
            assumptions=assumptions,
            choices=of_channel,
        )


def _container(first_bytes: bytes) -> str | None:
    """FFmpeg's name for the kind of file."""
    if first_bytes.startswith(b"RIFF") and first_bytes[8:12] == b"AVI ":
        return "avi"
    if first_bytes[4:8] in (b"ftyp", b"moov", b"mdat", b"wide"):
        return "mov"
    return None


def _is_cut(path: Path) -> bool:
    """Whether an AVI file is shorter than its first length says; later parts have their own."""
    with path.open("rb") as file:
        return int.from_bytes(file.read(8)[4:], "little") + 8 > path.stat().st_size


class _Film:
    """What FFmpeg says about a film."""

    def __init__(self, path: Path, container: str) -> None:
        self._path = path
        # Only this file and this kind: a film could otherwise name others, or addresses.
        self._input = ["-f", container, "-protocol_whitelist", "file", "-threads", "1"]
        self._input += ["-filter_threads", "1"]
        self._input += ["-max_alloc", str(_ALLOCATION_BYTES)]
        self._input += ["-max_pixels", str(_LARGEST_FRAME_PIXELS)]
        with closing(self._read("gray", 8)) as said:
            described: dict[str, Any] = next(said)
        self._pixel_format = str(described.get("pix_fmt", "")).split("(")[0]
        self.codec = str(described.get("codec", "unknown"))
        self.frames_per_second = _not_negative(described.get("fps"))
        self.duration_s = _not_negative(described.get("duration"))
        width, height = described["size"]
        self._shape = int(height), int(width)
        if not 0 < width * height <= _LARGEST_FRAME_PIXELS:
            raise RecordingError(f"{path.name} has frames of {width} x {height} pixels")
        self.header: dict[str, str] = {
            key: str(described[key])
            for key in ("codec", "pix_fmt", "fps", "duration", "source_size", "ffmpeg_version")
            if key in described
        }

    @property
    def is_grey(self) -> bool:
        """Whether it has one value a pixel."""
        return self._pixel_format.startswith("gray")

    def decode(self, channel: str | None) -> Array:
        """All frames, shape (time, row, column), in a temporary map; None: the film is grey."""
        pixel_format, code, values = "gray16le", "<u2", 1
        if channel is not None:
            pixel_format, code, values = "rgb24", "u1", 3
        elif self._pixel_format == "gray":
            pixel_format, code = "gray", "u1"
        dtype: np.dtype[Any] = np.dtype(code)
        frame_bytes = self._shape[0] * self._shape[1] * dtype.itemsize

        def blocks() -> Generator[bytes, None, None]:
            with closing(self._read(pixel_format, 8 * dtype.itemsize * values)) as frames:
                next(frames)
                for frame in frames:
                    if channel is None:
                        yield frame
                    else:
                        image = np.frombuffer(frame, dtype).reshape(*self._shape, 3)
                        yield one_channel(image, channel).tobytes()

        with closing(blocks()) as decoded, write_temporarily(self._path, decoded) as file:
            count = file.seek(0, 2) // frame_bytes
            file.seek(0)
            if count < 2:
                raise RecordingError(
                    f"{self._path.name}: {count} of its frames could be decoded, a recording needs "
                    "2: it may be truncated; copy it again"
                )
            return np.memmap(file, dtype=dtype, mode="r", shape=(count, *self._shape))

    def _read(self, pixel_format: str, bits_per_pixel: int) -> Generator[Any, None, None]:
        """What FFmpeg says about the film, then its frames."""
        try:
            from imageio_ffmpeg import read_frames
        except ImportError as error:
            raise RecordingError(
                f"{self._path.name} is a film, and reading films needs one more package: "
                'pip install "aphyn-gui[movies]"'
            ) from error
        try:
            frames = read_frames(
                self._path.resolve(),
                pix_fmt=pixel_format,
                bits_per_pixel=bits_per_pixel,
                input_params=self._input,
                # Every frame as it was saved: none twice, none left out to keep a rate.
                output_params=["-fps_mode", "passthrough", "-map", "0:v:0", "-threads", "1"],
            )
            with closing(frames):
                yield from frames
        except RecordingError:
            raise
        except Exception as error:
            words = " ".join(str(error).split())[-300:]
            raise RecordingError(
                f"{self._path.name} could not be decoded ({words}): it may be truncated; copy it "
                "again, or save it as TIFF"
            ) from error


def _not_negative(value: object) -> float:
    number = float(value) if isinstance(value, int | float) else 0.0
    return number if isfinite(number) and number > 0 else 0.0
