"""The equations of an ionic model as HTML, derived from the expressions that are computed."""

from __future__ import annotations

import re
from functools import cache
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from aphyn_gui.gui.collector import CollectorGuard
from aphyn_gui.gui.symbols import symbol_html
from aphyn_gui.physics import IonicModel

if TYPE_CHECKING:
    import sympy

_POLL_INTERVAL_MS = 50


@cache
def formula_html(model: IonicModel) -> str:
    """dv/dt with stimulus and network, and dh/dt; imports SymPy, which takes half a second."""
    voltage_rate, gate_rate = model.rate_expressions
    return (
        f"dv/dt = {_expression_html(voltage_rate)} + J(t) + F<sub>dl</sub>(v, h)<br>"
        f"d{model.gate_label}/dt = {_expression_html(gate_rate)}"
    )


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
    return symbol_html(text)


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
