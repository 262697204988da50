"""What several subcommands read from their command lines."""

from __future__ import annotations

import re

from aphyn_gui.recording import RectangularRoi

SUBCOMMANDS = ("info", "fit", "export", "simulate", "reproduce", "benchmark")
"""First words that mean a headless job."""

ROI_FORM = "NAME=x,y,width,height"

_ROI = re.compile(r"^(?P<name>[^=]+)=(?P<x>-?\d+),(?P<y>-?\d+),(?P<w>-?\d+),(?P<h>-?\d+)$")


class InputError(ValueError):
    """Something on the command line cannot be used; the message is meant for the user."""


def parse_roi(text: str) -> tuple[str, RectangularRoi]:
    """Name and pixels of a region.

    Raises
    ------
    InputError
        If the text has another form.
    """
    match = _ROI.match(text.strip())
    if match is None:
        raise InputError(f"--roi takes {ROI_FORM} in whole pixels, not {text!r}")
    x, y, width, height = (int(match[key]) for key in ("x", "y", "w", "h"))
    return match["name"].strip(), RectangularRoi(x, y, width, height)
