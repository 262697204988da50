"""One value a pixel from colour images and films."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from aphyn_gui.recording.frames import Array
from aphyn_gui.recording.recording import ReadingChoice

_LUMINANCE = (0.299, 0.587, 0.114)
"""ITU-R BT.601: weights of red, green and blue in brightness."""
_CHANNELS = ("luminance", "red", "green", "blue")


def channel_choice(choices: Mapping[str, str]) -> tuple[ReadingChoice, tuple[str, ...]]:
    """Which channel is read, and what was assumed; brightness unless asked otherwise."""
    choice = ReadingChoice(
        "channel",
        "Colour channel",
        _CHANNELS,
        choices.get("channel", _CHANNELS[0]),
        "Brightness is the same as every channel where a grey camera was saved as colour.",
    )
    if "channel" in choices:
        return choice, ()
    return choice, ("The images are in colour; their brightness (ITU-R BT.601) was taken.",)


def one_channel(image: Array, channel: str) -> Array:
    """A channel of an image of shape (..., 3), in the image's type."""
    if channel != _CHANNELS[0]:
        return np.ascontiguousarray(image[..., _CHANNELS.index(channel) - 1])
    # The weights add up to one only nearly: grey must stay exactly what it is.
    brightness: Array = np.rint(image @ np.array(_LUMINANCE, dtype=np.float32))
    return brightness.astype(image.dtype)
