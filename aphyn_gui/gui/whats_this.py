"""What's This (Shift+F1): a sentence or two about each part of the window."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtWidgets import QWidget

PANELS: Mapping[str, str] = {
    "movie": "<b>Recording</b>: the movie with the regions of interest. Drag on it with <i>Draw "
    "ROI</i> to make one; drag a region or its corners to change it. The bar at the lower left is "
    "in millimetres where the pixel pitch is known. What a mask leaves out is dimmed.",
    "trace": "<b>Trace</b>: the mean signal of the selected region, with drift removed and "
    "depolarisation up. Triangles are onsets; the shaded window is what will be fitted. Drag it to "
    "another beat, or its right edge to change the horizon. <i>Raw</i> shows the counts as "
    "recorded. Below: what was recorded beside the movie, such as the stimulus.",
    "pixel": "<b>Pixel</b>: the pixel that was clicked on the movie or on a map: its trace and its "
    "measures. With <i>Hover fit</i>, or while a map of parameters is shown, the physics fitted to "
    "the pixel under the mouse, or to the mean of a region while it is dragged.",
    "rois": "<b>Regions</b>: position and size in pixels, signal-to-noise ratio, and what has been "
    "done. Double-click or press F2 to edit a cell, click a colour to change it.",
    "fit": "<b>Fit</b> of the selected region: prediction against measurement, what physics "
    "F<sub>p</sub> and network F<sub>dl</sub> contribute to dv/dt (in 1/ms, or integrated), the "
    "loss, and the parameters by epoch with their bounds. Drag to zoom, A at the lower left of a "
    "plot shows all again.",
    "comparison": "<b>Comparison</b> of all fitted regions: parameters with 95 % intervals, errors "
    "beside those of the physics alone and of the mean trace, APDs measured and predicted. Rest "
    "the mouse on a row for its meaning and on a value for its interval.",
    "preparation": "<b>Preparation</b>: every step from camera counts to normalised sequences, in "
    "the order in which it is applied: cut, frame repair, filters in space, baseline, filter in "
    "time, beats, sequences, and which pixels train or validate. A dot marks sections that differ "
    "from the defaults.",
    "protocol": "<b>Protocol</b>: the ionic model and its bounds, the stimulus, the network, and "
    "how they are trained. Two presets are the paper's; each field says its unit, range and "
    "meaning.",
    "log": "<b>Log</b>: every message of this session.",
    "guide": "<b>Guide</b>: the main job in five minutes, keys, numbers, troubles.",
}
"""By the name of the dock."""

RUN_BAR = (
    "The running fit: stage, epoch, time left, speed, and where it runs. <i>Cancel</i> keeps the "
    "last finite model; while kernels are compiled it has to wait for the compiler."
)


def explain(name: str, panel: QWidget) -> None:
    """Give the panel of a dock its words; controls without words of their own show those."""
    _explain(PANELS[name], panel)


def explain_run_bar(run_bar: QWidget) -> None:
    """Give the bar below the window its words."""
    _explain(RUN_BAR, run_bar)


def _explain(words: str, panel: QWidget) -> None:
    panel.setWhatsThis(words)
    for control in panel.findChildren(QWidget):
        # What a control says by itself is what is asked for here too.
        if control.toolTip() and not control.whatsThis():
            control.setWhatsThis(control.toolTip())
