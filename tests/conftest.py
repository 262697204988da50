"""Settings every test runs under, and where the shared recordings lie."""

from __future__ import annotations

import faulthandler
import os
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("PYQTGRAPH_QT_LIB", "PySide6")
faulthandler.enable()

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real recordings; the test is skipped where it is missing."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"the real recordings are not on this machine ({SHARED_DATA})")
    return SHARED_DATA
