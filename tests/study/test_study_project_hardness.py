"""Project files under kills and forgery."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from project_fuzz import fuzz
from project_samples import SAMPLE_V1

HERE = Path(__file__).resolve().parent


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the saving program is a fork")
def test_a_killed_save_leaves_the_old_or_the_new_project(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(HERE / "killed_saves.py"), str(tmp_path), "20"],
        env=os.environ | {"PYTHONPATH": os.pathsep.join((str(HERE.parents[1]), str(HERE)))},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["first"] + result["second"] == 20
    # Otherwise no kill came where it could do harm.
    assert result["cut_in_a_save"] > 0


def test_forged_projects_are_opened_or_refused(tmp_path: Path) -> None:
    result = fuzz(SAMPLE_V1, tmp_path, 200, seed=1)
    assert result.crashes == []
    assert result.events == set()
    assert result.opened + result.refused == 200
    assert result.refused > 100
    assert result.slowest_s < 2
    assert result.most_bytes < 2**23
