"""Which reader opens a file: asked by content first, then by suffix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from aphyn_gui.recording.errors import RecordingError
from aphyn_gui.recording.formats.andor_sif import SifFormat
from aphyn_gui.recording.formats.hdf5 import Hdf5Format
from aphyn_gui.recording.formats.image_folder import ImageFolderFormat
from aphyn_gui.recording.formats.matlab import MatlabFormat
from aphyn_gui.recording.formats.micam02 import Micam02Format
from aphyn_gui.recording.formats.micam_ultima import MicamUltimaFormat
from aphyn_gui.recording.formats.movies import MovieFormat
from aphyn_gui.recording.formats.multirecorder import MultiRecorderFormat
from aphyn_gui.recording.formats.neuroplex import NeuroplexFormat
from aphyn_gui.recording.formats.numpy_files import NumpyArchiveFormat, NumpyArrayFormat
from aphyn_gui.recording.formats.rhythm_binary import RhythmBinaryFormat
from aphyn_gui.recording.formats.tiff import TiffFormat
from aphyn_gui.recording.formats.turbosm import TurboSmFormat
from aphyn_gui.recording.recording import Recording

FIRST_BYTES = 4096
"""How much of a file a reader sees before it says whether the file is its own."""


class RecordingFormat(Protocol):
    """One family of files."""

    @property
    def name(self) -> str:
        """The family's name, for lists and messages."""

    @property
    def suffixes(self) -> tuple[str, ...]:
        """Endings of its files, lower case, with the dot."""

    def recognises(self, path: Path, first_bytes: bytes) -> bool:
        """Whether the content is certainly of this family; a folder has no first bytes."""

    def open(self, path: Path, choices: Mapping[str, str]) -> Recording:
        """The recording, lazily; RecordingError if it cannot be used.

        ``choices`` override what the reader would take where the file leaves something open
        (`ReadingChoice`); those with a key it does not know are not for it.
        """


FORMATS: tuple[RecordingFormat, ...] = (
    TiffFormat(),
    NumpyArrayFormat(),
    NumpyArchiveFormat(),
    # Cameras: text headers first, then numbers that must agree with the size of the file.
    MicamUltimaFormat(),
    Micam02Format(),
    TurboSmFormat(),
    NeuroplexFormat(),
    MultiRecorderFormat(),
    RhythmBinaryFormat(),
    MatlabFormat(),  # before HDF5, which its version 7.3 is
    Hdf5Format(),
    SifFormat(),
    MovieFormat(),
    ImageFolderFormat(),
)
"""Readers in the order they are asked; a new family is one entry."""


def open_recording(
    path: str | Path,
    *,
    frame_interval_ms: float | None = None,
    pixel_pitch_mm: float | None = None,
    choices: Mapping[str, str] | None = None,
) -> Recording:
    """Open a recording, without reading its frames.

    Parameters
    ----------
    path : str or Path
        The file, or the folder where every frame is a file.
    frame_interval_ms, pixel_pitch_mm : float or None
        Override what the file says, ms and mm.
    choices : Mapping of str to str or None
        Override what the reader took where the file leaves something open, by the keys of
        `Recording.choices`.

    Raises
    ------
    RecordingError
        If there is no such file, no reader knows it, or it is damaged or no movie.
    """
    path = Path(path)
    recording = choose_format(path).open(path, choices or {})
    if frame_interval_ms is not None:
        recording = recording.with_frame_interval(frame_interval_ms)
    if pixel_pitch_mm is not None:
        recording = recording.with_pixel_pitch(pixel_pitch_mm)
    return recording


def choose_format(path: Path, formats: Sequence[RecordingFormat] = FORMATS) -> RecordingFormat:
    """The reader that opens the file: the first to recognise its content, else by suffix.

    Raises
    ------
    RecordingError
        If the file is missing, empty, unreadable, or of no known family.
    """
    first_bytes = _first_bytes(path)
    for candidate in formats:
        if candidate.recognises(path, first_bytes):
            return candidate
    suffix = path.suffix.lower()
    for candidate in formats:
        if suffix in candidate.suffixes:
            return candidate
    if path.is_dir():
        raise RecordingError(f"{path.name} is a folder without a movie; open one of its files")
    known = ", ".join(suffix for candidate in formats for suffix in candidate.suffixes)
    raise RecordingError(f"{path.name} is of no known kind; these can be opened: {known}")


def _first_bytes(path: Path) -> bytes:
    if not path.exists():
        raise RecordingError(f"there is no file {path}: was it moved or renamed?")
    if path.is_dir():
        return b""
    try:
        with path.open("rb") as file:
            first_bytes = file.read(FIRST_BYTES)
    except OSError as error:
        raise RecordingError(f"{path.name} cannot be read: {error.strerror or error}") from error
    if not first_bytes:
        raise RecordingError(f"{path.name} is empty (0 bytes): was it copied completely?")
    return first_bytes
