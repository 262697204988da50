"""The first screen: drop a recording here, or open the demo."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QIcon, QShowEvent
from PySide6.QtWidgets import (
    QDockWidget,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from aphyn_gui.gui import settings
from aphyn_gui.gui.icons import icon
from aphyn_gui.gui.theme import Theme, current_theme, theme_manager
from aphyn_gui.recording import FORMATS

_MOST_RECENT = 4
_MOVES = frozenset(
    {
        QEvent.Type.Resize,
        QEvent.Type.Move,
        QEvent.Type.Show,
        QEvent.Type.Hide,
        QEvent.Type.LayoutRequest,
    }
)


class StartPage(QFrame):
    """Covers the docks until a recording is open.

    Parameters
    ----------
    parent : QWidget
        The window; its size is followed.
    above, below : QWidget
        Bars of the window between which the page lies.
    beside : sequence of QDockWidget
        Panels at the right end of the window, which stay in sight when they are open.

    Signals
    -------
    open_requested(), demo_requested(), recent_requested(str)
        What the user clicked.
    """

    open_requested = Signal()
    demo_requested = Signal()
    recent_requested = Signal(str)

    def __init__(
        self, parent: QWidget, above: QWidget, below: QWidget, beside: Sequence[QDockWidget]
    ) -> None:
        super().__init__(parent)
        self._above, self._below, self._beside = above, below, beside
        self.setAutoFillBackground(True)
        self._open = QPushButton("Open a recording…")
        self._demo = QPushButton("Open the demo")
        self._demo.setProperty("primary", "true")
        self._open.setObjectName("start_open")
        self._demo.setObjectName("start_demo")
        self._open.setToolTip("Choose a recording or a study on this machine (Ctrl+O)")
        self._demo.setToolTip(
            "Open a simulated recording with a normal and an ischaemic region, to try everything"
        )
        self._drop_zone = QFrame()
        self._recent_box = QWidget()
        self._recent = QVBoxLayout(self._recent_box)
        self._build()
        self._open.clicked.connect(self.open_requested)
        self._demo.clicked.connect(self.demo_requested)
        theme_manager().changed.connect(self._apply_theme)
        self._apply_theme(current_theme())
        for widget in (parent, *beside):
            widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the size of the window and of the panels beside."""
        if event.type() in _MOVES:
            self.cover()
        return False

    def showEvent(self, event: QShowEvent) -> None:
        """Offer what was opened or saved meanwhile."""
        super().showEvent(event)
        self._fill_recent()

    def cover(self) -> None:
        """Take the place between the bars, up to the panels at the right that are open."""
        top = self._above.geometry().bottom() + 1
        height = self._below.geometry().top() - top
        # Docks that lie behind another in its tabs are kept at the left of the window.
        edges = [
            dock.x()
            for dock in self._beside
            if dock.isVisible() and not dock.isFloating() and dock.x() > 0
        ]
        width = min([self._above.width(), *edges])
        self.setGeometry(0, top, width, height)
        self.raise_()

    def _build(self) -> None:
        heading = QLabel("Drop a recording here, or open the demo")
        heading.setProperty("role", "heading")
        suffixes = ", ".join(dict.fromkeys(s for kind in FORMATS for s in kind.suffixes))
        kinds = QLabel(f"Optical mapping movies: {suffixes}")
        about = QLabel(
            "Draw regions on the movie, fit physics and network to their action potentials, "
            "compare what differs."
        )
        for label in (heading, kinds, about):
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        for label in (kinds, about):
            label.setProperty("role", "muted")
        for label in (heading, kinds, about):
            label.setWordWrap(True)
        buttons = QHBoxLayout()
        buttons.setSpacing(12)
        buttons.addStretch(1)
        for button in (self._demo, self._open):
            button.setMinimumSize(170, 36)
            buttons.addWidget(button)
        buttons.addStretch(1)
        self._recent.setContentsMargins(0, 0, 0, 0)
        self._recent.setSpacing(2)
        inside = QVBoxLayout(self._drop_zone)
        inside.setContentsMargins(40, 44, 40, 40)
        inside.setSpacing(0)
        inside.addWidget(heading)
        inside.addSpacing(10)
        inside.addWidget(about)
        inside.addSpacing(26)
        inside.addLayout(buttons)
        inside.addSpacing(22)
        inside.addWidget(kinds)
        inside.addWidget(self._recent_box)
        self._drop_zone.setObjectName("drop_zone")
        self._drop_zone.setMaximumWidth(720)
        self._drop_zone.setMinimumWidth(520)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self._drop_zone, 3)
        row.addStretch(1)
        layout = QVBoxLayout(self)
        layout.addStretch(2)
        layout.addLayout(row)
        layout.addStretch(3)

    def _fill_recent(self) -> None:
        while (item := self._recent.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        paths = settings.recent_files()[:_MOST_RECENT]
        self._recent_box.setVisible(bool(paths))
        if not paths:
            return
        self._recent.addSpacing(22)
        title = QLabel("Recent")
        title.setProperty("role", "muted")
        title.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._recent.addWidget(title)
        for path in paths:
            self._recent.addWidget(self._link(path), 0, Qt.AlignmentFlag.AlignHCenter)

    def _link(self, path: Path) -> QPushButton:
        link = QPushButton(f"{path.parent.name}/{path.name}")
        link.setFlat(True)
        link.setProperty("role", "link")
        link.setToolTip(str(path))
        link.setCursor(Qt.CursorShape.PointingHandCursor)
        link.clicked.connect(lambda: self.recent_requested.emit(str(path)))
        return link

    def _apply_theme(self, theme: Theme) -> None:
        self._open.setIcon(icon("open"))
        # The icon of a primary button stands on the accent colour.
        self._demo.setIcon(QIcon(icon("demo").pixmap(18, 18, QIcon.Mode.Normal, QIcon.State.On)))
        self.setStyleSheet(
            f"StartPage {{ background: {theme.window}; }}"
            f"#drop_zone {{ border: 2px dashed {theme.border}; border-radius: 12px; "
            f"background: {theme.panel}; }}"
        )
