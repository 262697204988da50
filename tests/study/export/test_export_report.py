"""The report: one page, nothing from outside, names as text, figures that are drawings."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pytest

from aphyn_gui.recording import Recording
from aphyn_gui.study import Study, compare
from aphyn_gui.study.export import html_report
from aphyn_gui.study.export.svg import Plot, ticks

_EMPTY = {"meta"}


class Page(HTMLParser):
    """Tags, attributes and texts; fails where tags do not match."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str | None]] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += attrs
        if tag not in _EMPTY:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


@pytest.fixture(scope="module")
def html(study: Study, recording: Recording) -> str:
    return html_report(study, [recording])


def test_names_are_text_and_never_markup(study: Study, html: str) -> None:
    page = Page(html)
    assert page.tags["b"] == 0
    for region in study.regions:
        assert " ".join(region.name.split()) in page.text
    assert page.tags["script"] == 0


def test_the_page_needs_nothing_from_outside(html: str) -> None:
    page = Page(html)
    addresses = [value for name, value in page.attributes if name in ("src", "href", "xlink:href")]
    assert addresses == []
    assert "@import" not in html
    assert "url(" not in html


def test_what_the_window_shows_is_on_the_page(study: Study, html: str) -> None:
    page = Page(html)
    comparison = compare(study)
    for row in comparison.rows:
        for index in range(len(comparison.regions)):
            assert row.text(index) in page.texts
    for sentence in (*comparison.findings, *comparison.region_warnings):
        assert " ".join(sentence.split()) in page.text


def test_methods_name_paper_steps_settings_versions_and_seed(study: Study, html: str) -> None:
    text = Page(html).text
    fit = study.fits["roi-2"].fit
    for wanted in (
        "Kashtanova", "STACOM", "Mitchell", "65:767-793", "Savitzky-Golay", "maximum dV/dt",
        fit.provenance.package_version, fit.provenance.torch_version, "seed 0", "Adam",
        "480 frames of 16 × 8 pixels, 1 ms a frame", "5 × 5 pixels", *fit.sequences.notes,
    ):  # fmt: skip
        assert wanted in text


def test_every_figure_is_a_drawing_with_a_title(html: str) -> None:
    drawings = re.findall(r"<svg.*?</svg>", html, re.DOTALL)
    titles = [
        ElementTree.fromstring(drawing).findtext("{http://www.w3.org/2000/svg}title")
        for drawing in drawings
    ]
    assert titles.count("Action potential: data, hybrid, physics alone") == 2
    assert titles.count("F_p and F_dl along the forecast") == 1
    assert "tau_close by region" in titles
    assert "nan" not in "".join(drawings)
    assert "inf" not in "".join(drawings)


def test_the_same_study_gives_the_same_page(study: Study, recording: Recording, html: str) -> None:
    assert html_report(study, [recording]) == html
    assert html_report(replace(study), []) != html


def test_a_curve_is_cut_where_it_leaves_the_axes() -> None:
    plot = Plot((0.0, 4.0), (0.0, 1.0), "x", "y")
    plot.line(np.arange(5.0), np.array([0.0, 3.0, np.nan, 0.5, -1.0]), "#000000")
    drawing = plot.svg("cut")
    heights = [
        float(pair.split(",")[1])
        for points in re.findall(r'points="([^"]*)"', drawing)
        for pair in points.split()
    ]
    assert len(re.findall("<polyline", drawing)) == 2
    assert min(heights) == pytest.approx(12.0)
    assert max(heights) == pytest.approx(188.0)


@pytest.mark.parametrize(
    ("low", "high", "wanted"),
    [
        (0.0, 1.0, [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (-0.21, 0.22, [-0.2, -0.1, 0.0, 0.1, 0.2]),
        (118.0, 152.0, [120.0, 130.0, 140.0, 150.0]),
    ],
)
def test_ticks_are_round_numbers(low: float, high: float, wanted: list[float]) -> None:
    np.testing.assert_allclose(ticks(low, high), wanted, atol=1e-12)


def test_the_page_says_which_fits_are_outdated(study: Study, recording: Recording) -> None:
    entry = study.current
    first, second = study.regions
    of_first = replace(study, protocol=study.fits[first.id].fit.protocol)
    names = [" ".join(region.name.split()) for region in (first, second)]
    text = Page(html_report(of_first, [recording])).text
    assert f"{names[1]}: protocol changed since the fit." in text
    assert text.count("since the fit") == 1
    moved = of_first.with_region(replace(first, roi=first.roi.moved(1, 0)))
    text = Page(html_report(moved, [recording.with_frame_interval(2.0)])).text
    assert f"{names[0]}: rectangle and frame interval changed since the fit." in text
    assert f"{names[1]}: protocol and frame interval changed since the fit." in text
    # Without the recording, what the user has said of it is known still.
    assert entry.reference is not None
    binned = replace(entry, reference=replace(entry.reference, binning=2))
    text = Page(html_report(of_first.with_recording(binned))).text
    assert f"{names[0]}: binning changed since the fit." in text
