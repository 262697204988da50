"""Every setting of a preparation as a row of the panel: words, field, and where it belongs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from aphyn_gui.gui.setting_fields import (
    CheckField,
    ChoiceField,
    NumberField,
    SettingField,
    WholeField,
)
from aphyn_gui.recording import (
    FrameRepair,
    Normalisation,
    Preparation,
    SmoothBaseline,
    Split,
    TemporalFilter,
    TemporalKind,
)

_LONGEST_MS = 1e7
_LARGEST_COUNT = 10_000
_LARGEST_SEED = 2**31 - 1
_WHOLE = 10**9


@dataclass(frozen=True, slots=True)
class Row:
    """One setting.

    Parameters
    ----------
    key : str
        Name of its field.
    label : str
        What stands before it.
    make : callable
        A new field.
    span, meaning : str
        Range with unit, and a sentence or two.
    get : callable
        Its value in a preparation.
    put : callable
        A preparation with another value; may raise RecordingError.
    is_shown : callable
        Whether it plays a role in a preparation.
    """

    key: str
    label: str
    make: Callable[[], SettingField]
    span: str
    meaning: str
    get: Callable[[Preparation], Any]
    put: Callable[[Preparation, Any], Preparation]
    is_shown: Callable[[Preparation], bool] = lambda _: True

    @property
    def tooltip(self) -> str:
        """Name, range and meaning."""
        return f"<b>{self.label or self.key}</b><br>Range: {self.span}<br>{self.meaning}"


@dataclass(frozen=True, slots=True)
class Section:
    """Rows that belong together.

    Parameters
    ----------
    key, title, meaning : str
        Name, heading, and a sentence about it.
    names : tuple of str
        Fields of `Preparation` that it edits.
    rows : tuple of Row
        In order.
    is_open : bool
        Whether its rows are seen at first.
    """

    key: str
    title: str
    meaning: str
    names: tuple[str, ...]
    rows: tuple[Row, ...]
    is_open: bool = True

    def reset(self, preparation: Preparation) -> Preparation:
        """The preparation with this section's settings as by default."""
        default = Preparation()
        return replace(preparation, **{name: getattr(default, name) for name in self.names})


def _plain(name: str) -> tuple[Callable[[Preparation], Any], Any]:
    """How a field of the preparation itself is read and replaced."""
    return (lambda p: getattr(p, name)), (lambda p, value: replace(p, **{name: value}))


def _inside(name: str, inner: str, default: Any) -> tuple[Callable[[Preparation], Any], Any]:
    """How a field of one of its optional parts is read and replaced."""

    def part(preparation: Preparation) -> Any:
        return getattr(preparation, name) or default()

    def put(preparation: Preparation, value: Any) -> Preparation:
        return replace(preparation, **{name: replace(part(preparation), **{inner: value})})

    return (lambda p: getattr(part(p), inner)), put


def _has_kind(*kinds: TemporalKind) -> Callable[[Preparation], bool]:
    return lambda p: p.temporal_filter is not None and p.temporal_filter.kind in kinds


def _put_kind(preparation: Preparation, kind: TemporalKind | None) -> Preparation:
    if kind is None:
        return replace(preparation, temporal_filter=None)
    settings = preparation.temporal_filter or TemporalFilter()
    return replace(preparation, temporal_filter=replace(settings, kind=kind))


_WINDOWED = _has_kind(TemporalKind.SAVITZKY_GOLAY, TemporalKind.MEDIAN)

