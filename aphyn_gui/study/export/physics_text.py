"""What every model file says of the fit it comes from, in plain lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aphyn_gui.fitting import FitForecast, Uncertainty
from aphyn_gui.physics import (
    MITCHELL_SCHAEFFER,
    MITCHELL_SCHAEFFER_SMOOTH,
    STIMULUS_PARAMETERS,
    IonicModel,
    Parameter,
    ionic_model,
)
from aphyn_gui.physics.mitchell_schaeffer import GATE_WIDTH
from aphyn_gui.study.export.fitted import FittedRegion

MITCHELL_SCHAEFFER_FAMILY = (MITCHELL_SCHAEFFER.name, MITCHELL_SCHAEFFER_SMOOTH.name)
"""Models that other simulators know as Mitchell-Schaeffer."""

SMOOTH_GATE_NOTE = (
    f"The fit smooths the gate over {2 * GATE_WIDTH:g} in v; here it switches at the threshold, as "
    "Mitchell and Schaeffer wrote it: fitted time constants differ in the fourth digit."
)
"""What changes where a simulator knows the hard gate only."""


@dataclass(frozen=True, slots=True)
class FittedPhysics:
    """F_p of a fit, ready to be written down.

    Parameters
    ----------
    title : str
        Model and region, one line.
    model : IonicModel
        Its equations.
    values : mapping of str to float
        Every parameter, the stimulus's included.
    comments : mapping of str to str
        Meaning of each parameter of the model, and how well the data determine it, one line each.
    initial_voltage, initial_gate : float
        v and h at the first sample.
    time_step_ms : float
        Euler step of the fit, ms.
    about : tuple of str
        Source, region, and what was left out, one line each.
    """

    title: str
    model: IonicModel
    values: Mapping[str, float]
    comments: Mapping[str, str]
    initial_voltage: float
    initial_gate: float
    time_step_ms: float
    about: tuple[str, ...]

    @property
    def pulse(self) -> tuple[float, float, float]:
        """Amplitude (1/ms), duration and onset (ms) of the stimulus."""
        amplitude, duration, onset = (self.values[p.name] for p in STIMULUS_PARAMETERS)
        return amplitude, duration, onset


def hybrid_physics(fitted: FittedRegion) -> FittedPhysics:
    """The physics in a region's fit, as it stands beside the network where there is one."""
    fit = fitted.region_fit.fit
    if fit.protocol.network is None:
        part = "The physics was fitted alone: this file is the whole model."
    else:
        part = (
            "These are the parameters of F_p beside F_dl. F_dl, the residual network, is not part "
            f"of this file; it carries {fit.network_share:.0%} of dv/dt in the fit, so this "
            "physics alone does not repeat the fitted action potential: the file called "
            "physics_only comes as close as this model can."
        )
    return _physics(fitted, fit.parameters, fit.forecast, (part, *fit.warnings), fit.uncertainty)


def lone_physics(fitted: FittedRegion) -> FittedPhysics:
    """The converged fit of the physics without network: the model's own best."""
    fit = fitted.region_fit.fit
    part = "The physics was fitted alone, without the residual network: this is the whole model."
    return _physics(fitted, fit.physics_parameters, fit.physics_forecast, (part,), None)


def _physics(
    fitted: FittedRegion,
    values: Mapping[str, float],
    forecast: FitForecast,
    remarks: tuple[str, ...],
    uncertainty: Uncertainty | None,
) -> FittedPhysics:
    fit = fitted.region_fit.fit
    model = ionic_model(fit.protocol.physics)
    file = "an unknown file" if fitted.reference is None else fitted.reference.path.name
    step = forecast.time_step_ms
    about = (
        f"Equations: {model.source}.",
        f"Fitted to region {fitted.region.name} ({fitted.region.roi}) of {file} by aphyn_gui "
        f"{fit.provenance.package_version}, protocol {fit.protocol.name}, seed "
        f"{fit.protocol.seed}.",
        "v is normalised to the range of the recorded traces, 0 to 1; their noise leaves rest "
        "above 0. Time is in ms.",
        f"The fit steps by forward Euler, {step:g} ms; another integrator moves the upstroke a "
        "little.",
        *remarks,
    )
    return FittedPhysics(
        title=one_line(f"{model.title}, fitted to {fitted.region.name}"),
        model=model,
        values=dict(values),
        comments={
            p.name: _comment(p, p.name in fit.protocol.unknowns, uncertainty)
            for p in model.parameters
        },
        initial_voltage=float(forecast.voltage[0]),
        initial_gate=float(forecast.gate[0]),
        time_step_ms=step,
        about=tuple(map(one_line, about)),
    )


def _comment(parameter: Parameter, is_learned: bool, uncertainty: Uncertainty | None) -> str:
    """Meaning of a parameter, and how well the data determine it."""
    estimate = None if uncertainty is None else uncertainty.estimates.get(parameter.name)
    if not is_learned:
        said = "not learned"
    elif estimate is None:
        said = "learned"
    elif estimate.reason:
        said = f"learned, but {estimate.reason}"
    else:
        said = f"95 % interval {estimate.lower:.4g} to {estimate.upper:.4g}"
    return one_line(f"{parameter.meaning} ({said})")


def one_line(text: str) -> str:
    """Text that no line of a file can break out of: printable ASCII, one line, no quotes' ends."""
    plain = " ".join(text.replace("–", "-").replace("²", "2").split())
    readable = plain.encode("ascii", "replace").decode("ascii")
    kept = "".join(c for c in readable if c.isprintable())
    # Ends of strings and comments, and C's sign for "the comment goes on below".
    for sign, harmless in (('"', "'"), ("\\", "/"), ("*/", "* /"), ("/*", "/ *")):
        kept = kept.replace(sign, harmless)
    return kept
