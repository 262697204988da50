"""One line of rich text, ready to be drawn."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QStaticText, QTextOption


def rich_line(html: str, font: QFont) -> QStaticText:
    """``html`` laid out in one line."""
    line = QStaticText(html)
    line.setTextFormat(Qt.TextFormat.RichText)
    # Left to itself, static text breaks its lines to be as wide as high.
    one_line = QTextOption()
    one_line.setWrapMode(QTextOption.WrapMode.NoWrap)
    line.setTextOption(one_line)
    line.prepare(font=font)
    return line
