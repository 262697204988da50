"""MATLAB 7 as SciPy writes it: compressed, and as Rhythm fills it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.io import savemat

from encoders.mat5 import rows_columns_time


def sample(folder: Path) -> Path:
    """Rhythm's variables."""
    path = folder / "rhythm.mat"
    variables = {
        "cmosData": -rows_columns_time().astype(np.float64),
        "frequency": 500.0,
        "acqFreq": 2.0,
        "bgimage": np.ones((6, 8)),
    }
    savemat(path, variables, do_compression=True)
    return path
