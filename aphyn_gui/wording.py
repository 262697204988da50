"""How lists stand in sentences."""

from __future__ import annotations

from collections.abc import Sequence


def enumerated(words: Sequence[str]) -> str:
    """Words as a sentence holds them: "a", "a and b", "a, b and c"."""
    return " and ".join(part for part in (", ".join(words[:-1]), *words[-1:]) if part)
