"""What a simulated slab is made of: places, stimuli and an ischaemic region. All frozen values."""

from dataclasses import dataclass
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from aphyn_gui.insilico.ten_tusscher import TRAITS, package_parameters

NORMAL_EXTRACELLULAR_POTASSIUM_MM = 5.4


def require_positive(name: str, value: float) -> None:
    """Raise a ValueError that names the field unless `value` is finite and above zero."""
    if not (isfinite(value) and value > 0):
        raise ValueError(f"{name} must be a finite number above 0, not {value}")


def require_not_negative(name: str, value: float) -> None:
    """Raise a ValueError that names the field unless `value` is finite and at least zero."""
    if not (isfinite(value) and value >= 0):
        raise ValueError(f"{name} must be a finite number of at least 0, not {value}")


@dataclass(frozen=True)
class Rectangle:
    """Nodes from `row` and `column` on, `height` rows and `width` columns of them."""

    row: int
    column: int
    height: int
    width: int

    def __post_init__(self) -> None:
        if self.row < 0 or self.column < 0 or self.height < 1 or self.width < 1:
            raise ValueError(
                "a rectangle needs row and column of at least 0 and a height and width of at "
                f"least 1, not {self}"
            )

    def fits(self, rows: int, columns: int) -> bool:
        """Whether every node lies in a slab of `rows` by `columns`."""
        return self.row + self.height <= rows and self.column + self.width <= columns

    def distance(self, rows: int, columns: int) -> NDArray[np.float64]:
        """Signed distance of each node to the border in node spacings, negative inside.

        A side on the slab's edge is no border: nothing lies beyond it to change into.

        Returns
        -------
        ndarray, shape (rows, columns)
        """
        down = _beyond(rows, self.row, self.row + self.height)[:, None]
        right = _beyond(columns, self.column, self.column + self.width)[None, :]
        outside = np.hypot(np.maximum(down, 0), np.maximum(right, 0))
        return np.asarray(outside + np.minimum(np.maximum(down, right), 0), dtype=np.float64)


def _beyond(nodes: int, start: int, stop: int) -> NDArray[np.float64]:
    """How far each of `nodes` lies outside ``start:stop``, negative inside, shape (nodes,)."""
    places = np.arange(nodes, dtype=np.float64)
    before = start - 0.5 - places if start > 0 else np.full(nodes, -np.inf)
    after = places - (stop - 0.5) if stop < nodes else np.full(nodes, -np.inf)
    return np.maximum(before, after)


@dataclass(frozen=True)
class Disc:
    """Nodes within `radius` node spacings of a centre."""

    row: float
    column: float
    radius: float

    def __post_init__(self) -> None:
        require_not_negative("row of a disc", self.row)
        require_not_negative("column of a disc", self.column)
        require_positive("radius of a disc", self.radius)

    def fits(self, rows: int, columns: int) -> bool:
        """Whether the centre lies in a slab of `rows` by `columns`."""
        return self.row <= rows - 1 and self.column <= columns - 1

    def distance(self, rows: int, columns: int) -> NDArray[np.float64]:
        """Signed distance of each node to the border in node spacings, negative inside.

        Returns
        -------
        ndarray, shape (rows, columns)
        """
        down = np.arange(rows)[:, None] - self.row
        right = np.arange(columns)[None, :] - self.column
        return np.asarray(np.hypot(down, right) - self.radius, dtype=np.float64)


@dataclass(frozen=True)
class Stimulus:
    """A pulse that raises the potential of some nodes at a constant rate.

    Attributes
    ----------
    site : Rectangle
        Stimulated nodes.
    time_ms : float
        Start of the pulse, ms.
    duration_ms : float
        Length of the pulse, ms.
    strength_mv_per_ms : float
        Rate of rise, mV/ms.
    """

    site: Rectangle
    time_ms: float
    duration_ms: float = 1.0
    strength_mv_per_ms: float = 100.0

    def __post_init__(self) -> None:
        require_not_negative("time_ms of a stimulus", self.time_ms)
        require_positive("duration_ms of a stimulus", self.duration_ms)
        require_positive("strength_mv_per_ms of a stimulus", self.strength_mv_per_ms)


