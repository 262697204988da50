"""The same epoch and forecast as a user of torchdiffeq would write them: Euler, autograd."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torchdiffeq import odeint

from aphyn_gui.hybrid import NetworkShape, TimeGrid
from aphyn_gui.physics.mitchell_schaeffer import GATE_WIDTH
from aphyn_gui.study.benchmark_work import STIMULUS, TrainingEpoch


class Block(nn.Module):
    """z + W_2 s(W_1 z + b_1) + b_2."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.first = nn.Linear(features, features)
        self.second = nn.Linear(features, features)

    def forward(self, z: Tensor) -> Tensor:
        """One residual block."""
        x = self.first(z)
        return z + self.second(x * torch.rsqrt(1 + x * x))


class PeerField(nn.Module):
    """dX/dt = F_p + F_dl, with smooth Mitchell-Schaeffer and three learned time constants.

    Everything that does not depend on the state is computed once an epoch, in ``begin``.
    """

    def __init__(self, shape: NetworkShape, values: dict[str, float], time_step_ms: float) -> None:
        super().__init__()
        self.network = nn.Sequential(
            nn.Linear(2, shape.features),
            *(Block(shape.features) for _ in range(shape.blocks)),
            nn.Linear(shape.features, 1),
        )
        taus = torch.tensor([values[name] for name in ("tau_in", "tau_out", "tau_close")])
        self.free = nn.Parameter(taus.log())
        self._open_rate = 1 / values["tau_open"]
        self._v_gate = values["v_gate"]
        self._time_step_ms = time_step_ms

    def begin(self) -> None:
        """Look the parameters up, and forget the F_dl of the epoch before."""
        self._in_rate, self._out_rate, self._close_rate = (-self.free).exp().unbind()
        self._squares: list[Tensor] = []

    @property
    def mean_square(self) -> Tensor:
        """Mean of F_dl^2 over steps and sequences."""
        return torch.stack(self._squares).mean()

    def forward(self, t: Tensor, state: Tensor) -> Tensor:
        """Rates of (v, h), 1/ms."""
        v, h = state.unbind(-1)
        n = self.network(state).squeeze(-1)
        self._squares.append(n * n)
        amplitude, duration, _ = STIMULUS
        rate = h * v * v * (1 - v) * self._in_rate - v * self._out_rate + n
        if t + 0.5 * self._time_step_ms < duration:
            rate = rate + amplitude
        x = ((v - self._v_gate) / GATE_WIDTH).clamp(-1, 1)
        above = 0.5 + x * (0.75 - 0.25 * x * x)
        opening = (1 - h) * self._open_rate
        gate_rate = opening - above * (opening + h * self._close_rate)
        return torch.stack((rate, gate_rate), dim=-1)

    def load(self, epoch: TrainingEpoch) -> None:
        """Take the weights of the app's model."""
        weights = epoch.network.weights.detach()
        parts: list[nn.Linear] = [m for m in self.network.modules() if isinstance(m, nn.Linear)]
        with torch.no_grad():
            for linear, layer in zip(parts, epoch.network.shape.layers, strict=True):
                matrix = weights[layer.weight : layer.bias].view(layer.outputs, layer.inputs)
                linear.weight.copy_(matrix)
                linear.bias.copy_(weights[layer.bias : layer.bias + layer.outputs])


class TorchdiffeqEpoch:
    """``TrainingEpoch`` with torchdiffeq: same data, same start, same optimiser."""

    def __init__(self, epoch: TrainingEpoch) -> None:
        grid = epoch.grid
        self.field = PeerField(epoch.network.shape, epoch.model.parameter_values, grid.time_step_ms)
        self.field.load(epoch)
        self._initial, self._measured = epoch.initial, epoch.measured
        self._times, self._options = _times(grid)
        self._optimiser = torch.optim.Adam(self.field.parameters(), lr=1e-3)

    def loss(self) -> Tensor:
        """lambda * L_traj + mean F_dl^2, with lambda = 1."""
        self.field.begin()
        states = odeint(
            self.field, self._initial, self._times, method="euler", options=self._options
        )
        return (states[..., 0].T - self._measured).square().mean() + self.field.mean_square

    def __call__(self) -> float:
        """Forward, gradient and one step of Adam; the loss before it."""
        self._optimiser.zero_grad()
        loss = self.loss()
        loss.backward()
        self._optimiser.step()
        return loss.item()

    @torch.no_grad()
    def forecast(self, initial: Tensor, grid: TimeGrid) -> Tensor:
        """Every step of one trajectory."""
        self.field.begin()
        # Asked for at every step, the solver steps from one time to the next.
        times = torch.arange(grid.step_count + 1) * grid.time_step_ms
        return odeint(self.field, initial, times, method="euler")


def _times(grid: TimeGrid) -> tuple[Tensor, dict[str, float]]:
    interval_ms = grid.steps_per_sample * grid.time_step_ms
    times = torch.arange(grid.sample_count) * interval_ms
    return times, {"step_size": grid.time_step_ms}
