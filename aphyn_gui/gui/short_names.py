"""Names of regions where there is room for a few letters only."""

from __future__ import annotations

LONGEST_NAME = 14
"""Letters: eight regions of that length share a legend."""


def shortened(name: str, longest: int = LONGEST_NAME) -> str:
    """``name``, ending in an ellipsis where it has more than ``longest`` letters."""
    return name if len(name) <= longest else f"{name[: longest - 1].rstrip()}…"
