"""What is known: ionic models, written once as expressions, and the stimulus."""

from aphyn_gui.physics.catalogue import MODELS, ionic_model
from aphyn_gui.physics.ionic_model import (
    GATE_SYMBOL,
    VOLTAGE_SYMBOL,
    IonicModel,
    Parameter,
    PhysicsError,
)
from aphyn_gui.physics.mitchell_schaeffer import MITCHELL_SCHAEFFER, MITCHELL_SCHAEFFER_SMOOTH
from aphyn_gui.physics.stimulus import STIMULUS_PARAMETERS, Stimulus

__all__ = [
    "GATE_SYMBOL",
    "MITCHELL_SCHAEFFER",
    "MITCHELL_SCHAEFFER_SMOOTH",
    "MODELS",
    "STIMULUS_PARAMETERS",
    "VOLTAGE_SYMBOL",
    "IonicModel",
    "Parameter",
    "PhysicsError",
    "Stimulus",
    "ionic_model",
]
