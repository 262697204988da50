"""The line on a terminal that follows what takes its time."""

from __future__ import annotations

import sys

_WIDTH = 78


class StatusLine:
    """One line of standard error that is written over again and again, on a terminal only."""

    def __init__(self) -> None:
        self.is_watched = sys.stderr.isatty()

    def write(self, text: str) -> None:
        """Put ``text`` in the place of what stood there; nothing where nobody watches."""
        if self.is_watched:
            print(f"\r{text[:_WIDTH]:<{_WIDTH}}", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Leave the line empty for what is printed next."""
        if self.is_watched:
            print("\r" + " " * _WIDTH + "\r", end="", file=sys.stderr, flush=True)
