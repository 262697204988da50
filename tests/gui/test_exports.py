"""File > Export: parts of a study, off the GUI thread, with progress, cancel and a link."""

from __future__ import annotations

import csv
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from fitted_samples import open_fitted_study
from PySide6.QtCore import QPoint, Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QMenu, QPushButton
from pytestqt.qtbot import QtBot

from aphyn_gui.gui.comparison_view import ComparisonView
from aphyn_gui.gui.export_dialog import ExportDialog
from aphyn_gui.gui.main_window import MainWindow
from aphyn_gui.gui.study_exporter import StudyExporter
from aphyn_gui.study import StudyError
from aphyn_gui.study.export import ExportPart, ExportProgress

TIMEOUT_MS = 60_000


@pytest.fixture
def fitted_window(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> MainWindow:
    """The window with the small recording and two fits."""
    document = open_fitted_study(tmp_path).document
    window.controller.open_project(document)
    qtbot.waitUntil(lambda: not window.tasks.is_busy)
    return window


def entry(window: MainWindow, *names: str) -> object:
    """The action under these menus, each opened as a user would."""
    menu = next(
        action.menu()
        for action in window.menuBar().actions()
        if action.text().replace("&", "") == "File"
    )
    for name in names[:-1]:
        menu = child(menu, name).menu()
        menu.aboutToShow.emit()
    return child(menu, names[-1])


def child(menu: QMenu, name: str) -> object:
    return next(a for a in menu.actions() if a.text().replace("&", "") == name)


def wait_written(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not window.exports.exporter.is_running, timeout=TIMEOUT_MS)


def test_nothing_can_be_exported_before_a_fit(window: MainWindow) -> None:
    for name in ("All results…", "Report (HTML)…", "Script (Python)…"):
        assert not entry(window, "Export", name).isEnabled()


def test_a_study_is_written_in_the_parts_that_were_chosen(
    fitted_window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    entry(fitted_window, "Export", "All results…").trigger()
    dialog = fitted_window.findChild(ExportDialog)
    assert dialog.isVisible()
    assert not dialog.isModal()
    dialog.folder.clear()
    assert not dialog.write.isEnabled()
    folder = tmp_path / "written" / "here"
    qtbot.keyClicks(dialog.folder, str(folder))
    for part in (ExportPart.MODELS, ExportPart.SCRIPT):
        box = dialog.parts[part]
        qtbot.mouseClick(box, Qt.MouseButton.LeftButton, pos=QPoint(8, box.height() // 2))
        assert not dialog.parts[part].isChecked()
    qtbot.mouseClick(dialog.write, Qt.MouseButton.LeftButton)
    assert fitted_window.exports.exporter.is_running
    assert dialog.close_button.text() == "Cancel"
    wait_written(fitted_window, qtbot)
    names = [path.name for path in folder.rglob("*") if path.is_file()]
    assert {"comparison.csv", "study.xlsx", "report.html", "contents.txt"} <= set(names)
    assert "fit_again.py" not in names
    assert not any(name.endswith(".mmt") for name in names)
    assert sum(name.endswith("_network.csv") for name in names) == 2
    assert f"{len(names)} files were written to {folder}" in fitted_window.log_view.text
    assert not dialog.isVisible(), "what it says stands behind it"


def test_an_export_that_fails_leaves_its_dialog_for_another_try(
    fitted_window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    entry(fitted_window, "Export", "All results…").trigger()
    dialog = fitted_window.findChild(ExportDialog)
    dialog.folder.setText(str(tmp_path / "file" / "below"))
    qtbot.mouseClick(dialog.write, Qt.MouseButton.LeftButton)
    wait_written(fitted_window, qtbot)
    assert dialog.isVisible()
    assert dialog.words.text() == "Not all was written."
    assert dialog.write.isEnabled()
    dialog.close()


def test_the_folder_is_one_click_away(
    fitted_window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[QUrl] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", opened.append)
    entry(fitted_window, "Export", "Report (HTML)…").trigger()
    dialog = fitted_window.findChild(QFileDialog)
    dialog.fileSelected.emit(str(tmp_path / "page.html"))
    dialog.close()
    wait_written(fitted_window, qtbot)
    assert "<svg" in (tmp_path / "page.html").read_text(encoding="utf-8")
    (link,) = [b for b in fitted_window.findChildren(QPushButton) if b.text() == "Open folder"]
    qtbot.mouseClick(link, Qt.MouseButton.LeftButton)
    assert [Path(url.toLocalFile()) for url in opened] == [tmp_path]


def test_script_and_models_have_entries_of_their_own(
    fitted_window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    entry(fitted_window, "Export", "Script (Python)…").trigger()
    dialog = fitted_window.findChild(QFileDialog)
    dialog.fileSelected.emit(str(tmp_path / "again.py"))
    dialog.close()
    wait_written(fitted_window, qtbot)
    compile((tmp_path / "again.py").read_text(encoding="utf-8"), "again.py", "exec")
    folder = tmp_path / "models"
    folder.mkdir()
    fitted_window.exports._export.export(folder, frozenset({ExportPart.MODELS}))
    wait_written(fitted_window, qtbot)
    assert any(path.suffix == ".mmt" for path in folder.rglob("*"))


def test_a_folder_that_cannot_be_made_is_a_message(
    fitted_window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    folder = tmp_path / "file" / "below"
    fitted_window.exports._export.export(folder, frozenset({ExportPart.TABLES}))
    wait_written(fitted_window, qtbot)
    assert "choose another folder" in fitted_window.toaster.texts[-1]


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def exporter(qtbot: QtBot, window: MainWindow, said: list[str]) -> Iterator[StudyExporter]:
    exporter = StudyExporter(
        window,
        lambda level, text, details: said.append(text),
        lambda text, folder: said.append(text),
    )
    yield exporter
    exporter.shutdown()


def test_cancel_ends_between_two_steps(
    qtbot: QtBot, exporter: StudyExporter, said: list[str], tmp_path: Path
) -> None:
    go_on = threading.Event()
    threads = set()

    def steps() -> Iterator[ExportProgress]:
        threads.add(threading.get_ident())
        for done in range(1, 100):
            yield ExportProgress((tmp_path / f"{done}.csv",), done, 99)
            go_on.wait(10)

    with qtbot.waitSignal(exporter.progressed):
        exporter.start(steps, tmp_path)
    assert threads.isdisjoint({threading.get_ident()})
    exporter.cancel()
    assert exporter.is_cancelling
    go_on.set()
    qtbot.waitUntil(lambda: not exporter.is_running)
    assert "cancelled" in said[0]
    assert " of it lie in " in said[0]


@pytest.mark.parametrize(
    ("error", "words"),
    [(StudyError("close the program"), "close the program"), (ValueError("odd"), "ValueError")],
)
def test_a_failure_is_a_message_and_the_next_export_runs(
    qtbot: QtBot, exporter: StudyExporter, said: list[str], tmp_path: Path,
    error: Exception, words: str,
) -> None:  # fmt: skip
    def fails() -> Iterator[ExportProgress]:
        raise error
        yield

    exporter.start(fails, tmp_path)
    qtbot.waitUntil(lambda: not exporter.is_running)
    assert words in said[0]
    exporter.start(lambda: iter([ExportProgress((tmp_path / "a.csv",), 1, 1)]), tmp_path)
    qtbot.waitUntil(lambda: not exporter.is_running)
    assert said[1] == f"a.csv was written to {tmp_path}."


def test_the_comparisons_csv_says_what_is_on_the_screen(qtbot: QtBot, tmp_path: Path) -> None:
    controller = open_fitted_study(tmp_path)
    view = ComparisonView(controller)
    qtbot.addWidget(view)
    path = tmp_path / "comparison.csv"
    view.save_csv(path)
    with path.open(newline="", encoding="utf-8") as file:
        header, *lines = csv.reader(file)
    read = {line[0]: line for line in lines}
    model = view.model
    assert header[2:] == [
        model.headerData(column, Qt.Orientation.Horizontal)
        for column in range(2, model.columnCount())
    ]
    for number, row in enumerate(model.comparison.rows):
        assert model.index(number, 1).data() == read[row.key][1]
        for column in range(2, model.columnCount()):
            shown = model.index(number, column).data()
            if read[row.key][column] == "":
                assert shown == "–"
                continue
            value = float(read[row.key][column])
            first = float(shown.split(" ")[0])
            digits = len(shown.split(" ")[0].partition(".")[2])
            assert first == pytest.approx(value, rel=6e-3, abs=0.51 * 10.0**-digits)
            if "–" in shown:
                ends = [float(read[f"{row.key}_{end}"][column]) for end in ("lower", "upper")]
                words = shown.split("(")[1].rstrip(")").split("–")
                assert [float(w) for w in words] == pytest.approx(ends, abs=0.51 * 10.0**-digits)
            if row.flags:
                word = read[f"{row.key}_identified"][column]
                assert (word == "no") == ("not identified" in shown)
                assert (word == "kept") == ("kept" in shown)
