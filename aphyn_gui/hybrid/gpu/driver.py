"""Loading device code and launching kernels through the CUDA driver, in torch's own context."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Sequence
from functools import cache
from typing import Any

import torch

from aphyn_gui.hybrid.gpu.compiler import GpuError

Argument = Any
"""A ctypes number, pointer or structure, passed to a kernel as it is."""


@cache
def _driver() -> ctypes.CDLL:
    """The driver's library.

    Raises
    ------
    GpuError
        If no NVIDIA driver is installed.
    """
    try:
        if sys.platform == "win32":
            return ctypes.WinDLL("nvcuda.dll")
        return ctypes.CDLL("libcuda.so.1")
    except OSError as error:
        raise GpuError(f"NVIDIA's driver is missing: {error}") from error


def _check(status: int) -> None:
    if status == 0:
        return
    text = ctypes.c_char_p()
    _driver().cuGetErrorString(status, ctypes.byref(text))
    message = text.value.decode(errors="replace") if text.value else f"error {status}"
    raise GpuError(f"CUDA fails: {message}")


def compute_capability(device: torch.device) -> int:
    """Compute capability of a GPU, such as 90 for 9.0."""
    major, minor = torch.cuda.get_device_capability(device)
    return 10 * major + minor


class DeviceProgram:
    """Kernels loaded onto one GPU.

    Parameters
    ----------
    code : bytes
        CUBIN or PTX.
    names : sequence of str
        Kernels to look up.
    device : torch.device
        The GPU.

    Raises
    ------
    GpuError
        If the driver refuses the code.
    """

    def __init__(self, code: bytes, names: Sequence[str], device: torch.device) -> None:
        self._device = device
        driver = _driver()
        with torch.cuda.device(device):
            # torch works in the device's primary context; so do these kernels.
            number = ctypes.c_int()
            _check(driver.cuInit(0))
            _check(driver.cuDeviceGet(ctypes.byref(number), torch.cuda.current_device()))
            self._context = ctypes.c_void_p()
            _check(driver.cuDevicePrimaryCtxRetain(ctypes.byref(self._context), number))
            _check(driver.cuCtxSetCurrent(self._context))
            self._module = ctypes.c_void_p()
            # PTX is text and must end with a zero.
            _check(driver.cuModuleLoadData(ctypes.byref(self._module), code + b"\0"))
            self._functions = {name: self._function(name) for name in names}

    def launch(self, name: str, blocks: int, threads: int, arguments: Sequence[Argument]) -> None:
        """Queue a kernel on torch's current stream.

        Parameters
        ----------
        name : str
            Kernel.
        blocks, threads : int
            Number of blocks, and threads of each.
        arguments : sequence of ctypes values
            In the kernel's order.
        """
        addresses = (ctypes.c_void_p * len(arguments))(
            *(ctypes.addressof(argument) for argument in arguments)
        )
        with torch.cuda.device(self._device):
            driver = _driver()
            # Autograd calls from a thread of its own, where no context may be current yet.
            _check(driver.cuCtxSetCurrent(self._context))
            stream = ctypes.c_void_p(torch.cuda.current_stream(self._device).cuda_stream)
            _check(
                driver.cuLaunchKernel(
                    self._functions[name], blocks, 1, 1, threads, 1, 1, 0, stream, addresses, None
                )
            )

    def _function(self, name: str) -> ctypes.c_void_p:
        function = ctypes.c_void_p()
        _check(_driver().cuModuleGetFunction(ctypes.byref(function), self._module, name.encode()))
        return function
