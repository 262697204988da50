"""Writes a small TurboSM recording."""

from encoders.redshirt import sample_tsm as sample

__all__ = ["sample"]
