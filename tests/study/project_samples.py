"""Studies to save: a fixed one, generated ones, and how to tell whether two are the same."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st

from aphyn_gui.fitting import (
    EX_VIVO,
    PRESETS,
    RECOMMENDED,
    Errors,
    Estimate,
    Fit,
    FitForecast,
    History,
    Outcome,
    Protocol,
    Provenance,
    Uncertainty,
)
from aphyn_gui.physics import STIMULUS_PARAMETERS, ionic_model
from aphyn_gui.recording import (
    Ensemble,
    FrameRepair,
    LeftOutPixel,
    Mask,
    Normalisation,
    Polarity,
    Preparation,
    Quartiles,
    RectangularRoi,
    RegionMeasures,
    SequenceSet,
    SmoothBaseline,
    Split,
    TemporalFilter,
    TemporalKind,
)
from aphyn_gui.study import (
    Reading,
    RecordingReference,
    Region,
    RegionFit,
    Study,
    StudyRecording,
)

SAMPLE_V1 = Path(__file__).parent / "data" / "project_v1.aphyn"

any_float = st.floats(width=64)
names = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=12).filter(
    lambda text: bool(text.strip())
)
rois = st.builds(
    RectangularRoi, st.integers(0, 500), st.integers(0, 500), st.integers(1, 99), st.integers(1, 99)
)
colors = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06X}")
masks = st.builds(
    Mask,
    st.lists(st.lists(st.booleans(), min_size=3, max_size=3), min_size=1, max_size=4).map(np.array),
    st.lists(names, max_size=2).map(tuple),
)
preparations = st.builds(
    Preparation,
    cut_start_ms=st.none() | st.floats(0, 10),
    cut_end_ms=st.none() | st.floats(100, 1e4),
    frame_repair=st.none()
    | st.builds(FrameRepair, st.integers(1, 20), st.none() | st.floats(1, 1e5)),
    mask=st.none() | masks,
    spatial_median=st.sampled_from((1, 3)),
    spatial_sigma=st.floats(0, 10),
    baseline=st.none() | st.builds(SmoothBaseline, st.floats(10, 1e5), st.floats(0.001, 0.5)),
    ensemble=st.sampled_from(Ensemble),
    cycle_length_ms=st.none() | st.floats(50, 2000),
    polarity=st.none() | st.sampled_from(Polarity),
    drift_order=st.integers(0, 9),
    spatial_mean=st.sampled_from((1, 3, 5)),
    temporal_filter=st.none()
    | st.builds(TemporalFilter, st.sampled_from(TemporalKind), sigma_ms=st.floats(0.1, 20)),
    beat=st.none() | st.integers(0, 99),
    horizon_ms=st.none() | st.floats(1, 1e4),
    normalisation=st.sampled_from(Normalisation),
    split=st.sampled_from(Split),
    training_count=st.integers(1, 99),
    snr_limit=st.floats(0, 100),
    seed=st.integers(0, 2**63 - 1),
)
protocols = st.builds(
    lambda preset, epochs, rate, seed, learned: preset.with_changes(
        epochs=epochs,
        learning_rate=rate,
        seed=seed,
        learned=learned,
        values={"tau_in": 0.3},
        bounds={"tau_close": (5.0, 900.0)},
    ),
    st.sampled_from(PRESETS),
    st.integers(1, 10**6),
    st.floats(1e-6, 1.0),
    st.integers(0, 10**6),
    st.none() | st.just(("tau_in", "tau_close")),
)


def same(first: Any, second: Any) -> bool:
    """Whether two values are the same throughout, NaN and types of arrays included."""
    if isinstance(first, np.ndarray):
        return (
            isinstance(second, np.ndarray)
            and first.dtype == second.dtype
            and first.shape == second.shape
            and first.tobytes() == second.tobytes()
        )
    if is_dataclass(first):
        return type(first) is type(second) and all(
            same(getattr(first, field.name), getattr(second, field.name)) for field in fields(first)
        )
    if isinstance(first, Mapping):
        return list(first) == list(second) and all(same(first[key], second[key]) for key in first)
    if isinstance(first, tuple):
        return len(first) == len(second) and all(map(same, first, second))
    if isinstance(first, float) and math.isnan(first):
        return isinstance(second, float) and math.isnan(second)
    return bool(first == second)


def made_fit(
    region: Region,
    preparation: Preparation,
    protocol: Protocol = EX_VIVO,
    seed: int = 0,
    odd: float = math.nan,
) -> RegionFit:
    """A fit of made-up numbers; ``odd`` is put wherever a number may be none."""
    rng = np.random.default_rng(seed)
    count, samples, steps, epochs = 5, 7, 12, 4
    values = {
        parameter.name: float(parameter.default)
        for parameter in (*ionic_model(protocol.physics).parameters, *STIMULUS_PARAMETERS)
    }
    learned = tuple(protocol.unknowns)
    sequences = SequenceSet(
        voltages=rng.random((count, samples)),
        sample_interval_ms=1.5,
        rows=np.arange(count, dtype=np.int64),
        columns=np.arange(count, dtype=np.int64) + 3,
        activation_ms=np.full(count, odd),
        lower=rng.random(count),
        upper=rng.random(count) + 1,
        snr=rng.random(count),
        training=np.array([0, 2, 4]),
        validation=np.array([1]),
        left_out=(LeftOutPixel(1, 2, "it is flat"),),
        cycle_length_ms=odd,
        polarity=Polarity.DOWN,
        preparation=preparation,
        notes=("One note.", "µ ≠ “quoted” \\ \n"),
    )
    forecast = FitForecast(
        time_ms=np.linspace(0, 9, steps + 1),
        voltage=rng.random(steps + 1),
        gate=rng.random(steps + 1),
        physics_rate=rng.standard_normal(steps),
        network_rate=np.full(steps, odd),
    )
    estimate = Estimate(1.5, 1.0, 2.0, 0.1, 0.1, odd, 0.01, math.inf, True, True, "")
    fit = Fit(
        outcome=Outcome.CANCELLED,
        message="stopped",
        protocol=protocol,
        sequences=sequences,
        parameters=values,
        physics_parameters=dict(reversed(values.items())),
        physics_converged=True,
        hybrid=Errors(1e-3, odd),
        physics=Errors(2e-3, 3e-3),
        mean_trace=Errors(odd, 0.0),
        mean_square_f_dl=1e-300,
        forecast=forecast,
        physics_forecast=replace(forecast, gate=-forecast.gate),
        history=History(
            training_mse=rng.random(epochs),
            validation_mse=np.full(epochs, odd),
            mean_square_f_dl=rng.random(epochs),
            lambda_=rng.random(epochs),
            parameters={name: rng.random(epochs) for name in learned},
        ),
        network_weights={"weights": rng.random(20).astype(np.float32)},
        uncertainty=Uncertainty(
            estimates=dict.fromkeys(learned, estimate),
            not_learned={"v_gate": replace(estimate, identified=False, standard_error=odd)},
            names=learned,
            # In Fortran order, as linear algebra likes to give it.
            correlation=np.asfortranarray(rng.random((len(learned), len(learned)))),
            noise=0.02,
            is_one_population=False,
            method="by hand",
        ),
        network_share=0.1,
        overlaps={"tau_in": odd},
        warnings=("tau_in paces.",),
        provenance=Provenance("0.1.0", "2.8", "2.0", "cpu", "2026-01-02T03:04:05", 1.25),
    )
    quartiles = Quartiles(1.0, odd, 3.0)
    measured = RegionMeasures(quartiles, quartiles, quartiles, quartiles, quartiles, 25, 4)
    return RegionFit(region, measured, fit, Reading(1.5, 2, (("camera", "A"),)))


def sample_study(folder: Path = Path("/data/hearts")) -> Study:
    """Control and ischaemia of one heart, each with its own polarity and beat, three fits."""
    study = Study.of(
        RecordingReference(folder / "control" / "stack.tif", 1.0, None, (("camera", "A"),), "x:1"),
        Preparation(polarity=Polarity.DOWN, beat=2),
        RECOMMENDED,
    )
    study = study.with_region(study.new_region(RectangularRoi(1, 2, 3, 4), "Apex"))
    study = study.with_region(study.new_region(RectangularRoi(9, 2, 3, 4)))
    other = study.new_recording(RecordingReference(folder / "ischaemia" / "stack.tif", binning=2))
    study = study.with_recording(replace(other, preparation=Preparation(beat=None)))
    study = study.showing(other.id)
    study = study.with_region(study.new_region(RectangularRoi(1, 2, 3, 4), "Apex"))
    for number, region in enumerate(study.all_regions):
        preparation = study.recording_of(region.id).preparation
        fit = made_fit(region, preparation, (EX_VIVO, RECOMMENDED)[number % 2], number)
        study = study.with_fit(region.id, fit)
    return study


@st.composite
def studies(draw: st.DrawFn) -> Study:
    """Any study: up to three recordings, regions of any name, fits of any numbers."""
    recordings, number = [], 0
    for index in range(draw(st.integers(1, 3))):
        regions = []
        for name in draw(st.lists(names, max_size=3, unique=True)):
            regions.append(Region(f"roi-{number}", name, draw(colors), draw(rois)))
            number += 1
        # Saving makes paths absolute: no folder above.
        folder = draw(st.text("abcµ é.\\", min_size=1, max_size=8).filter(lambda f: f != ".."))
        reference = RecordingReference(
            Path("/data") / folder / "x.tif",
            draw(st.none() | st.floats(0.1, 10)),
            draw(st.none() | st.floats(0.1, 10)),
            tuple(draw(st.lists(st.tuples(names, names), max_size=2))),
            draw(st.sampled_from(("", "method:abc"))),
            binning=draw(st.integers(1, 8)),
        )
        recordings.append(
            StudyRecording(
                f"recording-{index}",
                f"{index} {draw(names)}",
                reference,
                draw(preparations),
                tuple(regions),
            )
        )
    study = Study(tuple(recordings), recordings[-1].id, draw(protocols))
    for region in study.all_regions:
        if draw(st.booleans()):
            fit = made_fit(
                region, draw(preparations), draw(protocols), draw(st.integers(0, 9)),
                draw(any_float),
            )  # fmt: skip
            study = study.with_fit(region.id, fit)
    return study


def write_sample_v1() -> None:
    """Write the sample of schema 1 anew; only while no version with that schema is released."""
    from aphyn_gui.study.project_file import save_project

    SAMPLE_V1.parent.mkdir(exist_ok=True)
    save_project(sample_study(), SAMPLE_V1)


if __name__ == "__main__":
    write_sample_v1()
