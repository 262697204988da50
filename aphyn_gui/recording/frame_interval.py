"""Which times between frames a recording of action potentials can have."""

from __future__ import annotations

_SHORTEST_MS, _LONGEST_MS = 0.01, 100.0
"""100,000 frames a second is beyond photodiodes; ten a second show no action potential."""


def doubt_of_interval(frame_interval_ms: float) -> str:
    """Why a time between frames can hardly be meant; "" where it can.

    Parameters
    ----------
    frame_interval_ms : float
        Above 0, ms.
    """
    rate = 1000.0 / frame_interval_ms
    if frame_interval_ms < _SHORTEST_MS:
        return (
            f"{frame_interval_ms:g} ms between frames would be {rate:,.0f} frames a second: give "
            "the interval in ms, not in s"
        )
    if frame_interval_ms > _LONGEST_MS:
        return (
            f"{frame_interval_ms:g} ms between frames are {rate:.3g} frames a second, too few to "
            "show an action potential: give the interval in ms"
        )
    return ""
