"""The derivatives of a finished fit's forecast, and how its network leans on the physics."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from aphyn_gui.fitting.linear_fit import LinearFit, Variable
from aphyn_gui.hybrid import INITIAL_VOLTAGE, HybridModel, Integrator, TimeGrid, sensitivities
from aphyn_gui.hybrid.path_derivatives import PathDerivatives, group_means, path_derivatives
from aphyn_gui.physics import STIMULUS_PARAMETERS

Array = npt.NDArray[np.float64]

_START_STEP = 1e-4
"""Of the central difference by v(0); trajectories are smooth on this scale."""


@dataclass(frozen=True, slots=True, eq=False)
class Linearisation:
    """A finished fit, to first order.

    Parameters
    ----------
    fit : LinearFit
        Derivatives of the forecast by everything learned, and by the model's other parameters.
    overlaps : mapping of str to float
        For each learned parameter of the ionic model: correlation, -1 to 1 and about zero, of F_dl
        with dF_p / d(parameter) along the forecast. Empty without a network.
    path : PathDerivatives or None
        Of the forecast with a network.
    """

    fit: LinearFit
    overlaps: Mapping[str, float]
    path: PathDerivatives | None


@torch.no_grad()
def linearise(
    model: HybridModel,
    values: Mapping[str, float],
    bounds: Mapping[str, tuple[float, float]],
    fixed_bounds: Mapping[str, tuple[float, float]],
    initial: Tensor,
    grid: TimeGrid,
    groups: npt.NDArray[np.intp],
    *,
    is_start_fitted: bool,
) -> Linearisation:
    """Differentiate the forecast of a fit by its parameters, in double precision.

    Parameters
    ----------
    model : HybridModel
        At the end of the fit, in any precision and on any device.
    values : mapping of str to float
        Every physical parameter, as the fit reports it.
    bounds : mapping of str to (float, float)
        Of what was learned.
    fixed_bounds : mapping of str to (float, float)
        Of the parameters whose derivative is wanted although they were not learned.
    initial : Tensor, shape (1, 2)
        v(0) and h(0) of the forecast.
    grid : TimeGrid
        Steps and observations.
    groups : ndarray of int, shape (samples,)
        Group of each observation; the derivatives are those of the groups' means.
    is_start_fitted : bool
        Whether v(0) was fitted with the parameters.
    """
    model = deepcopy(model).cpu().double()
    start = initial.cpu().double()
    names = model.problem(grid, Integrator.EULER).physical_names
    overlaps: dict[str, float] = {}
    path: PathDerivatives | None = None
    if model.network is None:
        found = sensitivities(
            model.problem(grid, Integrator.EULER),
            model.physical.unsqueeze(0),
            start,
            (*names, INITIAL_VOLTAGE),
        )
        derivative = found.derivative[0].numpy()
        averaged = np.stack([group_means(column, groups) for column in derivative.T], axis=-1)
        by_parameter, by_start = averaged[:, :-1], averaged[:, -1]
    else:
        nothing = np.zeros((0, grid.step_count))
        path = path_derivatives(model, start, grid, Integrator.EULER, nothing, groups)
        by_parameter = path.by_parameter
        by_start = group_means(_by_start(model, start, grid), groups)
        overlaps = {
            name: overlap(path.network_rate, path.physics_slopes[:, names.index(name)])
            for name in bounds
            if name in model.model.parameter_names
        }
    units = {p.name: p.unit for p in (*model.model.parameters, *STIMULUS_PARAMETERS)}

    def part(
        chosen: Mapping[str, tuple[float, float]],
    ) -> tuple[tuple[Variable, ...], Array]:
        variables = tuple(
            Variable(name, units[name], values[name], *pair) for name, pair in chosen.items()
        )
        columns = by_parameter[:, [names.index(name) for name in chosen]]
        return variables, columns * np.array([v.by_variable for v in variables])

    variables, jacobian = part(bounds)
    fixed, fixed_jacobian = part(fixed_bounds)
    return Linearisation(
        LinearFit(variables, jacobian, fixed, fixed_jacobian, by_start, is_start_fitted),
        overlaps,
        path,
    )


def overlap(network_rate: Array, slope: Array) -> float:
    """Correlation about zero of F_dl with a direction, -1 to 1; 0 where either is silent.

    Parameters
    ----------
    network_rate, slope : ndarray, shape (steps,)
        F_dl, and the change of F_p by a parameter, along one path.
    """
    size = float(np.linalg.norm(network_rate) * np.linalg.norm(slope))
    return float(network_rate @ slope) / size if size > 0 else 0.0


def _by_start(model: HybridModel, start: Tensor, grid: TimeGrid) -> Array:
    """Derivative of the forecast by v(0), shape (samples,)."""
    shift = torch.tensor([[_START_STEP, 0.0], [-_START_STEP, 0.0]], dtype=torch.float64)
    voltage = model(start + shift, grid).voltage.numpy()
    derivative: Array = (voltage[0] - voltage[1]) / (2 * _START_STEP)
    return derivative
