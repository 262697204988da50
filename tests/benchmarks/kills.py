"""200 programs killed while they save a project: the file is always the old or the new one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from table import Row

_KILLS = 200
_HERE = Path(__file__).resolve().parent
_STUDY_TESTS = _HERE.parent / "study"


def measure() -> list[Row]:
    """How many of the killed saves left a project that opens."""
    paths = os.pathsep.join((str(_HERE.parents[1]), str(_STUDY_TESTS)))
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, str(_STUDY_TESTS / "killed_saves.py"), folder, str(_KILLS), "1"],
            env=os.environ | {"PYTHONPATH": paths},
            capture_output=True,
            text=True,
            check=True,
        )
    result = json.loads(done.stdout)
    intact = result["first"] + result["second"]
    return [
        Row(
            "killed saves that left the old or the new project", intact, "",
            target=f"{_KILLS}", met=intact == _KILLS,
            note=f"{result['cut_in_a_save']} of the kills came amid writing",
        )
    ]  # fmt: skip
