"""The form of every choice between camera counts and sequences."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QFormLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from aphyn_gui.gui.alternans_notice import AlternansBar, AlternansFinding
from aphyn_gui.gui.background import BackgroundTasks
from aphyn_gui.gui.beat_box import BeatBox
from aphyn_gui.gui.collapsible import Collapsible
from aphyn_gui.gui.preparation_rows import SECTIONS, Row, Section
from aphyn_gui.gui.preparation_words import BroadeningLabel, MaskLabel, StepsLabel
from aphyn_gui.gui.region_analysis import RegionAnalyst
from aphyn_gui.gui.setting_fields import SettingField
from aphyn_gui.gui.study_controller import StudyController
from aphyn_gui.recording import Preparation, RecordingError

_LABEL_WIDTH = 92


class PreparationPanel(QScrollArea):
    """Edits the study's preparation, one undoable step for each field."""

    def __init__(
        self,
        controller: StudyController,
        analyst: RegionAnalyst,
        tasks: BackgroundTasks,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._controller = controller
        self._fields: dict[str, SettingField] = {}
        self._forms: dict[str, tuple[Section, Collapsible, QFormLayout]] = {}
        self._error = QLabel()
        self._error.setProperty("role", "error")
        self._error.setWordWrap(True)
        self._error.hide()
        self._beat = BeatBox(controller, analyst)
        self._beat.setObjectName("beat_choice")
        self._mask = MaskLabel(controller)
        self._broadening = BroadeningLabel(controller, tasks)
        self._steps = StepsLabel(controller, analyst)
        self._reset = QPushButton("Back to the paper's settings")
        self._reset.setToolTip(
            "Take every setting here from the paper; polarity, beat, cycle length and mask stay"
        )
        self._finding = AlternansFinding(controller, analyst, self)
        self._build()
        self._reset.clicked.connect(self._reset_to_paper)
        controller.preparation_changed.connect(self._show)
        self._show()

    def _build(self) -> None:
        body = QWidget()
        layout = QVBoxLayout(body)
        layout.setContentsMargins(10, 8, 10, 12)
        layout.setSpacing(4)
        layout.addWidget(AlternansBar(self._finding))
        layout.addWidget(self._error)
        for section in SECTIONS:
            layout.addWidget(self._make_section(section))
        steps = Collapsible(
            "Steps applied",
            "What was done to the selected region's signal, in order.",
            self._steps,
            is_open=False,
            can_reset=False,
        )
        layout.addWidget(steps)
        layout.addSpacing(6)
        layout.addWidget(self._reset, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addStretch(1)
        self.setWidget(body)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumWidth(270)

    def _make_section(self, section: Section) -> Collapsible:
        body = QWidget()
        form = QFormLayout(body)
        form.setContentsMargins(8, 2, 0, 6)
        form.setHorizontalSpacing(10)
        form.setVerticalSpacing(6)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        if section.key == "beats":
            label = _label("Beat", self._beat.toolTip())
            form.addRow(label, self._beat)
        for row in section.rows:
            field = row.make()
            field.setObjectName(row.key)
            field.setToolTip(row.tooltip)
            field.setAccessibleName(f"{section.title}: {row.label}")
            field.edited.connect(lambda value, chosen=row: self._take(chosen, value))
            self._fields[row.key] = field
            form.addRow(_label(row.label, row.tooltip), field)
        if section.key == "space":
            form.addRow(self._mask)
        if section.key == "time":
            form.addRow(self._broadening)
        folding = Collapsible(section.title, section.meaning, body, section.is_open)
        folding.setObjectName(f"section_{section.key}")
        folding.reset_requested.connect(lambda: self._reset_section(section))
        self._forms[section.key] = section, folding, form
        return folding

    def _show(self) -> None:
        preparation = self._controller.study.preparation
        for section, folding, form in self._forms.values():
            for row in section.rows:
                field = self._fields[row.key]
                field.show_value(row.get(preparation))
                form.setRowVisible(field, row.is_shown(preparation))
            folding.show_changed(section.reset(preparation) != preparation)
        self._error.hide()

    def _take(self, row: Row, value: object) -> None:
        try:
            after = row.put(self._controller.study.preparation, value)
        except RecordingError as error:
            words = str(error)
            self._error.setText(f"Not changed: {words[:1].lower()}{words[1:]}.")
            self._error.show()
            self.ensureWidgetVisible(self._error)
            return
        self._error.hide()
        self._controller.set_preparation(after, f"change {row.label.lower()}")

    def _reset_section(self, section: Section) -> None:
        preparation = section.reset(self._controller.study.preparation)
        self._controller.set_preparation(preparation, f"reset {section.title.lower()}")

    def _reset_to_paper(self) -> None:
        # What belongs to the recording stays: the paper cannot know it.
        now = self._controller.study.preparation
        self._controller.set_preparation(
            replace(
                Preparation(),
                polarity=now.polarity,
                beat=now.beat,
                ensemble=now.ensemble,
                cycle_length_ms=now.cycle_length_ms,
                mask=now.mask,
            ),
            "reset preparation",
        )


def _label(words: str, tooltip: str) -> QLabel:
    label = QLabel(words)
    label.setMinimumWidth(_LABEL_WIDTH)
    label.setToolTip(tooltip)
    return label
