"""Plots as pictures for a paper or a slide: SVG, PDF, PNG at 300 dots an inch."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Any

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF, QMimeData, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QImage, QImageWriter, QPageSize, QPainter, QPdfWriter
from PySide6.QtSvg import QSvgGenerator

from aphyn_gui.gui.flat_painting import FlatDevice
from aphyn_gui.gui.print_style import for_print
from aphyn_gui.study.writing import write_bytes

DOTS_PER_INCH = 300
"""Of a PNG."""

_INCH_M = 0.0254
_POINTS_PER_INCH = 72


class PictureKind(StrEnum):
    """The forms of a picture, by their suffix."""

    SVG = "svg"
    PDF = "pdf"
    PNG = "png"

    @property
    def filter(self) -> str:
        """As a file dialog names it."""
        return _FILTERS[self]


_FILTERS = {
    PictureKind.SVG: "SVG, lines and letters (*.svg)",
    PictureKind.PDF: "PDF, lines and letters (*.pdf)",
    PictureKind.PNG: f"PNG, {DOTS_PER_INCH} dots an inch (*.png)",
}


def picture_bytes(view: Any, kind: PictureKind, title: str = "") -> bytes:
    """A plot as a file's content, with dark lines on white, as large as on the screen or larger.

    Parameters
    ----------
    view : pyqtgraph.GraphicsView that is Printable
        Rendered in the GUI thread; takes some tens of milliseconds.
    kind : PictureKind
        Form. SVG and PDF hold lines and text; only a movie's frame is an image in them.
    title : str
        Kept in SVG and PDF.
    """
    with for_print(view):
        if kind is PictureKind.PNG:
            return _png_bytes(_image(view))
        return _svg(view, title) if kind is PictureKind.SVG else _pdf(view, title)


def save_picture(view: Any, path: Path, title: str = "") -> Path:
    """Write a plot; the suffix of ``path`` says as what, SVG where it says nothing known.

    Returns
    -------
    Path
        Where it was written, with its suffix.

    Raises
    ------
    OSError
        If it cannot be written there.
    """
    suffix = path.suffix.lower().lstrip(".")
    is_known = suffix in set(PictureKind)
    kind = PictureKind(suffix) if is_known else PictureKind.SVG
    if not is_known:
        path = path.with_name(f"{path.name}.{kind}")
    return write_bytes(path, picture_bytes(view, kind, title))


def picture_for_clipboard(view: Any, title: str = "") -> QMimeData:
    """A plot for other programs to paste: as an image, and as SVG for those that take it."""
    data = QMimeData()
    with for_print(view):
        data.setImageData(_image(view))
        data.setData("image/svg+xml", QByteArray(_svg(view, title)))
    return data


def _image(view: Any) -> QImage:
    scale = DOTS_PER_INCH / view.logicalDpiX()
    image = QImage((QSizeF(view.size()) * scale).toSize(), QImage.Format.Format_RGB32)
    _set_resolution(image, view.logicalDpiX())
    image.fill(Qt.GlobalColor.white)
    painter = QPainter(image)
    painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
    painter.scale(scale, scale)
    _render_flat(view, painter)
    painter.end()
    _set_resolution(image, DOTS_PER_INCH)
    return image


def _set_resolution(image: QImage, dots_per_inch: int) -> None:
    image.setDotsPerMeterX(round(dots_per_inch / _INCH_M))
    image.setDotsPerMeterY(round(dots_per_inch / _INCH_M))


def _png_bytes(image: QImage) -> bytes:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    QImageWriter(buffer, QByteArray(b"png")).write(image)
    return bytes(buffer.data().data())


def _svg(view: Any, title: str) -> bytes:
    buffer = QBuffer()
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setResolution(view.logicalDpiX())
    generator.setSize(view.size())
    generator.setViewBox(view.rect())
    generator.setTitle(title)
    generator.setDescription("aphyn_gui")
    painter = QPainter(generator)
    painter.fillRect(view.rect(), QColor(Qt.GlobalColor.white))
    _render_flat(view, painter)
    painter.end()
    return bytes(buffer.data().data())


def _render_flat(view: Any, target: QPainter) -> None:
    device = FlatDevice(target, view.size(), view.logicalDpiX())
    painter = QPainter(device)
    _render(view, painter)
    painter.end()


def _pdf(view: Any, title: str) -> bytes:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setTitle(title)
    writer.setCreator("aphyn_gui")
    # Letters have points, lines have pixels: as on the screen. Places are not rounded to either.
    writer.setResolution(view.logicalDpiX())
    points = QSizeF(view.size()) * (_POINTS_PER_INCH / view.logicalDpiX())
    writer.setPageSize(QPageSize(points, QPageSize.Unit.Point))
    writer.setPageMargins(QMarginsF())
    painter = QPainter(writer)
    _render_flat(view, painter)
    painter.end()
    return bytes(buffer.data().data())


def _render(view: Any, painter: QPainter) -> None:
    # The scene's pixels are the view's: pyqtgraph keeps them so.
    frame = QRectF(view.rect())
    view.scene().render(painter, frame, frame)
