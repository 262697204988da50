"""Frames for the screen, read off the GUI thread: the newest request wins."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Signal

from aphyn_gui.gui.background import BackgroundTasks
from aphyn_gui.recording import Recording

Image = npt.NDArray[np.float32]

_SAMPLED_FRAMES = 32
_SAMPLED_VALUES = 1_000_000
_TAIL_PERCENT = 0.5


class MovieMode(StrEnum):
    """What the movie shows."""

    COUNTS = "Counts"
    CHANGE = "Change, %"


@dataclass(frozen=True, slots=True, eq=False)
class MovieOverview:
    """What a fixed grey scale needs to know of a whole recording, from a sample of its frames.

    Parameters
    ----------
    background : ndarray of float32, shape (rows, columns)
        Mean of the sampled frames, counts.
    levels : dict of MovieMode to (float, float)
        Values shown as the ends of the colour scale.
    """

    background: Image
    levels: dict[MovieMode, tuple[float, float]]


def overview_of(recording: Recording) -> MovieOverview:
    """Sample frames over the whole recording."""
    count = min(_SAMPLED_FRAMES, recording.frame_count)
    indices = np.unique(np.linspace(0, recording.frame_count - 1, count).astype(int))
    # Large cameras: every so many rows give the same percentiles.
    step = max(1, recording.row_count * recording.column_count * count // _SAMPLED_VALUES)
    total = np.zeros((recording.row_count, recording.column_count))
    sampled = []
    for index in indices:
        frame = recording.read_frame(int(index))
        total += np.nan_to_num(frame)
        sampled.append(frame[::step])
    background = (total / len(indices)).astype(np.float32)
    change = [relative_change(frame, background[::step]) for frame in sampled]
    extent = max(abs(limit) for limit in _percentiles(np.stack(change))) or 1.0
    low, high = _percentiles(np.stack(sampled))
    return MovieOverview(
        background,
        {
            MovieMode.COUNTS: (low, high if high > low else low + 1.0),
            MovieMode.CHANGE: (-extent, extent),
        },
    )


def relative_change(frame: Image, background: Image) -> Image:
    """(F - F0) / F0 in percent; 0 where the background is dark."""
    with np.errstate(divide="ignore", invalid="ignore"):
        change = (frame - background) / background * np.float32(100)
    return np.where(np.isfinite(change), change, 0).astype(np.float32)


def _percentiles(values: npt.NDArray[np.float32]) -> tuple[float, float]:
    finite = values[np.isfinite(values)]
    if finite.size == 0:
        return 0.0, 1.0
    low, high = np.percentile(finite, (_TAIL_PERCENT, 100 - _TAIL_PERCENT))
    return float(low), float(high)


class MovieFrames(QObject):
    """Reads the overview and single frames of a recording in a thread of its own.

    Signals
    -------
    overview_ready(object)
        The MovieOverview of the recording last set.
    frame_ready(int, object)
        Index and image, as the mode asks.
    failed(str, str)
        Text and details.
    """

    overview_ready = Signal(object)
    frame_ready = Signal(int, object)
    failed = Signal(str, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._tasks = BackgroundTasks("movie frames", self)
        self._recording: Recording | None = None
        self._overview: MovieOverview | None = None
        self._mode = MovieMode.COUNTS
        self._wanted: int | None = None
        self._is_reading = False

    def set_recording(self, recording: Recording | None) -> None:
        """Start on another recording; answers about the last one are dropped."""
        self._recording = recording
        self._overview = None
        self._wanted = None
        self._is_reading = False
        self._tasks.cancel("frame")
        self._tasks.cancel("overview")
        if recording is not None:
            self._tasks.submit(
                "overview",
                lambda: overview_of(recording),
                self._take_overview,
                self._fail,
            )

    def set_mode(self, mode: MovieMode) -> None:
        """Choose what frames show from now on."""
        self._mode = mode

    def request(self, index: int) -> None:
        """Ask for a frame; of several asked for while one is read, only the last is read."""
        self._wanted = index
        self._read_wanted()

    def shutdown(self) -> None:
        """End the thread."""
        self._tasks.shutdown()

    def _read_wanted(self) -> None:
        recording, overview, index = self._recording, self._overview, self._wanted
        if self._is_reading or recording is None or overview is None or index is None:
            return
        self._wanted = None
        self._is_reading = True
        background = overview.background if self._mode is MovieMode.CHANGE else None

        def read() -> Image:
            frame = recording.read_frame(index)
            return frame if background is None else relative_change(frame, background)

        self._tasks.submit("frame", read, lambda image: self._take(index, image), self._fail)

    def _take_overview(self, overview: MovieOverview) -> None:
        self._overview = overview
        self.overview_ready.emit(overview)
        self._read_wanted()

    def _take(self, index: int, image: Image) -> None:
        self._is_reading = False
        self.frame_ready.emit(index, image)
        self._read_wanted()

    def _fail(self, error: Exception, details: str) -> None:
        self._is_reading = False
        self.failed.emit(str(error), details)
