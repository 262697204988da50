"""What the window cannot do with a study as it is, and why, in words for the user."""

from __future__ import annotations

from aphyn_gui.recording import RecordingError, doubt_of_interval
from aphyn_gui.study import Document, Region, Study, StudyError


def analysis_blocker(document: Document, recording_id: str) -> str:
    """Why nothing of a recording can be analysed; empty when it can."""
    recording = document.recordings.get(recording_id)
    if recording is None:
        return document.problems.get(recording_id, "Open a recording first.")
    if recording.frame_interval_ms is None:
        return (
            "The file does not say how far apart its frames are: enter the frame interval "
            "above the movie."
        )
    doubt = doubt_of_interval(recording.frame_interval_ms)
    return f"{doubt}; Recording > Frame interval and pixel pitch corrects it." if doubt else ""


def require_acceptable_region(document: Document, region: Region) -> None:
    """Refuse a region that the current recording cannot have.

    Raises
    ------
    StudyError
        If its name is empty or taken.
    RecordingError
        If it does not lie inside the image.
    """
    if not region.name.strip():
        raise StudyError("A region needs a name.")
    if any(r.name == region.name and r.id != region.id for r in document.study.regions):
        raise StudyError(f"Another region is called {region.name}: choose another name.")
    recording = document.recording
    if recording is not None and not region.roi.lies_inside(
        recording.row_count, recording.column_count
    ):
        raise RecordingError(
            f"{region.roi} does not lie inside the image of {recording.column_count} columns "
            f"by {recording.row_count} rows."
        )


def require_free_recording_name(study: Study, recording_id: str, name: str) -> None:
    """Refuse a name that a recording cannot have.

    Raises
    ------
    StudyError
        If it is empty or taken.
    """
    if not name.strip():
        raise StudyError("A recording needs a name.")
    if any(other.name == name for other in study.recordings if other.id != recording_id):
        raise StudyError(f"Another recording is called {name}: choose another name.")


def name_of_a_copy(study: Study, original: str) -> str:
    """The first free name in the current recording: "Apex copy", "Apex copy 2", ..."""
    names = {region.name for region in study.regions}
    candidates = (f"{original} copy{f' {n}' if n > 1 else ''}" for n in range(1, len(names) + 2))
    return next(name for name in candidates if name not in names)


def change_in_words(before: Region, after: Region) -> str:
    """What a change of a region is called where it can be undone."""
    if before.roi != after.roi:
        size = (before.roi.width, before.roi.height) != (after.roi.width, after.roi.height)
        return f"{'resize' if size else 'move'} {after.name}"
    if before.name != after.name:
        return f"rename {before.name}"
    return f"recolour {after.name}"
