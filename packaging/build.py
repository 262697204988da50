"""Builds the folder that starts without Python, and proves that it does.

    python packaging/build.py                  build, then test
    python packaging/build.py --only-test      test what was built before

Needs PyInstaller beside the program's own dependencies. The test runs the built program with an
empty environment and without a display: it opens the window, fits the demo's two regions, and
simulates a recording, which compiles both kinds of kernels.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NAME = "aphyn-gui"
WINDOW_IS_OPEN = "The window is open."
"""What the demo says once its window has been painted."""

LONGEST_START_S = 1.5
PATIENCE_S = 600.0
_NEEDED_ON_WINDOWS = ("SYSTEMROOT", "TEMP", "USERPROFILE", "LOCALAPPDATA", "APPDATA")


@dataclass(frozen=True)
class Demo:
    """How the demo of the built program went.

    Parameters
    ----------
    window_s : float
        Time from the start of the process to the painted window, s.
    total_s : float
        Time to the end of both fits, s.
    foreign : tuple of str
        Files of the building machine's Python that the process had mapped; Linux only.
    """

    window_s: float
    total_s: float
    foreign: tuple[str, ...]


class PackagingError(RuntimeError):
    """What was built does not do what it must."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Build and test; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dist", type=Path, default=ROOT / "dist", help="where the folder goes")
    parser.add_argument("--work", type=Path, default=ROOT / "build", help="PyInstaller's own files")
    parser.add_argument("--only-test", action="store_true", help="test what was built before")
    options = parser.parse_args(arguments)
    if not options.only_test:
        build(options.dist, options.work)
    folder = options.dist / NAME
    try:
        test(folder)
    except PackagingError as error:
        print(f"FAILED: {error}", file=sys.stderr)
        return 1
    print(f"{folder}: {_size_mb(folder):.0f} MB, starts, fits and simulates without Python")
    return 0


def build(dist: Path, work: Path) -> None:
    """Run PyInstaller."""
    subprocess.run(
        [
            sys.executable, "-m", "PyInstaller", "--noconfirm", "--log-level", "WARN",
            "--distpath", str(dist), "--workpath", str(work),
            str(Path(__file__).with_name(f"{NAME}.spec")),
        ],
        check=True,
        cwd=ROOT,
    )  # fmt: skip


def test(folder: Path) -> None:
    """Start the program as on a machine that has nothing but its system.

    Raises
    ------
    PackagingError
        If anything fails, is slow, or comes from the building machine's Python.
    """
    program = folder / (f"{NAME}-console.exe" if sys.platform == "win32" else NAME)
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        print(_run(program, ["--version"], home).strip())
        # The first start reads the files from the disk and compiles the kernels.
        demos = [_run_demo(program, home) for _ in range(3)]
        for demo in demos:
            print(f"window after {demo.window_s:.2f} s, both fits after {demo.total_s:.1f} s")
        foreign = sorted({path for demo in demos for path in demo.foreign})
        if foreign:
            raise PackagingError(f"it uses files of this machine's Python: {foreign[:5]}")
        if not any((home / ".cache").rglob("*.o")) and sys.platform.startswith("linux"):
            raise PackagingError("the compiled kernels are not in the user's cache folder")
        _run(
            program,
            ["simulate", "slab.tif", "--size", "16x16", "--beats", "1", "--duration", "60"],
            home,
        )
        if "16" not in _run(program, ["info", "slab.tif"], home):
            raise PackagingError("the simulated recording cannot be read")
        strays = [path.name for path in home.iterdir() if path.name in ("aphyn_gui", "__pycache__")]
        if strays:
            raise PackagingError(f"it leaves {strays} in the folder it was started from")
    fastest = min(demo.window_s for demo in demos)
    if fastest > LONGEST_START_S:
        raise PackagingError(f"the window takes {fastest:.2f} s, more than {LONGEST_START_S} s")


def _environment(home: Path) -> dict[str, str]:
    """Nothing that a shell or a Python installation has set."""
    kept = {key: os.environ[key] for key in _NEEDED_ON_WINDOWS if key in os.environ}
    return kept if sys.platform == "win32" else {"HOME": str(home)}


def _run(program: Path, arguments: Sequence[str], home: Path) -> str:
    done = subprocess.run(
        [str(program.resolve()), *arguments],
        cwd=home,
        env=_environment(home),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    if done.returncode != 0:
        raise PackagingError(f"{' '.join(arguments)} ended with {done.returncode}: {done.stderr}")
    return done.stdout


def _run_demo(program: Path, home: Path) -> Demo:
    environment = _environment(home)
    if not sys.platform.startswith("linux"):
        # Only Linux is known to lack a display by itself.
        environment["QT_QPA_PLATFORM"] = "offscreen"
    started = time.perf_counter()
    process = subprocess.Popen(
        [str(program.resolve()), "--demo"],
        cwd=home,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    window_s, foreign, lines = float("inf"), set[str](), []
    assert process.stdout is not None
    for line in process.stdout:
        lines.append(line)
        if line.startswith(WINDOW_IS_OPEN):
            window_s = time.perf_counter() - started
        foreign |= _foreign_files(process.pid, program.parent.resolve())
    status = process.wait(timeout=PATIENCE_S)
    total_s = time.perf_counter() - started
    table = home / "aphyn-demo" / "comparison.csv"
    if status != 0 or not table.is_file():
        raise PackagingError(f"the demo ended with {status}: {''.join(lines)}")
    if "Ischaemic" not in table.read_text(encoding="utf-8"):
        raise PackagingError("the demo's comparison lacks a region")
    return Demo(window_s, total_s, tuple(sorted(foreign)))


def _foreign_files(process_id: int, folder: Path) -> set[str]:
    """Files of the building machine's Python that a process has mapped."""
    try:
        maps = Path(f"/proc/{process_id}/maps").read_text(encoding="utf-8")
    except OSError:
        return set()
    paths = {line.split(maxsplit=5)[5].strip() for line in maps.splitlines() if "/" in line}
    homes = (sys.prefix, sys.base_prefix, "site-packages")
    here = f"{folder}/"
    return {p for p in paths if not p.startswith(here) and any(home in p for home in homes)}


def _size_mb(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


if __name__ == "__main__":
    sys.exit(main())
