"""Everything that runs over time, or over epochs: as CSV, and as NPY with named columns."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from aphyn_gui.fitting import Fit
from aphyn_gui.recording import Recording, SequenceSet, region_signal
from aphyn_gui.study.export.csv_files import write_csv
from aphyn_gui.study.export.fitted import FittedRegion
from aphyn_gui.study.network_map import has_network_map, network_map
from aphyn_gui.study.study import RegionFit
from aphyn_gui.study.writing import write_whole

Floats = npt.NDArray[np.float64]


def write_series(fitted: FittedRegion, folder: Path) -> list[Path]:
    """Forecast, mean sequence, sequences, history, trace and network of one region.

    Parameters
    ----------
    fitted : FittedRegion
        Its trace over the whole recording is written where the recording is open.
    folder : Path
        Exists.

    Returns
    -------
    list of Path
        Files written; ``.npy`` files hold the columns of the ``.csv`` of the same name, sequences
        as an array of (sequences, samples).

    Raises
    ------
    RecordingError
        If the recording cannot be read.
    """
    fit = fitted.region_fit.fit
    stem = folder / fitted.stem
    columns = {"forecast": forecast_columns(fit), "mean": mean_columns(fit)}
    if fitted.recording is not None:
        columns["trace"] = trace_columns(fitted.region_fit, fitted.recording)
    if has_network_map(fit):
        columns["network"] = network_columns(fit)
    written = []
    for name, table in columns.items():
        written.append(_write_columns(Path(f"{stem}_{name}.csv"), table))
        written.append(_write_array(Path(f"{stem}_{name}.npy"), _structured(table)))
    written.append(_write_sequences(Path(f"{stem}_sequences.csv"), fit.sequences))
    written.append(_write_array(Path(f"{stem}_sequences.npy"), fit.sequences.voltages))
    written.append(_write_columns(Path(f"{stem}_history.csv"), history_columns(fit)))
    return written


def forecast_columns(fit: Fit) -> dict[str, Floats]:
    """The forecast on the grid of its steps, each of shape (steps + 1,).

    A rate belongs to the step that follows its time; the last time has none (NaN). v is the sum of
    the two integrals.
    """
    forecast = fit.forecast
    return {
        "time_ms": forecast.time_ms,
        "v": forecast.voltage,
        "h": forecast.gate,
        "f_p_per_ms": np.append(forecast.physics_rate, np.nan),
        "f_dl_per_ms": np.append(forecast.network_rate, np.nan),
        "integrated_f_p": forecast.integrated_physics,
        "integrated_f_dl": forecast.integrated_network,
        "physics_only_v": fit.physics_forecast.voltage,
    }


def mean_columns(fit: Fit) -> dict[str, Floats]:
    """What was fitted and what came out, at the frames, each of shape (samples,)."""
    sequences, forecast = fit.sequences, fit.forecast
    time = sequences.time_ms

    def at_frames(values: Floats) -> Floats:
        # Every frame is a step of the forecast.
        return np.interp(time, forecast.time_ms, values)

    return {
        "time_ms": time,
        "training_mean_v": sequences.training_voltages.mean(axis=0),
        "training_sd_v": sequences.training_voltages.std(axis=0),
        "validation_mean_v": sequences.validation_voltages.mean(axis=0),
        "hybrid_v": at_frames(forecast.voltage),
        "physics_only_v": at_frames(fit.physics_forecast.voltage),
    }


def trace_columns(region_fit: RegionFit, recording: Recording) -> dict[str, Floats]:
    """The region's mean trace over the whole recording, each of shape (frames,)."""
    signal = region_signal(recording, region_fit.region.roi, region_fit.fit.sequences.preparation)
    return {"time_ms": signal.time_ms, "raw_counts": signal.raw, "cleaned_counts": signal.cleaned}


def network_columns(fit: Fit) -> dict[str, Floats]:
    """F_dl over the (v, h) plane, one line a point of the grid, each of shape (gates x voltages,).

    Raises
    ------
    StudyError
        If the fit has no network.
    """
    plane = network_map(fit)
    v, h = np.meshgrid(plane.voltage, plane.gate)
    return {"v": v.ravel(), "h": h.ravel(), "f_dl_per_ms": plane.rate.ravel()}


def history_columns(fit: Fit) -> dict[str, Floats]:
    """The course of the training, each of shape (epochs,)."""
    history = fit.history
    return {
        "epoch": np.arange(1.0, history.epochs + 1),
        "training_mse": history.training_mse,
        "validation_mse": history.validation_mse,
        "mean_square_f_dl": history.mean_square_f_dl,
        "lambda": history.lambda_,
        **history.parameters,
    }


def _write_columns(path: Path, columns: Mapping[str, Floats]) -> Path:
    return write_csv(path, list(columns), zip(*(c.tolist() for c in columns.values()), strict=True))


def _write_sequences(path: Path, sequences: SequenceSet) -> Path:
    """One line a pixel: where it is, what it served for, and its samples."""
    parts = dict.fromkeys(sequences.training.tolist(), "training")
    parts.update(dict.fromkeys(sequences.validation.tolist(), "validation"))
    header = ["row", "column", "part", "activation_ms", "snr"]
    return write_csv(
        path,
        header + [f"v_at_{time:g}_ms" for time in sequences.time_ms],
        (
            [int(row), int(column), parts.get(index, "unused"), activation, snr, *voltages.tolist()]
            for index, (row, column, activation, snr, voltages) in enumerate(
                zip(
                    sequences.rows, sequences.columns, sequences.activation_ms, sequences.snr,
                    sequences.voltages, strict=True,
                )
            )
        ),
    )  # fmt: skip


def _structured(columns: Mapping[str, Floats]) -> npt.NDArray[np.void]:
    """The columns as one array with named fields, shape (lines,)."""
    values = np.stack(list(columns.values()), axis=-1)
    kind = np.dtype([(name, np.float64) for name in columns])
    return np.ascontiguousarray(values).view(kind)[:, 0]


def _write_array(path: Path, array: npt.NDArray[np.float64] | npt.NDArray[np.void]) -> Path:
    return write_whole(path, lambda file: np.save(file, array, allow_pickle=False))
