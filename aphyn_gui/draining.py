"""Generators that report on the way and return a value at their end."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TypeVar

Report = TypeVar("Report")
Value = TypeVar("Value")


def drained(
    steps: Generator[Report, None, Value], tell: Callable[[Report], object] | None = None
) -> Value:
    """The value of a generator.

    Parameters
    ----------
    steps : generator
        Run to its end.
    tell : callable, optional
        Given each report on the way; without it they are thrown away.
    """
    while True:
        try:
            report = next(steps)
        except StopIteration as stop:
            value: Value = stop.value
            return value
        if tell is not None:
            tell(report)
