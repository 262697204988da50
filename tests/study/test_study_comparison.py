"""The comparison: intervals, differences, flags and warnings, on the screen and in files."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from aphyn_gui.fitting import Estimate, Outcome
from aphyn_gui.fitting.credibility import outcome_warnings
from aphyn_gui.physics import ionic_model
from aphyn_gui.recording import Recording
from aphyn_gui.study import RecordingReference, Study, StudyRecording, compare
from aphyn_gui.study.comparison import ComparisonRow
from aphyn_gui.study.differences import difference_of, welch
from aphyn_gui.study.export import study_as_dict, study_tables, write_study

TAU_CLOSE = ionic_model("mitchell_schaeffer").parameter("tau_close")


def estimate(value: float, error: float, **changes: object) -> Estimate:
    parts = {
        "value": value,
        "lower": value * math.exp(-1.96 * error),
        "upper": value * math.exp(1.96 * error),
        "standard_error": error,
        "laplace_error": error,
        "resampling_error": error,
        "network_error": 0.0,
        "degrees_of_freedom": math.inf,
        "is_log": True,
        "identified": True,
        "reason": "",
    }
    return Estimate(**(parts | changes))


def region(name: str, found: Estimate | None) -> SimpleNamespace:
    estimates = {} if found is None else {"tau_close": found}
    fit = SimpleNamespace(
        uncertainty=SimpleNamespace(estimates=estimates),
        outcome=Outcome.FINISHED,
        network_share=0.0,
        overlaps={},
    )
    return SimpleNamespace(region=SimpleNamespace(name=name), fit=fit)


def difference(reference: Estimate | None, other: Estimate | None):
    return difference_of(TAU_CLOSE, region("A", reference), region("B", other))


def test_errors_of_two_regions_add_up() -> None:
    found = difference(estimate(140.0, 0.03), estimate(91.0, 0.04))
    assert found.is_ratio
    assert found.value == pytest.approx(0.65)
    assert math.log(found.upper / found.value) == pytest.approx(1.95996 * 0.05, rel=1e-4)
    assert found.lower * found.upper == pytest.approx(found.value**2)
    assert found.is_shown
    assert found.sentence == "tau_close is 35% smaller in B than in A (95 %: 28% to 41%)."


def test_large_ratios_are_said_as_such() -> None:
    found = difference(estimate(50.0, 0.03), estimate(150.0, 0.04))
    assert found.sentence == "tau_close is 3.0 times as large in B as in A (95 %: 2.7 to 3.3)."


def test_an_interval_that_holds_no_difference_says_so() -> None:
    found = difference(estimate(140.0, 0.03), estimate(145.0, 0.04))
    assert not found.is_shown
    assert found.sentence.startswith("tau_close: no difference shown between B and A, ratio 1.04")


def test_what_is_not_identified_is_not_compared() -> None:
    vague = estimate(91.0, 0.5, identified=False, reason="one standard error is 50 %")
    found = difference(estimate(140.0, 0.03), vague)
    assert math.isnan(found.value)
    assert not found.is_shown
    assert found.sentence == (
        "tau_close is not compared between B and A: in B it is not identified, "
        "one standard error is 50 %."
    )
    assert difference(None, vague) is None


def test_linear_parameters_are_subtracted() -> None:
    linear = {"is_log": False}
    found = difference(estimate(1.0, 0.3, **linear), estimate(3.0, 0.4, **linear))
    assert not found.is_ratio
    assert found.value == pytest.approx(2.0)
    assert found.upper == pytest.approx(2 + 1.95996 * 0.5, rel=1e-4)
    assert found.sentence == "tau_close is 2 ms larger in B than in A (95 %: 1.02 to 2.98 ms)."


def test_degrees_of_freedom_are_welchs() -> None:
    assert welch((1.0, 1.0), (9.0, 9.0)) == pytest.approx(18)
    assert welch((1.0, 0.0), (9.0, 9.0)) == pytest.approx(9)
    assert welch((1.0, 1.0), (math.inf, math.inf)) == math.inf


@pytest.mark.parametrize(
    ("value", "lower", "upper", "text"),
    [
        (142.31, 138.2, 146.4, "142 (138–146)"),
        (0.2964, 0.2072, 0.424, "0.30 (0.21–0.42)"),
        (5.886, 3.946, 8.778, "5.9 (3.9–8.8)"),
        (120.0, 5.0, 1000.0, "120 (5–1000)"),
    ],
)
def test_a_cell_shows_as_many_digits_as_the_interval_allows(
    value: float, lower: float, upper: float, text: str
) -> None:
    row = ComparisonRow("k", "l", "", (value,), "Meaning.", (lower,), (upper,), ("",))
    assert row.text(0) == text
    assert row.tooltip(0) == "Meaning."
    flagged = ComparisonRow("k", "l", "", (value,), "Meaning.", (lower,), (upper,), ("sways",))
    assert flagged.text(0) == f"{value:.3g} (not identified)"
    assert flagged.tooltip(0) == "Meaning.\n\nl sways."


@pytest.fixture(scope="module")
def recording(
    tmp_path_factory: pytest.TempPathFactory, save_recording: Callable[[Path], Recording]
) -> Recording:
    return save_recording(tmp_path_factory.mktemp("comparison") / "movie.npy")


@pytest.fixture(scope="module")
def study(recording: Recording, fit_study: Callable[..., Study]) -> Study:
    return fit_study(recording, None, ("Long", "Short"))


def test_rows_carry_intervals_baselines_and_the_split(study: Study) -> None:
    comparison = compare(study)
    fits = [study.fits[r.id].fit for r in study.regions]
    row = comparison.row("tau_close_ms")
    for index, fit in enumerate(fits):
        assert fit.uncertainty is not None
        found = fit.uncertainty.estimates["tau_close"]
        assert row.values[index] == found.value
        np.testing.assert_equal((row.lower[index], row.upper[index]), (found.lower, found.upper))
        assert row.flags[index] == found.reason
        assert comparison.row("noise").values[index] == fit.uncertainty.noise
        assert comparison.row("network_share").values[index] == fit.network_share
    assert all(flag.startswith("kept at") for flag in comparison.row("tau_open_ms").flags)
    overlap = comparison.row("overlap_tau_in").values
    assert math.isnan(overlap[0])
    assert overlap[1] == fits[1].overlaps["tau_in"]
    moved = fits[1].parameters["tau_in"] / fits[1].physics_parameters["tau_in"] - 1
    assert comparison.row("tau_in_drift_percent").values[1] == pytest.approx(100 * moved)
    for key in ("validation_mse", "physics_validation_mse", "mean_trace_validation_mse"):
        assert all(value > 0 for value in comparison.row(key).values)


def test_differences_are_against_the_longest_action_potential(study: Study) -> None:
    comparison = compare(study)
    assert [d.name for d in comparison.differences] == ["tau_in", "tau_out", "tau_close"]
    assert {(d.reference, d.region) for d in comparison.differences} == {("Long", "Short")}
    for found in comparison.differences:
        assert found.sentence in comparison.findings
    text = comparison.to_text()
    assert "p-value" not in text
    assert " p = " not in text
    assert all(finding in text for finding in comparison.findings)


def test_the_table_holds_ends_flags_and_warnings(study: Study) -> None:
    comparison = compare(study)
    lines = {line[0]: line for line in csv.reader(comparison.to_csv().splitlines())}
    assert lines["quantity"] == ["quantity", "unit", "Long", "Short"]
    row = comparison.row("tau_in_ms")
    for end, values in (("lower", row.lower), ("upper", row.upper)):
        read = [float(cell) if cell else math.nan for cell in lines[f"tau_in_ms_{end}"][2:]]
        np.testing.assert_equal(read, list(values))
    assert lines["tau_open_ms_identified"][2:] == ["kept", "kept"]
    assert lines["warnings"][2:] == [" ".join(w) for w in comparison.warnings]


def test_what_is_written_can_be_read_back(
    study: Study, recording: Recording, tmp_path: Path
) -> None:
    result = json.loads(json.dumps(study_as_dict(study, recording), allow_nan=False))
    fit = study.fits[study.regions[0].id].fit
    assert fit.uncertainty is not None
    told = result["regions"][0]
    assert told["noise"] == fit.uncertainty.noise
    assert told["warnings"] == list(fit.warnings)
    assert told["interval_method"] == fit.uncertainty.method
    assert told["is_one_population"] is True
    parameters = {parameter["name"]: parameter for parameter in told["parameters"]}
    assert not parameters["tau_open"]["is_identified"]
    assert not parameters["tau_open"]["is_learned"]
    found = fit.uncertainty.estimates["tau_out"]
    assert parameters["tau_out"]["value"] == found.value
    assert parameters["tau_out"]["reason"] == found.reason
    number = fit.uncertainty.correlation[0, 1]
    correlation = told["correlation"]["tau_in"]["tau_out"]
    assert correlation == (None if math.isnan(number) else number)
    assert [d["parameter"] for d in result["differences"]] == ["tau_in", "tau_out", "tau_close"]
    (path,) = (p for p in write_study(study, recording, tmp_path) if "Long_parameters" in p.name)
    with path.open(newline="") as file:
        rows = {row["name"]: row for row in csv.DictReader(file)}
    assert float(rows["tau_out"]["value"]) == found.value
    assert rows["tau_open"]["is_identified"] == "False"
    assert rows["tau_out"]["physics_only"] == rows["tau_out"]["value"]


def test_regions_of_several_recordings_are_compared_under_both_names(study: Study) -> None:
    first, second = study.regions
    control = StudyRecording("a", "control", RecordingReference(Path("a.tif")), regions=(first,))
    other = StudyRecording(
        "b", "ischaemia", RecordingReference(Path("b.tif")), regions=(replace(second, name="Long"),)
    )
    both = Study((control, other), "b", study.protocol, study.fits)
    comparison = compare(both)
    assert [region.name for region in comparison.regions] == ["Long, control", "Long, ischaemia"]
    assert comparison.rows == compare(study).rows
    assert comparison.findings[0].startswith("Long, control has the longer action potential")
    assert [fit.region.name for fit in comparison.fits] == ["Long, control", "Long, ischaemia"]
    alone = Study((control, replace(other, regions=())), "b", fits={first.id: study.fits[first.id]})
    assert [region.name for region in compare(alone).regions] == ["Long"]


@pytest.mark.parametrize(
    ("factor", "word"), [(1.2, "shorter"), (0.8, "longer"), (1.0, ""), (0.0, ""), (math.nan, "")]
)
def test_a_forecast_that_lasts_otherwise_than_the_recording_is_spoken_of(
    study: Study, factor: float, word: str
) -> None:
    comparison = compare(study)
    predicted = comparison.row("predicted_apd80_ms").values
    fits = {}
    for index, fit in enumerate(comparison.fits):
        apd80 = predicted[index] * (factor if index == 1 else 1.0)
        measured = replace(
            fit.measured, apd80_ms=replace(fit.measured.apd80_ms, median=apd80)
        )  # fmt: skip
        fits[fit.region.id] = replace(fit, measured=measured)
    sentences = [s for s in compare(replace(study, fits=fits)).findings if "the forecast's" in s]
    assert len(sentences) == bool(word)
    if word:
        assert sentences[0].startswith("In Short the forecast's APD80 is")
        assert word in sentences[0]


def test_a_difference_that_networks_share_is_told_with_what_the_physics_alone_says(
    study: Study,
) -> None:
    fits = {}
    for fit, value in zip(compare(study).fits, (2.0, 5.0), strict=True):
        shared = replace(
            fit.fit,
            network_share=0.4,
            overlaps={"tau_close": -0.8, "tau_in": 0.1},
            physics_parameters={**fit.fit.physics_parameters, "tau_close": value},
        )
        fits[fit.region.id] = replace(fit, fit=shared)
    comparison = compare(replace(study, fits=fits))
    found = {d.name: d for d in comparison.differences}
    ratio = "0.40" if found["tau_close"].reference == "Short" else "2.50"
    note = f"Networks share its work; physics alone: ratio {ratio}."
    assert found["tau_close"].sentence.endswith(note)
    assert found["tau_in"].note == ""
    for one in ("tau_close", "tau_in"):
        assert found[one].sentence in comparison.findings
    # In the exported table and the report, too.
    tables = {table.name: table for table in study_tables(replace(study, fits=fits))}
    assert any(note in str(row[-1]) for row in tables["differences"].rows)


def test_a_fit_that_was_not_finished_is_not_compared(study: Study) -> None:
    fits = dict(study.fits)
    key, last = list(fits.items())[-1]
    warning = outcome_warnings(Outcome.CANCELLED)
    cancelled = replace(last.fit, outcome=Outcome.CANCELLED, warnings=warning)
    fits[key] = replace(last, fit=cancelled)
    comparison = compare(replace(study, fits=fits))
    assert comparison.differences
    for found in comparison.differences:
        assert found.reason == f"the fit of {last.region.name} was not finished"
    assert any("not finished (cancelled)" in words for words in comparison.region_warnings)
    assert not any("Intervals are about" in finding for finding in comparison.findings)
    assert any("Intervals are about" in finding for finding in compare(study).findings)


def test_what_was_kept_is_not_said_to_be_unidentified(study: Study) -> None:
    comparison = compare(study)
    row = comparison.row("tau_open_ms")
    assert row.text(0) == "120 (kept)"
    assert all(math.isnan(end) for end in (*row.lower, *row.upper))
    lines = {line[0]: line for line in csv.reader(comparison.to_csv().splitlines())}
    assert lines["tau_open_ms_lower"][2:] == ["", ""]


def test_the_physics_only_values_stand_in_the_table(study: Study) -> None:
    comparison = compare(study)
    values = comparison.row("tau_in_physics_only_ms").values
    assert values == tuple(fit.fit.physics_parameters["tau_in"] for fit in comparison.fits)


def test_fits_to_windows_of_different_length_are_spoken_of(study: Study) -> None:
    assert not any("windows differ" in finding for finding in compare(study).findings)
    first, second = compare(study).fits
    sequences = second.fit.sequences
    shorter = replace(sequences, voltages=sequences.voltages[:, : sequences.voltages.shape[1] // 2])
    fits = {
        first.region.id: first,
        second.region.id: replace(second, fit=replace(second.fit, sequences=shorter)),
    }
    comparison = compare(replace(study, fits=fits))
    lengths = comparison.row("fitted_window_ms").values
    assert lengths == (sequences.horizon_ms, shorter.horizon_ms)
    (said,) = (finding for finding in comparison.findings if "windows differ" in finding)
    assert f"{lengths[1]:.0f} ms in Short and {lengths[0]:.0f} ms in Long" in said


def test_a_forecast_that_ends_before_repolarisation_says_why_it_has_no_duration(
    study: Study,
) -> None:
    fit = compare(study).fits[1]
    forecast = fit.fit.forecast
    peak = int(np.argmax(forecast.voltage))
    cut = replace(
        forecast,
        time_ms=forecast.time_ms[: peak + 20],
        voltage=forecast.voltage[: peak + 20],
    )
    fits = {**study.fits, fit.region.id: replace(fit, fit=replace(fit.fit, forecast=cut))}
    comparison = compare(replace(study, fits=fits))
    row = comparison.row("predicted_apd80_ms")
    assert row.text(1) == "–"
    assert "before the window ends" in row.tooltip(1)
    assert "before the window ends" not in row.tooltip(0)
    assert any(
        finding.startswith("In Short the forecast has no APD80") for finding in comparison.findings
    )


def test_how_many_beats_were_averaged_stands_in_the_table(study: Study) -> None:
    comparison = compare(study)
    counts = tuple(float(fit.measured.beat_count) for fit in comparison.fits)
    assert comparison.row("beats_averaged").values == counts


def test_a_parameter_at_its_bound_zero_is_shown_as_zero() -> None:
    row = ComparisonRow(
        "stimulus_onset_ms", "stimulus_onset", "ms", (4.4e-5, 2.5), "Start.",
        flags=("sits at its lower bound", "hardly shown"), resolution=1e-3,
    )  # fmt: skip
    assert row.text(0) == "0 (not identified)"
    assert row.text(1) == "2.5 (not identified)"
