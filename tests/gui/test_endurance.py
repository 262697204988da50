"""The short form of the benchmark of endurance, and of the one of killed programs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).resolve().parents[1]


def run(script: str, folder: Path, *arguments: str) -> dict[str, Any]:
    """What a script prints as JSON, in a process of its own."""
    paths = (str(TESTS.parent), str(TESTS / "study"))
    done = subprocess.run(
        [sys.executable, str(TESTS / script), *arguments],
        env=os.environ
        | {
            "PYTHONPATH": os.pathsep.join(paths),
            "XDG_CONFIG_HOME": str(folder),
            "XDG_DATA_HOME": str(folder),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory as Linux says it")
def test_cancelled_fits_and_closed_windows_leave_nothing_behind(tmp_path: Path) -> None:
    found = run("benchmarks/probe_endurance.py", tmp_path, "20", "5")
    left = {key: found[key] for key in ("threads", "timers", "windows_left", "kept")}
    assert left == {"threads": 0, "timers": 0, "windows_left": 0, "kept": 0}
    assert found["fits_mb"] < 20
    # A window that stays in memory takes 9 MB.
    assert found["windows_mb"] < 20


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the killed program is a fork")
def test_the_unsaved_work_of_killed_programs_always_opens(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    folder.mkdir()
    found = run("gui/killed_autosaves.py", tmp_path, str(folder), "10")
    assert found["first"] + found["second"] == found["kills"] == 10
    assert found["taken_from_the_living"] == 0
