"""The one holder of the current study and the open recording."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoStack

from aphyn_gui.fitting import Protocol
from aphyn_gui.gui.commands import (
    AddRegion,
    ChangeRegion,
    OpenRecording,
    RemoveRegion,
    SetPreparation,
    SetProtocol,
)
from aphyn_gui.recording import Preparation, Recording, RecordingError, RectangularRoi
from aphyn_gui.study import RecordingReference, Region, RegionFit, Study, StudyError

_UNDO_LIMIT = 500


class StudyController(QObject):
    """Holds the study, replaces it through undoable commands, and says what changed.

    Views read ``study`` and ``recording``, and listen. Nothing but this object's commands changes
    the study's content; stored fits and the selection are not undone.

    Signals
    -------
    recording_changed()
        Another recording, none, or another frame interval or pixel pitch.
    region_added(str), region_changed(str), region_removed(str)
        One region, by id.
    selection_changed(str)
        The selected region's id, "" for none.
    preparation_changed(), protocol_changed()
        Settings.
    fit_changed(str)
        A region's fit was stored or has gone.
    message(str, str, str)
        Level ("info", "warning" or "error"), text, details; for the user.
    """

    recording_changed = Signal()
    region_added = Signal(str)
    region_changed = Signal(str)
    region_removed = Signal(str)
    selection_changed = Signal(str)
    preparation_changed = Signal()
    protocol_changed = Signal()
    fit_changed = Signal(str)
    message = Signal(str, str, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._study = Study()
        self._recording: Recording | None = None
        self._selected = ""
        self._next_region_number = 1
        self._undo_stack = QUndoStack(self)
        self._undo_stack.setUndoLimit(_UNDO_LIMIT)
        self._edits = _Edits(self)

    @property
    def study(self) -> Study:
        """The current study."""
        return self._study

    @property
    def recording(self) -> Recording | None:
        """The open recording."""
        return self._recording

    @property
    def undo_stack(self) -> QUndoStack:
        """What can be undone and redone."""
        return self._undo_stack

    @property
    def selected_region_id(self) -> str:
        """Id of the selected region, "" for none."""
        return self._selected

    @property
    def selected_region(self) -> Region | None:
        """The selected region."""
        return self.study.region(self._selected) if self._selected else None

    @property
    def analysis_blocker(self) -> str:
        """Why nothing can be analysed now, for the user; empty when it can."""
        if self._recording is None:
            return "Open a recording first."
        if self._recording.frame_interval_ms is None:
            return (
                "The file does not say how far apart its frames are: enter the frame interval "
                "above the movie."
            )
        return ""

    def set_recording(self, recording: Recording, reference: RecordingReference) -> None:
        """Show a recording.

        The same file again (with another frame interval, say) keeps regions and fits. Another
        file starts a new study with the same settings; undoing brings the previous one back.
        """
        current = self._study.recording
        if current is not None and current.path == reference.path:
            self._study = replace(self._study, recording=reference)
            self._recording = recording
            self.recording_changed.emit()
            return
        preparation = replace(self._study.preparation, polarity=None, beat=0, horizon_ms=None)
        study = Study(recording=reference, preparation=preparation, protocol=self._study.protocol)
        if current is None:
            self._undo_stack.clear()
            self._edits.exchange_document(study, recording)
        else:
            self._undo_stack.push(OpenRecording(self._edits, study, recording, reference.path.name))

    def add_region(self, roi: RectangularRoi, name: str | None = None) -> Region:
        """Add a region with the next free colour, and a name if none is given; it gets selected.

        Raises
        ------
        RecordingError
            If it does not lie inside the image.
        StudyError
            If the name is taken.
        """
        region = self._new_region(roi, name)
        self._check(region)
        self._push_addition(region, f"add {region.name}")
        return region

    def duplicate_region(self, region_id: str) -> Region:
        """Add a copy of a region, a little aside, with a colour and a name of its own."""
        original = self._study.region(region_id)
        roi = original.roi.moved(2, 2)
        if self._recording is not None:
            roi = roi.clipped_to(self._recording.row_count, self._recording.column_count)
        names = {region.name for region in self._study.regions}
        candidates = (f"{original.name} copy{f' {n}' if n > 1 else ''}" for n in range(1, 1000))
        copy = self._new_region(roi, next(name for name in candidates if name not in names))
        self._push_addition(copy, f"duplicate {original.name}")
        return copy

    def change_region(self, region: Region, merge_key: str | None = None) -> None:
        """Replace the region of the same id.

        Parameters
        ----------
        region : Region
            New value.
        merge_key : str or None
            Successive changes with the same key are undone in one step.

        Raises
        ------
        RecordingError
            If it does not lie inside the image.
        StudyError
            If the name is empty or taken.
        """
        before = self._study.region(region.id)
        if before == region:
            return
        self._check(region)
        if before.roi != region.roi:
            size = (before.roi.width, before.roi.height) != (region.roi.width, region.roi.height)
            text = f"{'resize' if size else 'move'} {region.name}"
        elif before.name != region.name:
            text = f"rename {before.name}"
        else:
            text = f"recolour {region.name}"
        self._undo_stack.push(ChangeRegion(self._edits, before, region, merge_key, text))

    def remove_region(self, region_id: str) -> None:
        """Remove a region and its fit; undoing brings both back."""
        self._undo_stack.push(RemoveRegion(self._edits, self._study.region(region_id)))

    def set_preparation(self, preparation: Preparation) -> None:
        """Replace the settings from counts to sequences."""
        if preparation != self._study.preparation:
            self._undo_stack.push(SetPreparation(self._edits, self._study.preparation, preparation))

    def set_protocol(self, protocol: Protocol) -> None:
        """Replace the settings of the next fit."""
        if protocol != self._study.protocol:
            self._undo_stack.push(SetProtocol(self._edits, self._study.protocol, protocol))

    def select_region(self, region_id: str) -> None:
        """Select a region, "" for none."""
        if region_id:
            self._study.region(region_id)
        if region_id != self._selected:
            self._selected = region_id
            self.selection_changed.emit(region_id)

    def store_fit(self, region_id: str, fit: RegionFit) -> None:
        """Keep a region's latest fit. Not undone; dropped if the region has gone meanwhile."""
        if all(region.id != region_id for region in self._study.regions):
            self.report("info", f"{fit.region.name} was removed; its fit is not kept.")
            return
        self._study = self._study.with_fit(region_id, fit)
        self.fit_changed.emit(region_id)

    def report(self, level: str, text: str, details: str = "") -> None:
        """Tell the user something; ``level`` is "info", "warning" or "error"."""
        self.message.emit(level, text, details)

    def _new_region(self, roi: RectangularRoi, name: str | None) -> Region:
        # Numbers are never given twice, so that the answer of a slow worker about a region that
        # has gone cannot land on another one.
        region_id = f"roi-{self._next_region_number}"
        self._next_region_number += 1
        return replace(self._study.new_region(roi, name), id=region_id)

    def _check(self, region: Region) -> None:
        if not region.name.strip():
            raise StudyError("A region needs a name.")
        if any(r.name == region.name and r.id != region.id for r in self._study.regions):
            raise StudyError(f"Another region is called {region.name}: choose another name.")
        recording = self._recording
        if recording is not None and not region.roi.lies_inside(
            recording.row_count, recording.column_count
        ):
            raise RecordingError(
                f"{region.roi} does not lie inside the image of {recording.column_count} columns "
                f"by {recording.row_count} rows."
            )

    def _push_addition(self, region: Region, text: str) -> None:
        index = len(self._study.regions)
        self._undo_stack.push(AddRegion(self._edits, index, region, text))


