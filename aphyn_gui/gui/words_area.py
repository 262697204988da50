"""Words above a plot or a table: as high as they need, unless that leaves the other too little."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QWidget


class WordsArea(QScrollArea):
    """Holds a label that wraps; what has no room scrolls, and whole lines are shown.

    Parameters
    ----------
    label : QLabel
        With the words.
    """

    def __init__(self, label: QLabel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._label = label
        label.setWordWrap(True)
        label.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.setWidget(label)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def fit(self, width: int, most: int) -> None:
        """Take the height that the words need.

        Parameters
        ----------
        width : int
            That the area has or is about to have, pixels.
        most : int
            Highest that it may become, pixels; at least one line is shown.
        """
        wanted = self._label.heightForWidth(width) if self._label.text() else 0
        if wanted > most:
            margins = self._label.contentsMargins()
            line = self._label.fontMetrics().lineSpacing()
            # A line that is cut through cannot be read.
            wanted = max((most - margins.top()) // line, 1) * line + margins.top()
        self.setFixedHeight(wanted)
