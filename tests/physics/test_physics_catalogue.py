"""The catalogue: what is offered, and what listing it costs."""

from __future__ import annotations

import subprocess
import sys

from aphyn_gui.physics import MODELS, ionic_model, models


def test_the_published_models_are_offered_mitchell_schaeffer_first() -> None:
    assert [model.name for model in MODELS] == [
        "mitchell_schaeffer",
        "mitchell_schaeffer_smooth",
        "modified_mitchell_schaeffer",
        "aliev_panfilov",
        "fitzhugh_nagumo",
    ]


def test_every_built_in_model_is_found_by_its_name() -> None:
    assert models()[: len(MODELS)] == MODELS
    for model in MODELS:
        assert ionic_model(model.name) is model


def test_listing_the_models_needs_no_sympy() -> None:
    # SymPy takes half a second to import: too long for a window that only lists the models.
    program = (
        "import sys, aphyn_gui.physics as physics\n"
        "assert 'aphyn_gui.physics.user_models' not in sys.modules\n"
        "physics.models()\n"
        "assert 'sympy' not in sys.modules and 'torch' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
