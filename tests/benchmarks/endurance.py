"""A thousand fits started and cancelled, 200 windows opened and closed, in one process."""

from __future__ import annotations

from collections.abc import Iterator

from probing import probe
from table import Row

_CYCLES, _WINDOWS = 1000, 200
_MOST_MB = 20.0


def measure() -> Iterator[Row]:
    """What is left of threads, timers and windows, and by how much the memory grows."""
    found = probe("probe_endurance.py", None, str(_CYCLES), str(_WINDOWS))
    left = found["threads"] + found["timers"] + found["windows_left"] + found["kept"]
    yield Row(
        "threads, timers, windows and files left", left, "", target="0", met=left == 0,
        note=f"after {_CYCLES} fits started and cancelled, {_WINDOWS} windows opened and closed",
    )  # fmt: skip
    for what, key in (
        (f"memory that {_CYCLES} cancelled fits add", "fits_mb"),
        (f"memory that {_WINDOWS} windows add", "windows_mb"),
    ):
        yield Row(
            what, found[key], "MB", target=f"< {_MOST_MB:g} MB", met=found[key] < _MOST_MB,
            note="after as many as fill the caches of kernels, 70, and a collection",
        )  # fmt: skip
