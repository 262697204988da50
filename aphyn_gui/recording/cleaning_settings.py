"""Settings of the cleaning steps that are off unless asked for: small frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from aphyn_gui.recording.errors import RecordingError

LONGEST_TIME_SCALE_MS = 100_000.0
LONGEST_REPAIR_FRAMES = 20
LONGEST_FILTER_FRAMES = 501
LARGEST_FILTER_ORDER = 9
LONGEST_SIGMA_MS = 1000.0


@dataclass(frozen=True, slots=True)
class SmoothBaseline:
    """A baseline by asymmetric least squares smoothing, instead of the polynomial.

    Parameters
    ----------
    time_scale_ms : float
        Period of the oscillation that is split half and half between baseline and signal, ms, 10
        to 100,000; slower ones go into the baseline. Two or three cycles follow bleaching and leave
        the beats.
    asymmetry : float
        Weight of samples above the baseline, in (0, 0.5]; those below weigh one minus it. 0.5 is
        an ordinary smoother; small values follow diastole.
    """

    time_scale_ms: float = 1000.0
    asymmetry: float = 0.01

    def __post_init__(self) -> None:
        if not 10 <= self.time_scale_ms <= LONGEST_TIME_SCALE_MS:
            raise RecordingError(
                "the time scale of the smooth baseline must lie between 10 and "
                f"{LONGEST_TIME_SCALE_MS:g} ms, got {self.time_scale_ms} ms"
            )
        if not 0 < self.asymmetry <= 0.5:
            raise RecordingError(
                "the asymmetry of the smooth baseline must lie above 0 and be at most 0.5, got "
                f"{self.asymmetry}"
            )


class TemporalKind(StrEnum):
    """Zero-phase filters in time."""

    SAVITZKY_GOLAY = "savitzky-golay"
    GAUSSIAN = "gaussian"
    BUTTERWORTH = "butterworth"
    MEDIAN = "median"


@dataclass(frozen=True, slots=True)
class TemporalFilter:
    """One zero-phase filter in time; each kind has its own of the settings below.

    Parameters
    ----------
    kind : TemporalKind
        Which filter.
    frames : int
        Window of Savitzky-Golay and of the median, frames, odd, 3 to 501.
    order : int
        Degree of Savitzky-Golay's polynomials, 0 to 9 and less than ``frames``.
    sigma_ms : float
        Standard deviation of the Gaussian, ms, above 0 to 1000.
    cut_off_hz : float
        Butterworth low-pass (order 2, forwards and backwards): frequency of which half the
        amplitude is left, Hz; below half the frame rate.
    """

    kind: TemporalKind = TemporalKind.SAVITZKY_GOLAY
    frames: int = 9
    order: int = 3
    sigma_ms: float = 2.0
    cut_off_hz: float = 100.0

    def __post_init__(self) -> None:
        if not 3 <= self.frames <= LONGEST_FILTER_FRAMES or self.frames % 2 == 0:
            raise RecordingError(
                "the window of the temporal filter must be an odd number of frames from 3 to "
                f"{LONGEST_FILTER_FRAMES}, got {self.frames}"
            )
        largest = min(LARGEST_FILTER_ORDER, self.frames - 1)
        if self.kind is TemporalKind.SAVITZKY_GOLAY and not 0 <= self.order <= largest:
            raise RecordingError(
                f"the order of a Savitzky-Golay filter over {self.frames} frames must lie between "
                f"0 and {largest}, got {self.order}"
            )
        if not 0 < self.sigma_ms <= LONGEST_SIGMA_MS:
            raise RecordingError(
                "the sigma of the temporal filter must lie above 0 and be at most "
                f"{LONGEST_SIGMA_MS:g} ms, got {self.sigma_ms} ms"
            )
        if not 0 < self.cut_off_hz < float("inf"):
            raise RecordingError(
                f"the cut-off of the temporal filter must be positive, got {self.cut_off_hz} Hz"
            )


@dataclass(frozen=True, slots=True)
class FrameRepair:
    """Look for faulty frames and saturated samples, and bridge the short ones.

    Parameters
    ----------
    longest_gap_frames : int
        Longest run that is interpolated, frames, 1 to 20. A longer one makes the beats it
        touches, or the saturated pixel, unusable.
    saturation_count : float or None
        Count at which the camera saturates; None: the largest the file can hold.
    """

    longest_gap_frames: int = 3
    saturation_count: float | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.longest_gap_frames <= LONGEST_REPAIR_FRAMES:
            raise RecordingError(
                f"the longest gap to repair must lie between 1 and {LONGEST_REPAIR_FRAMES} frames, "
                f"got {self.longest_gap_frames}"
            )
        if self.saturation_count is not None and not (0 < self.saturation_count < float("inf")):
            raise RecordingError(
                f"the count of saturation must be positive, got {self.saturation_count}"
            )
