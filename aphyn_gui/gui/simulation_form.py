"""The form of a simulated recording: slab, stimulus, ischaemic region, recording."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeAlias

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QGroupBox,
    QHBoxLayout,
    QLabel,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from aphyn_gui.insilico import (
    Disc,
    IschaemicRegion,
    Rectangle,
    Severity,
    SimulatedExperiment,
    StimulusSite,
)
from aphyn_gui.insilico import Signal as Recorded
from aphyn_gui.insilico.experiment import (
    FRAME_INTERVAL_MS,
    LARGEST_BLUR_MM,
    LARGEST_NOISE,
    LARGEST_SEED,
    LONGEST_MS,
    MOST_BEATS,
    NODES,
    POTASSIUM_MM,
    SHORTEST_CYCLE_MS,
    SPACING_MM,
)
from aphyn_gui.recording import Polarity

Section: TypeAlias = tuple[tuple[str, QWidget, str], ...]
"""Label, field and meaning of each row."""

_NODE = "around a node"
_NO_REGION, _DISC, _RECTANGLE = "none", "disc", "rectangle"
_OWN = "own values"
_FIELD_WIDTH = 150
_LABEL_WIDTH = 96


class SimulationForm(QWidget):
    """Every choice of a simulated experiment: the tissue on the left, what is done on the right.

    Signals
    -------
    changed()
        Something was entered; :meth:`experiment` says what is asked for now.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        default = SimulatedExperiment()
        self.rows = _whole(*NODES, default.rows)
        self.columns = _whole(*NODES, default.columns)
        self.spacing = _number(*SPACING_MM, default.spacing_mm, " mm", decimals=3, step=0.05)
        self.site = _choice(
            ("top left corner", StimulusSite.CORNER), ("centre", StimulusSite.CENTRE),
            ("left edge", StimulusSite.EDGE), (_NODE, _NODE),
        )  # fmt: skip
        self.site_row = _whole(0, NODES[1] - 1, default.rows // 2)
        self.site_column = _whole(0, NODES[1] - 1, default.columns // 2)
        self.first = _number(0.0, LONGEST_MS, default.stimulus_time_ms, " ms", step=10.0)
        self.beats = _whole(0, MOST_BEATS, default.beats)
        self.cycle = _number(
            SHORTEST_CYCLE_MS, LONGEST_MS, default.cycle_length_ms, " ms", step=10.0
        )
        self.conditioning = _whole(0, MOST_BEATS, default.conditioning_beats)
        self.shape = _choice((_NO_REGION, _NO_REGION), (_DISC, _DISC), (_RECTANGLE, _RECTANGLE))
        self.region_row = _whole(0, NODES[1] - 1, default.rows // 2)
        self.region_column = _whole(0, NODES[1] - 1, 3 * default.columns // 4)
        self.radius = _number(0.5, float(NODES[1]), default.columns / 4, " nodes", step=1.0)
        self.height_nodes = _whole(1, NODES[1], default.rows // 2)
        self.width_nodes = _whole(1, NODES[1], default.columns // 4)
        self.severity = _choice(*((grade.value, grade) for grade in Severity), (_OWN, None))
        self.potassium = _number(*POTASSIUM_MM, 0.0, " mM", decimals=2, step=0.5)
        self.sodium = _number(0.0, 1.0, 0.0, "", decimals=2, step=0.05)
        self.calcium = _number(0.0, 1.0, 0.0, "", decimals=2, step=0.05)
        self.katp = _number(0.0, 1.0, 0.0, " nS/pF", decimals=3, step=0.002)
        self.border = _number(0.1, 20.0, 1.5, " mm", decimals=2, step=0.25)
        self.duration = _number(1.0, LONGEST_MS, default.duration_ms, " ms", step=50.0)
        self.interval = _number(
            *FRAME_INTERVAL_MS, default.frame_interval_ms, " ms", decimals=3, step=0.5
        )
        self.signal = _choice(
            ("fluorescence, falling", (Recorded.FLUORESCENCE, Polarity.DOWN)),
            ("fluorescence, rising", (Recorded.FLUORESCENCE, Polarity.UP)),
            ("potential", (Recorded.POTENTIAL, Polarity.UP)),
        )
        self.blur = _number(
            0.0, LARGEST_BLUR_MM, default.lateral_blur_mm, " mm", decimals=2, step=0.1
        )
        self.noise = _number(0.0, 100 * LARGEST_NOISE, 100 * default.noise_fraction, " %", step=1.0)
        self.seed = _whole(0, LARGEST_SEED, default.seed)
        self._region_fields: tuple[QWidget, ...] = (
            self.region_row, self.region_column, self.radius, self.severity, self.potassium,
            self.sodium, self.calcium, self.katp, self.border,
        )  # fmt: skip
        self._components = (self.potassium, self.sodium, self.calcium, self.katp)
        self._show_severity(Severity.MODERATE)
        self._fields: list[QWidget] = []
        self._region_group = self._group("Ischaemic region", self._region_rows())
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(26)
        for groups in (
            (self._group("Slab", self._slab_rows()), self._region_group),
            (
                self._group("Stimulus", self._stimulus_rows()),
                self._group("Recording", self._recording_rows()),
            ),
        ):
            column = QVBoxLayout()
            column.setSpacing(14)
            for group in groups:
                column.addWidget(group)
            column.addStretch(1)
            layout.addLayout(column)
        self._connect()
        self._update_fields()

    def experiment(self) -> SimulatedExperiment:
        """What is asked for.

        Raises
        ------
        ExperimentError
            If it cannot be done.
        """
        # Qt gives members of a StrEnum back as mere texts.
        recorded, polarity = self.signal.currentData()
        experiment = SimulatedExperiment(
            rows=self.rows.value(),
            columns=self.columns.value(),
            spacing_mm=self.spacing.value(),
            stimulus_time_ms=self.first.value(),
            beats=self.beats.value(),
            cycle_length_ms=self.cycle.value(),
            conditioning_beats=self.conditioning.value(),
            duration_ms=self.duration.value(),
            ischaemia=self._region(),
            signal=Recorded(recorded),
            polarity=Polarity(polarity),
            lateral_blur_mm=self.blur.value(),
            noise_fraction=self.noise.value() / 100,
            frame_interval_ms=self.interval.value(),
            seed=self.seed.value(),
        )
        if self.site.currentData() == _NODE:
            square = experiment.square_around(self.site_row.value(), self.site_column.value())
            return replace(experiment, stimulus=square)
        return replace(experiment, stimulus=StimulusSite(self.site.currentData()))

    def set_editable(self, is_editable: bool) -> None:
        """Take entries, or hold what a run is made of."""
        for field in self._fields:
            field.setEnabled(is_editable)
        if is_editable:
            self._update_fields()

    def _region(self) -> IschaemicRegion | None:
        shape: Disc | Rectangle
        row, column = self.region_row.value(), self.region_column.value()
        if self.shape.currentData() == _NO_REGION:
            return None
        if self.shape.currentData() == _DISC:
            shape = Disc(row, column, self.radius.value())
        else:
            shape = Rectangle(row, column, self.height_nodes.value(), self.width_nodes.value())
        return IschaemicRegion(
            shape,
            border_mm=self.border.value(),
            extracellular_potassium_mm=self.potassium.value(),
            sodium_factor=self.sodium.value(),
            calcium_factor=self.calcium.value(),
            katp_conductance=self.katp.value(),
        )

    def _slab_rows(self) -> Section:
        return (
            ("Rows", self.rows, "Nodes from top to bottom, 4 to 1024; the recording's pixels."),
            ("Columns", self.columns, "Nodes from left to right, 4 to 1024."),
            (
                "Spacing",
                self.spacing,
                "Distance between nodes, 0.05 to 0.5 mm. Coarse slabs conduct slowly: 0.60 mm/ms "
                "at 0.5 mm, 0.71 at 0.25, 0.77 at 0.1.",
            ),
        )

    def _stimulus_rows(self) -> Section:
        return (
            ("Site", self.site, "Where the slab is paced: 1.5 mm wide, 50 mV/ms for 2 ms."),
            ("Row", self.site_row, "Middle of the stimulus, counted from 0 at the top."),
            ("Column", self.site_column, "Middle of the stimulus, counted from 0 on the left."),
            ("First at", self.first, "First stimulus after the recording's start, ms."),
            ("Beats", self.beats, "Stimuli in the recording; with 0 the slab stays at rest."),
            ("Cycle length", self.cycle, "Time between stimuli, at least 50 ms."),
            (
                "Beats before",
                self.conditioning,
                "Stimuli before the recording starts: the action potential changes over the "
                "first ones.",
            ),
        )

    def _region_rows(self) -> Section:
        return (
            ("Shape", self.shape, "Where the tissue is ischaemic."),
            ("Row", self.region_row, "Centre of the disc, or top of the rectangle, from 0."),
            ("Column", self.region_column, "Centre of the disc, or left of the rectangle, from 0."),
            ("Radius", self.radius, "Radius of the disc in nodes; half of the change is there."),
            ("Height", self.height_nodes, "Rows of the rectangle."),
            ("Width", self.width_nodes, "Columns of the rectangle."),
            (
                "Severity",
                self.severity,
                "Sets the four values below. The action potential keeps about 78, 54 and 33 % of "
                "its duration.",
            ),
            (
                "[K⁺]<sub>o</sub>",
                self.potassium,
                "Extracellular potassium, 2 to 20 mM; 5.4 is normal.",
            ),
            ("g<sub>Na</sub> ×", self.sodium, "Remaining fraction of the fast sodium conductance."),
            ("g<sub>CaL</sub> ×", self.calcium, "Remaining fraction of the calcium conductance."),
            (
                "g<sub>KATP</sub>",
                self.katp,
                "Open ATP-sensitive potassium channels, nS/pF: they shorten the action potential.",
            ),
            ("Border", self.border, "Width over which normal turns into ischaemic tissue, mm."),
        )

    def _recording_rows(self) -> Section:
        return (
            ("Duration", self.duration, "Length of the recording, up to 60,000 ms."),
            ("Frame interval", self.interval, "Time between frames and exposure, 0.1 to 20 ms."),
            (
                "Signal",
                self.signal,
                "Fluorescence as a camera sees it: blurred in depth and along the surface, "
                "unevenly lit, bleaching. Or the potential itself, with noise only.",
            ),
            ("Blur", self.blur, "Scattering of the fluorescence along the surface, mm."),
            ("Noise", self.noise, "Standard deviation in % of the action potential's amplitude."),
            ("Seed", self.seed, "Seed of the noise: the same seed gives the same file."),
        )

    def _group(self, title: str, rows: Section) -> QGroupBox:
        group = QGroupBox(title)
        form = QFormLayout(group)
        form.setContentsMargins(0, 6, 0, 0)
        form.setHorizontalSpacing(10)
        form.setVerticalSpacing(5)
        for text, field, meaning in rows:
            label = QLabel(text)
            label.setMinimumWidth(_LABEL_WIDTH)
            field.setFixedWidth(_FIELD_WIDTH)
            for widget in (label, field):
                widget.setToolTip(f"<p>{meaning}</p>")
            form.addRow(label, field)
            self._fields.append(field)
        return group

    def _connect(self) -> None:
        for field in self._fields:
            if isinstance(field, QComboBox):
                field.currentIndexChanged.connect(self._on_changed)
            elif isinstance(field, QSpinBox | QDoubleSpinBox):
                field.valueChanged.connect(self._on_changed)
        self.severity.currentIndexChanged.connect(self._on_severity)
        for component in self._components:
            component.valueChanged.connect(self._note_own_values)

    def _on_changed(self) -> None:
        self._update_fields()
        self.changed.emit()

    def _on_severity(self) -> None:
        if self.severity.currentText() != _OWN:
            self._show_severity(Severity(self.severity.currentText()))
            self.changed.emit()

    def _show_severity(self, severity: Severity) -> None:
        region = severity.region(Disc(0, 0, 1))
        values = (
            region.extracellular_potassium_mm,
            region.sodium_factor,
            region.calcium_factor,
            region.katp_conductance,
        )
        for component, value in zip(self._components, values, strict=True):
            with QSignalBlocker(component):
                component.setValue(value)
        with QSignalBlocker(self.severity):
            self.severity.setCurrentText(severity.value)

    def _note_own_values(self) -> None:
        with QSignalBlocker(self.severity):
            self.severity.setCurrentText(_OWN)

    def _update_fields(self) -> None:
        """Show and enable what means something now."""
        self.site_row.setEnabled(self.site.currentData() == _NODE)
        self.site_column.setEnabled(self.site.currentData() == _NODE)
        self.cycle.setEnabled(self.beats.value() > 1 or self.conditioning.value() > 0)
        shape = self.shape.currentData()
        form = self._region_group.layout()
        assert isinstance(form, QFormLayout)
        form.setRowVisible(self.radius, shape != _RECTANGLE)
        form.setRowVisible(self.height_nodes, shape == _RECTANGLE)
        form.setRowVisible(self.width_nodes, shape == _RECTANGLE)
        for field in self._region_fields:
            field.setEnabled(shape != _NO_REGION)
        self.blur.setEnabled(self.signal.currentData()[0] == Recorded.FLUORESCENCE)


def _whole(lowest: int, highest: int, value: int) -> QSpinBox:
    field = QSpinBox()
    field.setRange(lowest, highest)
    field.setValue(value)
    field.setKeyboardTracking(False)
    return field


def _number(
    lowest: float, highest: float, value: float, suffix: str, decimals: int = 1, step: float = 1.0
) -> QDoubleSpinBox:
    field = QDoubleSpinBox()
    field.setDecimals(decimals)
    field.setRange(lowest, highest)
    field.setSingleStep(step)
    field.setSuffix(suffix)
    field.setValue(value)
    field.setKeyboardTracking(False)
    return field


def _choice(*entries: tuple[str, object]) -> QComboBox:
    field = QComboBox()
    for text, data in entries:
        field.addItem(text, data)
    return field
