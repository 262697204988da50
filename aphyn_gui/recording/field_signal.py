"""The beats of a whole field, from the mean over its usable pixels, and which pixels those are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from aphyn_gui.recording.baseline import remove_baseline
from aphyn_gui.recording.beats import Beats
from aphyn_gui.recording.cleaning import suggest_polarity
from aphyn_gui.recording.cleaning_steps import cleaning_steps
from aphyn_gui.recording.errors import RecordingError
from aphyn_gui.recording.field_counts import FieldCounts
from aphyn_gui.recording.preparation import Polarity
from aphyn_gui.recording.region import beats_of
from aphyn_gui.recording.region_counts import RegionCounts
from aphyn_gui.recording.selection import (
    FLAT,
    HOLDS_NAN,
    MASKED,
    SATURATED,
    unusable_as_recorded,
)

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int8]
Block = slice | npt.NDArray[np.int64]

UNUSABLE_REASONS = (MASKED, HOLDS_NAN, SATURATED, FLAT)
"""Why a pixel cannot be used whatever is done to it; its code is its place here."""

USABLE = np.int8(-1)

_MOST_REPAIR_NOTES = 8


@dataclass(frozen=True, slots=True, eq=False)
class FieldSignal:
    """What all pixels of a field share.

    Parameters
    ----------
    trace : ndarray of float64, shape (time,)
        Mean over the usable pixels before filters in space and time, upright, baseline removed.
    polarity : Polarity
        Direction that was used.
    beats : Beats
        Of the trace, from the first frame used.
    frame_interval_ms : float
        ms.
    left_out : ndarray of int8, shape (rows, columns)
        Why a pixel cannot be used: place in `UNUSABLE_REASONS`; `USABLE`: it can.
    steps : tuple of str
        What was done to the counts, in order, one sentence each.
    """

    trace: Floats
    polarity: Polarity
    beats: Beats
    frame_interval_ms: float
    left_out: Codes
    steps: tuple[str, ...]


def field_signal(field: FieldCounts) -> Generator[float, None, FieldSignal]:
    """Find the field's beats; yields the part of the field that is read.

    Raises
    ------
    RecordingError
        If no pixel can be used, the field shows no beats, or all of them touch lost frames.
    """
    recording, preparation = field.recording, field.preparation
    left_out = np.full((recording.row_count, recording.column_count), USABLE)
    total = np.zeros(field.stop_frame - field.first_frame)
    notes: list[tuple[str, ...]] = []
    lost: set[tuple[int, int]] = set()
    last: RegionCounts | None = None
    for done, (band, codes, sums) in field.each_band(_looked_at):
        left_out[band.roi.rows, band.roi.columns] = codes.reshape(band.roi.height, band.roi.width)
        total += sums
        lost.update(band.lost)
        notes.append(band.repair_notes)
        last = band
        yield done
    usable_count = int((left_out == USABLE).sum())
    if last is None or usable_count == 0:
        raise RecordingError(
            f"{recording.path.name} has no pixel that can be used: all are masked, saturated, "
            "flat, or hold values that are not numbers"
        )
    mean, interval = total / usable_count, last.frame_interval_ms
    whole = replace(last, lost=tuple(sorted(lost)), repair_notes=_repair_notes(notes))
    suggestion = suggest_polarity(mean)
    polarity = preparation.polarity or suggestion.polarity
    trace = remove_baseline(polarity.sign * mean, interval, preparation)
    beats = beats_of("the mean over the field of view", trace, whole, preparation)
    return FieldSignal(
        trace=trace,
        polarity=polarity,
        beats=beats,
        frame_interval_ms=interval,
        left_out=left_out,
        steps=cleaning_steps(whole, suggestion, polarity, preparation),
    )


def blocks_of(usable: npt.NDArray[np.int64], pixels: int) -> Iterator[Block]:
    """Usable pixels, some at a time; neighbours as a slice, for that copies nothing."""
    for start in range(0, usable.size, pixels):
        block = usable[start : start + pixels]
        first, last = int(block[0]), int(block[-1])
        yield slice(first, last + 1) if last - first + 1 == block.size else block


def unusable_codes(region: RegionCounts) -> Codes:
    """Why pixels of a region cannot be used whatever is done to them, shape (pixels,)."""
    flat = region.counts[(slice(None), *region.inside)].reshape(len(region.counts), -1)
    codes = np.full(flat.shape[1], USABLE)
    codes[region.masked] = UNUSABLE_REASONS.index(MASKED)
    for which, reason in unusable_as_recorded(flat.T, region.saturation_level):
        codes[which & (codes == USABLE)] = UNUSABLE_REASONS.index(reason)
    return codes


def _looked_at(band: RegionCounts) -> tuple[RegionCounts, Codes, Floats]:
    """A band, what its pixels are good for, and the sum over those that can be used."""
    codes = unusable_codes(band)
    flat = band.counts[(slice(None), *band.inside)].reshape(len(band.counts), -1)
    usable = codes == USABLE
    sums = (flat if usable.all() else flat[:, usable]).sum(axis=1, dtype=np.float64)
    return band, codes, np.asarray(sums)


def _repair_notes(of_bands: list[tuple[str, ...]]) -> tuple[str, ...]:
    """Of all bands: what is said of each as it is, else in how many of them."""
    counted = Counter(note for notes in of_bands for note in notes)
    count = len(of_bands)
    said = [
        note if times == count else f"In {times} of {count} bands of rows: {note}"
        for note, times in counted.most_common(_MOST_REPAIR_NOTES)
    ]
    more = len(counted) - len(said)
    return (*said, f"{more} more such findings in single bands.") if more else tuple(said)
