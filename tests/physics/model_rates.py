"""Rates of an ionic model as numbers, and random parameters within its bounds."""

from __future__ import annotations

import random

import sympy

from aphyn_gui.physics import GATE_SYMBOL, VOLTAGE_SYMBOL, IonicModel


def rates_at(model: IonicModel, v: float, h: float, **changes: float) -> tuple[float, float]:
    """dv/dt without stimulus and dh/dt, at the defaults but for ``changes``."""
    values = dict(zip(model.parameter_names, model.values(changes), strict=True))
    values.update({VOLTAGE_SYMBOL: v, GATE_SYMBOL: h})
    substitution = {sympy.Symbol(name, real=True): value for name, value in values.items()}
    voltage_rate, gate_rate = (float(rate.subs(substitution)) for rate in model.rate_expressions)
    return voltage_rate, gate_rate


def values_within_bounds(model: IonicModel, count: int, seed: int = 0) -> list[dict[str, float]]:
    """Parameter sets: half of them corners of the bounds, half spread evenly in the logarithm."""
    generator = random.Random(seed)
    sets = []
    for number in range(count):
        chosen = {}
        for parameter in model.parameters:
            place = generator.random()
            place = round(place) if number % 2 else place
            value = parameter.lower * (parameter.upper / parameter.lower) ** place
            chosen[parameter.name] = min(max(value, parameter.lower), parameter.upper)
        sets.append(chosen)
    return sets
