"""Computes maps over the field of view, in tiles, with progress, cancellable between them."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from aphyn_gui.draining import drained
from aphyn_gui.recording.alternans import Alternans, find_alternans
from aphyn_gui.recording.beats import Beats, detect_beats
from aphyn_gui.recording.cleaning import remove_drift, spatial_mean, suggest_polarity
from aphyn_gui.recording.errors import RecordingError
from aphyn_gui.recording.field_pixels import CODES, MEASURED, FieldPixels, field_windows
from aphyn_gui.recording.maps import FieldMap, FieldMaps, MapKind, MapSettings, Unmeasured
from aphyn_gui.recording.preparation import Ensemble, Polarity
from aphyn_gui.recording.recording import Recording
from aphyn_gui.recording.roi import RectangularRoi

Floats = npt.NDArray[np.float64]

_TILE_BYTES = 256 * 2**20
_GROUP_BYTES = 16 * 2**20
_BLOCK_PIXELS = 64
"""Read at once; cleaned at once by each thread; averaged at once, within a core's own memory."""

_MOST_THREADS = 4
_READING_SHARE = 0.3


@dataclass(frozen=True, slots=True)
class MapProgress:
    """How far the maps are.

    Parameters
    ----------
    fraction : float
        Of the work, 0 to 1.
    """

    fraction: float


