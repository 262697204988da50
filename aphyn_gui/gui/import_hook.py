"""Import what the window is made of, and nothing that slows what is imported later."""

from __future__ import annotations

import builtins

import PySide6.QtCore  # noqa: F401  its import is what puts the hook in place


def take_out_import_hook() -> None:
    """Put the ``import`` back in place that PySide6 replaces by one that reads source files.

    PySide6 searches the source of every module that is imported after it for its own name, on
    behalf of its ``__feature__`` switch (snake_case and true properties), which this program does
    not use. For torch's and sympy's two thousand modules that takes longer than importing torch.
    Where another program has put its own hook on top, or PySide6 has none, nothing changes.
    """
    hook = getattr(builtins, "__feature_import__", None)
    original = getattr(builtins, "__orig_import__", None)
    if original is not None and builtins.__import__ is hook:
        builtins.__import__ = original
