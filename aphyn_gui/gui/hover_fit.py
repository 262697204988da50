"""Fits that follow the mouse: the pixel under it, or the region being dragged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Signal

from aphyn_gui.gui.background import BackgroundTasks
from aphyn_gui.gui.fitter_cache import FitterCache
from aphyn_gui.gui.study_controller import StudyController
from aphyn_gui.recording import Recording, RecordingError, RectangularRoi, region_signal

if TYPE_CHECKING:
    from aphyn_gui.study.field_fit import FieldFit, PixelFit


@dataclass(frozen=True, slots=True, eq=False)
class PixelView:
    """What there is to see of a pixel, or of the mean over a rectangle.

    Parameters
    ----------
    roi : RectangularRoi
        The pixels.
    time_ms, trace : ndarray of float64, shape (time,)
        Counts as recorded, averaged over the rectangle.
    fit : PixelFit or None
        Its potential and the physics fitted to it; None: not asked for, or none.
    problem : str
        Why there is no fit; empty where there is one, or none was asked for.
    """

    roi: RectangularRoi
    time_ms: npt.NDArray[np.float64]
    trace: npt.NDArray[np.float64]
    fit: PixelFit | None = None
    problem: str = ""


class HoverFit(QObject):
    """Reads and fits in a thread of its own; of several wishes the newest is fulfilled.

    Signals
    -------
    seen(object)
        A PixelView.
    previewed(str, object)
        Region id, and the RegionSignal of where it is dragged to.
    """

    seen = Signal(object)
    previewed = Signal(str, object)

    def __init__(
        self, controller: StudyController, fitters: FitterCache, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._controller = controller
        self._fitters = fitters
        self._tasks = BackgroundTasks("hover fit", self)
        self._wish: tuple[RectangularRoi, bool] | None = None
        for signal in (controller.preparation_changed, controller.protocol_changed):
            signal.connect(self.repeat)
        controller.recording_changed.connect(self._forget)

    @property
    def is_busy(self) -> bool:
        """Whether an answer is outstanding."""
        return self._tasks.is_busy

    def look_at(self, roi: RectangularRoi, is_fitted: bool, known: FieldFit | None = None) -> None:
        """Ask for a pixel's trace, and for its fit.

        Parameters
        ----------
        roi : RectangularRoi
            One pixel, or those whose mean is meant.
        is_fitted : bool
            Whether a fit is wanted.
        known : FieldFit or None
            Maps under the settings of now, in which a pixel is looked up.
        """
        recording = self._controller.recording
        if recording is None or self._controller.analysis_blocker:
            return
        self._wish = roi, is_fitted
        study, fitters = self._controller.study, self._fitters
        preparation, protocol = study.preparation, study.protocol

        def look() -> PixelView:
            view = _trace_of(recording, roi)
            if not is_fitted:
                return view
            try:
                fitter = fitters.get(recording, preparation, protocol)
                fit = None
                if known is not None and roi.pixel_count == 1:
                    fit = fitter.recall(roi.y, roi.x, known)
                fit = fit or fitter.fit_mean(roi)
            except RecordingError as error:
                return PixelView(roi, view.time_ms, view.trace, None, str(error))
            problem = "" if fit is not None else "no action potential that can be fitted"
            return PixelView(roi, view.time_ms, view.trace, fit, problem)

        self._tasks.submit("pixel", look, self.seen.emit, self._fail)

    def preview(self, region_id: str, roi: RectangularRoi) -> None:
        """Ask for the trace of a region where it is dragged to."""
        recording = self._controller.recording
        if recording is None or self._controller.analysis_blocker:
            return
        preparation = self._controller.study.preparation
        self._tasks.submit(
            "preview",
            lambda: region_signal(recording, roi, preparation),
            lambda signal: self.previewed.emit(region_id, signal),
            # What cannot be analysed on the way is said at the end of the drag.
            lambda _error, _details: None,
        )

    def repeat(self) -> None:
        """Ask again, under the settings of now."""
        if self._wish is not None:
            self.look_at(*self._wish)

    def shutdown(self) -> None:
        """End the thread."""
        self._tasks.shutdown()

    def _forget(self) -> None:
        self._wish = None
        self._tasks.cancel("pixel")
        self._tasks.cancel("preview")

    def _fail(self, error: Exception, details: str) -> None:
        if isinstance(error, RecordingError):
            self._controller.report("warning", str(error))
        else:
            self._controller.report("error", f"The pixel could not be fitted: {error}", details)


def _trace_of(recording: Recording, roi: RectangularRoi) -> PixelView:
    counts = recording.read_region(roi)
    trace = counts.reshape(len(counts), -1).mean(axis=1)
    interval = recording.frame_interval_ms or 1.0
    return PixelView(roi, np.arange(len(trace), dtype=np.float64) * interval, trace)