def compute_maps(
    recording: Recording, settings: MapSettings | None = None, mask: npt.ArrayLike | None = None
) -> Generator[MapProgress, None, FieldMaps]:
    """Map the field of view, by `MAP_DEFINITIONS`; the maps are the generator's value.

    Closing the generator cancels. No more than 256 MB of the recording is held at once; larger
    ones are read twice.

    Parameters
    ----------
    recording : Recording
        With a known frame interval.
    settings : MapSettings or None
        None: the defaults.
    mask : array_like of bool, shape (rows, columns), or None
        Pixels that are mapped, and whose mean gives the beats; pixels outside still count in the
        spatial mean of those beside them.

    Raises
    ------
    RecordingError
        If the frame interval is unknown, the mask does not fit, or the field shows no beats.
    """
    settings = settings or MapSettings()
    interval = recording.frame_interval_ms
    if interval is None:
        raise RecordingError(
            f"the file does not say its frame interval: enter the time between the frames of "
            f"{recording.path.name}, in ms"
        )
    unmeasured = _masked(recording, mask)
    tiles = list(_tiles(recording))
    kept: Floats | None = None
    total = np.zeros(recording.frame_count)
    for index, tile in enumerate(tiles):
        counts = recording.read_region(tile)
        total += _usable_sum(
            counts, unmeasured[tile.rows, tile.columns], recording.saturation_level
        )
        kept = counts if len(tiles) == 1 else None
        yield MapProgress(_READING_SHARE * (index + 1) / len(tiles))
    usable_count = int((unmeasured == MEASURED).sum())
    if usable_count == 0:
        raise RecordingError(
            f"{recording.path.name} has no pixel that can be mapped: all are masked, saturated, "
            "flat, or hold values that are not numbers"
        )
    mean = total / usable_count
    polarity = settings.polarity or suggest_polarity(mean).polarity
    trace = remove_drift(polarity.sign * mean, settings.drift_order)
    try:
        beats = detect_beats(trace, interval, settings.cycle_length_ms)
    except RecordingError as error:
        raise RecordingError(f"the mean over the field of view: {error}") from error
    windows, used = field_windows(trace, beats.only(_chosen_beats(beats, settings)), interval)
    pixels = FieldPixels(unmeasured, settings, polarity, windows)
    for done in _measured_tiles(recording, tiles, kept, settings.spatial_mean // 2, pixels):
        yield MapProgress(_READING_SHARE + (1 - _READING_SHARE) * done)
    return FieldMaps(
        maps=_field_maps(pixels, settings, interval),
        unmeasured=unmeasured,
        settings=settings,
        polarity=polarity,
        beats=used,
        cycle_length_ms=beats.cycle_length_ms,
        notes=(
            *_cleaning_notes(settings, polarity),
            *beats.notes,
            *_beat_notes(find_alternans(trace, interval, beats), settings, used),
        ),
    )


def run_maps(
    recording: Recording, settings: MapSettings | None = None, mask: npt.ArrayLike | None = None
) -> FieldMaps:
    """Map the field of view without reporting progress."""
    return drained(compute_maps(recording, settings, mask))


def _masked(recording: Recording, mask: npt.ArrayLike | None) -> npt.NDArray[np.int8]:
    shape = (recording.row_count, recording.column_count)
    unmeasured = np.full(shape, MEASURED)
    if mask is not None:
        inside = np.asarray(mask)
        if inside.shape != shape or inside.dtype != np.bool_:
            raise RecordingError(
                f"a mask of {recording.path.name} is true or false for each of {shape[0]} x "
                f"{shape[1]} pixels, got {inside.dtype} of shape {inside.shape}"
            )
        unmeasured[~inside] = CODES[Unmeasured.MASKED]
    return unmeasured


def _tiles(recording: Recording) -> Iterator[RectangularRoi]:
    """The field in pieces whose counts fit the memory; whole rows where they do."""
    rows, columns = recording.row_count, recording.column_count
    pixels = max(1, _TILE_BYTES // (recording.frame_count * 8))
    width = min(columns, pixels)
    height = min(rows, max(1, pixels // width))
    for top in range(0, rows, height):
        for left in range(0, columns, width):
            yield RectangularRoi(left, top, min(width, columns - left), min(height, rows - top))


def _usable_sum(
    counts: Floats, unmeasured: npt.NDArray[np.int8], saturation_level: float | None
) -> Floats:
    """Sum over usable pixels, shape (time,); the others are marked in ``unmeasured``."""
    with np.errstate(invalid="ignore"):
        lowest, highest = counts.min(axis=0), counts.max(axis=0)
    ceiling = np.inf if saturation_level is None else saturation_level
    finite = np.isfinite(lowest) & np.isfinite(highest)
    for reason, which in (
        (Unmeasured.HOLDS_NAN, ~finite),
        (Unmeasured.SATURATED, highest >= ceiling),
        (Unmeasured.FLAT, lowest == highest),
    ):
        unmeasured[which & (unmeasured == MEASURED)] = CODES[reason]
    usable = unmeasured == MEASURED
    if finite.all():
        return np.asarray(counts.reshape(len(counts), -1) @ usable.ravel().astype(np.float64))
    return np.asarray(counts[:, usable].sum(axis=1))


def _chosen_beats(beats: Beats, settings: MapSettings) -> tuple[int, ...]:
    complete = tuple(int(beat) for beat in beats.complete)
    if settings.beat is not None:
        chosen = complete[settings.beat : settings.beat + 1]
    else:
        chosen = settings.ensemble.of(complete)
    if not chosen:
        raise RecordingError(
            f"the field of view shows {len(complete)} complete beats; those that were asked for "
            "are not among them: choose others, or record longer"
        )
    return chosen


def _measured_tiles(
    recording: Recording,
    tiles: list[RectangularRoi],
    kept: Floats | None,
    border: int,
    pixels: FieldPixels,
) -> Iterator[float]:
    """Measure all tiles into ``pixels``; the fraction that is done, after each group of rows."""
    threads = min(_MOST_THREADS, os.cpu_count() or 1)
    executor = ThreadPoolExecutor(threads)
    try:
        for index, tile in enumerate(tiles):
            around = _grown(tile, border, recording)
            counts = recording.read_region(around) if kept is None else kept
            height = max(1, _GROUP_BYTES // (8 * recording.frame_count * around.width))
            tops = range(tile.y, tile.y + tile.height, height)
            groups = [
                RectangularRoi(tile.x, top, tile.width, min(height, tile.y + tile.height - top))
                for top in tops
            ]
            measure = partial(_measure_group, counts, around, border, pixels)
            for done, _ in enumerate(executor.map(measure, groups), start=1):
                yield (index + done / len(groups)) / len(tiles)
    finally:
        executor.shutdown(cancel_futures=True)


def _grown(tile: RectangularRoi, border: int, recording: Recording) -> RectangularRoi:
    left, top = max(0, tile.x - border), max(0, tile.y - border)
    right = min(recording.column_count, tile.x + tile.width + border)
    bottom = min(recording.row_count, tile.y + tile.height + border)
    return RectangularRoi(left, top, right - left, bottom - top)


def _measure_group(
    counts: Floats, around: RectangularRoi, border: int, pixels: FieldPixels, group: RectangularRoi
) -> None:
    """Measure the pixels of some rows of what was read."""
    places = np.argwhere(pixels.unmeasured[group.rows, group.columns] == MEASURED)
    if len(places) == 0:
        return
    first = max(around.y, group.y - border)
    stop = min(around.y + around.height, group.y + group.height + border)
    frames = np.ascontiguousarray(counts[:, first - around.y : stop - around.y])
    averaged = spatial_mean(frames, 2 * border + 1)
    rows, columns = places[:, 0] + group.y, places[:, 1] + group.x
    indices = (rows - first) * around.width + columns - around.x
    for start in range(0, len(places), _BLOCK_PIXELS):
        block = slice(start, start + _BLOCK_PIXELS)
        pixels.measure(
            (rows[block], columns[block]),
            _traces(frames, indices[block]),
            _traces(averaged, indices[block]),
        )


def _traces(frames: Floats, indices: npt.NDArray[np.int64]) -> Floats:
    """Traces of some pixels, counted row by row, shape (pixels, time)."""
    flat = frames.reshape(len(frames), -1)
    first, last = int(indices[0]), int(indices[-1])
    # Neighbours are cut out in a third of the time.
    neighbours = last - first + 1 == indices.size
    return np.ascontiguousarray((flat[:, first : last + 1] if neighbours else flat[:, indices]).T)


def _field_maps(
    pixels: FieldPixels, settings: MapSettings, interval: float
) -> tuple[FieldMap, ...]:
    def as_map(kind: MapKind, values: Floats, unit: str, level: float | None = None) -> FieldMap:
        return FieldMap(kind, values.astype(np.float32), unit, level)

    seen = np.isfinite(pixels.onset)
    earliest = pixels.onset[seen].min() if seen.any() else 0.0
    lit = np.where(pixels.rest > 0, pixels.rest, np.nan)
    return (
        as_map(MapKind.ACTIVATION, (pixels.onset - earliest) * interval, "ms"),
        *(
            as_map(MapKind.DURATION, values * interval, "ms", level)
            for level, values in zip(settings.apd_levels, pixels.durations, strict=True)
        ),
        as_map(MapKind.RISE_TIME, pixels.rise_time * interval, "ms"),
        as_map(MapKind.AMPLITUDE, pixels.amplitude, "counts"),
        as_map(MapKind.RELATIVE_AMPLITUDE, 100 * pixels.amplitude / lit, "%"),
        as_map(MapKind.SNR, pixels.snr, ""),
    )


def _cleaning_notes(settings: MapSettings, polarity: Polarity) -> tuple[str, ...]:
    chosen = "as the field's mean suggests" if settings.polarity is None else "set by hand"
    notes = [f"Depolarisation goes {polarity} in the recording, {chosen}."]
    if settings.spatial_mean > 1:
        side = settings.spatial_mean
        notes.append(f"Each pixel was averaged over {side} x {side} pixels.")
    notes.append(
        "The mean of each trace was subtracted."
        if settings.drift_order == 0
        else f"A polynomial baseline of degree {settings.drift_order}, fitted by asymmetric least "
        "squares (weight 0.1 above it), was subtracted from each trace."
    )
    if settings.temporal_filter:
        notes.append("The averaged beat was Savitzky-Golay filtered (9 frames, order 3).")
    return tuple(notes)


def _beat_notes(
    alternans: Alternans, settings: MapSettings, used: tuple[int, ...]
) -> tuple[str, ...]:
    numbers = ", ".join(str(beat) for beat in used)
    notes = [f"Beats averaged, counted from 0: {numbers}.", alternans.note]
    over_all = settings.beat is None and settings.ensemble is Ensemble.ALL
    if alternans.between_beats and over_all:
        notes.append(
            "Warning: the maps average over alternating beats; map the even or the odd ones alone."
        )
    return tuple(notes)
