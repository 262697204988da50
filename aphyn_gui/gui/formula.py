"""The equations of an ionic model as HTML, derived from the expressions that are computed."""

from __future__ import annotations

import re
from functools import cache
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from aphyn_gui.gui.collector import CollectorGuard
from aphyn_gui.gui.symbols import equation_html
from aphyn_gui.physics import IonicModel

if TYPE_CHECKING:
    import sympy

_POLL_INTERVAL_MS = 50


@cache
def formula_html(model: IonicModel) -> str:
    """dv/dt with stimulus and network, and dh/dt; imports SymPy, which takes half a second."""
    voltage_rate, gate_rate = model.rate_expressions
    clamps: dict[sympy.Symbol, str] = {}
    rates = [_without_clamps(rate, clamps) for rate in (voltage_rate, gate_rate)]
    gate = model.gate_label
    voltage_html, gate_html = (re.sub(r"\bh\b", gate, _expression_html(rate)) for rate in rates)
    lines = [
        f"dv/dt = {voltage_html} + J(t) + F<sub>dl</sub>(v, {gate})",
        f"d{gate}/dt = {gate_html}",
        *clamps.values(),
    ]
    return "<br>".join(lines)


def _without_clamps(expression: sympy.Expr, clamps: dict[sympy.Symbol, str]) -> sympy.Expr:
    """Write smooth gates as they are meant: f(x), with x kept between two numbers.

    SymPy holds f(clamp(x, a, b)) as three cases, and pushes products and powers into them. What is
    replaced is named in ``clamps``, symbol by symbol, with its explanation.
    """
    import sympy

    for piecewise in sorted(expression.atoms(sympy.Piecewise), key=str):
        if piecewise == expression:
            continue
        if len(piecewise.args) == 2:
            (low, below), (x, _) = piecewise.args
            if below == (x < low):
                expression = expression.subs(piecewise, sympy.Function("max")(x, low))
            continue
        if len(piecewise.args) != 3:
            continue
        (low, below), (high, above), (middle, _) = piecewise.args
        if not isinstance(below, sympy.StrictLessThan) or above != (below.lhs > above.rhs):
            continue
        x, first, last = below.lhs, below.rhs, above.rhs
        symbol = sympy.Symbol(f"s_{len(clamps) + 1}" if clamps else "s")
        words = (
            f"{{}} = {_plain_html(sympy.factor(x))}, kept between {_plain_html(first)} and "
            f"{_plain_html(last)}"
        )
        known = [s for s, text in clamps.items() if text == words.format(s)]
        symbol = known[0] if known else symbol
        shape = middle.subs(x, symbol)
        if shape.free_symbols != {symbol}:
            continue
        if shape.subs(symbol, first) != low or shape.subs(symbol, last) != high:
            continue
        clamps.setdefault(symbol, words.format(symbol))
        expression = expression.subs(piecewise, shape)
    return expression


def _expression_html(expression: sympy.Expr) -> str:
    import sympy

    if isinstance(expression, sympy.Piecewise):
        cases = [
            _plain_html(value)
            + (" otherwise" if condition == sympy.true else f" while {_plain_html(condition)}")
            for value, condition in expression.args
        ]
        return ", ".join(cases)
    return _plain_html(expression)


def _plain_html(expression: sympy.Basic) -> str:
    text = str(expression).replace("<", "&lt;").replace(">", "&gt;")
    text = re.sub(r"\*\*(\d+)", r"<sup>\1</sup>", text)
    text = re.sub(r"(\d)\.0\b", r"\1", text)
    text = text.replace("*", "&thinsp;").replace("-", "−")
    return equation_html(text)


class FormulaLoader(QObject):
    """Derives formulas in a thread of its own and hands them over in the GUI thread.

    The thread sees values only and has no Qt object to send to: it may outlive this one.
    """

    loaded = Signal(str, str)
    """Name of a model, and its formula."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._answers: SimpleQueue[tuple[str, str]] = SimpleQueue()
        self._requested: set[str] = set()
        self._waiting = 0
        self._collector = CollectorGuard(self)
        self._timer = QTimer(self)
        self._timer.setInterval(_POLL_INTERVAL_MS)
        self._timer.timeout.connect(self._poll)

    def request(self, model: IonicModel) -> None:
        """Derive the formula of ``model``, once."""
        if model.name in self._requested:
            return
        self._requested.add(model.name)
        self._waiting += 1
        self._collector.hold()
        answers = self._answers
        Thread(
            target=lambda: answers.put((model.name, formula_html(model))),
            name="formula",
            daemon=True,
        ).start()
        self._timer.start()

    def _poll(self) -> None:
        try:
            name, html = self._answers.get_nowait()
        except Empty:
            return
        self._waiting -= 1
        if not self._waiting:
            self._timer.stop()
            self._collector.release()
        self.loaded.emit(name, html)
