"""Names of parameters as the paper prints them."""

from __future__ import annotations

import re

_GREEK = {
    "tau": "τ", "lambda": "λ", "gamma": "γ", "mu": "μ", "eps": "ε", "epsilon": "ε",
    "alpha": "α", "beta": "β",
}  # fmt: skip
_NAME = re.compile(r"\b(tau|lambda|gamma|mu|eps|epsilon|alpha|beta|v|h|u|w)_([A-Za-z0-9]+)\b")


def symbol_text(text: str) -> str:
    """``text`` with every parameter name in it as plain text: "tau_in" becomes "τ_in"."""
    return _NAME.sub(lambda match: f"{_GREEK.get(match[1], match[1])}_{match[2]}", text)


def symbol_html(text: str) -> str:
    """``text`` with every parameter name in it as HTML: "tau_in" becomes "τ<sub>in</sub>"."""
    return _NAME.sub(lambda match: f"{_GREEK.get(match[1], match[1])}<sub>{match[2]}</sub>", text)
