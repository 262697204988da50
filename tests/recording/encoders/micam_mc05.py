"""Writes a small MC05 recording."""

from encoders.micam_ultima import sample_mc05 as sample

__all__ = ["sample"]
