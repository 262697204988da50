"""Tables say everything the comparison says, and read back to the same values."""

from __future__ import annotations

import csv
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from openpyxl import load_workbook

from aphyn_gui.recording import Recording
from aphyn_gui.study import Study, StudyError, compare
from aphyn_gui.study.comparison import ComparisonRow
from aphyn_gui.study.export import (
    ExportPart,
    export_study,
    html_report,
    study_as_dict,
    study_tables,
    write_workbook,
)
from aphyn_gui.study.export.tables import Table


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def number(text: str) -> float:
    return float(text) if text else math.nan


@pytest.fixture(scope="module")
def folder(study: Study, recording: Recording, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("tables")
    export_study(study, [recording], folder, what=[ExportPart.TABLES])
    return folder


def test_a_line_of_values_reads_back_to_what_is_shown(study: Study, folder: Path) -> None:
    comparison = compare(study)
    lines = read(folder / "values.csv")
    assert len(lines) == len(comparison.rows) * len(comparison.regions)
    for line in lines:
        index = [region.name for region in comparison.regions].index(line["region"])
        row = comparison.row(line["key"])
        np.testing.assert_equal(number(line["value"]), row.values[index])
        again = ComparisonRow(
            line["key"], line["quantity"], line["unit"], (number(line["value"]),), line["meaning"],
            (number(line["lower"]),), (number(line["upper"]),), (line["reason"],),
            (line["identified"] == "kept",),
        )  # fmt: skip
        assert line["shown"] == again.text(0) == row.text(index)
        if row.flags:
            assert line["reason"] == row.flags[index]
            kept = line["key"] in ("tau_open_ms", "v_gate")
            flagged = "kept" if kept else "no"
            assert line["identified"] == (flagged if row.flags[index] else "yes")


def test_without_intervals_nothing_counts_as_identified(study: Study) -> None:
    first = study.fits["roi-1"]
    blind = replace(first, fit=replace(first.fit, uncertainty=None))
    blind_study = study.with_fit("roi-1", blind)
    values = study_tables(blind_study)[0]
    lines = [dict(zip(values.header, row, strict=True)) for row in values.rows]
    told = [line for line in lines if line["region"] == first.region.name]
    assert {line["identified"] for line in told} == {"", "kept"}
    assert "no intervals could be computed" in html_report(blind_study).lower()


def test_parameters_differences_and_correlations_are_complete(study: Study, folder: Path) -> None:
    fits = {study.region(key).name: fit.fit for key, fit in study.fits.items()}
    for line in read(folder / "parameters.csv"):
        fit = fits[line["region"]]
        assert float(line["value"]) == fit.parameters[line["name"]]
        assert float(line["physics_only"]) == fit.physics_parameters[line["name"]]
    comparison = compare(study)
    for line, difference in zip(
        read(folder / "differences.csv"), comparison.differences, strict=True
    ):
        np.testing.assert_equal(number(line["value"]), difference.value)
        assert (line["sentence"], line["reason"]) == (difference.sentence, difference.reason)
    correlations = read(folder / "correlations.csv")
    for line in correlations:
        uncertainty = fits[line["region"]].uncertainty
        assert uncertainty is not None
        i, j = (uncertainty.names.index(line[key]) for key in ("parameter", "other"))
        np.testing.assert_equal(number(line["correlation"]), uncertainty.correlation[i, j])
    pairs = {name: len(fit.protocol.unknowns) for name, fit in fits.items()}
    assert len(correlations) == sum(count * (count - 1) // 2 for count in pairs.values())


def test_measures_stand_with_their_definition_and_warnings_with_their_region(
    study: Study, folder: Path
) -> None:
    measured = {study.region(key).name: fit.measured for key, fit in study.fits.items()}
    lines = read(folder / "measures.csv")
    assert {line["measure"] for line in lines} >= {"apd50_ms", "apd80_ms", "apd90_ms", "snr"}
    for line in lines:
        quartiles = getattr(measured[line["region"]], line["measure"])
        assert float(line["median"]) == quartiles.median
        assert line["definition"] == measured[line["region"]].definitions
    told = [(line["region"], line["warning"]) for line in read(folder / "warnings.csv")]
    fits = [study.fits[region.id] for region in study.regions]
    # Each was fitted with a protocol of its own, which is not the study's.
    assert told == [
        (fit.region.name, warning)
        for fit in fits
        for warning in (*fit.fit.warnings, "protocol changed since the fit")
    ]


def test_the_workbook_holds_numbers_as_numbers_and_names_as_text(
    study: Study, folder: Path
) -> None:
    book = load_workbook(folder / "study.xlsx")
    tables = study_tables(study)
    assert book.sheetnames == ["comparison", *(table.name for table in tables)]
    for table in tables:
        sheet = book[table.name]
        lines = list(sheet.iter_rows(min_row=3, values_only=True))
        assert lines[0] == table.header
        for line, row in zip(lines[1:], table.rows, strict=True):
            for cell, value in zip(line, row, strict=True):
                if isinstance(value, float):
                    # Excel keeps 15 digits.
                    assert (
                        cell is None if math.isnan(value) else cell == pytest.approx(value, 1e-14)
                    )
    assert book["comparison"].cell(3, 3).value == "=1+1"
    assert book["comparison"].cell(3, 3).data_type == "s"


def test_a_workbook_takes_text_that_xml_cannot_hold(tmp_path: Path) -> None:
    table = Table("odd", "Odd.", ("name",), (("bell\x07",), ("x" * 40_000,), (math.inf,)))
    sheet = load_workbook(write_workbook(tmp_path / "odd.xlsx", [table]))["odd"]
    assert sheet.cell(4, 1).value == "bell\N{REPLACEMENT CHARACTER}"
    assert len(sheet.cell(5, 1).value) == 32_767
    assert sheet.cell(6, 1).value is None


def test_only_the_parts_that_are_asked_for_are_written(
    study: Study, recording: Recording, tmp_path: Path
) -> None:
    written = export_study(study, [recording], tmp_path / "new" / "folder", what=["script"])
    assert [path.name for path in written] == ["fit_again.py"]
    assert sorted((tmp_path / "new" / "folder").iterdir()) == written
    whole = export_study(study, [recording], tmp_path / "all")
    assert len(whole) == len(set(whole))
    assert sorted(p for p in (tmp_path / "all").rglob("*") if p.is_file()) == sorted(whole)


def test_what_cannot_be_written_says_what_to_do(
    study: Study, recording: Recording, tmp_path: Path
) -> None:
    with pytest.raises(StudyError, match="fit at least one region"):
        export_study(Study(), [], tmp_path)
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(StudyError, match="choose another folder"):
        export_study(study, [recording], tmp_path / "taken")


def test_outdated_fits_are_in_the_tables_and_in_plain_data(
    study: Study, recording: Recording, tmp_path: Path
) -> None:
    slower = recording.with_frame_interval(2.0)
    export_study(study, [slower], tmp_path, what=[ExportPart.TABLES])
    told = [(line["region"], line["warning"]) for line in read(tmp_path / "warnings.csv")]
    marked = "protocol and frame interval changed since the fit"
    for region in study.regions:
        assert (region.name, marked) in told
    warnings = load_workbook(tmp_path / "study.xlsx")["warnings"]
    assert marked in {cell for line in warnings.iter_rows(values_only=True) for cell in line}
    for one, wanted in ((recording, ["protocol"]), (slower, ["protocol", "frame interval"])):
        regions = study_as_dict(study, one)["regions"]
        assert [region["changed_since_fit"] for region in regions] == [wanted] * 2


def test_a_region_renamed_after_its_fit_is_exported_under_its_new_name(
    study: Study, recording: Recording, tmp_path: Path
) -> None:
    region = study.regions[0]
    renamed = study.with_recording(
        replace(study.current, regions=(replace(region, name="base"), *study.regions[1:]))
    )
    export_study(renamed, [recording], tmp_path, what=[ExportPart.TABLES, ExportPart.REPORT])
    for path in tmp_path.rglob("*"):
        assert region.name not in path.name
        if path.suffix in (".csv", ".html"):
            assert region.name not in path.read_text(encoding="utf-8")
    assert "base" in {line["region"] for line in read(tmp_path / "values.csv")}
    assert study_as_dict(renamed, recording)["regions"][0]["name"] == "base"
