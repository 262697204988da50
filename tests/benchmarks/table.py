"""Rows of the table, and how times are taken."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Row:
    """One measured quantity.

    Parameters
    ----------
    what : str
        Quantity.
    value : float
        Measured.
    unit : str
        Its unit.
    peer : float or None
        The same quantity with ``peer_name``, in the same unit.
    peer_name : str
        What it is compared with.
    ratio : float or None
        How many times better than the peer.
    target : str
        What the project promises; empty where it promises nothing.
    met : bool or None
        Whether the promise is kept.
    note : str
        What else must be known to read the numbers.
    """

    what: str
    value: float
    unit: str
    peer: float | None = None
    peer_name: str = ""
    ratio: float | None = None
    target: str = ""
    met: bool | None = None
    note: str = ""


def interleaved_medians(
    works: Sequence[tuple[Callable[[], Any], int]], rounds: int
) -> tuple[float, ...]:
    """Median time of each work, s; in each round every work is run as often as it says."""
    times: list[list[float]] = [[] for _ in works]
    for _ in range(rounds):
        for (work, repeats), taken in zip(works, times, strict=True):
            for _ in range(repeats):
                started = time.perf_counter()
                work()
                taken.append(time.perf_counter() - started)
    return tuple(statistics.median(taken) for taken in times)


def to_text(rows: Sequence[Row]) -> str:
    """The table, in columns."""
    head = ("what", "value", "unit", "peer", "ratio", "target", "met")
    cells = [head]
    for row in rows:
        peer = "" if row.peer is None else f"{_number(row.peer)} {row.peer_name}"
        ratio = "" if row.ratio is None else _number(row.ratio)
        met = {True: "yes", False: "NO", None: ""}[row.met]
        cells.append((row.what, _number(row.value), row.unit, peer, ratio, row.target, met))
    widths = [max(len(line[column]) for line in cells) for column in range(len(head))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in cells
    ]
    lines.insert(1, "  ".join("-" * width for width in widths))
    notes = [f"  {row.what}: {row.note}" for row in rows if row.note]
    return "\n".join([*lines, *(["notes", *notes] if notes else [])])


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
