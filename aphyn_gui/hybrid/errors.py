"""Errors of the engines."""


class CompilationError(RuntimeError):
    """The kernels cannot be compiled on this machine."""
