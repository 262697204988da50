"""An arithmetic that writes C++ statements instead of computing."""

from __future__ import annotations

from collections.abc import Mapping

from aphyn_gui.hybrid.expression_graph import ExpressionGraph


class CArithmetic:
    """Elementary operations as C++; a value is the name of a constant, or a literal.

    Parameters
    ----------
    bits : int
        Precision, 32 or 64; decides which functions of the C library are called.
    prefix : str
        Start of the names it gives, so that two of them can write into one scope.
    """

    def __init__(self, bits: int, prefix: str = "x") -> None:
        self._suffix = "f" if bits == 32 else ""
        self._prefix = prefix
        self.lines: list[str] = []

    def constant(self, value: float) -> str:
        """A literal number."""
        return f"real({value!r})"

    def add(self, a: str, b: str) -> str:
        """a + b."""
        return self._write(f"{a} + {b}")

    def multiply(self, a: str, b: str) -> str:
        """a b."""
        return self._write(f"{a} * {b}")

    def divide(self, a: str, b: str) -> str:
        """a / b."""
        return self._write(f"{a} / {b}")

    def negate(self, a: str) -> str:
        """-a."""
        return self._write(f"-{a}")

    def exp(self, a: str) -> str:
        """Exponential."""
        return self._call("exp", a)

    def log(self, a: str) -> str:
        """Natural logarithm."""
        return self._call("log", a)

    def sqrt(self, a: str) -> str:
        """Square root."""
        return self._call("sqrt", a)

    def tanh(self, a: str) -> str:
        """Hyperbolic tangent."""
        return self._call("tanh", a)

    def select_less(self, a: str, b: str, then: str, otherwise: str) -> str:
        """``then`` where a < b, else ``otherwise``."""
        return self._write(f"{a} < {b} ? {then} : {otherwise}")

    def _call(self, function: str, argument: str) -> str:
        return self._write(f"{function}{self._suffix}({argument})")

    def _write(self, expression: str) -> str:
        name = f"{self._prefix}{len(self.lines)}"
        self.lines.append(f"const real {name} = {expression};")
        return name


def statements(
    graph: ExpressionGraph, bits: int, inputs: Mapping[str, str], prefix: str
) -> tuple[str, tuple[str, ...]]:
    """The statements that compute a graph, and the names of its outputs.

    Parameters
    ----------
    graph : ExpressionGraph
        What to compute.
    bits : int
        Precision.
    inputs : mapping of str to str
        C++ of each symbol.
    prefix : str
        Start of the names of the intermediate values.
    """
    arithmetic = CArithmetic(bits, prefix)
    outputs = graph.evaluate(arithmetic, inputs)
    return "\n".join(arithmetic.lines), outputs
