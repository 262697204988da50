"""Errors a recording can raise; every message says what, where, and what to do."""

from __future__ import annotations


class RecordingError(ValueError):
    """A recording, or a region of it, cannot be used; the message is meant for the user."""
