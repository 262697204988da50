"""Names of parameters as the paper prints them."""

from __future__ import annotations

import re

_GREEK = {
    "tau": "τ", "lambda": "λ", "gamma": "γ", "mu": "μ", "eps": "ε", "epsilon": "ε",
    "alpha": "α", "beta": "β",
}  # fmt: skip
_WORD = re.compile(rf"\b({'|'.join(_GREEK)})(\d*)\b")
_STIMULUS = {
    "stimulus_amplitude": "J_stim", "stimulus_duration": "t_stim", "stimulus_onset": "t_onset",
}  # fmt: skip
_NAME = re.compile(r"\b(tau|lambda|gamma|mu|eps|epsilon|alpha|beta|v|h|u|w|J|t)_([A-Za-z0-9]+)\b")


def symbol_text(text: str) -> str:
    """``text`` with every parameter name in it as plain text: "tau_in" becomes "τ_in"."""
    return _NAME.sub(lambda match: f"{_GREEK.get(match[1], match[1])}_{match[2]}", _short(text))


def symbol_html(text: str) -> str:
    """``text`` with every parameter name in it as HTML: "tau_in" becomes "τ<sub>in</sub>"."""
    return _NAME.sub(
        lambda match: f"{_GREEK.get(match[1], match[1])}<sub>{match[2]}</sub>", _short(text)
    )


def equation_html(text: str) -> str:
    """As :func:`symbol_html`, where Greek letters also stand alone: "epsilon" becomes "ε"."""
    return _WORD.sub(
        lambda match: _GREEK[match[1]] + (f"<sub>{match[2]}</sub>" if match[2] else ""),
        symbol_html(text),
    )


def _short(text: str) -> str:
    """The stimulus has long names in files and the paper's short ones here."""
    for name, short in _STIMULUS.items():
        text = text.replace(name, short)
    return text
