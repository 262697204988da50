"""A study together with the recordings of it that are open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from aphyn_gui.recording import Recording
from aphyn_gui.study.study import Study

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
    """

    study: Study
    recordings: Mapping[str, Recording] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)

    @property
    def recording(self) -> Recording | None:
        """The current recording, if it is open."""
        return self.recordings.get(self.study.current_id)
