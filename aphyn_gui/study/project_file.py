"""The project file, ``.aphyn``: a whole study in one file, without code.

A zip archive (see ``project_archive``) with ``manifest.json``, ``study.json`` (recordings with
their regions and preparation, protocol), and for each fit a ``fits/N.json`` with its arrays as
``fits/N/n.npy``. Recordings are not inside: they are known by path and content.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from aphyn_gui import __version__
from aphyn_gui.fitting import Protocol
from aphyn_gui.study.project_archive import ArchiveReader, ArchiveWriter
from aphyn_gui.study.project_codec import Array, ProjectError, from_json, to_json
from aphyn_gui.study.study import RegionFit, Study, StudyError, StudyRecording
from aphyn_gui.study.writing import write_whole

SCHEMA_VERSION = 1
"""Raised with every change of what the documents hold; each raise adds a migration."""

APP_NEEDED = "0.1.0"
"""First version of the program that reads this schema."""

Migration = Callable[[str, Any], Any]
"""From a document's name and its content in one schema to its content in the next."""

MIGRATIONS: Mapping[int, Migration] = {}
"""By the schema they start from; every one from 1 to ``SCHEMA_VERSION`` - 1."""

_FORMAT = "aphyn project"
_MANIFEST = "manifest.json"
_STUDY = "study.json"
_STUDY_FIELDS: dict[str, Any] = {
    "recordings": tuple[StudyRecording, ...],
    "current_id": str,
    "protocol": Protocol,
    "fitted_region_ids": tuple[str, ...],
}
"""What ``study.json`` holds; the n-th fitted region's fit is ``fits/n.json``."""


@dataclass(frozen=True, slots=True)
class _Manifest:
    schema: int
    app_version: str
    app_needed: str


def save_project(study: Study, path: Path) -> Study:
    """Write a study into a project file; the old file survives whatever goes wrong.

    Parameters
    ----------
    study : Study
        Everything in it is saved.
    path : Path
        The project file.

    Returns
    -------
    Study
        The study as saved, and as opening the file gives it: its recordings' paths are absolute
        and relative to the file.

    Raises
    ------
    ProjectError
        If it cannot be written; the message says what to do.
    """
    path = Path(os.path.abspath(path))
    saved = _with_paths_from(study, path.parent)
    try:
        write_whole(path, lambda file: _write(saved, file))
    except ProjectError as error:
        raise ProjectError(f"{path.name} was not saved: {error}") from error
    except OSError as error:
        raise ProjectError(f"{path.name} was not saved: {_advice(error, path)}") from error
    return saved


def load_project(path: Path) -> Study:
    """Read a project file; recordings are not looked for, see ``locating``.

    Raises
    ------
    ProjectError
        If it cannot be read, is damaged, or of a newer version of the program.
    """
    try:
        # A pipe would never end.
        if not path.is_file():
            raise ProjectError("there is no such file: was it moved or renamed?")
        with ArchiveReader(path) as archive:
            return _read(archive)
    except ProjectError as error:
        raise ProjectError(f"{path.name} cannot be opened: {error}") from error
    except OSError as error:
        raise ProjectError(
            f"{path.name} cannot be opened: {error.strerror or error}; check the path and your "
            "rights"
        ) from error


def migrated(
    name: str,
    document: Any,
    schema: int,
    migrations: Mapping[int, Migration] = MIGRATIONS,
    newest: int = SCHEMA_VERSION,
) -> Any:
    """A document of an older schema as one of the newest.

    Parameters
    ----------
    name : str
        Of the document in the archive.
    document : JSON value
        As read.
    schema : int
        Its version, 1 to ``newest``.
    migrations : mapping of int to callable
        By the schema they start from.
    newest : int
        Where the chain ends.

    Raises
    ------
    ProjectError
        If the document is not what its schema says.
    """
    for version in range(schema, newest):
        try:
            document = migrations[version](name, document)
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise ProjectError(f"{name} is not of schema {version} as it says") from error
    return document


