"""The regions of a study as rows of a table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor

from aphyn_gui.fitting import Stage
from aphyn_gui.gui.region_analysis import RegionAnalyst
from aphyn_gui.gui.study_controller import StudyController
from aphyn_gui.gui.theme import current_theme
from aphyn_gui.recording import RecordingError
from aphyn_gui.study import Region, StudyError
from aphyn_gui.wording import enumerated

Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class _Column:
    title: str
    meaning: str
    read: Callable[[Region], Any] | None = None
    write: Callable[[Region, str], Region] | None = None


def _geometry(title: str, name: str, meaning: str) -> _Column:
    def write(region: Region, text: str) -> Region:
        return replace(region, roi=replace(region.roi, **{name: int(text)}))

    return _Column(title, meaning, lambda region: getattr(region.roi, name), write)


COLUMNS = (
    _Column("", "Colour on movie, table and comparison: click to change"),
    _Column(
        "name",
        "Name, unique in the study",
        lambda region: region.name,
        lambda region, text: replace(region, name=text.strip()),
    ),
    _geometry("x", "x", "First column, pixels, from 0"),
    _geometry("y", "y", "First row, pixels, from 0"),
    _geometry("w", "width", "Width: columns, pixels"),
    _geometry("h", "height", "Height: rows, pixels"),
    _Column("px", "Pixels inside", lambda region: region.roi.pixel_count),
    _Column("SNR", "Signal-to-noise ratio: median over the pixels used"),
    _Column("status", "What has been done with the region"),
)
"""All columns, in order."""

COLOR, NAME, X, Y, WIDTH, HEIGHT, PIXELS, SNR, STATUS = range(len(COLUMNS))


class RegionTableModel(QAbstractTableModel):
    """Shows the study's regions as they were last announced, and writes through the controller.

    Signals
    -------
    rejected(str)
        Why an edit was not taken; empty after one that was.
    """

    rejected = Signal(str)

    def __init__(
        self, controller: StudyController, analyst: RegionAnalyst, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._controller = controller
        self._analyst = analyst
        # Rows of their own: a view may ask between a change of the study and its signal.
        self._regions: list[Region] = []
        self._status: dict[str, str] = {}
        controller.region_added.connect(self._insert)
        controller.region_removed.connect(self._remove)
        controller.region_changed.connect(self._change)
        controller.region_moved.connect(self._move)
        for signal in (controller.fit_changed, analyst.analysed):
            signal.connect(self._refresh)
        for signal in (controller.preparation_changed, controller.protocol_changed):
            signal.connect(self._refresh_all)
        controller.recording_changed.connect(self._refresh_all)

    def region_id(self, row: int) -> str:
        """Id of the region in a row."""
        return self._regions[row].id

    def row_of(self, region_id: str) -> int:
        """Row of a region, -1 if it has none."""
        rows = (row for row, region in enumerate(self._regions) if region.id == region_id)
        return next(rows, -1)

    def set_status(self, region_id: str, text: str) -> None:
        """Say what is being done with a region; empty: what the study says."""
        if text == self._status.get(region_id, ""):
            return
        self._status[region_id] = text
        row = self.row_of(region_id)
        if row >= 0:
            # Only this cell: the widths of the other columns follow from what they hold.
            cell = self.index(row, STATUS)
            self.dataChanged.emit(cell, cell)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        """Number of regions."""
        return 0 if parent.isValid() else len(self._regions)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        """Number of columns."""
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Titles and meanings of the columns."""
        if orientation is Qt.Orientation.Vertical:
            return None
        column = COLUMNS[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.title
        if role == Qt.ItemDataRole.ToolTipRole:
            return column.meaning
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(section)
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """What can be edited."""
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        if index.isValid() and COLUMNS[index.column()].write is not None:
            flags |= Qt.ItemFlag.ItemIsEditable
        return flags

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """What a cell shows."""
        if not index.isValid():
            return None
        region = self._regions[index.row()]
        column = index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(region, column)
        if role == Qt.ItemDataRole.EditRole:
            # As text: the answer to a wrong number is a sentence, not a silent correction.
            return self._text(region, column)
        if role == Qt.ItemDataRole.UserRole and column == COLOR:
            return QColor(region.color)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(column)
        if role == Qt.ItemDataRole.ForegroundRole and column == STATUS and self._problem(region):
            return QColor(current_theme().error)
        if role == Qt.ItemDataRole.ToolTipRole:
            if column == STATUS:
                return self._explanation(region)
            return region.name if column == NAME else COLUMNS[column].meaning
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Edit a cell; a value that cannot be taken is answered by ``rejected``."""
        if role != Qt.ItemDataRole.EditRole or not index.isValid():
            return False
        column = COLUMNS[index.column()]
        if column.write is None:
            return False
        region = self._regions[index.row()]
        try:
            self._controller.change_region(column.write(region, str(value)))
        except (RecordingError, StudyError) as error:
            self.rejected.emit(str(error))
            return False
        except ValueError:
            self.rejected.emit(f"{column.title} must be a whole number of pixels, not “{value}”.")
            return False
        self.rejected.emit("")
        return True

    def _text(self, region: Region, column: int) -> str:
        read = COLUMNS[column].read
        if read is not None:
            return str(read(region))
        if column == SNR:
            analysis = self._analyst.analysis(region.id)
            if analysis is None or analysis.prepared is None:
                return "–"
            return f"{float(np.median(analysis.prepared.sequences.snr)):.1f}"
        return self._status_text(region) if column == STATUS else ""

    def _status_text(self, region: Region) -> str:
        if self._status.get(region.id):
            return self._status[region.id]
        if self._controller.recording is None:
            return "recording missing"
        if self._controller.analysis_blocker:
            interval = self._controller.recording.frame_interval_ms
            return f"frame interval {'unknown' if interval is None else 'doubtful'}"
        if not self._analyst.is_current(region.id):
            return "analysing…"
        if self._problem(region):
            return "cannot be fitted"
        if region.id in self._controller.study.fits:
            changes = self._controller.document.changes_since_fit(region.id)
            outcome = str(self._controller.study.fits[region.id].fit.outcome)
            done = "fitted" if outcome == "finished" else outcome
            return f"{done}; {enumerated(changes)} changed since" if changes else done
        analysis = self._analyst.analysis(region.id)
        left_out = (
            0
            if analysis is None or analysis.prepared is None
            else len(analysis.prepared.sequences.left_out)
        )
        pixels = "pixel" if left_out == 1 else "pixels"
        return f"ready, {left_out} {pixels} left out" if left_out else "ready"

    def _problem(self, region: Region) -> str:
        analysis = self._analyst.analysis(region.id)
        return "" if analysis is None else analysis.problem

    def _explanation(self, region: Region) -> str:
        """The status, which a narrow column cuts, and what there is to say about it."""
        status = self._status_text(region)
        stage = next((stage for stage in Stage if status.startswith(stage)), None)
        more = self._problem(region) or self._left_out_reasons(region)
        return "\n".join(filter(None, (status, stage and stage.meaning, more)))

    def _left_out_reasons(self, region: Region) -> str:
        analysis = self._analyst.analysis(region.id)
        if analysis is None or analysis.prepared is None:
            return ""
        counts: dict[str, int] = {}
        for pixel in analysis.prepared.sequences.left_out:
            counts[pixel.reason] = counts.get(pixel.reason, 0) + 1
        return "\n".join(f"{count} left out: {reason}" for reason, count in counts.items())

    def _insert(self, region_id: str) -> None:
        region = self._controller.study.region(region_id)
        row = min(self._controller.study.regions.index(region), len(self._regions))
        self.beginInsertRows(QModelIndex(), row, row)
        self._regions.insert(row, region)
        self.endInsertRows()

    def _remove(self, region_id: str) -> None:
        row = self.row_of(region_id)
        self.beginRemoveRows(QModelIndex(), row, row)
        del self._regions[row]
        self.endRemoveRows()

    def _change(self, region_id: str) -> None:
        row = self.row_of(region_id)
        self._regions[row] = self._controller.study.region(region_id)
        self.dataChanged.emit(self.index(row, 0), self.index(row, len(COLUMNS) - 1))

    def _move(self, region_id: str, place: int) -> None:
        row = self.row_of(region_id)
        # Qt counts places before the row has gone from where it was.
        self.beginMoveRows(QModelIndex(), row, row, QModelIndex(), place + (place > row))
        self._regions.insert(place, self._regions.pop(row))
        self.endMoveRows()

    def _refresh(self, region_id: str) -> None:
        row = self.row_of(region_id)
        if row >= 0:
            # What is typed into a cell would be lost if that cell were announced as changed.
            self.dataChanged.emit(self.index(row, SNR), self.index(row, STATUS))

    def _refresh_all(self) -> None:
        if self._regions:
            last = self.index(len(self._regions) - 1, STATUS)
            self.dataChanged.emit(self.index(0, SNR), last)


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if X <= column <= SNR else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter
