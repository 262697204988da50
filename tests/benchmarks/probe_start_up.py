"""One start of the program with ``--demo``, timed from outside the process."""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

_STARTED = float(os.environ["APHYN_BENCHMARK_STARTED"])


def main() -> None:
    """Run the program as ``main.py`` does until the first epoch of the hybrid, then close it."""
    from aphyn_gui import app

    found: dict[str, float] = {}
    real_run_window, real_import = app._run_window, app._import_heavy_modules

    def import_heavy_modules() -> None:
        started = time.perf_counter()
        import torch  # noqa: F401

        found["torch_import_s"] = time.perf_counter() - started
        real_import()

    def run_window(*arguments: Any) -> int:
        from aphyn_gui.gui import main_window

        class Watched(main_window.MainWindow):
            """The main window, with an eye on it."""

            def __init__(self, *arguments: Any, **named: Any) -> None:
                super().__init__(*arguments, **named)
                _watch(self, found)

        main_window.MainWindow = Watched
        return real_run_window(*arguments)

    app._run_window, app._import_heavy_modules = run_window, import_heavy_modules
    # Without a screen the demo would run unattended, and write its pictures.
    app._is_demo_offscreen = lambda options: False
    status = app.main(["--demo"])
    print(json.dumps(found))
    sys.exit(status)


def _watch(window: Any, found: dict[str, float]) -> None:
    from PySide6.QtCore import QEvent, QObject, QTimer
    from ticker import Ticker

    ticker = Ticker()

    class PaintWatcher(QObject):
        """Notes the moment at which the first paint, and what was due with it, is done."""

        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() is QEvent.Type.Paint:
                window.removeEventFilter(self)
                QTimer.singleShot(0, self.usable)
            return False

        def usable(self) -> None:
            found["window_s"] = time.time() - _STARTED
            ticker.start()

    def first_epoch(region_id: str) -> None:
        snapshot = window.runner.latest(region_id)
        if snapshot is None or snapshot.progress.stage.name != "HYBRID":
            return
        if "first_epoch_s" in found:
            return
        found["first_epoch_s"] = time.time() - _STARTED
        ticker.stop()
        found["timer_p99_ms"], found["timer_max_ms"] = ticker.p99_ms, ticker.max_ms
        QTimer.singleShot(0, window.close_unsaved)

    # The window owns both, so that they live as long as it does.
    ticker.setParent(window)
    watcher = PaintWatcher(window)
    window.installEventFilter(watcher)
    window.runner.snapshot_ready.connect(first_epoch)


if __name__ == "__main__":
    main()
