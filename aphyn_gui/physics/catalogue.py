"""The ionic models that a user can choose from."""

from __future__ import annotations

from functools import cache
from threading import RLock

from aphyn_gui.physics.aliev_panfilov import ALIEV_PANFILOV
from aphyn_gui.physics.fitzhugh_nagumo import FITZHUGH_NAGUMO
from aphyn_gui.physics.ionic_model import IonicModel, PhysicsError
from aphyn_gui.physics.mitchell_schaeffer import MITCHELL_SCHAEFFER, MITCHELL_SCHAEFFER_SMOOTH
from aphyn_gui.physics.modified_mitchell_schaeffer import MODIFIED_MITCHELL_SCHAEFFER

MODELS: tuple[IonicModel, ...] = (
    MITCHELL_SCHAEFFER,
    MITCHELL_SCHAEFFER_SMOOTH,
    MODIFIED_MITCHELL_SCHAEFFER,
    ALIEV_PANFILOV,
    FITZHUGH_NAGUMO,
)
"""The built-in models, in the order in which they are offered."""

_loading = RLock()


def models(*, reload: bool = False) -> tuple[IonicModel, ...]:
    """The built-in models, then the user's own; see ``user_models``.

    Parameters
    ----------
    reload : bool
        Read the user's models again; otherwise they are read once, at the first call.
    """
    with _loading:
        if reload:
            _user_models.cache_clear()
        return (*MODELS, *_user_models())


def ionic_model(name: str) -> IonicModel:
    """The model of that name, built in or the user's own.

    Raises
    ------
    PhysicsError
        If there is none; the message names those that exist.
    """
    for model in MODELS:
        if model.name == name:
            return model
    known = models()
    for model in known:
        if model.name == name:
            return model
    names = ", ".join(model.name for model in known)
    raise PhysicsError(f"no ionic model is called {name!r}; choose one of: {names}")


@cache
def _user_models() -> tuple[IonicModel, ...]:
    # Imported here: the built-in models alone need neither folders nor entry points.
    from aphyn_gui.physics.user_models import load_user_models

    return load_user_models(MODELS)