class _Edits:
    """The controller's side of the commands: replaces the study and emits the signals."""

    def __init__(self, controller: StudyController) -> None:
        self._controller = controller

    def insert_region(self, index: int, region: Region, fit: RegionFit | None) -> None:
        controller = self._controller
        regions = list(controller._study.regions)
        regions.insert(index, region)
        fits = dict(controller._study.fits)
        if fit is not None:
            fits[region.id] = fit
        controller._study = replace(controller._study, regions=tuple(regions), fits=fits)
        controller.region_added.emit(region.id)
        if fit is not None:
            controller.fit_changed.emit(region.id)
        controller.select_region(region.id)

    def take_region(self, region_id: str) -> tuple[int, Region, RegionFit | None]:
        controller = self._controller
        study = controller._study
        region = study.region(region_id)
        index = study.regions.index(region)
        fit = study.fits.get(region_id)
        controller._study = study.without_region(region_id)
        remaining = controller._study.regions
        if controller._selected == region_id:
            # Deselected first: no view may be left with the id of a region that has gone.
            neighbour = remaining[min(index, len(remaining) - 1)].id if remaining else ""
            controller.select_region(neighbour)
        controller.region_removed.emit(region_id)
        if fit is not None:
            controller.fit_changed.emit(region_id)
        return index, region, fit

    def replace_region(self, region: Region) -> None:
        self._controller._study = self._controller._study.with_region(region)
        self._controller.region_changed.emit(region.id)

    def replace_preparation(self, preparation: Preparation) -> None:
        self._controller._study = replace(self._controller._study, preparation=preparation)
        self._controller.preparation_changed.emit()

    def replace_protocol(self, protocol: Protocol) -> None:
        self._controller._study = replace(self._controller._study, protocol=protocol)
        self._controller.protocol_changed.emit()

    def exchange_document(
        self, study: Study, recording: Recording | None
    ) -> tuple[Study, Recording | None]:
        controller = self._controller
        before = controller._study, controller._recording
        controller.select_region("")
        controller._study, controller._recording = study, recording
        for region in before[0].regions:
            controller.region_removed.emit(region.id)
        controller.recording_changed.emit()
        for region in study.regions:
            controller.region_added.emit(region.id)
        for region_id in dict.fromkeys([*before[0].fits, *study.fits]):
            controller.fit_changed.emit(region_id)
        controller.preparation_changed.emit()
        controller.protocol_changed.emit()
        if study.regions:
            controller.select_region(study.regions[0].id)
        return before
