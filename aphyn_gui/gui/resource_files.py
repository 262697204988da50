"""Files that come with the program."""

from __future__ import annotations

from pathlib import Path


def resource_path(name: str) -> Path | None:
    """Path of a file in the resources, of a checkout or of an installed package; None if missing.

    Parameters
    ----------
    name : str
        With folders: "icons/tick-light.svg".
    """
    package = Path(__file__).resolve().parents[1]
    paths = (package / "_resources" / name, package.parent / "resources" / name)
    return next((path for path in paths if path.is_file()), None)
