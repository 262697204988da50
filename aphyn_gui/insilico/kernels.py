"""Compiled kernels of the tissue simulation: diffusion, membrane, and both for many steps.

Compiled on first use and cached on disk by numba (beside this file, or in the user's cache folder
where that cannot be written). That cache notices changes of this file only: empty it after changing
:mod:`.ten_tusscher` or the equations' package. The kernels release the GIL, so a window stays alive
while they run.
"""

from collections.abc import Callable
from typing import TypeVar

import numba
import numpy as np
from numpy.typing import NDArray
from ten_tusscher_panfilov_2006 import ops

from aphyn_gui.insilico.ten_tusscher import VOLTAGE_GATES, Constants, VoltageTables

Array = NDArray[np.float64]
_Function = TypeVar("_Function", bound=Callable[..., object])

# Not 'nnan' or 'ninf': a simulation that blows up must show it as NaN, not as undefined behaviour.
_FAST = {"contract", "reassoc", "arcp", "nsz", "afn"}
_GATES = len(VOLTAGE_GATES)


def _compiled(function: _Function) -> _Function:
    kernel: _Function = numba.njit(nogil=True, cache=True, fastmath=_FAST, error_model="numpy")(
        function
    )
    return kernel


_inlined = numba.njit(fastmath=_FAST, error_model="numpy")

_ek = _inlined(ops.calc_Ek)
_ena = _inlined(ops.calc_Ena)
_eks = _inlined(ops.calc_Eks)
_eca = _inlined(ops.calc_Eca)
_ina = _inlined(ops.calc_ina)
_ito = _inlined(ops.calc_ito)
_ikr = _inlined(ops.calc_ikr)
_iks = _inlined(ops.calc_iks)
_ipca = _inlined(ops.calc_ipca)
_ibna = _inlined(ops.calc_ibna)
_ibca = _inlined(ops.calc_ibca)
_rhs = _inlined(ops.calc_rhs)
_gate = _inlined(ops.calc_gating_variable_rush_larsen)
_fcass_inf = _inlined(ops.calc_fcass_inf)
_tau_fcass = _inlined(ops.calc_tau_fcass)
_kcasr = _inlined(ops.calc_kCaSR)
_irel = _inlined(ops.calc_irel)
_ileak = _inlined(ops.calc_ileak)
_iup = _inlined(ops.calc_iup)
_ixfer = _inlined(ops.calc_ixfer)
_casr = _inlined(ops.calc_casr)
_cass = _inlined(ops.calc_cass)
_cai = _inlined(ops.calc_cai)
_dnai = _inlined(ops.calc_dnai)
_dki = _inlined(ops.calc_dki)


@_compiled
def diffuse(potential: Array, diffused: Array, number: float) -> None:
    """One explicit step of isotropic diffusion with no flux through the edges.

    Parameters
    ----------
    potential : ndarray, shape (rows, columns)
        Field before the step.
    diffused : ndarray, shape (rows, columns)
        Field after the step; overwritten.
    number : float
        ``D dt / spacing**2``; stable up to 0.25.
    """
    rows, columns = potential.shape
    for i in range(rows):
        # A neighbour outside the slab is the node itself: nothing flows across the edge.
        above = i - 1 if i > 0 else i
        below = i + 1 if i < rows - 1 else i
        for j in range(columns):
            left = j - 1 if j > 0 else j
            right = j + 1 if j < columns - 1 else j
            here = potential[i, j]
            around = potential[above, j] + potential[below, j]
            around += potential[i, left] + potential[i, right]
            diffused[i, j] = here + number * (around - 4.0 * here)


