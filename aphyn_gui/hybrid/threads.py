"""How many threads compute: the engine's own, and nobody else's."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

import threadpoolctl
import torch

_here = threading.local()
_CORES = os.cpu_count() or 1
"""Asked once: the kernels ask three times an epoch."""


@contextmanager
def one_thread() -> Iterator[None]:
    """Within, kernels called by this thread stay in it: its neighbours have work of their own."""
    before = getattr(_here, "is_alone", False)
    _here.is_alone = True
    try:
        yield
    finally:
        _here.is_alone = before


def thread_count() -> int:
    """Threads the kernels may use: ``APHYN_THREADS``, or every core."""
    if getattr(_here, "is_alone", False):
        return 1
    chosen = os.environ.get("APHYN_THREADS", "")
    return int(chosen) if chosen.isdigit() and int(chosen) > 0 else _CORES


@lru_cache(maxsize=1)
def quieten_other_pools() -> None:
    """Keep torch's and the linear algebra's threads to one.

    Their pools wait by spinning: on small arrays they take the cores from the engine and from the
    window. A recommended fit on two cores took 3.8 s beside them, and 0.1 s without.
    """
    torch.set_num_threads(1)
    threadpoolctl.threadpool_limits(limits=1)
