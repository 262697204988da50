"""A place for one letter: the newest replaces the one that nobody has read."""

from __future__ import annotations

from threading import Lock
from typing import Generic, TypeVar

Letter = TypeVar("Letter")


class Mailbox(Generic[Letter]):
    """Hand the latest value from one thread to another; values in between are lost on purpose.

    The sender wakes the reader only when :meth:`put` says that the box was empty: however slowly
    the reader reads, at most one wake-up is on its way.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._letter: Letter | None = None

    def put(self, letter: Letter) -> bool:
        """Leave ``letter``, replacing an unread one.

        Returns
        -------
        bool
            Whether the box was empty, so that the reader must be woken.
        """
        with self._lock:
            was_empty = self._letter is None
            self._letter = letter
        return was_empty

    def take(self) -> Letter | None:
        """Remove and return the letter; None when the box is empty."""
        with self._lock:
            letter, self._letter = self._letter, None
        return letter
