"""The document, without a window: recordings, regions, settings, fits and their comparison."""

from aphyn_gui.study.analysis import fit_region
from aphyn_gui.study.comparison import Comparison, ComparisonRow, compare
from aphyn_gui.study.differences import Difference
from aphyn_gui.study.document import PROJECT_SUFFIX, Document
from aphyn_gui.study.reading import Reading
from aphyn_gui.study.study import (
    REGION_COLORS,
    RecordingReference,
    Region,
    RegionFit,
    Study,
    StudyError,
    StudyRecording,
)

__all__ = [
    "PROJECT_SUFFIX",
    "REGION_COLORS",
    "Comparison",
    "ComparisonRow",
    "Difference",
    "Document",
    "Reading",
    "RecordingReference",
    "Region",
    "RegionFit",
    "Study",
    "StudyError",
    "StudyRecording",
    "compare",
    "fit_region",
]
