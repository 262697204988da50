"""Fields of the protocol panel: a number that is checked, and the table of what is asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from aphyn_gui.fitting import MOST_REPEATS, NetworkSettings, Optimiser, Protocol
from aphyn_gui.gui.theme import current_theme


class NumberEdit(QLineEdit):
    """A line for one number; what is no number stays, marked, and changes nothing."""

    edited = Signal(float)
    """A number was entered that differs from the one shown."""
    refused = Signal(str)
    """What was entered is no number."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown = ""
        self.setFixedWidth(78)
        self.editingFinished.connect(self._on_finished)

    def show_value(self, value: float) -> None:
        """Show ``value`` and forget what was entered."""
        self._shown = f"{value:.6g}"
        self.setText(self._shown)
        self.set_marked(False)

    def set_marked(self, is_marked: bool) -> None:
        """Mark the entry as one that cannot be used."""
        color = current_theme().error
        self.setStyleSheet(f"QLineEdit {{ border: 1px solid {color}; }}" if is_marked else "")

    def _on_finished(self) -> None:
        text = self.text().strip().replace(",", ".")
        if text == self._shown:
            self.set_marked(False)
            return
        try:
            value = float(text)
        except ValueError:
            self.refused.emit(f"{self.text()!r} is not a number.")
            return
        self.edited.emit(value)


@dataclass(frozen=True, slots=True)
class NumberField:
    """One number of a protocol.

    Parameters
    ----------
    key, label : str
        Name in the panel's ``numbers``, and what stands before the field.
    unit, span, meaning : str
        Unit, allowed range and one sentence, for the tooltip.
    get : callable
        The number in a protocol.
    put : callable
        A protocol with another number.
    is_whole : bool
        Whether only whole numbers make sense.
    optimiser : Optimiser or None
        The only one that uses it; None: both do.
    """

    key: str
    label: str
    unit: str
    span: str
    meaning: str
    get: Callable[[Protocol], float]
    put: Callable[[Protocol, float], Protocol]
    is_whole: bool = False
    optimiser: Optimiser | None = None

    @property
    def tooltip(self) -> str:
        """Symbol, unit, range and meaning."""
        unit = f", {self.unit}" if self.unit else ""
        return f"<b>{self.label}</b>{unit}<br>Range: {self.span}<br>{self.meaning}"


def _network(protocol: Protocol) -> NetworkSettings:
    """Settings of the network, or those it would have."""
    return protocol.network or NetworkSettings()


STIMULUS_FIELDS = (
    NumberField(
        "amplitude", "J<sub>stim</sub>", "1/ms", "at least 0",
        "Height of the current pulse that starts the action potential; 1 in the paper. "
        "An optical upstroke takes several ms, so a lower and longer pulse often fits better.",
        lambda p: p.stimulus.amplitude_per_ms,
        lambda p, x: p.with_changes(stimulus=replace(p.stimulus, amplitude_per_ms=x)),
    ),
    NumberField(
        "duration", "t<sub>stim</sub>", "ms", "above 0",
        "Length of the pulse; 1 in the paper.",
        lambda p: p.stimulus.duration_ms,
        lambda p, x: p.with_changes(stimulus=replace(p.stimulus, duration_ms=x)),
    ),
    NumberField(
        "onset", "onset", "ms", "any",
        "Start of the pulse after the first sample of the sequence.",
        lambda p: p.stimulus.onset_ms,
        lambda p, x: p.with_changes(stimulus=replace(p.stimulus, onset_ms=x)),
    ),
)  # fmt: skip
"""The current pulse."""

NETWORK_FIELDS = (
    NumberField(
        "features", "features", "", "1 to 64", "Width of every hidden layer; 8 in the paper.",
        lambda p: _network(p).features,
        lambda p, x: p.with_changes(network=replace(_network(p), features=int(x))),
        is_whole=True,
    ),
    NumberField(
        "blocks", "residual blocks", "", "1 to 8", "Number of residual blocks; 3 in the paper.",
        lambda p: _network(p).blocks,
        lambda p, x: p.with_changes(network=replace(_network(p), blocks=int(x))),
        is_whole=True,
    ),
)  # fmt: skip
"""The residual network F_dl."""

TRAINING_FIELDS = (
    NumberField(
        "epochs", "epochs", "", "at least 1",
        "Adam steps of the hybrid, about 100 in the paper; or most iterations by least squares.",
        lambda p: p.epochs, lambda p, x: p.with_changes(epochs=int(x)), is_whole=True,
    ),
    NumberField(
        "learning_rate", "learning rate", "", "above 0", "Adam's step size; 0.001 in the paper.",
        lambda p: p.learning_rate, lambda p, x: p.with_changes(learning_rate=x),
        optimiser=Optimiser.ADAM,
    ),
    NumberField(
        "initial_lambda", "λ<sub>0</sub>", "", "above 0",
        "First weight of the trajectory loss: the loss is λ L<sub>traj</sub> + ‖F<sub>dl</sub>‖².",
        lambda p: p.initial_lambda, lambda p, x: p.with_changes(initial_lambda=x),
        optimiser=Optimiser.ADAM,
    ),
    NumberField(
        "lambda_growth", "γ", "", "at least 0",
        "After each epoch λ grows by γ L<sub>traj</sub>; 10 in silico and 1 ex vivo in the paper.",
        lambda p: p.lambda_growth, lambda p, x: p.with_changes(lambda_growth=x),
        optimiser=Optimiser.ADAM,
    ),
    NumberField(
        "time_step", "Euler step", "ms", "above 0",
        "Longest step; shortened so that it divides the frame interval. 0.1 in the paper.",
        lambda p: p.time_step_ms, lambda p, x: p.with_changes(time_step_ms=x),
    ),
    NumberField(
        "seed", "seed", "", "whole number", "Seed of the network's random start.",
        lambda p: p.seed, lambda p, x: p.with_changes(seed=int(x)), is_whole=True,
    ),
    NumberField(
        "repeats", "other networks", "", f"0 to {MOST_REPEATS}",
        "Further fits from other random networks, by least squares: how much the parameters "
        "differ among them widens the intervals.",
        lambda p: p.repeats, lambda p, x: p.with_changes(repeats=int(x)), is_whole=True,
        optimiser=Optimiser.LEAST_SQUARES,
    ),
)  # fmt: skip
"""How the hybrid learns."""
