"""The paper's experiments, one after the other, each written as soon as it is done."""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from aphyn_gui.recording import RectangularRoi, open_recording
from aphyn_gui.study.reproduce import cases, figures, summary, tables, tissue
from aphyn_gui.study.reproduce.cases import Case
from aphyn_gui.study.reproduce.runs import Run, train
from aphyn_gui.study.reproduce.settings import (
    ON_RECORDINGS,
    ReproduceProgress,
    ReproduceSettings,
    UserRecording,
)
from aphyn_gui.study.reproduce.tables import Result
from aphyn_gui.study.writing import write_text, write_whole

_SIMULATION_S = 3.0

_SLAB, _PAIR, _RECORDING = "slab", "pair", "recording"


@dataclass(frozen=True, slots=True)
class _Plan:
    """One experiment before it is done: what ``Result`` says, and what is fitted to what."""

    name: str
    title: str
    text: str
    data: str
    regions: tuple[str, ...]
    cases: tuple[Case, ...]
    has_paper: bool = False


@dataclass(frozen=True, slots=True)
class Reproduction:
    """What was done.

    Parameters
    ----------
    results : tuple of Result
        Finished experiments.
    files : tuple of Path
        Files written.
    elapsed_s : float
        Time of everything.
    """

    results: tuple[Result, ...]
    files: tuple[Path, ...]
    elapsed_s: float


def reproduce(
    settings: ReproduceSettings, folder: Path
) -> Generator[ReproduceProgress, None, Reproduction]:
    """Run the experiments and write their tables and figures.

    Parameters
    ----------
    settings : ReproduceSettings
        Which.
    folder : Path
        Created where it is missing; files of an earlier run are replaced, each when its successor
        is complete.

    Yields
    ------
    ReproduceProgress
        Before each simulation and each fit. Closing the generator keeps what is finished.

    Returns
    -------
    Reproduction
        Everything that was found and written.

    Raises
    ------
    RecordingError
        If the recording or one of its regions cannot be used; found before anything is fitted.
    """
    plans = _plans(settings)
    laboratory = _Laboratory(settings, folder)
    clock = _Clock(
        _SIMULATION_S * 2 * len({plan.data for plan in plans} - {_RECORDING})
        + sum(case.cost_s for case in _distinct_fits(plans, settings.seeds))
    )
    if settings.recording is not None:
        # A mistake in a region is told at once, not after minutes of simulated tissue.
        laboratory.prepare(_RECORDING)
    folder.mkdir(parents=True, exist_ok=True)
    results: list[Result] = []
    files: list[Path] = []
    for plan in plans:
        began = time.perf_counter()
        if not laboratory.has(plan.data):
            yield clock.report(f"{plan.name}: simulating tissue")
            laboratory.prepare(plan.data)
            clock.did(2 * _SIMULATION_S)
        runs: list[Run] = []
        for region in plan.regions:
            for case in plan.cases:
                for seed in range(settings.seeds):
                    where = f"{region}, " if region else ""
                    yield clock.report(f"{plan.name}: {where}{case.label}, seed {seed}")
                    run, is_new = laboratory.run(plan.data, region, case, seed)
                    runs.append(run)
                    if is_new:
                        clock.did(case.cost_s)
        elapsed_s = time.perf_counter() - began
        result = Result(plan.name, plan.title, plan.text, tuple(runs), plan.has_paper, elapsed_s)
        yield clock.report(f"{plan.name}: writing")
        results.append(result)
        files += _write(result, folder)
        write_text(
            folder / "summary.md", summary.summary(settings, tuple(results), clock.elapsed_s)
        )
    files.append(folder / "summary.md")
    return Reproduction(tuple(results), tuple(files), clock.elapsed_s)


def _write(result: Result, folder: Path) -> Iterable[Path]:
    yield write_text(folder / f"{result.name}.csv", tables.to_csv(result))
    yield write_text(folder / f"{result.name}.md", tables.to_markdown(result))
    figure = figures.draw(result)
    for suffix in ("png", "svg"):
        yield write_whole(folder / f"{result.name}.{suffix}", partial(figures.save, figure, suffix))


