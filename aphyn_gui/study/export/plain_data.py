"""A study as plain data: dictionaries that JSON can hold."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from aphyn_gui.fitting import Estimate, Fit, NetworkSettings
from aphyn_gui.fitting.credibility import drift
from aphyn_gui.physics import STIMULUS_PARAMETERS, ionic_model
from aphyn_gui.recording import DEFINITIONS, Recording
from aphyn_gui.study.comparison import Comparison, compare
from aphyn_gui.study.differences import Difference
from aphyn_gui.study.document import Document
from aphyn_gui.study.study import Region, RegionFit, Study


def study_as_dict(study: Study, recording: Recording) -> dict[str, Any]:
    """Everything a fit found, as JSON can hold it.

    Keys carry their units; what does not exist is None.
    """
    comparison = compare(study)
    fits = [study.fit_of(region.id) for region in comparison.regions]
    regions = [
        {
            **region_as_dict(fit),
            "changed_since_fit": list(study.changes_since_fit(fit.region.id, recording)),
            **_row_values(comparison, index),
        }
        for index, fit in enumerate(fits)
    ]
    return {
        **recording_as_dict(recording),
        "polarity": _common(str(fit.fit.sequences.polarity) for fit in fits),
        "cycle_length_ms": _median([fit.fit.sequences.cycle_length_ms for fit in fits]),
        "regions": regions,
        "differences": [difference_as_dict(d) for d in comparison.differences],
        "findings": list(comparison.findings),
        "definitions": DEFINITIONS,
    }


def document_as_dict(document: Document) -> dict[str, Any]:
    """What a project holds, and which of its recordings are there."""
    study = document.study
    fits: dict[str, dict[str, Any]] = {}
    for region_id, region_fit in study.fits.items():
        fit = region_fit.fit
        fits[region_id] = {
            "outcome": str(fit.outcome),
            "message": fit.message,
            "preset": fit.protocol.name,
            "physics": fit.protocol.physics,
            "network": _network_name(fit.protocol.network),
            "training_mse": _number(fit.hybrid.training_mse),
            "validation_mse": _number(fit.hybrid.validation_mse),
            "started_at": fit.provenance.started_at,
            "changed_since_fit": list(document.changes_since_fit(region_id)),
        }
    return {
        "file": None if document.path is None else str(document.path),
        "recordings": [
            {
                "name": entry.name,
                "file": str(entry.reference.path),
                "is_present": entry.id in document.recordings,
                "problem": document.problems.get(entry.id, ""),
                "regions": [
                    {**_place(region), "fit": fits.get(region.id)} for region in entry.regions
                ],
            }
            for entry in study.recordings
            if entry.reference is not None
        ],
    }


def _place(region: Region) -> dict[str, Any]:
    """A region's name and pixels."""
    return {
        "name": region.name,
        "x": region.roi.x,
        "y": region.roi.y,
        "width": region.roi.width,
        "height": region.roi.height,
    }


def recording_as_dict(recording: Recording) -> dict[str, Any]:
    """What is known of a recording."""
    return {
        "file": None if recording.path is None else str(recording.path),
        "format": recording.format_name,
        "frame_count": recording.frame_count,
        "row_count": recording.row_count,
        "column_count": recording.column_count,
        "frame_interval_ms": recording.frame_interval_ms,
        "duration_ms": recording.duration_ms,
        "pixel_pitch_mm": recording.pixel_pitch_mm,
        "assumptions": list(recording.assumptions),
        "choices": [
            {
                "key": choice.key,
                "label": choice.label,
                "options": list(choice.options),
                "chosen": choice.chosen,
                "reason": choice.reason,
            }
            for choice in recording.choices
        ],
    }


def parameters_as_dicts(fit: Fit) -> list[dict[str, Any]]:
    """Every parameter of a fit, with its interval and what the data say about it.

    ``standard_error`` is that of the logarithm where ``is_relative``, else in the unit. What a
    parameter that was not learned would have is given too.
    """
    estimates: dict[str, Estimate] = {}
    if fit.uncertainty is not None:
        estimates = {**fit.uncertainty.estimates, **fit.uncertainty.not_learned}
    unknowns = fit.protocol.unknowns
    rows = []
    for parameter in (*ionic_model(fit.protocol.physics).parameters, *STIMULUS_PARAMETERS):
        name = parameter.name
        value, start = fit.parameters[name], fit.physics_parameters[name]
        estimate = estimates.get(name)
        rows.append(
            {
                "name": name,
                "unit": parameter.unit,
                "is_learned": name in unknowns,
                "value": value,
                "lower": None if estimate is None else _number(estimate.lower),
                "upper": None if estimate is None else _number(estimate.upper),
                "standard_error": None if estimate is None else _number(estimate.standard_error),
                "is_relative": None if estimate is None else estimate.is_log,
                "laplace_error": None if estimate is None else _number(estimate.laplace_error),
                "resampling_error": (
                    None if estimate is None else _number(estimate.resampling_error)
                ),
                "network_error": (None if estimate is None else _number(estimate.network_error)),
                "is_identified": None if estimate is None else estimate.identified,
                "reason": "" if estimate is None else estimate.reason,
                "physics_only": start,
                "drift": _number(drift(start, value)),
            }
        )
    return rows


