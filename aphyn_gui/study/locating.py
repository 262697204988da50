"""Where the recordings of a project lie now: found again, missing, or changed."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

from aphyn_gui.study.content_hash import content_hash
from aphyn_gui.study.study import RecordingReference, Study, StudyError


@dataclass(frozen=True, slots=True)
class MissingRecording:
    """A recording that is not where it was, or is no longer what it was.

    Parameters
    ----------
    reference : RecordingReference
        What was looked for.
    looked_at : tuple of Path
        Where, in order.
    changed : Path or None
        A file in its place with other content.
    """

    reference: RecordingReference
    looked_at: tuple[Path, ...]
    changed: Path | None

    @property
    def message(self) -> str:
        """What is wrong and what to do, for the user."""
        name = _name(self.reference)
        if self.changed is not None:
            return (
                f"{self.changed} is not the recording that was analysed: its content differs. "
                f"Put the original {name} there, or choose where it is."
            )
        return (
            f"The recording {name} was not found (looked at "
            f"{', '.join(str(path) for path in self.looked_at)}). "
            "Put it next to the study file, or choose where it is."
        )


@dataclass(frozen=True, slots=True)
class Relink:
    """A study with a recording at a new place.

    Parameters
    ----------
    study : Study
        The recording's reference has the new path, and the content found there.
    difference : str
        For the user: that the content is not what was analysed, or that nobody knows; "" where it
        is the same.
    """

    study: Study
    difference: str


def locate(reference: RecordingReference, project_path: Path) -> Path | MissingRecording:
    """The file, or folder, of a recording.

    Looked for by its path from the project's folder, by its absolute path, and by its name in the
    project's folder; what is found counts only with the content that was analysed.

    Parameters
    ----------
    reference : RecordingReference
        As in the project file.
    project_path : Path
        The project file.
    """
    folder = Path(os.path.abspath(project_path)).parent
    candidates = [folder / _name(reference)]
    if reference.path.is_absolute():
        candidates.insert(0, reference.path)
    if reference.relative_path:
        candidates.insert(0, Path(os.path.normpath(folder / reference.relative_path)))
    looked_at = tuple(dict.fromkeys(candidates))
    changed = None
    for path in looked_at:
        found = _content(path)
        if found and reference.content_hash in ("", found):
            return path
        if found and changed is None:
            changed = path
    return MissingRecording(reference, looked_at, changed)


def relinked(study: Study, recording_id: str, path: Path) -> Relink:
    """Put a recording to a place the user has chosen.

    Parameters
    ----------
    study : Study
        With the recording.
    recording_id : str
        Which one.
    path : Path
        Its file, or folder.

    Raises
    ------
    StudyError
        If there is no such recording, or no file that can be read.
    """
    entry = study.recording_entry(recording_id)
    reference = entry.reference
    if reference is None:
        raise StudyError("nothing is open that could be found elsewhere")
    path = Path(os.path.abspath(path))
    found = _content(path)
    if not found:
        raise StudyError(f"{path} cannot be read: choose the recording's file")
    difference = ""
    if not reference.content_hash:
        difference = f"Whether {path.name} is what was analysed before is not known."
    elif found != reference.content_hash:
        difference = (
            f"The content of {path.name} differs from that of {_name(reference)}, which was "
            "analysed: fits made before do not belong to it."
        )
    new = replace(reference, path=path, content_hash=found, relative_path="")
    return Relink(study.with_recording(replace(entry, reference=new)), difference)


def _content(path: Path) -> str:
    """Its fingerprint, "" where there is nothing to read; devices and pipes are nothing."""
    try:
        return content_hash(path) if path.is_file() or path.is_dir() else ""
    except (OSError, ValueError):
        return ""


def _name(reference: RecordingReference) -> str:
    # A project may come from the other kind of system.
    return str(reference.path).replace("\\", "/").rsplit("/", 1)[-1]
