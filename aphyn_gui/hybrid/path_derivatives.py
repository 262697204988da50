"""Derivatives of one trajectory by every weight and parameter at once.

Forward tangents cost one integration a weight. Here the influence of a disturbance of step k on
observation s is computed once for all k and s, by a backward recursion that is linear and carries
all observations side by side; the derivative by any quantity is then its direct effect on each
step, times that influence: one matrix product.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from aphyn_gui.hybrid.hybrid_model import HybridModel
from aphyn_gui.hybrid.linear_recursion import WHOLE_VECTORS, linear_recursion
from aphyn_gui.hybrid.residual_network import NetworkShape
from aphyn_gui.hybrid.step_graph import Integrator
from aphyn_gui.hybrid.trajectory import TimeGrid
from aphyn_gui.hybrid.trajectory_reference import TorchArithmetic

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class PathDerivatives:
    """One trajectory, and how its observations and its network answer to a change.

    Parameters
    ----------
    voltage : ndarray, shape (groups,)
        v at the observations, averaged over each group.
    path_voltage, path_gate : ndarray, shape (steps,)
        v and h at the start of each step.
    network_rate : ndarray, shape (steps,)
        F_dl, 1/ms.
    physics_slopes : ndarray, shape (steps, parameters)
        dF_p / d(parameter) along the path of v, for all physical parameters: what F_dl would have
        to be to do a parameter's work. The gate follows v by its own equation, so a parameter of
        the gate acts through h.
    by_weight, by_parameter : ndarray, shape (groups, weights) and (groups, parameters)
        Derivatives of ``voltage``.
    by_rate : ndarray, shape (groups, steps)
        Derivative of ``voltage`` by an addition to dv/dt during one step.
    network_by_weight : ndarray of float32, shape (steps, weights)
        Derivative of F_dl by the weights at fixed state.
    products_by_weight, products_by_parameter : ndarray, shape (products, ...)
        Derivatives of the weighted sums of F_dl that were asked for, state included.
    transposed_steps : ndarray, shape (steps, 2, 2)
        Transposed Jacobian of each step by v and h.
    step_by_rate, step_by_parameter : ndarray, shape (2, steps) and (2, steps, parameters)
        Derivatives of each step's new v and h by an addition to dv/dt and by the parameters.
    """

    voltage: Array
    path_voltage: Array
    path_gate: Array
    network_rate: Array
    physics_slopes: Array
    by_weight: Array
    by_parameter: Array
    by_rate: Array
    network_by_weight: npt.NDArray[np.float32]
    products_by_weight: Array
    products_by_parameter: Array
    transposed_steps: Array
    step_by_rate: Array
    step_by_parameter: Array

    def disturbed(self, rate: Array, parameters: Array) -> tuple[Array, Array]:
        """The path after small changes, to first order.

        Parameters
        ----------
        rate : ndarray, shape (steps,)
            Addition to dv/dt, 1/ms.
        parameters : ndarray, shape (parameters,)
            Change of each physical parameter.

        Returns
        -------
        v, h : ndarray, shape (steps,)
            At the start of each step.
        """
        sources = self.step_by_rate * rate + self.step_by_parameter @ parameters
        changes = linear_recursion(
            self.transposed_steps.transpose(0, 2, 1), sources.T[:, :, None], np.zeros((2, 1))
        )
        return self.path_voltage + changes[:, 0, 0], self.path_gate + changes[:, 1, 0]


def network_jacobian(
    shape: NetworkShape, weights: Tensor, v: Tensor, h: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """F_dl at many states, and its derivatives by v, h and every weight.

    Returns
    -------
    rate, by_v, by_h : Tensor, shape (points,)
    by_weight : Tensor, shape (points, weight_count)
    """
    layers = shape.layers
    matrices = [weights[x.weight : x.bias].view(x.outputs, x.inputs) for x in layers]
    biases = [weights[x.bias : x.bias + x.outputs] for x in layers]
    states = torch.stack((v, h), dim=-1)
    streams = [torch.addmm(biases[0], states, matrices[0].T)]
    units: list[Tensor] = []
    slopes: list[Tensor] = []
    for block in range(shape.blocks):
        arguments = torch.addmm(biases[2 * block + 1], streams[-1], matrices[2 * block + 1].T)
        root = torch.rsqrt(1 + arguments * arguments)
        units.append(arguments * root)
        slopes.append(root**3)
        outer = torch.addmm(biases[2 * block + 2], units[-1], matrices[2 * block + 2].T)
        streams.append(streams[-1] + outer)
    rate = torch.addmm(biases[-1], streams[-1], matrices[-1].T)[:, 0]

    by_weight = weights.new_empty(len(v), shape.weight_count)

    def put(number: int, cotangent: Tensor, inputs: Tensor) -> None:
        layer = layers[number]
        products = cotangent.unsqueeze(-1) * inputs.unsqueeze(-2)
        by_weight[:, layer.weight : layer.bias] = products.flatten(1)
        by_weight[:, layer.bias : layer.bias + layer.outputs] = cotangent

    put(len(layers) - 1, weights.new_ones(len(v), 1), streams[-1])
    stream_bar = matrices[-1].expand(len(v), -1)
    for block in range(shape.blocks - 1, -1, -1):
        put(2 * block + 2, stream_bar, units[block])
        argument_bar = (stream_bar @ matrices[2 * block + 2]) * slopes[block]
        put(2 * block + 1, argument_bar, streams[block])
        stream_bar = stream_bar + argument_bar @ matrices[2 * block + 1]
    put(0, stream_bar, states)
    by_state = stream_bar @ matrices[0]
    return rate, by_state[:, 0], by_state[:, 1], by_weight


@torch.no_grad()
def path_derivatives(
    model: HybridModel,
    initial: Tensor,
    grid: TimeGrid,
    integrator: Integrator,
    products: Array,
    groups: npt.NDArray[np.intp] | None = None,
) -> PathDerivatives:
    """Integrate one trajectory and differentiate it by everything.

    Parameters
    ----------
    model : HybridModel
        In double precision, with a network.
    initial : Tensor of float64, shape (1, 2)
        v(0) and h(0).
    grid : TimeGrid
        Steps and observations.
    integrator : Integrator
        How a step is taken.
    products : ndarray, shape (products, steps)
        Fixed factors: for each row the derivatives of sum(row * F_dl) are returned.
    groups : ndarray of int, shape (samples,), or None
        Group of each observation, from 0 and never falling: neighbours in one group are averaged,
        so that dense sampling costs no more than it tells. None: each stands alone.
    """
    if groups is None:
        groups = np.arange(grid.sample_count)
    network = model.network
    assert network is not None
    run = model.simulate(initial, grid, integrator)
    v, h = run.voltage[0, :-1], run.gate[0, :-1]
    step = model.problem(grid, integrator).step
    arithmetic = TorchArithmetic(v)
    inputs: dict[str, Tensor] = dict(
        zip(step.parameter_names, model.physical.unbind(), strict=True)
    )
    inputs["dt"] = arithmetic.constant(grid.time_step_ms)
    inputs["t"] = torch.arange(grid.step_count, dtype=v.dtype) * grid.time_step_ms
    inputs.update(v=v, h=h)
    v_stage, h_stage = (x.expand_as(v) for x in step.stage.evaluate(arithmetic, inputs))
    # Half the memory and time: a direction for the solver needs no more digits.
    rate, by_v, by_h, by_weight = (
        x.double() if x.dim() == 1 else x
        for x in network_jacobian(
            network.shape, network.weights.float(), v_stage.float(), h_stage.float()
        )
    )
    inputs["n"] = rate

    def derivatives(**seeds: float) -> Tensor:
        """Of new v, new h or the stage point by v, h and the parameters, shape (2 + P, steps)."""
        for name in ("lambda_v", "lambda_h", "a_v", "a_h"):
            inputs[name] = arithmetic.constant(seeds.get(name, 0.0))
        found = step.adjoint.evaluate(arithmetic, inputs)
        return torch.stack([x.expand_as(v) for x in found])

    def by_rate(**seeds: float) -> Tensor:
        for name in ("lambda_v", "lambda_h"):
            inputs[name] = arithmetic.constant(seeds.get(name, 0.0))
        (found,) = step.network_cotangent.evaluate(arithmetic, inputs)
        return found.expand_as(v)

    # F_dl by v, h and the parameters, through the stage point; then the whole step.
    rate_slopes = by_v * derivatives(a_v=1.0) + by_h * derivatives(a_h=1.0)
    v_by_rate, h_by_rate = by_rate(lambda_v=1.0), by_rate(lambda_h=1.0)
    physics = derivatives(lambda_v=1.0)
    gate = derivatives(lambda_h=1.0)
    new_v = (physics + v_by_rate * rate_slopes).numpy()
    new_h = (gate + h_by_rate * rate_slopes).numpy()
    transition = np.stack((new_v[:2], new_h[:2])).transpose(2, 1, 0).copy()

    count = int(groups[-1]) + 1
    influence = _influences(transition, grid, products, rate_slopes[:2].numpy(), groups)
    on_v, on_h = influence[:, 0], influence[:, 1]
    on_rates = on_v * v_by_rate.numpy()[:, None] + on_h * h_by_rate.numpy()[:, None]
    on_rates[:, count:] += products.T
    weights_matrix = by_weight.numpy()
    by_weights = (on_rates.astype(np.float32).T @ weights_matrix).astype(np.float64)
    parameters_v, parameters_h = new_v[2:].T, new_h[2:].T
    by_parameters = on_v.T @ parameters_v + on_h.T @ parameters_h
    observed = run.voltage[0, :: grid.steps_per_sample].numpy()
    return PathDerivatives(
        voltage=group_means(observed, groups),
        path_voltage=v.numpy(),
        path_gate=h.numpy(),
        network_rate=rate.numpy(),
        physics_slopes=_along_the_path(physics.numpy(), gate.numpy()) / grid.time_step_ms,
        by_weight=by_weights[:count],
        by_parameter=by_parameters[:count],
        by_rate=on_rates[:, :count].T,
        network_by_weight=weights_matrix,
        products_by_weight=by_weights[count:],
        products_by_parameter=products @ rate_slopes[2:].T.numpy() + by_parameters[count:],
        transposed_steps=transition,
        step_by_rate=np.stack((v_by_rate.numpy(), h_by_rate.numpy())),
        step_by_parameter=np.stack((parameters_v, parameters_h)),
    )


def group_means(values: Array, groups: npt.NDArray[np.intp]) -> Array:
    """Mean of the values of each group, shape (groups,)."""
    means: Array = np.bincount(groups, weights=values) / np.bincount(groups)
    return means


def _along_the_path(physics: Array, gate: Array) -> Array:
    """Derivatives of new v by the parameters, with h following a fixed path of v.

    Parameters
    ----------
    physics, gate : ndarray, shape (2 + parameters, steps)
        Derivatives of new v, and of new h, by v, h and the parameters.
    """
    # One number follows v along the path, the gate: the other state of the recursion is not used.
    matrices = np.zeros((gate.shape[1], 2, 2))
    matrices[:, 1, 1] = gate[1]
    sources = np.stack((np.zeros_like(gate[2:]), gate[2:])).transpose(2, 0, 1)
    effects = linear_recursion(matrices, sources, np.zeros((2, len(gate) - 2)))
    return np.asarray(physics[2:].T + physics[1][:, None] * effects[:, 1])


def _influences(
    transition: Array,
    grid: TimeGrid,
    products: Array,
    rate_slopes: Array,
    groups: npt.NDArray[np.intp],
) -> Array:
    """Effect of a disturbance of each step's new state.

    Parameters
    ----------
    transition : ndarray, shape (steps, 2, 2)
        Transposed Jacobian of each step.
    products : ndarray, shape (products, steps)
        Factors of F_dl.
    rate_slopes : ndarray, shape (2, steps)
        F_dl by v and h.
    groups : ndarray of int, shape (samples,)
        Group of each observation.

    Returns
    -------
    ndarray, shape (steps, 2, groups + products)
        On the means of the groups, and on the weighted sums of F_dl.
    """
    count, total = int(groups[-1]) + 1, int(groups[-1]) + 1 + len(products)
    shares = (1 / np.bincount(groups))[groups]
    width = total + -total % WHOLE_VECTORS
    sources = np.zeros((grid.step_count, 2, width))
    # Each observation is a source where it is made; the last one is where the recursion starts.
    sources[:: grid.steps_per_sample, 0][range(len(groups) - 1), groups[:-1]] = shares[:-1]
    sources[:, :, count:total] = rate_slopes.T[:, :, None] * products.T[:, None, :]
    start = np.zeros((2, width))
    start[0, groups[-1]] = shares[-1]
    return linear_recursion(transition, sources, start, is_backward=True)[:, :, :total]
