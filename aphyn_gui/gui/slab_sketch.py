"""A sketch of a simulated slab: where it is paced, what is ischaemic, and how it goes on."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from aphyn_gui.gui.plot_style import nice_step
from aphyn_gui.gui.theme import current_theme
from aphyn_gui.insilico import Rectangle, SimulatedExperiment

_SIDE = 320
_CAPTION = 20
_BAR_SHARE = 0.25
_TINT = 70


class SlabSketch(QWidget):
    """Draws the slab to scale: ischaemic region tinted, stimulus filled, a bar of millimetres.

    While a simulation runs, the potential lies below.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._experiment = SimulatedExperiment()
        self._picture: QImage | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(_SIDE, _SIDE + _CAPTION)

    @property
    def has_picture(self) -> bool:
        """Whether a potential is shown."""
        return self._picture is not None

    def sizeHint(self) -> QSize:
        """Square, with a line below."""
        return self.minimumSize()

    def show_experiment(self, experiment: SimulatedExperiment) -> None:
        """Sketch another slab; the potential of an earlier one goes."""
        self._experiment = experiment
        self._picture = None
        self.update()

    def show_potential(self, picture: npt.NDArray[np.uint8]) -> None:
        """Lay the potential below the sketch; shape (rows, columns)."""
        rows, columns = picture.shape
        image = QImage(picture.tobytes(), columns, rows, columns, QImage.Format.Format_Grayscale8)
        # The image borrows the bytes; the copy owns them.
        self._picture = image.copy()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw."""
        theme, experiment = current_theme(), self._experiment
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = self._slab_area()
        scale = area.width() / experiment.columns
        painter.fillRect(area, QColor(theme.field))
        if self._picture is not None:
            painter.drawImage(area, self._picture)
        painter.save()
        painter.setClipRect(area)
        if experiment.ischaemia is not None:
            path = QPainterPath()
            shape = experiment.ischaemia.shape
            if isinstance(shape, Rectangle):
                path.addRect(_placed(shape, area, scale))
            else:
                # A node is the middle of its pixel.
                centre = QPointF(shape.column + 0.5, shape.row + 0.5) * scale + area.topLeft()
                path.addEllipse(centre, shape.radius * scale, shape.radius * scale)
            tint = QColor(theme.prediction)
            painter.setPen(QPen(tint, 1.5, Qt.PenStyle.DashLine))
            tint.setAlpha(_TINT)
            painter.setBrush(tint)
            painter.drawPath(path)
        if experiment.beats + experiment.conditioning_beats:
            site = QColor(theme.physics)
            painter.setPen(QPen(site, 1.5))
            site.setAlpha(_TINT if self._picture is not None else 200)
            painter.setBrush(site)
            painter.drawRect(_placed(experiment.stimulus_rectangle, area, scale))
        painter.restore()
        painter.setPen(QPen(QColor(theme.border), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(area)
        self._draw_caption(painter, area)

    def _draw_caption(self, painter: QPainter, area: QRectF) -> None:
        """The size in words on the left, a bar of a round number of millimetres on the right."""
        experiment, theme = self._experiment, current_theme()
        height_mm = experiment.rows * experiment.spacing_mm
        width_mm = experiment.columns * experiment.spacing_mm
        line = QRectF(0, area.bottom() + 4, self.width(), _CAPTION)
        painter.setPen(QColor(theme.muted_text))
        middle_left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(line, middle_left, f"{height_mm:.4g} × {width_mm:.4g} mm")
        bar_mm = nice_step(width_mm * _BAR_SHARE)
        bar = area.width() * bar_mm / width_mm
        text = f"{bar_mm:g} mm"
        text_width = painter.fontMetrics().horizontalAdvance(text)
        middle_right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(line, middle_right, text)
        painter.setPen(QPen(QColor(theme.text), 3, c=Qt.PenCapStyle.FlatCap))
        y, right = line.center().y(), line.right() - text_width - 6
        painter.drawLine(QPointF(right - bar, y), QPointF(right, y))

    def _slab_area(self) -> QRectF:
        """The largest place with the slab's proportions, at the top, with room for the caption."""
        rows, columns = self._experiment.rows, self._experiment.columns
        room = QRectF(1, 1, self.width() - 2, self.height() - _CAPTION - 4)
        scale = min(room.width() / columns, room.height() / rows)
        width, height = columns * scale, rows * scale
        return QRectF(room.center().x() - width / 2, room.top(), width, height)


def _placed(nodes: Rectangle, area: QRectF, scale: float) -> QRectF:
    """Nodes of the slab in the widget."""
    return QRectF(
        area.left() + nodes.column * scale,
        area.top() + nodes.row * scale,
        nodes.width * scale,
        nodes.height * scale,
    )
