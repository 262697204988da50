"""Methods and results on one page."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from datetime import UTC, datetime

import numpy as np
import torch

from aphyn_gui import __version__
from aphyn_gui.fitting import Optimiser, Protocol
from aphyn_gui.hybrid import engine_description
from aphyn_gui.study.reproduce import paper, tables
from aphyn_gui.study.reproduce.settings import ReproduceSettings
from aphyn_gui.study.reproduce.tables import Result
from aphyn_gui.study.reproduce.tissue import PairDesign, SlabDesign

_METHODS = """\
- **Slab** (Fig. 3, ablation): {slab.side} × {slab.side} nodes at 0.25 mm of Ten \
Tusscher-Panfilov 2006 epicardium (monodomain, isotropic, 0.154 mm²/ms, no flux through the \
edges, step 0.02 ms); 3 × 3 nodes stimulated in the corner for training, in the centre for \
validation; stimulated nodes and their neighbours left out. v = (V + 85.2 mV) / 121.2 mV. A \
sequence begins at the foot of the node's own upstroke, read without noise between samples: \
{slab.horizon_ms:g} ms, a sample every {slab.sample_interval_ms:g} ms, then white noise of 0.05. \
Ten training and five validation nodes are drawn for each seed.
- **Pair** (Fig. 4, Table 1): {pair.rows} × {columns} nodes, the right half ischaemic (moderate: \
raised extracellular potassium, less sodium and calcium conductance, open K_ATP channels), seen \
by a simulated camera; 3.7 ms frames, noise of 5 % of the amplitude, 300 ms. One recording, \
`simulated-pair.tif`; each seed draws other pixels of the regions. Each sequence is scaled by its \
own minimum and maximum, as in the paper.
- **Physics only** is the same ionic model without network: bounded least squares from several \
starts, converged. Each protocol has its own, since the stimulus is fixed in one and learned in \
the other.
- **Mean trace** is the mean training trace as the prediction: the floor of any one trajectory on \
noisy validation sequences. On noise-free ones a model can fall below it, for the mean of ten \
noisy traces still holds a tenth of the noise.
- **Noise-free** errors compare the same forecasts with the sequences before the noise was added; \
they exist for the slab only. With 5 % noise an error of 2.5e-3 is noise and nothing else.
- Numbers are medians over the seeds, with their range in parentheses. Figures show the seed of \
the median validation error. CSV files hold every run.
- **Decomposition**, of the forecast from the region's one initial value (the training mean's, or \
the fitted one): F_p contains the stimulus; v(0) + ∫F_p dt + ∫F_dl dt is the prediction. Axes of \
rates are linear up to 0.01/ms and logarithmic beyond."""

_QUICK_WARNING = (
    "**A quick run: a small slab, a short horizon and a few epochs. It shows that everything "
    "works; its numbers mean nothing.**"
)


def summary(settings: ReproduceSettings, results: tuple[Result, ...], elapsed_s: float) -> str:
    """The page, in Markdown, of the experiments finished so far."""
    parts = ["# The paper's experiments, reproduced"]
    if settings.is_quick:
        parts.append(_QUICK_WARNING)
    parts += [
        "V. Kashtanova, M. Pop, I. Ayed, P. Gallinari, M. Sermesant, *APHYN-EP: Physics-based "
        "deep learning framework to learn and forecast cardiac electrophysiology dynamics*, "
        "STACOM 2022.",
        _key_facts(settings, results, elapsed_s),
        "## Methods",
        _methods(settings),
        "### Protocols",
        _protocols(results),
    ]
    for result in results:
        parts.append(tables.to_markdown(result).rstrip())
        parts.append(f"![{result.title}]({result.name}.png)")
    return "\n\n".join(parts) + "\n"


def _methods(settings: ReproduceSettings) -> str:
    pair = PairDesign.of(is_quick=settings.is_quick)
    return _METHODS.format(
        slab=SlabDesign.of(is_quick=settings.is_quick), pair=pair, columns=2 * pair.rows
    )


def _key_facts(settings: ReproduceSettings, results: tuple[Result, ...], elapsed_s: float) -> str:
    device = results[-1].runs[-1].fit.provenance.device.partition("; ")[2]
    rows = [
        ("made", datetime.now(UTC).isoformat(timespec="seconds")),
        ("aphyn_gui", __version__),
        ("Python, torch, numpy", f"{platform.python_version()}, {torch.__version__}, "
         f"{np.__version__}"),
        ("matplotlib", importlib.metadata.version("matplotlib")),
        ("machine", f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"),
        ("engine", device or engine_description(torch.device("cpu"))),
        ("seeds", f"0 to {settings.seeds - 1}" if settings.seeds > 1 else "0"),
        ("time of everything so far", f"{elapsed_s:.0f} s"),
        ("the paper's time", f"training {paper.TRAINING_TIME}, forecast {paper.FORECAST_TIME}"),
        *((f"time of {result.name}", f"{result.elapsed_s:.0f} s") for result in results),
    ]  # fmt: skip
    if settings.recording is not None:
        recording = settings.recording
        regions = "; ".join(
            f"{name} x {roi.x}, y {roi.y}, {roi.width} × {roi.height}"
            for name, roi in recording.regions
        )
        rows.append(("recording", f"{recording.path.name}: {regions}"))
    return tables.markdown_table(("", ""), rows)


def _protocols(results: tuple[Result, ...]) -> str:
    found = {run.case.label: run.case.protocol for result in results for run in result.runs}
    header = ("protocol", "physics", "stimulus", "v(0)", "network", "training")
    rows = [(label, *_protocol_cells(protocol)) for label, protocol in found.items()]
    return tables.markdown_table(header, rows)


def _protocol_cells(protocol: Protocol) -> tuple[str, ...]:
    pulse = protocol.stimulus
    stimulus = f"{pulse.amplitude_per_ms:g}/ms for {pulse.duration_ms:g} ms"
    stimulus = f"learned, from {stimulus}" if protocol.learn_stimulus else f"fixed, {stimulus}"
    network, training = "none", "least squares"
    if protocol.network is not None:
        inputs = "(v, h)" if protocol.network.sees_gate else "v"
        network = f"{protocol.network.features} × {protocol.network.blocks} blocks, {inputs}"
        if protocol.optimiser is Optimiser.ADAM:
            training = (
                f"Adam {protocol.learning_rate:g}, {protocol.epochs} epochs, "
                f"λ0 = {protocol.initial_lambda:g}, γ = {protocol.lambda_growth:g}"
            )
        else:
            training = f"least squares to the noise, at most {protocol.epochs} iterations"
    return protocol.physics, stimulus, str(protocol.initial_voltage), network, training
