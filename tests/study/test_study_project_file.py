"""Project files: saving and opening is the identity, and what is wrong is said."""

from __future__ import annotations

import errno
import io
import json
import math
import os
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from project_samples import SAMPLE_V1, made_fit, same, sample_study, studies

from aphyn_gui import __version__
from aphyn_gui.draining import drained
from aphyn_gui.fitting import RECOMMENDED
from aphyn_gui.insilico.demo import DEMO_REGIONS, demo_recording_path
from aphyn_gui.recording import RectangularRoi, open_recording
from aphyn_gui.study import (
    RecordingReference,
    RegionFit,
    Study,
    StudyRecording,
    compare,
    fit_region,
)
from aphyn_gui.study import project_file as project_file_module
from aphyn_gui.study.project_archive import ArchiveWriter
from aphyn_gui.study.project_codec import (
    CHOICES,
    DTYPES,
    RECORDS,
    SELF_WRITTEN,
    ProjectError,
    reached_types,
)
from aphyn_gui.study.project_file import load_project, migrated, save_project

Documents = dict[str, bytes]


def saved(tmp_path: Path) -> Path:
    path = tmp_path / "hearts.aphyn"
    save_project(sample_study(), path)
    return path


def members(path: Path) -> Documents:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def pack(path: Path, contents: Documents) -> None:
    """Put members into a file as the program would, whatever they hold."""
    with path.open("wb") as file, ArchiveWriter(file) as writer:
        for name, content in contents.items():
            writer.write(name, content)


def refusal(path: Path) -> str:
    with pytest.raises(ProjectError) as stop:
        load_project(path)
    text = str(stop.value)
    assert text.startswith(path.name)
    return text


def edited(tmp_path: Path, name: str, edit: Callable[[Any], Any]) -> str:
    """Why the sample is refused after a change of one of its documents."""
    path = saved(tmp_path)
    contents = members(path)
    document = json.loads(contents[name])
    changed = edit(document)
    contents[name] = json.dumps(document if changed is None else changed).encode()
    pack(path, contents)
    return refusal(path)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(studies())
def test_saving_and_opening_is_the_identity(tmp_path: Path, study: Study) -> None:
    path = tmp_path / "any.aphyn"
    as_saved = save_project(study, path)
    opened = load_project(path)
    assert same(opened, as_saved)
    # Nothing but the way from the project to its recordings is added.
    bare = tuple(
        replace(entry, reference=replace(entry.reference, relative_path=""))
        for entry in opened.recordings
        if entry.reference is not None
    )
    assert same(replace(opened, recordings=bare), study)


def test_a_real_fit_comes_back_as_it_was(tmp_path: Path) -> None:
    recording = open_recording(demo_recording_path())
    study = Study.of(RecordingReference(demo_recording_path()), protocol=RECOMMENDED)
    place = DEMO_REGIONS[0]
    region = study.new_region(RectangularRoi(place.x, place.y, place.width, place.height))
    study = study.with_region(region)
    quick = RECOMMENDED.with_changes(epochs=3)
    fit = drained(fit_region(recording, region, study.preparation, quick))
    study = study.with_fit(region.id, fit)
    assert study.fits[region.id].fit.network_weights
    as_saved = save_project(study, tmp_path / "demo.aphyn")
    opened = load_project(tmp_path / "demo.aphyn")
    assert same(opened, as_saved)
    assert same(opened.fits, study.fits)
    assert compare(opened).to_csv() == compare(study).to_csv()
    assert opened.fits[region.id].fit.forecast.voltage.flags.writeable


def test_a_study_without_anything_is_kept(tmp_path: Path) -> None:
    save_project(Study(), tmp_path / "empty.aphyn")
    assert same(load_project(tmp_path / "empty.aphyn"), Study())


