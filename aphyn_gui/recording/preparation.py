"""How a region of a recording becomes sequences: the settings, as one value."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from math import inf

from aphyn_gui.recording.errors import RecordingError


class Polarity(StrEnum):
    """Direction of the fluorescence on depolarisation."""

    UP = "up"
    DOWN = "down"

    @property
    def sign(self) -> int:
        """Factor that makes depolarisation go up."""
        return 1 if self is Polarity.UP else -1

    @property
    def flipped(self) -> Polarity:
        """The other direction."""
        return Polarity.DOWN if self is Polarity.UP else Polarity.UP


class Ensemble(StrEnum):
    """Which complete beats are averaged, counted from 0: even are 0, 2, 4, ..."""

    ALL = "all"
    EVEN = "even"
    ODD = "odd"

    def of(self, beats: Iterable[int]) -> tuple[int, ...]:
        """Those of the beats that belong to it, by their place in the sequence."""
        first, step = {"all": (0, 1), "even": (0, 2), "odd": (1, 2)}[self.value]
        return tuple(int(beat) for beat in islice(beats, first, None, step))


class Normalisation(StrEnum):
    """What is mapped to v = 0 and v = 1, pixel by pixel."""

    MIN_MAX = "min-max"
    ROBUST = "robust"


class Split(StrEnum):
    """How pixels are shared between training and validation."""

    COUNTS = "counts"
    ALL_PIXELS = "all"


@dataclass(frozen=True, slots=True)
class Preparation:
    """Every choice between the camera's counts and the sequences a model is fitted to.

    Parameters
    ----------
    polarity : Polarity or None
        Direction of the fluorescence on depolarisation; None: the suggestion is taken.
    drift_order : int
        Degree of the polynomial baseline removed from each pixel, 0 to 9; 0 removes the mean only.
    spatial_mean : int
        Side of the square over which pixels are averaged, pixels, odd; 1: none.
    temporal_filter : bool
        Zero-phase Savitzky-Golay filter, 9 frames, order 3; broadens the upstroke.
    beat : int or None
        Which complete beat, from 0; None: the average over ``ensemble``.
    horizon_ms : float or None
        Length of a sequence, ms; None: 300 ms, or less where the next beat would begin.
    normalisation : Normalisation
        Minimum and maximum of the sequence (as in the paper), or robust percentiles of it.
    split : Split
        Fixed counts (10 and 5 in the paper), or all pixels, two to one.
    training_count, validation_count : int
        Sequences in each part when ``split`` is COUNTS.
    snr_limit : float
        Pixels whose signal-to-noise ratio is lower are left out.
    seed : int
        Seed of the draw of training and validation pixels.
    ensemble : Ensemble
        Which complete beats are averaged where ``beat`` is None; every other one in alternans.
    cycle_length_ms : float or None
        Time between beats as paced, ms; None: the median interval found.
    """

    polarity: Polarity | None = None
    drift_order: int = 1
    spatial_mean: int = 1
    temporal_filter: bool = False
    beat: int | None = 0
    horizon_ms: float | None = None
    normalisation: Normalisation = Normalisation.MIN_MAX
    split: Split = Split.COUNTS
    training_count: int = 10
    validation_count: int = 5
    snr_limit: float = 3.0
    seed: int = 0
    ensemble: Ensemble = Ensemble.ALL
    cycle_length_ms: float | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.drift_order <= 9:
            raise RecordingError(f"drift order must lie between 0 and 9, got {self.drift_order}")
        if self.spatial_mean < 1 or self.spatial_mean % 2 == 0:
            raise RecordingError(
                f"the side of the spatial mean must be odd and at least 1, got {self.spatial_mean}"
            )
        if self.beat is not None and self.beat < 0:
            raise RecordingError(f"beats are counted from 0, got {self.beat}")
        if self.horizon_ms is not None and not self.horizon_ms > 0:
            raise RecordingError(f"the horizon must be positive, got {self.horizon_ms} ms")
        if self.cycle_length_ms is not None and not 0 < self.cycle_length_ms < inf:
            raise RecordingError(
                f"the cycle length must be positive, got {self.cycle_length_ms} ms"
            )
        if self.training_count < 1 or self.validation_count < 1:
            raise RecordingError(
                "training and validation need at least one sequence each, got "
                f"{self.training_count} and {self.validation_count}"
            )
        if not self.snr_limit >= 0:
            raise RecordingError(f"the SNR limit must not be negative, got {self.snr_limit}")
