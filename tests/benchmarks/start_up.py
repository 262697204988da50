"""From the start of the process to a usable window and to the first epoch, cold and warm."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

from probing import probe
from table import Row

_WARM_STARTS = 3


def measure() -> Iterator[Row]:
    """Rows for an empty kernel cache, then for the same cache filled."""
    with tempfile.TemporaryDirectory(prefix="aphyn-bench-") as folder:
        cache = Path(folder)
        cold = probe("probe_start_up.py", cache)
        warm = [probe("probe_start_up.py", cache) for _ in range(_WARM_STARTS)]
    window_s = statistics.median(run["window_s"] for run in warm)
    epoch_s = statistics.median(run["first_epoch_s"] for run in warm)
    torch_s = statistics.median(run["torch_import_s"] for run in warm)
    yield Row(
        "process start to usable window", window_s, "s", target="< 1.5 s", met=window_s < 1.5,
        note=f"first paint done, events processed, offscreen; cold {cold['window_s']:.2f} s",
    )  # fmt: skip
    yield Row(
        "process start to first epoch, warm", epoch_s, "s", target="< 4 s", met=epoch_s < 4,
        note="--demo: the demo is opened, its regions analysed, the physics fitted; median of "
        f"{_WARM_STARTS}; importing torch alone takes {torch_s:.2f} s",
    )  # fmt: skip
    yield Row(
        "process start to first epoch, empty kernel cache", cold["first_epoch_s"], "s",
        target="< 15 s", met=cold["first_epoch_s"] < 15,
    )  # fmt: skip
    for label, run in (("empty kernel cache", cold), ("warm", warm[-1])):
        p99 = run["timer_p99_ms"]
        yield Row(
            f"10 ms timer until the first epoch, {label}, p99", p99, "ms",
            note=f"largest gap {run['timer_max_ms']:.0f} ms; compiling and importing run behind "
            "the window",
        )  # fmt: skip
