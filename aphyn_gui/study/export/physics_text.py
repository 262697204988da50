"""What every model file says of the fit it comes from, in plain lines."""

from __future__ import annotations

import math
from dataclasses import dataclass

from aphyn_gui.fitting import Estimate, Fit
from aphyn_gui.physics import STIMULUS_PARAMETERS, IonicModel, Parameter, ionic_model
from aphyn_gui.study.export.fitted import FittedRegion


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
    initial_voltage, initial_gate : float
        v and h at the first sample.
    time_step_ms : float
        Euler step of the fit, ms.
    about : tuple of str
        Source, region, and what was left out, one line each.
    """

    title: str
    model: IonicModel
    values: dict[str, float]
    initial_voltage: float
    initial_gate: float
    time_step_ms: float
    about: tuple[str, ...]

    @property
    def pulse(self) -> tuple[float, float, float]:
        """Amplitude (1/ms), duration and onset (ms) of the stimulus."""
        amplitude, duration, onset = (self.values[p.name] for p in STIMULUS_PARAMETERS)
        return amplitude, duration, onset


def fitted_physics(fitted: FittedRegion) -> FittedPhysics:
    """The physics of a region's fit."""
    fit = fitted.region_fit.fit
    model = ionic_model(fit.protocol.physics)
    file = "an unknown file" if fitted.reference is None else fitted.reference.path.name
    step = fit.forecast.time_step_ms
    return FittedPhysics(
        title=one_line(f"{model.title}, fitted to {fitted.region.name}"),
        model=model,
        values=dict(fit.parameters),
        initial_voltage=float(fit.forecast.voltage[0]),
        initial_gate=float(fit.forecast.gate[0]),
        time_step_ms=step,
        about=tuple(
            one_line(line)
            for line in (
                f"Equations: {model.source}.",
                f"Fitted to region {fitted.region.name} ({fitted.region.roi}) of {file} by "
                f"aphyn_gui {fit.provenance.package_version}, protocol {fit.protocol.name}, "
                f"seed {fit.protocol.seed}.",
                "v is normalised: 0 at rest, 1 at the peak. Time is in ms.",
                f"The fit steps by forward Euler, {step:g} ms; another integrator moves the "
                "upstroke a little.",
                _about_network(fit),
                *fit.warnings,
            )
        ),
    )


def parameter_comment(fit: Fit, parameter: Parameter) -> str:
    """Meaning of a parameter and how well the data determine it, one line."""
    estimate: Estimate | None = None
    if fit.uncertainty is not None:
        known = {**fit.uncertainty.not_learned, **fit.uncertainty.estimates}
        estimate = known.get(parameter.name)
    if parameter.name not in fit.protocol.unknowns:
        said = "not learned"
    elif estimate is None:
        said = "learned; no interval"
    elif estimate.reason:
        said = f"learned; {estimate.reason}"
    elif math.isnan(estimate.lower):
        said = "learned; no interval"
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


def _about_network(fit: Fit) -> str:
    if fit.protocol.network is None:
        return "The physics was fitted alone: this file is the whole model."
    return (
        f"F_dl, the residual network, is not part of this file; it carries {fit.network_share:.0%} "
        "of dv/dt in the fit, so this physics alone does not repeat the fitted action potential."
    )
