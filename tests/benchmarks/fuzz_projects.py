"""2,000 damaged and forged project files: opened or refused, without code, memory or time."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from table import Row

_FILES = 2000
_LONGEST_S = 2.0
_MOST_MIB = 8.0
_STUDY_TESTS = Path(__file__).resolve().parent.parent / "study"


def measure() -> list[Row]:
    """What happened with the files, the slowest of them, and the one that took most memory."""
    sys.path.insert(0, str(_STUDY_TESTS))
    from project_fuzz import fuzz
    from project_samples import SAMPLE_V1

    with tempfile.TemporaryDirectory() as folder:
        result = fuzz(SAMPLE_V1, Path(folder), _FILES, seed=2)
    bad = len(result.crashes) + len(result.events)
    most_mib = result.most_bytes / 2**20
    return [
        Row(
            "mutated projects opened or refused", result.opened + result.refused, "",
            target=f"{_FILES}", met=bad == 0,
            note=f"{result.opened} opened; crashes {result.crashes[:3]}, events {result.events}",
        ),
        Row(
            "slowest mutated project", result.slowest_s, "s",
            target=f"< {_LONGEST_S:g}", met=result.slowest_s < _LONGEST_S,
        ),
        Row(
            "most memory beyond three times the file", most_mib, "MiB",
            target=f"< {_MOST_MIB:g}", met=most_mib < _MOST_MIB,
        ),
    ]  # fmt: skip
