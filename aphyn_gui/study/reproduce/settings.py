"""What is to be reproduced, as one value, and what it says while it runs."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path

from aphyn_gui.recording import RectangularRoi
from aphyn_gui.study.study import StudyError

EXPERIMENTS = ("fig3a", "fig3b", "fig4", "table1", "ablation")
"""Names of the experiments, in the order in which they run."""

ON_RECORDINGS = ("fig4", "table1")
"""Experiments that are repeated on a recording of the user's, where one is given."""

MOST_SEEDS = 100


class ReproduceError(StudyError):
    """An experiment that cannot be done; the message is meant for the user."""


@dataclass(frozen=True, slots=True)
class UserRecording:
    """A recording of the user's, and the regions to compare in it.

    Parameters
    ----------
    path : Path
        File.
    regions : tuple of (str, RectangularRoi)
        Names and pixels; the first stands beside the paper's ROI A, the second beside ROI B.
    frame_interval_ms : float or None
        Where the file does not say it, ms.
    """

    path: Path
    regions: tuple[tuple[str, RectangularRoi], ...]
    frame_interval_ms: float | None = None

    def __post_init__(self) -> None:
        if not self.regions:
            raise ReproduceError(
                f"{self.path}: say which regions to compare, by --roi NAME=x,y,width,height"
            )
        names = [name for name, _ in self.regions]
        if len(set(names)) != len(names):
            raise ReproduceError(f"the names of the regions repeat: {', '.join(names)}")


@dataclass(frozen=True, slots=True)
class ReproduceSettings:
    """Which experiments, on what, how often.

    Parameters
    ----------
    experiments : tuple of str
        Some of ``EXPERIMENTS``.
    seeds : int
        Repeats: each draws its own nodes, noise and network.
    is_quick : bool
        A smaller slab, a shorter horizon and a few epochs: shows that all works, means nothing.
    recording : UserRecording or None
        Repeat Fig. 4 and Table 1 on it.
    """

    experiments: tuple[str, ...] = EXPERIMENTS
    seeds: int = 3
    is_quick: bool = False
    recording: UserRecording | None = None

    def __post_init__(self) -> None:
        if not self.experiments:
            raise ReproduceError(f"choose an experiment: {', '.join(EXPERIMENTS)}")
        for name in self.experiments:
            if name not in EXPERIMENTS:
                raise ReproduceError(
                    f"there is no experiment {name!r}; choose from: {', '.join(EXPERIMENTS)}"
                )
        if not 1 <= self.seeds <= MOST_SEEDS:
            raise ReproduceError(f"the seeds must be 1 to {MOST_SEEDS}, not {self.seeds}")
        if self.recording is not None and not set(self.experiments) & set(ON_RECORDINGS):
            raise ReproduceError(
                f"a recording is used by {' and '.join(ON_RECORDINGS)} only; ask for one of them"
            )


@dataclass(frozen=True, slots=True)
class ReproduceProgress:
    """How far the experiments have come.

    Parameters
    ----------
    text : str
        What is being done.
    fraction : float
        Share of the whole work that is done, 0 to 1, as far as can be estimated.
    elapsed_s, remaining_s : float
        Time spent, and estimated to come, s; the latter NaN at the start.
    """

    text: str
    fraction: float
    elapsed_s: float
    remaining_s: float


def require_matplotlib() -> None:
    """Raise, before any work is done, where figures cannot be drawn.

    Raises
    ------
    ReproduceError
        With the command that installs what is missing.
    """
    if importlib.util.find_spec("matplotlib") is None:
        raise ReproduceError(
            "figures need matplotlib, which is not installed: run "
            "'pip install \"aphyn-gui[figures]\"' (in a checkout: 'pip install \".[figures]\"')"
        )
