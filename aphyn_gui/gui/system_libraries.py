"""Says which system library a bare Linux lacks, before Qt dies in the loader. Imports no Qt."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

DEBIAN_PACKAGES = (
    "libegl1 libgl1 libglib2.0-0 libxkbcommon0 libxkbcommon-x11-0 libdbus-1-3 libfontconfig1 "
    "libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render-util0 "
    "libxcb-shape0 libxcb-xinerama0 libxcb-xkb1"
)
"""What Qt's window needs on Debian and Ubuntu."""

FEDORA_PACKAGES = (
    "mesa-libEGL mesa-libGL glib2 libxkbcommon libxkbcommon-x11 dbus-libs fontconfig "
    "xcb-util-cursor xcb-util-wm xcb-util-image xcb-util-keysyms xcb-util-renderutil"
)
"""The same on Fedora and its relatives."""

_LIBRARY = re.compile(r"(lib[\w+.-]+\.so[.\d]*)")


def missing_library(error: Exception) -> str | None:
    """The system library that an error of the loader names; None if it is about something else."""
    text = str(error)
    if "cannot open shared object file" not in text:
        return None
    found = _LIBRARY.search(text)
    return None if found is None else found.group(1)


def advice(library: str) -> str:
    """One line: what is missing, and the command that installs it."""
    return (
        f"aphyn-gui: Qt needs the system library {library}, which this machine lacks. Install it "
        f"with: sudo apt-get install -y {DEBIAN_PACKAGES} (Debian, Ubuntu), or: sudo dnf install "
        f"-y {FEDORA_PACKAGES} (Fedora, RHEL)"
    )


def has_display(environment: Mapping[str, str] = os.environ, platform: str = sys.platform) -> bool:
    """Whether a window can be shown, or the user chose where Qt draws."""
    if environment.get("QT_QPA_PLATFORM") or not platform.startswith("linux"):
        return True
    return bool(environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"))


def platform_plugin(
    environment: Mapping[str, str] = os.environ, platform: str = sys.platform
) -> str | None:
    """The Qt platform plugin that will be loaded on Linux; None where it cannot be told."""
    if not platform.startswith("linux"):
        return None
    chosen = environment.get("QT_QPA_PLATFORM", "").split(";")[0].split(":")[0]
    if chosen:
        return chosen
    if environment.get("WAYLAND_DISPLAY"):
        # Qt falls back from one to the other by itself.
        return None
    return "xcb" if environment.get("DISPLAY") else None


def plugin_problem(plugin: str) -> str | None:
    """The library that a platform plugin misses; None if it loads.

    Qt would abort the process instead of raising an error.
    """
    spec = importlib.util.find_spec("PySide6")
    if spec is None or not spec.submodule_search_locations:
        return None
    folder = Path(next(iter(spec.submodule_search_locations)))
    file = folder / "Qt" / "plugins" / "platforms" / f"libq{plugin}.so"
    if not file.exists():
        return None
    try:
        ctypes.CDLL(str(file))
    except OSError as error:
        return missing_library(error)
    return None


def x_server_answers() -> bool:
    """Whether the X server that DISPLAY names can be reached; Qt would abort if it cannot."""
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError:
        return True
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connect.argtypes = [ctypes.c_char_p, ctypes.c_void_p]
    xcb.xcb_connection_has_error.argtypes = [ctypes.c_void_p]
    xcb.xcb_disconnect.argtypes = [ctypes.c_void_p]
    connection = xcb.xcb_connect(None, None)
    answers = bool(xcb.xcb_connection_has_error(connection) == 0)
    xcb.xcb_disconnect(connection)
    return answers
