"""The form of every choice between camera counts and sequences."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QGroupBox,
    QLabel,
    QPushButton,
    QScrollArea,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from aphyn_gui.gui.study_controller import StudyController
from aphyn_gui.recording import (
    Normalisation,
    Preparation,
    RecordingError,
    Split,
    TemporalFilter,
)

_SPATIAL_SIDES = (1, 3, 5, 7, 9)
_LARGEST_COUNT = 10_000
_LARGEST_SEED = 2**31 - 1


class PreparationPanel(QScrollArea):
    """Edits the study's preparation, one undoable step for each field."""

    def __init__(self, controller: StudyController, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._controller = controller
        self._drift = _spin(0, 9)
        self._spatial = QComboBox()
        for side in _SPATIAL_SIDES:
            self._spatial.addItem("none" if side == 1 else f"{side} × {side} pixels", side)
        self._temporal = QCheckBox("Savitzky-Golay, 9 frames")
        self._horizon = QDoubleSpinBox()
        self._horizon.setRange(0.0, 1e5)
        self._horizon.setDecimals(1)
        self._horizon.setSuffix(" ms")
        self._horizon.setSpecialValueText("automatic")
        self._horizon.setKeyboardTracking(False)
        self._normalisation = QComboBox()
        self._normalisation.addItem("minimum to maximum", Normalisation.MIN_MAX)
        self._normalisation.addItem("robust percentiles", Normalisation.ROBUST)
        self._split = QComboBox()
        self._split.addItem("fixed counts", Split.COUNTS)
        self._split.addItem("all pixels, 2 : 1", Split.ALL_PIXELS)
        self._training = _spin(1, _LARGEST_COUNT)
        self._validation = _spin(1, _LARGEST_COUNT)
        self._seed = _spin(0, _LARGEST_SEED)
        self._snr = QDoubleSpinBox()
        self._snr.setRange(0.0, 1000.0)
        self._snr.setDecimals(1)
        self._snr.setKeyboardTracking(False)
        self._reset = QPushButton("Reset to paper")
        self._reset.setToolTip("Take every setting here from the paper; polarity and beat stay")
        self._error = QLabel()
        self._error.setProperty("role", "error")
        self._error.setWordWrap(True)
        self._error.hide()
        self._build()
        self._connect()
        self._show()

    def _build(self) -> None:
        body = QWidget()
        layout = QVBoxLayout(body)
        layout.setContentsMargins(12, 8, 12, 12)
        layout.setSpacing(10)
        for title, rows in self._sections():
            group = QGroupBox(title)
            form = QFormLayout(group)
            form.setContentsMargins(0, 6, 0, 0)
            form.setHorizontalSpacing(12)
            form.setVerticalSpacing(7)
            form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
            for label_text, field, meaning in rows:
                label = QLabel(label_text)
                label.setMinimumWidth(104)
                for widget in (label, field):
                    widget.setToolTip(f"<p>{meaning}</p>")
                form.addRow(label, field)
            layout.addWidget(group)
        layout.addWidget(self._error)
        layout.addWidget(self._reset, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addStretch(1)
        self.setWidget(body)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumWidth(270)

    def _sections(self) -> tuple[tuple[str, tuple[tuple[str, QWidget, str], ...]], ...]:
        return (
            (
                "Cleaning",
                (
                    (
                        "Drift order",
                        self._drift,
                        "Degree of the polynomial baseline removed from each pixel, 0 to 9. "
                        "0 removes the mean only.",
                    ),
                    (
                        "Spatial mean",
                        self._spatial,
                        "Side of the square over which neighbouring pixels are averaged, pixels. "
                        "It blurs the wave front.",
                    ),
                    (
                        "Filter in time",
                        self._temporal,
                        "Zero-phase Savitzky-Golay filter, 9 frames, order 3. "
                        "It broadens the upstroke.",
                    ),
                ),
            ),
            (
                "Sequences",
                (
                    (
                        "Horizon",
                        self._horizon,
                        "Length of a sequence, ms. Automatic: 300 ms, or the cycle where that is "
                        "shorter.",
                    ),
                    (
                        "Normalisation",
                        self._normalisation,
                        "What becomes v = 0 and v = 1 in each pixel: its minimum and maximum, as "
                        "in the paper, or robust percentiles, which noise moves less.",
                    ),
                    (
                        "SNR limit",
                        self._snr,
                        "Pixels whose signal-to-noise ratio (amplitude over standard deviation of "
                        "the noise, dimensionless, 0 to 1000) is lower are left out.",
                    ),
                ),
            ),
            (
                "Training and validation",
                (
                    (
                        "Split",
                        self._split,
                        "How the pixels of a region are shared: fixed counts as in the paper "
                        "(10 and 5), or all of them, two to one.",
                    ),
                    (
                        "Training",
                        self._training,
                        "Sequences the hybrid learns from, at least 1.",
                    ),
                    (
                        "Validation",
                        self._validation,
                        "Sequences that only judge it, at least 1.",
                    ),
                    (
                        "Seed",
                        self._seed,
                        "Seed of the draw of training and validation pixels: the same seed draws "
                        "the same pixels.",
                    ),
                ),
            ),
        )

    def _connect(self) -> None:
        for spin in (self._drift, self._training, self._validation, self._seed):
            spin.valueChanged.connect(self._submit)
        for number in (self._horizon, self._snr):
            number.valueChanged.connect(self._submit)
        for combo in (self._spatial, self._normalisation, self._split):
            combo.activated.connect(self._submit)
        self._temporal.toggled.connect(self._submit)
        self._reset.clicked.connect(self._reset_to_paper)
        self._controller.preparation_changed.connect(self._show)

    def _show(self) -> None:
        preparation = self._controller.study.preparation
        fields = (
            self._drift, self._spatial, self._temporal, self._horizon, self._normalisation,
            self._split, self._training, self._validation, self._seed, self._snr,
        )  # fmt: skip
        blockers = [QSignalBlocker(field) for field in fields]
        self._drift.setValue(preparation.drift_order)
        self._spatial.setCurrentIndex(self._spatial.findData(preparation.spatial_mean))
        self._temporal.setChecked(preparation.temporal_filter is not None)
        self._horizon.setValue(preparation.horizon_ms or 0.0)
        self._normalisation.setCurrentIndex(self._normalisation.findData(preparation.normalisation))
        self._split.setCurrentIndex(self._split.findData(preparation.split))
        self._training.setValue(preparation.training_count)
        self._validation.setValue(preparation.validation_count)
        self._seed.setValue(preparation.seed)
        self._snr.setValue(preparation.snr_limit)
        for blocker in blockers:
            blocker.unblock()
        has_counts = preparation.split is Split.COUNTS
        self._training.setEnabled(has_counts)
        self._validation.setEnabled(has_counts)
        self._error.hide()

    def _submit(self) -> None:
        before = self._controller.study.preparation
        horizon = self._horizon.value() or None
        if before.horizon_ms is not None and horizon is not None:
            # A spin box rounds: what was not edited keeps all its digits.
            same = abs(horizon - before.horizon_ms) < 0.05
            horizon = before.horizon_ms if same else horizon
        try:
            after = replace(
                before,
                drift_order=self._drift.value(),
                spatial_mean=self._spatial.currentData(),
                temporal_filter=(
                    (before.temporal_filter or TemporalFilter())
                    if self._temporal.isChecked()
                    else None
                ),
                horizon_ms=horizon,
                normalisation=Normalisation(self._normalisation.currentData()),
                split=Split(self._split.currentData()),
                training_count=self._training.value(),
                validation_count=self._validation.value(),
                snr_limit=self._snr.value(),
                seed=self._seed.value(),
            )
        except RecordingError as error:
            self._error.setText(str(error))
            self._error.show()
            return
        self._controller.set_preparation(after)

    def _reset_to_paper(self) -> None:
        # Polarity and beat belong to the recording, not to the paper.
        now = self._controller.study.preparation
        self._controller.set_preparation(Preparation(polarity=now.polarity, beat=now.beat))


def _spin(lowest: int, highest: int) -> QSpinBox:
    spin = QSpinBox()
    spin.setRange(lowest, highest)
    spin.setKeyboardTracking(False)
    return spin
