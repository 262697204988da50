"""Unsaved work on the disk: one file for each running window, found again after a crash."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QLockFile

from aphyn_gui.study import PROJECT_SUFFIX, Study
from aphyn_gui.study.writing import write_bytes

_LONGEST_NOTE_BYTES = 2**16


class RecoveryFile:
    """A study as it was a moment ago, locked as long as its program lives.

    A lock whose program is dead is free: it names the process. To be used by one thread at a time.

    Parameters
    ----------
    path : Path
        The project file; lock and note lie beside it.
    lock : QLockFile
        Held already.
    """

    def __init__(self, path: Path, lock: QLockFile) -> None:
        self.path = path
        self._lock = lock
        self._noted: Path | None = None

    @staticmethod
    def create(folder: Path) -> RecoveryFile:
        """One of an own name; nothing is written but its lock.

        Raises
        ------
        OSError
            If nothing can be written there.
        """
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{os.getpid()}-{secrets.token_hex(6)}{PROJECT_SUFFIX}"
        lock = _locked(path)
        if lock is None:
            raise OSError(f"no file can be locked in {folder}")
        return RecoveryFile(path, lock)

    def keep(self, study: Study, project: Path | None) -> None:
        """Replace what is kept.

        Parameters
        ----------
        study : Study
            Everything in it is kept.
        project : Path or None
            Its project file, if it has one.

        Raises
        ------
        ProjectError, OSError
            If it cannot be written; what was kept before stays.
        """
        from aphyn_gui.study.project_file import save_project

        save_project(study, self.path)
        if project != self._noted:
            _write_note(self.path, project)
            self._noted = project

    def remove(self) -> None:
        """Nothing is left to recover."""
        # The study first: a crash in between leaves nothing that would be offered.
        for path in (self.path, _note(self.path)):
            path.unlink(missing_ok=True)
        self.release()

    def release(self) -> None:
        """Leave it to another window, or to the next start."""
        self._lock.unlock()


@dataclass(frozen=True, slots=True, eq=False)
class AbandonedStudy:
    """Unsaved work of a program that no longer runs.

    Parameters
    ----------
    file : RecoveryFile
        Where it is; locked for whoever found it.
    project : Path or None
        The project file it belongs to.
    names : tuple of str
        Its recordings.
    region_count, fit_count : int
        How much there is.
    kept_at : datetime
        When it was kept last, local time.
    """

    file: RecoveryFile
    project: Path | None
    names: tuple[str, ...]
    region_count: int
    fit_count: int
    kept_at: datetime

    @property
    def title(self) -> str:
        """What the study is called."""
        return self.project.name if self.project else ", ".join(self.names) or "Without a recording"


def find_abandoned(folder: Path, own: Sequence[Path] = ()) -> list[AbandonedStudy]:
    """Studies whose programs are dead, newest first. What cannot be opened is left where it is.

    Parameters
    ----------
    folder : Path
        Where windows keep their work.
    own : sequence of Path
        Files not to look at.
    """
    found = []
    for path in sorted(folder.glob(f"*{PROJECT_SUFFIX}")):
        lock = None if path in own else _locked(path)
        if lock is None:
            continue
        abandoned = _read(RecoveryFile(path, lock))
        if abandoned is None:
            lock.unlock()
        else:
            found.append(abandoned)
    return sorted(found, key=lambda study: study.kept_at, reverse=True)


def _read(file: RecoveryFile) -> AbandonedStudy | None:
    from aphyn_gui.study.project_codec import ProjectError
    from aphyn_gui.study.project_file import load_project

    try:
        study = load_project(file.path)
        kept_at = datetime.fromtimestamp(file.path.stat().st_mtime)
    except (ProjectError, OSError):
        return None
    names = tuple(entry.name for entry in study.recordings if entry.name)
    return AbandonedStudy(
        file, _project(file.path), names, len(study.all_regions), len(study.fits), kept_at
    )


def _project(path: Path) -> Path | None:
    """The project file that a note names; None where there is none, or no note that can be read."""
    try:
        with _note(path).open("rb") as file:
            note = json.loads(file.read(_LONGEST_NOTE_BYTES))
        project = note["project"]
    except (OSError, ValueError, LookupError, TypeError):
        return None
    return Path(project) if isinstance(project, str) and project else None


def _write_note(path: Path, project: Path | None) -> None:
    content = json.dumps({"project": "" if project is None else str(project)}).encode()
    write_bytes(_note(path), content)


def _note(path: Path) -> Path:
    return path.with_suffix(".json")


def _locked(path: Path) -> QLockFile | None:
    lock = QLockFile(str(path.with_suffix(".lock")))
    # However old: only that its process is dead makes a lock free.
    lock.setStaleLockTime(0)
    return lock if lock.tryLock(0) else None
