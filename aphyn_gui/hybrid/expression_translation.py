"""From SymPy expressions to elementary operations."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

import sympy

from aphyn_gui.hybrid.expression_graph import Tracer


class UnsupportedExpressionError(ValueError):
    """An ionic model uses a function that the engine does not know."""


def trace(tracer: Tracer, expressions: Sequence[sympy.Expr]) -> tuple[int, ...]:
    """Write SymPy expressions down; symbols become inputs of their name.

    Raises
    ------
    UnsupportedExpressionError
        If an expression holds a function outside ``Arithmetic``.
    """
    shared, reduced = sympy.cse(list(expressions), order="none")
    translation = _Translation(tracer)
    for symbol, expression in shared:
        translation.bind(symbol, expression)
    return tuple(translation.position(expression) for expression in reduced)


class _Translation:
    """From SymPy's trees to operations."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer
        self._bound: dict[sympy.Symbol, int] = {}
        self._conditions: dict[sympy.Symbol, sympy.Basic] = {}

    def bind(self, symbol: sympy.Symbol, expression: sympy.Basic) -> None:
        if isinstance(expression, sympy.core.relational.Relational):
            self._conditions[symbol] = expression
        else:
            self._bound[symbol] = self.position(expression)

    def position(self, expression: sympy.Expr) -> int:
        tracer = self._tracer
        if isinstance(expression, sympy.Symbol):
            if expression in self._bound:
                return self._bound[expression]
            return tracer.input(str(expression))
        if expression.is_number:
            return tracer.constant(float(expression))
        if isinstance(expression, sympy.Add):
            return reduce(tracer.add, map(self.position, expression.args))
        if isinstance(expression, sympy.Mul):
            return self._product(expression)
        if isinstance(expression, sympy.Pow):
            return self._power(expression.base, expression.exp)
        if isinstance(expression, sympy.Piecewise):
            return self._piecewise(expression.args)
        if isinstance(expression, sympy.exp):
            return tracer.exp(self.position(expression.args[0]))
        if isinstance(expression, sympy.log):
            return tracer.log(self.position(expression.args[0]))
        if isinstance(expression, sympy.tanh):
            return tracer.tanh(self.position(expression.args[0]))
        raise UnsupportedExpressionError(
            f"the engine knows no {type(expression).__name__} (in {expression}); use sums, "
            "products, powers, exp, log, tanh and Piecewise with one < condition"
        )

    def _product(self, expression: sympy.Mul) -> int:
        tracer = self._tracer
        numerator: list[int] = []
        denominator: list[int] = []
        negative = False
        for factor in expression.args:
            if factor == -1:
                negative = not negative
            elif isinstance(factor, sympy.Pow) and factor.exp.is_number and factor.exp < 0:
                denominator.append(self._power(factor.base, -factor.exp))
            else:
                numerator.append(self.position(factor))
        result = reduce(tracer.multiply, numerator, tracer.constant(1.0))
        if denominator:
            # A reciprocal of parameters alone does not change along a trajectory: kept apart,
            # it is computed once.
            reciprocal = tracer.divide(tracer.constant(1.0), reduce(tracer.multiply, denominator))
            result = tracer.multiply(result, reciprocal)
        return tracer.negate(result) if negative else result

    def _power(self, base: sympy.Expr, exponent: sympy.Expr) -> int:
        tracer = self._tracer
        if not exponent.is_number:
            return self.position(sympy.exp(exponent * sympy.log(base)))
        if exponent < 0:
            return tracer.divide(tracer.constant(1.0), self._power(base, -exponent))
        if exponent == sympy.Rational(1, 2):
            return tracer.sqrt(self.position(base))
        if exponent.is_Integer:
            return self._integer_power(self.position(base), int(exponent))
        return self.position(sympy.exp(exponent * sympy.log(base)))

    def _integer_power(self, position: int, exponent: int) -> int:
        if exponent == 1:
            return position
        half = self._integer_power(position, exponent // 2)
        square = self._tracer.multiply(half, half)
        return self._tracer.multiply(square, position) if exponent % 2 else square

    def _piecewise(self, branches: Sequence[Any]) -> int:
        (value, condition), *rest = branches
        condition = self._conditions.get(condition, condition)
        if condition in (True, sympy.true):
            return self.position(value)
        if not rest:
            raise UnsupportedExpressionError("a Piecewise needs a last branch that holds otherwise")
        if isinstance(condition, (sympy.StrictLessThan, sympy.LessThan)):
            smaller, larger = condition.args
        elif isinstance(condition, (sympy.StrictGreaterThan, sympy.GreaterThan)):
            larger, smaller = condition.args
        else:
            raise UnsupportedExpressionError(f"the engine knows no condition {condition}")
        return self._tracer.select_less(
            self.position(smaller),
            self.position(larger),
            self.position(value),
            self._piecewise(rest),
        )
