"""A study together with the recordings of it that are open, and where it is saved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from aphyn_gui.recording import Recording
from aphyn_gui.study.study import Study, StudyRecording

PROJECT_SUFFIX = ".aphyn"
"""Ending of project files."""


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """A study with what is open of it.

    Parameters
    ----------
    study : Study
        The study.
    recordings : mapping of str to Recording
        Open recordings, by recording id.
    problems : mapping of str to str
        Why the others are not open, by recording id, for the user.
    path : Path or None
        The project file; None: never saved.
    saved : Study or None
        What would not be lost: the study as it was saved, or as it began; None: nothing.
    """

    study: Study
    recordings: Mapping[str, Recording] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)
    path: Path | None = None
    saved: Study | None = None

    @property
    def recording(self) -> Recording | None:
        """The current recording, if it is open."""
        return self.recordings.get(self.study.current_id)

    def recording_of(self, region_id: str) -> Recording | None:
        """The recording that a region belongs to, if it is open."""
        return self.recordings.get(self.study.recording_of(region_id).id)

    def changes_since_fit(self, region_id: str) -> tuple[str, ...]:
        """What has changed since a region was fitted, in words; empty: nothing that matters."""
        return self.study.changes_since_fit(region_id, self.recording_of(region_id))

    @property
    def name(self) -> str:
        """What the study is called: its file, or its first recording's; "" before there is any."""
        if self.path is not None:
            return self.path.name
        reference = self.study.recordings[0].reference
        return "" if reference is None else reference.path.name

    @property
    def is_modified(self) -> bool:
        """Whether something would be lost. Which recording is shown is nothing to lose."""
        if self.saved is None:
            return True
        return self.saved is not self.study and not _hold_the_same(self.study, self.saved)


def _hold_the_same(one: Study, other: Study) -> bool:
    return (
        one.protocol == other.protocol
        and one.fits == other.fits
        and [_content(entry) for entry in one.recordings]
        == [_content(entry) for entry in other.recordings]
    )


def _content(entry: StudyRecording) -> StudyRecording:
    """A recording without what only follows from where the project file lies."""
    if entry.reference is None:
        return entry
    return replace(entry, reference=replace(entry.reference, relative_path=""))
