"""What the network does, and where in the beat, once a fit has ended."""

from __future__ import annotations

from functools import partial
from html import escape

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QStackedLayout, QVBoxLayout, QWidget

from aphyn_gui.fitting import Fit
from aphyn_gui.gui.background import BackgroundTasks
from aphyn_gui.gui.network_plane import NetworkPlane
from aphyn_gui.gui.words_area import WordsArea
from aphyn_gui.physics import ionic_model
from aphyn_gui.study.network_map import NetworkMap, network_map, shortfall_sentence

_CHANNEL = "network map"
_WORDS_SHARE = 0.4
"""Most of the height that the words take from the plane."""

_MEANING = (
    "F_dl at every state of the tissue, and the way of the beat through them, with times. The "
    "colours end at the largest |F_dl| on that way; away from it the network was never trained."
)


class NetworkView(QWidget):
    """F_dl over the (v, h) plane, and one sentence about it.

    Parameters
    ----------
    tasks : BackgroundTasks
        The map needs torch, whose first use takes seconds.

    Signals
    -------
    plane_made()
        The picture is there, from now on.
    """

    plane_made = Signal()

    def __init__(self, tasks: BackgroundTasks) -> None:
        super().__init__()
        self._tasks = tasks
        self._fit: Fit | None = None
        self._plane: NetworkPlane | None = None
        self.sentence = QLabel()
        self.sentence.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.sentence.setContentsMargins(8, 2, 8, 6)
        self.empty = QLabel()
        self.empty.setWordWrap(True)
        self.empty.setProperty("role", "muted")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        page = QWidget()
        self._column = QVBoxLayout(page)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(2)
        self._words_area = WordsArea(self.sentence)
        self._column.addWidget(self._words_area)
        self._pages = QStackedLayout(self)
        self._pages.addWidget(self.empty)
        self._pages.addWidget(page)
        # An answer that is still to come would find nobody.
        self.destroyed.connect(partial(tasks.cancel, _CHANNEL))
        self.show_fit(None)

    @property
    def plane(self) -> NetworkPlane:
        """The picture, made when there is something to show for the first time."""
        if self._plane is None:
            self._plane = NetworkPlane()
            self._plane.setToolTip(_html(_MEANING))
            self._column.insertWidget(0, self._plane, 1)
            self.plane_made.emit()
        return self._plane

    @property
    def is_filled(self) -> bool:
        """Whether the plane shows the fit that was asked for."""
        return self._pages.currentIndex() == 1

    def show_fit(self, fit: Fit | None) -> None:
        """Show a fit that has ended; None: there is none yet."""
        if fit is not None and fit is self._fit:
            return
        self._fit = fit
        self._tasks.cancel(_CHANNEL)
        self._pages.setCurrentIndex(0)
        if fit is None:
            self.empty.setText("What the network does is shown here when the fit has ended.")
            return
        if fit.protocol.network is None:
            self.empty.setText(shortfall_sentence(fit))
            return
        self.empty.setText("Computing F_dl over the (v, h) plane…")
        self._tasks.submit(
            _CHANNEL,
            lambda: (network_map(fit), shortfall_sentence(fit)),
            self._take,
            lambda error, details: self.empty.setText(f"F_dl cannot be shown: {error}"),
        )

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the new height between plane and words; called by Qt."""
        super().resizeEvent(event)
        self._fit_words()

    def _fit_words(self) -> None:
        self._words_area.fit(self.width(), int(_WORDS_SHARE * self.height()))

    def _take(self, answer: tuple[NetworkMap, str]) -> None:
        assert self._fit is not None
        shown, sentence = answer
        gate_label = ionic_model(self._fit.protocol.physics).gate_label
        self.plane.show_map(shown, self._fit.forecast.time_step_ms, gate_label)
        self.sentence.setText(_html(sentence))
        self._fit_words()
        self._pages.setCurrentIndex(1)


def _html(text: str) -> str:
    return escape(text).replace("F_dl", "F<sub>dl</sub>")
