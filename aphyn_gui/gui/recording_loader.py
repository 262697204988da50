"""Opens recordings off the GUI thread."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from aphyn_gui.gui import settings
from aphyn_gui.gui.background import BackgroundTasks
from aphyn_gui.gui.study_controller import StudyController
from aphyn_gui.insilico.demo import DEMO_REGIONS, demo_recording_path
from aphyn_gui.recording import FORMATS, Recording, RecordingError, RectangularRoi, open_recording
from aphyn_gui.study import RecordingReference


def file_filter() -> str:
    """The known kinds of files, as a file dialog wants them."""
    patterns = " ".join(f"*{suffix}" for kind in FORMATS for suffix in kind.suffixes)
    return f"Recordings ({patterns});;All files (*)"


class RecordingLoader(QObject):
    """Opens files into the controller; a file that cannot be used leaves everything as it is.

    Signals
    -------
    opened(str)
        A recording is in the controller; its path.
    """

    opened = Signal(str)

    def __init__(
        self, controller: StudyController, tasks: BackgroundTasks, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._controller = controller
        self._tasks = tasks

    def open(self, path: str | Path) -> None:
        """Open a file."""
        self._open(Path(path), with_demo_regions=False)

    def open_demo(self) -> None:
        """Open the demo recording with its two regions."""
        try:
            path = demo_recording_path()
        except FileNotFoundError as error:
            self._controller.report("error", str(error))
            return
        self._open(path, with_demo_regions=True)

    def calibrate(self, frame_interval_ms: float, pixel_pitch_mm: float | None) -> None:
        """Use, and remember, what the user says about the open file."""
        recording, reference = self._controller.recording, self._controller.study.recording
        if recording is None or reference is None:
            return
        reference = replace(
            reference, frame_interval_ms=frame_interval_ms, pixel_pitch_mm=pixel_pitch_mm
        )
        settings.remember_calibration(reference)
        self._controller.set_recording(
            replace(recording, frame_interval_ms=frame_interval_ms, pixel_pitch_mm=pixel_pitch_mm),
            reference,
        )

    def _open(self, path: Path, with_demo_regions: bool) -> None:
        interval, pitch = settings.calibration_of(path)

        def read() -> tuple[Recording, RecordingReference]:
            recording = open_recording(path, frame_interval_ms=interval, pixel_pitch_mm=pitch)
            return recording, RecordingReference(path, interval, pitch)

        self._tasks.submit(
            "open",
            read,
            lambda answer: self._take(*answer, with_demo_regions),
            lambda error, details: self._refuse(path, error, details),
        )

    def _take(
        self, recording: Recording, reference: RecordingReference, with_demo_regions: bool
    ) -> None:
        self._controller.set_recording(recording, reference)
        if with_demo_regions:
            names = {region.name for region in self._controller.study.regions}
            for region in DEMO_REGIONS:
                if region.name not in names:
                    self._controller.add_region(
                        RectangularRoi(region.x, region.y, region.width, region.height),
                        region.name,
                    )
        else:
            settings.remember_recent_file(reference.path)
        for assumption in recording.assumptions:
            self._controller.report("info", assumption)
        self.opened.emit(str(reference.path))

    def _refuse(self, path: Path, error: Exception, details: str) -> None:
        if isinstance(error, RecordingError):
            # Most sentences begin with the file's name.
            name = "" if str(error).startswith(path.name) else f"{path.name}: "
            self._controller.report("error", f"Not opened: {name}{error}.")
        else:
            self._controller.report(
                "error",
                f"{path.name} was not opened: an unexpected {type(error).__name__}: {error}",
                details,
            )
