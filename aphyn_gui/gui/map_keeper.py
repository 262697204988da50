"""Maps of the current recording, computed off the GUI thread and kept: the newest wish wins."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from threading import Event
from typing import TYPE_CHECKING, Any, TypeVar

from PySide6.QtCore import QObject, QTimer, Signal

from aphyn_gui.gui.background import BackgroundTasks
from aphyn_gui.gui.fitter_cache import FitterCache
from aphyn_gui.gui.mailbox import Mailbox
from aphyn_gui.gui.study_controller import StudyController
from aphyn_gui.recording import (
    FieldMaps,
    MapSettings,
    Recording,
    RecordingError,
    compute_maps,
)

if TYPE_CHECKING:
    from aphyn_gui.study.field_fit import FieldFit, PixelFitter
    from aphyn_gui.study.map_choice import MapChoice, ShownMap

_KEPT = 6
"""Recordings and settings whose maps are kept."""
_POLL_MS = 50

Step = TypeVar("Step")
Value = TypeVar("Value")

_Key = tuple[Any, ...]
Limits = tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class _News:
    fraction: float
    pixels_per_s: float = 0.0
    partial: FieldFit | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Kept:
    """Maps, with the recording, so that its id stays its own."""

    key: _Key
    recording: Recording
    maps: FieldMaps | FieldFit


class _Cancelled(Exception):
    """The maps are no longer wanted."""


class MapKeeper(QObject):
    """Computes the maps of a choice, and again when the settings under them change.

    Signals
    -------
    changed()
        Another map, more of it, or none.
    progressed(str)
        What goes on, for the user; empty when nothing does.
    """

    changed = Signal()
    progressed = Signal(str)

    def __init__(
        self, controller: StudyController, fitters: FitterCache, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._controller = controller
        self._fitters = fitters
        self._tasks = BackgroundTasks("maps", self)
        self._kept: list[_Kept] = []
        self._partial: tuple[_Key, FieldFit] | None = None
        self._seen_limits: dict[str, list[tuple[_Key, Limits]]] = {}
        self._choice: MapChoice | None = None
        self._levels: tuple[float, ...] = (0.5, 0.8)
        self._wanted: _Key | None = None
        self._cancelled = Event()
        self._news: Mailbox[_News] = Mailbox()
        self._poll = QTimer(self)
        self._poll.setInterval(_POLL_MS)
        self._poll.timeout.connect(self._read_news)
        for signal in (
            controller.recording_changed,
            controller.preparation_changed,
            controller.protocol_changed,
        ):
            signal.connect(self._refresh)

    @property
    def choice(self) -> MapChoice | None:
        """The map that is wanted; None: the movie."""
        return self._choice

    @property
    def apd_levels(self) -> tuple[float, ...]:
        """Levels of the durations, fractions of the amplitude lost."""
        return self._levels

    @property
    def is_busy(self) -> bool:
        """Whether a map is being computed."""
        return self._wanted is not None

    def choose(self, choice: MapChoice | None) -> None:
        """Show another map, or the movie."""
        self._choice = choice
        self._refresh()

    def set_apd_levels(self, levels: tuple[float, ...]) -> None:
        """Measure durations at other levels.

        Raises
        ------
        RecordingError
            If they are no levels.
        """
        MapSettings(apd_levels=levels)
        self._levels = levels
        self._refresh()

    def cancel(self) -> None:
        """Stop computing; what is there already stays."""
        if self._wanted is not None:
            self._stop()
            self.progressed.emit("Cancelled: choose the map again to compute it.")

    def shutdown(self) -> None:
        """Stop, and end the thread."""
        self._stop()
        self._tasks.shutdown()

    def measured(self) -> FieldMaps | None:
        """Maps measured under the settings of now, where they are there already."""
        kept = self._find(self._key_of("measured"))
        return kept.maps if kept is not None and isinstance(kept.maps, FieldMaps) else None

    def fitted(self) -> FieldFit | None:
        """Maps fitted under the settings of now, or the part that is there."""
        key = self._key_of("fitted")
        kept = self._find(key)
        if kept is not None and not isinstance(kept.maps, FieldMaps):
            return kept.maps
        return self._partial[1] if self._partial is not None and self._partial[0] == key else None

    def shown(self) -> ShownMap | None:
        """The chosen map, or the part that is there; None where there is nothing yet."""
        if self._choice is None:
            return None
        from aphyn_gui.study.map_choice import MapSource, fitted_map, measured_map

        try:
            if self._choice.source is MapSource.MEASURED:
                maps = self.measured()
                return None if maps is None else measured_map(maps, self._choice)
            fit = self.fitted()
            return None if fit is None else fitted_map(fit, self._choice)
        except (RecordingError, ValueError):
            # A level, or a parameter, that the settings of now do not have.
            return None

    def why_empty(self, row: int, column: int) -> str:
        """Why a pixel of the chosen map has no number; empty where it has."""
        from aphyn_gui.study.map_choice import MapSource, why_unfitted, why_unmeasured

        if self._choice is None:
            return ""
        if self._choice.source is MapSource.MEASURED:
            maps = self.measured()
            return "" if maps is None else why_unmeasured(maps, row, column)
        fit = self.fitted()
        return "" if fit is None else why_unfitted(fit, row, column)

    def common_limits(self) -> Limits | None:
        """Limits that hold all maps of the chosen kind computed so far, of any recording."""
        if self._choice is None:
            return None
        seen = [limits for _, limits in self._seen_limits.get(self._choice.kind, [])]
        return (min(low for low, _ in seen), max(high for _, high in seen)) if seen else None

    def _find(self, key: _Key) -> _Kept | None:
        # Protocols hold mappings, which have no hash.
        return next((kept for kept in self._kept if kept.key == key), None)

    def _key_of(self, source: str) -> _Key:
        study, recording = self._controller.study, self._controller.recording
        if source == "measured":
            return source, id(recording), MapSettings.of(study.preparation, self._levels)
        return source, id(recording), study.preparation, study.protocol

    def _refresh(self) -> None:
        recording = self._controller.recording
        choice = self._choice
        if choice is None or recording is None or self._controller.analysis_blocker:
            self._stop()
            self.progressed.emit("" if choice is None else self._controller.analysis_blocker)
            self.changed.emit()
            return
        key = self._key_of(choice.source)
        kept = self._find(key)
        if kept is not None:
            self._kept.remove(kept)
            self._kept.append(kept)
            self._stop()
            self.progressed.emit("")
        elif key != self._wanted:
            self._start(recording, key)
        self._note_limits()
        self.changed.emit()

    def _start(self, recording: Recording, key: _Key) -> None:
        self._stop()
        self._wanted = key
        self._cancelled = cancelled = Event()
        study = self._controller.study
        # A box of its own: what a cancelled computation still has to say is not about this one.
        news: Mailbox[_News] = Mailbox()
        self._news = news
        if key[0] == "measured":
            settings = key[2]

            def compute() -> FieldMaps | FieldFit:
                return _drain(
                    compute_maps(recording, settings),
                    cancelled,
                    lambda step: news.put(_News(step.fraction)),
                )
        else:
            fitters, preparation, protocol = self._fitters, study.preparation, study.protocol

            def compute() -> FieldMaps | FieldFit:
                fitter: PixelFitter = fitters.get(recording, preparation, protocol)
                return _drain(
                    fitter.fit_field(),
                    cancelled,
                    lambda step: news.put(_News(step.fraction, step.pixels_per_s, step.partial)),
                )

        self.progressed.emit("Computing…")
        self._poll.start()
        self._tasks.submit(
            "map", compute, lambda answer: self._take(recording, key, answer), self._fail
        )

    def _stop(self) -> None:
        self._cancelled.set()
        self._poll.stop()
        self._wanted = None
        self._tasks.cancel("map")

    def _take(self, recording: Recording, key: _Key, answer: FieldMaps | FieldFit) -> None:
        self._read_news()
        self._poll.stop()
        self._wanted = None
        self._partial = None
        self._kept = [*self._kept, _Kept(key, recording, answer)][-_KEPT:]
        if isinstance(answer, FieldMaps):
            self.progressed.emit("")
        self._note_limits()
        self.changed.emit()

    def _fail(self, error: Exception, details: str) -> None:
        self._poll.stop()
        self._wanted = None
        if isinstance(error, _Cancelled):
            return
        self.progressed.emit(f"No map: {error}")
        if not isinstance(error, RecordingError):
            self._controller.report("error", f"The map could not be computed: {error}", details)
        self.changed.emit()

    def _read_news(self) -> None:
        news = self._news.take()
        if news is None or self._wanted is None:
            return
        text = f"{100 * news.fraction:.0f} %"
        if news.pixels_per_s:
            text += f" · {news.pixels_per_s:,.0f} pixels/s"
        self.progressed.emit(text)
        if news.partial is not None:
            self._partial = self._wanted, news.partial
            self.changed.emit()

    def _note_limits(self) -> None:
        shown = self.shown()
        limits = None if shown is None or self.is_busy else shown.automatic_limits
        if shown is not None and limits is not None:
            key = (*self._key_of(shown.choice.source), shown.choice.level)
            others = [one for one in self._seen_limits.get(shown.choice.kind, []) if one[0] != key]
            self._seen_limits[shown.choice.kind] = [*others, (key, limits)]


def _drain(
    steps: Generator[Step, None, Value], cancelled: Event, tell: Callable[[Step], object]
) -> Value:
    """The generator's value, unless it is cancelled on the way."""
    try:
        while True:
            tell(next(steps))
            if cancelled.is_set():
                steps.close()
                raise _Cancelled
    except StopIteration as stop:
        value: Value = stop.value
        return value
