"""Small line icons, drawn in the colours of the theme: they are sharp at every scale."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from aphyn_gui.gui.theme import current_theme

_SIZE = 18
_SCALE = 2

_SHAPES = {
    "open": '<path d="M2.5 6V4.5h5l1.5 2h6.5V15H2.5V6z"/>',
    "demo": '<path d="M2 10h3l1.5-5 2.5 9 2-7 1.5 3H16"/>',
    "draw": '<rect x="3" y="4" width="12" height="10" stroke-dasharray="2.5 1.8"/>',
    "select": '<path d="M4 3l9.5 5.5-4.3 1.1-2.2 4z" class="fill"/>',
    "play": '<path d="M5.5 3.5v11l9-5.5z" class="fill"/>',
    "pause": '<path d="M5 3.5h3v11H5zM10.5 3.5h3v11h-3z" class="fill"/>',
    "settings": '<path d="M3 5h7M14 5h1M3 13h1M8 13h7"/><circle cx="12" cy="5" r="1.8"/>'
    '<circle cx="6" cy="13" r="1.8"/>',
    "fit": '<path d="M2.5 14.5V3M2.5 14.5H16"/><path d="M4.5 12c2-9 4.5-9 6-4 1 3 2 4 4.5 4"/>',
    "flip": '<path d="M6 15V4M3.5 6.5L6 4l2.5 2.5M12 3v11M9.5 11.5L12 14l2.5-2.5"/>',
    "rename": '<path d="M3 15l.8-3.4L12 3.4l2.6 2.6-8.2 8.2z"/>',
    "float": '<rect x="3" y="6.5" width="8.5" height="8.5"/><path d="M6.5 6.5V3H15v8.5h-3.5"/>',
    "cancel": '<path d="M4.5 4.5l9 9M13.5 4.5l-9 9"/>',
}


def icon(name: str) -> QIcon:
    """The icon of that name: enabled, disabled, and on the accent colour when checked."""
    theme = current_theme()
    result = QIcon()
    for mode, state, color in (
        (QIcon.Mode.Normal, QIcon.State.Off, theme.text),
        (QIcon.Mode.Normal, QIcon.State.On, theme.on_accent),
        (QIcon.Mode.Disabled, QIcon.State.Off, theme.border),
        (QIcon.Mode.Disabled, QIcon.State.On, theme.muted_text),
    ):
        result.addPixmap(_pixmap(name, color), mode, state)
    return result


def _pixmap(name: str, color: str) -> QPixmap:
    shapes = _SHAPES[name].replace('class="fill"', f'fill="{color}"')
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_SIZE} {_SIZE}" fill="none" '
        f'stroke="{color}" stroke-width="1.5" stroke-linejoin="round" stroke-linecap="round">'
        f"{shapes}</svg>"
    )
    pixmap = QPixmap(_SIZE * _SCALE, _SIZE * _SCALE)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    QSvgRenderer(QByteArray(svg.encode())).render(
        painter, QRectF(0, 0, _SIZE * _SCALE, _SIZE * _SCALE)
    )
    painter.end()
    pixmap.setDevicePixelRatio(_SCALE)
    return pixmap
