"""Everything a user chooses about a fit, as one value, with presets."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType

from aphyn_gui.physics import STIMULUS_PARAMETERS, PhysicsError, Stimulus, ionic_model


class ProtocolError(ValueError):
    """A setting of a fit that cannot be used; the message is meant for the user."""


class InitialVoltage(StrEnum):
    """Where a forecast starts.

    MEASURED is each sequence's first sample (the paper's), MEAN the training sequences' mean first
    sample, FITTED one value for the region, found with the physics: one noisy sample then does not
    pull the time constants.
    """

    MEASURED = "measured"
    MEAN = "mean"
    FITTED = "fitted"


class Optimiser(StrEnum):
    """How physics and network are trained together.

    LEAST_SQUARES fits one trajectory to the region's mean by Levenberg-Marquardt and stops at the
    noise; ADAM is the paper's training.
    """

    LEAST_SQUARES = "least-squares"
    ADAM = "adam"


class Device(StrEnum):
    """Where the trajectories are computed."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"


@dataclass(frozen=True, slots=True)
class NetworkSettings:
    """Shape and start of the residual network F_dl.

    Parameters
    ----------
    features : int
        Width of every hidden layer; 8 in the paper.
    blocks : int
        Number of residual blocks; 3 in the paper.
    output_gain : float
        Scale of the output layer at the start; small, so that F_dl starts silent.
    sees_gate : bool
        Whether F_dl depends on (v, h), or on v alone.
    """

    features: int = 8
    blocks: int = 3
    output_gain: float = 1e-4
    sees_gate: bool = True

    def __post_init__(self) -> None:
        if not 1 <= self.features <= 64:
            raise ProtocolError(f"the network needs 1 to 64 features, got {self.features}")
        if not 1 <= self.blocks <= 8:
            raise ProtocolError(f"the network needs 1 to 8 residual blocks, got {self.blocks}")
        if not 0 <= self.output_gain <= 1:
            raise ProtocolError(f"the output gain must lie in [0, 1], got {self.output_gain}")


MOST_REPEATS = 50


