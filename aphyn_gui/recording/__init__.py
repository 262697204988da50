"""What was measured: recordings, regions of them, and the sequences they are cut into.

A `Recording` is opened with `open_recording`. A `RectangularRoi` of it becomes sequences by the
choices in a `Preparation`: `prepare_region` gives the region's mean trace and beats, the
sequences a model is fitted to, and the measures to compare the fit with. Whatever cannot be used
raises `RecordingError` with a message for the user.
"""

from aphyn_gui.recording.alternans import (
    ALTERNANS_DEFINITIONS,
    Alternans,
    Alternation,
    MidwayRise,
    find_alternans,
)
from aphyn_gui.recording.baseline import remove_baseline, smooth_baseline
from aphyn_gui.recording.beats import Beats, detect_beats
from aphyn_gui.recording.cleaning import (
    PolaritySuggestion,
    noise_level,
    remove_drift,
    spatial_mean,
    suggest_polarity,
)
from aphyn_gui.recording.cleaning_settings import (
    FrameRepair,
    SmoothBaseline,
    TemporalFilter,
    TemporalKind,
)
from aphyn_gui.recording.errors import RecordingError
from aphyn_gui.recording.field_counts import FieldCounts
from aphyn_gui.recording.field_sequences import (
    LEFT_OUT_REASONS,
    FieldTiming,
    PixelPotentials,
    field_timing,
    potentials_in,
    potentials_of,
)
from aphyn_gui.recording.formats import FORMATS, RecordingFormat, open_recording
from aphyn_gui.recording.frame_interval import doubt_of_interval
from aphyn_gui.recording.frame_repair import FrameFaults, find_faulty_frames, repair_counts
from aphyn_gui.recording.frames import FrameSource
from aphyn_gui.recording.mapping import MapProgress, compute_maps, run_maps
from aphyn_gui.recording.maps import (
    MAP_DEFINITIONS,
    FieldMap,
    FieldMaps,
    MapKind,
    MapSettings,
    Unmeasured,
    isochrone_step,
    isochrones,
)
from aphyn_gui.recording.masks import Mask, automatic_mask
from aphyn_gui.recording.measures import (
    DEFINITIONS,
    ActionPotentialMeasures,
    action_potential_duration,
    measure_action_potential,
    signal_to_noise,
)
from aphyn_gui.recording.preparation import Ensemble, Normalisation, Polarity, Preparation, Split
from aphyn_gui.recording.recording import AnalogChannel, ReadingChoice, Recording
from aphyn_gui.recording.region import RegionSignal, region_signal
from aphyn_gui.recording.region_counts import RegionCounts, frames_kept
from aphyn_gui.recording.region_measures import (
    REGION_DEFINITIONS,
    Quartiles,
    RegionMeasures,
    measure_region,
)
from aphyn_gui.recording.roi import RectangularRoi
from aphyn_gui.recording.selection import LeftOutPixel
from aphyn_gui.recording.sequences import (
    PreparedRegion,
    SequenceSet,
    cut_sequences,
    prepare_region,
)
from aphyn_gui.recording.smoothing import savitzky_golay
from aphyn_gui.recording.spatial import spatial_gaussian, spatial_median
from aphyn_gui.recording.temporal import filter_in_time, step_rise_time_ms

__all__ = [
    "ALTERNANS_DEFINITIONS",
    "DEFINITIONS",
    "FORMATS",
    "LEFT_OUT_REASONS",
    "MAP_DEFINITIONS",
    "REGION_DEFINITIONS",
    "ActionPotentialMeasures",
    "Alternans",
    "Alternation",
    "AnalogChannel",
    "Beats",
    "Ensemble",
    "FieldCounts",
    "FieldMap",
    "FieldMaps",
    "FieldTiming",
    "FrameFaults",
    "FrameRepair",
    "FrameSource",
    "LeftOutPixel",
    "MapKind",
    "MapProgress",
    "MapSettings",
    "Mask",
    "MidwayRise",
    "Normalisation",
    "PixelPotentials",
    "Polarity",
    "PolaritySuggestion",
    "Preparation",
    "PreparedRegion",
    "Quartiles",
    "ReadingChoice",
    "Recording",
    "RecordingError",
    "RecordingFormat",
    "RectangularRoi",
    "RegionCounts",
    "RegionMeasures",
    "RegionSignal",
    "SequenceSet",
    "SmoothBaseline",
    "Split",
    "TemporalFilter",
    "TemporalKind",
    "Unmeasured",
    "action_potential_duration",
    "automatic_mask",
    "compute_maps",
    "cut_sequences",
    "detect_beats",
    "doubt_of_interval",
    "field_timing",
    "filter_in_time",
    "find_alternans",
    "find_faulty_frames",
    "frames_kept",
    "isochrone_step",
    "isochrones",
    "measure_action_potential",
    "measure_region",
    "noise_level",
    "open_recording",
    "potentials_in",
    "potentials_of",
    "prepare_region",
    "region_signal",
    "remove_baseline",
    "remove_drift",
    "repair_counts",
    "run_maps",
    "savitzky_golay",
    "signal_to_noise",
    "smooth_baseline",
    "spatial_gaussian",
    "spatial_mean",
    "spatial_median",
    "step_rise_time_ms",
    "suggest_polarity",
]
