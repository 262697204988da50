"""Expressions as a list of elementary operations that any arithmetic can carry out.

A straight line of operations with common subexpressions shared; torch, numpy and the code
generators walk the same line, each with its own arithmetic.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

Value = TypeVar("Value")


class Arithmetic(Protocol[Value]):
    """The elementary operations, on whatever stands for a number."""

    def constant(self, value: float) -> Value:
        """A literal number."""

    def add(self, a: Value, b: Value) -> Value:
        """a + b."""

    def multiply(self, a: Value, b: Value) -> Value:
        """a b."""

    def divide(self, a: Value, b: Value) -> Value:
        """a / b."""

    def negate(self, a: Value) -> Value:
        """-a."""

    def exp(self, a: Value) -> Value:
        """Exponential."""

    def log(self, a: Value) -> Value:
        """Natural logarithm."""

    def sqrt(self, a: Value) -> Value:
        """Square root."""

    def tanh(self, a: Value) -> Value:
        """Hyperbolic tangent."""

    def select_less(self, a: Value, b: Value, then: Value, otherwise: Value) -> Value:
        """``then`` where a < b, else ``otherwise``, without a branch."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One elementary operation on earlier values.

    Parameters
    ----------
    name : str
        Method of ``Arithmetic``, or "input".
    operands : tuple of int
        Positions of earlier operations.
    payload : float or str
        Number of a constant, name of an input.
    """

    name: str
    operands: tuple[int, ...] = ()
    payload: float | str = 0.0


@dataclass(frozen=True, slots=True)
class ExpressionGraph:
    """Several expressions of the same inputs, as one list of operations.

    Parameters
    ----------
    operations : tuple of Operation
        In an order in which each uses earlier ones only.
    outputs : tuple of int
        Position of each expression's value.
    """

    operations: tuple[Operation, ...]
    outputs: tuple[int, ...]

    def evaluate(
        self, arithmetic: Arithmetic[Value], inputs: Mapping[str, Value]
    ) -> tuple[Value, ...]:
        """Values of the expressions.

        Parameters
        ----------
        arithmetic : Arithmetic
            Carries out the operations.
        inputs : mapping of str to value
            Value of each symbol.
        """
        values: list[Value] = []
        for operation in self.operations:
            if operation.name == "input":
                values.append(inputs[str(operation.payload)])
            elif operation.name == "constant":
                values.append(arithmetic.constant(float(operation.payload)))
            else:
                method = getattr(arithmetic, operation.name)
                values.append(method(*(values[index] for index in operation.operands)))
        return tuple(values[index] for index in self.outputs)


class Tracer:
    """The arithmetic that writes operations down instead of carrying them out.

    A value is its position in ``operations``. Each distinct operation is written once, and sums
    and products with 0 and 1 vanish.
    """

    def __init__(self) -> None:
        self.operations: list[Operation] = []
        self._positions: dict[Operation, int] = {}

    def input(self, name: str) -> int:
        """A symbol."""
        return self._write(Operation("input", payload=name))

    def constant(self, value: float) -> int:
        """A literal number."""
        return self._write(Operation("constant", payload=float(value)))

    def add(self, a: int, b: int) -> int:
        """a + b."""
        if self._is(a, 0.0):
            return b
        if self._is(b, 0.0):
            return a
        return self._write(Operation("add", (min(a, b), max(a, b))))

    def multiply(self, a: int, b: int) -> int:
        """a b."""
        for one, other in ((a, b), (b, a)):
            if self._is(one, 0.0):
                return one
            if self._is(one, 1.0):
                return other
            if self._is(one, -1.0):
                return self.negate(other)
        return self._write(Operation("multiply", (min(a, b), max(a, b))))

    def divide(self, a: int, b: int) -> int:
        """a / b."""
        return a if self._is(b, 1.0) else self._write(Operation("divide", (a, b)))

    def negate(self, a: int) -> int:
        """-a."""
        operation = self.operations[a]
        if operation.name == "negate":
            return operation.operands[0]
        if operation.name == "constant":
            return self.constant(-float(operation.payload))
        return self._write(Operation("negate", (a,)))

    def exp(self, a: int) -> int:
        """Exponential."""
        return self._write(Operation("exp", (a,)))

    def log(self, a: int) -> int:
        """Natural logarithm."""
        return self._write(Operation("log", (a,)))

    def sqrt(self, a: int) -> int:
        """Square root."""
        return self._write(Operation("sqrt", (a,)))

    def tanh(self, a: int) -> int:
        """Hyperbolic tangent."""
        return self._write(Operation("tanh", (a,)))

    def select_less(self, a: int, b: int, then: int, otherwise: int) -> int:
        """``then`` where a < b, else ``otherwise``."""
        if then == otherwise:
            return then
        return self._write(Operation("select_less", (a, b, then, otherwise)))

    def subtract(self, a: int, b: int) -> int:
        """a - b."""
        return self.add(a, self.negate(b))

    def graph(self, outputs: Sequence[int]) -> ExpressionGraph:
        """What ``outputs`` need of the operations written so far, and nothing else."""
        needed: set[int] = set()
        pending = list(outputs)
        while pending:
            position = pending.pop()
            if position not in needed:
                needed.add(position)
                pending.extend(self.operations[position].operands)
        renumbered = {old: new for new, old in enumerate(sorted(needed))}
        operations = tuple(
            Operation(
                self.operations[old].name,
                tuple(renumbered[operand] for operand in self.operations[old].operands),
                self.operations[old].payload,
            )
            for old in sorted(needed)
        )
        return ExpressionGraph(operations, tuple(renumbered[output] for output in outputs))

    def gradients(self, seeds: Mapping[int, int], wanted: Sequence[int]) -> tuple[int, ...]:
        """Reverse derivatives: the sum over seeds of cotangent times d(output)/d(wanted).

        Parameters
        ----------
        seeds : mapping of int to int
            Output to its cotangent.
        wanted : sequence of int
            Values to differentiate by.
        """
        cotangents = dict(seeds)
        for position in range(max(seeds, default=-1), -1, -1):
            cotangent = cotangents.get(position)
            if cotangent is None or position in wanted:
                continue
            for operand, factor in self._partials(position):
                term = self.multiply(cotangent, factor)
                cotangents[operand] = (
                    self.add(cotangents[operand], term) if operand in cotangents else term
                )
        zero = self.constant(0.0)
        return tuple(cotangents.get(position, zero) for position in wanted)

    def tangents(self, directions: Mapping[int, int], outputs: Sequence[int]) -> tuple[int, ...]:
        """Forward derivatives of ``outputs`` along ``directions`` (value to its tangent)."""
        tangents = dict(directions)
        for position in range(max(outputs, default=-1) + 1):
            if position in tangents:
                continue
            total = None
            for operand, factor in self._partials(position):
                if operand in tangents:
                    term = self.multiply(tangents[operand], factor)
                    total = term if total is None else self.add(total, term)
            if total is not None:
                tangents[position] = total
        zero = self.constant(0.0)
        return tuple(tangents.get(position, zero) for position in outputs)

    def _partials(self, position: int) -> list[tuple[int, int]]:
        """Operands of one operation, each with the derivative by it."""
        operation = self.operations[position]
        one = self.constant(1.0)
        match operation.name, operation.operands:
            case "add", (a, b):
                return [(a, one), (b, one)]
            case "multiply", (a, b):
                return [(a, b), (b, a)]
            case "divide", (a, b):
                reciprocal = self.divide(one, b)
                return [(a, reciprocal), (b, self.negate(self.multiply(position, reciprocal)))]
            case "negate", (a,):
                return [(a, self.constant(-1.0))]
            case "exp", (a,):
                return [(a, position)]
            case "log", (a,):
                return [(a, self.divide(one, a))]
            case "sqrt", (a,):
                return [(a, self.divide(self.constant(0.5), position))]
            case "tanh", (a,):
                return [(a, self.subtract(one, self.multiply(position, position)))]
            case "select_less", (a, b, then, otherwise):
                zero = self.constant(0.0)
                return [
                    (then, self.select_less(a, b, one, zero)),
                    (otherwise, self.select_less(a, b, zero, one)),
                ]
            case _:
                return []

    def _write(self, operation: Operation) -> int:
        if operation not in self._positions:
            self._positions[operation] = len(self.operations)
            self.operations.append(operation)
        return self._positions[operation]

    def _is(self, position: int, value: float) -> bool:
        operation = self.operations[position]
        return operation.name == "constant" and operation.payload == value
