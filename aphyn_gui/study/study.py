"""The document: an immutable value that is replaced as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

from aphyn_gui.fitting import RECOMMENDED, Fit, Protocol
from aphyn_gui.recording import Preparation, RectangularRoi, RegionMeasures

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
        Shown to the user, unique in the study.
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
    """

    path: Path
    frame_interval_ms: float | None = None
    pixel_pitch_mm: float | None = None
    choices: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class RegionFit:
    """A fit, with the region and the measures as they were when it was made."""

    region: Region
    measured: RegionMeasures
    fit: Fit


@dataclass(frozen=True)
class Study:
    """Everything the user has decided and obtained.

    Parameters
    ----------
    recording : RecordingReference or None
        None: nothing is open.
    regions : tuple of Region
        In the order of the table.
    preparation : Preparation
        From counts to sequences, for all regions.
    protocol : Protocol
        Settings of the next fit.
    fits : mapping of str to RegionFit
        Latest fit of each region, by region id.
    """

    recording: RecordingReference | None = None
    regions: tuple[Region, ...] = ()
    preparation: Preparation = field(default_factory=Preparation)
    protocol: Protocol = RECOMMENDED
    fits: Mapping[str, RegionFit] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "fits", MappingProxyType(dict(self.fits)))
        for what, items in (
            ("ids", [region.id for region in self.regions]),
            ("names", [region.name for region in self.regions]),
        ):
            if len(set(items)) != len(items):
                raise StudyError(f"the {what} of the regions repeat: {', '.join(items)}")

    def region(self, region_id: str) -> Region:
        """The region of that id.

        Raises
        ------
        StudyError
            If there is none.
        """
        for region in self.regions:
            if region.id == region_id:
                return region
        raise StudyError(f"the study has no region {region_id!r}")

    def new_region(self, roi: RectangularRoi, name: str | None = None) -> Region:
        """A region for ``roi`` with the next free id, name and colour; not yet added."""
        ids = {region.id for region in self.regions} | set(self.fits)
        number = next(n for n in range(1, len(ids) + 2) if f"roi-{n}" not in ids)
        names = {region.name for region in self.regions}
        letters = (_letters(n) for n in range(len(names) + 1))
        free = next(f"ROI {letter}" for letter in letters if f"ROI {letter}" not in names)
        used = [region.color for region in self.regions]
        color = min(REGION_COLORS, key=lambda candidate: used.count(candidate))
        return Region(f"roi-{number}", name or free, color, roi)

    def with_region(self, region: Region) -> Study:
        """A copy with ``region`` added at the end, or put in the place of its namesake id."""
        if any(existing.id == region.id for existing in self.regions):
            regions = tuple(region if r.id == region.id else r for r in self.regions)
        else:
            regions = (*self.regions, region)
        return replace(self, regions=regions)

    def without_region(self, region_id: str) -> Study:
        """A copy without the region and its fit."""
        self.region(region_id)
        return replace(
            self,
            regions=tuple(region for region in self.regions if region.id != region_id),
            fits={key: fit for key, fit in self.fits.items() if key != region_id},
        )

    def with_fit(self, region_id: str, fit: RegionFit) -> Study:
        """A copy with the latest fit of a region."""
        self.region(region_id)
        return replace(self, fits={**self.fits, region_id: fit})

    def changes_since_fit(self, region_id: str) -> tuple[str, ...]:
        """What differs between a fit's inputs and the study now: "ROI", "preparation", "protocol".

        Empty when the fit is up to date.
        """
        fitted = self.fits[region_id]
        pairs = (
            ("ROI", fitted.region.roi, self.region(region_id).roi),
            ("preparation", fitted.fit.sequences.preparation, self.preparation),
            ("protocol", fitted.fit.protocol, self.protocol),
        )
        return tuple(what for what, then, now in pairs if then != now)


def _letters(number: int) -> str:
    """A, B, ... Z, AA, AB, ..."""
    letters = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
