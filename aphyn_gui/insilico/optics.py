"""From a simulated potential to what a voltage-sensitive dye and a camera would have recorded."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from aphyn_gui.insilico.tissue import require_not_negative, require_positive

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
        Loss of fluorescence over a full action potential, as a fraction of the resting one.
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
        Counts; fluorescence falls on depolarisation. A last frame that the samples do not fill is
        left out.
    """
    if potential_mv.ndim != 3 or 0 in potential_mv.shape:
        raise ValueError(
            f"a movie has the shape (samples, rows, columns), not {potential_mv.shape}"
        )
    require_positive("sample_interval_ms", sample_interval_ms)
    require_positive("pixel_pitch_mm", pixel_pitch_mm)
    signal = (potential_mv - settings.resting_mv) / settings.amplitude_mv
    signal = _seen_through_depth(signal, sample_interval_ms, settings)
    signal = _exposed(signal, settings.frame_interval_ms / sample_interval_ms)
    blur = settings.lateral_blur_mm / pixel_pitch_mm
    signal = gaussian_filter(signal, sigma=(0.0, blur, blur), mode="nearest")

    frames, rows, columns = signal.shape
    brightness = settings.brightness_counts * _illumination(rows, columns, settings.vignetting)
    middles_s = (np.arange(frames) + 0.5) * settings.frame_interval_ms / 1000
    fading = np.exp(-settings.bleaching_per_s * middles_s)[:, None, None]
    counts = settings.offset_counts + brightness * fading * (
        1.0 - settings.fractional_change * signal
    )
    noise = np.random.default_rng(settings.seed).standard_normal(counts.shape)
    counts += settings.noise_fraction * settings.fractional_change * brightness * noise
    return np.asarray(np.clip(np.rint(counts), 0, FULL_SCALE_COUNTS), dtype=np.uint16)


def _seen_through_depth(
    signal: NDArray[np.floating], sample_interval_ms: float, settings: OpticsSettings
) -> NDArray[np.floating]:
    """Average over depth: deeper layers weigh less, exponentially, and are activated later."""
    delay_ms = settings.depth_mm / settings.depth_velocity_mm_per_ms
    if delay_ms == 0:
        return signal
    kept = np.exp(-sample_interval_ms / delay_ms)
    seen = np.empty_like(signal)
    # The tissue is taken to have been for ever as it is in the first sample.
    average = signal[0]
    for sample, now in zip(seen, signal, strict=True):
        average = kept * average + (1 - kept) * now
        sample[:] = average
    return seen


def _exposed(signal: NDArray[np.floating], samples_per_frame: float) -> NDArray[np.float64]:
    """Mean over each exposure, which need not be a whole number of samples."""
    samples = signal.shape[0]
    frames = int(samples / samples_per_frame + 1e-9)
    if samples_per_frame < 1 - 1e-9 or frames < 1:
        raise ValueError(
            "the frame interval must be at least the sample interval and at most the movie's "
            f"length: it is {samples_per_frame:.4g} samples of {samples}"
        )
    integral = np.concatenate([np.zeros_like(signal[:1]), signal], dtype=np.float64)
    np.cumsum(integral, axis=0, out=integral)
    edges = np.minimum(np.arange(frames + 1) * samples_per_frame, samples)
    whole = np.minimum(edges.astype(np.int64), samples - 1)
    part = (edges - whole)[:, None, None]
    at_edges = (1 - part) * integral[whole] + part * integral[whole + 1]
    exposed: NDArray[np.float64] = np.diff(at_edges, axis=0) / samples_per_frame
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
