"""All benchmarks in one table: ``python -m tests.benchmarks [--only NAME] [--json FILE]``.

Run it from the root of the repository, on a machine that does nothing else. Times scatter; what is
compared is measured in turn, in one process, and the ratios are what to look at.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
import traceback
from dataclasses import asdict
from pathlib import Path

_HERE = Path(__file__).resolve().parent
# The modules are found however the command was given.
sys.path[:0] = [str(_HERE), str(_HERE.parents[1])]

NAMES = (
    "epochs",
    "whole_fit",
    "parameter_map",
    "window_open",
    "window_maps",
    "start_up",
    "memory",
    "tissue",
    "trust",
    "kills",
    "endurance",
    "fuzz-projects",
)


ON_REQUEST = {"fuzz": "fuzz_formats"}
"""Benchmarks that take hours, and the modules they are in."""


def main() -> int:
    """Run what was asked for; 1 when a target is missed or a benchmark fails."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--only", action="append", choices=(*NAMES, *ON_REQUEST), help="repeatable")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the table as JSON too")
    parser.add_argument("--files", type=int, metavar="N", help="fuzz: damaged files a format")
    parser.add_argument(
        "--format", action="append", metavar="NAME", help="fuzz: this format only; repeatable"
    )
    options = parser.parse_args()

    from table import Row, to_text

    machine = _machine()
    rows: list[Row] = []
    failed: list[str] = []
    disturbed: dict[str, float | None] = {}
    for name in options.only or NAMES:
        print(f"{name} ...", file=sys.stderr, flush=True)
        started, others = time.perf_counter(), _OtherWork()
        try:
            module = __import__(ON_REQUEST.get(name, name.replace("-", "_")))
            settings = {}
            if name in ON_REQUEST:
                settings = {"files_per_format": options.files, "formats": options.format}
            rows.extend(module.measure(**{key: said for key, said in settings.items() if said}))
        except Exception:
            # The other numbers are worth having all the same.
            traceback.print_exc()
            failed.append(name)
        disturbed[name] = others.cores()
        print(f"  {time.perf_counter() - started:.0f} s", file=sys.stderr, flush=True)
    print(", ".join(f"{key} {value}" for key, value in machine.items()))
    print(to_text(rows))
    words = ", ".join(f"{name} {cores:.2f}" for name, cores in disturbed.items() if cores)
    print(f"cores that other programs kept busy meanwhile: {words or 'unknown'}")
    if options.json is not None:
        table = {
            "machine": machine,
            "cores_busy_with_others": disturbed,
            "rows": [asdict(row) for row in rows],
        }
        options.json.write_text(json.dumps(table, indent=2) + "\n", encoding="utf-8")
    if failed:
        print(f"failed: {', '.join(failed)}")
    return int(bool(failed) or any(row.met is False for row in rows))


class _OtherWork:
    """How many cores other programs keep busy; known on Linux only."""

    def __init__(self) -> None:
        self._busy_s, self._own_s = self._now()
        self._started = time.perf_counter()

    def cores(self) -> float | None:
        """Mean since the start."""
        busy_s, own_s = self._now()
        if not busy_s:
            return None
        others_s = (busy_s - self._busy_s) - (own_s - self._own_s)
        return max(0.0, others_s / (time.perf_counter() - self._started))

    @staticmethod
    def _now() -> tuple[float, float]:
        own_s = sum(os.times()[:4])
        try:
            first = Path("/proc/stat").read_text(encoding="ascii").splitlines()[0]
        except OSError:
            return 0.0, own_s
        user, nice, system, _idle, _wait, interrupts, soft, stolen = map(int, first.split()[1:9])
        ticks = user + nice + system + interrupts + soft + stolen
        return ticks / os.sysconf("SC_CLK_TCK"), own_s


def _machine() -> dict[str, object]:
    import torch

    from aphyn_gui.hybrid import engine_description

    load = "unknown" if not hasattr(os, "getloadavg") else f"{os.getloadavg()[0]:.2f}"
    return {
        "system": platform.system(),
        "cores": os.cpu_count(),
        "engine": engine_description(torch.device("cpu")),
        "load before": load,
        "torch": torch.__version__,
        "Python": platform.python_version(),
    }


if __name__ == "__main__":
    sys.exit(main())
