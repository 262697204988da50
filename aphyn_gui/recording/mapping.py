"""Computes maps over the field of view, band by band, with progress, cancellable between them."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from aphyn_gui.draining import drained
from aphyn_gui.recording.alternans import Alternans, find_alternans
from aphyn_gui.recording.beats import Beats
from aphyn_gui.recording.errors import RecordingError
from aphyn_gui.recording.field_counts import FieldCounts
from aphyn_gui.recording.field_pixels import FieldPixels, field_windows
from aphyn_gui.recording.field_signal import FieldSignal, field_signal
from aphyn_gui.recording.maps import FieldMap, FieldMaps, MapKind, MapSettings
from aphyn_gui.recording.masks import Mask
from aphyn_gui.recording.preparation import Ensemble, Preparation
from aphyn_gui.recording.recording import Recording

Floats = npt.NDArray[np.float64]

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

    Closing the generator cancels. No more than 256 MB of the recording, as stored, is held at
    once; larger ones are read twice.

    Parameters
    ----------
    recording : Recording
        With a known frame interval.
    settings : MapSettings or None
        None: the defaults.
    mask : array_like of bool, shape (rows, columns), or None
        Pixels that are mapped, instead of those of the preparation's mask.

    Raises
    ------
    RecordingError
        If the frame interval is unknown, the mask does not fit, no pixel can be used, or the field
        shows no beats.
    """
    settings = settings or MapSettings()
    preparation = settings.preparation
    if mask is not None:
        preparation = replace(preparation, mask=_checked(recording, mask))
    field = FieldCounts(recording, preparation)
    signal = yield from _signal(field)
    beats = signal.beats.only(_chosen_beats(signal.beats, preparation))
    windows, used = field_windows(signal.trace, beats, signal.frame_interval_ms)
    pixels = FieldPixels(signal, settings, windows)
    for done, _ in field.each_band(pixels.measure):
        yield MapProgress(_READING_SHARE + (1 - _READING_SHARE) * done)
    alternans = find_alternans(signal.trace, signal.frame_interval_ms, signal.beats)
    return FieldMaps(
        maps=_field_maps(pixels, settings, signal.frame_interval_ms),
        unmeasured=pixels.unmeasured,
        settings=settings,
        polarity=signal.polarity,
        beats=used,
        cycle_length_ms=signal.beats.cycle_length_ms,
        notes=(
            *signal.steps,
            *_smoothing_notes(settings),
            *signal.beats.notes,
            *_beat_notes(alternans, preparation, used),
        ),
    )


def _signal(field: FieldCounts) -> Generator[MapProgress, None, FieldSignal]:
    steps = field_signal(field)
    while True:
        try:
            yield MapProgress(_READING_SHARE * next(steps))
        except StopIteration as stop:
            signal: FieldSignal = stop.value
            return signal


def run_maps(
    recording: Recording, settings: MapSettings | None = None, mask: npt.ArrayLike | None = None
) -> FieldMaps:
    """Map the field of view without reporting progress."""
    return drained(compute_maps(recording, settings, mask))


def _checked(recording: Recording, mask: npt.ArrayLike) -> Mask:
    inside = np.asarray(mask)
    shape = (recording.row_count, recording.column_count)
    if inside.shape != shape or inside.dtype != np.bool_:
        raise RecordingError(
            f"a mask of {recording.path.name} is true or false for each of {shape[0]} x "
            f"{shape[1]} pixels, got {inside.dtype} of shape {inside.shape}"
        )
    return Mask(inside, ())


def _chosen_beats(beats: Beats, preparation: Preparation) -> tuple[int, ...]:
    complete = tuple(int(beat) for beat in beats.complete)
    if preparation.beat is not None:
        chosen = complete[preparation.beat : preparation.beat + 1]
    else:
        chosen = preparation.ensemble.of(complete)
    if not chosen:
        raise RecordingError(
            f"the field of view shows {len(complete)} complete beats; those that were asked for "
            "are not among them: choose others, or record longer"
        )
    return chosen


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


def _smoothing_notes(settings: MapSettings) -> tuple[str, ...]:
    if not settings.is_beat_smoothed:
        return ()
    return ("The averaged beat was Savitzky-Golay filtered (9 frames, order 3).",)


def _beat_notes(
    alternans: Alternans, preparation: Preparation, used: tuple[int, ...]
) -> tuple[str, ...]:
    numbers = ", ".join(str(beat) for beat in used)
    notes = [f"Beats averaged, counted from 0: {numbers}.", alternans.note]
    over_all = preparation.beat is None and preparation.ensemble is Ensemble.ALL
    if alternans.between_beats and over_all:
        notes.append(
            "Warning: the maps average over alternating beats; map the even or the odd ones alone."
        )
    return tuple(notes)
