"""Frames a camera dropped and samples it could not hold: found, bridged where short, reported."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aphyn_gui.recording.cleaning import remove_trend
from aphyn_gui.recording.cleaning_settings import FrameRepair

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Runs = tuple[tuple[int, int], ...]

_FEWEST_PIXELS = 4
"""Fewer agree by chance."""

_MOST_FAULTY = 0.2
"""If more frames are alike they were recorded so: a movie without noise, or interpolated."""

_CHANCE = 0.01
"""Expected number of frames that repeat the one before by chance, above which none is judged."""

_JUMP_SHARE = 0.75
_JUMP_NOISE = 10.0
_LONGEST_FLASH = 0.25
_NORMAL_MAD = 1.4826
_NAMED = 12
"""Frames or runs listed by number; more are counted."""


@dataclass(frozen=True, slots=True)
class FrameFaults:
    """Faulty frames of a region, numbered from the first frame looked at.

    Parameters
    ----------
    constant : tuple of int
        All pixels hold the same value.
    repeated : tuple of int
        All pixels hold the values of the frame before.
    jumping : tuple of int
        The light jumps away before and back after them, each within one frame.
    remarks : tuple of str
        What could not be looked for, and why.
    """

    constant: tuple[int, ...] = ()
    repeated: tuple[int, ...] = ()
    jumping: tuple[int, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def frames(self) -> tuple[int, ...]:
        """All of them, in order."""
        return tuple(sorted({*self.constant, *self.repeated, *self.jumping}))


@dataclass(frozen=True, slots=True, eq=False)
class Repaired:
    """Counts after repair, and what was done.

    Parameters
    ----------
    counts : ndarray of float64, shape (time, row, column)
        Bridged by straight lines.
    lost : tuple of (int, int)
        First and last frame of each run too long to repair, or at an end; bridged too, so that
        the rest can be cleaned, but no beat that touches one may be used.
    notes : tuple of str
        What was found and done, with counts and frame numbers of the recording.
    """

    counts: Floats
    lost: Runs
    notes: tuple[str, ...]


def find_faulty_frames(counts: npt.ArrayLike) -> FrameFaults:
    """Find frames that were dropped, repeated, or lit differently.

    Parameters
    ----------
    counts : array_like, shape (time, row, column)
        As recorded. Pixels that hold NaN or never change are not asked.

    Notes
    -----
    A jump counts if it spans at least 3/4 of the region's range (1st to 99th percentile, linear
    drift removed) and ten standard deviations of the frame-to-frame noise, and another one leads
    back within a quarter of the frames: an upstroke may be that steep, but no repolarisation is.
    Lasting steps, as of a shutter, are not found: cut them off.
    """
    values = np.asarray(counts, dtype=np.float64)
    pixels = values.reshape(len(values), -1)
    pixels = pixels[:, np.isfinite(pixels).all(axis=0)]
    pixels = pixels[:, np.ptp(pixels, axis=0) > 0]
    if pixels.shape[1] < _FEWEST_PIXELS or len(values) < 3:
        return FrameFaults(
            remarks=(
                f"Faulty frames were not looked for: only {pixels.shape[1]} pixels change, and "
                f"{_FEWEST_PIXELS} are needed to tell.",
            )
        )
    remarks: list[str] = []
    constant = _few(np.ptp(pixels, axis=1) == 0, "hold one value throughout", remarks)
    repeated = _few(_repeated(pixels, remarks), "repeat the one before", remarks) & ~constant
    # The median: a few saturated pixels are no matter of the whole frame.
    jumping = _jumping(np.median(pixels, axis=1), constant | repeated)
    return FrameFaults(
        constant=_numbers(constant),
        repeated=_numbers(repeated),
        jumping=_numbers(jumping),
        remarks=tuple(remarks),
    )


def _few(flags: Flags, what: str, remarks: list[str]) -> Flags:
    share = float(flags.mean())
    if share <= _MOST_FAULTY:
        return flags
    remarks.append(
        f"{100 * share:.0f} % of the frames {what}: taken as a property of the recording, not as "
        "faults."
    )
    return np.zeros_like(flags)


def _repeated(pixels: Floats, remarks: list[str]) -> Flags:
    same = np.diff(pixels, axis=0) == 0
    # Pixels' noise is independent: the chances that one stands still multiply.
    chance = np.log((same.sum(axis=0) + 1) / (len(same) + 1)).sum()
    if chance + np.log(len(same)) > np.log(_CHANCE):
        remarks.append(
            "Repeated frames were not looked for: so few pixels change so little that they may "
            "stand still by chance."
        )
        return np.zeros(len(pixels), dtype=np.bool_)
    return np.append(False, same.all(axis=1))


def _jumping(level: Floats, faulty: Flags) -> Flags:
    flags = np.zeros(level.size, dtype=np.bool_)
    good = np.flatnonzero(~faulty)
    # What is found already would jump, too.
    level = np.interp(np.arange(level.size), good, level[good])
    low, high = np.percentile(remove_trend(level, 1), (1, 99))
    steps = np.diff(level)
    noise = _NORMAL_MAD * float(np.median(np.abs(steps)))
    edges = np.flatnonzero(np.abs(steps) >= max(_JUMP_SHARE * (high - low), _JUMP_NOISE * noise))
    if high <= low:
        return flags
    away = np.sign(steps[edges])
    free = np.ones(edges.size, dtype=np.bool_)
    # Neighbouring jumps of opposite sign, the closest first: an upstroke finds no partner.
    for index in np.argsort(np.diff(edges), kind="stable"):
        if edges[index + 1] - edges[index] > _LONGEST_FLASH * level.size:
            break
        if free[index] and free[index + 1] and away[index] != away[index + 1]:
            free[index] = free[index + 1] = False
            flags[edges[index] + 1 : edges[index + 1] + 1] = True
    return flags


def repair_counts(
    counts: npt.ArrayLike,
    settings: FrameRepair,
    saturation_level: float | None,
    first_frame: int = 0,
) -> Repaired:
    """Find faulty frames and saturated samples, and bridge them by straight lines.

    Parameters
    ----------
    counts : array_like, shape (time, row, column)
        As recorded.
    settings : FrameRepair
        Longest run that is repaired.
    saturation_level : float or None
        Count from which on a sample is saturated; None: none is.
    first_frame : int
        Number of the first of these frames in the recording, for the notes.

    Returns
    -------
    Repaired
        A pixel with a saturated run that is too long stays as it was recorded.
    """
    values = np.array(counts, dtype=np.float64)
    faults = find_faulty_frames(values)
    flags = np.zeros(len(values), dtype=np.bool_)
    flags[list(faults.frames)] = True
    lost = tuple(
        run for run in _runs(flags) if not _is_short(run, len(values), settings.longest_gap_frames)
    )
    good = np.flatnonzero(~flags)
    if good.size:
        _bridge(values, flags, good)
    saturation_note = _repair_saturation(values, settings, saturation_level, first_frame)
    return Repaired(
        values, lost, (*_frame_notes(faults, lost, len(values), first_frame), saturation_note)
    )


def _bridge(values: Floats, flags: Flags, good: npt.NDArray[np.intp]) -> None:
    """Straight lines between the good frames either side; the last good one held at an end."""
    bad = np.flatnonzero(flags)
    after = np.searchsorted(good, bad)
    right = good[np.minimum(after, good.size - 1)]
    left = good[np.maximum(after - 1, 0)]
    span = np.maximum(right - left, 1)
    share = np.clip((bad - left) / span, 0, 1)[:, None, None]
    values[bad] = values[left] + share * (values[right] - values[left])


def _repair_saturation(
    values: Floats, settings: FrameRepair, saturation_level: float | None, first_frame: int
) -> str:
    if saturation_level is None:
        return "Saturated samples were not looked for: the file sets no largest count."
    saturated = values >= saturation_level
    mended: set[int] = set()
    samples = pixels = too_long = 0
    for row, column in np.argwhere(saturated.any(axis=0)):
        flags = saturated[:, row, column]
        limit = settings.longest_gap_frames
        if not all(_is_short(run, len(values), limit) for run in _runs(flags)):
            too_long += 1
            continue
        good = np.flatnonzero(~flags)
        bad = np.flatnonzero(flags)
        values[bad, row, column] = np.interp(bad, good, values[good, row, column])
        samples += bad.size
        pixels += 1
        mended.update(int(frame) + first_frame for frame in bad)
    if not samples and not too_long:
        return f"No sample reaches {saturation_level:g} counts, where the camera saturates."
    note = (
        f"{samples} saturated samples ({saturation_level:g} counts or more) of {pixels} pixels "
        "were interpolated"
    )
    note += f", in frames {_listed(_runs_of(sorted(mended)))}" if mended else ""
    if too_long:
        note += (
            f"; {too_long} pixels are saturated for more than {settings.longest_gap_frames} frames "
            "on end, or at an end of the recording, and cannot be used"
        )
    return note + "."


def _frame_notes(
    faults: FrameFaults, lost: Runs, frame_count: int, first_frame: int
) -> tuple[str, ...]:
    notes = list(faults.remarks)
    kinds = (
        (faults.constant, "hold one value throughout"),
        (faults.repeated, "repeat the one before"),
        (faults.jumping, "lie between two jumps of the light"),
    )
    found = [
        f"{len(frames)} {what} ({_listed(_runs_of([first_frame + frame for frame in frames]))})"
        for frames, what in kinds
        if frames
    ]
    if found:
        notes.append(
            f"Of {frame_count} frames, counted from 0, {'; '.join(found)}: they were replaced by "
            "straight lines between the frames on either side."
        )
    elif not faults.remarks:
        notes.append(f"None of {frame_count} frames is faulty.")
    if lost:
        shifted = tuple((first + first_frame, last + first_frame) for first, last in lost)
        notes.append(
            f"Frames {_listed(shifted)} are too many to replace, or lie at an end: beats that "
            "touch them are not used."
        )
    return tuple(notes)


def _numbers(flags: Flags) -> tuple[int, ...]:
    return tuple(int(frame) for frame in np.flatnonzero(flags))


def _is_short(run: tuple[int, int], length: int, longest: int) -> bool:
    first, last = run
    return first > 0 and last < length - 1 and last - first + 1 <= longest


def _runs(flags: Flags) -> Runs:
    """First and last index of each run of True."""
    edges = np.flatnonzero(np.diff(flags.astype(np.int8), prepend=0, append=0))
    return tuple((int(first), int(stop) - 1) for first, stop in edges.reshape(-1, 2))


def _runs_of(frames: list[int]) -> Runs:
    if not frames:
        return ()
    flags = np.zeros(frames[-1] - frames[0] + 1, dtype=np.bool_)
    flags[np.array(frames) - frames[0]] = True
    return tuple((first + frames[0], last + frames[0]) for first, last in _runs(flags))


def _listed(runs: Runs) -> str:
    named = [str(first) if first == last else f"{first}-{last}" for first, last in runs[:_NAMED]]
    more = len(runs) - len(named)
    return ", ".join(named) + (f" and {more} more" if more > 0 else "")
