"""A part of a panel that folds up under its heading."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QToolButton, QVBoxLayout, QWidget


class Collapsible(QWidget):
    """A heading that shows and hides what stands below it.

    Parameters
    ----------
    title, meaning : str
        The heading, and a sentence about it.
    body : QWidget
        What folds.
    is_open : bool
        Whether it is unfolded at first.
    can_reset : bool
        Whether there is a button for going back to the defaults.

    Signals
    -------
    reset_requested()
        The user wants the defaults back.
    """

    reset_requested = Signal()

    def __init__(
        self, title: str, meaning: str, body: QWidget, is_open: bool, can_reset: bool = True
    ) -> None:
        super().__init__()
        self._title = title
        self._body = body
        self._heading = QToolButton()
        self._heading.setCheckable(True)
        self._heading.setProperty("role", "fold")
        self._heading.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._heading.setText(title)
        self._heading.setToolTip(f"<p>{meaning} Click to fold or unfold.</p>")
        self._heading.toggled.connect(self.unfold)
        self._reset = QPushButton("Reset")
        self._reset.setProperty("role", "link")
        self._reset.setToolTip(f"Back to the defaults of: {title}")
        self._reset.setAccessibleName(f"Reset {title}")
        self._reset.clicked.connect(self.reset_requested)
        self._reset.hide()
        self._can_reset = can_reset
        line = QHBoxLayout()
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(self._heading)
        line.addStretch(1)
        line.addWidget(self._reset)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(line)
        layout.addWidget(body)
        self._heading.setChecked(is_open)
        self.unfold(is_open)

    @property
    def heading(self) -> QToolButton:
        """The button that folds."""
        return self._heading

    @property
    def reset_button(self) -> QPushButton:
        """Seen where something differs from the defaults."""
        return self._reset

    def unfold(self, is_open: bool) -> None:
        """Show the body, or hide it."""
        self._heading.setChecked(is_open)
        arrow = Qt.ArrowType.DownArrow if is_open else Qt.ArrowType.RightArrow
        self._heading.setArrowType(arrow)
        self._body.setVisible(is_open)

    def show_changed(self, is_changed: bool) -> None:
        """Say in the heading whether something differs from the defaults."""
        self._heading.setText(f"{self._title} •" if is_changed else self._title)
        self._reset.setVisible(is_changed and self._can_reset)
