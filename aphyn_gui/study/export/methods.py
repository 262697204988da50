"""The methods of a study in sentences, ready for a paper's supplement."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from aphyn_gui.fitting import Fit, InitialVoltage, NetworkSettings, Optimiser, Protocol
from aphyn_gui.physics import STIMULUS_PARAMETERS, ionic_model
from aphyn_gui.recording import Recording
from aphyn_gui.study.export.fitted import FittedRegion
from aphyn_gui.study.export.physics_text import MITCHELL_SCHAEFFER_FAMILY

REFERENCES = (
    "V. Kashtanova, M. Pop, I. Ayed, P. Gallinari, M. Sermesant. APHYN-EP: Physics-based deep "
    "learning framework to learn and forecast cardiac electrophysiology dynamics. Statistical "
    "Atlases and Computational Models of the Heart (STACOM), 2022.",
    "C. C. Mitchell, D. G. Schaeffer. A two-current model for the dynamics of cardiac membrane. "
    "Bulletin of Mathematical Biology 65:767-793, 2003.",
)
"""What to cite beside this program and the ionic model's own source."""

_STARTS = {
    InitialVoltage.MEASURED: "each sequence's first sample",
    InitialVoltage.MEAN: "the mean first sample of the training sequences",
    InitialVoltage.FITTED: "one value for the region, fitted with the physics",
}


def methods(fitted: tuple[FittedRegion, ...]) -> tuple[str, ...]:
    """Paragraphs: recording, preparation, model, training, uncertainty, software.

    What all regions share is said once; what differs is said with the regions' names.

    Parameters
    ----------
    fitted : tuple of FittedRegion
        At least one.
    """
    return (
        *_shared(fitted, _recording),
        *_shared(fitted, _preparation),
        *_shared(fitted, lambda one: _model(one.region_fit.fit.protocol)),
        *_shared(fitted, lambda one: _training(one.region_fit.fit.protocol)),
        *_shared(fitted, lambda one: _uncertainty(one.region_fit.fit)),
        *_shared(fitted, lambda one: one.region_fit.measured.definitions),
        *_shared(fitted, lambda one: _software(one.region_fit.fit)),
    )


def references(fitted: tuple[FittedRegion, ...]) -> tuple[str, ...]:
    """The paper, and the sources of the ionic models that were used."""
    names = dict.fromkeys(one.region_fit.fit.protocol.physics for one in fitted)
    sources = (
        f"{ionic_model(name).source}." for name in names if name not in MITCHELL_SCHAEFFER_FAMILY
    )
    return (*REFERENCES, *sources)


def describe_recording(recording: Recording) -> str:
    """Format, size, frame interval and pixel pitch of an open recording."""
    interval, pitch = recording.frame_interval_ms, recording.pixel_pitch_mm
    return (
        f"{recording.format_name}, {recording.frame_count} frames of {recording.column_count} × "
        f"{recording.row_count} pixels"
        + ("" if interval is None else f", {interval:g} ms a frame")
        + ("" if pitch is None else f", {pitch:g} mm a pixel")
    )


def _shared(fitted: tuple[FittedRegion, ...], tell: Callable[[FittedRegion], str]) -> Iterable[str]:
    """One paragraph for all regions that have the same to tell, in the order of the regions."""
    told: dict[str, list[str]] = {}
    for one in fitted:
        told.setdefault(tell(one), []).append(one.region.name)
    for paragraph, names in told.items():
        if len(told) == 1:
            yield paragraph
        else:
            yield f"{', '.join(names)}: {paragraph}"


def _recording(one: FittedRegion) -> str:
    file = "an unnamed recording" if one.reference is None else f"“{one.reference.path.name}”"
    details = "" if one.recording is None else f" ({describe_recording(one.recording)})"
    return f"The optical recording {file}{details} was analysed with aphyn_gui."


def _preparation(one: FittedRegion) -> str:
    sequences, roi = one.region_fit.fit.sequences, one.region.roi
    return " ".join(
        (
            f"The region covers {roi.width} × {roi.height} pixels from column {roi.x}, row "
            f"{roi.y}.",
            *sequences.notes,
            f"Window fitted {sequences.horizon_ms:.1f} ms, cycle length "
            f"{sequences.cycle_length_ms:.1f} ms.",
        )
    )


