"""The undoable changes of a study: the only way its content changes."""

from __future__ import annotations

from typing import Protocol as TypingProtocol

from PySide6.QtGui import QUndoCommand

from aphyn_gui.fitting import Protocol
from aphyn_gui.recording import Preparation, Recording
from aphyn_gui.study import Region, RegionFit, Study


class StudyEdits(TypingProtocol):
    """What a command may do to a study; each call also tells the views."""

    def insert_region(self, index: int, region: Region, fit: RegionFit | None) -> None:
        """Put a region, and its fit if it has one, at a place in the order."""

    def take_region(self, region_id: str) -> tuple[int, Region, RegionFit | None]:
        """Remove a region; its place, value and fit as they were."""

    def replace_region(self, region: Region) -> None:
        """Put a region in the place of the one with the same id."""

    def replace_preparation(self, preparation: Preparation) -> None:
        """Replace the settings from counts to sequences."""

    def replace_protocol(self, protocol: Protocol) -> None:
        """Replace the settings of the next fit."""

    def exchange_document(
        self, study: Study, recording: Recording | None
    ) -> tuple[Study, Recording | None]:
        """Replace study and recording as a whole; the ones that were there."""


class AddRegion(QUndoCommand):
    """Add a region at the end."""

    def __init__(self, edits: StudyEdits, index: int, region: Region, text: str) -> None:
        super().__init__(text)
        self._edits = edits
        self._index = index
        self._region = region
        self._fit: RegionFit | None = None

    def redo(self) -> None:
        """Add it, with the fit it had when it was taken away."""
        self._edits.insert_region(self._index, self._region, self._fit)

    def undo(self) -> None:
        """Take it away."""
        self._index, self._region, self._fit = self._edits.take_region(self._region.id)


class RemoveRegion(QUndoCommand):
    """Remove a region and its fit; undoing brings back both."""

    def __init__(self, edits: StudyEdits, region: Region) -> None:
        super().__init__(f"remove {region.name}")
        self._edits = edits
        self._region_id = region.id
        self._taken: tuple[int, Region, RegionFit | None] | None = None

    def redo(self) -> None:
        """Take it away."""
        self._taken = self._edits.take_region(self._region_id)

    def undo(self) -> None:
        """Put it back where it was."""
        if self._taken is not None:
            self._edits.insert_region(*self._taken)


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


class SetPreparation(QUndoCommand):
    """Change how regions become sequences."""

    def __init__(self, edits: StudyEdits, before: Preparation, after: Preparation) -> None:
        super().__init__("change preparation")
        self._edits = edits
        self._before = before
        self._after = after

    def redo(self) -> None:
        """Make the change."""
        self._edits.replace_preparation(self._after)

    def undo(self) -> None:
        """Go back."""
        self._edits.replace_preparation(self._before)


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


class OpenRecording(QUndoCommand):
    """Replace the document by an empty one on another recording; undoing brings all of it back."""

    def __init__(
        self, edits: StudyEdits, study: Study, recording: Recording | None, name: str
    ) -> None:
        super().__init__(f"open {name}")
        self._edits = edits
        self._other: tuple[Study, Recording | None] = (study, recording)

    def redo(self) -> None:
        """Exchange the document with the one kept here."""
        # An exchange, not two snapshots: fits stored in the meantime are kept on either side.
        self._other = self._edits.exchange_document(*self._other)

    def undo(self) -> None:
        """Exchange back."""
        self._other = self._edits.exchange_document(*self._other)
