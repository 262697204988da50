"""Traces and sequences of every region, kept up to date off the GUI thread."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Signal

from aphyn_gui.gui.background import BackgroundTasks
from aphyn_gui.gui.study_controller import StudyController
from aphyn_gui.recording import (
    Polarity,
    Preparation,
    PreparedRegion,
    Recording,
    RecordingError,
    RectangularRoi,
    RegionSignal,
    prepare_region,
    region_signal,
    suggest_polarity,
)


@dataclass(frozen=True, slots=True, eq=False)
class RawTrace:
    """What there is to see of a region without beats.

    Parameters
    ----------
    time_ms, counts : ndarray of float64, shape (time,)
        Mean over the pixels that are numbers throughout, from the first frame.
    polarity : Polarity
        The user's choice, else the suggestion.
    """

    time_ms: npt.NDArray[np.float64]
    counts: npt.NDArray[np.float64]
    polarity: Polarity


@dataclass(frozen=True, slots=True, eq=False)
class RegionAnalysis:
    """What one region of a recording gives under one preparation.

    Parameters
    ----------
    roi, preparation
        The inputs.
    signal : RegionSignal or None
        Mean trace with beats; None where there is none.
    prepared : PreparedRegion or None
        Sequences and measures; None where they cannot be cut.
    raw : RawTrace or None
        Only where there is no signal, and some pixel is a number.
    problem : str
        Why something is missing, for the user; empty when nothing is.
    """

    roi: RectangularRoi
    preparation: Preparation
    signal: RegionSignal | None
    prepared: PreparedRegion | None
    problem: str = ""
    raw: RawTrace | None = None


def analyse(recording: Recording, roi: RectangularRoi, preparation: Preparation) -> RegionAnalysis:
    """Trace, beats and sequences of one region; a region that cannot be used says why."""
    try:
        prepared = prepare_region(recording, roi, preparation)
    except RecordingError as error:
        problem = str(error)
    else:
        return RegionAnalysis(roi, preparation, prepared.signal, prepared)
    # Sequences cannot be cut, but the trace may still show why.
    try:
        signal = region_signal(recording, roi, preparation)
    except RecordingError as error:
        raw = _raw_trace(recording, roi, preparation)
        return RegionAnalysis(roi, preparation, None, None, str(error), raw)
    return RegionAnalysis(roi, preparation, signal, None, problem)


def _raw_trace(
    recording: Recording, roi: RectangularRoi, preparation: Preparation
) -> RawTrace | None:
    try:
        counts = recording.read_region(roi)
    except RecordingError:
        return None
    pixels = counts.reshape(len(counts), -1).T
    pixels = pixels[np.isfinite(pixels).all(axis=1)]
    if not len(pixels) or recording.frame_interval_ms is None:
        return None
    time_ms = np.arange(len(counts), dtype=np.float64) * recording.frame_interval_ms
    polarity = preparation.polarity or suggest_polarity(pixels).polarity
    return RawTrace(time_ms, pixels.mean(axis=0), polarity)


class RegionAnalyst(QObject):
    """Analyses regions in the background whenever they or their settings change.

    Signals
    -------
    analysed(str)
        A region's analysis is new, or has gone.
    """

    analysed = Signal(str)

    def __init__(
        self, controller: StudyController, tasks: BackgroundTasks, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._controller = controller
        self._tasks = tasks
        self._analyses: dict[str, RegionAnalysis] = {}
        self._requested: dict[str, tuple[Recording, RectangularRoi, Preparation]] = {}
        controller.region_added.connect(self._request)
        controller.region_changed.connect(self._request)
        controller.region_removed.connect(self._forget)
        controller.recording_changed.connect(self._request_all)
        controller.preparation_changed.connect(self._request_all)

    def analysis(self, region_id: str) -> RegionAnalysis | None:
        """The newest finished analysis of a region; its inputs may be older than the study's."""
        return self._analyses.get(region_id)

    def is_current(self, region_id: str) -> bool:
        """Whether the analysis of a region belongs to its rectangle and settings of now."""
        study = self._controller.study
        analysis = self._analyses.get(region_id)
        roi = next((region.roi for region in study.regions if region.id == region_id), None)
        return (
            analysis is not None
            and analysis.roi == roi
            and analysis.preparation == study.preparation
        )

    def _request_all(self) -> None:
        for region in self._controller.study.regions:
            self._request(region.id)

    def _request(self, region_id: str) -> None:
        recording = self._controller.recording
        if recording is None or recording.frame_interval_ms is None:
            self._forget(region_id)
            return
        roi = self._controller.study.region(region_id).roi
        preparation = self._controller.study.preparation
        previous = self._requested.get(region_id)
        if previous is not None and previous[0] is recording and previous[1:] == (roi, preparation):
            return
        self._requested[region_id] = recording, roi, preparation
        self._tasks.submit(
            f"region {region_id}",
            lambda: analyse(recording, roi, preparation),
            lambda analysis: self._store(region_id, analysis),
            lambda error, details: self._report(region_id, error, details),
        )

    def _store(self, region_id: str, analysis: RegionAnalysis) -> None:
        self._analyses[region_id] = analysis
        self.analysed.emit(region_id)

    def _report(self, region_id: str, error: Exception, details: str) -> None:
        region = self._controller.study.region(region_id)
        text = f"{region.name} could not be analysed: {error}"
        self._store(
            region_id,
            RegionAnalysis(region.roi, self._controller.study.preparation, None, None, text),
        )
        self._controller.report("error", text, details)

    def _forget(self, region_id: str) -> None:
        self._tasks.cancel(f"region {region_id}")
        self._requested.pop(region_id, None)
        if self._analyses.pop(region_id, None) is not None:
            self.analysed.emit(region_id)
