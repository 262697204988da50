"""Opens recordings and projects off the GUI thread."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from aphyn_gui.gui import settings
from aphyn_gui.gui.background import BackgroundTasks
from aphyn_gui.gui.recovery_file import AbandonedStudy
from aphyn_gui.gui.study_controller import StudyController
from aphyn_gui.insilico.demo import DEMO_REGIONS, demo_recording_path
from aphyn_gui.recording import FORMATS, Recording, RecordingError, RectangularRoi
from aphyn_gui.study import PROJECT_SUFFIX, Document, RecordingReference, StudyError


def file_filter() -> str:
    """The known kinds of files, as a file dialog wants them."""
    patterns = " ".join(f"*{suffix}" for kind in FORMATS for suffix in kind.suffixes)
    return f"Recordings and studies ({patterns} *{PROJECT_SUFFIX});;All files (*)"


Gate = Callable[[Callable[[], None]], None]
"""Calls what it is given, now, later or never: what is open may have to be saved before."""

_Opened = tuple[Recording, RecordingReference]


class RecordingLoader(QObject):
    """Opens files into the controller; a file that cannot be used leaves everything as it is.

    Signals
    -------
    begun()
        Something is about to be opened instead of everything.
    opened(str)
        A recording is in the controller; its path.
    reread_ended()
        The current recording was read in another way, or could not be.
    """

    begun = Signal()
    opened = Signal(str)
    reread_ended = Signal()

    def __init__(
        self, controller: StudyController, tasks: BackgroundTasks, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._controller = controller
        self._tasks = tasks

    def open(self, path: str | Path, gate: Gate | None = None) -> None:
        """Open a recording, or a study, instead of everything that is open.

        ``gate`` is asked once the file has been read: nothing need be saved for one that cannot.
        """
        path = Path(path)
        self.begun.emit()
        if path.suffix.lower() == PROJECT_SUFFIX:
            self._open_project(path, gate or _at_once)
        else:
            self._open(path, self._take, gate or _at_once)

    def add(self, paths: Sequence[str | Path]) -> None:
        """Open recordings beside those of the study."""
        wanted = [self._how_to_read(path) for path in paths]

        def read() -> list[_Opened | tuple[Path, RecordingError]]:
            answers: list[_Opened | tuple[Path, RecordingError]] = []
            for reference in wanted:
                try:
                    answers.append(_opened(reference))
                except RecordingError as error:
                    answers.append((reference.path, error))
            return answers

        def take(answers: list[_Opened | tuple[Path, RecordingError]]) -> None:
            for first, second in answers:
                if isinstance(second, RecordingError):
                    assert isinstance(first, Path)
                    self._refuse(first, second, "")
                else:
                    assert isinstance(first, Recording)
                    self._controller.add_recording(first, second)
                    self._tell_opened(first, second)

        self._tasks.submit(
            "open", read, take, lambda error, details: self._refuse(wanted[0].path, error, details)
        )

    def recover(self, study: AbandonedStudy, done: Callable[[], None]) -> None:
        """Open a study that was kept for recovery, as unsaved.

        Parameters
        ----------
        study : AbandonedStudy
            As found.
        done : callable
            Called once it has been read, before it is shown.
        """

        def read() -> Document:
            from aphyn_gui.study.opening import open_project

            document = open_project(study.file.path)
            return replace(document, path=study.project, saved=None)

        def take(document: Document) -> None:
            done()
            self._controller.open_project(document)
            self.opened.emit(str(study.file.path))

        self._tasks.submit(
            "open", read, take, lambda error, text: self._refuse(study.file.path, error, text)
        )

    def open_demo(self, gate: Gate | None = None) -> None:
        """Open the demo recording with its two regions; ``gate`` as in :meth:`open`."""
        try:
            path = demo_recording_path()
        except FileNotFoundError as error:
            self._controller.report("error", str(error))
            return
        self._open(path, self._take_demo, gate or _at_once)

    def calibrate(self, frame_interval_ms: float, pixel_pitch_mm: float | None) -> None:
        """Use, and remember, what the user says about the open file."""
        recording, reference = self._controller.recording, self._controller.study.recording
        if recording is None or reference is None:
            return
        stored_pitch = None if pixel_pitch_mm is None else pixel_pitch_mm / reference.binning
        reference = replace(
            reference, frame_interval_ms=frame_interval_ms, pixel_pitch_mm=stored_pitch
        )
        settings.remember_calibration(reference)
        self._controller.reread_recording(
            self._controller.study.current_id,
            replace(recording, frame_interval_ms=frame_interval_ms, pixel_pitch_mm=pixel_pitch_mm),
            reference,
        )

    def reread(self, reference: RecordingReference) -> None:
        """Read the current recording in another way, as ``reference`` says, and remember it.

        ``reread_ended`` is emitted at the end, also where the file cannot be read that way.
        """
        controller = self._controller
        recording_id = controller.study.current_id

        def read() -> Recording:
            from aphyn_gui.study.opening import open_referenced

            return open_referenced(reference)

        def take(recording: Recording) -> None:
            # Another file may have been opened meanwhile, under the same id.
            now = controller.study.recording
            is_same = controller.study.current_id == recording_id and controller.recording
            if is_same and now is not None and now.path == reference.path:
                settings.remember_calibration(reference)
                for note in controller.reread_recording(recording_id, recording, reference):
                    controller.report("info", note)
            self.reread_ended.emit()

        def refuse(error: Exception, details: str) -> None:
            self._refuse(reference.path, error, details)
            self.reread_ended.emit()

        self._tasks.submit("reread", read, take, refuse)

    def _how_to_read(self, path: str | Path) -> RecordingReference:
        """A file with what the user said about it; one of the study is read again as it was.

        Its regions lie in those pixels.
        """
        path = Path(os.path.abspath(path))
        interval, pitch = settings.calibration_of(path)
        references = (entry.reference for entry in self._controller.study.recordings)
        known = next((r for r in references if r is not None and r.path == path), None)
        return replace(
            known or RecordingReference(path), frame_interval_ms=interval, pixel_pitch_mm=pitch
        )

    def _open(
        self, path: Path, take: Callable[[Recording, RecordingReference], None], gate: Gate
    ) -> None:
        reference = self._how_to_read(path)
        self._tasks.submit(
            "open",
            lambda: _opened(reference),
            lambda answer: gate(lambda: take(*answer)),
            lambda error, details: self._refuse(reference.path, error, details),
        )

    def _open_project(self, path: Path, gate: Gate) -> None:
        def read() -> Document:
            from aphyn_gui.study.opening import open_project

            return open_project(path)

        def take(document: Document) -> None:
            self._controller.open_project(document)
            settings.remember_recent_file(path)
            self.opened.emit(str(path))

        self._tasks.submit(
            "open",
            read,
            lambda document: gate(lambda: take(document)),
            lambda error, details: self._refuse(path, error, details),
        )

    def _take(self, recording: Recording, reference: RecordingReference) -> None:
        self._controller.set_recording(recording, reference)
        self._tell_opened(recording, reference)

    def _take_demo(self, recording: Recording, reference: RecordingReference) -> None:
        self._controller.set_recording(recording, reference)
        document = self._controller.document
        is_untouched = document.path is None and not document.is_modified
        names = {region.name for region in self._controller.study.regions}
        for region in DEMO_REGIONS:
            if region.name not in names:
                self._controller.add_region(
                    RectangularRoi(region.x, region.y, region.width, region.height),
                    region.name,
                )
        if is_untouched:
            self._controller.begin_here()
        self._tell_assumptions(recording)
        self.opened.emit(str(reference.path))

    def _tell_opened(self, recording: Recording, reference: RecordingReference) -> None:
        settings.remember_recent_file(reference.path)
        self._tell_assumptions(recording)
        self.opened.emit(str(reference.path))

    def _tell_assumptions(self, recording: Recording) -> None:
        for assumption in recording.assumptions:
            self._controller.report("info", assumption)

    def _refuse(self, path: Path, error: Exception, details: str) -> None:
        if isinstance(error, RecordingError | StudyError):
            # Most sentences begin with the file's name.
            name = "" if str(error).startswith(path.name) else f"{path.name}: "
            self._controller.report("error", f"Not opened: {name}{error}.")
        else:
            self._controller.report(
                "error",
                f"{path.name} was not opened: an unexpected {type(error).__name__}: {error}",
                details,
            )


def _at_once(go_on: Callable[[], None]) -> None:
    go_on()


def _opened(reference: RecordingReference) -> _Opened:
    """A recording as the user said that it should be read, with its fingerprint."""
    from aphyn_gui.study.opening import open_referenced, with_content_hash

    return open_referenced(reference), with_content_hash(reference)
