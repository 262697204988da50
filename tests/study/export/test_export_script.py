"""The script: source of harmless literals that makes the numbers again."""

from __future__ import annotations

import ast
import math
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aphyn_gui.fitting import PRESETS, Outcome, Protocol
from aphyn_gui.recording import Preparation, RectangularRoi
from aphyn_gui.study import Study, StudyError
from aphyn_gui.study.export import export_script
from aphyn_gui.study.export.literals import literal

SETTINGS = st.one_of(
    st.builds(
        Preparation,
        horizon_ms=st.none() | st.floats(1.0, 1e3),
        beat=st.none() | st.integers(0, 9),
        seed=st.integers(0, 2**31),
    ),
    st.sampled_from(PRESETS),
    st.builds(RectangularRoi, *[st.integers(1, 100)] * 4),
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | SETTINGS,
    lambda inner: (
        st.lists(inner) | st.lists(inner).map(tuple) | st.dictionaries(st.text(), inner, max_size=4)
    ),
    max_leaves=12,
)


def evaluated(source: str) -> object:
    import aphyn_gui.fitting
    import aphyn_gui.physics
    import aphyn_gui.recording

    names = {
        **vars(aphyn_gui.fitting), **vars(aphyn_gui.physics), **vars(aphyn_gui.recording),
        "Path": Path,
    }  # fmt: skip
    return eval(source, names)


@given(VALUES)
def test_a_literal_gives_the_same_value_again(value: object) -> None:
    assert evaluated(literal(value)) == value


@given(st.text())
def test_text_stays_one_string(text: str) -> None:
    (node,) = ast.parse(literal(text)).body
    assert isinstance(node, ast.Expr)
    assert isinstance(node.value, ast.Constant)
    assert node.value.value == text
    assert literal(text).isascii()


def test_only_known_types_become_source() -> None:
    @dataclass
    class Stranger:
        value: int = 1

    for value in (object(), Stranger(), {1, 2}, b"bytes", lambda: None):
        with pytest.raises(StudyError, match="cannot be written into a script"):
            literal(value)
    assert literal(PurePosixPath('a"b')) == "Path('a\"b')"
    assert math.isnan(evaluated(literal(math.nan)))  # type: ignore[arg-type]


def test_every_protocol_is_written_whole() -> None:
    for protocol in PRESETS:
        again = evaluated(literal(protocol))
        assert isinstance(again, Protocol)
        assert again == protocol


def test_names_in_a_script_are_strings_alone(study: Study) -> None:
    tree = ast.parse(export_script(study))
    strings = {n.value for n in ast.walk(tree) if isinstance(n, ast.Constant)}
    assert {region.name for region in study.regions} <= strings
    names = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
    assert not names & {"eval", "exec", "__import__", "open"}


def test_a_fresh_process_finds_the_same_parameters(study: Study, tmp_path: Path) -> None:
    path = tmp_path / "again.py"
    path.write_text(export_script(study), encoding="utf-8")
    run = subprocess.run(
        [sys.executable, str(path)], capture_output=True, text=True, cwd=tmp_path, timeout=240,
        check=False,
    )  # fmt: skip
    assert run.stderr == ""
    assert run.returncode == 0
    assert run.stdout.endswith("all as in the study\n")
    for fitted in study.fits.values():
        for name, value in fitted.fit.parameters.items():
            shown = [float(line.split()[1]) for line in run.stdout.splitlines()
                     if line.split()[0] == name]  # fmt: skip
            assert any(math.isclose(found, value, rel_tol=1e-6, abs_tol=1e-12) for found in shown)


def test_a_number_that_differs_is_told(study: Study, capsys) -> None:
    first = study.fits["roi-1"]
    parameters = {**first.fit.parameters, "tau_in": first.fit.parameters["tau_in"] * 1.001}
    other = replace(first, fit=replace(first.fit, parameters=parameters))
    only = study.without_region("roi-2").with_fit("roi-1", other)
    script: dict[str, Any] = {"__name__": "again"}
    exec(export_script(only), script)
    assert script["main"]() == 1
    assert capsys.readouterr().out.endswith("1 parameters differ\n")


def test_fits_that_were_stopped_are_not_compared(study: Study) -> None:
    first = study.fits["roi-1"]
    stopped = replace(first, fit=replace(first.fit, outcome=Outcome.CANCELLED))
    source = export_script(study.with_fit("roi-1", stopped))
    assert source.count("'parameters': {},") == 1


def test_a_study_without_a_file_says_what_is_missing(study: Study) -> None:
    with pytest.raises(StudyError, match="open the recording"):
        export_script(study.with_recording(replace(study.current, reference=None)))
    with pytest.raises(StudyError, match="fit at least one region"):
        export_script(Study())


def test_a_script_reads_a_recording_as_it_was_read_for_each_fit(study: Study) -> None:
    reference = study.recording
    assert reference is not None
    first = study.fits["roi-1"]
    binned = replace(first, reading=replace(first.reading, frame_interval_ms=2.0, binning=2))
    script = export_script(study.with_fit("roi-1", binned))
    names: dict[str, Any] = {"__name__": "script"}
    exec(script, names)
    recordings = [names["opened"](one) for one in names["RECORDINGS"]]
    stored = np.load(reference.path)
    halves = (len(stored), stored.shape[1] // 2, stored.shape[2] // 2)
    assert [one.frames.shape for one in recordings] == [halves, stored.shape]
    assert [one.frame_interval_ms for one in recordings] == [2.0, 1.0]
    assert [fit["recording"] for fit in names["FITS"]] == [0, 1]


def test_reading_the_recording_otherwise_later_changes_nothing_in_the_script(study: Study) -> None:
    entry = study.current
    assert entry.reference is not None
    later = replace(entry.reference, frame_interval_ms=3.0, choices=(("time_axis", "1"),))
    changed = study.with_recording(replace(entry, reference=later))
    assert export_script(changed) == export_script(study)
