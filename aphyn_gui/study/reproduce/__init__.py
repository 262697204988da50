"""The paper's experiments: tables and figures of one's own beside the paper's numbers.

Importing this package costs nothing; `reproduce` imports torch and matplotlib when it is called.
"""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

from aphyn_gui.study.reproduce.settings import (
    EXPERIMENTS,
    ON_RECORDINGS,
    ReproduceError,
    ReproduceProgress,
    ReproduceSettings,
    UserRecording,
    require_matplotlib,
)

if TYPE_CHECKING:
    from aphyn_gui.study.reproduce.experiments import Reproduction

__all__ = [
    "EXPERIMENTS",
    "ON_RECORDINGS",
    "ReproduceError",
    "ReproduceProgress",
    "ReproduceSettings",
    "UserRecording",
    "reproduce",
    "require_matplotlib",
]


def reproduce(
    settings: ReproduceSettings, folder: Path
) -> Generator[ReproduceProgress, None, Reproduction]:
    """Run the experiments and write their tables and figures into a folder.

    See `experiments.reproduce`.

    Raises
    ------
    ReproduceError
        If matplotlib is missing; nothing was done then.
    """
    require_matplotlib()
    from aphyn_gui.study.reproduce.experiments import reproduce as run

    return (yield from run(settings, folder))
