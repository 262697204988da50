"""Opening a project with its recordings: the same steps for the window and the command line."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from aphyn_gui.recording import Recording, RecordingError, open_recording
from aphyn_gui.study.content_hash import content_hash
from aphyn_gui.study.document import Document
from aphyn_gui.study.locating import locate
from aphyn_gui.study.project_file import load_project
from aphyn_gui.study.study import RecordingReference


def open_project(path: Path) -> Document:
    """Read a project file, find its recordings and open them, without reading their frames.

    Recordings that cannot be found or opened are said to be a problem. If the current one is
    among them, another one gets current.

    Raises
    ------
    ProjectError
        If the project file cannot be used.
    """
    study = load_project(path)
    recordings: dict[str, Recording] = {}
    problems: dict[str, str] = {}
    for entry in study.recordings:
        if entry.reference is None:
            continue
        found = locate(entry.reference, path)
        if not isinstance(found, Path):
            problems[entry.id] = found.message
            continue
        reference = replace(entry.reference, path=found)
        study = study.with_recording(replace(entry, reference=reference))
        try:
            recordings[entry.id] = open_referenced(reference)
        except RecordingError as error:
            problems[entry.id] = f"{found.name}: {error}"
    if recordings and study.current_id not in recordings:
        study = study.showing(next(iter(recordings)))
    return Document(study, recordings, problems, Path(os.path.abspath(path)), study)


def open_referenced(reference: RecordingReference) -> Recording:
    """A recording as the user said it should be read.

    Raises
    ------
    RecordingError
        If it cannot be used.
    """
    recording = open_recording(
        reference.path,
        frame_interval_ms=reference.frame_interval_ms,
        pixel_pitch_mm=reference.pixel_pitch_mm,
        choices=dict(reference.choices),
    )
    return recording if reference.binning == 1 else recording.binned(reference.binning)


def with_content_hash(reference: RecordingReference) -> RecordingReference:
    """The reference with the fingerprint of what its path holds now; as it is where it cannot."""
    try:
        return replace(reference, content_hash=content_hash(reference.path))
    except OSError:
        return reference
