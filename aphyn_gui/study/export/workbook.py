"""An Excel workbook of a comparison: numbers are numbers in every locale, text is never a formula.

A CSV file with commas opens in one column where the decimal sign is a comma; a workbook does not.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from aphyn_gui.study.export.csv_files import Cell
from aphyn_gui.study.export.tables import Table
from aphyn_gui.study.writing import write_whole

if TYPE_CHECKING:
    from openpyxl import Workbook

_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
"""What XML 1.0 cannot hold."""
_LONGEST_TEXT = 32_767
"""Characters in one cell, Excel's limit."""
_WIDEST_COLUMN = 60


def write_workbook(path: Path, tables: Iterable[Table]) -> Path:
    """Write a workbook, one sheet a table: its note, an empty line, its header, its lines.

    Parameters
    ----------
    path : Path
        ".xlsx".
    tables : iterable of Table
        In the order of the sheets.

    Returns
    -------
    Path
        ``path``.
    """
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.worksheets[0])
    for table in tables:
        _add_sheet(book, table)
    return write_whole(path, book.save)


def _add_sheet(book: Workbook, table: Table) -> None:
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    sheet = book.create_sheet(table.name)
    bold = Font(bold=True)
    lines: list[tuple[Cell, ...]] = [(table.note,), (), table.header, *table.rows]
    for row, line in enumerate(lines, start=1):
        for column, value in enumerate(line, start=1):
            held = _held(value)
            if held is None:
                continue
            cell = sheet.cell(row, column, held)
            if isinstance(held, str):
                # openpyxl takes "=..." for a formula; a region may be called that.
                cell.data_type = "s"
            if row == 3:
                cell.font = bold
    sheet.freeze_panes = "A4"
    for column, name in enumerate(table.header, start=1):
        texts = [name, *(_shown(row[column - 1]) for row in table.rows)]
        width = min(max(map(len, texts)) + 2, _WIDEST_COLUMN)
        sheet.column_dimensions[get_column_letter(column)].width = width


def _held(value: Cell) -> Cell:
    if isinstance(value, str):
        return _UNWRITABLE.sub("\N{REPLACEMENT CHARACTER}", value)[:_LONGEST_TEXT] or None
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    return value


def _shown(value: Cell) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
