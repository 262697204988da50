"""Fits of the small recording, made once, for tests of what comes after a fit."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from fit_samples import QUICK, open_study

from aphyn_gui.draining import drained
from aphyn_gui.gui.study_controller import StudyController
from aphyn_gui.study import RegionFit, fit_region


def open_fitted_study(folder: Path) -> StudyController:
    """As :func:`fit_samples.open_study`, with both regions fitted."""
    controller = open_study(folder)
    for region, fit in zip(controller.study.regions, _fits(), strict=True):
        controller.store_fit(region.id, fit)
    return controller


@cache
def _fits() -> tuple[RegionFit, ...]:
    controller = open_study(Path(tempfile.mkdtemp()))
    found = []
    for region in controller.study.regions:
        inputs = controller.recording, region, controller.study.preparation, QUICK
        found.append(drained(fit_region(*inputs)))
    return tuple(found)
