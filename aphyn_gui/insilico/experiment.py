"""A simulated recording as one value: slab, stimuli, ischaemic region, camera and noise.

:mod:`.simulation` runs it. Tissue and equations: :mod:`.monodomain` and :mod:`.ten_tusscher`; the
camera: :mod:`.optics`.
"""

import math
from dataclasses import dataclass
from enum import StrEnum

from aphyn_gui.insilico.monodomain import STABLE_DIFFUSION_NUMBER, SlabSettings
from aphyn_gui.insilico.optics import OpticsSettings
from aphyn_gui.insilico.tissue import Disc, IschaemicRegion, Rectangle, Stimulus
from aphyn_gui.recording import Polarity

NODES = (4, 1024)
"""Fewest and most rows or columns."""
SPACING_MM = (0.05, 0.5)
"""Finer takes steps without number; coarser slows conduction by more than a sixth."""
FRAME_INTERVAL_MS = (0.1, 20.0)
LONGEST_MS = 60_000.0
"""Longest recording, and longest conditioning before it, ms."""
LARGEST_FILE_BYTES = 2**30
"""The movie is kept in memory, as 16-bit counts, until it is complete."""
MOST_BEATS = 1000
SHORTEST_CYCLE_MS = 50.0
LARGEST_NOISE = 2.0
LARGEST_BLUR_MM = 5.0
POTASSIUM_MM = (2.0, 20.0)
LARGEST_SEED = 2**31 - 1

TYPICAL_CELL_STEPS_PER_S = 8e6
"""Speed of one core of an ordinary machine, for estimates before anything was measured."""

# Against 0.01 ms: conduction 2 % slower, action potential duration within 0.2 ms.
_LONGEST_STEP_MS = 0.02
_SAMPLE_INTERVAL_MS = 0.5
_DIFFUSION_MM2_PER_MS = 0.154
_STABILITY_MARGIN = 0.9

_STIMULUS_SIDE_MM = 1.5
_STIMULUS_EDGE_MM = 0.75
_STIMULUS_DURATION_MS = 2.0
_STIMULUS_MV_PER_MS = 50.0
_LARGEST_KATP = 1.0
_LARGEST_FACTOR = 10.0


class ExperimentError(ValueError):
    """An experiment that cannot be done; the message is meant for the user.

    Parameters
    ----------
    field : str
        Attribute of `SimulatedExperiment` that is at fault, or "path".
    message : str
        What is wrong, and what would do.
    """

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class StimulusSite(StrEnum):
    """Usual places of the stimulus; any other is a `Rectangle` of nodes."""

    CORNER = "corner"
    CENTRE = "centre"
    EDGE = "edge"


class Signal(StrEnum):
    """What is recorded.

    Fluorescence is what a camera sees of a voltage-sensitive dye: blurred in depth and along the
    surface, unevenly lit, bleaching. The potential is the simulation's own, with noise only.
    """

    FLUORESCENCE = "fluorescence"
    POTENTIAL = "potential"


class Severity(StrEnum):
    """Three grades of acute ischaemia; a first action potential keeps 78, 54 and 33 % of itself."""

    MILD = "mild"
    MODERATE = "moderate"
    SEVERE = "severe"

    def region(self, shape: Rectangle | Disc) -> IschaemicRegion:
        """A region of this grade."""
        potassium, factor, katp = _GRADES[self]
        return IschaemicRegion(
            shape,
            extracellular_potassium_mm=potassium,
            sodium_factor=factor,
            calcium_factor=factor,
            katp_conductance=katp,
        )


_GRADES = {
    Severity.MILD: (6.5, 0.92, 0.008),
    Severity.MODERATE: (7.5, 0.85, 0.016),
    Severity.SEVERE: (9.0, 0.75, 0.025),
}
"""Extracellular potassium, mM; remaining gNa and gCaL; gKATP, nS/pF."""


