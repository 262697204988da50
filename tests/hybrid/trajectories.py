"""Random trajectory problems shared by the tests of the engines."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from aphyn_gui.hybrid import Integrator, NetworkShape, TimeGrid, TrajectoryProblem
from aphyn_gui.hybrid import physical_names as names_of
from aphyn_gui.physics import STIMULUS_PARAMETERS, IonicModel


@dataclass(frozen=True)
class Case:
    """One random problem with its inputs, in float64."""

    problem: TrajectoryProblem
    physical: Tensor
    weights: Tensor | None
    initial: Tensor
    cotangent: Tensor

    def loss_gradients(self, engine, dtype: torch.dtype) -> dict[str, Tensor]:  # type: ignore[no-untyped-def]
        """Loss and its gradients from one engine, as float64."""
        inputs = {"physical": self.physical, "weights": self.weights, "initial": self.initial}
        leaves = {
            name: value.to(dtype).clone().requires_grad_()
            for name, value in inputs.items()
            if value is not None
        }
        observed = engine.observe(
            self.problem, leaves["physical"], leaves.get("weights"), leaves["initial"]
        )
        loss = (observed.voltage * self.cotangent.to(dtype)).sum()
        loss = loss + 3 * observed.squared_network.sum()
        loss.backward()
        results = {name: leaf.grad.double() for name, leaf in leaves.items()}
        return {"loss": loss.detach().double(), **results}


def random_case(
    model: IonicModel,
    integrator: Integrator = Integrator.EULER,
    shape: NetworkShape | None = None,
    *,
    sequences: int = 5,
    samples: int = 4,
    sample_interval_ms: float = 2.0,
    time_step_ms: float = 0.1,
    stimulated: bool = True,
    seed: int = 0,
) -> Case:
    """A problem near the model's defaults, with its own parameters for each sequence."""
    generator = torch.Generator().manual_seed(seed)

    def uniform(*size: int) -> Tensor:
        return torch.rand(*size, generator=generator, dtype=torch.float64)

    stimulus = (0.4, 2.03, 0.11) if stimulated else (0.0, 1.03, 0.11)
    base = torch.tensor([*model.values(), *stimulus], dtype=torch.float64)
    assert len(base) == len(names_of(model)) == len(model.parameters) + len(STIMULUS_PARAMETERS)
    physical = base * (1 + 0.1 * (uniform(sequences, len(base)) - 0.5))
    weights = None
    if shape is not None:
        weights = 0.6 * (uniform(shape.weight_count) - 0.5)
    initial = torch.stack(
        (0.3 * uniform(sequences), model.resting_gate + 0.1 * (uniform(sequences) - 1)), dim=-1
    )
    grid = TimeGrid.covering(samples, sample_interval_ms, time_step_ms)
    cotangent = uniform(sequences, samples) - 0.5
    problem = TrajectoryProblem(model, shape, grid, integrator)
    return Case(problem, physical, weights, initial, cotangent)


def relative_error(found: Tensor, expected: Tensor) -> float:
    """Norm of the difference over the norm of what was expected."""
    return float((found - expected).norm() / expected.norm().clamp(min=1e-12))


def assert_gradients_agree(
    found: dict[str, Tensor], expected: dict[str, Tensor], dtype: torch.dtype
) -> None:
    """Loss and gradients are those of the float64 reference.

    In double precision part by part, to 1e-12; in single precision to 1e-5 of the whole gradient,
    since a part that is the small difference of large terms has fewer digits there, in torch too.
    """
    whole = float(torch.cat([gradient.flatten() for gradient in expected.values()]).norm())
    for name, gradient in expected.items():
        error = float((found[name].cpu() - gradient).norm())
        if dtype == torch.float64:
            assert error <= 1e-12 * max(float(gradient.norm()), 1e-2 * whole), name
        else:
            assert error <= 1e-5 * whole, name
