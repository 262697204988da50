"""F_p + F_dl: the ionic model and the residual network, integrated together (torch)."""

from aphyn_gui.hybrid.hybrid_model import HybridModel
from aphyn_gui.hybrid.residual_network import NetworkShape, ResidualNetwork
from aphyn_gui.hybrid.step_graph import Integrator, physical_names
from aphyn_gui.hybrid.trajectory import (
    Observation,
    Sensitivity,
    Simulation,
    TimeGrid,
    TrajectoryProblem,
    engine_description,
    observe,
    sensitivities,
    simulate,
)

__all__ = [
    "HybridModel",
    "Integrator",
    "NetworkShape",
    "Observation",
    "ResidualNetwork",
    "Sensitivity",
    "Simulation",
    "TimeGrid",
    "TrajectoryProblem",
    "engine_description",
    "observe",
    "physical_names",
    "sensitivities",
    "simulate",
]
