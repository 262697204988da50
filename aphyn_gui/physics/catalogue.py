"""The ionic models that a user can choose from."""

from __future__ import annotations

from aphyn_gui.physics.ionic_model import IonicModel, PhysicsError
from aphyn_gui.physics.mitchell_schaeffer import MITCHELL_SCHAEFFER, MITCHELL_SCHAEFFER_SMOOTH

MODELS: tuple[IonicModel, ...] = (MITCHELL_SCHAEFFER, MITCHELL_SCHAEFFER_SMOOTH)
"""All models, in the order in which they are offered."""


def ionic_model(name: str) -> IonicModel:
    """The model of that name.

    Raises
    ------
    PhysicsError
        If there is none; the message names those that exist.
    """
    for model in MODELS:
        if model.name == name:
            return model
    names = ", ".join(model.name for model in MODELS)
    raise PhysicsError(f"no ionic model is called {name!r}; choose one of: {names}")
