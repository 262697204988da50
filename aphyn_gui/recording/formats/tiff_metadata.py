"""Frame interval and pixel pitch in TIFF files, as each program writes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Any
from xml.etree import ElementTree

import numpy as np

_MS_PER = {
    "us": 1e-3,
    "µs": 1e-3,
    "μs": 1e-3,
    "ms": 1.0,
    "msec": 1.0,
    "s": 1e3,
    "sec": 1e3,
    "second": 1e3,
    "seconds": 1e3,
    "min": 6e4,
    "ns": 1e-6,
}
_MM_PER = {
    "nm": 1e-6,
    "um": 1e-3,
    "µm": 1e-3,
    "μm": 1e-3,
    "micron": 1e-3,
    "microns": 1e-3,
    "micrometer": 1e-3,
    "mm": 1.0,
    "millimeter": 1.0,
    "cm": 10.0,
    "centimeter": 10.0,
    "m": 1e3,
}
"""Inches are left out on purpose: they describe a print (72 dots per inch), not the tissue."""

_CENTIMETRE_TAG = 3
"""TIFF 6.0, ResolutionUnit: 1 none, 2 inch, 3 centimetre."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """What a file says about time and space; None where it says nothing."""

    frame_interval_ms: float | None = None
    pixel_pitch_mm: float | None = None
    header: Mapping[str, str] = field(default_factory=dict)
    assumptions: tuple[str, ...] = ()


def read_calibration(tif: Any) -> Calibration:
    """Frame interval and pixel pitch of an open TIFF file."""
    if tif.is_ome and tif.ome_metadata:
        return _from_ome(tif.ome_metadata)
    if tif.is_imagej and tif.imagej_metadata:
        return _from_imagej(tif)
    return _from_tags(tif)


def _from_imagej(tif: Any) -> Calibration:
    metadata: dict[str, Any] = tif.imagej_metadata
    header = {
        f"ImageJ {key}": str(value)
        for key, value in metadata.items()
        if isinstance(value, str | int | float | bool) and key != "Info"
    }
    assumptions: tuple[str, ...] = ()
    unit = str(metadata.get("tunit", "sec")).strip().lower()
    interval = None
    if unit in _MS_PER:
        interval = _scaled(metadata.get("finterval"), _MS_PER[unit])
    if interval is None and (rate := _scaled(metadata.get("fps"), 1.0)) is not None:
        interval = 1e3 / rate
        assumptions = (
            f"The frame interval comes from ImageJ's fps = {rate:g}, which may be the speed of "
            "playback only: check it.",
        )
    pitch = None
    space_unit = str(metadata.get("unit", "")).replace("\\u00B5", "µ").strip().lower()
    resolution = _resolution(tif)
    if space_unit in _MM_PER and resolution is not None:
        pitch = _MM_PER[space_unit] / resolution
    return Calibration(interval, pitch, header, assumptions)


def _from_ome(text: str) -> Calibration:
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError:
        return Calibration(assumptions=("The OME description in the file could not be read.",))
    pixels = next((item for item in root.iter() if item.tag.endswith("}Pixels")), None)
    if pixels is None:
        return Calibration()
    header = {f"OME {key}": value for key, value in pixels.attrib.items()}
    assumptions: tuple[str, ...] = ()
    # Units and their defaults: OME schema 2016-06.
    time_unit = pixels.get("TimeIncrementUnit", "s").lower()
    interval = _scaled(pixels.get("TimeIncrement"), _MS_PER.get(time_unit))
    if interval is None and (interval := _interval_of_planes(pixels)) is not None:
        assumptions = ("The frame interval is the median difference of the planes' times.",)
    space_unit = pixels.get("PhysicalSizeXUnit", "µm").lower()
    pitch = _scaled(pixels.get("PhysicalSizeX"), _MM_PER.get(space_unit))
    return Calibration(interval, pitch, header, assumptions)


def _interval_of_planes(pixels: ElementTree.Element) -> float | None:
    times = []
    for plane in pixels:
        if not plane.tag.endswith("}Plane") or plane.get("TheC", "0") != "0":
            continue
        at = _number(plane.get("DeltaT"))
        per = _MS_PER.get(plane.get("DeltaTUnit", "s").lower())
        if at is not None and per is not None:
            times.append(at * per)
    if len(times) < 2:
        return None
    return _scaled(float(np.median(np.diff(np.sort(times)))), 1.0)


def _from_tags(tif: Any) -> Calibration:
    tags = tif.pages[0].tags
    header = {}
    if "ImageDescription" in tags:
        header["ImageDescription"] = str(tags["ImageDescription"].value)[:500]
    resolution = _resolution(tif)
    unit = tags["ResolutionUnit"].value if "ResolutionUnit" in tags else None
    if resolution is None or unit != _CENTIMETRE_TAG:
        return Calibration(header=header)
    return Calibration(
        pixel_pitch_mm=_MM_PER["cm"] / resolution,
        header=header,
        assumptions=(
            f"The pixel pitch comes from the resolution tag, {resolution:g} pixels per centimetre: "
            "check that it is meant for the tissue.",
        ),
    )


def _resolution(tif: Any) -> float | None:
    """Pixels per unit of length along a row."""
    tags = tif.pages[0].tags
    if "XResolution" not in tags:
        return None
    value = tags["XResolution"].value
    try:
        numerator, denominator = value
    except TypeError:
        return _scaled(value, 1.0)
    return _scaled(numerator / denominator, 1.0) if denominator else None


def _number(value: object) -> float | None:
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None


def _scaled(value: object, factor: float | None) -> float | None:
    """The number times the factor, if there is one and it is positive and finite."""
    number = _number(value)
    if number is None or factor is None or not isfinite(number) or number <= 0:
        return None
    return number * factor
