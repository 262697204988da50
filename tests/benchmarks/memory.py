"""What a fit with 1,000 sequences adds to the memory of the process."""

from __future__ import annotations

from collections.abc import Iterator

from probing import probe
from table import Row

from aphyn_gui.fitting import EX_VIVO, RECOMMENDED


def measure() -> Iterator[Row]:
    """Peak after the fit, less the peak after a fit with 10 sequences, for two presets."""
    for preset in (EX_VIVO, RECOMMENDED):
        found = probe("probe_memory.py", None, preset.name)
        yield Row(
            f"memory that 1,000 sequences add, {preset.name}", found["added_mb"], "MB",
            target="< 200 MB", met=found["added_mb"] < 200,
            note=f"peak {found['peak_mb']:.0f} MB; {found['small_mb']:.0f} MB after a fit with "
            "15 sequences; 5 epochs",
        )  # fmt: skip
