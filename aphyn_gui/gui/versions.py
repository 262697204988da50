"""Which versions run, and on what machine: for the about box and for bug reports."""

from __future__ import annotations

import os
import platform
import sys
from importlib import metadata

from PySide6.QtCore import qVersion

from aphyn_gui import __version__


def program_versions() -> tuple[tuple[str, str], ...]:
    """Name and version of the program and of what it stands on; imports none of it."""
    frozen = " (packaged)" if getattr(sys, "frozen", False) else ""
    return (
        ("aphyn_gui", __version__ + frozen),
        ("Python", platform.python_version()),
        ("Qt", qVersion()),
        ("torch", _version("torch")),
        ("numpy", _version("numpy")),
        ("llvmlite", _version("llvmlite")),
        ("System", platform.platform()),
    )


def device_text() -> str:
    """What fits can run on; imports torch, which takes a second."""
    import torch

    cores = os.cpu_count() or 1
    text = f"CPU {platform.machine()}, {cores} core{'s' * (cores > 1)}"
    if torch.cuda.is_available():
        return f"{text}; GPU {torch.cuda.get_device_name()}"
    return f"{text}; torch finds no CUDA GPU"


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "unknown"
