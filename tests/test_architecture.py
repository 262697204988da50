"""The floors of the house: imports point down, and starting needs no heavy library."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def test_imports_point_down() -> None:
    run = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as lint; lint()"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_the_window_can_start_before_torch_is_loaded() -> None:
    """Only a fit needs torch, numba or SymPy; importing them would delay the window by seconds."""
    code = (
        "import sys, aphyn_gui.gui.main_window;"
        "print([name for name in ('torch', 'numba', 'sympy', 'llvmlite') if name in sys.modules])"
    )
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip() == "[]"
