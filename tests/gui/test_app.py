"""Start-up: arguments, missing libraries, missing displays, and the demo without one."""

from __future__ import annotations

import builtins
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from aphyn_gui import __version__, app
from aphyn_gui.gui import system_libraries

ROOT = Path(__file__).resolve().parents[2]


def run(arguments: Sequence[str], folder: Path, **environment: str) -> Any:
    """Start the program as a user does, in a process of its own, without a display."""
    clean = {
        key: value
        for key, value in os.environ.items()
        if key not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    }
    clean |= {"XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)} | environment
    return subprocess.run(
        [sys.executable, str(ROOT / "main.py"), *arguments],
        cwd=folder,
        env=clean,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def test_version_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, expected in ((["--version"], __version__), (["--help"], "--demo")):
        with pytest.raises(SystemExit) as stop:
            app.main(arguments)
        assert stop.value.code == 0
        assert expected in capsys.readouterr().out


def test_a_missing_file_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main(["no_such_file.tif"]) == 2
    error = capsys.readouterr().err
    assert "no_such_file.tif" in error
    assert error.count("\n") == 1


@pytest.mark.skipif(sys.platform != "linux", reason="displays are told apart on Linux only")
def test_without_a_display_it_says_so(tmp_path: Path) -> None:
    done = run([], tmp_path)
    assert done.returncode == 2
    assert "no display" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.skipif(sys.platform != "linux", reason="X servers are told apart on Linux only")
def test_a_display_that_does_not_answer_is_named(tmp_path: Path) -> None:
    done = run([], tmp_path, DISPLAY=":4711")
    assert done.returncode == 2
    assert ":4711" in done.stderr or "apt-get" in done.stderr


@pytest.mark.parametrize(
    "library",
    ["libEGL.so.1", "libGL.so.1", "libxkbcommon.so.0", "libdbus-1.so.3", "libfontconfig.so.1"],
)
def test_a_missing_system_library_is_named(
    library: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real_import = builtins.__import__

    def bare_import(name: str, *rest: Any, **named: Any) -> Any:
        if name.startswith("PySide6"):
            raise ImportError(f"{library}: cannot open shared object file: No such file")
        return real_import(name, *rest, **named)

    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    monkeypatch.setattr(system_libraries, "plugin_problem", lambda _plugin: None)
    monkeypatch.setattr(builtins, "__import__", bare_import)
    assert app.main([]) == 2
    error = capsys.readouterr().err
    assert library in error
    assert "apt-get install" in error
    assert error.count("\n") == 1


def test_other_import_errors_are_not_hidden() -> None:
    assert system_libraries.missing_library(ImportError("No module named 'torch'")) is None


def test_a_plugin_that_cannot_be_loaded_names_its_library() -> None:
    assert system_libraries.plugin_problem("offscreen") is None
    assert system_libraries.plugin_problem("no_such_plugin") is None


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, None),
        ({"DISPLAY": ":0"}, "xcb"),
        ({"DISPLAY": ":0", "WAYLAND_DISPLAY": "wayland-0"}, None),
        ({"QT_QPA_PLATFORM": "offscreen"}, "offscreen"),
        ({"QT_QPA_PLATFORM": "wayland;xcb"}, "wayland"),
    ],
)
def test_the_platform_plugin_is_foreseen(environment: dict[str, str], expected: str | None) -> None:
    assert system_libraries.platform_plugin(environment, "linux") == expected
    assert system_libraries.platform_plugin(environment, "darwin") is None


def test_nothing_heavy_is_imported_before_the_window(tmp_path: Path) -> None:
    code = (
        "import sys; import aphyn_gui.app, aphyn_gui.gui.main_window; "
        "sys.exit(any(name in sys.modules for name in ('torch', 'numba', 'sympy')))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=120, check=False)
    assert done.returncode == 0


def test_the_demo_without_a_display_writes_pictures_and_the_table(tmp_path: Path) -> None:
    done = run(["--demo"], tmp_path)
    assert done.returncode == 0, done.stderr
    assert "No display" in done.stdout
    folder = tmp_path / "aphyn-demo"
    for name in ("window.png", "comparison.png", "comparison.csv", "comparison.txt"):
        assert (folder / name).stat().st_size > 100
    assert "Ischaemic" in (folder / "comparison.txt").read_text(encoding="utf-8")
    assert "Traceback" not in done.stderr
