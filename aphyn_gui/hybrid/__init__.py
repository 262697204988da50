"""F_p + F_dl: the ionic model and the residual network, integrated together (torch)."""

from aphyn_gui.hybrid.hybrid_model import HybridModel
from aphyn_gui.hybrid.residual_network import NetworkShape, ResidualNetwork
from aphyn_gui.hybrid.step_graph import INITIAL_VOLTAGE, Integrator, physical_names
from aphyn_gui.hybrid.trajectory import (
    Following,
    NormalEquations,
    Observation,
    Sensitivity,
    Simulation,
    TimeGrid,
    TrajectoryProblem,
    engine_description,
    follow,
    normal_equations,
    observe,
    sensitivities,
    simulate,
)

__all__ = [
    "INITIAL_VOLTAGE",
    "Following",
    "HybridModel",
    "Integrator",
    "NetworkShape",
    "NormalEquations",
    "Observation",
    "ResidualNetwork",
    "Sensitivity",
    "Simulation",
    "TimeGrid",
    "TrajectoryProblem",
    "engine_description",
    "follow",
    "normal_equations",
    "observe",
    "physical_names",
    "sensitivities",
    "simulate",
]
