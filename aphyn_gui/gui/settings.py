"""What the program remembers between sessions."""

from __future__ import annotations

import hashlib
from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings

from aphyn_gui.gui.theme import ThemeMode
from aphyn_gui.study import RecordingReference

_MOST_RECENT = 8
AUTOSAVE_INTERVALS_S = (30, 10, 120, 600)
"""What can be chosen, the default first."""

_LAYOUT_VERSION = 3
"""Raised when docks are renamed or added: an older layout is then not restored."""


def recent_files() -> list[Path]:
    """Recordings and studies opened last, newest first, that still exist."""
    stored = QSettings().value("recent_files", [])
    # An INI file gives a list of one entry back as that entry.
    texts = [stored] if isinstance(stored, str) else stored if isinstance(stored, list) else []
    return [Path(text) for text in texts if Path(text).exists()]


def remember_recent_file(path: Path) -> None:
    """Put a recording or a study in front of the recent ones."""
    path = path.resolve()
    others = [recent for recent in recent_files() if recent != path]
    QSettings().setValue("recent_files", [str(p) for p in [path, *others][:_MOST_RECENT]])


def calibration_of(path: Path) -> tuple[float | None, float | None]:
    """Frame interval in ms and pixel pitch in mm that the user gave for a file before."""
    settings = QSettings()
    key = _calibration_key(path)
    return tuple(  # type: ignore[return-value]
        float(str(value)) if value is not None else None
        for value in (
            settings.value(f"{key}/frame_interval_ms"),
            settings.value(f"{key}/pixel_pitch_mm"),
        )
    )


def remember_calibration(reference: RecordingReference) -> None:
    """Keep what the user said about a file."""
    settings = QSettings()
    key = _calibration_key(reference.path)
    for name in ("frame_interval_ms", "pixel_pitch_mm"):
        value = getattr(reference, name)
        if value is None:
            settings.remove(f"{key}/{name}")
        else:
            settings.setValue(f"{key}/{name}", repr(value))


def autosave_interval_s() -> int:
    """How long after a change unsaved work is kept, s; 0: never."""
    stored = QSettings().value("autosave_interval_s", AUTOSAVE_INTERVALS_S[0], int)
    return stored if stored in (0, *AUTOSAVE_INTERVALS_S) else AUTOSAVE_INTERVALS_S[0]


def remember_autosave_interval(seconds: int) -> None:
    """Keep how long after a change unsaved work is kept, s; 0: never."""
    QSettings().setValue("autosave_interval_s", seconds)


def theme_mode() -> ThemeMode:
    """The theme chosen last."""
    stored = str(QSettings().value("theme", ThemeMode.SYSTEM.value))
    return ThemeMode(stored) if stored in set(ThemeMode) else ThemeMode.SYSTEM


def remember_theme_mode(mode: ThemeMode) -> None:
    """Keep the chosen theme."""
    QSettings().setValue("theme", mode.value)


def window_layout() -> tuple[QByteArray, QByteArray] | None:
    """Geometry and state of the window as it was closed; None the first time."""
    settings = QSettings()
    if settings.value("window/version", 0, int) != _LAYOUT_VERSION:
        return None
    geometry, state = settings.value("window/geometry"), settings.value("window/state")
    if isinstance(geometry, QByteArray) and isinstance(state, QByteArray):
        return geometry, state
    return None


def remember_window_layout(geometry: QByteArray, state: QByteArray) -> None:
    """Keep geometry and state of the window."""
    settings = QSettings()
    settings.setValue("window/version", _LAYOUT_VERSION)
    settings.setValue("window/geometry", geometry)
    settings.setValue("window/state", state)


def _calibration_key(path: Path) -> str:
    # Paths hold slashes, which mean groups in settings.
    digest = hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:24]
    return f"calibration/{digest}"
