"""The folder of an export: names that every system takes, and a page that says what lies in it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from aphyn_gui.recording import Recording
from aphyn_gui.study import RecordingReference, Study, StudyRecording
from aphyn_gui.study.export import ExportPart, export_study, fitted_regions


def renamed(study: Study, *names: str) -> Study:
    regions = [replace(r, name=n) for r, n in zip(study.regions, names, strict=True)]
    return study.with_recording(replace(study.current, regions=tuple(regions)))


def test_every_written_file_is_on_the_page(
    study: Study, recording: Recording, tmp_path: Path
) -> None:
    written = export_study(study, [recording], tmp_path)
    page = (tmp_path / "contents.txt").read_text(encoding="utf-8")
    lines = page.splitlines()
    endings = [line.split()[0] for line in lines if line.strip()]
    for path in written:
        if path.parent == tmp_path:
            assert path.name == "contents.txt" or path.name in endings
        elif path.suffix != ".npy":
            assert any(path.name.endswith(ending) for ending in endings), path.name
    assert all(one.region.name.split()[0] in page for one in fitted_regions(study))
    # Each line says something: a name alone is no key.
    assert all(len(line.split()) > 1 for line in lines if line.strip())


def test_the_page_names_only_what_was_written(
    study: Study, recording: Recording, tmp_path: Path
) -> None:
    export_study(study, [recording], tmp_path, what=[ExportPart.REPORT])
    assert not (tmp_path / "contents.txt").exists(), "one file needs no key"
    export_study(study, [recording], tmp_path, what=[ExportPart.SERIES])
    page = (tmp_path / "contents.txt").read_text(encoding="utf-8")
    assert "_forecast.csv" in page
    assert "comparison.csv" not in page
    assert ".mmt" not in page


def test_folders_of_an_earlier_export_are_named_as_such(
    study: Study, recording: Recording, tmp_path: Path
) -> None:
    what = [ExportPart.SERIES, ExportPart.TABLES]
    export_study(renamed(study, "Old", "Short"), [recording], tmp_path, what=what)
    assert "Not of this export" not in (tmp_path / "contents.txt").read_text(encoding="utf-8")
    export_study(renamed(study, "New", "Short"), [recording], tmp_path, what=what)
    page = (tmp_path / "contents.txt").read_text(encoding="utf-8")
    before, after = page.split("Not of this export:")
    assert "New/" in before
    assert after.split() == ["Old/"]


@pytest.mark.parametrize(
    ("names", "stems"),
    [
        (("Normal", "Ischaemic"), ["Normal", "Ischaemic"]),
        (("A b", "a_B"), ["A_b", "a_B_roi_2"]),
        (("con", "../x"), ["con_roi_1", "___x"]),
    ],
)
def test_names_of_regions_are_names_of_files(
    study: Study, names: tuple[str, str], stems: list[str]
) -> None:
    assert [one.stem for one in fitted_regions(renamed(study, *names))] == stems


def test_regions_of_several_recordings_are_named_after_both(study: Study) -> None:
    first, second = study.regions
    both = Study(
        (
            StudyRecording("a", "base", RecordingReference(Path("a.tif")), regions=(first,)),
            StudyRecording("b", "drug 1", RecordingReference(Path("b.tif")), regions=(second,)),
        ),
        "b",
        study.protocol,
        study.fits,
    )
    stems = [one.stem for one in fitted_regions(both)]
    assert [stem[:7] for stem in stems] == ["base__1", "drug_1_"]
