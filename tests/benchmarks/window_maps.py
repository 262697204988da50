"""A recording of 128 x 128 x 2,000 in the window: opening, playing, maps, and the mouse."""

from __future__ import annotations

from collections.abc import Iterator

from probing import probe
from table import Row

_SIZE = "128 x 128 x 2,000"


def measure() -> Iterator[Row]:
    """Times as a user waits for them, in the window of 1280 x 800, offscreen."""
    found = probe("probe_maps.py", None)
    for what, name, unit, most in (
        (f"opening {_SIZE} to the first picture", "open_s", "s", 0.5),
        (f"all measured maps of {_SIZE}", "maps_s", "s", 2.0),
        (f"parameter map of {_SIZE}, all in all", "parameters_s", "s", 2.0),
        ("mouse on another pixel to its drawn fit, median", "hover_ms", "ms", 33.0),
        ("region of 10 x 10 dragged to its drawn trace, median", "drag_ms", "ms", 33.0),
        ("longest gap of a 10 ms timer while maps are computed", "gap_ms", "ms", 50.0),
    ):
        yield Row(
            what, found[name], unit, target=f"< {most:g} {unit}", met=found[name] < most,
            note=_note(found, name),
        )  # fmt: skip
    rate = found["frames_per_s"]
    yield Row(f"movie of {_SIZE}", rate, "frames/s", target=">= 55", met=rate >= 55)


def _note(found: dict[str, float], name: str) -> str:
    worst = name.replace("_ms", "_worst_ms")
    if worst != name and worst in found:
        return f"worst {found[worst]:.0f} ms"
    if name == "parameters_s":
        return f"the first one, with the compilation of its kernels, {found['again_s']:.1f} s"
    return ""
