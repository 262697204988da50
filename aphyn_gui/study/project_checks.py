"""Whether the parts of a project fit each other: what the views and tables take for granted."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from aphyn_gui.fitting import Estimate, Fit, FitForecast, History, Uncertainty
from aphyn_gui.physics import STIMULUS_PARAMETERS, ionic_model
from aphyn_gui.recording import Preparation, RectangularRoi, SequenceSet
from aphyn_gui.study.study import Region

_COLOR = re.compile(r"#[0-9A-Fa-f]{6}")
_LARGEST_PLACE = 10**6
_LARGEST_SIDE = 999
_LARGEST_RATIO = 10.0
"""Standard error of a logarithm: far more than any that is identified, and exp of its interval does
not overflow."""


def problem_with(record: Any) -> str:
    """What is wrong with a part of a project, in words; "" when nothing is."""
    check = _CHECKS.get(type(record))
    return "" if check is None else check(record)


def _roi(roi: RectangularRoi) -> str:
    places = (roi.x, roi.y, roi.width, roi.height)
    return "" if all(abs(p) <= _LARGEST_PLACE for p in places) else "no image is so large"


def _region(region: Region) -> str:
    if not region.id or not region.name.strip():
        return "a region needs an id and a name"
    # Colours are written into rich text as they are.
    return "" if _COLOR.fullmatch(region.color) else "the colour should look like #RRGGBB"


def _preparation(preparation: Preparation) -> str:
    if preparation.spatial_mean > _LARGEST_SIDE:
        return f"the spatial mean is taken over at most {_LARGEST_SIDE} pixels"
    return "" if preparation.seed >= 0 else "the seed must not be negative"


def _sequences(sequences: SequenceSet) -> str:
    if sequences.voltages.ndim != 2 or min(sequences.voltages.shape) < 2:
        return "the voltages should be at least two sequences of two samples"
    count = len(sequences.voltages)
    for name in ("rows", "columns", "activation_ms", "lower", "upper", "snr"):
        if getattr(sequences, name).shape != (count,):
            return f"{name} should have one entry for each of the {count} sequences"
    parts = (sequences.training, sequences.validation)
    if any(part.ndim != 1 or part.size == 0 for part in parts):
        return "training and validation need at least one sequence each"
    drawn = np.concatenate(parts)
    if drawn.min() < 0 or drawn.max() >= count or np.unique(drawn).size != drawn.size:
        return "training and validation should be different sequences out of those there are"
    if not (math.isfinite(sequences.sample_interval_ms) and sequences.sample_interval_ms > 0):
        return "the sample interval must be positive"
    return _finite(voltages=sequences.voltages)


def _forecast(forecast: FitForecast) -> str:
    time_ms = forecast.time_ms
    if time_ms.ndim != 1 or time_ms.size < 2:
        return "a forecast needs at least one step"
    for name, length in (
        ("voltage", time_ms.size), ("gate", time_ms.size),
        ("physics_rate", time_ms.size - 1), ("network_rate", time_ms.size - 1),
    ):  # fmt: skip
        if getattr(forecast, name).shape != (length,):
            return f"{name} should have {length} entries"
    problem = _finite(time_ms=time_ms, voltage=forecast.voltage)
    if not problem and not (np.diff(time_ms) > 0).all():
        return "its times should increase"
    return problem


def _history(history: History) -> str:
    columns = {
        "training_mse": history.training_mse,
        "validation_mse": history.validation_mse,
        "mean_square_f_dl": history.mean_square_f_dl,
        "lambda_": history.lambda_,
        **history.parameters,
    }
    for name, column in columns.items():
        if column.shape != (history.training_mse.size,):
            return f"{name} should have one entry for each epoch"
    return ""


def _estimate(estimate: Estimate) -> str:
    if any(math.isinf(number) for number in (estimate.value, estimate.lower, estimate.upper)):
        return "an interval should not be infinite"
    if not estimate.identified:
        return ""
    if not (0 <= estimate.standard_error < math.inf and estimate.degrees_of_freedom > 0):
        return "an identified parameter needs a standard error"
    if estimate.is_log and not (estimate.value > 0 and estimate.standard_error < _LARGEST_RATIO):
        return "a parameter with an interval of its logarithm must be positive"
    return ""


def _uncertainty(uncertainty: Uncertainty) -> str:
    names = uncertainty.names
    if set(names) != set(uncertainty.estimates) or len(set(names)) != len(names):
        return "there should be one estimate for each name"
    if uncertainty.correlation.shape != (len(names), len(names)):
        return f"the correlation should have {len(names)} rows and columns"
    return ""


def _fit(fit: Fit) -> str:
    parameters = (*ionic_model(fit.protocol.physics).parameters, *STIMULUS_PARAMETERS)
    for parameter in parameters:
        for values in (fit.parameters, fit.physics_parameters):
            if not math.isfinite(values.get(parameter.name, math.nan)):
                return f"the parameter {parameter.name} has no value"
    return ""


def _finite(**arrays: npt.NDArray[np.float64]) -> str:
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            return f"{name} should hold numbers only"
    return ""


_CHECKS: dict[type, Callable[[Any], str]] = {
    RectangularRoi: _roi,
    Region: _region,
    Preparation: _preparation,
    SequenceSet: _sequences,
    FitForecast: _forecast,
    History: _history,
    Estimate: _estimate,
    Uncertainty: _uncertainty,
    Fit: _fit,
}