@dataclass(frozen=True)
class SimulatedExperiment:
    """A slab of ventricular epicardium, what is done to it, and how it is recorded.

    Attributes
    ----------
    rows, columns : int
        Nodes of the slab, which are the pixels of the recording; 4 to 1024.
    spacing_mm : float
        Distance between nodes, mm; 0.05 to 0.5.
    stimulus : StimulusSite or Rectangle
        Where the slab is paced: a square of 1.5 mm in the top left corner or in the centre, a
        strip of 0.75 mm along the left edge, or any rectangle of nodes. 50 mV/ms for 2 ms.
    stimulus_time_ms : float
        First stimulus after the recording's start, ms.
    beats : int
        Stimuli in the recording; 0 leaves the slab at rest.
    cycle_length_ms : float
        Time between stimuli, ms; at least 50.
    conditioning_beats : int
        Stimuli before the recording starts: the action potential changes over the first ones.
    duration_ms : float
        Length of the recording, ms; up to 60,000.
    ischaemia : IschaemicRegion or None
        Changed tissue, if any.
    signal : Signal
        Fluorescence, or the potential itself.
    polarity : Polarity
        Which way the fluorescence goes on depolarisation; the potential always goes up.
    lateral_blur_mm : float
        Standard deviation of the scattering of the fluorescence along the surface, mm.
    noise_fraction : float
        Standard deviation of the noise, as a fraction of the action potential's amplitude.
    frame_interval_ms : float
        Time between frames and, for fluorescence, exposure, ms; 0.1 to 20.
    seed : int
        Seed of the noise; the same experiment gives the same file, byte for byte.

    Raises
    ------
    ExperimentError
        With the attribute at fault, if the experiment cannot be done or its file would exceed
        1 GiB.
    """

    rows: int = 64
    columns: int = 64
    spacing_mm: float = 0.25
    stimulus: StimulusSite | Rectangle = StimulusSite.CORNER
    stimulus_time_ms: float = 50.0
    beats: int = 1
    cycle_length_ms: float = 450.0
    conditioning_beats: int = 0
    duration_ms: float = 500.0
    ischaemia: IschaemicRegion | None = None
    signal: Signal = Signal.FLUORESCENCE
    polarity: Polarity = Polarity.DOWN
    lateral_blur_mm: float = 0.3
    noise_fraction: float = 0.05
    frame_interval_ms: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        self._check_whole("rows", *NODES)
        self._check_whole("columns", *NODES)
        self._check_number("spacing_mm", "mm", *SPACING_MM)
        self._check_number("frame_interval_ms", "ms", *FRAME_INTERVAL_MS)
        self._check_number("duration_ms", "ms", 2 * self.frame_interval_ms, LONGEST_MS)
        self._check_number("stimulus_time_ms", "ms", 0.0, self.duration_ms)
        self._check_whole("beats", 0, MOST_BEATS)
        self._check_whole("conditioning_beats", 0, MOST_BEATS)
        self._check_number("cycle_length_ms", "ms", SHORTEST_CYCLE_MS, LONGEST_MS)
        self._check_number("noise_fraction", "of the amplitude", 0.0, LARGEST_NOISE)
        self._check_number("lateral_blur_mm", "mm", 0.0, LARGEST_BLUR_MM)
        self._check_whole("seed", 0, LARGEST_SEED)
        self._check_beats()
        if not isinstance(self.stimulus, StimulusSite | Rectangle):
            raise ExperimentError(
                "stimulus",
                f"the stimulus must be a StimulusSite or a Rectangle, not {self.stimulus!r}",
            )
        if not self.stimulus_rectangle.fits(self.rows, self.columns):
            raise ExperimentError(
                "stimulus",
                f"the stimulus on {_rectangle_text(self.stimulus_rectangle)} reaches outside the "
                f"slab of {self.rows} rows by {self.columns} columns: move it, or enlarge the slab",
            )
        if self.ischaemia is not None:
            self._check_ischaemia(self.ischaemia)
        if self.file_bytes > LARGEST_FILE_BYTES:
            raise ExperimentError(
                "duration_ms",
                f"the recording would hold {self.frame_count} frames of {self.rows} x "
                f"{self.columns}, {self.file_bytes / 2**30:.1f} GiB, and at most "
                f"{LARGEST_FILE_BYTES / 2**30:.0f} GiB is possible: shorten it, lengthen the frame "
                "interval, or take a smaller slab",
            )

    @property
    def frame_count(self) -> int:
        """Frames of the recording."""
        return int(self.duration_ms / self.frame_interval_ms + 1e-6)

    @property
    def file_bytes(self) -> int:
        """Size of the recording's frames in the file, bytes; its header takes little more."""
        return 2 * self.frame_count * self.rows * self.columns

    @property
    def cell_steps(self) -> int:
        """Integration steps of all cells together: what the simulation costs."""
        slab = self.slab()
        return self.rows * self.columns * round(slab.duration_ms / slab.time_step_ms)

    @property
    def stimulus_rectangle(self) -> Rectangle:
        """Stimulated nodes."""
        if isinstance(self.stimulus, Rectangle):
            return self.stimulus
        if self.stimulus is StimulusSite.EDGE:
            width = max(round(_STIMULUS_EDGE_MM / self.spacing_mm), 2)
            return Rectangle(0, 0, self.rows, min(width, self.columns))
        if self.stimulus is StimulusSite.CORNER:
            return self.square_around(0, 0)
        return self.square_around(self.rows // 2, self.columns // 2)

    def square_around(self, row: int, column: int) -> Rectangle:
        """The usual stimulus, a square of 1.5 mm, around a node; moved where the slab ends.

        Raises
        ------
        ExperimentError
            If the node does not lie in the slab.
        """
        if not (0 <= row < self.rows and 0 <= column < self.columns):
            raise ExperimentError(
                "stimulus",
                f"row {row}, column {column} lies outside the slab of {self.rows} rows by "
                f"{self.columns} columns, which are counted from 0",
            )
        side = max(round(_STIMULUS_SIDE_MM / self.spacing_mm), 2)
        height, width = min(side, self.rows), min(side, self.columns)
        return Rectangle(
            min(max(row - height // 2, 0), self.rows - height),
            min(max(column - width // 2, 0), self.columns - width),
            height,
            width,
        )

    def slab(self) -> SlabSettings:
        """The simulation behind the recording; its output are the camera's samples."""
        samples, steps = self.samples_per_frame, self._steps_per_sample
        lead_ms = self._lead_frames * self.frame_interval_ms
        first_ms = lead_ms - self.conditioning_beats * self.cycle_length_ms + self.stimulus_time_ms
        return SlabSettings(
            rows=self.rows,
            columns=self.columns,
            spacing_mm=self.spacing_mm,
            duration_ms=lead_ms + self.frame_count * self.frame_interval_ms,
            time_step_ms=self.frame_interval_ms / (samples * steps),
            diffusion_mm2_per_ms=_DIFFUSION_MM2_PER_MS,
            output_interval_ms=self.frame_interval_ms / samples,
            output_start_ms=lead_ms,
            stimuli=tuple(
                Stimulus(
                    self.stimulus_rectangle,
                    time_ms=first_ms + beat * self.cycle_length_ms,
                    duration_ms=_STIMULUS_DURATION_MS,
                    strength_mv_per_ms=_STIMULUS_MV_PER_MS,
                )
                for beat in range(self.conditioning_beats + self.beats)
            ),
            ischaemia=self.ischaemia,
        )

    def optics(self) -> OpticsSettings:
        """The camera of a recording of the fluorescence."""
        return OpticsSettings(
            frame_interval_ms=self.frame_interval_ms,
            lateral_blur_mm=self.lateral_blur_mm,
            noise_fraction=self.noise_fraction,
            seed=self.seed,
            polarity=self.polarity,
        )

    @property
    def samples_per_frame(self) -> int:
        """Samples of the potential in one exposure; the potential itself is sampled once."""
        if self.signal is Signal.POTENTIAL:
            return 1
        return math.ceil(self.frame_interval_ms / _SAMPLE_INTERVAL_MS - 1e-9)

    @property
    def _steps_per_sample(self) -> int:
        # The step divides the frame interval, so that no frame is ever between two steps.
        stable = STABLE_DIFFUSION_NUMBER * self.spacing_mm**2 / _DIFFUSION_MM2_PER_MS
        longest = min(_LONGEST_STEP_MS, _STABILITY_MARGIN * stable)
        return math.ceil(self.frame_interval_ms / self.samples_per_frame / longest - 1e-9)

    @property
    def _lead_frames(self) -> int:
        """Frames that conditioning takes and that are not recorded."""
        lead_ms = self.conditioning_beats * self.cycle_length_ms
        return math.ceil(lead_ms / self.frame_interval_ms - 1e-9)

    def _check_whole(self, field: str, lowest: int, highest: int) -> None:
        value = getattr(self, field)
        if not isinstance(value, int) or isinstance(value, bool) or not lowest <= value <= highest:
            raise ExperimentError(
                field,
                f"{_words(field)} must be a whole number from {lowest} to {highest}, not {value!r}",
            )

    def _check_number(self, field: str, unit: str, lowest: float, highest: float) -> None:
        value = getattr(self, field)
        # Written so that NaN fails too.
        if not lowest <= value <= highest:
            raise ExperimentError(
                field,
                f"{_words(field)} must be from {lowest:g} to {highest:g} {unit}, not {value:g}",
            )

    def _check_beats(self) -> None:
        last_ms = self.stimulus_time_ms + (self.beats - 1) * self.cycle_length_ms
        if last_ms > self.duration_ms:
            raise ExperimentError(
                "beats",
                f"the last of {self.beats} beats would begin at {last_ms:g} ms, after the "
                f"recording's end at {self.duration_ms:g} ms: ask for fewer beats or a longer "
                "recording",
            )
        lead_ms = self.conditioning_beats * self.cycle_length_ms
        if lead_ms > LONGEST_MS:
            raise ExperimentError(
                "conditioning_beats",
                f"{self.conditioning_beats} conditioning beats take {lead_ms:g} ms, and at most "
                f"{LONGEST_MS:g} ms are possible: ask for fewer",
            )

    def _check_ischaemia(self, region: IschaemicRegion) -> None:
        if not region.shape.fits(self.rows, self.columns):
            raise ExperimentError(
                "ischaemia",
                f"the ischaemic {_shape_text(region.shape)} reaches outside the slab of "
                f"{self.rows} rows by {self.columns} columns: move it, or enlarge the slab",
            )
        for name, value, (lowest, highest) in (
            ("extracellular potassium", region.extracellular_potassium_mm, POTASSIUM_MM),
            ("the sodium factor", region.sodium_factor, (0.0, _LARGEST_FACTOR)),
            ("the calcium factor", region.calcium_factor, (0.0, _LARGEST_FACTOR)),
            ("the factor of gKr", region.rapid_rectifier_factor, (0.0, _LARGEST_FACTOR)),
            ("the factor of gKs", region.slow_rectifier_factor, (0.0, _LARGEST_FACTOR)),
            ("gKATP", region.katp_conductance, (0.0, _LARGEST_KATP)),
        ):
            if not lowest <= value <= highest:
                raise ExperimentError(
                    "ischaemia",
                    f"{name} of the ischaemic region must be from {lowest:g} to {highest:g}, "
                    f"not {value:g}",
                )


def _words(field: str) -> str:
    """The name of an attribute without its unit."""
    for unit in ("_mm", "_ms", "_fraction"):
        field = field.removesuffix(unit)
    return field.replace("_", " ")


def _rectangle_text(site: Rectangle) -> str:
    return (
        f"rows {site.row} to {site.row + site.height - 1} and columns {site.column} to "
        f"{site.column + site.width - 1}"
    )


def _shape_text(shape: Rectangle | Disc) -> str:
    if isinstance(shape, Rectangle):
        return f"rectangle of {_rectangle_text(shape)}"
    return f"disc around row {shape.row:g}, column {shape.column:g}"
