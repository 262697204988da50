"""The counts of a whole field: read in tiles that fit the memory, worked on in bands of rows."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from threadpoolctl import threadpool_limits

from aphyn_gui.recording.preparation import Preparation
from aphyn_gui.recording.recording import Recording
from aphyn_gui.recording.region_counts import (
    RegionCounts,
    frames_kept,
    read_counts,
    with_border,
)
from aphyn_gui.recording.roi import RectangularRoi

Answer = TypeVar("Answer")

_TILE_BYTES = 256 * 2**20
"""Of counts as stored, held at once."""

_BAND_BYTES = 8 * 2**20
"""Of a band's traces: about what the cache holds for a core."""

_MOST_THREADS = 4


class FieldCounts:
    """The field of a recording, cut, repaired and masked as a preparation says.

    A field that fits into one tile is read once, however often it is worked on.

    Parameters
    ----------
    recording : Recording
        With a known frame interval.
    preparation : Preparation
        From counts to traces.

    Raises
    ------
    RecordingError
        If the frame interval is unknown, or the cut leaves fewer than 9 frames.
    """

    def __init__(self, recording: Recording, preparation: Preparation) -> None:
        self.recording, self.preparation = recording, preparation
        self.first_frame, self.stop_frame = frames_kept(recording, preparation)
        frame_count = self.stop_frame - self.first_frame
        field = RectangularRoi(0, 0, recording.column_count, recording.row_count)
        stored = frame_count * recording.frames.dtype.itemsize
        self._tiles = list(_pieces(field, _TILE_BYTES // stored))
        self._band_pixels = _BAND_BYTES // (4 * frame_count)
        self._held: Recording | None = None

    @property
    def source(self) -> Recording:
        """The recording; from memory once all of its field was read into it."""
        return self._held or self.recording

    def each_band(
        self, work: Callable[[RegionCounts], Answer], threads: int | None = None
    ) -> Generator[tuple[float, Answer], None, None]:
        """Work on all bands, in threads. Closing the generator cancels.

        Parameters
        ----------
        work : callable
            Takes the counts of a band.
        threads : int or None
            None: one for each core, at most four.

        Yields
        ------
        float, object
            The part of the field that is done, and what ``work`` said of the next band.

        Raises
        ------
        RecordingError
            As `read_counts`.
        """
        threads = threads or min(_MOST_THREADS, os.cpu_count() or 1)
        executor = ThreadPoolExecutor(threads, thread_name_prefix="aphyn-field")
        # The linear algebra's own threads would wait for each other, spinning, beside these.
        alone = threadpool_limits(limits=1, user_api="blas")
        try:
            for index, tile in enumerate(self._tiles):
                held = self._hold(tile)
                bands = list(_pieces(tile, self._band_pixels))

                def of_band(roi: RectangularRoi, held: Recording = held) -> Answer:
                    return work(read_counts(held, roi, self.preparation, is_compact=True))

                for done, answer in enumerate(executor.map(of_band, bands), start=1):
                    yield (index + done / len(bands)) / len(self._tiles), answer
        finally:
            executor.shutdown(cancel_futures=True)
            alone.restore_original_limits()

    def _hold(self, tile: RectangularRoi) -> Recording:
        if self._held is not None:
            return self._held
        around = with_border(self.recording, tile, self.preparation)
        held = self.recording.holding(around, self.first_frame, self.stop_frame)
        if len(self._tiles) == 1:
            self._held = held
        return held


def _pieces(whole: RectangularRoi, pixels: int) -> Iterator[RectangularRoi]:
    """A rectangle in pieces of some pixels; whole rows where they fit."""
    width = max(1, min(whole.width, pixels))
    height = max(1, min(whole.height, pixels // width))
    for top in range(whole.y, whole.y + whole.height, height):
        for left in range(whole.x, whole.x + whole.width, width):
            yield RectangularRoi(
                left,
                top,
                min(width, whole.x + whole.width - left),
                min(height, whole.y + whole.height - top),
            )
