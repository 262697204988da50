"""Ten Tusscher-Panfilov 2006 for tissue: tables, constants and the starting state.

The equations are those of the package ``finitewave-model-ten-tusscher-panfilov-2006`` (MIT);
nothing is retyped here. Whatever depends on the potential alone is tabulated once by calling
that package, because its 40 exponentials per cell and step are what a simulation spends its time
on. The rest (concentrations, Nernst potentials) is called directly by :mod:`.kernels`.

Source: K. H. W. J. ten Tusscher and A. V. Panfilov, "Alternans and spiral breakup in a human
ventricular tissue model", Am J Physiol Heart Circ Physiol 291 (2006) H1088-H1100.
"""

from math import exp
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from ten_tusscher_panfilov_2006 import ops

VOLTAGE_GATES = ("m", "h", "j", "xr1", "xr2", "xs", "r", "s", "d", "f", "f2")
"""Gates whose rates depend on the potential alone, in the order of the cell state."""

CELL_STATE = (*VOLTAGE_GATES, "fcass", "rr", "cai", "casr", "cass", "nai", "ki")
"""Every state of a cell except the potential, in the order the kernels use."""

TRAITS = ("Ko", "gNa", "gCaL", "gKr", "gKs", "gKATP")
"""Properties that vary over the tissue, in the order the kernels use."""

LOWEST_MV = -130.0
HIGHEST_MV = 120.0
"""Between these the tables hold; no cell lives outside."""

# Linear interpolation between so many nodes changes an action potential by less than 0.001 mV.
_NODES_PER_MV = 20


class Constants(NamedTuple):
    """The model's parameters that are the same all over the tissue, under the package's names.

    Concentrations in mM, conductances in nS/pF, volumes in um^3, capacitance in pF, rates in 1/ms.
    """

    R: float
    T: float
    F: float
    Cm: float
    Vc: float
    Vsr: float
    Vss: float
    Nao: float
    Cao: float
    gto: float
    pKNa: float
    KmK: float
    KmNa: float
    gpCa: float
    KpCa: float
    gbNa: float
    gbCa: float
    Vmaxup: float
    Kup: float
    Vrel: float
    k1: float
    k2: float
    k3: float
    k4: float
    EC: float
    maxsr: float
    minsr: float
    Vleak: float
    Vxfer: float
    Bufc: float
    Kbufc: float
    Bufsr: float
    Kbufsr: float
    Bufss: float
    Kbufss: float


def package_parameters() -> dict[str, float]:
    """Parameters of the published epicardial cell, by the package's names."""
    return dict(ops.get_parameters())


def constants() -> Constants:
    """Parameters that do not vary over the tissue."""
    parameters = package_parameters()
    return Constants(**{name: float(parameters[name]) for name in Constants._fields})


def resting_potential_mv() -> float:
    """Potential at which the package starts a cell, mV."""
    return float(ops.get_variables()["u"])


def starting_cell_state() -> NDArray[np.float64]:
    """Starting values of one cell, shape (18,), in the order of `CELL_STATE`."""
    variables = ops.get_variables()
    return np.array([variables[name] for name in CELL_STATE], dtype=np.float64)


class VoltageTables(NamedTuple):
    """What depends on the potential alone, at evenly spaced potentials.

    Attributes
    ----------
    lowest_mv, nodes_per_mv : float
        Potential of the first row, mV, and rows per mV.
    membrane : ndarray, shape (nodes, 28)
        Steady states of the 11 gates; their decays ``exp(-dt / tau)``; then six factors of
        currents that are linear in the concentrations: L-type calcium per subspace calcium and
        without it, sodium-calcium exchange per cubed sodium and per calcium, sodium-potassium
        pump, plateau potassium per mV.
    rectifier : ndarray, shape (nodes,)
        Inward rectifier current by distance from the potassium potential, pA/pF.
    """

    lowest_mv: float
    nodes_per_mv: float
    membrane: NDArray[np.float64]
    rectifier: NDArray[np.float64]


def voltage_tables(time_step_ms: float) -> VoltageTables:
    """Tabulate the package's functions for a Rush-Larsen step of `time_step_ms`."""
    potentials = np.linspace(
        LOWEST_MV, HIGHEST_MV, round((HIGHEST_MV - LOWEST_MV) * _NODES_PER_MV) + 1
    ).tolist()
    conductance = package_parameters()["gK1"]
    return VoltageTables(
        lowest_mv=LOWEST_MV,
        nodes_per_mv=float(_NODES_PER_MV),
        membrane=np.array(_membrane_rows(potentials, time_step_ms)),
        # The current depends on u - Ek only, so a table at Ek = 0 serves every Ek.
        rectifier=np.array([ops.calc_ik1(u, 0.0, conductance) for u in potentials]),
    )


def _membrane_rows(potentials: list[float], time_step_ms: float) -> list[list[float]]:
    """Rows of `VoltageTables.membrane`."""
    p = package_parameters()
    thermal = {name: p[name] for name in ("F", "R", "T")}
    exchanger = {
        **{n: p[n] for n in ("Nao", "Cao", "KmNai", "KmCa", "kNaCa", "ksat", "gamma", "alpha")},
        **thermal,
    }

    def row(u: float) -> list[float]:
        # j shares its steady state with h (ten Tusscher et al. 2004, appendix).
        steady = [getattr(ops, f"calc_{'h' if g == 'j' else g}_inf")(u) for g in VOLTAGE_GATES]
        decay = [exp(-time_step_ms / getattr(ops, f"calc_tau_{g}")(u)) for g in VOLTAGE_GATES]
        unit_gates = {"d": 1.0, "f": 1.0, "f2": 1.0, "fcass": 1.0, "gCaL": 1.0, **thermal}
        # The constant-field equation is 0/0 at 15 mV; next to it the quotient is smooth.
        beside = u + 1e-5 if abs(u - 15.0) < 1e-6 else u
        # Each current is linear in what is set to zero or one here, so these are its factors.
        factors = [
            ops.calc_ical(u=beside, Cao=0.0, cass=1.0, **unit_gates),
            ops.calc_ical(u=beside, Cao=p["Cao"], cass=0.0, **unit_gates),
            ops.calc_inaca(u=u, nai=1.0, cai=0.0, **exchanger),
            ops.calc_inaca(u=u, nai=0.0, cai=1.0, **exchanger),
            ops.calc_inak(u=u, nai=1.0, Ko=1.0, KmK=0.0, KmNa=0.0, pNaK=p["pNaK"], **thermal),
            ops.calc_ipk(u=u, Ek=u - 1.0, gpK=p["gpK"]),
        ]
        return [*steady, *decay, *factors]

    return [row(u) for u in potentials]
