"""Writes a small NeuroPlex recording."""

from encoders.redshirt import sample_da as sample

__all__ = ["sample"]
