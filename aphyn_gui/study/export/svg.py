"""A little drawing in SVG: axes with ticks, lines, bands and dots, as text for a page."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from aphyn_gui.study.export.markup import escaped

Floats = npt.NDArray[np.float64]

_LEFT, _RIGHT, _TOP, _BOTTOM = 58.0, 12.0, 12.0, 42.0
_TICK_COUNT = 5


class Plot:
    """One pair of axes; what is drawn later lies above.

    Parameters
    ----------
    x_range, y_range : (float, float)
        What the axes span; what lies outside is cut off.
    x_label, y_label : str
        With units.
    width, height : float
        Of the whole picture, CSS pixels.
    right : float
        Margin on the right, CSS pixels; a colour bar needs 78.
    """

    def __init__(
        self,
        x_range: tuple[float, float],
        y_range: tuple[float, float],
        x_label: str,
        y_label: str,
        width: float = 340.0,
        height: float = 230.0,
        right: float = _RIGHT,
    ) -> None:
        self._x, self._y = x_range, y_range
        self._right = right
        self._size = width, height
        self._labels = x_label, y_label
        self._parts: list[str] = []

    def line(self, x: Floats, y: Floats, color: str, *, width: float = 1.6, dash: str = "") -> None:
        """A curve; it breaks where a value is not finite, or outside the axes."""
        style = f' stroke-dasharray="{dash}"' if dash else ""
        x, y = _with_crossings(x, y, self._y)
        low, high = self._y
        for run in _runs((y >= low) & (y <= high)):
            points = _points(self._across(x[run]), self._up(y[run]))
            self._parts.append(
                f'<polyline points="{points}" fill="none" stroke="{escaped(color)}" '
                f'stroke-width="{width:g}" stroke-linejoin="round"{style}/>'
            )

    def band(self, x: Floats, lower: Floats, upper: Floats, color: str) -> None:
        """A filled stretch between two curves."""
        across = self._across(np.concatenate((x, x[::-1])))
        up = self._up(np.concatenate((lower, upper[::-1])))
        self._parts.append(
            f'<polygon points="{_points(across, up)}" fill="{escaped(color)}" fill-opacity="0.18"/>'
        )

    def level(self, y: float) -> None:
        """A faint line across, at a value that means something."""
        (height,) = self._up(np.array([y]))
        left, right = _LEFT, self._size[0] - self._right
        self._parts.append(
            f'<line x1="{left:g}" y1="{height:.1f}" x2="{right:g}" y2="{height:.1f}" '
            'stroke="#B5B5B5" stroke-width="0.8"/>'
        )

    def rectangles(
        self, rectangles: Sequence[tuple[float, float, float, float]], color: str
    ) -> None:
        """Filled rectangles: left, lower, right and upper end of each. Neighbours leave no gap."""
        corners = np.array(rectangles)
        left, right = self._across(corners[:, 0]), self._across(corners[:, 2])
        bottom, top = self._up(corners[:, 1]), self._up(corners[:, 3])
        steps = (
            f"M{x0:.1f} {y0:.1f}H{x1:.1f}V{y1:.1f}H{x0:.1f}z"
            for x0, y0, x1, y1 in zip(left, bottom, right, top, strict=True)
        )
        self._parts.append(
            f'<path d="{"".join(steps)}" fill="{escaped(color)}" shape-rendering="crispEdges"/>'
        )

    def mark(self, x: float, y: float, words: str) -> None:
        """A white dot with a dark line, and a word at its upper right."""
        (across,), (up,) = self._across(np.array([x])), self._up(np.array([y]))
        self._parts.append(
            f'<circle cx="{across:.1f}" cy="{up:.1f}" r="2.8" fill="#FFFFFF" stroke="#1A1A1A" '
            'stroke-width="1.2"/>' + text(across + 5, up - 4, words)
        )

    def color_bar(self, colors: Sequence[str], limits: tuple[float, float], label: str) -> None:
        """What the colours mean, in the right margin: from the first, lowest, to the last."""
        left = self._size[0] - self._right + 12
        bottom, height = self._size[1] - _BOTTOM, self._size[1] - _TOP - _BOTTOM
        step = height / len(colors)
        for index, color in enumerate(colors):
            self._parts.append(
                f'<rect x="{left:.1f}" y="{bottom - (index + 1) * step:.1f}" width="10" '
                f'height="{step + 0.2:.1f}" fill="{escaped(color)}" shape-rendering="crispEdges"/>'
            )
        low, high = limits
        for value in ticks(low, high):
            up = bottom - (value - low) / (high - low) * height
            self._parts.append(text(left + 13, up + 4, number(value)))
        self._parts.append(
            text(self._size[0] - 4, bottom - height / 2, label, anchor="middle", turn=True)
        )

    def svg(self, title: str) -> str:
        """The picture; the title is for readers who cannot see it."""
        width, height = self._size
        left, right = _LEFT, width - self._right
        top, bottom = _TOP, height - _BOTTOM
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" '
            f'width="{width:g}" height="{height:g}" role="img">'
            f"<title>{escaped(title)}</title>"
            f"{''.join(self._parts)}"
            f'<path d="M{left:g} {top:g}V{bottom:g}H{right:g}" fill="none" stroke="#444444" '
            f'stroke-width="1"/>{self._ticks()}{self._axis_labels()}</svg>'
        )

    def _across(self, x: Floats) -> Floats:
        low, high = self._x
        return np.asarray(_LEFT + (x - low) / (high - low) * (self._size[0] - _LEFT - self._right))

    def _up(self, y: Floats) -> Floats:
        low, high = self._y
        share = (y - low) / (high - low)
        return np.asarray(self._size[1] - _BOTTOM - share * (self._size[1] - _TOP - _BOTTOM))

    def _ticks(self) -> str:
        parts = []
        bottom = self._size[1] - _BOTTOM
        for value in ticks(*self._x):
            (x,) = self._across(np.array([value]))
            parts.append(
                f'<line x1="{x:.1f}" y1="{bottom:g}" x2="{x:.1f}" y2="{bottom + 4:g}" '
                'stroke="#444444"/>' + text(x, bottom + 16, number(value), anchor="middle")
            )
        for value in ticks(*self._y):
            (y,) = self._up(np.array([value]))
            parts.append(
                f'<line x1="{_LEFT - 4:g}" y1="{y:.1f}" x2="{_LEFT:g}" y2="{y:.1f}" '
                'stroke="#444444"/>' + text(_LEFT - 7, y + 4, number(value), anchor="end")
            )
        return "".join(parts)

    def _axis_labels(self) -> str:
        width, height = self._size
        middle = (_LEFT + width - self._right) / 2
        up = (_TOP + height - _BOTTOM) / 2
        return text(middle, height - 8, self._labels[0], anchor="middle") + text(
            13, up, self._labels[1], anchor="middle", turn=True
        )


def text(
    x: float,
    y: float,
    words: str,
    *,
    anchor: str = "start",
    color: str = "#222222",
    turn: bool = False,
) -> str:
    """One line of text, escaped."""
    turned = f' transform="rotate(-90 {x:.1f} {y:.1f})"' if turn else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{color}" font-size="11" '
        f'font-family="Helvetica, Arial, sans-serif"{turned}>{escaped(words)}</text>'
    )


def ticks(low: float, high: float) -> list[float]:
    """Round numbers inside a range, about five of them."""
    rough = (high - low) / _TICK_COUNT
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(f * power for f in (1.0, 2.0, 5.0, 10.0) if f * power >= rough * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [index * step for index in range(first, last + 1)]


def number(value: float) -> str:
    """A tick's number, with a true minus sign."""
    return f"{round(value, 12):.6g}".replace("-", "−")


