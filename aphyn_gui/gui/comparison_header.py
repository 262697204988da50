"""How the comparison's table prints names: regions with colour, parameters with subscripts."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPalette
from PySide6.QtWidgets import QHeaderView, QStyledItemDelegate, QStyleOptionViewItem

from aphyn_gui.gui.comparison_model import COLOR_ROLE
from aphyn_gui.gui.rich_line import rich_line
from aphyn_gui.gui.symbols import symbol_html, symbol_text

_SWATCH_PIXELS = 10
_HEADER_PADDING = 7
_CELL_PADDING = 9

Index = QModelIndex | QPersistentModelIndex


class RegionHeader(QHeaderView):
    """A header that puts a region's colour before its name.

    An icon would do the same, were it not drawn at the other end of the column.
    """

    def __init__(self) -> None:
        super().__init__(Qt.Orientation.Horizontal)

    def paintSection(self, painter: QPainter, rect: QRect, section: int) -> None:
        """Draw a section; called by Qt."""
        painter.save()
        super().paintSection(painter, rect, section)
        painter.restore()
        color = self.model().headerData(section, self.orientation(), COLOR_ROLE)
        if color is None:
            return
        name = self.model().headerData(section, self.orientation())
        words = self.fontMetrics().horizontalAdvance(name)
        left = rect.right() - _HEADER_PADDING - words - _SWATCH_PIXELS - _HEADER_PADDING
        top = rect.center().y() - _SWATCH_PIXELS // 2
        painter.fillRect(left, top, _SWATCH_PIXELS, _SWATCH_PIXELS, QColor(color))

    def sectionSizeFromContents(self, section: int) -> QSize:
        """Room for the name and, where there is one, the colour; called by Qt."""
        size = super().sectionSizeFromContents(section)
        if self.model().headerData(section, self.orientation(), COLOR_ROLE) is not None:
            size.setWidth(size.width() + _SWATCH_PIXELS + _HEADER_PADDING)
        return size


class SymbolDelegate(QStyledItemDelegate):
    """Prints the names of parameters with their subscripts."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: Index) -> None:
        """The cell without its text, which :meth:`paint` adds; called by Qt."""
        super().initStyleOption(option, index)
        option.text = ""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw a cell; called by Qt."""
        super().paint(painter, option, index)
        text = rich_line(symbol_html(escape(index.data())), option.font)
        painter.save()
        painter.setClipRect(option.rect)
        painter.setFont(option.font)
        painter.setPen(option.palette.color(QPalette.ColorRole.Text))
        top = option.rect.top() + (option.rect.height() - text.size().height()) / 2
        painter.drawStaticText(QPointF(option.rect.left() + _CELL_PADDING, top), text)
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """As wide as the text; called by Qt."""
        width = option.fontMetrics.horizontalAdvance(symbol_text(index.data()))
        return QSize(width + 2 * _CELL_PADDING, super().sizeHint(option, index).height())
