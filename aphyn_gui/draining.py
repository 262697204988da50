"""Generators that report on the way and return a value at their end."""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeVar

Value = TypeVar("Value")


def drained(steps: Generator[object, None, Value]) -> Value:
    """The value of a generator, with its reports thrown away."""
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            value: Value = stop.value
            return value
