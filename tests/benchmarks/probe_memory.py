"""Fits few sequences, then 1,000, and looks at the peak memory; takes the name of a preset."""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path

from whole_fit import sequences

from aphyn_gui.fitting import fit, preset


def main() -> None:
    """Print what was found as JSON."""
    protocol = preset(sys.argv[1]).with_changes(epochs=5)
    peaks = []
    for training, validation in ((10, 5), (1000, 5)):
        data = sequences(training, validation)
        for _ in fit(data, protocol):
            pass
        peaks.append(_peak_mb())
    small, large = peaks
    print(json.dumps({"small_mb": small, "peak_mb": large, "added_mb": large - small}))


def _peak_mb() -> float:
    # getrusage would also count the process that started this one.
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 2**10
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10


if __name__ == "__main__":
    main()
