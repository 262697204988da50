"""The document: an immutable value that is replaced as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

from aphyn_gui.fitting import RECOMMENDED, Fit, Protocol
from aphyn_gui.recording import Ensemble, Preparation, Recording, RectangularRoi, RegionMeasures
from aphyn_gui.recording.binning import LARGEST_BINNING
from aphyn_gui.study.reading import Reading

REGION_COLORS = (
    "#4477AA", "#EE6677", "#228833", "#AA3377", "#66CCEE", "#CCBB44", "#994F00", "#777777",
)  # fmt: skip
"""Colours given to regions in turn (Paul Tol's bright scheme: told apart by every common eye)."""


class StudyError(ValueError):
    """A change the study cannot make; the message is meant for the user."""


@dataclass(frozen=True, slots=True)
class Region:
    """A named, coloured region of interest.

    Parameters
    ----------
    id : str
        Identity that survives renaming and moving.
    name : str
        Shown to the user, unique in its recording.
    color : str
        "#RRGGBB".
    roi : RectangularRoi
        Pixels.
    """

    id: str
    name: str
    color: str
    roi: RectangularRoi


@dataclass(frozen=True, slots=True)
class RecordingReference:
    """Which recording, and what the user said about it where the file does not.

    Parameters
    ----------
    path : Path
        File of the recording.
    frame_interval_ms, pixel_pitch_mm : float or None
        Given by the user; None: the file says, or nobody knows.
    choices : tuple of (str, str)
        Given by the user where the file leaves something open: the key of a `ReadingChoice` and
        the option taken.
    content_hash : str
        By `content_hash`, to know the file again; "" where it was not taken.
    relative_path : str
        From the folder of the project file, as last saved, with "/"; "" where there is none.
    binning : int
        Side of the squares of pixels that are averaged into one, 2 to 8; 1: none are. The pixel
        pitch given here is that of the pixels as stored.

    Raises
    ------
    StudyError
        If the binning is another.
    """

    path: Path
    frame_interval_ms: float | None = None
    pixel_pitch_mm: float | None = None
    choices: tuple[tuple[str, str], ...] = ()
    content_hash: str = ""
    relative_path: str = ""
    binning: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.binning <= LARGEST_BINNING:
            raise StudyError(
                f"the binning must lie between 1 (none) and {LARGEST_BINNING} pixels, got "
                f"{self.binning}"
            )

    @property
    def reading(self) -> Reading:
        """What the user has said of how it is read; the file says the rest."""
        return Reading(self.frame_interval_ms, self.binning, self.choices)


def _require_distinct(what: str, items: list[str]) -> None:
    if len(set(items)) != len(items):
        raise StudyError(f"the {what} repeat: {', '.join(items)}")


@dataclass(frozen=True, slots=True)
class StudyRecording:
    """One recording of a study, with what belongs to it alone.

    Parameters
    ----------
    id : str
        Identity that survives renaming and relinking.
    name : str
        Shown to the user, unique in the study.
    reference : RecordingReference or None
        None: nothing is open yet.
    preparation : Preparation
        From counts to sequences, for all of its regions.
    regions : tuple of Region
        In the order of the table.

    Raises
    ------
    StudyError
        If names of its regions repeat.
    """

    id: str
    name: str = ""
    reference: RecordingReference | None = None
    preparation: Preparation = field(default_factory=Preparation)
    regions: tuple[Region, ...] = ()

    def __post_init__(self) -> None:
        _require_distinct("names of the regions", [region.name for region in self.regions])


@dataclass(frozen=True, slots=True, eq=False)
class RegionFit:
    """A fit, with region, measures and the reading of the file as they were when it was made."""

    region: Region
    measured: RegionMeasures
    fit: Fit
    reading: Reading


_NOTHING_OPEN = StudyRecording("recording-1")


@dataclass(frozen=True)
class Study:
    """Everything the user has decided and obtained, over one or several recordings.

    One recording is the current one: `recording`, `regions` and `preparation` are its. Before
    anything is open there is one without a file.

    Parameters
    ----------
    recordings : tuple of StudyRecording
        At least one, in the order in which they were added.
    current_id : str
        Id of the current one.
    protocol : Protocol
        Settings of the next fit, for all recordings.
    fits : mapping of str to RegionFit
        Latest fit of each region, by region id.

    Raises
    ------
    StudyError
        If ids or names repeat, or the current recording, or the region of a fit, does not exist.
    """

    recordings: tuple[StudyRecording, ...] = (_NOTHING_OPEN,)
    current_id: str = _NOTHING_OPEN.id
    protocol: Protocol = RECOMMENDED
    fits: Mapping[str, RegionFit] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "fits", MappingProxyType(dict(self.fits)))
        _require_distinct("ids of the recordings", [entry.id for entry in self.recordings])
        _require_distinct("names of the recordings", [entry.name for entry in self.recordings])
        region_ids = [region.id for region in self.all_regions]
        _require_distinct("ids of the regions", region_ids)
        self.recording_entry(self.current_id)
        if len(self.recordings) > 1 and any(entry.reference is None for entry in self.recordings):
            raise StudyError("one of several recordings has no file")
        for region_id in self.fits:
            if region_id not in region_ids:
                raise StudyError(
                    f"a fit belongs to {region_id!r}, but the study has no such region"
                )

    @staticmethod
    def of(
        reference: RecordingReference | None = None,
        preparation: Preparation | None = None,
        protocol: Protocol = RECOMMENDED,
    ) -> Study:
        """A study of one recording, or of none yet."""
        entry = StudyRecording(
            _NOTHING_OPEN.id,
            "" if reference is None else reference.path.stem,
            reference,
            preparation or Preparation(),
        )
        return Study((entry,), protocol=protocol)

    @property
    def current(self) -> StudyRecording:
        """The current recording."""
        return self.recording_entry(self.current_id)

    @property
    def recording(self) -> RecordingReference | None:
        """Reference of the current recording; None: nothing is open."""
        return self.current.reference

    @property
    def regions(self) -> tuple[Region, ...]:
        """Regions of the current recording."""
        return self.current.regions

    @property
    def preparation(self) -> Preparation:
        """From counts to sequences, in the current recording."""
        return self.current.preparation

    @property
    def all_regions(self) -> tuple[Region, ...]:
        """Regions of all recordings, recording by recording."""
        return tuple(region for entry in self.recordings for region in entry.regions)

    def recording_entry(self, recording_id: str) -> StudyRecording:
        """The recording of that id.

        Raises
        ------
        StudyError
            If there is none.
        """
        for entry in self.recordings:
            if entry.id == recording_id:
                return entry
        raise StudyError(f"the study has no recording {recording_id!r}")

    def recording_of(self, region_id: str) -> StudyRecording:
        """The recording that a region belongs to.

        Raises
        ------
        StudyError
            If there is no such region.
        """
        for entry in self.recordings:
            if any(region.id == region_id for region in entry.regions):
                return entry
        raise StudyError(f"the study has no region {region_id!r}")

    def region(self, region_id: str) -> Region:
        """The region of that id, in whichever recording.

        Raises
        ------
        StudyError
            If there is none.
        """
        regions = self.recording_of(region_id).regions
        return next(region for region in regions if region.id == region_id)

    def new_region(self, roi: RectangularRoi, name: str | None = None) -> Region:
        """A region of the current recording for ``roi``, with the next free id, name and colour.

        Not yet added. Colours tell regions of all recordings apart.
        """
        ids = {region.id for region in self.all_regions}
        number = next(n for n in range(1, len(ids) + 2) if f"roi-{n}" not in ids)
        names = {region.name for region in self.regions}
        letters = (_letters(n) for n in range(len(names) + 1))
        free = next(f"ROI {letter}" for letter in letters if f"ROI {letter}" not in names)
        used = [region.color for region in self.all_regions]
        color = min(REGION_COLORS, key=lambda candidate: used.count(candidate))
        return Region(f"roi-{number}", name or free, color, roi)

    def with_region(self, region: Region) -> Study:
        """A copy with ``region`` in the place of its namesake id, or at the current one's end."""
        if all(existing.id != region.id for existing in self.all_regions):
            return self.with_recording(replace(self.current, regions=(*self.regions, region)))
        entry = self.recording_of(region.id)
        regions = tuple(region if r.id == region.id else r for r in entry.regions)
        return self.with_recording(replace(entry, regions=regions))

    def without_region(self, region_id: str) -> Study:
        """A copy without the region and its fit."""
        entry = self.recording_of(region_id)
        regions = tuple(region for region in entry.regions if region.id != region_id)
        fits = {key: fit for key, fit in self.fits.items() if key != region_id}
        return replace(self, fits=fits).with_recording(replace(entry, regions=regions))

    def with_fit(self, region_id: str, fit: RegionFit) -> Study:
        """A copy with the latest fit of a region."""
        self.region(region_id)
        return replace(self, fits={**self.fits, region_id: fit})

    def fit_of(self, region_id: str) -> RegionFit:
        """A region's fit under its present name and colour, with its rectangle as it was fitted.

        Raises
        ------
        StudyError
            If there is no such region.
        KeyError
            If it has no fit.
        """
        now, fit = self.region(region_id), self.fits[region_id]
        return replace(fit, region=replace(fit.region, name=now.name, color=now.color))

    def with_preparation(self, preparation: Preparation) -> Study:
        """A copy with other settings for the current recording."""
        return self.with_recording(replace(self.current, preparation=preparation))

    def new_recording(self, reference: RecordingReference) -> StudyRecording:
        """An entry for a recording, with the next free id and name; not yet added.

        The current recording's preparation is taken over, but for what belongs to its signal
        and its frames.
        """
        ids = {entry.id for entry in self.recordings if entry.reference is not None}
        number = next(n for n in range(1, len(ids) + 2) if f"recording-{n}" not in ids)
        names = {entry.name for entry in self.recordings}
        stem, folder = reference.path.stem, reference.path.parent.name
        candidates = [stem, f"{folder}/{stem}"]
        candidates += [f"{stem} {n}" for n in range(2, len(names) + 3)]
        return StudyRecording(
            f"recording-{number}",
            next(name for name in candidates if name not in names),
            reference,
            replace(
                self.preparation,
                polarity=None,
                cut_start_ms=None,
                cut_end_ms=None,
                mask=None,
                beat=0,
                horizon_ms=None,
                ensemble=Ensemble.ALL,
                cycle_length_ms=None,
            ),
        )

    def with_recording(self, entry: StudyRecording) -> Study:
        """A copy with a recording in the place of its namesake id, or at the end."""
        if all(existing.id != entry.id for existing in self.recordings):
            return replace(self, recordings=(*self.recordings, entry))
        recordings = tuple(entry if e.id == entry.id else e for e in self.recordings)
        return replace(self, recordings=recordings)

    def without_recording(self, recording_id: str) -> Study:
        """A copy without a recording, its regions and their fits; its neighbour gets current."""
        entry = self.recording_entry(recording_id)
        gone = {region.id for region in entry.regions}
        left = tuple(other for other in self.recordings if other.id != recording_id)
        current_id = self.current_id
        if not left:
            left = (StudyRecording(_NOTHING_OPEN.id, preparation=entry.preparation),)
            current_id = _NOTHING_OPEN.id
        elif current_id == recording_id:
            current_id = left[min(self.recordings.index(entry), len(left) - 1)].id
        fits = {key: fit for key, fit in self.fits.items() if key not in gone}
        return replace(self, recordings=left, current_id=current_id, fits=fits)

    def showing(self, recording_id: str) -> Study:
        """A copy with another current recording."""
        return replace(self, current_id=recording_id)

    def changes_since_fit(
        self, region_id: str, recording: Recording | None = None
    ) -> tuple[str, ...]:
        """What differs between a fit's inputs and the study now; empty when it is up to date.

        Parameters
        ----------
        region_id : str
            Of a region with a fit.
        recording : Recording or None
            The region's recording as it is read now; None where it is not open: then only what
            the user has said of it is compared.

        Returns
        -------
        tuple of str
            "rectangle", "preparation", "protocol"; "frame interval", "binning", "time axis" or
            another choice of how the recording is read.
        """
        fitted = self.fits[region_id]
        entry = self.recording_of(region_id)
        pairs = (
            ("rectangle", fitted.region.roi, self.region(region_id).roi),
            ("preparation", fitted.fit.sequences.preparation, entry.preparation),
            ("protocol", fitted.fit.protocol, self.protocol),
        )
        changes = tuple(what for what, then, now in pairs if then != now)
        if recording is not None:
            return (*changes, *fitted.reading.changes_to(Reading.of(recording)))
        if entry.reference is not None:
            return (*changes, *fitted.reading.changes_to(entry.reference.reading))
        return changes


def _letters(number: int) -> str:
    """A, B, ... Z, AA, AB, ..."""
    letters = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
