"""The document, without a window: recordings, regions, settings, fits and their comparison."""

from aphyn_gui.study.analysis import fit_region
from aphyn_gui.study.comparison import Comparison, ComparisonRow, compare
from aphyn_gui.study.differences import Difference
from aphyn_gui.study.study import (
    REGION_COLORS,
    RecordingReference,
    Region,
    RegionFit,
    Study,
    StudyError,
)

__all__ = [
    "REGION_COLORS",
    "Comparison",
    "ComparisonRow",
    "Difference",
    "RecordingReference",
    "Region",
    "RegionFit",
    "Study",
    "StudyError",
    "compare",
    "fit_region",
]
