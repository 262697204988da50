"""CSV: UTF-8, comma, full precision, what does not exist left blank."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence
from pathlib import Path

from aphyn_gui.study.writing import write_text

Cell = str | float | bool | None


def csv_text(header: Sequence[str], rows: Iterable[Iterable[Cell]]) -> str:
    """A table as CSV; numbers read back as the same numbers."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([_text(cell) for cell in row] for row in rows)
    return buffer.getvalue()


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Iterable[Cell]]) -> Path:
    """Write :func:`csv_text` whole."""
    return write_text(path, csv_text(header, rows))


def _text(cell: Cell) -> str:
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return ""
    # A numpy float is a float, but its repr names its type.
    return repr(float(cell)) if isinstance(cell, float) else str(cell)
