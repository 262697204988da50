"""Colours made of others: fainter, or such that words can be read."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtGui import QColor

_LEAST_CONTRAST = 3.5
"""Between a name and what it stands on; a curve's own colour may have less."""


def mixed(color: str, other: str, share: float) -> str:
    """``color`` with ``share`` of ``other`` mixed in: a faint tone whose pen stays opaque."""
    first, second = QColor(color), QColor(other)
    channels = [
        round(a * (1 - share) + b * share)
        for a, b in (
            (first.red(), second.red()),
            (first.green(), second.green()),
            (first.blue(), second.blue()),
        )
    ]
    return QColor(*channels).name()


def contrasting(color: str) -> str:
    """Black or white, whichever is read better on ``color``."""
    value = QColor(color)
    luminance = 0.299 * value.redF() + 0.587 * value.greenF() + 0.114 * value.blueF()
    return "#000000" if luminance > 0.6 else "#FFFFFF"


@lru_cache(maxsize=64)
def legible(color: str, background: str) -> str:
    """``color``, or so much of black or white in it that letters can be read on ``background``.

    A curve may be faint; its name must not be. Contrast as WCAG 2.1 defines it.
    """
    ground = _luminance(background)
    towards = "#000000" if ground > 0.5 else "#FFFFFF"
    words = color
    for percent in range(0, 70, 10):
        words = mixed(color, towards, percent / 100)
        darker, lighter = sorted((ground, _luminance(words)))
        if (lighter + 0.05) / (darker + 0.05) >= _LEAST_CONTRAST:
            break
    return words


def _luminance(color: str) -> float:
    """Relative luminance, 0 to 1."""
    value = QColor(color)
    linear = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (value.redF(), value.greenF(), value.blueF())
    )
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