def test_the_same_study_gives_the_same_bytes(tmp_path: Path) -> None:
    first = saved(tmp_path).read_bytes()
    save_project(load_project(tmp_path / "hearts.aphyn"), tmp_path / "hearts.aphyn")
    assert (tmp_path / "hearts.aphyn").read_bytes() == first


def test_other_programs_can_read_the_arrays(tmp_path: Path) -> None:
    contents = members(saved(tmp_path))
    voltages = np.load(io.BytesIO(contents["fits/0/0.npy"]), allow_pickle=False)
    fit = next(iter(sample_study().fits.values())).fit
    np.testing.assert_array_equal(voltages, fit.sequences.voltages)


def test_a_project_of_the_first_schema_opens() -> None:
    study = load_project(SAMPLE_V1)
    expected = sample_study()
    assert same(study.fits, expected.fits)
    assert [entry.regions for entry in study.recordings] == [
        entry.regions for entry in expected.recordings
    ]


def test_every_type_of_a_project_is_in_the_table() -> None:
    reached = reached_types(RegionFit) | reached_types(StudyRecording)
    plain = {str, int, float, bool, Path, type(None)}
    assert reached - plain == RECORDS | CHOICES | DTYPES | SELF_WRITTEN


def test_older_schemas_are_lifted_step_by_step() -> None:
    steps = {1: lambda name, d: [*d, f"{name} 2"], 2: lambda name, d: [*d, "3"]}
    assert migrated("a", [], 1, steps, 3) == ["a 2", "3"]
    assert migrated("a", [], 2, steps, 3) == ["3"]
    assert migrated("a", [], 3, steps, 3) == []
    with pytest.raises(ProjectError, match=r"study\.json is not of schema 1"):
        migrated("study.json", {}, 1, {1: lambda name, d: d["protocol"]}, 2)


def test_every_older_schema_has_a_migration() -> None:
    expected = set(range(1, project_file_module.SCHEMA_VERSION))
    assert set(project_file_module.MIGRATIONS) == expected


def test_a_newer_schema_says_which_version_is_needed(tmp_path: Path) -> None:
    def lift(manifest: dict[str, Any]) -> None:
        manifest.update(schema=99, app_version="7.1", app_needed="7.0", more="unknown")

    text = edited(tmp_path, "manifest.json", lift)
    assert "saved by aphyn_gui 7.1 and needs version 7.0 or newer" in text
    assert __version__ in text


def change_fit(*path: str | int, to: Any) -> Callable[[Any], None]:
    def edit(document: Any) -> None:
        for key in path[:-1]:
            document = document[key]
        document[path[-1]] = to

    return edit


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        (("fit", "history", "surprise"), 1, "fit.history has an unknown field 'surprise'"),
        (("fit", "outcome"), "splendid", "fit.outcome is 'splendid', not one of: finished"),
        (("fit", "protocol", "epochs"), 2.5, "fit.protocol.epochs should be a whole number"),
        (("fit", "protocol", "epochs"), True, "fit.protocol.epochs should be a whole number"),
        (("fit", "protocol", "epochs"), 0, "fit.protocol: a fit needs at least 1 epoch"),
        (("fit", "protocol", "epochs"), 10**30, "fit.protocol.epochs is too large"),
        (("fit", "protocol", "physics"), "os.system", "no ionic model is called 'os.system'"),
        (("fit", "hybrid", "training_mse"), "nan", "fit.hybrid.training_mse should be a number"),
        (("fit", "hybrid", "training_mse"), 1, "fit.hybrid.training_mse should be a number"),
        (("fit", "warnings"), "none", "fit.warnings should be a list"),
        (("fit", "warnings"), ["\ud800"], r"fit.warnings[0] holds text that is not valid"),
        (("fit", "sequences", "voltages"), [1.0], "voltages should be a group of fields"),
        (("fit", "sequences", "voltages"), {"array": 7}, "arrays should be numbered in turn"),
        (("fit", "protocol", "bounds"), {"tau_in": [1.0]}, "tau_in should have 2 entries, not 1"),
        (("fit", "parameters"), {}, "the parameter tau_in has no value"),
        (("region", "color"), "red' onload='", "the colour should look like #RRGGBB"),
        (("region", "roi", "width"), 0, "region.roi: a region needs a width"),
        (("region", "name"), "  ", "a region needs an id and a name"),
    ],
)
def test_a_field_that_is_wrong_is_named(
    tmp_path: Path, path: tuple[str, ...], value: Any, named: str
) -> None:
    assert named in edited(tmp_path, "fits/0.json", change_fit(*path, to=value))