def _write(study: Study, file: BinaryIO) -> None:
    manifest = {
        "format": _FORMAT,
        "schema": SCHEMA_VERSION,
        "app_version": __version__,
        "app_needed": APP_NEEDED,
    }
    fitted = tuple(region.id for region in study.all_regions if region.id in study.fits)
    values = (study.recordings, study.current_id, study.protocol, fitted)
    document = {
        name: to_json(value, kind, name, [])
        for value, (name, kind) in zip(values, _STUDY_FIELDS.items(), strict=True)
    }
    with ArchiveWriter(file) as archive:
        archive.write_document(_MANIFEST, manifest)
        archive.write_document(_STUDY, document)
        for number, region_id in enumerate(fitted):
            arrays: list[Array] = []
            fit = to_json(study.fits[region_id], RegionFit, f"fit of {region_id}", arrays)
            archive.write_document(f"fits/{number}.json", fit)
            for index, array in enumerate(arrays):
                archive.write_array(f"fits/{number}/{index}.npy", array)


def _read(archive: ArchiveReader) -> Study:
    manifest = _read_manifest(archive)
    used = {_MANIFEST, _STUDY}
    document = migrated(_STUDY, archive.read_document(_STUDY), manifest.schema)
    if not isinstance(document, dict) or set(document) != set(_STUDY_FIELDS):
        raise ProjectError(f"{_STUDY} should have the fields {', '.join(_STUDY_FIELDS)}")
    values = {
        name: from_json(document[name], kind, name, _no_arrays)
        for name, kind in _STUDY_FIELDS.items()
    }
    fits = {}
    for number, region_id in enumerate(values.pop("fitted_region_ids")):
        name = f"fits/{number}.json"
        if region_id in fits:
            raise ProjectError(f"{_STUDY} names {region_id[:60]!r} twice")
        fit, count = _read_fit(archive, number, name, manifest.schema)
        fits[region_id] = fit
        used |= {name, *(f"fits/{number}/{index}.npy" for index in range(count))}
    unknown = sorted(archive.names - used)
    if unknown:
        raise ProjectError(f"it has an unknown member {unknown[0]!r}")
    try:
        return Study(fits=fits, **values)
    except StudyError as error:
        raise ProjectError(f"{_STUDY}: {error}") from error


def _read_fit(archive: ArchiveReader, number: int, name: str, schema: int) -> tuple[RegionFit, int]:
    """A fit, and how many arrays it has."""
    count = 0

    def read_array(index: int, dtype: type) -> Array:
        nonlocal count
        if index != count:
            raise ProjectError(f"{name}: its arrays should be numbered in turn")
        count += 1
        return archive.read_array(f"fits/{number}/{index}.npy", dtype)

    document = migrated(name, archive.read_document(name), schema)
    return from_json(document, RegionFit, name, read_array), count


def _read_manifest(archive: ArchiveReader) -> _Manifest:
    document = archive.read_document(_MANIFEST)
    if not isinstance(document, dict) or document.get("format") != _FORMAT:
        raise ProjectError("it is no study of this program")
    schema = document.get("schema")
    texts = [document.get(key) for key in ("app_version", "app_needed")]
    if type(schema) is not int or schema < 1 or not all(isinstance(text, str) for text in texts):
        raise ProjectError(f"{_MANIFEST} does not say which version it is")
    manifest = _Manifest(schema, *(str(text)[:40] for text in texts))
    if schema > SCHEMA_VERSION:
        raise ProjectError(
            f"it was saved by aphyn_gui {manifest.app_version} and needs version "
            f"{manifest.app_needed} or newer; this is {__version__}: update the program"
        )
    return manifest


def _no_arrays(index: int, dtype: type) -> Array:
    raise ProjectError(f"{_STUDY} has no arrays")


def _with_paths_from(study: Study, folder: Path) -> Study:
    """The study with its recordings' paths absolute, and relative to a folder."""
    recordings = []
    for entry in study.recordings:
        reference = entry.reference
        if reference is not None:
            path = Path(os.path.abspath(reference.path))
            relative = ""
            # On Windows there is no way from one drive to another.
            if path.drive == folder.drive:
                relative = Path(os.path.relpath(path, folder)).as_posix()
            reference = replace(reference, path=path, relative_path=relative)
        recordings.append(replace(entry, reference=reference))
    return replace(study, recordings=tuple(recordings))


def _advice(error: OSError, path: Path) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"the disk of {path.parent} is full; make room, or save to another one"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"you may not write there ({error.strerror}); choose another folder or name"
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return f"there is no folder {path.parent}; choose another one"
    return f"{error.strerror or error}; save it to another place"
