"""How a hybrid learns from sequences: protocol, training, and the resulting fit."""

from aphyn_gui.fitting.fit import Errors, Fit, FitForecast, History, Outcome, Provenance
from aphyn_gui.fitting.progress import Detail, Progress, Stage
from aphyn_gui.fitting.protocol import (
    EX_VIVO,
    IN_SILICO,
    MOST_REPEATS,
    PRESETS,
    RECOMMENDED,
    Device,
    InitialVoltage,
    NetworkSettings,
    Optimiser,
    Protocol,
    ProtocolError,
    preset,
)
from aphyn_gui.fitting.trainer import fit
from aphyn_gui.fitting.uncertainty import Estimate, Uncertainty

__all__ = [
    "EX_VIVO",
    "IN_SILICO",
    "MOST_REPEATS",
    "PRESETS",
    "RECOMMENDED",
    "Detail",
    "Device",
    "Errors",
    "Estimate",
    "Fit",
    "FitForecast",
    "History",
    "InitialVoltage",
    "NetworkSettings",
    "Optimiser",
    "Outcome",
    "Progress",
    "Protocol",
    "ProtocolError",
    "Provenance",
    "Stage",
    "Uncertainty",
    "fit",
    "preset",
]