def _plans(settings: ReproduceSettings) -> tuple[_Plan, ...]:
    quick = settings.is_quick
    slab_text = (
        "Trained on ten nodes of a slab stimulated in its corner, validated on five nodes of one "
        "stimulated in its centre. The paper gives no number for this figure at hand: its column "
        "is a dash."
    )
    pair_text = (
        "A simulated recording (fluorescence, 3.7 ms frames, 5 % noise) whose right half is "
        "ischaemic, cut as the window cuts any recording. The paper's numbers are those of its own "
        "recordings of swine, ROI A and ROI B: they stand beside ours for their size, since it is "
        "not the same tissue."
    )
    plans: list[_Plan] = []
    for name in settings.experiments:
        match name:
            case "fig3a" | "fig3b":
                is_a = name == "fig3a"
                learned = cases.TWO_LEARNED if is_a else cases.THREE_LEARNED
                title = f"Fig. 3{'a' if is_a else 'b'}: {len(learned)} learned parameters"
                plans.append(
                    _Plan(
                        name, title, slab_text, _SLAB, ("",),
                        cases.figure_3_cases(learned, is_quick=quick),
                    )
                )  # fmt: skip
            case "fig4" | "table1":
                number = "Fig. 4" if name == "fig4" else "Table 1"
                regions = tuple(region for region, _ in tissue.PairDesign().regions)
                plans.append(
                    _Plan(
                        name, f"{number}: a simulated healthy and ischaemic pair", pair_text,
                        _PAIR, regions, cases.region_cases(is_quick=quick), has_paper=True,
                    )
                )  # fmt: skip
            case _:
                plans.append(
                    _Plan(
                        name, "Ablation: one thing changed at a time",
                        "The slab of Fig. 3b (three learned parameters), by the recommended "
                        "protocol, and the paper's for the schedule of λ. The paper has no "
                        "ablation.",
                        _SLAB, ("",), cases.ablation_cases(is_quick=quick),
                    )
                )  # fmt: skip
        if settings.recording is not None and name in ON_RECORDINGS:
            plans.append(_on_recording(name, settings.recording, quick=quick))
    return tuple(plans)


def _on_recording(name: str, recording: UserRecording, *, quick: bool) -> _Plan:
    return _Plan(
        f"{name}-recording",
        f"{'Fig. 4' if name == 'fig4' else 'Table 1'}: {recording.path.name}",
        "Regions of a recording, cut as the window cuts them. The paper's ROI A stands beside the "
        "first region, its ROI B (ischaemic) beside the second.",
        _RECORDING,
        tuple(region for region, _ in recording.regions),
        cases.region_cases(is_quick=quick),
        has_paper=True,
    )


def _distinct_fits(plans: Iterable[_Plan], seeds: int) -> list[Case]:
    """Every fit that is really done, once."""
    fits = {
        (plan.data, region, case.protocol_key, seed): case
        for plan in plans
        for region in plan.regions
        for case in plan.cases
        for seed in range(seeds)
    }
    return list(fits.values())


class _Laboratory:
    """Data and fits, each made once."""

    def __init__(self, settings: ReproduceSettings, folder: Path) -> None:
        self._settings = settings
        self._folder = folder
        self._slab = tissue.SlabDesign.of(is_quick=settings.is_quick)
        self._pair = tissue.PairDesign.of(is_quick=settings.is_quick)
        self._sources: dict[tuple[str, str], tissue.Source] = {}
        self._runs: dict[tuple[str, str, str, int], Run] = {}

    def has(self, data: str) -> bool:
        """Whether these data are there."""
        return any(kind == data for kind, _ in self._sources)

    def prepare(self, data: str) -> None:
        """Simulate, or read, what an experiment is fitted to."""
        if data == _SLAB:
            corner = tissue.simulate_nodes(self._slab, is_central=False)
            centre = tissue.simulate_nodes(self._slab, is_central=True)
            self._sources[data, ""] = lambda seed: tissue.draw_nodes(
                corner, centre, self._slab, seed
            )
        elif data == _PAIR:
            self._add_regions(data, self._pair.write(self._folder), None, self._pair.regions)
        else:
            recording = self._settings.recording
            assert recording is not None
            self._add_regions(data, recording.path, recording.frame_interval_ms, recording.regions)

    def _add_regions(
        self,
        data: str,
        path: Path,
        frame_interval_ms: float | None,
        regions: tuple[tuple[str, RectangularRoi], ...],
    ) -> None:
        recording = open_recording(path, frame_interval_ms=frame_interval_ms)
        for name, roi in regions:
            samples = [
                tissue.draw_pixels(recording, roi, seed) for seed in range(self._settings.seeds)
            ]
            self._sources[data, name] = samples.__getitem__

    def run(self, data: str, region: str, case: Case, seed: int) -> tuple[Run, bool]:
        """The fit, and whether it had to be done now."""
        key = (data, region, case.protocol_key, seed)
        is_new = key not in self._runs
        if is_new:
            self._runs[key] = train(region, case, seed, self._sources[data, region](seed))
        found = self._runs[key]
        return Run(region, case, seed, found.sample, found.fit, found.scores), is_new


class _Clock:
    """Time spent, and what that says about the rest."""

    def __init__(self, cost_s: float) -> None:
        self._began = time.perf_counter()
        self._cost_s = max(cost_s, 1e-9)
        self._done_s = 0.0

    @property
    def elapsed_s(self) -> float:
        """Since the start, s."""
        return time.perf_counter() - self._began

    def did(self, cost_s: float) -> None:
        """Note a piece of work by its estimated cost."""
        self._done_s += cost_s

    def report(self, text: str) -> ReproduceProgress:
        """Where things stand."""
        fraction = min(self._done_s / self._cost_s, 1.0)
        elapsed_s = self.elapsed_s
        remaining_s = elapsed_s * (1 / fraction - 1) if fraction > 0 else math.nan
        return ReproduceProgress(text, fraction, elapsed_s, remaining_s)
