"""Programs killed while they save, or keep unsaved work: what is found is the old or the new."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from table import Row

_KILLS = 200
_TESTS = Path(__file__).resolve().parents[1]


def measure() -> Iterator[Row]:
    """How many of the killed programs left a project that opens."""
    for script, what in (
        ("study/killed_saves.py", "killed saves that left the old or the new project"),
        ("gui/killed_autosaves.py", "killed programs whose unsaved work was found and opens"),
    ):
        result = _kill(_TESTS / script)
        intact = result["first"] + result["second"]
        living = result.get("taken_from_the_living", 0)
        yield Row(
            what, intact, "", target=f"{_KILLS}", met=intact == _KILLS and not living,
            note=f"{result['cut_in_a_save']} of the kills came amid writing",
        )  # fmt: skip


def _kill(script: Path) -> dict[str, Any]:
    paths = os.pathsep.join((str(_TESTS.parent), str(_TESTS / "study")))
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, str(script), folder, str(_KILLS), "1"],
            env=os.environ | {"PYTHONPATH": paths},
            capture_output=True,
            text=True,
            check=True,
        )
    result: dict[str, Any] = json.loads(done.stdout)
    return result
