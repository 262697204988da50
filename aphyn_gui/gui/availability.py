"""What cannot be used now says why, where one would look for it: in its tooltip."""

from __future__ import annotations

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

_TIP = "tip"


def allow(obstacle: str, *things: QAction | QWidget) -> None:
    """Let actions or buttons be used, unless something is in the way.

    Parameters
    ----------
    obstacle : str
        What is in the way, as what to do about it; it is added to the tooltips. "": nothing.
    *things : QAction or QWidget
        What is enabled or greyed.
    """
    for thing in things:
        tip = thing.property(_TIP)
        if tip is None:
            tip = thing.toolTip()
            thing.setProperty(_TIP, tip)
        thing.setEnabled(not obstacle)
        words = f"{tip}\nNot now: {obstacle[0].upper()}{obstacle[1:]}" if obstacle else tip
        if words != thing.toolTip():
            thing.setToolTip(words)