@_compiled
def react(
    potential: Array,
    diffused: Array,
    cells: Array,
    traits: Array,
    tables: VoltageTables,
    c: Constants,
    dt: float,
) -> None:
    """One step of every cell: ``potential = diffused - dt * (sum of currents)``.

    Parameters
    ----------
    potential : ndarray, shape (rows, columns)
        Potential before the step, mV, at which the currents are taken; overwritten.
    diffused : ndarray, shape (rows, columns)
        The same field after diffusion, mV.
    cells : ndarray, shape (rows, columns, 18)
        States in the order of `CELL_STATE`; updated in place.
    traits : ndarray, shape (rows, columns, 6)
        Local properties in the order of `TRAITS`.
    tables : VoltageTables
        Made for the step `dt`.
    c : Constants
        Parameters shared by all cells.
    dt : float
        Step, ms.
    """
    rows, columns = potential.shape
    table, rectifier = tables.membrane, tables.rectifier
    lowest, per_mv = tables.lowest_mv, tables.nodes_per_mv
    last = table.shape[0] - 2
    for i in range(rows):
        for j in range(columns):
            u = potential[i, j]
            cell = cells[i, j]
            fcass, rr, cai, casr, cass, nai, ki = (
                cell[_GATES],
                cell[_GATES + 1],
                cell[_GATES + 2],
                cell[_GATES + 3],
                cell[_GATES + 4],
                cell[_GATES + 5],
                cell[_GATES + 6],
            )
            ko, gna, gcal, gkr, gks, gkatp = (
                traits[i, j, 0],
                traits[i, j, 1],
                traits[i, j, 2],
                traits[i, j, 3],
                traits[i, j, 4],
                traits[i, j, 5],
            )

            place = (u - lowest) * per_mv
            node = min(max(int(place), 0), last)
            part = place - node
            low = table[node]
            high = table[node + 1]
            first = 2 * _GATES
            cal_per_cass = low[first] + part * (high[first] - low[first])
            cal_without = low[first + 1] + part * (high[first + 1] - low[first + 1])
            ncx_per_nai3 = low[first + 2] + part * (high[first + 2] - low[first + 2])
            ncx_per_cai = low[first + 3] + part * (high[first + 3] - low[first + 3])
            pump = low[first + 4] + part * (high[first + 4] - low[first + 4])
            plateau = low[first + 5] + part * (high[first + 5] - low[first + 5])

            ek = _ek(ko, ki, c.R, c.T, c.F)
            ena = _ena(c.Nao, nai, c.R, c.T, c.F)
            eks = _eks(ko, ki, c.Nao, nai, c.pKNa, c.R, c.T, c.F)
            eca = _eca(c.Cao, cai, c.R, c.T, c.F)
            place = (u - ek - lowest) * per_mv
            node = min(max(int(place), 0), last)
            ik1 = rectifier[node] + (place - node) * (rectifier[node + 1] - rectifier[node])

            ina = _ina(u, cell[0], cell[1], cell[2], gna, ena)
            ikr = _ikr(u, cell[3], cell[4], ek, gkr, ko)
            iks = _iks(u, cell[5], eks, gks)
            ito = _ito(u, cell[6], cell[7], ek, c.gto)
            ical = gcal * cell[8] * cell[9] * cell[10] * fcass * (cal_per_cass * cass + cal_without)
            inaca = ncx_per_nai3 * nai * nai * nai + ncx_per_cai * cai
            inak = pump * ko / (ko + c.KmK) * nai / (nai + c.KmNa)
            ipk = plateau * (u - ek)
            ikatp = gkatp * (u - ek)
            ipca = _ipca(cai, c.KpCa, c.gpCa)
            ibna = _ibna(u, ena, c.gbNa)
            ibca = _ibca(u, eca, c.gbCa)

            kcasr = _kcasr(casr, c.maxsr, c.minsr, c.EC)
            k1 = c.k1 / kcasr * cass * cass
            irel = _irel(k1 * rr / (c.k3 + k1), casr, cass, c.Vrel)
            ileak = _ileak(casr, cai, c.Vleak)
            iup = _iup(cai, c.Vmaxup, c.Kup)
            ixfer = _ixfer(cass, cai, c.Vxfer)

            for g in range(_GATES):
                steady = low[g] + part * (high[g] - low[g])
                decay = low[_GATES + g] + part * (high[_GATES + g] - low[_GATES + g])
                cell[g] = steady - (steady - cell[g]) * decay
            cell[_GATES] = _gate(fcass, _fcass_inf(cass), _tau_fcass(cass), dt)
            cell[_GATES + 1] = rr + dt * (c.k4 * (1.0 - rr) - c.k2 * kcasr * cass * rr)
            cell[_GATES + 2] = _cai(
                dt, cai, c.Bufc, c.Kbufc, ibca, ipca, inaca, iup, ileak, ixfer,
                c.Cm, c.Vsr, c.Vc, c.F,
            )  # fmt: skip
            cell[_GATES + 3] = _casr(dt, casr, c.Bufsr, c.Kbufsr, iup, irel, ileak)
            cell[_GATES + 4] = _cass(
                dt, cass, c.Bufss, c.Kbufss, ixfer, irel, ical, c.Cm, c.Vc, c.Vss, c.Vsr, c.F
            )
            cell[_GATES + 5] = nai + dt * _dnai(ina, ibna, inak, inaca, c.Cm, c.Vc, c.F)
            # The added current carries potassium like the plateau one.
            cell[_GATES + 6] = ki + dt * _dki(
                ik1, ito, ikr, iks, inak, ipk + ikatp, c.Cm, c.Vc, c.F
            )
            currents = _rhs(
                ikr, iks, ik1, ito, ina, ibna, ical, ibca, inak, inaca, ipca, ipk + ikatp
            )
            potential[i, j] = diffused[i, j] - dt * currents


@_compiled
def advance(
    potential: Array,
    diffused: Array,
    cells: Array,
    traits: Array,
    tables: VoltageTables,
    c: Constants,
    stimulated: NDArray[np.int64],
    strengths: Array,
    number: float,
    dt: float,
    first_step: int,
    steps: int,
) -> None:
    """Many steps: stimulus, diffusion, membrane.

    Parameters
    ----------
    potential, diffused, cells, traits, tables, c, dt
        As for `react`; `diffused` is scratch space.
    stimulated : ndarray of int, shape (stimuli, 6)
        First step, step after the last, first row, row after the last, and the same for columns.
    strengths : ndarray, shape (stimuli,)
        Rise of the potential while stimulated, mV/ms.
    number : float
        As for `diffuse`.
    first_step, steps : int
        Index of the first step since the start of the simulation, and how many.
    """
    for step in range(first_step, first_step + steps):
        for k in range(stimulated.shape[0]):
            if stimulated[k, 0] <= step < stimulated[k, 1]:
                for i in range(stimulated[k, 2], stimulated[k, 3]):
                    for j in range(stimulated[k, 4], stimulated[k, 5]):
                        potential[i, j] += dt * strengths[k]
        diffuse(potential, diffused, number)
        react(potential, diffused, cells, traits, tables, c, dt)
