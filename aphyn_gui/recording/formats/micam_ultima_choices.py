"""What a MiCAM ULTIMA or MC05 recording leaves open, and what is taken."""

from __future__ import annotations

from collections.abc import Mapping

from aphyn_gui.recording.formats.flat_files import decide, milliseconds
from aphyn_gui.recording.formats.micam_choices import (
    ALL_FRAMES,
    FIRST_CAMERA,
    IN_TURN,
    NOT_ADDED,
    SECOND_CAMERA,
    decide_sample_time,
    decide_wraps,
)
from aphyn_gui.recording.formats.micam_ultima_header import UltimaHeader
from aphyn_gui.recording.recording import ReadingChoice

STACKED, SIDE_BY_SIDE = "one after the other", "side by side"
SENSOR_COLUMNS, ALL_COLUMNS = "20 to 119", "all"
FROM_FILE, FROM_FIRST_FRAME = "the .rsm file", "the first frame"
DROPPED, KEPT_AS_STORED, KEPT_AS_DIFFERENCE = "dropped", "kept as stored", "kept as a difference"

FEWEST_SENSOR_COLUMNS = 120
"""A stored plane this wide can hold the sensor's columns 20 to 119."""


class UltimaChoices:
    """Every decision about one recording.

    Parameters
    ----------
    header : UltimaHeader
        What the ``.rsh`` says.
    choices : Mapping of str to str
        What the user says.
    background_planes : int
        Whole planes in the ``.rsm``.
    """

    def __init__(
        self, header: UltimaHeader, choices: Mapping[str, str], background_planes: int
    ) -> None:
        self._header = header
        self._choices = choices
        self._taken: dict[str, ReadingChoice] = {}
        if header.dual:
            self._decide_camera()
        if header.plane_count > 1:
            self._decide(
                "planes",
                "The two cameras' images in a stored frame",
                (STACKED, SIDE_BY_SIDE),
                STACKED,
                "MC05 is said to store camera 1 and then camera 2; an image of stripes would tell "
                "that they share the rows.",
            )
        if header.left is None and header.column_count >= FEWEST_SENSOR_COLUMNS:
            self._decide(
                "columns",
                "Columns that hold the image",
                (SENSOR_COLUMNS, ALL_COLUMNS),
                SENSOR_COLUMNS,
                "The header does not say; so it is in MiCAM ULTIMA, which has analog inputs in the "
                "left margin.",
            )
        self._decide_background(background_planes)
        self._decide(
            "first_frame",
            "The first frame",
            (DROPPED, KEPT_AS_STORED, KEPT_AS_DIFFERENCE),
            DROPPED,
            "It is an image, where the others are differences from the background.",
        )
        self._taken["wraps"] = decide_wraps(choices)

    def __getitem__(self, key: str) -> str:
        return self._taken[key].chosen

    def chosen(self, key: str) -> str | None:
        """What was taken; None where the recording does not leave it open."""
        return self._taken[key].chosen if key in self._taken else None

    @property
    def decided(self) -> tuple[ReadingChoice, ...]:
        """Everything the recording leaves open."""
        return tuple(self._taken.values())

    @property
    def camera(self) -> int:
        """0 or 1."""
        return int(self.chosen("camera") == SECOND_CAMERA)

    @property
    def interleaved(self) -> bool:
        """Whether every other stored frame belongs to the camera."""
        header = self._header
        return header.dual and header.plane_count == 1 and self["camera"] != ALL_FRAMES

    @property
    def frame_interval_ms(self) -> float | None:
        """Between frames of the camera, ms; None where the header does not say."""
        interval = milliseconds(self._header.values.get("sample_time", ""))
        if interval is not None and self.chosen("sample_time") == IN_TURN:
            return 2 * interval
        return interval

    def _decide(
        self, key: str, label: str, options: tuple[str, ...], default: str, reason: str
    ) -> None:
        self._taken[key] = decide(self._choices, key, label, options, default, reason)

    def _decide_camera(self) -> None:
        said = f"dual_cam={self._header.values['dual_cam']}"
        if self._header.plane_count > 1:
            self._decide(
                "camera",
                "Camera",
                (FIRST_CAMERA, SECOND_CAMERA),
                FIRST_CAMERA,
                f"The header says {said}: each stored frame holds both cameras' images.",
            )
            return
        self._decide(
            "camera",
            "Camera",
            (FIRST_CAMERA, SECOND_CAMERA, ALL_FRAMES),
            FIRST_CAMERA,
            f"The header says {said}: the two cameras' frames take turns.",
        )
        if self["camera"] != ALL_FRAMES:
            self._taken["sample_time"] = decide_sample_time(self._choices)

    def _decide_background(self, planes: int) -> None:
        second_is_missing = self.camera == 1 and planes < 2
        reason = (
            "The .rsm file holds one image, camera 1's; camera 2's first frame is its own."
            if second_is_missing
            else "The other frames are differences from it."
        )
        self._decide(
            "background",
            "Background added to the frames",
            (FROM_FILE, FROM_FIRST_FRAME, NOT_ADDED),
            FROM_FIRST_FRAME if second_is_missing else FROM_FILE,
            reason,
        )
