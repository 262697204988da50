"""A study as a Python script that makes its numbers again through the public API."""

from __future__ import annotations

from aphyn_gui.fitting import Outcome
from aphyn_gui.study.export.fitted import FittedRegion, fitted_regions
from aphyn_gui.study.export.literals import literal
from aphyn_gui.study.study import Study, StudyError

_SCRIPT = '''\
"""Fits that were made with aphyn_gui, made again: run it with `python` and this file's name.

It opens each recording as it was read for the fit, prepares each region, fits it with the protocol
and seed of the study, and compares every parameter with the one that the study holds. On the
machine and with the versions that made them they agree to six digits; elsewhere the last digits
may differ. A fit that was stopped in the study runs to its end here, and is not compared. An ionic
model of your own must lie in the models folder.
"""

import math
import sys
from pathlib import Path

from aphyn_gui.fitting import (
    Device,
    InitialVoltage,
    NetworkSettings,
    Optimiser,
    Protocol,
)
from aphyn_gui.physics import Stimulus
from aphyn_gui.recording import (
    Ensemble,
    FrameRepair,
    Mask,
    Normalisation,
    Polarity,
    Preparation,
    RectangularRoi,
    SmoothBaseline,
    Split,
    TemporalFilter,
    TemporalKind,
    open_recording,
)
from aphyn_gui.study import Region, fit_region

MADE_WITH = {made_with}

RECORDINGS = {recordings}

FITS = {fits}


def opened(one):
    """The recording as it was read for the fit."""
    recording = open_recording(
        one["path"],
        frame_interval_ms=one["frame_interval_ms"],
        pixel_pitch_mm=one["pixel_pitch_mm"],
        choices=one["choices"],
    )
    return recording if one["binning"] == 1 else recording.binned(one["binning"])


def finished(training):
    """Run a fit to its end and return it."""
    while True:
        try:
            next(training)
        except StopIteration as stop:
            return stop.value


def main():
    """Fit everything; the exit status is 1 where a parameter differs."""
    recordings = [opened(one) for one in RECORDINGS]
    differ = 0
    for wanted in FITS:
        region = Region(wanted["id"], wanted["name"], wanted["color"], wanted["roi"])
        fit = finished(
            fit_region(
                recordings[wanted["recording"]], region, wanted["preparation"], wanted["protocol"]
            )
        ).fit
        print(ascii(region.name))
        for name, found in fit.parameters.items():
            value = wanted["parameters"].get(name, found)
            is_same = math.isclose(found, value, rel_tol=1e-6, abs_tol=1e-12)
            differ += not is_same
            print(f"  {{name:22}} {{found:<24.12g}}" + ("" if is_same else f" was {{value:.12g}}"))
    print("all as in the study" if differ == 0 else f"{{differ}} parameters differ")
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
'''


def export_script(study: Study) -> str:
    """The study as a script.

    Each region is fitted as it was when its fit was made, with the preparation and the protocol of
    that fit, from the recording as it was read then. Fits that were cancelled or diverged are made,
    too, but not compared.

    Parameters
    ----------
    study : Study
        With its recording.

    Returns
    -------
    str
        Source; it holds the study's values as literals and runs nothing else from it.

    Raises
    ------
    StudyError
        If there is no fit, or no file that it came from.
    """
    fitted = fitted_regions(study)
    if any(one.reference is None for one in fitted):
        raise StudyError(
            "the study does not say which file its fits came from: open the recording in it first"
        )
    # A region may have been fitted before its recording was read in another way, and one after.
    sources = list(dict.fromkeys((one.reference, one.region_fit.reading) for one in fitted))
    recordings = [
        {
            "path": reference.path.absolute(),
            "frame_interval_ms": reading.frame_interval_ms,
            "pixel_pitch_mm": reference.pixel_pitch_mm,
            "choices": dict(reading.choices),
            "binning": reading.binning,
        }
        for reference, reading in sources
        if reference is not None
    ]
    provenance = fitted[0].region_fit.fit.provenance
    made_with = {
        "aphyn_gui": provenance.package_version,
        "torch": provenance.torch_version,
        "numpy": provenance.numpy_version,
        "device": provenance.device,
        "started_at": provenance.started_at,
    }
    fits = [_wanted(one, sources.index((one.reference, one.region_fit.reading))) for one in fitted]
    return _SCRIPT.format(
        made_with=literal(made_with), recordings=literal(recordings), fits=literal(fits)
    )


def _wanted(fitted: FittedRegion, recording: int) -> dict[str, object]:
    region, fit = fitted.region, fitted.region_fit.fit
    return {
        "recording": recording,
        "id": region.id,
        "name": region.name,
        "color": region.color,
        "roi": region.roi,
        "preparation": fit.sequences.preparation,
        "protocol": fit.protocol,
        "parameters": dict(fit.parameters) if fit.outcome is Outcome.FINISHED else {},
    }
