"""How a recording was read, kept with what was made of it."""

from __future__ import annotations

from dataclasses import dataclass

from aphyn_gui.recording import Recording


@dataclass(frozen=True, slots=True)
class Reading:
    """What was taken wherever a file, or the user, can say how it is read.

    Parameters
    ----------
    frame_interval_ms : float or None
        Time between frames, ms; None: not known.
    binning : int
        Side of the squares of pixels that were averaged into one; 1: none were.
    choices : tuple of (str, str)
        The key of each `ReadingChoice` and the option taken, the user's or the reader's.
    """

    frame_interval_ms: float | None
    binning: int = 1
    choices: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, recording: Recording) -> Reading:
        """How an open recording was read."""
        choices = tuple((choice.key, choice.chosen) for choice in recording.choices)
        return cls(recording.frame_interval_ms, recording.binning, choices)

    def changes_to(self, other: Reading) -> tuple[str, ...]:
        """What the other one takes differently, in words.

        What only one of the two knows is left out: it comes and goes with another choice, which
        then differs, or nobody can say.
        """
        changes = []
        if None not in (self.frame_interval_ms, other.frame_interval_ms) and (
            self.frame_interval_ms != other.frame_interval_ms
        ):
            changes.append("frame interval")
        if self.binning != other.binning:
            changes.append("binning")
        now = dict(other.choices)
        changes += [
            key.replace("_", " ") for key, option in self.choices if now.get(key, option) != option
        ]
        return tuple(changes)
