"""What happens to regions and mask when their recording is read in another way."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from aphyn_gui.recording import Mask, RectangularRoi
from aphyn_gui.study.study import RecordingReference, StudyRecording

FrameShape = tuple[int, int]
"""Rows and columns of a frame."""


@dataclass(frozen=True, slots=True)
class Reread:
    """A recording of the study after it was read anew.

    Parameters
    ----------
    entry : StudyRecording
        With the new reference; regions and mask lie inside the new frames.
    notes : tuple of str
        What became of regions and mask, for the user; empty where nothing did.
    """

    entry: StudyRecording
    notes: tuple[str, ...] = ()


def reread(
    entry: StudyRecording, reference: RecordingReference, before: FrameShape, after: FrameShape
) -> Reread:
    """Carry regions and mask of a recording over to the frames of another reading.

    Where only the binning differs, both are scaled with the pixels, rounded to whole ones. Where
    the file is read in another way that gives frames of another size, nobody knows which pixel is
    which: regions keep their numbers as far as they fit, the mask goes.

    Parameters
    ----------
    entry : StudyRecording
        As it is.
    reference : RecordingReference
        How the recording is read from now on.
    before, after : (int, int)
        Rows and columns of a frame until now, and from now on.
    """
    old = entry.reference
    changed = replace(entry, reference=reference)
    if old is None or before == after:
        return Reread(changed)
    ratio = old.binning / reference.binning
    is_scaled = ratio != 1 and old.choices == reference.choices
    rois = [region.roi for region in entry.regions]
    if is_scaled:
        rois = [_scaled(roi, ratio) for roi in rois]
    rois = [roi.clipped_to(*after) for roi in rois]
    regions = tuple(
        replace(region, roi=roi) for region, roi in zip(entry.regions, rois, strict=True)
    )
    notes = []
    if regions != entry.regions:
        notes.append(
            "Regions were scaled to the new pixels, and rounded to whole ones."
            if is_scaled
            else "Frames have another size now: regions were moved where they did not fit."
        )
    preparation = entry.preparation
    if preparation.mask is not None:
        mask = _scaled_mask(preparation.mask, reference, ratio, after) if is_scaled else None
        preparation = replace(preparation, mask=mask)
        notes.append(
            "The mask was scaled, too."
            if is_scaled
            else "The mask belonged to frames of another size and was removed."
        )
    return Reread(replace(changed, regions=regions, preparation=preparation), tuple(notes))


def _scaled(roi: RectangularRoi, ratio: float) -> RectangularRoi:
    left, right = round(roi.x * ratio), round((roi.x + roi.width) * ratio)
    top, bottom = round(roi.y * ratio), round((roi.y + roi.height) * ratio)
    return RectangularRoi(left, top, max(1, right - left), max(1, bottom - top))


def _scaled_mask(
    mask: Mask, reference: RecordingReference, ratio: float, after: FrameShape
) -> Mask:
    """Each new pixel is as the old one under its centre."""
    rows, columns = (
        _under_centres(count, old, ratio)
        for count, old in zip(after, mask.usable.shape, strict=True)
    )
    step = f"The mask was carried over to pixels of {reference.binning} x {reference.binning}."
    return Mask(mask.usable[np.ix_(rows, columns)], (*mask.steps, step))


def _under_centres(count: int, old_count: int, ratio: float) -> npt.NDArray[np.intp]:
    places = ((np.arange(count) + 0.5) / ratio).astype(np.intp)
    return np.minimum(places, old_count - 1)
