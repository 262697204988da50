"""Equations and symbols as the paper prints them."""

from __future__ import annotations

import pytest

from aphyn_gui.gui.formula import formula_html
from aphyn_gui.gui.symbols import equation_html, symbol_html, symbol_text
from aphyn_gui.physics import ionic_model, models


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("epsilon + mu1 - k", "ε + μ<sub>1</sub> - k"),
        ("gamma*w", "γ*w"),
        ("tau_in", "τ<sub>in</sub>"),
        ("epsilons and mute", "epsilons and mute"),
    ],
)
def test_greek_letters(text: str, expected: str) -> None:
    assert equation_html(text) == expected


def test_names_in_sentences_keep_plain_words() -> None:
    assert symbol_html("tau_close of mu") == "τ<sub>close</sub> of mu"
    assert symbol_text("stimulus_duration") == "t_stim"


@pytest.mark.parametrize("model", models(), ids=lambda model: model.name)
def test_every_model_prints_its_own_second_state(model: object) -> None:
    html = formula_html(model)
    label = model.gate_label
    assert f"d{label}/dt = " in html
    assert f"F<sub>dl</sub>(v, {label})" in html
    if label != "h":
        assert "h&thinsp;" not in html
    for raw in ("Piecewise", "**", "tau_", "epsilon", "mu1"):
        assert raw not in html


def test_the_smooth_gate_is_readable() -> None:
    html = formula_html(ionic_model("mitchell_schaeffer_smooth"))
    assert "s = 25&thinsp;(v − v<sub>gate</sub>), kept between −1 and 1" in html
