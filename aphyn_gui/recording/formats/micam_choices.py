"""What the recordings of all MiCAM cameras leave open."""

from __future__ import annotations

from collections.abc import Mapping

from aphyn_gui.recording.formats.flat_files import decide
from aphyn_gui.recording.recording import ReadingChoice

FIRST_CAMERA, SECOND_CAMERA, ALL_FRAMES = "camera 1", "camera 2", "all frames"
PER_CAMERA, IN_TURN = "each camera", "both cameras in turn"
REPAIRED, LEFT_AS_STORED = "repaired", "left as stored"
NOT_ADDED = "not added"


def decide_sample_time(choices: Mapping[str, str]) -> ReadingChoice:
    """Between which frames the header's time lies, where two cameras' frames take turns."""
    return decide(
        choices,
        "sample_time",
        "What the sampling time is the time between",
        (PER_CAMERA, IN_TURN),
        PER_CAMERA,
        "The header does not say whether it counts the frames of each camera or of both: check it "
        "against the length of the recording or the pacing.",
    )


def decide_wraps(choices: Mapping[str, str]) -> ReadingChoice:
    """What to do with values that overflowed 16 bits."""
    return decide(
        choices,
        "wraps",
        "Jumps over 3/4 of 2^16",
        (REPAIRED, LEFT_AS_STORED),
        REPAIRED,
        "A value that far from the pixel's usual level went once round the 16-bit numbers.",
    )