@dataclass(frozen=True)
class IschaemicRegion:
    """Tissue in acute ischaemia, which shortens its action potential and slows conduction in it.

    The three classical components: raised extracellular potassium, acidosis as a loss of sodium
    and calcium conductance, and the opening of ATP-sensitive potassium channels. The current of
    the last is ``g (Ko / 5.4)**0.24 (V - EK)``, the form of Shaw and Rudy (Circ Res 80 (1997)
    124-138) without its weak rectification.

    Attributes
    ----------
    shape : Rectangle or Disc
        Place; half of the change is reached on its border.
    border_mm : float
        Width over which normal turns into ischaemic tissue, mm.
    extracellular_potassium_mm : float
        In mM; normal is 5.4.
    sodium_factor, calcium_factor : float
        Remaining fractions of the fast sodium and the L-type calcium conductance.
    rapid_rectifier_factor, slow_rectifier_factor : float
        Factors of the two delayed rectifier conductances.
    katp_conductance : float
        Conductance of the open ATP-sensitive channels at 5.4 mM, nS/pF. The default leaves about
        two thirds of the action potential's duration.
    """

    shape: Rectangle | Disc
    border_mm: float = 1.5
    extracellular_potassium_mm: float = 7.5
    sodium_factor: float = 0.85
    calcium_factor: float = 0.85
    rapid_rectifier_factor: float = 1.0
    slow_rectifier_factor: float = 1.0
    katp_conductance: float = 0.016

    def __post_init__(self) -> None:
        require_positive("border_mm", self.border_mm)
        require_positive("extracellular_potassium_mm", self.extracellular_potassium_mm)
        for name in (
            "sodium_factor",
            "calcium_factor",
            "rapid_rectifier_factor",
            "slow_rectifier_factor",
            "katp_conductance",
        ):
            require_not_negative(name, getattr(self, name))

    def weight(self, rows: int, columns: int, spacing_mm: float) -> NDArray[np.float64]:
        """How ischaemic each node is, from 0 to 1.

        Returns
        -------
        ndarray, shape (rows, columns)
        """
        depth = 0.5 - self.shape.distance(rows, columns) * spacing_mm / self.border_mm
        depth = np.clip(depth, 0.0, 1.0)
        return np.asarray(depth * depth * (3.0 - 2.0 * depth), dtype=np.float64)


def tissue_traits(
    rows: int, columns: int, spacing_mm: float, ischaemia: IschaemicRegion | None
) -> NDArray[np.float64]:
    """Local membrane properties of a slab.

    Returns
    -------
    ndarray, shape (rows, columns, 6)
        In the order of `TRAITS`: extracellular potassium in mM, conductances in nS/pF (L-type
        calcium in the package's own unit).
    """
    parameters = package_parameters()
    normal = np.array([parameters.get(name, 0.0) for name in TRAITS], dtype=np.float64)
    traits = np.broadcast_to(normal, (rows, columns, len(TRAITS))).copy()
    if ischaemia is None:
        return traits
    potassium = ischaemia.extracellular_potassium_mm
    changed = normal * [
        potassium / normal[0],
        ischaemia.sodium_factor,
        ischaemia.calcium_factor,
        ischaemia.rapid_rectifier_factor,
        ischaemia.slow_rectifier_factor,
        0.0,
    ]
    changed[-1] = (
        ischaemia.katp_conductance * (potassium / NORMAL_EXTRACELLULAR_POTASSIUM_MM) ** 0.24
    )
    traits += ischaemia.weight(rows, columns, spacing_mm)[:, :, None] * (changed - normal)
    return traits
