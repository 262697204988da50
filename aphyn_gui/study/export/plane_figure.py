"""F_dl over the (v, h) plane as a drawing without a bitmap: rows of rectangles in a few colours."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from aphyn_gui.fitting import Fit
from aphyn_gui.physics import ionic_model
from aphyn_gui.study.export.svg import Plot, ticks
from aphyn_gui.study.network_map import DIVERGING_COLORS, network_map

Floats = npt.NDArray[np.float64]

_LEVELS = 41
"""Colours: an odd number, so that one of them is that of nothing."""
_VOLTAGES, _GATES = 66, 51
_BAR_ROOM = 78.0
_PATH = "#1A1A1A"


def network_plane(fit: Fit) -> str:
    """F_dl of a fit with a network, and the forecast's way through the plane with its times.

    Raises
    ------
    StudyError
        If the fit has no network.
    """
    plane = network_map(fit, voltages=_VOLTAGES, gates=_GATES)
    limit = plane.largest_on_path
    v_edges, h_edges = _edges(plane.voltage), _edges(plane.gate)
    gate = ionic_model(fit.protocol.physics).gate_label
    plot = Plot((v_edges[0], v_edges[-1]), (h_edges[0], h_edges[-1]), "v", gate, right=_BAR_ROOM)
    colors = [_color(index / (_LEVELS - 1)) for index in range(_LEVELS)]
    share = np.clip((np.nan_to_num(plane.rate) / limit + 1) / 2, 0.0, 1.0)
    levels = np.round(share * (_LEVELS - 1)).astype(int)
    for level, rectangles in _rectangles(levels, v_edges, h_edges).items():
        plot.rectangles(rectangles, colors[level])
    plot.line(plane.path_voltage, plane.path_gate, _PATH, width=1.3)
    forecast = fit.forecast
    for time_ms in ticks(0.0, float(forecast.time_ms[-2])):
        step = round(time_ms / forecast.time_step_ms)
        place = float(plane.path_voltage[step]), float(plane.path_gate[step])
        if np.isfinite(place).all():
            plot.mark(*place, f"{time_ms:g} ms")
    plot.color_bar(colors, (-limit, limit), "F_dl (1/ms)")
    return plot.svg("F_dl over the plane of v and the gate, and the path of the forecast")


def _edges(centres: Floats) -> Floats:
    """Borders of the cells around equally spaced values, one more than these."""
    half = (centres[1] - centres[0]) / 2
    return np.append(centres - half, centres[-1] + half)


def _rectangles(
    levels: npt.NDArray[np.int_], v_edges: Floats, h_edges: Floats
) -> dict[int, list[tuple[float, float, float, float]]]:
    """Left, lower, right and upper end of each run of one level in a row, by level."""
    found: dict[int, list[tuple[float, float, float, float]]] = {}
    for row, values in enumerate(levels):
        starts = np.concatenate(([0], np.flatnonzero(np.diff(values)) + 1))
        stops = np.append(starts[1:], len(values))
        for start, stop in zip(starts.tolist(), stops.tolist(), strict=True):
            ends = (v_edges[start], h_edges[row], v_edges[stop], h_edges[row + 1])
            found.setdefault(int(values[start]), []).append(ends)
    return found


def _color(share: float) -> str:
    """A colour of the diverging scale, 0 to 1."""
    known = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in DIVERGING_COLORS])
    places = np.linspace(0.0, 1.0, len(known))
    mixed = [round(float(np.interp(share, places, known[:, channel]))) for channel in range(3)]
    return "#" + "".join(f"{value:02X}" for value in mixed)
