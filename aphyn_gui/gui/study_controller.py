"""The one holder of the current study and the open recording."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoStack

from aphyn_gui.fitting import Protocol
from aphyn_gui.gui.commands import (
    AddRecording,
    AddRegion,
    ChangeRegion,
    ChangeSource,
    MoveRegion,
    OpenRecording,
    ReadRecording,
    RecordingPlace,
    RemoveRecording,
    RemoveRegion,
    RenameRecording,
    SetPreparation,
    SetProtocol,
)
from aphyn_gui.gui.study_editor import StudyEditor, empty_document
from aphyn_gui.gui.study_rules import (
    analysis_blocker,
    change_in_words,
    name_of_a_copy,
    require_acceptable_region,
    require_free_recording_name,
)
from aphyn_gui.recording import Preparation, Recording, RectangularRoi
from aphyn_gui.study import (
    Document,
    RecordingReference,
    Region,
    RegionFit,
    Study,
    StudyError,
    StudyRecording,
)
from aphyn_gui.study.rereading import reread

_UNDO_LIMIT = 500


def _frame_shape(recording: Recording) -> tuple[int, int]:
    return recording.row_count, recording.column_count


class StudyController(QObject):
    """Holds the study, replaces it through undoable commands, and says what changed.

    Views read ``study`` and ``recording``, and listen. Nothing but this object's commands changes
    the study's content; stored fits, the selection and which recording is shown are not undone.
    Undoing a change of another recording shows that recording.

    Signals
    -------
    document_changed()
        Anything of the document; before the other signals, which say what.
    recording_changed()
        Another current recording, none, or another frame interval or pixel pitch.
    recordings_changed()
        The recordings of the study: one more, one less, another name, file or current one.
    region_added(str), region_changed(str), region_removed(str)
        One region of the current recording, by id. When another recording is shown, the regions of
        the former are removed and those of the new one added, for the views.
    region_moved(str, int)
        A region of the current recording has another place in the order.
    selection_changed(str)
        The selected region's id, "" for none.
    preparation_changed(), protocol_changed()
        Settings.
    fit_changed(str)
        A region's fit was stored or has gone.
    message(str, str, str)
        Level ("info", "warning" or "error"), text, details; for the user.
    """

    document_changed = Signal()
    recording_changed = Signal()
    recordings_changed = Signal()
    region_added = Signal(str)
    region_changed = Signal(str)
    region_removed = Signal(str)
    region_moved = Signal(str, int)
    selection_changed = Signal(str)
    preparation_changed = Signal()
    protocol_changed = Signal()
    fit_changed = Signal(str)
    message = Signal(str, str, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._editor = StudyEditor(self)
        self._next_region_number = 1
        # Once something was open, opening can lose something: it is then undone like the rest.
        self._has_opened = False
        self._undo_stack = QUndoStack(self)
        self._undo_stack.setUndoLimit(_UNDO_LIMIT)

    @property
    def document(self) -> Document:
        """The current study with all of its recordings that are open."""
        return self._editor.document

    @property
    def study(self) -> Study:
        """The current study."""
        return self._editor.document.study

    @property
    def recording(self) -> Recording | None:
        """The current recording, None where it is not open."""
        return self._editor.document.recording

    @property
    def undo_stack(self) -> QUndoStack:
        """What can be undone and redone."""
        return self._undo_stack

    @property
    def selected_region_id(self) -> str:
        """Id of the selected region, "" for none."""
        return self._editor.selected

    @property
    def selected_region(self) -> Region | None:
        """The selected region."""
        selected = self._editor.selected
        return self.study.region(selected) if selected else None

    @property
    def analysis_blocker(self) -> str:
        """Why nothing can be analysed now, for the user; empty when it can."""
        return analysis_blocker(self.document, self.study.current_id)

    def blocker_of(self, region_id: str) -> str:
        """Why a region cannot be analysed, for the user; empty when it can."""
        entry = self._entry_with(region_id)
        return analysis_blocker(self.document, "" if entry is None else entry.id)

    def recording_of(self, region_id: str) -> Recording | None:
        """The open recording a region belongs to; None where there is no such region or file."""
        entry = self._entry_with(region_id)
        return None if entry is None else self.document.recordings.get(entry.id)

    def set_recording(self, recording: Recording, reference: RecordingReference) -> None:
        """Show a recording.

        A file of the study again (with another frame interval, say) keeps regions and fits.
        Another file starts a new study with the same settings; undoing brings the previous one
        back.
        """
        known = self._entry_of(reference)
        if known is not None:
            self.relink_recording(known.id, recording, reference)
            self.show_recording(known.id)
            return
        study = self.study
        entry = study.new_recording(reference)
        study = Study.of(reference, entry.preparation, study.protocol)
        document = Document(study, {study.current_id: recording}, saved=study)
        if self._has_opened:
            self._undo_stack.push(OpenRecording(self._editor, document, reference.path.name))
        else:
            self._undo_stack.clear()
            self._editor.exchange_document(document)
        self._has_opened = True

    def add_recording(self, recording: Recording, reference: RecordingReference) -> StudyRecording:
        """Add a recording to the study and show it; one that is in it already is only shown.

        Returns
        -------
        StudyRecording
            The recording of the study.
        """
        if self.study.recording is None or self._entry_of(reference) is not None:
            self.set_recording(recording, reference)
            return self.study.current
        entry = self.study.new_recording(reference)
        place: RecordingPlace = (len(self.study.recordings), entry, {}, recording)
        self._undo_stack.push(AddRecording(self._editor, place))
        return entry

    def show_recording(self, recording_id: str) -> None:
        """Make a recording of the study the current one. Not undone: nothing is changed by it.

        Raises
        ------
        StudyError
            If there is none of that id.
        """
        self._editor.show(recording_id)

    def remove_recording(self, recording_id: str) -> None:
        """Remove a recording, its regions and their fits; undoing brings all of it back.

        Raises
        ------
        StudyError
            If there is none of that id.
        """
        entry = self.study.recording_entry(recording_id)
        self._undo_stack.push(RemoveRecording(self._editor, entry))

    def rename_recording(self, recording_id: str, name: str) -> None:
        """Give a recording another name.

        Raises
        ------
        StudyError
            If the name is empty or taken.
        """
        entry = self.study.recording_entry(recording_id)
        require_free_recording_name(self.study, recording_id, name)
        if name != entry.name:
            self._undo_stack.push(RenameRecording(self._editor, entry, name))

    def relink_recording(
        self, recording_id: str, recording: Recording, reference: RecordingReference
    ) -> None:
        """Read a recording from another file, or with another interval or pitch.

        Raises
        ------
        StudyError
            If there is none of that id.
        """
        entry = self.study.recording_entry(recording_id)
        source = reference, recording, ""
        if entry.reference == reference:
            # The file is read again; nothing of the study changes.
            self._editor.exchange_source(recording_id, source)
            return
        is_elsewhere = entry.reference is None or entry.reference.path != reference.path
        what = f"{'find' if is_elsewhere else 'calibrate'} {entry.name}"
        self._undo_stack.push(ChangeSource(self._editor, recording_id, source, what))

    def reread_recording(
        self, recording_id: str, recording: Recording, reference: RecordingReference
    ) -> tuple[str, ...]:
        """Take a recording as it was read in another way; regions and mask follow its pixels.

        Returns
        -------
        tuple of str
            What became of regions and mask, for the user.

        Raises
        ------
        StudyError
            If there is none of that id, or it is not open.
        """
        entry = self.study.recording_entry(recording_id)
        before = self.document.recordings.get(recording_id)
        if before is None:
            raise StudyError(f"{entry.name} is not open: choose where its file is first.")
        if reference == entry.reference:
            return ()
        after = reread(entry, reference, _frame_shape(before), _frame_shape(recording))
        self._undo_stack.push(
            ReadRecording(self._editor, (entry, before), (after.entry, recording))
        )
        return after.notes

    def open_project(self, document: Document) -> None:
        """Show a project instead of everything that is open; its history begins here."""
        self._undo_stack.clear()
        self._editor.exchange_document(document)
        self._has_opened = True
        for problem in document.problems.values():
            self.report("warning", problem)

    def close_study(self) -> None:
        """Show nothing; only the settings of the next fit stay."""
        self._undo_stack.clear()
        self._editor.exchange_document(empty_document(Study.of(protocol=self.study.protocol)))
        self._has_opened = False

    def mark_saved(self, study: Study, path: Path) -> None:
        """Take over that a study was saved, with the paths of its recordings where they fit."""
        self._editor.take_saved(study, path)

    def begin_here(self) -> None:
        """What is there now is a beginning: nothing of it would be lost."""
        self._editor.begin_here()

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
        require_acceptable_region(self.document, region)
        self._push_addition(region, f"add {region.name}")
        return region

    def duplicate_region(self, region_id: str) -> Region:
        """Add a copy of a region, a little aside, with a colour and a name of its own."""
        original = self.study.region(region_id)
        roi = original.roi.moved(2, 2)
        if self.recording is not None:
            roi = roi.clipped_to(self.recording.row_count, self.recording.column_count)
        copy = self._new_region(roi, name_of_a_copy(self.study, original.name))
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
        before = self.study.region(region.id)
        if before == region:
            return
        self.show_recording(self.study.recording_of(region.id).id)
        require_acceptable_region(self.document, region)
        text = change_in_words(before, region)
        self._undo_stack.push(ChangeRegion(self._editor, before, region, merge_key, text))

    def remove_region(self, region_id: str) -> None:
        """Remove a region and its fit; undoing brings both back."""
        self._undo_stack.push(RemoveRegion(self._editor, self.study.region(region_id)))

    def move_region(self, region_id: str, index: int) -> None:
        """Put a region to another place in the order of its recording; past an end is the end."""
        regions = self.study.recording_of(region_id).regions
        region = self.study.region(region_id)
        before, after = regions.index(region), min(max(index, 0), len(regions) - 1)
        if before != after:
            self._undo_stack.push(MoveRegion(self._editor, region, before, after))

    def set_preparation(self, preparation: Preparation, text: str = "change preparation") -> None:
        """Replace the settings from counts to sequences; ``text`` names the step to undo."""
        study = self.study
        if preparation != study.preparation:
            self._undo_stack.push(
                SetPreparation(self._editor, study.current_id, study.preparation, preparation, text)
            )

    def set_protocol(self, protocol: Protocol) -> None:
        """Replace the settings of the next fit."""
        if protocol != self.study.protocol:
            self._undo_stack.push(SetProtocol(self._editor, self.study.protocol, protocol))

    def select_region(self, region_id: str) -> None:
        """Select a region, "" for none; one of another recording shows that recording."""
        if region_id:
            self.show_recording(self.study.recording_of(region_id).id)
        self._editor.select(region_id)

    def store_fit(self, region_id: str, fit: RegionFit) -> None:
        """Keep a region's latest fit. Not undone; dropped if the region has gone meanwhile."""
        if all(region.id != region_id for region in self.study.all_regions):
            self.report("info", f"{fit.region.name} was removed; its fit is not kept.")
            return
        self._editor.store_fit(region_id, fit)

    def report(self, level: str, text: str, details: str = "") -> None:
        """Tell the user something; ``level`` is "info", "warning" or "error"."""
        self.message.emit(level, text, details)

    def _new_region(self, roi: RectangularRoi, name: str | None) -> Region:
        # Numbers are never given twice, so that the answer of a slow worker about a region that
        # has gone cannot land on another one.
        taken = {region.id for region in self.study.all_regions}
        region_id = ""
        while not region_id or region_id in taken:
            region_id = f"roi-{self._next_region_number}"
            self._next_region_number += 1
        return replace(self.study.new_region(roi, name), id=region_id)

    def _push_addition(self, region: Region, text: str) -> None:
        place = (self.study.current_id, len(self.study.regions), region, None)
        self._undo_stack.push(AddRegion(self._editor, place, text))

    def _entry_with(self, region_id: str) -> StudyRecording | None:
        """The recording a region belongs to."""
        for entry in self.study.recordings:
            if any(region.id == region_id for region in entry.regions):
                return entry
        return None

    def _entry_of(self, reference: RecordingReference) -> StudyRecording | None:
        """The recording of the study with that file."""
        for entry in self.study.recordings:
            if entry.reference is not None and entry.reference.path == reference.path:
                return entry
        return None
