"""The text that PCO's Camware writes beside a recording (.rec): frame rate and exposure."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from aphyn_gui.recording.formats.tiff_metadata import Calibration

_LONGEST_BYTES = 2**16
_LONGEST_LINE = 200
_PER_HZ = {"hz": 1.0, "fps": 1.0, "khz": 1e3, "mhz": 1e6, "": 1.0}
_RATE = re.compile(
    r"^\W*(?:frame\s*rate|frames\s*per\s*second|fps)\b[^0-9\n]*?([0-9]+(?:[.,][0-9]+)?)\s*([a-z]*)",
    re.IGNORECASE | re.MULTILINE,
)


def from_pco_sidecar(path: Path, calibration: Calibration) -> Calibration:
    """The calibration with the frame rate of the file's ``.rec``, where there is one.

    The sidecar is called like the recording, with ``.rec`` for or after its ending.
    """
    sidecar = next(
        (
            beside
            for beside in (path.with_name(path.name + ".rec"), path.with_suffix(".rec"))
            if beside.is_file()
        ),
        None,
    )
    if sidecar is None:
        return calibration
    try:
        with sidecar.open("rb") as file:
            text = _decoded(file.read(_LONGEST_BYTES))
    except OSError:
        return calibration
    lines = [line.strip()[:_LONGEST_LINE] for line in text.splitlines() if line.strip()]
    header = dict(calibration.header) | {"PCO sidecar": "; ".join(lines)[:2000]}
    found = _RATE.search("\n".join(lines))
    if found is None or found[2].lower() not in _PER_HZ:
        return replace(calibration, header=header)
    rate_hz = float(found[1].replace(",", ".")) * _PER_HZ[found[2].lower()]
    if not 0 < rate_hz < float("inf"):
        return replace(calibration, header=header)
    said = f"The frame interval comes from {sidecar.name}: {rate_hz:g} Hz."
    return replace(
        calibration,
        frame_interval_ms=1e3 / rate_hz,
        header=header,
        assumptions=(*calibration.assumptions, said),
    )


def _decoded(content: bytes) -> str:
    """Windows writes such texts in either of two encodings."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", "replace")
    return content.decode("latin-1")
