"""Expression graphs: evaluation and derivatives against SymPy."""

from __future__ import annotations

import math

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from aphyn_gui.hybrid.expression_graph import Tracer
from aphyn_gui.hybrid.expression_translation import UnsupportedExpressionError, trace
from aphyn_gui.hybrid.trajectory_reference import TorchArithmetic

torch = pytest.importorskip("torch")

X, Y = sympy.symbols("x y", real=True)
EXPRESSIONS = (
    X * Y + 3,
    (X - Y) / (1 + Y**2),
    sympy.exp(-X) * sympy.tanh(Y) ** 3,
    sympy.log(2 + X**2) - sympy.sqrt(1 + Y**2),
    X ** sympy.Rational(-3, 1) * Y**5,
    sympy.Piecewise((X * Y, X < Y), (X**2, True)),
    (2 + Y) ** X,
)


def evaluate(outputs: tuple[int, ...], tracer: Tracer, x: float, y: float) -> list[float]:
    like = torch.zeros((), dtype=torch.float64)
    inputs = {"x": like + x, "y": like + y}
    graph = tracer.graph(outputs)
    return [float(value) for value in graph.evaluate(TorchArithmetic(like), inputs)]


coordinates = st.floats(0.2, 1.8).filter(lambda x: abs(x - 1.0) > 1e-3)


@given(coordinates, st.floats(-1.5, 1.5))
def test_a_graph_evaluates_like_its_expression(x: float, y: float) -> None:
    tracer = Tracer()
    found = evaluate(trace(tracer, EXPRESSIONS), tracer, x, y)
    expected = [float(e.subs({X: x, Y: y})) for e in EXPRESSIONS]
    assert found == pytest.approx(expected, rel=1e-12, abs=1e-12)


@given(coordinates, st.floats(-1.5, 1.5))
def test_reverse_and_forward_derivatives_are_those_of_sympy(x: float, y: float) -> None:
    tracer = Tracer()
    outputs = trace(tracer, EXPRESSIONS)
    wanted = [tracer.input("x"), tracer.input("y")]
    one = tracer.constant(1.0)
    reverse = [tracer.gradients({output: one}, wanted) for output in outputs]
    along_x = tracer.tangents({wanted[0]: one}, outputs)
    along_y = tracer.tangents({wanted[1]: one}, outputs)
    expected_x = [float(e.diff(X).subs({X: x, Y: y})) for e in EXPRESSIONS]
    expected_y = [float(e.diff(Y).subs({X: x, Y: y})) for e in EXPRESSIONS]
    for column, forward, expected in ((0, along_x, expected_x), (1, along_y, expected_y)):
        backward = tuple(row[column] for row in reverse)
        assert evaluate(backward, tracer, x, y) == pytest.approx(expected, rel=1e-10, abs=1e-10)
        assert evaluate(forward, tracer, x, y) == pytest.approx(expected, rel=1e-10, abs=1e-10)


def test_equal_subexpressions_are_written_once() -> None:
    tracer = Tracer()
    shared = sympy.exp(X * Y)
    outputs = trace(tracer, [shared + 1, shared * 2])
    names = [operation.name for operation in tracer.graph(outputs).operations]
    assert names.count("exp") == 1


def test_an_unknown_function_is_refused_by_name() -> None:
    with pytest.raises(UnsupportedExpressionError, match="knows no besselj"):
        trace(Tracer(), [sympy.besselj(0, X)])


def test_non_finite_values_stay_visible() -> None:
    tracer = Tracer()
    (found,) = evaluate(trace(tracer, [X * Y]), tracer, math.nan, 1.0)
    assert math.isnan(found)