SECTIONS = (
    Section(
        "frames", "Frames",
        "Which frames are used, and what is done about faulty ones.",
        ("cut_start_ms", "cut_end_ms", "frame_repair"),
        (
            Row(
                "cut_start", "Cut start",
                lambda: NumberField(0, _LONGEST_MS, 1, "from the start", " ms", 10.0),
                "0 ms to the end of the recording",
                "What was recorded before this time is left out, before everything else.",
                *_plain("cut_start_ms"),
            ),
            Row(
                "cut_end", "Cut end",
                lambda: NumberField(0, _LONGEST_MS, 1, "to the end", " ms", 10.0),
                "after the start of the cut, ms",
                "What was recorded after this time is left out, before everything else.",
                *_plain("cut_end_ms"),
            ),
            Row(
                "repair", "Repair",
                lambda: CheckField("faulty frames"),
                "on or off",
                "Look for dropped, repeated and flashing frames and for saturated samples, and "
                "bridge short runs of them. Longer ones make their beats or pixels unusable.",
                lambda p: p.frame_repair is not None,
                lambda p, on: replace(p, frame_repair=FrameRepair() if on else None),
            ),
            Row(
                "longest_gap", "Longest gap",
                lambda: WholeField(1, 20, suffix=" frames"),
                "1 to 20 frames",
                "Longest run that is bridged by interpolation.",
                *_inside("frame_repair", "longest_gap_frames", FrameRepair),
                lambda p: p.frame_repair is not None,
            ),
            Row(
                "saturation", "Saturation",
                lambda: NumberField(0, _WHOLE, 0, "of the file", " counts", 100.0),
                "above 0 counts",
                "Count from which on the camera is saturated. Of the file: the largest that it "
                "can hold.",
                *_inside("frame_repair", "saturation_count", FrameRepair),
                lambda p: p.frame_repair is not None,
            ),
        ),
        is_open=False,
    ),
    Section(
        "space", "Filters in space",
        "Applied to each frame in this order; all of them blur the wave front.",
        ("spatial_median", "spatial_mean", "spatial_sigma"),
        (
            Row(
                "spatial_median", "Median",
                lambda: WholeField(1, 31, "none", " pixels", is_odd=True),
                "odd, 3 to 31 pixels, or none",
                "Side of the square whose median each pixel becomes. It removes single wrong "
                "pixels and keeps edges.",
                *_plain("spatial_median"),
            ),
            Row(
                "spatial_mean", "Mean",
                lambda: WholeField(1, 31, "none", " pixels", is_odd=True),
                "odd, 3 to 31 pixels, or none",
                "Side of the square over which neighbouring pixels are averaged.",
                *_plain("spatial_mean"),
            ),
            Row(
                "spatial_sigma", "Gaussian σ",
                lambda: NumberField(0, 10, 2, "none", " pixels", 0.5),
                "above 0 to 10 pixels, or none",
                "Standard deviation of the Gaussian that blurs each frame.",
                lambda p: p.spatial_sigma,
                lambda p, value: replace(p, spatial_sigma=value or 0.0),
            ),
        ),
        is_open=False,
    ),
    Section(
        "baseline", "Baseline",
        "What is subtracted from each trace: bleaching, drift, motion.",
        ("drift_order", "baseline"),
        (
            Row(
                "baseline_kind", "Kind",
                lambda: ChoiceField((("polynomial", False), ("smooth", True))),
                "polynomial or smooth",
                "A polynomial for bleaching and drift; a smooth curve, by asymmetric least "
                "squares, for baselines that wander. Both follow diastole.",
                lambda p: p.baseline is not None,
                lambda p, smooth: replace(p, baseline=SmoothBaseline() if smooth else None),
            ),
            Row(
                "drift_order", "Drift order",
                lambda: WholeField(0, 9),
                "0 to 9",
                "Degree of the polynomial baseline removed from each pixel. 0 removes the mean "
                "only.",
                *_plain("drift_order"),
                lambda p: p.baseline is None,
            ),
            Row(
                "time_scale", "Time scale",
                lambda: NumberField(10, 100_000, 0, suffix=" ms", step=100.0),
                "10 to 100,000 ms",
                "Slower changes than this go into the baseline. Two or three cycles follow "
                "bleaching and leave the beats.",
                *_inside("baseline", "time_scale_ms", SmoothBaseline),
                lambda p: p.baseline is not None,
            ),
            Row(
                "asymmetry", "Asymmetry",
                lambda: NumberField(0.001, 0.5, 3, step=0.01),
                "above 0 to 0.5, dimensionless",
                "Weight of samples above the baseline; those below weigh one minus it. Small "
                "values follow diastole.",
                *_inside("baseline", "asymmetry", SmoothBaseline),
                lambda p: p.baseline is not None,
            ),
        ),
    ),
    Section(
        "time", "Filter in time",
        "Zero-phase: nothing is shifted. It broadens the upstroke, by how much is said below.",
        ("temporal_filter",),
        (
            Row(
                "filter_kind", "Kind",
                lambda: ChoiceField(
                    (
                        ("none", None), ("Savitzky-Golay", TemporalKind.SAVITZKY_GOLAY),
                        ("Gaussian", TemporalKind.GAUSSIAN),
                        ("Butterworth low-pass", TemporalKind.BUTTERWORTH),
                        ("median", TemporalKind.MEDIAN),
                    )
                ),
                "none or one of four",
                "Savitzky-Golay fits polynomials and keeps peaks best; a median removes single "
                "wrong samples and keeps steps.",
                lambda p: None if p.temporal_filter is None else p.temporal_filter.kind,
                _put_kind,
            ),
            Row(
                "filter_frames", "Window",
                lambda: WholeField(3, 501, suffix=" frames", is_odd=True),
                "odd, 3 to 501 frames",
                "Samples that the filter looks at; for Savitzky-Golay more than its order.",
                *_inside("temporal_filter", "frames", TemporalFilter),
                _WINDOWED,
            ),
            Row(
                "filter_order", "Order",
                lambda: WholeField(0, 9),
                "0 to 9, less than the window",
                "Degree of the polynomials of Savitzky-Golay.",
                *_inside("temporal_filter", "order", TemporalFilter),
                _has_kind(TemporalKind.SAVITZKY_GOLAY),
            ),
            Row(
                "filter_sigma", "σ",
                lambda: NumberField(0.01, 1000, 2, suffix=" ms", step=0.5),
                "above 0 to 1000 ms",
                "Standard deviation of the Gaussian.",
                *_inside("temporal_filter", "sigma_ms", TemporalFilter),
                _has_kind(TemporalKind.GAUSSIAN),
            ),
            Row(
                "filter_cut_off", "Cut-off",
                lambda: NumberField(1, 1e6, 1, suffix=" Hz", step=10.0),
                "1 Hz to half the frame rate",
                "Frequency of which half of the amplitude is left.",
                *_inside("temporal_filter", "cut_off_hz", TemporalFilter),
                _has_kind(TemporalKind.BUTTERWORTH),
            ),
        ),
    ),
    Section(
        "beats", "Beats",
        "Which beat is fitted, and how far beats lie apart.",
        ("beat", "ensemble", "cycle_length_ms"),
        (
            Row(
                "cycle_length", "Cycle length",
                lambda: NumberField(0, 100_000, 1, "as measured", " ms", 1.0),
                "above 0 ms, or as measured",
                "Time between beats as paced. Enter it where beats are too small or irregular to "
                "be found; as measured: the median interval between onsets.",
                *_plain("cycle_length_ms"),
            ),
        ),
    ),
    Section(
        "sequences", "Sequences",
        "What is cut out of the traces, and how it becomes v from 0 to 1.",
        ("horizon_ms", "normalisation", "snr_limit"),
        (
            Row(
                "horizon", "Horizon",
                lambda: NumberField(0, 100_000, 1, "automatic", " ms", 10.0),
                "above 0 ms, or automatic",
                "Length of a sequence. Automatic: 300 ms, or the cycle where that is shorter.",
                *_plain("horizon_ms"),
            ),
            Row(
                "normalisation", "Normalisation",
                lambda: ChoiceField(
                    (
                        ("minimum to maximum", Normalisation.MIN_MAX),
                        ("robust percentiles", Normalisation.ROBUST),
                    )
                ),
                "one of two",
                "What becomes v = 0 and v = 1 in each pixel: its minimum and maximum, as in the "
                "paper, or robust percentiles, which noise moves less.",
                *_plain("normalisation"),
            ),
            Row(
                "snr_limit", "SNR limit",
                lambda: NumberField(0, 1000, 1),
                "0 to 1000, dimensionless",
                "Pixels whose signal-to-noise ratio (amplitude over standard deviation of the "
                "noise) is lower are left out.",
                *_plain("snr_limit"),
            ),
        ),
        is_open=False,
    ),
    Section(
        "split", "Training and validation",
        "How the pixels of a region are shared between learning and judging.",
        ("split", "training_count", "validation_count", "seed"),
        (
            Row(
                "split", "Split",
                lambda: ChoiceField(
                    (("fixed counts", Split.COUNTS), ("all pixels, 2 : 1", Split.ALL_PIXELS))
                ),
                "one of two",
                "Fixed counts as in the paper (10 and 5), or all pixels, two to one.",
                *_plain("split"),
            ),
            Row(
                "training", "Training",
                lambda: WholeField(1, _LARGEST_COUNT),
                "1 to 10,000 sequences",
                "Sequences the hybrid learns from.",
                *_plain("training_count"),
                lambda p: p.split is Split.COUNTS,
            ),
            Row(
                "validation", "Validation",
                lambda: WholeField(1, _LARGEST_COUNT),
                "1 to 10,000 sequences",
                "Sequences that only judge it.",
                *_plain("validation_count"),
                lambda p: p.split is Split.COUNTS,
            ),
            Row(
                "seed", "Seed",
                lambda: WholeField(0, _LARGEST_SEED),
                "0 to 2,147,483,647",
                "Seed of the draw of training and validation pixels: the same seed draws the "
                "same pixels.",
                *_plain("seed"),
            ),
        ),
        is_open=False,
    ),
)  # fmt: skip
"""In the order in which the steps are applied."""
