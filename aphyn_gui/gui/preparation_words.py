"""What the preparation does, in words: mask, broadening of the upstroke, steps applied."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel, QWidget

from aphyn_gui.gui.background import BackgroundTasks
from aphyn_gui.gui.region_analysis import RegionAnalyst
from aphyn_gui.gui.study_controller import StudyController
from aphyn_gui.recording import RecordingError, TemporalFilter, TemporalKind, step_rise_time_ms

_UNFILTERED_FRAMES = 0.8
"""Frame intervals that a step between two frames takes from 10 % to 90 % of its height."""

_LONGEST_STEP = 600
"""Letters of one step: a drawn mask tells all of its vertices."""


class _Words(QLabel):
    """Sentences of less weight."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWordWrap(True)
        self.setProperty("role", "muted")


class MaskLabel(_Words):
    """How much of the frame the mask leaves out."""

    def __init__(self, controller: StudyController) -> None:
        super().__init__()
        self._controller = controller
        self.setToolTip("Masks are made in the menu: Recording, Mask")
        controller.preparation_changed.connect(self._refresh)
        controller.recording_changed.connect(self._refresh)
        self._refresh()

    def _refresh(self) -> None:
        mask = self._controller.study.preparation.mask
        if mask is None:
            self.setText("No mask: all pixels are used. Recording, Mask makes one.")
            return
        left_out = int((~mask.usable).sum())
        share = left_out / mask.usable.size
        self.setText(f"The mask leaves out {left_out} pixels, {share:.0%} of the frame.")


class BroadeningLabel(_Words):
    """What the filter in time does to an upstroke, or why it cannot be used."""

    def __init__(self, controller: StudyController, tasks: BackgroundTasks) -> None:
        super().__init__()
        self._controller = controller
        self._tasks = tasks
        self._asked: tuple[TemporalFilter, float] | None = None
        self.setToolTip(
            "Time in which a sudden step rises from 10 % to 90 % of its height behind the filter: "
            "what it adds to an upstroke at most"
        )
        controller.preparation_changed.connect(self._refresh)
        controller.recording_changed.connect(self._refresh)
        self._refresh()

    def _refresh(self) -> None:
        recording = self._controller.recording
        settings = self._controller.study.preparation.temporal_filter
        interval = None if recording is None else recording.frame_interval_ms
        self.setVisible(settings is not None and interval is not None)
        if settings is None or interval is None:
            self._asked = None
            return
        if (settings, interval) == self._asked:
            return
        self._asked = settings, interval
        # Off the GUI thread: filters come from scipy, whose import takes longer than a frame.
        self._tasks.submit(
            "broadening",
            lambda: step_rise_time_ms(settings, interval),
            lambda rise_ms: self._tell(settings, rise_ms, interval),
            self._complain,
        )

    def _tell(self, settings: TemporalFilter, rise_ms: float, interval_ms: float) -> None:
        without = _UNFILTERED_FRAMES * interval_ms
        words = (
            f"Upstroke: a step takes {rise_ms:.2f} ms from 10 % to 90 % behind this filter, "
            f"{without:.2f} ms without it."
        )
        if settings.kind is TemporalKind.MEDIAN:
            words += " A median keeps steps and flattens peaks narrower than half its window."
        self._say(words, "muted")

    def _complain(self, error: Exception, details: str) -> None:
        words = str(error)
        self._say(f"{words[:1].upper()}{words[1:]}.", "error")
        if not isinstance(error, RecordingError):
            self._controller.report("error", words, details)

    def _say(self, words: str, role: str) -> None:
        self.setText(words)
        self.setProperty("role", role)
        self.style().polish(self)


class StepsLabel(_Words):
    """The steps from counts to the clean trace of the selected region."""

    def __init__(self, controller: StudyController, analyst: RegionAnalyst) -> None:
        super().__init__()
        self._controller = controller
        self._analyst = analyst
        self.setContentsMargins(8, 2, 0, 6)
        controller.selection_changed.connect(self._refresh)
        analyst.analysed.connect(self._refresh)
        self._refresh()

    def _refresh(self) -> None:
        region = self._controller.selected_region
        analysis = None if region is None else self._analyst.analysis(region.id)
        if region is None:
            self.setText("Select a region to see what was done to its signal.")
        elif analysis is None or analysis.signal is None:
            self.setText("" if analysis is None else analysis.problem)
        else:
            lines = [
                f"{number}. {step if len(step) <= _LONGEST_STEP else step[:_LONGEST_STEP] + '…'}"
                for number, step in enumerate(analysis.signal.steps, start=1)
            ]
            notes = [f"Beats: {note}" for note in analysis.signal.beats.notes]
            self.setText("\n".join([f"{region.name}:", *lines, *notes]))
