"""Where a fit is computed, and why."""

from __future__ import annotations

import torch

from aphyn_gui.fitting.protocol import Device, Optimiser, Protocol, ProtocolError
from aphyn_gui.hybrid import engine_description

_GPU_FROM_SEQUENCES = 100
"""A trajectory's dependent steps cost a GPU 2 ms however few sequences there are."""


def choose_device(protocol: Protocol, sequences: int) -> tuple[torch.device, str]:
    """Where to compute, and a line that says why.

    Raises
    ------
    ProtocolError
        If the protocol asks for a GPU and there is none.
    """
    has_gpu = torch.cuda.is_available()
    if protocol.device is Device.CUDA and not has_gpu:
        raise ProtocolError(
            "the protocol asks for a CUDA GPU, but torch finds none; choose device auto or cpu"
        )
    device, reason = torch.device("cpu"), f"{sequences} sequences are small work"
    if protocol.optimiser is Optimiser.LEAST_SQUARES:
        reason = "least squares of one trajectory"
    elif protocol.device is Device.CUDA:
        device, reason = torch.device("cuda"), "chosen"
    elif protocol.device is Device.CPU:
        reason = "chosen"
    elif sequences >= _GPU_FROM_SEQUENCES:
        reason = f"{sequences} sequences at once" if has_gpu else "torch finds no CUDA GPU"
        device = torch.device("cuda" if has_gpu else "cpu")
    return device, f"{'GPU' if device.type == 'cuda' else 'CPU'}: {reason}; " + engine_description(
        device
    )
