"""The fitted regions of a study, each with its recording: the one place that knows where they are.

Everything about a region's preparation, its protocol and how its recording was read is taken from
its fit, which owns copies of its inputs; only the file of the recording is the study's to tell.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from aphyn_gui.recording import Recording
from aphyn_gui.study.study import RecordingReference, Region, RegionFit, Study, StudyError

_LONGEST_NAME = 40
"""Characters of a region's name in file names."""


@dataclass(frozen=True, slots=True, eq=False)
class FittedRegion:
    """A region's fit, and where its data came from.

    Parameters
    ----------
    region_fit : RegionFit
        The fit; its region has the name and colour of now, and the rectangle of then.
    reference : RecordingReference or None
        The file; None where the study does not say.
    recording : Recording or None
        The same, open; None where it is not at hand.
    changes : tuple of str
        What has changed in the study since the fit was made; see `Study.changes_since_fit`.
    """

    region_fit: RegionFit
    reference: RecordingReference | None
    recording: Recording | None
    changes: tuple[str, ...] = ()

    @property
    def region(self) -> Region:
        """The region: its name of now, its rectangle as it was fitted."""
        return self.region_fit.region

    @property
    def stem(self) -> str:
        """Beginning of this region's file names: its id, and what a file name can say of it."""
        name = "".join(c if c.isalnum() else "-" for c in self.region.name)[:_LONGEST_NAME]
        return f"{self.region.id}-{name}"


def fitted_regions(study: Study, recordings: Iterable[Recording] = ()) -> tuple[FittedRegion, ...]:
    """The regions that have a fit, in the order of the study.

    Parameters
    ----------
    study : Study
        The document.
    recordings : iterable of Recording
        Those that are open; they are told apart by their file.

    Raises
    ------
    StudyError
        If no region has a fit.
    """
    known = tuple(recordings)
    found = tuple(
        _with_recording(study, study.fit_of(region.id), known)
        for region in study.all_regions
        if region.id in study.fits
    )
    if not found:
        raise StudyError("there is nothing to export yet: fit at least one region first")
    return found


def _with_recording(
    study: Study, region_fit: RegionFit, recordings: tuple[Recording, ...]
) -> FittedRegion:
    region_id = region_fit.region.id
    reference = study.recording_of(region_id).reference
    if reference is None:
        # Without a reference one recording can still be meant, several cannot be told apart.
        recording = recordings[0] if len(recordings) == 1 else None
    else:
        path = reference.path.absolute()
        same = (recording for recording in recordings if recording.path.absolute() == path)
        recording = next(same, None)
    changes = study.changes_since_fit(region_id, recording)
    return FittedRegion(region_fit, reference, recording, changes)