def test_a_missing_field_is_named(tmp_path: Path) -> None:
    def edit(document: Any) -> None:
        del document["fit"]["message"]

    assert "fits/1.json.fit.message is missing" in edited(tmp_path, "fits/1.json", edit)


def test_a_fit_of_no_region_is_refused(tmp_path: Path) -> None:
    def edit(document: Any) -> None:
        document["recordings"][0]["regions"].pop()

    assert "has no such region" in edited(tmp_path, "study.json", edit)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (b'{"a": NaN}', "NaN is no JSON number"),
        (b'{"a": -Infinity}', "-Infinity is no JSON number"),
        (b'{"a": 1, "a": 2}', "a field is given twice"),
        (b'{"a": 1', "is no valid JSON"),
        (b'{"a": "\xff"}', "is no valid JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b"[" * 33 + b"]" * 33, "nested too deeply"),
        (b"[" + b"[]," * 700_000 + b"[]]", "too many entries"),
        (b'"' + b"x" * 2**25 + b'"', "too large"),
        (b'{"a": ' + b"9" * 5000 + b"}", "is no valid JSON"),
        (b'{"recordings": 1e999}', "should have the fields"),
    ],
)
def test_json_is_read_strictly(tmp_path: Path, text: bytes, named: str) -> None:
    path = saved(tmp_path)
    contents = members(path)
    contents["study.json"] = text
    pack(path, contents)
    assert named in refusal(path)


@pytest.mark.parametrize(
    ("header", "named"),
    [
        ("{'descr': '|O', 'fortran_order': False, 'shape': (5,), }", "no array as this program"),
        ("{'descr': '<f8', 'fortran_order': True, 'shape': (5, 7), }", "no array as this program"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (5, 7), }", "type float64"),
        ("{'descr': '<f8', 'fortran_order': False, 'shape': (9999999999, 7), }", "not its shape"),
        ("{'descr': '<f8', 'fortran_order': False, 'shape': (0, 9999999999), }", "not its shape"),
        ("{'descr': '<f8', 'fortran_order': False, 'shape': (35,), }", "two sequences"),
        ("__import__('os').getcwd()", "no array as this program"),
    ],
)
def test_arrays_are_read_strictly(tmp_path: Path, header: str, named: str) -> None:
    path = saved(tmp_path)
    contents = members(path)
    array = contents["fits/0/0.npy"]
    contents["fits/0/0.npy"] = array[:10] + header.ljust(117).encode() + b"\n" + array[128:]
    pack(path, contents)
    assert named in refusal(path)


def test_packed_members_are_refused(tmp_path: Path) -> None:
    path = saved(tmp_path)
    contents = members(path)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
        archive.writestr("bomb.npy", b"\0" * 2**24)
    assert path.stat().st_size < 2**20
    assert "is not stored as this program stores it" in refusal(path)


def test_members_cannot_overlap_or_hide(tmp_path: Path) -> None:
    path = saved(tmp_path)
    content = path.read_bytes()
    names = list(members(path))
    # The second member's entry of the directory points at the first one.
    place = content.rindex(names[1].encode()) - 4
    path.write_bytes(content[:place] + b"\0\0\0\0" + content[place + 4 :])
    assert "is not stored as" in refusal(path)
    path.write_bytes(b"MZ" + content)
    assert "cannot be opened" in refusal(path)
    path.write_bytes(content + b"more")
    assert "the end of it is missing" in refusal(path)
    path.write_bytes(content[:-1])
    assert "the end of it is missing" in refusal(path)
    pack(path, {**members_of(content, tmp_path), "more.txt": b"hello"})
    assert "unknown member 'more.txt'" in refusal(path)


