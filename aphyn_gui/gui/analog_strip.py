"""What was recorded beside the movie, such as the stimulus, in the time of the trace above it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QComboBox, QLabel, QVBoxLayout, QWidget

from aphyn_gui.gui import plot_style
from aphyn_gui.gui.background import BackgroundTasks
from aphyn_gui.gui.study_controller import StudyController
from aphyn_gui.gui.theme import Theme, current_theme, theme_manager
from aphyn_gui.gui.trace_plot import TracePlot
from aphyn_gui.recording import AnalogChannel

_HEIGHT, _LOW_HEIGHT = 66, 34
_ROOM_FOR_HEIGHT = 240
"""Pixels that trace and strip must have together; with less the trace would become a line."""

_RIGHT_OF_NAME = 20

Samples = npt.NDArray[np.float32]


class AnalogStrip(QWidget):
    """One analog channel at a time, under the trace.

    Parameters
    ----------
    controller : StudyController
        Whose recording may have channels.
    tasks : BackgroundTasks
        Where they are read: some cameras keep them in every frame of the movie.
    trace : TracePlot
        Whose time axis is shared.

    Signals
    -------
    shown(str)
        The channel of that name is on the screen.
    """

    shown = Signal(str)

    def __init__(
        self,
        controller: StudyController,
        tasks: BackgroundTasks,
        trace: TracePlot,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._controller = controller
        self._tasks = tasks
        self._is_wanted = True
        self._asked: AnalogChannel | None = None
        self._trace = trace
        self._plot: _ChannelPlot | None = None
        self._name = QLabel(self)
        self._name.setProperty("role", "overlay")
        self._name.setTextFormat(Qt.TextFormat.PlainText)
        self._name.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._channel = QComboBox()
        self._channel.setObjectName("analog_channel")
        self._channel.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self._channel.setMinimumContentsLength(7)
        self._channel.setToolTip(
            "Which channel is shown, in the units of the file, which does not say what they are"
        )
        self._channel.activated.connect(self._read)
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self.fit_into(0)
        self._channel.hide()
        controller.recording_changed.connect(self._refresh)
        self._refresh()

    @property
    def samples(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Times in ms and values as drawn; empty before they are read."""
        return (np.empty(0), np.empty(0)) if self._plot is None else self._plot.samples

    @property
    def channel_box(self) -> QComboBox:
        """Chooses one of several channels; whoever has room for it puts it somewhere."""
        return self._channel

    def fit_into(self, height: int) -> None:
        """Be as high as a panel of that height has room for."""
        self.setFixedHeight(_HEIGHT if height >= _ROOM_FOR_HEIGHT else _LOW_HEIGHT)

    def set_wanted(self, is_wanted: bool) -> None:
        """Show the strip where there is something to show, or never."""
        self._is_wanted = is_wanted
        self._refresh()

    def _channels(self) -> tuple[AnalogChannel, ...]:
        recording = self._controller.recording
        if recording is None or recording.frame_interval_ms is None:
            return ()
        return recording.analog

    def _refresh(self) -> None:
        channels = self._channels()
        self.setVisible(self._is_wanted and bool(channels))
        self._channel.setVisible(self._is_wanted and len(channels) > 1)
        names = [channel.name for channel in channels]
        if names != [self._channel.itemText(i) for i in range(self._channel.count())]:
            self._channel.clear()
            self._channel.addItems(names)
        if channels and self._is_wanted:
            self._read()
        else:
            self._forget()

    def _forget(self) -> None:
        self._asked = None
        self._tasks.cancel("analog")
        if self._plot is not None:
            self._plot.clear_samples()

    def _read(self) -> None:
        recording = self._controller.recording
        channels = self._channels()
        if recording is None or recording.frame_interval_ms is None or not channels:
            return
        channel = channels[max(self._channel.currentIndex(), 0)]
        if channel is not self._asked and self._plot is not None:
            self._plot.clear_samples()
        self._asked = channel
        interval_ms = recording.frame_interval_ms / channel.samples_per_frame
        self._tasks.submit(
            "analog",
            lambda: channel.values,
            lambda values: self._show(channel.name, values, interval_ms),
            self._complain,
        )

    def _show(self, name: str, values: Samples, interval_ms: float) -> None:
        if not np.isfinite(values).any():
            self._controller.report("warning", f"The channel {name} holds no numbers.")
            return
        if self._plot is None:
            self._plot = _ChannelPlot(self._trace)
            self._layout.addWidget(self._plot)
        self._plot.show_samples(values, interval_ms)
        self._show_name(name)
        self.shown.emit(name)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the name at the right; called by Qt."""
        super().resizeEvent(event)
        self._show_name(self._name.text())

    def _show_name(self, name: str) -> None:
        self._name.setText(name)
        self._name.adjustSize()
        self._name.move(max(0, self.width() - self._name.width() - _RIGHT_OF_NAME), 0)
        self._name.raise_()

    def _complain(self, error: Exception, details: str) -> None:
        name = "" if self._asked is None else self._asked.name
        self._controller.report("error", f"The channel {name} cannot be shown: {error}", details)


class _ChannelPlot(pg.PlotWidget):  # type: ignore[misc]
    """The samples of a channel."""

    def __init__(self, trace: TracePlot) -> None:
        super().__init__(plotItem=plot_style.new_plot(names_ends=False))
        self._plot = plot = self.getPlotItem()
        plot.setMenuEnabled(False)
        plot.hideButtons()
        plot.setContentsMargins(2, 2, 18, 2)
        plot.getAxis("bottom").setStyle(showValues=False)
        plot.getViewBox().setMouseEnabled(x=True, y=False)
        plot.setXLink(trace.getPlotItem())
        self._curve = plot_style.add_curve(plot, width=1, connect="finite")
        theme_manager().changed.connect(self._apply_theme)
        self._apply_theme(current_theme())

    @property
    def samples(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Times in ms and values as drawn."""
        x, y = self._curve.getData()
        return (np.empty(0), np.empty(0)) if x is None else (x, y)

    def clear_samples(self) -> None:
        """Show nothing."""
        self._curve.clear()

    def show_samples(self, values: Samples, interval_ms: float) -> None:
        """Show a channel; samples that are no numbers are left out."""
        numbers = np.where(np.isfinite(values), values, np.nan).astype(np.float64)
        self._curve.setData(np.arange(len(numbers)) * interval_ms, numbers)
        low, high = float(np.nanmin(numbers)), float(np.nanmax(numbers))
        self._plot.setYRange(low, high if high > low else low + 1, padding=0.12)

    def _apply_theme(self, theme: Theme) -> None:
        self.setBackground(theme.plot_background)
        plot_style.apply_theme(self._plot, theme)
        self._curve.color(theme.accent)
