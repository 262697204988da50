"""F_p + F_dl as a torch module: learnable physics inside bounds, and a residual network."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from aphyn_gui.hybrid.residual_network import NetworkShape, ResidualNetwork
from aphyn_gui.hybrid.step_graph import Integrator, physical_names
from aphyn_gui.hybrid.trajectory import (
    Observation,
    Simulation,
    TimeGrid,
    TrajectoryProblem,
    observe,
    simulate,
)
from aphyn_gui.physics import IonicModel


class HybridModel(nn.Module):
    """An ionic model with some parameters learned, plus a network or none.

    Learned parameters whose bounds exclude zero are held as logarithms, so that one learning rate
    suits time constants of 0.3 and of 150 ms.

    Parameters
    ----------
    model : IonicModel
        F_p.
    values : mapping of str to float
        Value of every physical parameter, the stimulus's included.
    bounds : mapping of str to (float, float)
        Bounds of the learned parameters; what it names is learned, in this order.
    network : ResidualNetwork or None
        F_dl.
    dtype : torch.dtype
        Precision.
    """

    def __init__(
        self,
        model: IonicModel,
        values: Mapping[str, float],
        bounds: Mapping[str, tuple[float, float]],
        network: ResidualNetwork | None,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        super().__init__()
        names = physical_names(model)
        self.model = model
        self.network = network
        self.learned_names = tuple(bounds)
        positions = [names.index(name) for name in bounds]
        is_log = [lower > 0 for lower, _ in bounds.values()]
        lower, upper = (
            torch.tensor([pair[side] for pair in bounds.values()], dtype=dtype) for side in (0, 1)
        )
        self._fixed: Tensor
        self._positions: Tensor
        self._is_log: Tensor
        self._lower: Tensor
        self._upper: Tensor
        self.register_buffer("_fixed", torch.tensor([values[n] for n in names], dtype=dtype))
        self.register_buffer("_positions", torch.tensor(positions, dtype=torch.long))
        self.register_buffer("_is_log", torch.tensor(is_log, dtype=torch.bool))
        self.register_buffer("_lower", self._to_free(lower))
        self.register_buffer("_upper", self._to_free(upper))
        self.free = nn.Parameter(self._to_free(self._fixed[self._positions].clone()))
        self.keep_inside_bounds()

    def _to_free(self, values: Tensor) -> Tensor:
        return torch.where(self._is_log, values.clamp(min=1e-30).log(), values)

    @property
    def physical(self) -> Tensor:
        """Physical vector, shape (parameters,); differentiable by the learned ones."""
        learned = torch.where(self._is_log, self.free.exp(), self.free)
        return self._fixed.index_put((self._positions,), learned)

    @property
    def parameter_values(self) -> dict[str, float]:
        """Every physical parameter, the stimulus's included."""
        return self.named(self.physical)

    def named(self, physical: Tensor) -> dict[str, float]:
        """The numbers of a physical vector by the names of their parameters."""
        return dict(zip(physical_names(self.model), physical.tolist(), strict=True))

    @property
    def by_free(self) -> Tensor:
        """Derivative of each learned parameter by the variable that stands for it."""
        free = self.free.detach()
        return torch.where(self._is_log, free.exp(), torch.ones_like(free))

    @property
    def free_bounds(self) -> tuple[Tensor, Tensor]:
        """Bounds of ``free``: logarithms where the parameter is held as one."""
        return self._lower, self._upper

    @torch.no_grad()
    def keep_inside_bounds(self) -> None:
        """Project the learned parameters onto their bounds; called after each optimiser step.

        Weights of the network that are held stay where they are.
        """
        self.free.clamp_(self._lower, self._upper)
        if self.network is not None:
            self.network.hold()

    def problem(self, grid: TimeGrid, integrator: Integrator) -> TrajectoryProblem:
        """What is integrated."""
        shape: NetworkShape | None = None if self.network is None else self.network.shape
        return TrajectoryProblem(self.model, shape, grid, integrator)

    def forward(
        self, initial: Tensor, grid: TimeGrid, integrator: Integrator = Integrator.EULER
    ) -> Observation:
        """Observe trajectories from ``initial``, shape (sequences, 2); differentiable."""
        weights = None if self.network is None else self.network.weights
        return observe(self.problem(grid, integrator), self.physical, weights, initial)

    def simulate(
        self, initial: Tensor, grid: TimeGrid, integrator: Integrator = Integrator.EULER
    ) -> Simulation:
        """Every step of trajectories from ``initial``, shape (sequences, 2); no gradient."""
        weights = None if self.network is None else self.network.weights
        return simulate(self.problem(grid, integrator), self.physical, weights, initial)
