"""The undoable changes of a study: the only way its content changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol as TypingProtocol

from PySide6.QtGui import QUndoCommand

from aphyn_gui.fitting import Protocol
from aphyn_gui.recording import Preparation, Recording
from aphyn_gui.study import Document, RecordingReference, Region, RegionFit, StudyRecording

RegionPlace = tuple[str, int, Region, RegionFit | None]
"""A region with the id of its recording, its place in the order, and its fit if it has one."""

RecordingPlace = tuple[int, StudyRecording, Mapping[str, RegionFit], Recording | None]
"""A recording of the study with its place, the fits of its regions, and its frames if open."""

RecordingSource = tuple[RecordingReference | None, Recording | None, str]
"""Where a recording is read from, its frames if open, and else why not."""


class StudyEdits(TypingProtocol):
    """What a command may do to a study; each call also tells the views.

    Whatever changes is shown: an edit of another recording makes it the current one first.
    """

    def insert_region(self, place: RegionPlace) -> None:
        """Put a region, and its fit if it has one, at its place."""

    def take_region(self, region_id: str) -> RegionPlace:
        """Remove a region; as it was."""

    def replace_region(self, region: Region) -> None:
        """Put a region in the place of the one with the same id."""

    def place_region(self, region_id: str, index: int) -> None:
        """Put a region to another place in the order of its recording."""

    def replace_preparation(self, recording_id: str, preparation: Preparation) -> None:
        """Replace a recording's settings from counts to sequences."""

    def replace_protocol(self, protocol: Protocol) -> None:
        """Replace the settings of the next fit."""

    def insert_recording(self, place: RecordingPlace) -> None:
        """Put a recording, with all that belongs to it, at its place."""

    def take_recording(self, recording_id: str) -> RecordingPlace:
        """Remove a recording and all that belongs to it; as it was."""

    def rename_recording(self, recording_id: str, name: str) -> None:
        """Give a recording another name."""

    def read_recording(self, entry: StudyRecording, recording: Recording) -> None:
        """Take what a recording is after it was read in another way; its path and name stay."""

    def exchange_source(self, recording_id: str, source: RecordingSource) -> RecordingSource:
        """Read a recording from elsewhere, or otherwise; what it was read from."""

    def show(self, recording_id: str) -> None:
        """Make a recording the current one."""

    @property
    def current_id(self) -> str:
        """Id of the current recording."""

    def exchange_document(self, document: Document) -> Document:
        """Replace study and recordings as a whole; the ones that were there."""


class AddRegion(QUndoCommand):
    """Add a region."""

    def __init__(self, edits: StudyEdits, place: RegionPlace, text: str) -> None:
        super().__init__(text)
        self._edits = edits
        self._place = place

    def redo(self) -> None:
        """Add it, with the fit it had when it was taken away."""
        self._edits.insert_region(self._place)

    def undo(self) -> None:
        """Take it away."""
        self._place = self._edits.take_region(self._place[2].id)


class RemoveRegion(QUndoCommand):
    """Remove a region and its fit; undoing brings back both."""

    def __init__(self, edits: StudyEdits, region: Region) -> None:
        super().__init__(f"remove {region.name}")
        self._edits = edits
        self._region_id = region.id
        self._taken: RegionPlace | None = None

    def redo(self) -> None:
        """Take it away."""
        self._taken = self._edits.take_region(self._region_id)

    def undo(self) -> None:
        """Put it back where it was."""
        if self._taken is not None:
            self._edits.insert_region(self._taken)


class ChangeRegion(QUndoCommand):
    """Move, resize, rename or recolour a region.

    Parameters
    ----------
    merge_key : str or None
        Successive changes of one region with the same key become one step of the undo stack.
    """

    def __init__(
        self, edits: StudyEdits, before: Region, after: Region, merge_key: str | None, text: str
    ) -> None:
        super().__init__(text)
        self._edits = edits
        self._before = before
        self._after = after
        self._merge_key = merge_key

    def id(self) -> int:
        """Qt asks to merge only commands of the same id; -1: never."""
        return -1 if self._merge_key is None else 1

    def mergeWith(self, other: QUndoCommand) -> bool:
        """Swallow ``other`` when it continues this change."""
        if not (
            isinstance(other, ChangeRegion)
            and other._merge_key == self._merge_key
            and other._before.id == self._before.id
        ):
            return False
        self._after = other._after
        self.setObsolete(self._after == self._before)
        return True

    def redo(self) -> None:
        """Make the change."""
        self._edits.replace_region(self._after)

    def undo(self) -> None:
        """Go back."""
        self._edits.replace_region(self._before)


class MoveRegion(QUndoCommand):
    """Put a region to another place in the order of its recording."""

    def __init__(self, edits: StudyEdits, region: Region, before: int, after: int) -> None:
        super().__init__(f"move {region.name} {'up' if after < before else 'down'}")
        self._edits = edits
        self._region_id = region.id
        self._before = before
        self._after = after

    def redo(self) -> None:
        """Make the change."""
        self._edits.place_region(self._region_id, self._after)

    def undo(self) -> None:
        """Go back."""
        self._edits.place_region(self._region_id, self._before)


