"""Training with the window open and drawing, against the same training without it."""

from __future__ import annotations

from collections.abc import Iterator

from probing import probe
from table import Row

from aphyn_gui.fitting import EX_VIVO, RECOMMENDED


def measure() -> Iterator[Row]:
    """Epochs a second, and the window's 10 ms timer, for two presets."""
    for preset in (EX_VIVO, RECOMMENDED):
        yield from _measure(preset.name)


def _measure(preset: str) -> Iterator[Row]:
    found = probe("probe_window.py", None, preset)
    ratio = found["ratio"]
    least, most = found["ratios"]
    yield Row(
        f"epochs/s, window open and drawing, {preset}", found["window_epochs_per_s"], "1/s",
        found["headless_epochs_per_s"], "headless", ratio, target=">= 0.9 of headless",
        met=ratio >= 0.9,
        note=f"medians of {found['rounds']} interleaved runs of {found['epochs']} epochs, ratios "
        f"{least:.2f} to {most:.2f}, "
        f"{found['sequences']} sequences of {found['steps']} steps, window 1280 x 800 offscreen",
    )  # fmt: skip
    p99 = found["timer_p99_ms"]
    yield Row(
        f"10 ms timer while training, p99, {preset}", p99, "ms", found["idle_p99_ms"],
        "idle window", target="< 20 ms", met=p99 < 20,
        note=f"largest gap {found['timer_max_ms']:.0f} ms",
    )  # fmt: skip
