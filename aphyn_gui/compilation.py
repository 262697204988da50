"""Says whether machine code is being made: nothing can be cancelled meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

_lock = Lock()
_running = 0


def is_compiling() -> bool:
    """Whether kernels are being compiled in any thread of this process."""
    return _running > 0


@contextmanager
def compiling() -> Iterator[None]:
    """Within, :func:`is_compiling` answers True."""
    global _running
    with _lock:
        _running += 1
    try:
        yield
    finally:
        with _lock:
            _running -= 1