class SetPreparation(QUndoCommand):
    """Change how the regions of a recording become sequences."""

    def __init__(
        self,
        edits: StudyEdits,
        recording_id: str,
        before: Preparation,
        after: Preparation,
        text: str,
    ) -> None:
        super().__init__(text)
        self._edits = edits
        self._recording_id = recording_id
        self._before = before
        self._after = after

    def redo(self) -> None:
        """Make the change."""
        self._edits.replace_preparation(self._recording_id, self._after)

    def undo(self) -> None:
        """Go back."""
        self._edits.replace_preparation(self._recording_id, self._before)


class SetProtocol(QUndoCommand):
    """Change the settings of the next fit."""

    def __init__(self, edits: StudyEdits, before: Protocol, after: Protocol) -> None:
        super().__init__("change protocol")
        self._edits = edits
        self._before = before
        self._after = after

    def redo(self) -> None:
        """Make the change."""
        self._edits.replace_protocol(self._after)

    def undo(self) -> None:
        """Go back."""
        self._edits.replace_protocol(self._before)


class AddRecording(QUndoCommand):
    """Add a recording to the study; undoing takes it away with all that belongs to it."""

    def __init__(self, edits: StudyEdits, place: RecordingPlace) -> None:
        super().__init__(f"add {place[1].name}")
        self._edits = edits
        self._place = place
        self._shown_before = edits.current_id

    def redo(self) -> None:
        """Add it."""
        self._edits.insert_recording(self._place)

    def undo(self) -> None:
        """Take it away; what was shown before it came is shown again."""
        self._place = self._edits.take_recording(self._place[1].id)
        self._edits.show(self._shown_before)


class RemoveRecording(QUndoCommand):
    """Remove a recording, its regions and their fits; undoing brings all of it back."""

    def __init__(self, edits: StudyEdits, entry: StudyRecording) -> None:
        super().__init__(f"remove {entry.name}")
        self._edits = edits
        self._recording_id = entry.id
        self._taken: RecordingPlace | None = None
        self._shown_before = edits.current_id
        self._shown_after = ""

    def redo(self) -> None:
        """Take it away."""
        self._taken = self._edits.take_recording(self._recording_id)
        # Its neighbour of now may be another one than the neighbour of the first time.
        self._edits.show(self._shown_after or self._edits.current_id)
        self._shown_after = self._edits.current_id

    def undo(self) -> None:
        """Put it back where it was."""
        if self._taken is not None:
            self._edits.insert_recording(self._taken)
            self._edits.show(self._shown_before)


class RenameRecording(QUndoCommand):
    """Give a recording another name."""

    def __init__(self, edits: StudyEdits, entry: StudyRecording, name: str) -> None:
        super().__init__(f"rename {entry.name}")
        self._edits = edits
        self._entry = entry
        self._name = name

    def redo(self) -> None:
        """Make the change."""
        self._edits.rename_recording(self._entry.id, self._name)

    def undo(self) -> None:
        """Go back."""
        self._edits.rename_recording(self._entry.id, self._entry.name)


class ReadRecording(QUndoCommand):
    """Read a recording in another way: interval, pitch, choices or binning.

    Parameters
    ----------
    before, after : (StudyRecording, Recording)
        The recording of the study, with its regions and mask, and its frames.
    """

    def __init__(
        self,
        edits: StudyEdits,
        before: tuple[StudyRecording, Recording],
        after: tuple[StudyRecording, Recording],
    ) -> None:
        super().__init__(f"read {before[0].name} in another way")
        self._edits = edits
        self._before = before
        self._after = after

    def redo(self) -> None:
        """Make the change."""
        self._edits.read_recording(*self._after)

    def undo(self) -> None:
        """Go back."""
        self._edits.read_recording(*self._before)


class ChangeSource(QUndoCommand):
    """Read a recording from another file."""

    def __init__(
        self, edits: StudyEdits, recording_id: str, source: RecordingSource, text: str
    ) -> None:
        super().__init__(text)
        self._edits = edits
        self._recording_id = recording_id
        self._other = source

    def redo(self) -> None:
        """Exchange what it is read from with what is kept here."""
        self._other = self._edits.exchange_source(self._recording_id, self._other)

    def undo(self) -> None:
        """Exchange back."""
        self._other = self._edits.exchange_source(self._recording_id, self._other)


class OpenRecording(QUndoCommand):
    """Replace the document by an empty one on another recording; undoing brings all of it back."""

    def __init__(self, edits: StudyEdits, document: Document, name: str) -> None:
        super().__init__(f"open {name}")
        self._edits = edits
        self._other = document

    def redo(self) -> None:
        """Exchange the document with the one kept here."""
        # An exchange, not two snapshots: fits stored in the meantime are kept on either side.
        self._other = self._edits.exchange_document(self._other)

    def undo(self) -> None:
        """Exchange back."""
        self._other = self._edits.exchange_document(self._other)
