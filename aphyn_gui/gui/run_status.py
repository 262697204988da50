"""What the runner does with each region, as words for the table."""

from __future__ import annotations

from PySide6.QtCore import QObject

from aphyn_gui.gui.fit_runner import FitRunner
from aphyn_gui.gui.roi_table import RoiTable
from aphyn_gui.gui.throttle import Throttle

_INTERVAL_MS = 400


class RunStatus(QObject):
    """Writes "waiting" and "hybrid, 64%" into the table while fits wait and run."""

    def __init__(self, runner: FitRunner, table: RoiTable, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._runner = runner
        self._table = table
        self._waiting: set[str] = set()
        runner.queue_changed.connect(self._show_queue)
        runner.started.connect(self._show_progress)
        self._progress = Throttle(_INTERVAL_MS, self)
        self._progress.due.connect(self._show_current)
        runner.snapshot_ready.connect(self._progress.ask)
        runner.stage_changed.connect(self._show_progress)
        runner.finished.connect(self._clear)

    def _show_queue(self) -> None:
        waiting = set(self._runner.queued)
        for region_id in self._waiting - waiting:
            self._table.set_status(region_id, "")
        for region_id in waiting:
            self._table.set_status(region_id, "waiting")
        self._waiting = waiting

    def _show_current(self) -> None:
        region_id = self._runner.current_region_id
        if region_id is not None:
            self._show_progress(region_id)

    def _show_progress(self, region_id: str) -> None:
        snapshot = self._runner.latest(region_id)
        if snapshot is None:
            self._table.set_status(region_id, "preparing…")
            return
        progress = snapshot.progress
        share = f", {progress.epoch / progress.epochs:.0%}" if progress.epochs else ""
        self._table.set_status(region_id, f"{progress.stage}{share}")

    def _clear(self, region_id: str, _outcome: str) -> None:
        self._table.set_status(region_id, "")
