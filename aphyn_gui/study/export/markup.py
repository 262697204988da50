"""Text inside HTML and SVG: whatever a region is called, it stays text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape

_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]")
"""What neither language can hold."""


def escaped(text: str) -> str:
    """Text that is shown as it is, between tags or inside quotes."""
    return escape(_FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text))


def html_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; the first column names its lines."""
    head = "".join(f'<th scope="col">{escaped(name)}</th>' for name in header)
    body = "".join(
        f'<tr><th scope="row">{escaped(first)}</th>'
        + "".join(f"<td>{escaped(cell)}</td>" for cell in cells)
        + "</tr>"
        for first, *cells in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def html_list(items: Iterable[str]) -> str:
    """A list of sentences."""
    return "<ul>" + "".join(f"<li>{escaped(item)}</li>" for item in items) + "</ul>"
