"""How a region of a recording becomes sequences: the settings, as one value."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import islice
from math import inf

from aphyn_gui.recording.cleaning_settings import FrameRepair, SmoothBaseline, TemporalFilter
from aphyn_gui.recording.errors import RecordingError
from aphyn_gui.recording.masks import Mask

LARGEST_SPATIAL_SIDE = 31
LARGEST_SPATIAL_SIGMA = 10.0

MEASURING_SIDE = 3
"""Side of the spatial mean of measures where no filter in space is asked for, pixels."""


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

    The cleaning steps are applied in this order: cut, frame repair, mask, spatial median, mean and
    Gaussian, polarity, baseline, temporal filter.

    Parameters
    ----------
    polarity : Polarity or None
        Direction of the fluorescence on depolarisation; None: the suggestion is taken.
    cut_start_ms, cut_end_ms : float or None
        Frames before the one and after the other are left out before everything else; times of
        the recording, from its first frame, ms. None: nothing is cut there.
    frame_repair : FrameRepair or None
        Faulty frames and saturated samples are looked for and bridged; None: they are not.
    mask : Mask or None
        Pixels it leaves out count for nothing; None: all are used.
    spatial_median : int
        Side of the square whose median each pixel becomes, pixels, odd, 1 to 31; 1: none.
    spatial_mean : int
        Side of the square over which pixels are averaged, pixels, odd, 1 to 31; 1: none.
    spatial_sigma : float
        Standard deviation of the Gaussian that blurs each frame, pixels, 0 to 10; 0: none.
    drift_order : int
        Degree of the polynomial baseline removed from each pixel, 0 to 9; 0 removes the mean only.
    baseline : SmoothBaseline or None
        Smooth baseline, removed instead of the polynomial; None: the polynomial.
    temporal_filter : TemporalFilter or None
        Zero-phase filter in time; it broadens the upstroke, by how much is noted. None: none.
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
    cut_start_ms: float | None = None
    cut_end_ms: float | None = None
    frame_repair: FrameRepair | None = None
    mask: Mask | None = None
    spatial_median: int = 1
    spatial_mean: int = 1
    spatial_sigma: float = 0.0
    drift_order: int = 1
    baseline: SmoothBaseline | None = None
    temporal_filter: TemporalFilter | None = None
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
        self._check_cut()
        for what, side in (("mean", self.spatial_mean), ("median", self.spatial_median)):
            if not 1 <= side <= LARGEST_SPATIAL_SIDE or side % 2 == 0:
                raise RecordingError(
                    f"the side of the spatial {what} must be odd and lie between 1 and "
                    f"{LARGEST_SPATIAL_SIDE} pixels, got {side}"
                )
        if not 0 <= self.spatial_sigma <= LARGEST_SPATIAL_SIGMA:
            raise RecordingError(
                "the sigma of the spatial Gaussian must lie between 0 and "
                f"{LARGEST_SPATIAL_SIGMA:g} pixels, got {self.spatial_sigma}"
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

    @property
    def filters_in_space(self) -> bool:
        """Whether any filter in space is asked for."""
        return self.spatial_median > 1 or self.spatial_mean > 1 or self.spatial_sigma > 0

    @property
    def measuring(self) -> Preparation:
        """What action potentials are measured under, for regions and for maps.

        As this, but averaged over all beats unless every other one was asked for, and over 3 x 3
        pixels where no filter in space was; what concerns sequences alone is as by default.
        """
        usual = Preparation()
        return replace(
            self,
            spatial_mean=self.spatial_mean if self.filters_in_space else MEASURING_SIDE,
            beat=None,
            ensemble=Ensemble.ALL if self.beat is not None else self.ensemble,
            horizon_ms=usual.horizon_ms,
            normalisation=usual.normalisation,
            split=usual.split,
            training_count=usual.training_count,
            validation_count=usual.validation_count,
            seed=usual.seed,
        )

    def _check_cut(self) -> None:
        start = 0.0 if self.cut_start_ms is None else self.cut_start_ms
        if not 0 <= start < float("inf"):
            raise RecordingError(
                f"the start of the cut must be a time from 0 ms on, got {self.cut_start_ms} ms"
            )
        if self.cut_end_ms is not None and not start < self.cut_end_ms < float("inf"):
            raise RecordingError(
                f"the end of the cut must lie after its start, {start:g} ms, got "
                f"{self.cut_end_ms} ms"
            )