def members_of(content: bytes, folder: Path) -> Documents:
    path = folder / "copy.aphyn"
    path.write_bytes(content)
    return members(path)


def test_other_files_are_no_projects(tmp_path: Path) -> None:
    path = tmp_path / "notes.aphyn"
    assert "there is no such file" in refusal(path)
    path.write_bytes(b"")
    assert "is no study file" in refusal(path)
    path.write_text("not a project" * 100)
    assert "is no study file" in refusal(path)
    pack(path, {"readme.txt": b"hello"})
    assert "manifest.json is missing" in refusal(path)
    pack(path, {"manifest.json": b'{"format": "something else"}'})
    assert "no study of this program" in refusal(path)


def test_what_could_not_be_read_again_is_not_written(tmp_path: Path) -> None:
    path = saved(tmp_path)
    before = path.read_bytes()
    study = sample_study()
    region = study.all_regions[0]
    fit = made_fit(region, study.recordings[0].preparation)
    shorter = replace(fit.fit.forecast, gate=fit.fit.forecast.gate[:-1])
    broken = replace(fit, fit=replace(fit.fit, forecast=shorter))
    with pytest.raises(ProjectError, match=r"fit of roi-1\.fit\.forecast: gate should have 13"):
        save_project(study.with_fit(region.id, broken), path)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        (errno.ENOSPC, "make room"),
        (errno.EACCES, "choose another folder or name"),
        (errno.EROFS, "choose another folder or name"),
        (errno.EIO, "save it to another place"),
    ],
)
@pytest.mark.parametrize("where", ["fsync", "replace"])
def test_the_old_file_survives_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, advice: str, where: str
) -> None:
    path = saved(tmp_path)
    before = path.read_bytes()

    def fail(*_: Any) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, where, fail)
    with pytest.raises(ProjectError, match=advice) as stop:
        save_project(Study(), path)
    assert "hearts.aphyn was not saved" in str(stop.value)
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["hearts.aphyn"]


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="there is no folder"):
        save_project(Study(), tmp_path / "nowhere" / "a.aphyn")


@pytest.mark.skipif(os.name == "nt", reason="rights and links of POSIX")
def test_rights_and_links_are_kept(tmp_path: Path) -> None:
    path = saved(tmp_path)
    path.chmod(0o640)
    link = tmp_path / "link.aphyn"
    link.symlink_to(path)
    save_project(Study(), link)
    assert link.is_symlink()
    assert path.stat().st_mode & 0o777 == 0o640
    assert same(load_project(path), Study())


def test_leftovers_of_killed_programs_are_removed(tmp_path: Path) -> None:
    path = saved(tmp_path)
    old, young = tmp_path / ".hearts.aphyn-1.saving", tmp_path / ".hearts.aphyn-2.saving"
    other = tmp_path / ".others.aphyn-1.saving"
    for leftover in (old, young, other):
        leftover.write_bytes(b"half")
    for leftover in (old, other):
        os.utime(leftover, (0, 0))
    save_project(Study(), path)
    assert not old.exists()
    assert young.exists()
    assert other.exists()


def test_numbers_that_are_none_are_told_apart(tmp_path: Path) -> None:
    study = sample_study()
    region = study.all_regions[0]
    for odd in (math.nan, math.inf, -math.inf):
        fit = made_fit(region, study.recordings[0].preparation, odd=odd)
        save_project(study.with_fit(region.id, fit), tmp_path / "odd.aphyn")
        found = load_project(tmp_path / "odd.aphyn").fits[region.id].fit
        assert repr(found.hybrid.validation_mse) == repr(odd)