def _model(protocol: Protocol) -> str:
    model = ionic_model(protocol.physics)
    learned = [
        f"{name} ({_bounds(*protocol.bounds_of(name), model.parameter(name).unit)})"
        for name in protocol.learned_names
    ]
    fixed = [
        f"{p.name} = {protocol.value_of(p.name):g}{' ' + p.unit if p.unit else ''}"
        for p in model.parameters
        if p.name not in protocol.learned_names
    ]
    pulse = protocol.stimulus
    stimulus = (
        f"a rectangular pulse of {pulse.amplitude_per_ms:g}/ms for {pulse.duration_ms:g} ms from "
        f"{pulse.onset_ms:g} ms on"
    )
    if protocol.learn_stimulus:
        bounds = ", ".join(
            f"{p.name.removeprefix('stimulus_')} {_bounds(p.lower, p.upper, p.unit)}"
            for p in STIMULUS_PARAMETERS
        )
        stimulus += f", which was learned too ({bounds})"
    return (
        f"The normalised transmembrane potential v follows dv/dt = F_p + F_dl (Kashtanova et al., "
        f"2022). F_p is the {model.title} model ({model.source}) with {stimulus}. Learned within "
        f"bounds: {', '.join(learned) or 'none'}; kept: {', '.join(fixed) or 'none'}. "
        + _network(protocol.network)
    )


def _bounds(lower: float, upper: float, unit: str) -> str:
    return f"{lower:g} to {upper:g}{' ' + unit if unit else ''}"


def _network(network: NetworkSettings | None) -> str:
    if network is None:
        return "No network was used: F_dl = 0."
    return (
        f"F_dl is a residual network of {network.blocks} blocks and {network.features} features on "
        f"{'(v, h)' if network.sees_gate else 'v'}, initialised orthogonally, its output layer "
        f"scaled by {network.output_gain:g}."
    )


def _training(protocol: Protocol) -> str:
    """How it was trained, in the order of the steps."""
    stepping = (
        f"Forecasts were integrated by forward Euler with steps of at most "
        f"{protocol.time_step_ms:g} ms, from {_STARTS[protocol.initial_voltage]}."
    )
    physics = (
        "The physics alone was fitted first, by bounded least squares from several starts; it is "
        "the baseline."
    )
    if protocol.network is None:
        return f"{stepping} {physics} Protocol {protocol.name}, seed {protocol.seed}."
    if protocol.optimiser is Optimiser.LEAST_SQUARES:
        hybrid = (
            "What the physics misses was estimated as a smooth field over (v, h), orthogonal to "
            "the effect of the parameters, its size chosen by the evidence; the network learned "
            "that field, and Levenberg-Marquardt polished physics and network together, "
            f"{protocol.epochs} iterations at most."
        )
    else:
        start = "from the converged physics" if protocol.warm_start else "from the default values"
        hybrid = (
            f"Physics and network were then trained together {start} by Adam (step "
            f"{protocol.learning_rate:g}, {protocol.epochs} epochs) on λ L_traj + ||F_dl||², with "
            f"λ0 = {protocol.initial_lambda:g} and λ growing by {protocol.lambda_growth:g} L_traj "
            "after each epoch."
        )
    return f"{stepping} {physics} {hybrid} Protocol {protocol.name}, seed {protocol.seed}."


def _uncertainty(fit: Fit) -> str:
    if fit.uncertainty is None:
        return "No intervals could be computed: the forecast has no finite derivatives."
    return (
        f"{fit.uncertainty.method.rstrip('.')}. They say how far a value would move in a "
        "repetition of this recording, not how preparations differ."
    )


def _software(fit: Fit) -> str:
    made = fit.provenance
    return (
        f"Made with aphyn_gui {made.package_version}, torch {made.torch_version}, numpy "
        f"{made.numpy_version} on {made.device}."
    )
