"""Trains the demo's first region with the window open and drawing, and headless, in turn.

Takes the name of a preset.
"""

from __future__ import annotations

import gc
import json
import os
import statistics
import sys
import time
from collections.abc import Generator
from typing import Any

os.environ.setdefault("PYQTGRAPH_QT_LIB", "PySide6")

from PySide6.QtCore import QEventLoop, QSettings
from ticker import Ticker

from aphyn_gui.app import make_application
from aphyn_gui.fitting import RECOMMENDED, Progress, Stage, preset
from aphyn_gui.gui.collector import CollectorGuard
from aphyn_gui.gui.fit_runner import RunnerState
from aphyn_gui.gui.main_window import MainWindow
from aphyn_gui.gui.pictures import open_demo, settle
from aphyn_gui.gui.teardown import dispose
from aphyn_gui.study import RegionFit, fit_region

ADAM_EPOCHS = 400
ROUNDS = 7


class Stopwatch:
    """``fit_region``, with the time of every epoch of the hybrid on the clock of the wall."""

    def __init__(self) -> None:
        self._times: list[float] = []

    def __call__(self, *inputs: Any) -> Generator[Progress, None, RegionFit]:
        """Fit; the time that the caller takes between two epochs counts."""
        self._times = []
        run = fit_region(*inputs)
        while True:
            try:
                progress = next(run)
            except StopIteration as stop:
                return stop.value
            if progress.stage is Stage.HYBRID:
                self._times.append(time.perf_counter())
            yield progress

    @property
    def epochs_per_s(self) -> float:
        """Of the last fit."""
        return (len(self._times) - 1) / (self._times[-1] - self._times[0])


def main() -> None:
    """Print what was found as JSON."""
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    guard = CollectorGuard(make_application())
    guard.hold()
    window = MainWindow()
    window.resize(1280, 800)
    window.show()
    open_demo(window)
    controller, runner = window.controller, window.runner
    protocol = preset(sys.argv[1])
    if protocol.name != RECOMMENDED.name:
        protocol = protocol.with_changes(epochs=ADAM_EPOCHS)
    controller.set_protocol(protocol)
    region = controller.study.regions[0]
    # As who presses Fit selected.
    controller.select_region(region.id)
    recording, study = controller.recording, controller.study
    watch = Stopwatch()
    runner._worker._fit_function = watch
    ticker = Ticker()

    def headless() -> float:
        for _ in watch(recording, region, study.preparation, study.protocol):
            pass
        return watch.epochs_per_s

    def drawn() -> float:
        loop = QEventLoop()
        # Nothing asks in between: a timer that did would take a part of the core.
        runner.state_changed.connect(lambda state: state == RunnerState.IDLE and loop.quit())
        runner.enqueue(region.id)
        loop.exec()
        return watch.epochs_per_s

    headless()
    # As the program does when everything is imported.
    gc.freeze()
    ticker.start()
    settle(1000)
    idle_p99 = ticker.p99_ms
    alone, beside, ratios, p99, longest = [], [], [], [], []
    for _ in range(ROUNDS):
        alone.append(headless())
        beside.append(drawn())
        # Of runs right after each other: the machine's pace drifts within minutes.
        ratios.append(beside[-1] / alone[-1])
        # The ticker's own wakes would count as the window's.
        ticker.start()
        drawn()
        ticker.stop()
        p99.append(ticker.p99_ms)
        longest.append(ticker.max_ms)
    fit = controller.study.fits[region.id].fit
    sequences = fit.sequences
    dispose(window)
    guard.release()
    print(
        json.dumps(
            {
                "headless_epochs_per_s": statistics.median(alone),
                "window_epochs_per_s": statistics.median(beside),
                "ratio": statistics.median(ratios),
                "ratios": [min(ratios), max(ratios)],
                "timer_p99_ms": statistics.median(p99),
                "timer_max_ms": max(longest),
                "idle_p99_ms": idle_p99,
                "epochs": fit.history.epochs,
                "rounds": ROUNDS,
                "sequences": len(sequences.training) + len(sequences.validation),
                "steps": len(fit.forecast.physics_rate),
            }
        )
    )


if __name__ == "__main__":
    main()
