"""The information dialog: what a recording is, and reading it in another way."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QFileDialog,
    QLabel,
    QLineEdit,
    QPushButton,
    QTableWidget,
)
from pytestqt.qtbot import QtBot
from window_helpers import COLUMNS, FRAMES, ROWS, movie_counts, wait_analysed

from aphyn_gui.fitting import EX_VIVO
from aphyn_gui.gui import settings
from aphyn_gui.gui.fit_runner import RunnerState
from aphyn_gui.gui.main_window import MainWindow
from aphyn_gui.gui.recording_information import RecordingInformation
from aphyn_gui.recording import RectangularRoi, open_recording
from aphyn_gui.study import RecordingReference
from aphyn_gui.study.opening import open_project
from aphyn_gui.study.project_file import save_project


def information(window: MainWindow) -> RecordingInformation:
    QTest.keyClick(window, Qt.Key.Key_I, Qt.KeyboardModifier.ControlModifier)
    dialog = window.information
    assert dialog is not None
    assert dialog.isVisible()
    return dialog


def combo(dialog: RecordingInformation, name: str) -> QComboBox:
    return dialog.findChild(QComboBox, name)


def rois(window: MainWindow) -> list[RectangularRoi]:
    return [region.roi for region in window.controller.study.regions]


def change(window: MainWindow, field: QComboBox, key: Qt.Key, qtbot: QtBot) -> None:
    """One key in a field, and wait until the recording was read anew."""
    field.setFocus()
    with qtbot.waitSignal(window.loader.reread_ended):
        QTest.keyClick(field, key)


@pytest.fixture
def open_array(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> MainWindow:
    """An array whose time axis is a choice, with an interval and two regions."""
    path = tmp_path / "heart.npy"
    np.save(path, movie_counts())
    with qtbot.waitSignal(window.loader.opened):
        window.loader.open(path)
    window.loader.calibrate(1.0, None)
    window.controller.add_region(RectangularRoi(4, 4, 6, 5))
    window.controller.add_region(RectangularRoi(20, 10, 6, 6))
    wait_analysed(window, qtbot)
    return window


def test_it_says_what_the_recording_is_and_does_not_block(loaded: MainWindow) -> None:
    dialog = information(loaded)
    assert QApplication.activeModalWidget() is None
    text = dialog.text()
    for words in ("TIFF", f"{FRAMES} of {ROWS} rows", "1 ms, 1000 frames a second", "0.25 mm"):
        assert words in text
    recording = loaded.controller.recording
    assert recording is not None
    table = dialog.findChild(QTableWidget, "header")
    assert table.rowCount() == len(recording.header) > 0
    shown = dialog.findChild(QLabel, "assumptions").text()
    assert all(sentence in shown for sentence in recording.assumptions)
    copy = next(b for b in dialog.findChildren(QPushButton) if b.text() == "Copy all")
    QTest.mouseClick(copy, Qt.MouseButton.LeftButton)
    assert QApplication.clipboard().text() == text
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()


def test_another_option_reads_the_file_anew_and_can_be_undone(
    open_array: MainWindow, qtbot: QtBot
) -> None:
    controller = open_array.controller
    before, regions = controller.recording, rois(open_array)
    assert before is not None
    (choice,) = before.choices
    dialog = information(open_array)
    field = combo(dialog, f"choice_{choice.key}")
    assert [field.itemText(i) for i in range(field.count())] == list(choice.options)
    assert choice.reason in [label.text() for label in dialog.findChildren(QLabel)]
    change(open_array, field, Qt.Key.Key_Down, qtbot)
    after, reference = controller.recording, controller.study.recording
    assert after is not None
    assert reference is not None
    assert dict(reference.choices) == {choice.key: choice.options[1]}
    assert after.choices[0].chosen == choice.options[1]
    assert (after.frame_count, after.row_count) == (ROWS, FRAMES)
    assert after.frame_interval_ms == 1.0
    # Another field: it was built anew.
    assert combo(dialog, f"choice_{choice.key}").currentText() == choice.options[1]
    assert dialog.findChild(QPushButton, "forget_choices").isVisible()
    controller.undo_stack.undo()
    assert controller.recording is before
    assert rois(open_array) == regions
    assert combo(dialog, f"choice_{choice.key}").currentText() == choice.chosen
    controller.undo_stack.redo()
    assert controller.recording is after
    with qtbot.waitSignal(open_array.loader.reread_ended):
        dialog.findChild(QPushButton, "forget_choices").click()
    assert controller.recording is not None
    assert controller.recording.frame_count == FRAMES
    wait_analysed(open_array, qtbot)


def test_binning_scales_regions_and_pitch_and_can_be_undone(
    with_regions: MainWindow, qtbot: QtBot
) -> None:
    controller = with_regions.controller
    selected = controller.selected_region_id
    dialog = information(with_regions)
    change(with_regions, combo(dialog, "binning"), Qt.Key.Key_Down, qtbot)
    recording = controller.recording
    assert recording is not None
    assert (recording.row_count, recording.column_count) == (ROWS // 2, COLUMNS // 2)
    assert recording.pixel_pitch_mm == pytest.approx(0.5)
    assert rois(with_regions) == [RectangularRoi(2, 2, 3, 2), RectangularRoi(10, 5, 3, 3)]
    assert controller.selected_region_id == selected
    reference = controller.study.recording
    assert reference is not None
    assert reference.binning == 2
    wait_analysed(with_regions, qtbot)
    analysis = with_regions.analyst.analysis(selected)
    assert analysis is not None
    assert analysis.signal is not None
    items = with_regions.movie_view.canvas
    assert items.image_to_viewport(16, 0).x() > items.image_to_viewport(8, 0).x()
    with_regions.actions_.undo.trigger()
    assert rois(with_regions) == [RectangularRoi(4, 4, 6, 5), RectangularRoi(20, 10, 6, 6)]
    assert controller.recording is not None
    assert controller.recording.pixel_pitch_mm == pytest.approx(0.25)
    assert combo(dialog, "binning").currentText() == "none"
    wait_analysed(with_regions, qtbot)


def test_the_same_file_again_is_read_as_before(
    with_regions: MainWindow, movie_file: Path, qtbot: QtBot
) -> None:
    dialog = information(with_regions)
    change(with_regions, combo(dialog, "binning"), Qt.Key.Key_Down, qtbot)
    regions = rois(with_regions)
    with qtbot.waitSignal(with_regions.loader.opened):
        with_regions.loader.open(movie_file)
    assert with_regions.controller.recording is not None
    assert with_regions.controller.recording.row_count == ROWS // 2
    assert rois(with_regions) == regions
    wait_analysed(with_regions, qtbot)


def test_the_calibration_bar_speaks_of_binned_pixels(
    with_regions: MainWindow, qtbot: QtBot
) -> None:
    dialog = information(with_regions)
    change(with_regions, combo(dialog, "binning"), Qt.Key.Key_Down, qtbot)
    with_regions.loader.calibrate(2.0, 0.6)
    reference = with_regions.controller.study.recording
    assert reference is not None
    assert reference.pixel_pitch_mm == pytest.approx(0.3)
    assert dialog.findChild(QLineEdit, "pixel_pitch_mm").text() == "0.3"
    assert "0.6 mm" in dialog.text()
    wait_analysed(with_regions, qtbot)


def test_a_typed_interval_is_used_remembered_and_undone(
    with_regions: MainWindow, movie_file: Path, qtbot: QtBot
) -> None:
    controller = with_regions.controller
    dialog = information(with_regions)
    line = dialog.findChild(QLineEdit, "frame_interval_ms")
    assert line.placeholderText() == "1, from the file"
    line.setFocus()
    QTest.keyClicks(line, "2.5")
    with qtbot.waitSignal(with_regions.loader.reread_ended):
        QTest.keyClick(line, Qt.Key.Key_Return)
    assert dialog.isVisible()
    assert controller.recording is not None
    assert controller.recording.frame_interval_ms == 2.5
    assert settings.calibration_of(movie_file) == (2.5, None)
    assert len(controller.study.regions) == 2
    wait_analysed(with_regions, qtbot)
    controller.undo_stack.undo()
    assert controller.recording.frame_interval_ms == pytest.approx(1.0)
    assert line.text() == ""
    wait_analysed(with_regions, qtbot)


@pytest.mark.parametrize("typed", ["0", "-3", "1e999", "."])
def test_an_impossible_interval_changes_nothing(loaded: MainWindow, typed: str) -> None:
    before = loaded.controller.study
    dialog = information(loaded)
    line = dialog.findChild(QLineEdit, "frame_interval_ms")
    line.setFocus()
    QTest.keyClicks(line, typed)
    QTest.keyClick(line, Qt.Key.Key_Return)
    assert loaded.controller.study is before


def test_a_file_that_cannot_be_read_that_way_leaves_everything(
    with_regions: MainWindow, movie_file: Path, qtbot: QtBot
) -> None:
    before = with_regions.controller.study
    dialog = information(with_regions)
    movie_file.rename(movie_file.with_suffix(".gone"))
    with qtbot.waitSignal(with_regions.controller.message) as message:
        change(with_regions, combo(dialog, "binning"), Qt.Key.Key_Down, qtbot)
    assert message.args[0] == "error"
    assert "no file" in message.args[1]
    assert with_regions.controller.study is before
    assert combo(dialog, "binning").currentText() == "none"
    assert combo(dialog, "binning").isEnabled()


def test_another_recording_is_not_read_like_the_one_before(
    with_regions: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    controller = with_regions.controller
    path = tmp_path / "other.npy"
    np.save(path, movie_counts())
    dialog = information(with_regions)
    field = combo(dialog, "binning")
    field.setFocus()
    with qtbot.waitSignal(with_regions.loader.reread_ended):
        QTest.keyClick(field, Qt.Key.Key_Down)
        controller.set_recording(open_recording(path), RecordingReference(path))
    assert controller.study.recording == RecordingReference(path)
    assert controller.recording is not None
    assert controller.recording.row_count == ROWS
    assert field.currentText() == "none"


def test_a_folder_of_frames_is_opened(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    folder = tmp_path / "frames"
    folder.mkdir()
    for number, frame in enumerate(movie_counts(frames=12)):
        tifffile.imwrite(folder / f"frame_{number:03}.tif", frame)
    window.actions_.open_folder.trigger()
    dialog = window.findChild(QFileDialog)
    assert dialog.isVisible()
    assert dialog.fileMode() is QFileDialog.FileMode.Directory
    with qtbot.waitSignal(window.loader.opened):
        dialog.fileSelected.emit(str(folder))
    dialog.reject()
    recording = window.controller.recording
    assert recording is not None
    assert (recording.frame_count, recording.row_count) == (12, ROWS)
    assert settings.recent_files() == [folder.resolve()]


def fit_all(window: MainWindow, qtbot: QtBot) -> None:
    """Quick fits of all regions, to the end."""
    window.controller.set_protocol(EX_VIVO.with_changes(epochs=2))
    window.actions_.fit_all.trigger()
    qtbot.waitUntil(lambda: window.runner.state is RunnerState.IDLE, timeout=60_000)
    wait_analysed(window, qtbot)


def statuses(window: MainWindow) -> list[str]:
    model = window.roi_table.table.model()
    return [model.index(row, 8).data() for row in range(model.rowCount())]


def test_fits_are_marked_while_the_frame_interval_is_another(
    with_regions: MainWindow, tmp_path: Path, qtbot: QtBot
) -> None:
    controller = with_regions.controller
    fit_all(with_regions, qtbot)
    assert statuses(with_regions) == ["fitted", "fitted"]
    line = information(with_regions).findChild(QLineEdit, "frame_interval_ms")
    line.setFocus()
    QTest.keyClicks(line, "2")
    with qtbot.waitSignal(with_regions.loader.reread_ended):
        QTest.keyClick(line, Qt.Key.Key_Return)
    wait_analysed(with_regions, qtbot)
    assert statuses(with_regions) == ["fitted; frame interval changed since"] * 2
    assert "frame interval changed since the fit" in with_regions.fit_view.note.text()
    marked = "ROI A and ROI B: frame interval changed since the fit."
    assert marked in with_regions.comparison_view.findings.text()
    controller.undo_stack.undo()
    wait_analysed(with_regions, qtbot)
    assert statuses(with_regions) == ["fitted", "fitted"]
    assert "changed" not in with_regions.fit_view.note.text()
    assert "changed" not in with_regions.comparison_view.findings.text()
    controller.undo_stack.redo()
    wait_analysed(with_regions, qtbot)
    assert statuses(with_regions) == ["fitted; frame interval changed since"] * 2
    save_project(controller.study, tmp_path / "hearts.aphyn")
    opened = open_project(tmp_path / "hearts.aphyn")
    for region in opened.study.regions:
        assert opened.changes_since_fit(region.id) == ("frame interval",)
    # Fitted again, they are up to date, and outdated by undoing what came before the fit.
    fit_all(with_regions, qtbot)
    assert statuses(with_regions) == ["fitted", "fitted"]
    controller.undo_stack.undo()
    wait_analysed(with_regions, qtbot)
    assert statuses(with_regions) == ["fitted; frame interval changed since"] * 2


def test_fits_are_marked_while_a_choice_or_the_binning_is_another(
    open_array: MainWindow, qtbot: QtBot
) -> None:
    fit_all(open_array, qtbot)
    words = open_array.comparison_view.findings
    dialog = information(open_array)
    change(open_array, combo(dialog, "choice_time_axis"), Qt.Key.Key_Down, qtbot)
    wait_analysed(open_array, qtbot)
    assert "time axis changed since the fit" in words.text()
    assert "time axis changed since the fit" in open_array.fit_view.note.text()
    # Back by hand: the axis is chosen by the user now, but it is the same.
    change(open_array, combo(dialog, "choice_time_axis"), Qt.Key.Key_Up, qtbot)
    wait_analysed(open_array, qtbot)
    assert "time axis" not in words.text()
    open_array.controller.undo_stack.undo()
    assert "time axis changed since the fit" in words.text()
    open_array.controller.undo_stack.undo()
    wait_analysed(open_array, qtbot)
    assert "changed" not in words.text()
    change(open_array, combo(dialog, "binning"), Qt.Key.Key_Down, qtbot)
    wait_analysed(open_array, qtbot)
    assert "ROI A and ROI B: rectangle and binning changed since the fit." in words.text()