def _row_values(comparison: Comparison, index: int) -> dict[str, float | bool | None]:
    """A region's column of the comparison, with the ends of the intervals and the flags."""
    values: dict[str, float | bool | None] = {}
    for row in comparison.rows:
        values[row.key] = _number(row.values[index])
        if row.lower:
            values[f"{row.key}_lower"] = _number(row.lower[index])
            values[f"{row.key}_upper"] = _number(row.upper[index])
        if row.flags:
            values[f"{row.key}_identified"] = row.is_identified(index)
    return values


def difference_as_dict(difference: Difference) -> dict[str, Any]:
    """One parameter in two regions."""
    return {
        "parameter": difference.name,
        "unit": "" if difference.is_ratio else difference.unit,
        "region": difference.region,
        "reference": difference.reference,
        "kind": "ratio" if difference.is_ratio else "difference",
        "value": _number(difference.value),
        "lower": _number(difference.lower),
        "upper": _number(difference.upper),
        "is_shown": difference.is_shown,
        "reason": difference.reason,
    }


def _correlation_as_dict(fit: Fit) -> dict[str, dict[str, float | None]] | None:
    """Correlations of the errors of the learned parameters, by both names."""
    if fit.uncertainty is None:
        return None
    names = fit.uncertainty.names
    return {
        name: {other: _number(float(value)) for other, value in zip(names, row, strict=True)}
        for name, row in zip(names, fit.uncertainty.correlation, strict=True)
    }


def region_as_dict(region_fit: RegionFit) -> dict[str, Any]:
    """One fit: its region, settings, parameters and what to know about them."""
    region, fit = region_fit.region, region_fit.fit
    sequences = fit.sequences
    return {
        **_place(region),
        "outcome": str(fit.outcome),
        "message": fit.message,
        "preset": fit.protocol.name,
        "physics": fit.protocol.physics,
        "network": _network_name(fit.protocol.network),
        "network_inputs": _network_inputs(fit.protocol.network),
        "seed": fit.protocol.seed,
        "epochs": fit.history.epochs,
        "physics_converged": fit.physics_converged,
        "parameters": parameters_as_dicts(fit),
        "correlation": _correlation_as_dict(fit),
        "interval_method": None if fit.uncertainty is None else fit.uncertainty.method,
        "is_one_population": (
            None if fit.uncertainty is None else fit.uncertainty.is_one_population
        ),
        "warnings": list(fit.warnings),
        "polarity": str(sequences.polarity),
        "cycle_length_ms": _number(sequences.cycle_length_ms),
        "horizon_ms": sequences.horizon_ms,
        "training_count": len(sequences.training),
        "validation_count": len(sequences.validation),
        "left_out_count": len(sequences.left_out),
        "stimulus_amplitude_per_ms": fit.parameters["stimulus_amplitude"],
        "stimulus_duration_ms": fit.parameters["stimulus_duration"],
        "stimulus_onset_ms": fit.parameters["stimulus_onset"],
        "device": fit.provenance.device,
        "elapsed_s": fit.provenance.elapsed_s,
        "notes": list(sequences.notes),
    }


def _network_name(network: NetworkSettings | None) -> str:
    return "none" if network is None else "resnet"


def _network_inputs(network: NetworkSettings | None) -> str | None:
    if network is None:
        return None
    return "vh" if network.sees_gate else "v"


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _median(values: list[float]) -> float | None:
    ordered = sorted(value for value in values if math.isfinite(value))
    return ordered[len(ordered) // 2] if ordered else None


def _common(values: Iterable[str]) -> str | None:
    """The value all regions share, None where they differ."""
    distinct = set(values)
    return distinct.pop() if len(distinct) == 1 else None
