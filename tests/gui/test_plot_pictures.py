"""Plots as files and on the clipboard: vectors, dark on white, whatever the screen shows."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
import zlib
from collections.abc import Iterator
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from fitted_samples import open_fitted_study
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pyqtgraph import ViewBox
from PySide6.QtCore import QEvent, QRectF, Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QApplication, QFileDialog, QMenu
from pytestqt.qtbot import QtBot
from window_helpers import send_mouse

from aphyn_gui.gui.background import BackgroundTasks
from aphyn_gui.gui.comparison_view import ComparisonView
from aphyn_gui.gui.fit_runner import FitRunner
from aphyn_gui.gui.fit_view import FitView
from aphyn_gui.gui.flat_painting import clipped
from aphyn_gui.gui.main_window import MainWindow
from aphyn_gui.gui.plot_pictures import PictureKind, picture_bytes, save_picture
from aphyn_gui.gui.theme import DARK, LIGHT, ThemeMode, theme_manager

SVG = "{http://www.w3.org/2000/svg}"
CURVES = ("forecast", "decomposition", "losses", "parameters", "overlay", "dots")
TIMEOUT_MS = 60_000


class Fitted:
    """The fit's and the comparison's views after real fits."""

    def __init__(self, qtbot: QtBot, folder: Path) -> None:
        self.controller = open_fitted_study(folder)
        self.tasks = BackgroundTasks("analysis")
        self.runner = FitRunner(self.controller)
        self.fit = FitView(self.controller, self.runner, self.tasks)
        self.comparison = ComparisonView(self.controller)
        for widget in (self.fit, self.comparison):
            qtbot.addWidget(widget)
            widget.resize(700, 400)
            widget.show()
        self.controller.select_region(self.controller.study.regions[0].id)
        qtbot.waitUntil(lambda: self.fit.network.is_filled, timeout=TIMEOUT_MS)

    def view(self, name: str) -> object:
        return getattr(self.fit if hasattr(self.fit, name) else self.comparison, name)


@pytest.fixture
def fitted(qtbot: QtBot, tmp_path: Path) -> Iterator[Fitted]:
    fitted = Fitted(qtbot, tmp_path)
    yield fitted
    fitted.runner.shutdown()
    fitted.tasks.shutdown()
    theme_manager().set_mode(ThemeMode.LIGHT)


def root_of(svg: bytes) -> ET.Element:
    return ET.fromstring(svg)


def operators(pdf: bytes) -> bytes:
    """All content streams of a PDF, unpacked."""
    found = b""
    for match in re.finditer(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL):
        try:
            found += zlib.decompress(match[1])
        except zlib.error:
            found += match[1]
    return found


def test_every_plot_is_lines_and_letters_in_svg_and_pdf(fitted: Fitted) -> None:
    for name in CURVES:
        root = root_of(picture_bytes(fitted.view(name), PictureKind.SVG, name))
        lines = list(root.iter(f"{SVG}path")) + list(root.iter(f"{SVG}polyline"))
        words = " ".join("".join(text.itertext()) for text in root.iter(f"{SVG}text"))
        assert len(lines) > 5, name
        assert len(words) > 10, name
        assert not list(root.iter(f"{SVG}image")), name
        assert "non-scaling-stroke" not in ET.tostring(root, encoding="unicode")
        pdf = picture_bytes(fitted.view(name), PictureKind.PDF, name)
        assert pdf.startswith(b"%PDF")
        assert b"Tj" in operators(pdf) or b"TJ" in operators(pdf)
        assert not re.search(rb"/Subtype\s*/Image", pdf), name


def test_the_network_is_an_image_with_lines_and_letters(fitted: Fitted) -> None:
    plane = fitted.fit.network.plane
    root = root_of(picture_bytes(plane, PictureKind.SVG))
    assert len(list(root.iter(f"{SVG}image"))) == 2
    words = " ".join(root.itertext())
    assert "1/ms" in words
    assert "20 ms" in words
    assert re.search(rb"/Subtype\s*/Image", picture_bytes(plane, PictureKind.PDF))


def test_a_curve_in_svg_is_the_forecast(fitted: Fitted) -> None:
    root = root_of(picture_bytes(fitted.view("forecast"), PictureKind.SVG))
    color = LIGHT.prediction.lower()
    groups = [g for g in root.iter(f"{SVG}g") if g.get("stroke") == color]
    shapes = [shape for g in groups for shape in g if shape.tag in (f"{SVG}path", f"{SVG}polyline")]
    region = fitted.controller.study.regions[0]
    voltage = fitted.controller.study.fits[region.id].fit.forecast.voltage
    text = max((shape.get("points") or shape.get("d") or "" for shape in shapes), key=len)
    numbers = np.array([float(n) for n in re.findall(r"-?\d+(?:\.\d+)?", text)]).reshape(-1, 2)
    assert len(numbers) == len(voltage)
    # Down is up: the curve's height is v but for a scale.
    assert np.corrcoef(-numbers[:, 1], voltage)[0, 1] > 0.9999


def test_a_png_has_300_dots_an_inch_and_letters_of_their_size(
    fitted: Fitted, tmp_path: Path
) -> None:
    view = fitted.view("overlay")
    path = save_picture(view, tmp_path / "overlay.png")
    with Image.open(path) as image:
        assert image.info["dpi"] == pytest.approx((300, 300), abs=0.5)
        inches = image.width / 300, image.height / 300
    dots = view.logicalDpiX()
    wanted = max(view.width(), 480) / dots, max(view.height(), 320) / dots
    assert inches == pytest.approx(wanted, abs=0.01)


@pytest.mark.parametrize("mode", [ThemeMode.LIGHT, ThemeMode.DARK])
def test_pictures_are_dark_on_white_and_the_screen_stays_as_it_is(
    fitted: Fitted, mode: ThemeMode, qtbot: QtBot
) -> None:
    theme_manager().set_mode(mode)
    theme = DARK if mode is ThemeMode.DARK else LIGHT
    for name in (*CURVES, "network"):
        view = fitted.view(name)
        view = view.plane if name == "network" else view
        view.catch_up()
        size = view.size()
        ranges = [box.viewRange() for box in boxes(view)]
        with Image.open(BytesIO(picture_bytes(view, PictureKind.PNG))) as image:
            colors = image.convert("L").getcolors(2**24)
        assert max(colors)[1] == 255 or name == "network"
        assert min(value for _, value in colors) < 90, name
        assert view.size() == size
        assert view.backgroundBrush().color().name() == theme.plot_background.lower()
        for before, after in zip(ranges, [box.viewRange() for box in boxes(view)], strict=True):
            np.testing.assert_allclose(after, before)


def boxes(view: object) -> list[object]:
    return [item for item in view.scene().items() if isinstance(item, ViewBox)]


def test_what_a_zoom_hides_is_not_in_the_picture(fitted: Fitted) -> None:
    view = fitted.view("overlay")
    view.plot.setXRange(10, 20, padding=0)
    view.plot.setYRange(0.5, 0.6, padding=0)
    box = view.plot.getViewBox()
    root = root_of(picture_bytes(view, PictureKind.SVG))
    width, height = (float(n) for n in root.get("viewBox").split()[2:])
    for shape in root.iter():
        text = shape.get("points") or (shape.get("d") or "")
        numbers = [float(n) for n in re.findall(r"-?\d+(?:\.\d+)?", text)]
        assert all(-2 <= x <= width + 2 for x in numbers[::2])
        assert all(-2 <= y <= height + 2 for y in numbers[1::2])
    assert box.viewRange()[0] == pytest.approx([10, 20])


def test_a_plot_that_was_never_seen_is_laid_out(fitted: Fitted) -> None:
    view = fitted.view("losses")
    assert view.paint_count == 0
    words = " ".join(root_of(picture_bytes(view, PictureKind.SVG)).itertext())
    assert "validation MSE" in words
    assert "epoch" in words


def test_the_movie_embeds_its_frame_and_draws_its_regions(
    with_regions: MainWindow, qtbot: QtBot
) -> None:
    canvas = with_regions.movie_view.canvas
    root = root_of(picture_bytes(canvas, PictureKind.SVG))
    # The frame, and the scale of its greys.
    assert len(list(root.iter(f"{SVG}image"))) == 2
    words = " ".join(root.itertext())
    assert "ROI A" in words
    assert "mm" in words
    region = with_regions.controller.study.regions[0]
    assert any(g.get("stroke") == region.color.lower() for g in root.iter(f"{SVG}g"))


def test_a_right_click_offers_picture_entries_and_not_pyqtgraphs_own(
    with_regions: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    for view in (with_regions.movie_view.canvas, with_regions.trace_view.plot):
        menu = right_click(view, qtbot)
        texts = [action.text() for action in menu.actions()]
        assert texts == ["Save picture…", "Copy picture"]
        menu.close()
    scenes = [plot.view.scene() for _, plot in with_regions.exports.pictures._actions]
    for scene in scenes:
        texts = [action.text() for action in scene.contextMenu]
        assert texts == ["Save picture…", "Copy picture"]


def right_click(view: object, qtbot: QtBot) -> QMenu:
    viewport = view.viewport()
    middle = viewport.rect().center()
    right, none = Qt.MouseButton.RightButton, Qt.MouseButton.NoButton
    send_mouse(viewport, QEvent.Type.MouseMove, middle, none)
    send_mouse(viewport, QEvent.Type.MouseButtonPress, middle, right, right)
    send_mouse(viewport, QEvent.Type.MouseButtonRelease, middle, none, right)
    qtbot.waitUntil(lambda: QApplication.activePopupWidget() is not None)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    return menu


def test_copy_puts_image_and_svg_on_the_clipboard(with_regions: MainWindow, qtbot: QtBot) -> None:
    menu = right_click(with_regions.trace_view.plot, qtbot)
    menu.actions()[1].trigger()
    menu.close()
    data = QGuiApplication.clipboard().mimeData()
    image = data.imageData()
    assert isinstance(image, QImage)
    assert image.width() >= 1500
    assert root_of(bytes(data.data("image/svg+xml").data())).tag == f"{SVG}svg"


def test_the_form_follows_the_filter_and_the_file_is_said(
    with_regions: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    pictures = with_regions.exports.pictures
    pictures.update_actions()
    offered = {plot.name: action.isEnabled() for action, plot in pictures._actions}
    assert offered["trace"]
    assert offered["movie with regions"]
    assert not offered["forecast"]
    action = next(action for action, plot in pictures._actions if plot.name == "trace")
    action.trigger()
    dialog = with_regions.findChild(QFileDialog)
    beside = with_regions.controller.recording.path.parent
    assert Path(dialog.selectedFiles()[0]) == beside / "movie-ROI-B-trace.svg"
    dialog.filterSelected.emit(PictureKind.PDF.filter)
    assert dialog.selectedFiles()[0].endswith("movie-ROI-B-trace.pdf")
    dialog.fileSelected.emit(str(tmp_path / "trace.pdf"))
    dialog.close()
    assert (tmp_path / "trace.pdf").read_bytes().startswith(b"%PDF")
    assert str(tmp_path / "trace.pdf") in with_regions.log_view.text


def test_a_place_that_cannot_be_written_is_a_message(
    with_regions: MainWindow, tmp_path: Path
) -> None:
    pictures = with_regions.exports.pictures
    plot = next(plot for _, plot in pictures._actions if plot.name == "trace")
    pictures.save(plot, tmp_path / "missing" / "trace.svg")
    assert "choose another place" in with_regions.toaster.texts[-1]


def test_an_unknown_suffix_becomes_svg(with_regions: MainWindow, tmp_path: Path) -> None:
    written = save_picture(with_regions.trace_view.plot, tmp_path / "trace.v2")
    assert written.name == "trace.v2.svg"
    root_of(written.read_bytes())


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.floats(-20, 20), st.floats(-20, 20)), min_size=2, max_size=20))
def test_a_clipped_line_stays_inside_and_on_the_line(points: list[tuple[float, float]]) -> None:
    line = np.array(points)
    frame = QRectF(-5, -3, 10, 6)
    pieces = clipped(line, frame)
    for piece in pieces:
        assert (np.abs(piece[:, 0]) <= 5 + 1e-9).all()
        assert (np.abs(piece[:, 1]) <= 3 + 1e-9).all()
    share = np.linspace(0, 1, 400)[:, None]
    inside = 0.0
    for start, stop in pairwise(line):
        along = start + share * (stop - start)
        is_in = (np.abs(along[:, 0]) <= 5) & (np.abs(along[:, 1]) <= 3)
        inside += is_in.mean() * float(np.hypot(*(stop - start)))
    length = sum(float(np.hypot(*np.diff(piece, axis=0).T).sum()) for piece in pieces)
    assert length == pytest.approx(inside, abs=0.3 * len(line))
