"""Regions side by side: table, findings, action potentials and parameters."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QAction, QGuiApplication, QResizeEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSplitter,
    QStackedLayout,
    QStackedWidget,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from aphyn_gui.gui.availability import allow
from aphyn_gui.gui.comparison_model import ComparisonModel
from aphyn_gui.gui.comparison_table import ComparisonTable
from aphyn_gui.gui.overlay_plot import OverlayPlot
from aphyn_gui.gui.parameter_plot import ParameterDots
from aphyn_gui.gui.study_controller import StudyController
from aphyn_gui.gui.symbols import symbol_html
from aphyn_gui.gui.words_area import WordsArea
from aphyn_gui.study import Comparison, RegionFit, compare
from aphyn_gui.study.outdated import outdated_sentences
from aphyn_gui.study.writing import write_text

_MARGIN = 6
_ROOMY_HEIGHT = 420
"""From this height on, pixels, both plots are legible at once."""

_NARROW_WIDTH = 600
"""Below this width, pixels, table and plots take turns."""

_LARGEST_SHARE = 0.58
_WORDS_SHARE = 0.32
"""Most of the height that findings and warnings take from the table."""


class ComparisonView(QWidget):
    """Compares the fits of a study.

    Parameters
    ----------
    controller : StudyController
        Whose fits are compared.
    """

    def __init__(self, controller: StudyController) -> None:
        super().__init__()
        self._controller = controller
        self._split = QSplitter(Qt.Orientation.Horizontal)
        self._table_page = QWidget()
        self._is_split_by_hand = False
        self._plots = QStackedWidget()
        self._column = QSplitter(Qt.Orientation.Vertical)
        self._tabs = QTabWidget()
        self._tabs.setDocumentMode(True)
        self._is_roomy: bool | None = None
        self._is_narrow = False
        self._shown_fits: tuple[RegionFit, ...] = ()
        self.model = ComparisonModel()
        self.table = ComparisonTable(self.model)
        self.findings = QLabel()
        self.findings.setTextFormat(Qt.TextFormat.RichText)
        self.findings.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._words_area = WordsArea(self.findings)
        self.overlay = OverlayPlot()
        self.dots = ParameterDots()
        self.empty = QLabel()
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setWordWrap(True)
        self.empty.setProperty("role", "muted")
        self.copy_button = QPushButton("Copy")
        self.copy_button.setToolTip("Copy the table, tab-separated, with full precision")
        self.copy_button.clicked.connect(self.copy)
        self.save_button = QPushButton("Save CSV…")
        self.save_button.setToolTip("Save the table with full precision")
        self.save_button.clicked.connect(self.ask_and_save)
        self.table.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        for text, slot in (("Copy table", self.copy), ("Save CSV…", self.ask_and_save)):
            action = QAction(text, self.table)
            action.triggered.connect(slot)
            self.table.addAction(action)
        self._build()
        controller.fit_changed.connect(self._on_change)
        controller.region_added.connect(self._on_change)
        controller.region_removed.connect(self._on_change)
        controller.region_changed.connect(self._on_change)
        controller.protocol_changed.connect(self._on_change)
        controller.preparation_changed.connect(self._on_change)
        controller.recording_changed.connect(self._on_change)
        controller.recordings_changed.connect(self._on_change)
        controller.region_moved.connect(self._on_change)
        self._on_change()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the new width between table and plots."""
        super().resizeEvent(event)
        self._share_plots()
        self._fit_split()
        self._fit_words()

    @Slot()
    def copy(self) -> None:
        """Put the table on the clipboard."""
        QGuiApplication.clipboard().setText(self.model.to_tsv())
        self._controller.report("info", "The comparison is on the clipboard.")

    @Slot()
    def ask_and_save(self) -> None:
        """Ask where to, and save the table."""
        dialog = QFileDialog(self, "Save the comparison", "comparison.csv", "CSV (*.csv)")
        # Qt's own dialog does not block the event loop, so that training goes on.
        dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("csv")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.save_csv)
        dialog.open()

    @Slot(str)
    def save_csv(self, path: str | Path) -> None:
        """Save the table; a failure becomes a message."""
        try:
            write_text(Path(path), self.model.comparison.to_csv())
        except OSError as error:
            self._controller.report("error", f"The comparison was not saved: {error}")
            return
        self._controller.report("info", f"The comparison was saved to {path}.")

    @Slot()
    def _on_change(self) -> None:
        comparison = compare(self._controller.study)
        is_new = comparison != self.model.comparison
        if is_new:
            self.model.set_comparison(comparison)
            self._share_plots()
            self._fit_split()
        if not _are_same(comparison.fits, self._shown_fits):
            self._shown_fits = comparison.fits
        self.overlay.show_fits(self._shown_fits)
        self.dots.show_fits(self._shown_fits)
        self.findings.setText(self._words(comparison))
        self._fit_words()
        has_fits = bool(comparison.regions)
        allow("" if has_fits else "fit a region first.", self.copy_button, self.save_button)
        self.empty.setText(self._what_to_do())
        self._pages.setCurrentIndex(1 if has_fits else 0)

    def _words(self, comparison: Comparison) -> str:
        changes_since_fit = self._controller.document.changes_since_fit
        outdated = outdated_sentences((r.name, changes_since_fit(r.id)) for r in comparison.regions)
        # First: it says which of the numbers are no longer those of what is on the screen.
        sentences = [f"⚠ {escape(words)} Fit again." for words in outdated]
        sentences += [symbol_html(escape(finding)) for finding in comparison.findings]
        sentences += [f"⚠ {symbol_html(escape(words))}" for words in comparison.region_warnings]
        if len(comparison.regions) == 1:
            sentences.append("Fit a second region to compare.")
        return "<br>".join(sentences)

    def _what_to_do(self) -> str:
        study = self._controller.study
        if self._controller.recording is None:
            return "Open a recording, draw two regions and fit them: they are compared here."
        if len(study.all_regions) < 2:
            return "Draw two regions on the recording and fit them: they are compared here."
        return "Press Fit all: the regions are compared here."

    def _build(self) -> None:
        buttons = QHBoxLayout()
        buttons.addWidget(self.copy_button)
        buttons.addWidget(self.save_button)
        buttons.addStretch(1)
        column = QVBoxLayout(self._table_page)
        column.setContentsMargins(_MARGIN, _MARGIN, _MARGIN, _MARGIN)
        column.addWidget(self._words_area)
        column.addWidget(self.table, 1)
        column.addLayout(buttons)
        split = self._split
        split.addWidget(self._table_page)
        split.addWidget(self._plots)
        split.splitterMoved.connect(self._on_split_by_hand)
        split.splitterMoved.connect(self._fit_words)
        for splitter in (self._column, split):
            splitter.setChildrenCollapsible(False)
        self._plots.addWidget(self._column)
        self._plots.addWidget(self._tabs)
        self._share_plots()
        self._pages = QStackedLayout(self)
        self._pages.addWidget(self.empty)
        self._pages.addWidget(split)

    def _share_plots(self) -> None:
        """Both plots, one above the other, where there is room for them; else tabs."""
        is_cut = self._table_width() > _LARGEST_SHARE * self.width()
        self._take_turns(self.width() < _NARROW_WIDTH or (is_cut and not self._is_split_by_hand))
        is_roomy = self.height() >= _ROOMY_HEIGHT and not self._is_narrow
        if is_roomy == self._is_roomy:
            return
        self._is_roomy = is_roomy
        if is_roomy:
            self._column.addWidget(self.overlay)
            self._column.addWidget(self.dots)
            self._column.setSizes([520, 480])
            for plot in (self.overlay, self.dots):
                # Qt hides what moves from one parent to another.
                plot.setVisible(True)
        else:
            self._tabs.addTab(self.dots, "Parameters")
            self._tabs.addTab(self.overlay, "Action potentials")
            self._tabs.setCurrentIndex(0)
        self._plots.setCurrentIndex(0 if is_roomy else 1)

    def _take_turns(self, is_narrow: bool) -> None:
        """The table in a tab of its own beside the plots', where it would leave them no room."""
        if is_narrow == self._is_narrow:
            return
        self._is_narrow = is_narrow
        if is_narrow:
            self._tabs.insertTab(0, self._table_page, "Table")
            self._tabs.setCurrentIndex(0)
        else:
            self._split.insertWidget(0, self._table_page)
            self._table_page.show()

    def _fit_split(self) -> None:
        """As much room for the table as it needs, until the user decides otherwise."""
        if self._is_split_by_hand or self._is_narrow:
            return
        wanted = min(self._table_width(), round(_LARGEST_SHARE * self.width()))
        self._split.setSizes([wanted, self.width() - wanted])

    def _table_width(self) -> int:
        """What the table needs to show every column whole."""
        bars = self.table.verticalScrollBar().sizeHint().width() + 2 * _MARGIN + 4
        return self.table.whole_width + bars

    @Slot()
    def _fit_words(self) -> None:
        """The words' own height, unless that would leave the table too little."""
        width = self._table_page.width() - 2 * _MARGIN
        self._words_area.fit(width, int(_WORDS_SHARE * self.height()))

    @Slot()
    def _on_split_by_hand(self) -> None:
        self._is_split_by_hand = True


def _are_same(fits: Sequence[RegionFit], others: Sequence[RegionFit]) -> bool:
    """Whether fits look the same: those of several recordings are renamed copies every time."""
    return len(fits) == len(others) and all(
        fit.fit is other.fit and fit.region == other.region
        for fit, other in zip(fits, others, strict=True)
    )
