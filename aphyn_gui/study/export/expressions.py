"""Rates of an ionic model in the languages of other simulators, from its SymPy expressions."""

from __future__ import annotations

from collections.abc import Mapping

import sympy
from sympy.printing.c import C99CodePrinter
from sympy.printing.str import StrPrinter

from aphyn_gui.physics import GATE_SYMBOL, VOLTAGE_SYMBOL, IonicModel
from aphyn_gui.study.study import StudyError


def c_rates(model: IonicModel, names: Mapping[str, str]) -> tuple[str, str]:
    """dv/dt without stimulus and dh/dt in C (and EasyML), 1/ms.

    Parameters
    ----------
    model : IonicModel
        F_p.
    names : mapping of str to str
        What v, h and each parameter are called there.
    """
    printer = C99CodePrinter()
    first, second = (
        " ".join(printer.doprint(rate).split()) for rate in _renamed_rates(model, names)
    )
    return first, second


def myokit_rates(model: IonicModel, names: Mapping[str, str]) -> tuple[str, str]:
    """dv/dt without stimulus and dh/dt in Myokit's language, 1/ms; see :func:`c_rates`."""
    printer = _MyokitPrinter()
    first, second = (printer.doprint(rate) for rate in _renamed_rates(model, names))
    return first, second


def _renamed_rates(model: IonicModel, names: Mapping[str, str]) -> tuple[sympy.Expr, sympy.Expr]:
    known = (VOLTAGE_SYMBOL, GATE_SYMBOL, *model.parameter_names)
    swaps = {sympy.Symbol(name, real=True): sympy.Symbol(names[name], real=True) for name in known}
    voltage_rate, gate_rate = model.rate_expressions
    return voltage_rate.xreplace(swaps), gate_rate.xreplace(swaps)


class _MyokitPrinter(StrPrinter):  # type: ignore[misc]
    """SymPy's own text, but for powers, branches and functions."""

    def _print_Pow(self, expr: sympy.Pow, rational: bool = False) -> str:
        return str(super()._print_Pow(expr, rational=rational)).replace("**", "^")

    def _print_Float(self, expr: sympy.Float) -> str:
        return repr(float(expr))

    def _print_Piecewise(self, expr: sympy.Piecewise) -> str:
        *branches, (last, condition) = expr.args
        if condition != sympy.true:
            raise StudyError("a Piecewise needs a last branch that holds otherwise")
        text = str(self._print(last))
        for value, condition in reversed(branches):
            text = f"if({self._print(condition)}, {self._print(value)}, {text})"
        return text

    def _print_tanh(self, expr: sympy.tanh) -> str:
        # Myokit knows no tanh; this form neither overflows nor loses its limits.
        argument = expr.args[0]
        return f"(1 - 2 / (exp(2 * ({self._print(argument)})) + 1))"
