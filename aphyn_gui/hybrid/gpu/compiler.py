"""From CUDA C++ to device code by NVRTC, with a cache in the user's cache folder."""

from __future__ import annotations

import ctypes
import ctypes.util
import hashlib
import importlib.util
import logging
import os
import re
import sys
import threading
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import torch

from aphyn_gui.compilation import compiling
from aphyn_gui.hybrid.cpu.compiler import kernel_cache_folder, read_cached, write_cached
from aphyn_gui.hybrid.errors import CompilationError

_LOG = logging.getLogger(__name__)
_lock = threading.Lock()

_OPTIONS = ("--std=c++14", "--ftz=true", "--disable-warnings")
"""Denormals are flushed; nothing assumes that numbers are finite, so divergence stays visible."""


class GpuError(CompilationError):
    """The GPU engine cannot run here; the message is meant for the user."""


class Nvrtc:
    """NVIDIA's run-time compiler.

    Parameters
    ----------
    library : ctypes.CDLL
        The loaded library.
    """

    def __init__(self, library: ctypes.CDLL) -> None:
        self._library = library
        library.nvrtcGetErrorString.restype = ctypes.c_char_p
        major, minor = ctypes.c_int(), ctypes.c_int()
        self._check(library.nvrtcVersion(ctypes.byref(major), ctypes.byref(minor)))
        self.version = (major.value, minor.value)

    def architectures(self) -> tuple[int, ...]:
        """Compute capabilities it writes code for, such as 90 for 9.0."""
        count = ctypes.c_int()
        self._check(self._library.nvrtcGetNumSupportedArchs(ctypes.byref(count)))
        found = (ctypes.c_int * count.value)()
        self._check(self._library.nvrtcGetSupportedArchs(found))
        return tuple(sorted(found))

    def target(self, capability: int) -> str:
        """What to compile for: the device itself, or the nearest older virtual one.

        Raises
        ------
        GpuError
            If it knows nothing as old as the device.
        """
        known = self.architectures()
        if capability in known:
            return f"sm_{capability}"
        # A device newer than the compiler: its driver translates the portable form.
        older = [architecture for architecture in known if architecture < capability]
        if not older:
            raise GpuError(
                f"this GPU (compute capability {capability // 10}.{capability % 10}) is older "
                f"than CUDA {self.version[0]}.{self.version[1]} supports"
            )
        return f"compute_{older[-1]}"

    def compile(self, source: str, target: str) -> bytes:
        """Device code of a program: CUBIN for ``sm_*``, PTX for ``compute_*``.

        Raises
        ------
        GpuError
            With the compiler's messages, if it refuses.
        """
        library = self._library
        program = ctypes.c_void_p()
        self._check(
            library.nvrtcCreateProgram(
                ctypes.byref(program), source.encode(), b"aphyn.cu", 0, None, None
            )
        )
        try:
            options = [option.encode() for option in (*_OPTIONS, f"--gpu-architecture={target}")]
            status = library.nvrtcCompileProgram(
                program, len(options), (ctypes.c_char_p * len(options))(*options)
            )
            if status != 0:
                log = self._output(program, "ProgramLog").rstrip(b"\0").decode(errors="replace")
                raise GpuError(f"CUDA refuses the kernels: {log.strip() or self._message(status)}")
            return self._output(program, "CUBIN" if target.startswith("sm_") else "PTX")
        finally:
            library.nvrtcDestroyProgram(ctypes.byref(program))

    def _output(self, program: ctypes.c_void_p, what: str) -> bytes:
        size = ctypes.c_size_t()
        get_size = getattr(self._library, f"nvrtcGet{what}Size")
        self._check(get_size(program, ctypes.byref(size)))
        buffer = ctypes.create_string_buffer(size.value)
        self._check(getattr(self._library, f"nvrtcGet{what}")(program, buffer))
        return buffer.raw

    def _check(self, status: int) -> None:
        if status != 0:
            raise GpuError(f"CUDA's compiler fails: {self._message(status)}")

    def _message(self, status: int) -> str:
        text: bytes = self._library.nvrtcGetErrorString(status)
        return text.decode(errors="replace")


def device_code(source: str, capability: int) -> bytes:
    """Compile a program for a device, or take it from the cache.

    Parameters
    ----------
    source : str
        CUDA C++.
    capability : int
        Compute capability of the device, such as 90 for 9.0.

    Raises
    ------
    GpuError
        If the compiler is missing or refuses.
    """
    with _lock:
        compiler = nvrtc()
        target = compiler.target(capability)
        parts = (source, target, repr(compiler.version), repr(_OPTIONS))
        digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:40]
        path = kernel_cache_folder() / f"{digest}.{'cubin' if target[0] == 's' else 'ptx'}"
        code = read_cached(path)
        if code is None:
            with compiling():
                code = compiler.compile(source, target)
            write_cached(path, code)
        return code


@cache
def nvrtc() -> Nvrtc:
    """The run-time compiler that torch brings, or the system's.

    Raises
    ------
    GpuError
        If there is none.
    """
    for candidate in _candidates():
        try:
            if sys.platform == "win32":
                # It loads a second library by name, from its own folder.
                os.add_dll_directory(str(Path(candidate).parent))
            return Nvrtc(ctypes.CDLL(candidate))
        except (OSError, AttributeError, GpuError) as error:
            _LOG.debug("%s is no usable NVRTC: %s", candidate, error)
    raise GpuError(
        "NVRTC, CUDA's run-time compiler, is missing; PyTorch's CUDA builds bring it: "
        "install one of them (see README, GPU)"
    )


def _candidates() -> Iterator[str]:
    """Where the compiler may lie, the likeliest first."""
    folders = [Path(torch.__file__).parent / "lib"]
    packages = importlib.util.find_spec("nvidia")
    for root in (packages.submodule_search_locations or []) if packages else []:
        for name in ("cuda_nvrtc", "cu*"):
            folders += sorted(Path(root).glob(f"{name}/lib"), reverse=True)
            folders += sorted(Path(root).glob(f"{name}/bin"), reverse=True)
            folders += sorted(Path(root).glob(f"{name}/bin/x86_64"), reverse=True)
    for variable in ("CUDA_PATH", "CUDA_HOME"):
        if home := os.environ.get(variable):
            folders += [Path(home) / part for part in ("lib64", "bin", "bin/x64")]
    found = [path for folder in folders for path in _libraries(folder)]
    # A compiler of torch's own generation writes what the driver torch runs on can read.
    wanted = (torch.version.cuda or "").split(".")[0]
    yield from sorted(found, key=lambda path: _generation(path) != wanted)
    if system := ctypes.util.find_library("nvrtc"):
        yield system


def _libraries(folder: Path) -> list[str]:
    pattern = "nvrtc64_*.dll" if sys.platform == "win32" else "libnvrtc*.so*"
    return [
        str(path)
        for path in sorted(folder.glob(pattern))
        if "builtins" not in path.name and ".alt." not in path.name
    ]


def _generation(path: str) -> str:
    """Major version in a library's name: libnvrtc.so.12, nvrtc64_120_0.dll."""
    match = re.search(r"\.so\.(\d+)|nvrtc64_(\d\d)", Path(path).name)
    return next((group for group in match.groups() if group), "") if match else ""
