"""The controller's side of the commands: replaces the document and tells the views."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from aphyn_gui.fitting import Protocol
from aphyn_gui.gui.commands import RecordingPlace, RecordingSource, RegionPlace
from aphyn_gui.recording import Preparation, Recording
from aphyn_gui.study import Document, Region, RegionFit, Study, StudyRecording

if TYPE_CHECKING:
    from aphyn_gui.gui.study_controller import StudyController


class StudyEditor:
    """Holds the document and the selection; every change ends in the controller's signals.

    Parameters
    ----------
    controller : StudyController
        Whose signals are emitted.
    """

    def __init__(self, controller: StudyController) -> None:
        self._controller = controller
        self._document = empty_document(Study())
        self.selected = ""

    @property
    def document(self) -> Document:
        """The study with what is open of it."""
        return self._document

    @property
    def current_id(self) -> str:
        """Id of the current recording."""
        return self._study.current_id

    def select(self, region_id: str) -> None:
        """Select a region of the current recording, "" for none."""
        if region_id != self.selected:
            self.selected = region_id
            self._controller.selection_changed.emit(region_id)

    def show(self, recording_id: str) -> None:
        """Make a recording the current one."""
        if recording_id != self._study.current_id:
            self._become(replace(self.document, study=self._study.showing(recording_id)))

    def store_fit(self, region_id: str, fit: RegionFit) -> None:
        """Keep a region's latest fit."""
        self._set_study(self._study.with_fit(region_id, fit))
        self._controller.fit_changed.emit(region_id)

    def exchange_source(self, recording_id: str, source: RecordingSource) -> RecordingSource:
        """Read a recording from elsewhere, or otherwise; what it was read from."""
        reference, recording, problem = source
        before = self._document
        entry = before.study.recording_entry(recording_id)
        recordings, problems = dict(before.recordings), dict(before.problems)
        old = entry.reference, recordings.pop(recording_id, None), problems.pop(recording_id, "")
        if recording is not None:
            recordings[recording_id] = recording
        elif problem:
            problems[recording_id] = problem
        study = before.study.with_recording(replace(entry, reference=reference))
        self._set(replace(before, study=study, recordings=recordings, problems=problems))
        if recording_id == self.current_id:
            self._controller.recording_changed.emit()
        self._controller.recordings_changed.emit()
        return old

    def read_recording(self, entry: StudyRecording, recording: Recording) -> None:
        """Take what a recording is after it was read in another way; its path and name stay."""
        self.show(entry.id)
        now = self._study.current
        reference = entry.reference
        if reference is not None and now.reference is not None:
            # Saving in the meantime may have moved it.
            reference = replace(
                reference,
                path=now.reference.path,
                content_hash=now.reference.content_hash,
                relative_path=now.reference.relative_path,
            )
        entry = replace(entry, name=now.name, reference=reference)
        study = self._study.with_recording(entry)
        recordings = {**self._document.recordings, entry.id: recording}
        document = replace(self._document, study=study, recordings=recordings)
        if (now.regions, now.preparation) == (entry.regions, entry.preparation):
            self._set(document)
            self._controller.recording_changed.emit()
            self._controller.recordings_changed.emit()
            return
        selected = self.selected
        self._become(document)
        self.select(selected)

    def take_saved(self, saved: Study, path: Path) -> None:
        """Take over that and where a study was saved, with its paths where they still fit."""
        study = self._study
        references = {entry.id: entry.reference for entry in saved.recordings}
        for entry in study.recordings:
            new = references.get(entry.id)
            if new is None or entry.reference is None or new.path.name != entry.reference.path.name:
                continue
            reference = replace(entry.reference, path=new.path, relative_path=new.relative_path)
            study = study.with_recording(replace(entry, reference=reference))
        self._set(replace(self._document, study=study, saved=saved, path=path))
        self._controller.recordings_changed.emit()

    def begin_here(self) -> None:
        """Nothing of the study as it is now would be lost."""
        self._set(replace(self._document, saved=self._study))

    def insert_region(self, place: RegionPlace) -> None:
        """Put a region, and its fit if it has one, at its place."""
        recording_id, index, region, fit = place
        self.show(recording_id)
        regions = list(self._study.regions)
        regions.insert(index, region)
        study = self._study.with_recording(replace(self._study.current, regions=tuple(regions)))
        self._set_study(study if fit is None else study.with_fit(region.id, fit))
        self._controller.region_added.emit(region.id)
        if fit is not None:
            self._controller.fit_changed.emit(region.id)
        self.select(region.id)

    def take_region(self, region_id: str) -> RegionPlace:
        """Remove a region; as it was."""
        self.show(self._study.recording_of(region_id).id)
        study = self._study
        region = study.region(region_id)
        index = study.regions.index(region)
        fit = study.fits.get(region_id)
        self._set_study(study.without_region(region_id))
        remaining = self._study.regions
        if self.selected == region_id:
            # Deselected first: no view may be left with the id of a region that has gone.
            self.select(remaining[min(index, len(remaining) - 1)].id if remaining else "")
        self._controller.region_removed.emit(region_id)
        if fit is not None:
            self._controller.fit_changed.emit(region_id)
        return study.current_id, index, region, fit

    def replace_region(self, region: Region) -> None:
        """Put a region in the place of the one with the same id."""
        self.show(self._study.recording_of(region.id).id)
        self._set_study(self._study.with_region(region))
        self._controller.region_changed.emit(region.id)

    def place_region(self, region_id: str, index: int) -> None:
        """Put a region to another place in the order of its recording."""
        entry = self._study.recording_of(region_id)
        self.show(entry.id)
        region = self._study.region(region_id)
        regions = [other for other in entry.regions if other.id != region_id]
        regions.insert(index, region)
        self._set_study(self._study.with_recording(replace(entry, regions=tuple(regions))))
        self._controller.region_moved.emit(region_id, index)

    def replace_preparation(self, recording_id: str, preparation: Preparation) -> None:
        """Replace a recording's settings from counts to sequences."""
        self.show(recording_id)
        self._set_study(self._study.with_preparation(preparation))
        self._controller.preparation_changed.emit()

    def replace_protocol(self, protocol: Protocol) -> None:
        """Replace the settings of the next fit."""
        self._set_study(replace(self._study, protocol=protocol))
        self._controller.protocol_changed.emit()

    def insert_recording(self, place: RecordingPlace) -> None:
        """Put a recording, with all that belongs to it, at its place."""
        index, entry, fits, recording = place
        study = self._study
        # What stood for "nothing is open" goes.
        entries = [other for other in study.recordings if other.reference is not None]
        entries.insert(index, entry)
        recordings = dict(self.document.recordings)
        if recording is not None:
            recordings[entry.id] = recording
        study = Study(tuple(entries), entry.id, study.protocol, {**study.fits, **fits})
        self._become(replace(self.document, study=study, recordings=recordings))

    def take_recording(self, recording_id: str) -> RecordingPlace:
        """Remove a recording and all that belongs to it; as it was."""
        study = self._study
        entry = study.recording_entry(recording_id)
        ids = {region.id for region in entry.regions}
        fits = {key: fit for key, fit in study.fits.items() if key in ids}
        recordings = dict(self.document.recordings)
        recording = recordings.pop(recording_id, None)
        self._become(
            replace(
                self.document, study=study.without_recording(recording_id), recordings=recordings
            )
        )
        return study.recordings.index(entry), entry, fits, recording

    def rename_recording(self, recording_id: str, name: str) -> None:
        """Give a recording another name."""
        entry = replace(self._study.recording_entry(recording_id), name=name)
        self._set_study(self._study.with_recording(entry))
        self._controller.recordings_changed.emit()

    def exchange_document(self, document: Document) -> Document:
        """Replace study and recordings as a whole; the ones that were there."""
        before = self.document
        self._become(document)
        return before

    @property
    def _study(self) -> Study:
        return self.document.study

    def _set_study(self, study: Study) -> None:
        self._set(replace(self._document, study=study))

    def _set(self, document: Document) -> None:
        self._document = document
        self._controller.document_changed.emit()

    def _become(self, document: Document) -> None:
        """Show another document; the views forget the regions of the former current recording."""
        before, controller = self.document, self._controller
        is_same = (
            before.recording is document.recording
            and before.study.current == document.study.current
        )
        if not is_same:
            self.select("")
        self._set(document)
        if not is_same:
            for region in before.study.regions:
                controller.region_removed.emit(region.id)
            controller.recording_changed.emit()
            for region in document.study.regions:
                controller.region_added.emit(region.id)
        for region_id in _changed_fits(before.study.fits, document.study.fits):
            controller.fit_changed.emit(region_id)
        controller.recordings_changed.emit()
        if not is_same:
            controller.preparation_changed.emit()
        if before.study.protocol != document.study.protocol:
            controller.protocol_changed.emit()
        if not is_same and document.study.regions:
            self.select(document.study.regions[0].id)


def empty_document(study: Study) -> Document:
    """A study that has just begun: nothing of it can be lost."""
    return Document(study, saved=study)


def _changed_fits(before: Mapping[str, RegionFit], after: Mapping[str, RegionFit]) -> list[str]:
    return [
        key for key in dict.fromkeys([*before, *after]) if before.get(key) is not after.get(key)
    ]
