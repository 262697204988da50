"""What was done to a signal, in sentences, in the order in which it was done."""

from __future__ import annotations

from aphyn_gui.recording.baseline import smoothness
from aphyn_gui.recording.cleaning import BASELINE_WEIGHT, PolaritySuggestion
from aphyn_gui.recording.preparation import Polarity, Preparation
from aphyn_gui.recording.region_counts import RegionCounts
from aphyn_gui.recording.temporal import describe_filter, step_rise_time_ms


def cleaning_steps(
    region: RegionCounts,
    suggestion: PolaritySuggestion,
    polarity: Polarity,
    preparation: Preparation,
) -> tuple[str, ...]:
    """One sentence for each cleaning step, in the order of application.

    Raises
    ------
    RecordingError
        If the temporal filter cannot be used at this frame rate.
    """
    return (
        *_cut_step(region, preparation),
        *region.repair_notes,
        *(() if preparation.mask is None else (preparation.mask.description,)),
        *_spatial_steps(preparation),
        _polarity_step(suggestion, polarity, preparation),
        _baseline_step(region.frame_interval_ms, preparation),
        *_temporal_step(region.frame_interval_ms, preparation),
    )


def _cut_step(region: RegionCounts, preparation: Preparation) -> tuple[str, ...]:
    if preparation.cut_start_ms is None and preparation.cut_end_ms is None:
        return ()
    first, last = region.first_frame, region.first_frame + len(region.counts) - 1
    interval = region.frame_interval_ms
    return (
        f"Only frames {first} to {last} of the recording (counted from 0; {first * interval:g} to "
        f"{last * interval:g} ms) were used.",
    )


def _spatial_steps(preparation: Preparation) -> tuple[str, ...]:
    steps = []
    if preparation.spatial_median > 1:
        side = preparation.spatial_median
        steps.append(f"Each pixel was replaced by the median over {side} x {side} pixels.")
    if preparation.spatial_mean > 1:
        side = preparation.spatial_mean
        steps.append(f"Each pixel was averaged over {side} x {side} pixels.")
    if preparation.spatial_sigma > 0:
        steps.append(
            f"Each frame was blurred by a Gaussian (sigma {preparation.spatial_sigma:g} pixels)."
        )
    return tuple(steps)


def _polarity_step(
    suggestion: PolaritySuggestion, polarity: Polarity, preparation: Preparation
) -> str:
    if preparation.polarity is None:
        sure = "clear" if suggestion.confident else "unclear: check it"
        chosen = f"suggested by the signal's skewness ({sure})"
    else:
        chosen = "set by hand"
    return f"Depolarisation goes {polarity} in the recording, {chosen}."


def _baseline_step(frame_interval_ms: float, preparation: Preparation) -> str:
    if preparation.baseline is not None:
        smooth = preparation.baseline
        return (
            "A smooth baseline, by asymmetric least squares (Eilers; time scale "
            f"{smooth.time_scale_ms:g} ms, lambda {smoothness(smooth, frame_interval_ms):.3g}, "
            f"weight {smooth.asymmetry:g} above it), was subtracted from each trace."
        )
    if preparation.drift_order == 0:
        return "The mean of each trace was subtracted."
    return (
        f"A polynomial baseline of degree {preparation.drift_order}, fitted by asymmetric least "
        f"squares (weight {BASELINE_WEIGHT:g} above it), was subtracted from each trace."
    )


def _temporal_step(frame_interval_ms: float, preparation: Preparation) -> tuple[str, ...]:
    if preparation.temporal_filter is None:
        return ()
    rise = step_rise_time_ms(preparation.temporal_filter, frame_interval_ms)
    return (
        f"Traces were filtered by a {describe_filter(preparation.temporal_filter)}. A step takes "
        f"{rise:.2f} ms from 10 % to 90 % after it ({0.8 * frame_interval_ms:.2f} ms without it).",
    )
