"""The fitted regions of a study, each with its recording: the one place that knows where they are.

Everything about a region's preparation, its protocol and how its recording was read is taken from
its fit, which owns copies of its inputs; only the file of the recording is the study's to tell.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from aphyn_gui.recording import Recording
from aphyn_gui.study.study import RecordingReference, Region, RegionFit, Study, StudyError
from aphyn_gui.study.writing import file_name

_DEVICES = {"CON", "PRN", "AUX", "NUL", *(f"{n}{i}" for n in ("COM", "LPT") for i in range(10))}
"""Names that no file may have on Windows; "con" is what a control region is likely to be called."""


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
    stem : str
        Name of this region's folder, and beginning of its file names; no other region's.
    changes : tuple of str
        What has changed in the study since the fit was made; see `Study.changes_since_fit`.
    """

    region_fit: RegionFit
    reference: RecordingReference | None
    recording: Recording | None
    stem: str
    changes: tuple[str, ...] = ()

    @property
    def region(self) -> Region:
        """The region: its name of now, its rectangle as it was fitted."""
        return self.region_fit.region


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
    fits = [study.fit_of(region.id) for region in study.all_regions if region.id in study.fits]
    if not fits:
        raise StudyError("there is nothing to export yet: fit at least one region first")
    stems = _stems(study, fits)
    return tuple(
        _with_recording(study, fit, stem, known) for fit, stem in zip(fits, stems, strict=True)
    )


def _stems(study: Study, fits: list[RegionFit]) -> list[str]:
    """Names for files: the region's, after the recording's where there are several."""
    sources = [study.recording_of(fit.region.id) for fit in fits]
    are_several = len({source.id for source in sources}) > 1
    stems: list[str] = []
    taken: set[str] = set()
    for fit, source in zip(fits, sources, strict=True):
        parts = ([source.name] if are_several else []) + [fit.region.name]
        stem = "_".join(file_name(part, "_") for part in parts)
        # Names that differ in a space or a capital are one for many file systems.
        if stem.upper() in taken | _DEVICES:
            stem = f"{stem}_{file_name(fit.region.id, '_')}"
        taken.add(stem.upper())
        stems.append(stem)
    return stems


def _with_recording(
    study: Study, region_fit: RegionFit, stem: str, recordings: tuple[Recording, ...]
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
    return FittedRegion(region_fit, reference, recording, stem, changes)
