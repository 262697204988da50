"""Runs a probe in a process of its own and reads what it found."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
STARTED = "APHYN_BENCHMARK_STARTED"
"""Environment variable with the time at which the process was started, s since the epoch."""

_PATIENCE_S = 600


def probe(script: str, kernel_cache: Path | None = None, *arguments: str) -> dict[str, Any]:
    """What the script prints as JSON in its last line; its settings are its own.

    Parameters
    ----------
    script : str
        File beside this one.
    kernel_cache : Path or None
        Folder for compiled kernels; None: the user's.
    """
    with tempfile.TemporaryDirectory(prefix="aphyn-probe-") as folder:
        environment = os.environ | {
            "QT_QPA_PLATFORM": "offscreen",
            "PYTHONFAULTHANDLER": "1",
            "XDG_CONFIG_HOME": folder,
            "XDG_DATA_HOME": folder,
            "PYTHONPATH": os.pathsep.join((str(ROOT), os.environ.get("PYTHONPATH", ""))),
        }
        environment.pop("APHYN_THREADS", None)
        if kernel_cache is not None:
            environment["APHYN_KERNEL_CACHE"] = str(kernel_cache)
        environment[STARTED] = repr(time.time())
        done = subprocess.run(
            [sys.executable, str(HERE / script), *arguments],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=_PATIENCE_S,
            check=False,
        )
    if done.returncode:
        raise RuntimeError(f"{script} ended with {done.returncode}:\n{done.stderr}")
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer
