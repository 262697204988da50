"""What the fits of single pixels share, made once for the maps and for the mouse."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from aphyn_gui.fitting import Protocol
from aphyn_gui.recording import Preparation, Recording

if TYPE_CHECKING:
    from aphyn_gui.study.field_fit import PixelFitter


class FitterCache:
    """The newest `PixelFitter`, for several threads.

    Making one takes half a second: whoever asks while it is made waits for it.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._key: tuple[Recording, Preparation, Protocol] | None = None
        self._fitter: PixelFitter | None = None

    def get(
        self, recording: Recording, preparation: Preparation, protocol: Protocol
    ) -> PixelFitter:
        """The fitter of these inputs; off the GUI thread.

        Raises
        ------
        RecordingError
            As `PixelFitter`.
        """
        with self._lock:
            key = self._key
            is_same = key is not None and key[0] is recording and key[1:] == (preparation, protocol)
            if self._fitter is None or not is_same:
                # Imported when needed: few sessions fit pixels.
                from aphyn_gui.study.field_fit import PixelFitter

                self._fitter = None
                self._fitter = PixelFitter(recording, preparation, protocol)
                self._key = recording, preparation, protocol
            return self._fitter
