"""Readers: one module for each family of files, chosen by content, then by suffix."""

from aphyn_gui.recording.formats.registry import (
    FORMATS,
    RecordingFormat,
    choose_format,
    open_recording,
)

__all__ = ["FORMATS", "RecordingFormat", "choose_format", "open_recording"]
