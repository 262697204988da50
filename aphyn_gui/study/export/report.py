"""A study as one self-contained HTML page: figures, tables, warnings, methods."""

from __future__ import annotations

from collections.abc import Iterable

from aphyn_gui.physics import STIMULUS_PARAMETERS, Parameter, ionic_model
from aphyn_gui.recording import Recording
from aphyn_gui.study.comparison import Comparison, compare
from aphyn_gui.study.differences import Difference
from aphyn_gui.study.export import figures
from aphyn_gui.study.export.fitted import FittedRegion, fitted_regions
from aphyn_gui.study.export.markup import escaped, html_list, html_table
from aphyn_gui.study.export.methods import describe_recording, methods, references
from aphyn_gui.study.export.page import PAGE
from aphyn_gui.study.export.plane_figure import network_plane
from aphyn_gui.study.network_map import has_network_map, shortfall_sentence
from aphyn_gui.study.outdated import outdated_sentences
from aphyn_gui.study.study import RegionFit, Study

_MEASURES = (
    ("APD50 (ms)", "apd50_ms"), ("APD80 (ms)", "apd80_ms"), ("APD90 (ms)", "apd90_ms"),
    ("rise time (ms)", "rise_time_ms"), ("signal to noise", "snr"),
)  # fmt: skip


def html_report(study: Study, recordings: Iterable[Recording] = ()) -> str:
    """The whole study on one page that needs nothing else: no script, no file, no network.

    Parameters
    ----------
    study : Study
        With at least one fit.
    recordings : iterable of Recording
        Those that are open; they are described.

    Returns
    -------
    str
        HTML. All names and messages are escaped.

    Raises
    ------
    StudyError
        If no region has a fit.
    """
    fitted = fitted_regions(study, recordings)
    comparison = compare(study)
    fits = [one.region_fit for one in fitted]
    files = dict.fromkeys(_file(one) for one in fitted)
    return PAGE.format(
        title=escaped(", ".join(files)),
        lead=escaped(_lead(fitted)),
        findings=_section("Findings", html_list(comparison.findings)),
        warnings=_warnings(comparison, fitted),
        dots=_dots(comparison, fits),
        table=_comparison_table(comparison),
        differences=_differences(comparison.differences),
        regions="".join(_region(one) for one in fitted),
        measures=_measures(fits),
        methods="".join(f"<p>{escaped(paragraph)}</p>" for paragraph in methods(fitted)),
        references=html_list(references(fitted)),
    )


def _section(title: str, content: str) -> str:
    return f"<section><h2>{escaped(title)}</h2>{content}</section>"


def _file(one: FittedRegion) -> str:
    return "A recording" if one.reference is None else one.reference.path.name


def _lead(fitted: tuple[FittedRegion, ...]) -> str:
    known = dict.fromkeys(
        describe_recording(one.recording) for one in fitted if one.recording is not None
    )
    count = len(fitted)
    regions = "one region" if count == 1 else f"{count} regions"
    version = fitted[0].region_fit.fit.provenance.package_version
    return "; ".join((*known, f"{regions} fitted with aphyn_gui {version}")) + "."


def _warnings(comparison: Comparison, fitted: tuple[FittedRegion, ...]) -> str:
    outdated = outdated_sentences(
        (region.name, one.changes) for region, one in zip(comparison.regions, fitted, strict=True)
    )
    warnings = (*comparison.region_warnings, *outdated)
    if not warnings:
        return ""
    return f'<section class="warning"><h2>Warnings</h2>{html_list(warnings)}</section>'


def _dots(comparison: Comparison, fits: list[RegionFit]) -> str:
    learned = {name for fit in fits for name in fit.fit.protocol.unknowns}
    parameters: dict[str, Parameter] = {}
    for fit in fits:
        parameters |= {p.name: p for p in ionic_model(fit.fit.protocol.physics).parameters}
    parameters |= {p.name: p for p in STIMULUS_PARAMETERS}
    pictures = [
        figures.parameter_dots(row, parameters[row.label], fits)
        for row in comparison.rows
        if row.label in learned and row.lower
    ]
    caption = (
        "Filled dots with lines: the hybrid with its 95 % interval. Dashed circles: the data do "
        "not identify the value. Small circles: the physics alone."
    )
    return _section(
        "Parameters",
        f'<div class="figures">{"".join(pictures)}</div><p class="caption">{caption}</p>',
    )


def _comparison_table(comparison: Comparison) -> str:
    header = ["", *(region.name for region in comparison.regions)]
    rows = [
        [
            f"{row.label} ({row.unit})" if row.unit else row.label,
            *(row.text(index) for index in range(len(comparison.regions))),
        ]
        for row in comparison.rows
    ]
    reasons = [
        f"{region.name}: {row.label} {row.flags[index]}."
        for row in comparison.rows
        for index, region in enumerate(comparison.regions)
        if row.flags and row.flags[index]
    ]
    meanings = html_table(("", "meaning"), [(row.label, row.meaning) for row in comparison.rows])
    return _section(
        "Comparison",
        html_table(header, rows)
        + (f"<h3>Not identified</h3>{html_list(reasons)}" if reasons else "")
        + f"<details><summary>What each line means</summary>{meanings}</details>",
    )


def _differences(differences: tuple[Difference, ...]) -> str:
    if not differences:
        return ""
    rows = [
        (
            d.name,
            f"{d.region} against {d.reference}",
            "–" if d.reason else f"{d.value:.3g}" + ("" if d.is_ratio else f" {d.unit}"),
            "–" if d.reason else f"{d.lower:.3g} to {d.upper:.3g}",
            d.sentence,
        )
        for d in differences
    ]
    header = ("parameter", "regions", "ratio or difference", "95 % interval", "in words")
    return _section("Differences", html_table(header, rows))


def _region(one: FittedRegion) -> str:
    fit = one.region_fit.fit
    pictures = [figures.action_potential(fit)]
    if fit.protocol.network is not None:
        pictures += [figures.decomposition(fit), figures.rates(fit)]
    if has_network_map(fit):
        pictures.append(network_plane(fit))
    chip = f'<span class="chip" style="background:{escaped(one.region.color)}"></span>'
    state = f"<p>{escaped(fit.message)}</p>" if fit.message else ""
    return (
        f"<h3>{chip}{escaped(one.region.name)}</h3>{state}"
        f'<div class="figures">{"".join(pictures)}</div>'
        f"<p>{escaped(shortfall_sentence(fit))}</p>"
    )


def _measures(fits: list[RegionFit]) -> str:
    header = ["", *(fit.region.name for fit in fits)]
    rows = [[label, *(_quartiles(fit, name) for fit in fits)] for label, name in _MEASURES]
    counts = [("pixels", *(str(fit.measured.pixel_count) for fit in fits))]
    counts += [("beats averaged", *(str(fit.measured.beat_count) for fit in fits))]
    return html_table(header, [*rows, *counts])


def _quartiles(fit: RegionFit, name: str) -> str:
    quartiles = getattr(fit.measured, name)
    if quartiles.median != quartiles.median:
        return "–"
    return f"{quartiles.median:.1f} ({quartiles.lower:.1f}–{quartiles.upper:.1f})"