def span(values: Sequence[Floats], margin: float = 0.06) -> tuple[float, float]:
    """Range of all finite values, with a margin; (0, 1) where there is none."""
    known = np.concatenate([np.ravel(v)[np.isfinite(np.ravel(v))] for v in values])
    if known.size == 0:
        return 0.0, 1.0
    low, high = float(known.min()), float(known.max())
    if low == high:
        return low - max(abs(low), 1.0) / 2, high + max(abs(high), 1.0) / 2
    reach = (high - low) * margin
    return low - reach, high + reach


def _with_crossings(x: Floats, y: Floats, limits: tuple[float, float]) -> tuple[Floats, Floats]:
    """The same curve, with points added where it crosses a limit.

    Clipping is left to no renderer: several leave it out.
    """
    for limit in limits:
        above = y - limit
        before = np.flatnonzero(above[:-1] * above[1:] < 0)
        share = above[before] / (above[before] - above[before + 1])
        crossing = x[before] + share * (x[before + 1] - x[before])
        x = np.insert(x, before + 1, crossing)
        y = np.insert(y, before + 1, limit)
    return x, y


def _runs(known: npt.NDArray[np.bool_]) -> list[slice]:
    """Stretches of True."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], known, [False]))))
    return [slice(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _points(across: Floats, up: Floats) -> str:
    """Coordinates, to a fifth of a pixel, without repetitions."""
    pairs = np.round(np.stack((across, up), axis=-1) * 5) / 5
    kept = np.concatenate(([True], np.any(np.diff(pairs, axis=0) != 0, axis=1)))
    return " ".join(f"{x:g},{y:g}" for x, y in pairs[kept].tolist())
