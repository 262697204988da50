"""From a simulated potential to what a voltage-sensitive dye and a camera would have recorded."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aphyn_gui.insilico.tissue import require_not_negative, require_positive
from aphyn_gui.recording import Polarity

FULL_SCALE_COUNTS = 65535


@dataclass(frozen=True)
class OpticsSettings:
    """Dye, light and camera.

    Attributes
    ----------
    frame_interval_ms : float
        Frame interval and exposure of the camera, ms.
    lateral_blur_mm : float
        Standard deviation of the scattering of light along the surface, mm.
    depth_mm : float
        Depth over which the contribution of the tissue falls by a factor e, mm.
    depth_velocity_mm_per_ms : float
        Speed at which the activation descends below the surface, mm/ms. With `depth_mm` it turns
        the steep upstroke of a cell into the optical one of several ms.
    fractional_change : float
        Change of fluorescence over a full action potential, as a fraction of the resting one.
    resting_mv, amplitude_mv : float
        Resting potential and amplitude of that full action potential, mV. The defaults are those
        of the resting slab.
    brightness_counts : float
        Resting fluorescence where the light is brightest, counts.
    offset_counts : float
        Dark level of the camera, counts.
    vignetting : float
        Fraction of the brightness lost in the darkest corner.
    bleaching_per_s : float
        Rate at which the fluorescence fades, 1/s.
    noise_fraction : float
        Standard deviation of the noise of a pixel, as a fraction of its action potential amplitude.
    seed : int
        Seed of the noise.
    polarity : Polarity
        Which way the fluorescence goes on depolarisation; most dyes lose it.
    """

    frame_interval_ms: float = 2.0
    lateral_blur_mm: float = 0.3
    depth_mm: float = 0.8
    depth_velocity_mm_per_ms: float = 0.4
    fractional_change: float = 0.05
    resting_mv: float = -85.2
    amplitude_mv: float = 121.2
    brightness_counts: float = 12000.0
    offset_counts: float = 600.0
    vignetting: float = 0.4
    bleaching_per_s: float = 0.01
    noise_fraction: float = 0.05
    seed: int = 0
    polarity: Polarity = Polarity.DOWN

    def __post_init__(self) -> None:
        for name in (
            "frame_interval_ms",
            "depth_velocity_mm_per_ms",
            "amplitude_mv",
            "brightness_counts",
        ):
            require_positive(name, getattr(self, name))
        for name in (
            "lateral_blur_mm",
            "depth_mm",
            "offset_counts",
            "bleaching_per_s",
            "noise_fraction",
        ):
            require_not_negative(name, getattr(self, name))
        for name in ("fractional_change", "vignetting"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"{name} must be in [0, 1), not {getattr(self, name)}")
        if self.brightness_counts + self.offset_counts > FULL_SCALE_COUNTS:
            raise ValueError(
                "brightness_counts and offset_counts together exceed the camera's full scale of "
                f"{FULL_SCALE_COUNTS}"
            )


def record_optically(
    potential_mv: NDArray[np.floating],
    sample_interval_ms: float,
    pixel_pitch_mm: float,
    settings: OpticsSettings,
) -> NDArray[np.uint16]:
    """Turn a movie of the potential into a camera's.

    Parameters
    ----------
    potential_mv : ndarray, shape (samples, rows, columns)
        Transmembrane potential, mV; a sample is the end of its interval, as in `SlabResult`.
    sample_interval_ms : float
        Time between samples, ms; at most the frame interval.
    pixel_pitch_mm : float
        Distance between nodes, which are the camera's pixels, mm.
    settings : OpticsSettings
        Dye, light and camera.

    Returns
    -------
    ndarray of uint16, shape (frames, rows, columns)
        Counts. A last frame that the samples do not fill is left out.
    """
    if potential_mv.ndim != 3 or 0 in potential_mv.shape:
        raise ValueError(
            f"a movie has the shape (samples, rows, columns), not {potential_mv.shape}"
        )
    _, rows, columns = potential_mv.shape
    camera = Camera(rows, columns, sample_interval_ms, pixel_pitch_mm, settings)
    frames = camera.record(potential_mv)
    if len(frames) == 0:
        raise ValueError(
            "the frame interval must be at most the movie's length: it is "
            f"{settings.frame_interval_ms / sample_interval_ms:.4g} samples of {len(potential_mv)}"
        )
    return frames


class Camera:
    """Records a movie of the potential piece by piece, so that it never has to be kept whole.

    Parameters
    ----------
    rows, columns : int
        Pixels, which are the slab's nodes.
    sample_interval_ms, pixel_pitch_mm, settings
        As for `record_optically`.
    """

    def __init__(
        self,
        rows: int,
        columns: int,
        sample_interval_ms: float,
        pixel_pitch_mm: float,
        settings: OpticsSettings,
    ) -> None:
        require_positive("sample_interval_ms", sample_interval_ms)
        require_positive("pixel_pitch_mm", pixel_pitch_mm)
        self._samples_per_frame = settings.frame_interval_ms / sample_interval_ms
        if self._samples_per_frame < 1 - 1e-9:
            raise ValueError(
                f"the frame interval ({settings.frame_interval_ms} ms) must be at least the "
                f"sample interval ({sample_interval_ms} ms)"
            )
        self._settings = settings
        self._blur = settings.lateral_blur_mm / pixel_pitch_mm
        self._brightness = settings.brightness_counts * _illumination(
            rows, columns, settings.vignetting
        )
        delay_ms = settings.depth_mm / settings.depth_velocity_mm_per_ms
        self._kept = float(np.exp(-sample_interval_ms / delay_ms)) if delay_ms > 0 else 0.0
        self._depth_mean: NDArray[np.float64] | None = None
        self._noise = np.random.default_rng(settings.seed)
        self._waiting = np.empty((0, rows, columns))
        self._start = 0.0
        """Where the next exposure begins in the samples that wait, in samples."""
        self._frames = 0

    def record(self, potential_mv: NDArray[np.floating]) -> NDArray[np.uint16]:
        """Frames that the next samples complete; those that complete none wait.

        Parameters
        ----------
        potential_mv : ndarray, shape (samples, rows, columns)
            Transmembrane potential, mV, where the previous piece ended.

        Returns
        -------
        ndarray of uint16, shape (frames, rows, columns)
            Counts, possibly of no frame.
        """
        # Imported when needed: the window knows the demo, and scipy would double its start.
        from scipy.ndimage import gaussian_filter

        settings = self._settings
        signal = (potential_mv - settings.resting_mv) / settings.amplitude_mv
        signal = self._exposed(self._seen_through_depth(signal))
        signal = gaussian_filter(signal, sigma=(0.0, self._blur, self._blur), mode="nearest")
        numbers = self._frames + np.arange(len(signal))
        self._frames += len(signal)
        middles_s = (numbers + 0.5) * settings.frame_interval_ms / 1000
        fading = np.exp(-settings.bleaching_per_s * middles_s)[:, None, None]
        counts = settings.offset_counts + self._brightness * fading * (
            1.0 + settings.polarity.sign * settings.fractional_change * signal
        )
        noise = self._noise.standard_normal(counts.shape)
        counts += settings.noise_fraction * settings.fractional_change * self._brightness * noise
        return np.asarray(np.clip(np.rint(counts), 0, FULL_SCALE_COUNTS), dtype=np.uint16)

    def _seen_through_depth(self, signal: NDArray[np.floating]) -> NDArray[np.floating]:
        """Average over depth: deeper layers weigh less, exponentially, and come later."""
        seen = np.empty_like(signal)
        if self._depth_mean is None:
            # The tissue is taken to have been for ever as it is in the first sample.
            self._depth_mean = np.asarray(signal[0], dtype=np.float64)
        mean = self._depth_mean
        for sample, now in zip(seen, signal, strict=True):
            mean = self._kept * mean + (1 - self._kept) * now
            sample[:] = mean
        self._depth_mean = mean
        return seen

    def _exposed(self, signal: NDArray[np.floating]) -> NDArray[np.float64]:
        """Mean over each exposure, which need not be a whole number of samples."""
        waiting = np.concatenate([self._waiting, signal], dtype=np.float64)
        samples, per_frame = len(waiting), self._samples_per_frame
        frames = int((samples - self._start) / per_frame + 1e-9)
        edges = np.minimum(self._start + np.arange(frames + 1) * per_frame, samples)
        whole = np.minimum(edges.astype(np.int64), samples - 1)
        part = (edges - whole)[:, None, None]
        integral = np.concatenate([np.zeros_like(waiting[:1]), waiting])
        np.cumsum(integral, axis=0, out=integral)
        at_edges = (1 - part) * integral[whole] + part * integral[whole + 1]
        done = int(edges[-1])
        self._waiting, self._start = waiting[done:].copy(), float(edges[-1]) - done
        exposed: NDArray[np.float64] = np.diff(at_edges, axis=0) / per_frame
        return exposed


def _illumination(rows: int, columns: int, vignetting: float) -> NDArray[np.float64]:
    """Relative brightness, shape (rows, columns): 1 beside the centre, less towards the corners."""
    # A lamp is never quite centred, so that no symmetry of the image hides a mistake.
    down = (np.arange(rows) + 0.5)[:, None] / rows - 0.45
    right = (np.arange(columns) + 0.5)[None, :] / columns - 0.55
    distance = down**2 + right**2
    brightest, darkest = distance.min(), distance.max()
    span = darkest - brightest if darkest > brightest else 1.0
    return np.asarray(1.0 - vignetting * (distance - brightest) / span, dtype=np.float64)
