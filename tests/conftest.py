"""Settings every test runs under, and where the shared recordings lie."""

from __future__ import annotations

import faulthandler
import os
from pathlib import Path

import pytest
from hypothesis import settings

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("PYQTGRAPH_QT_LIB", "PySide6")
faulthandler.enable()
# Time belongs to the benchmarks: on a busy machine a deadline fails what is right.
settings.register_profile("without deadlines", deadline=None)
settings.load_profile("without deadlines")

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real recordings; the test is skipped where it is missing."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"the real recordings are not on this machine ({SHARED_DATA})")
    return SHARED_DATA