@dataclass(frozen=True)
class Protocol:
    """Settings of a fit.

    Parameters
    ----------
    name : str
        Preset the settings come from.
    physics : str
        Name of the ionic model, F_p.
    learned : tuple of str or None
        Parameters that are learned; None: the model's own choice.
    values : mapping of str to float
        Starting values (or fixed values of what is not learned) that differ from the defaults.
    bounds : mapping of str to (float, float)
        Bounds that differ from the model's.
    stimulus : Stimulus
        Current pulse that starts the action potential; the starting values where it is learned.
    learn_stimulus : bool
        Learn amplitude, duration and onset of the stimulus beside the physics. An optical upstroke
        sums over depth and takes several ms: the paper's fixed pulse pulls the time constants.
    network : NetworkSettings or None
        F_dl; None: physics only.
    initial_voltage : InitialVoltage
        v(0): each sequence's first measurement (the paper's), or one for the region.
    optimiser : Optimiser
        How physics and network are trained together.
    epochs : int
        Adam steps of the hybrid, or most iterations of its least squares.
    learning_rate : float
        Adam's step size; least squares need none.
    initial_lambda, lambda_growth : float
        lambda_0 and gamma of the paper, for Adam: the loss is lambda * L_traj + ||F_dl||^2, and
        after each epoch lambda grows by gamma * L_traj.
    warm_start : bool
        Start the hybrid from the converged physics-only fit; otherwise from ``values``.
    time_step_ms : float
        Longest Euler step, ms; shortened so that it divides the frame interval.
    seed : int
        Seed of the network's start.
    repeats : int
        Further fits from other random networks, by least squares; how much the parameters differ
        among them widens the intervals.
    device : Device
        Where the trajectories are computed.

    Notes
    -----
    Kashtanova et al., STACOM 2022; the penalty is the mean square of F_dl, as in the reference
    implementation of APHYNITY (Yin et al., ICLR 2021).
    """

    name: str = "ex-vivo"
    physics: str = "mitchell_schaeffer"
    learned: tuple[str, ...] | None = None
    values: Mapping[str, float] = field(default_factory=dict)
    bounds: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    stimulus: Stimulus = field(default_factory=Stimulus)
    learn_stimulus: bool = False
    network: NetworkSettings | None = field(default_factory=NetworkSettings)
    initial_voltage: InitialVoltage = InitialVoltage.MEASURED
    optimiser: Optimiser = Optimiser.ADAM
    epochs: int = 100
    learning_rate: float = 1e-3
    initial_lambda: float = 1.0
    lambda_growth: float = 1.0
    warm_start: bool = True
    time_step_ms: float = 0.1
    seed: int = 0
    repeats: int = 0
    device: Device = Device.AUTO

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", MappingProxyType(dict(self.values)))
        object.__setattr__(self, "bounds", MappingProxyType(dict(self.bounds)))
        try:
            model = ionic_model(self.physics)
            for name in self.learned or ():
                model.parameter(name)
            for name, (lower, upper) in self.bounds.items():
                model.parameter(name)
                if not (math.isfinite(lower) and math.isfinite(upper) and lower < upper):
                    raise ProtocolError(f"bounds of {name}: {lower:g} to {upper:g} is no range")
            for name, value in self.values.items():
                lower, upper = self.bounds_of(name)
                if not lower <= value <= upper:
                    raise ProtocolError(
                        f"{name} = {value:g} lies outside its bounds, {lower:g} to {upper:g}"
                    )
        except PhysicsError as error:
            raise ProtocolError(str(error)) from error
        if (
            self.optimiser is Optimiser.LEAST_SQUARES
            and self.initial_voltage is InitialVoltage.MEASURED
        ):
            raise ProtocolError(
                "least squares fit one trajectory: choose one initial voltage for the region, "
                "or train with Adam"
            )
        if self.epochs < 1:
            raise ProtocolError(f"a fit needs at least 1 epoch, got {self.epochs}")
        for label, value in (
            ("learning rate", self.learning_rate),
            ("initial lambda", self.initial_lambda),
            ("time step", self.time_step_ms),
        ):
            if not (math.isfinite(value) and value > 0):
                raise ProtocolError(f"the {label} must be positive, got {value}")
        if not 0 <= self.repeats <= MOST_REPEATS:
            raise ProtocolError(
                f"a fit is repeated 0 to {MOST_REPEATS} times, not {self.repeats} times"
            )
        if self.repeats and self.optimiser is Optimiser.ADAM:
            raise ProtocolError("only fits by least squares are repeated: set the repeats to 0")
        if not (math.isfinite(self.lambda_growth) and self.lambda_growth >= 0):
            raise ProtocolError(f"lambda must not shrink: gamma is {self.lambda_growth}")

    @property
    def learned_names(self) -> tuple[str, ...]:
        """Parameters that are learned, in the model's order."""
        model = ionic_model(self.physics)
        chosen = model.learned_by_default if self.learned is None else self.learned
        return tuple(name for name in model.parameter_names if name in chosen)

    @property
    def unknowns(self) -> dict[str, tuple[float, float]]:
        """Everything a fit may move, with its bounds: physics first, then the stimulus."""
        unknowns = {name: self.bounds_of(name) for name in self.learned_names}
        if self.learn_stimulus:
            unknowns.update({p.name: (p.lower, p.upper) for p in STIMULUS_PARAMETERS})
        return unknowns

    def bounds_of(self, name: str) -> tuple[float, float]:
        """Bounds in force for one parameter."""
        parameter = ionic_model(self.physics).parameter(name)
        return self.bounds.get(name, (parameter.lower, parameter.upper))

    def value_of(self, name: str) -> float:
        """Starting, or fixed, value of one parameter, moved inside its bounds."""
        lower, upper = self.bounds_of(name)
        value = self.values.get(name, ionic_model(self.physics).parameter(name).default)
        return min(max(value, lower), upper)

    def with_changes(self, **changes: object) -> Protocol:
        """A copy with some settings replaced."""
        return replace(self, **changes)  # type: ignore[arg-type]


RECOMMENDED = Protocol(
    name="recommended",
    physics="mitchell_schaeffer_smooth",
    stimulus=Stimulus(amplitude_per_ms=0.2, duration_ms=4.0),
    learn_stimulus=True,
    initial_voltage=InitialVoltage.FITTED,
    optimiser=Optimiser.LEAST_SQUARES,
    epochs=150,
    repeats=2,
)
"""What suits optical recordings: the stimulus is learned, and one trajectory serves the region."""

IN_SILICO = Protocol(name="in-silico", lambda_growth=10.0)
"""The paper's settings for simulated data: gamma = 10."""

EX_VIVO = Protocol(name="ex-vivo", lambda_growth=1.0)
"""The paper's settings for optical recordings: gamma = 1."""

PRESETS: tuple[Protocol, ...] = (RECOMMENDED, EX_VIVO, IN_SILICO)
"""All presets, in the order in which they are offered."""


def preset(name: str) -> Protocol:
    """The preset of that name.

    Raises
    ------
    ProtocolError
        If there is none; the message names those that exist.
    """
    for protocol in PRESETS:
        if protocol.name == name:
            return protocol
    names = ", ".join(protocol.name for protocol in PRESETS)
    raise ProtocolError(f"no preset is called {name!r}; choose one of: {names}")
