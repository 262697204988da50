"""What a developer needs to know, and nothing about whose machine it is."""

from __future__ import annotations

import re
from pathlib import Path

from aphyn_gui.gui.versions import program_versions

_MOST_MESSAGES = 40
_PATH = re.compile(r"(?<![\w.:/\\])(?:[A-Za-z]:)?(?:[\\/][^\\/\n\"'<>|:*?]+)+")
_KEPT = re.compile(r".*[\\/]((?:site-packages|_internal|aphyn_gui|python3?\.?\d*)[\\/].*)")


def bug_report(text: str, details: str = "", messages: str = "") -> str:
    """A message with its details, the last messages of the log, the versions and the system.

    Parameters
    ----------
    text, details : str
        What happened, and the traceback; either may be empty.
    messages : str
        The log; its last lines are taken.
    """
    parts = [part.strip() for part in (text, details) if part.strip()]
    lines = messages.strip().splitlines()[-_MOST_MESSAGES:]
    if lines:
        parts.append("Last messages\n" + "\n".join(lines))
    parts.append("\n".join(f"{name} {version}" for name, version in program_versions()))
    return without_folders("\n\n".join(parts)) + "\n"


def without_folders(text: str) -> str:
    """``text`` without the folders of paths: names of people, patients and projects.

    What lies inside the program or its libraries keeps its path there; anything else its name.
    """
    text = text.replace(str(Path.home()), "/~")
    return _PATH.sub(lambda found: _shortened(found[0]), text)


def _shortened(path: str) -> str:
    inside = _KEPT.match(path)
    if inside:
        return "…/" + inside[1].replace("\\", "/")
    folders, _, name = path.replace("\\", "/").rpartition("/")
    # A lone name after a slash is no path: "training / validation", "1/ms".
    return f"…/{name}" if folders else path
