"""Ionic models that users add: a folder of short Python files, and entry points of packages.

Each file of the models folder defines ``MODEL = IonicModel(...)``, or several in ``MODELS``. The
folder is ``models`` in the user's data folder for aphyn_gui, or what the environment variable
``APHYN_MODELS`` names. A package offers models through entry points of the group
``aphyn_gui.models``, each an ``IonicModel`` or several of them.

These files are programs: whoever puts one into that folder trusts it, as with any program they
start. For that reason nothing is ever loaded from elsewhere: not from the folder of a recording or
of a project, not from the working folder, and ``APHYN_MODELS`` must be an absolute path.

A file that cannot be used is left out, and the log says which, why, and what to do.
"""

from __future__ import annotations

import logging
import os
import tokenize
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import platformdirs

from aphyn_gui.physics.ionic_model import IonicModel, PhysicsError

ENTRY_POINT_GROUP = "aphyn_gui.models"
"""Group under which packages offer models."""

FOLDER_VARIABLE = "APHYN_MODELS"
"""Environment variable that names another models folder."""

_LOG = logging.getLogger(__name__)


class _Source(NamedTuple):
    """A file or an entry point: its name, how to load it, and what to do if that fails."""

    name: str
    load: Callable[[], Iterable[object]]
    remedy: str


def models_folder() -> Path:
    """Where the user's own models lie; it need not exist.

    Raises
    ------
    PhysicsError
        If ``APHYN_MODELS`` is not an absolute path.
    """
    chosen = os.environ.get(FOLDER_VARIABLE)
    if not chosen:
        return Path(platformdirs.user_data_dir("aphyn_gui")) / "models"
    folder = Path(chosen).expanduser()
    if not folder.is_absolute():
        raise PhysicsError(
            f"{FOLDER_VARIABLE} is {chosen!r}, which depends on the working folder; "
            "set it to an absolute path"
        )
    return folder


def load_user_models(built_in: Sequence[IonicModel]) -> tuple[IonicModel, ...]:
    """Models of the folder, by file name, then those of entry points; never raises.

    Parameters
    ----------
    built_in : sequence of IonicModel
        Models whose names are taken.
    """
    owners = {model.name: "aphyn_gui itself" for model in built_in}
    accepted: list[IonicModel] = []
    for source in (*_files(), *_entry_points()):
        try:
            found = [_checked(candidate) for candidate in source.load()]
        except (Exception, SystemExit) as error:
            reason = _described(error, source.name)
            _LOG.warning("Models in %s are left out: %s. %s", source.name, reason, source.remedy)
            continue
        for model in found:
            if model.name in owners:
                _LOG.warning(
                    "Model %s in %s is left out: %s has a model of that name. "
                    "Give it a name of its own.",
                    model.name,
                    source.name,
                    owners[model.name],
                )
            else:
                owners[model.name] = source.name
                accepted.append(model)
    return tuple(accepted)


def _files() -> Iterator[_Source]:
    try:
        folder = models_folder()
        if not folder.is_dir():
            if os.environ.get(FOLDER_VARIABLE):
                _LOG.warning("%s names %s, which is no folder.", FOLDER_VARIABLE, folder)
            return
        paths = sorted(folder.glob("*.py"))
    except (OSError, PhysicsError) as error:
        _LOG.warning("Models of your own are left out: %s.", error)
        return
    for path in paths:
        if not path.name.startswith(("_", ".")):
            yield _Source(
                str(path),
                lambda path=path: _models_in_file(path),  # type: ignore[misc]
                "Correct the file, or remove it from the folder.",
            )


def _entry_points() -> Iterator[_Source]:
    for entry_point in sorted(entry_points(group=ENTRY_POINT_GROUP)):
        package = entry_point.dist.name if entry_point.dist else "an unknown package"
        yield _Source(
            f"entry point {entry_point.name} of {package}",
            lambda entry_point=entry_point: _models_at(entry_point),  # type: ignore[misc]
            "Update that package, or uninstall it.",
        )


def _models_in_file(path: Path) -> list[object]:
    """Run the file. Written out instead of imported: importing would leave a cache beside it."""
    with tokenize.open(path) as file:
        source = file.read()
    module = ModuleType(f"aphyn_gui_user_model_{path.stem}")
    module.__file__ = str(path)
    exec(compile(source, str(path), "exec", dont_inherit=True), module.__dict__)
    contents = vars(module)
    if "MODEL" not in contents and "MODELS" not in contents:
        raise PhysicsError("it defines neither MODEL nor MODELS")
    single = [contents["MODEL"]] if "MODEL" in contents else []
    return [*single, *contents.get("MODELS", ())]


def _models_at(entry_point: EntryPoint) -> list[object]:
    found = entry_point.load()
    return [found] if isinstance(found, IonicModel) else list(found)


def _checked(candidate: object) -> IonicModel:
    if not isinstance(candidate, IonicModel):
        raise PhysicsError(f"{candidate!r:.80} is no IonicModel")
    return candidate


def _described(error: BaseException, file: str) -> str:
    """What went wrong, with the line of the file where there is one."""
    if isinstance(error, PhysicsError):
        text = str(error)
    elif isinstance(error, SystemExit):
        text = "it ends the program"
    else:
        text = f"{type(error).__name__}: {error}"
    lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == file]
    return f"{text} (line {lines[-1]})" if lines else text
