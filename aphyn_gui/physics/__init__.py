"""What is known: ionic models, written once as expressions, and the stimulus."""

from aphyn_gui.physics.aliev_panfilov import ALIEV_PANFILOV
from aphyn_gui.physics.catalogue import MODELS, ionic_model, models
from aphyn_gui.physics.fitzhugh_nagumo import FITZHUGH_NAGUMO
from aphyn_gui.physics.ionic_model import (
    GATE_SYMBOL,
    VOLTAGE_SYMBOL,
    IonicModel,
    Parameter,
    PhysicsError,
)
from aphyn_gui.physics.mitchell_schaeffer import MITCHELL_SCHAEFFER, MITCHELL_SCHAEFFER_SMOOTH
from aphyn_gui.physics.modified_mitchell_schaeffer import MODIFIED_MITCHELL_SCHAEFFER
from aphyn_gui.physics.stimulus import STIMULUS_PARAMETERS, Stimulus

__all__ = [
    "ALIEV_PANFILOV",
    "FITZHUGH_NAGUMO",
    "GATE_SYMBOL",
    "MITCHELL_SCHAEFFER",
    "MITCHELL_SCHAEFFER_SMOOTH",
    "MODELS",
    "MODIFIED_MITCHELL_SCHAEFFER",
    "STIMULUS_PARAMETERS",
    "VOLTAGE_SYMBOL",
    "IonicModel",
    "Parameter",
    "PhysicsError",
    "Stimulus",
    "ionic_model",
    "models",
]
