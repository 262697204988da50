"""The protocols each experiment compares."""

from __future__ import annotations

from dataclasses import dataclass, replace

from aphyn_gui.fitting import EX_VIVO, IN_SILICO, RECOMMENDED, NetworkSettings, Optimiser, Protocol
from aphyn_gui.physics import Stimulus

LONG_ADAM_EPOCHS = 1000
"""In 100 epochs at the paper's learning rate no schedule of lambda has time to matter."""

TWO_LEARNED = ("tau_in", "tau_out")
THREE_LEARNED = ("tau_in", "tau_out", "tau_close")
"""What Fig. 3a and Fig. 3b learn."""

_QUICK_EPOCHS = 4
_WEIGHTS_OF_THE_PAPER = 465
_LEAST_SQUARES_S, _ADAM_EPOCH_S, _PHYSICS_S = 1.4, 7e-3, 0.3


@dataclass(frozen=True, slots=True)
class Case:
    """One protocol among those compared.

    Parameters
    ----------
    label : str
        In tables and figures.
    protocol : Protocol
        Settings; the seed is filled in.
    group : str
        What is varied; empty where nothing is.
    """

    label: str
    protocol: Protocol
    group: str = ""

    def with_seed(self, seed: int) -> Protocol:
        """The protocol of one repeat."""
        # The experiments repeat each fit themselves.
        return self.protocol.with_changes(seed=seed, repeats=0)

    @property
    def protocol_key(self) -> str:
        """Same for cases that are the same fit."""
        return repr(self.protocol)

    @property
    def cost_s(self) -> float:
        """Rough time of one fit, s: only ratios matter, for the remaining time."""
        protocol = self.protocol
        if protocol.network is None:
            return _PHYSICS_S
        if protocol.optimiser is Optimiser.ADAM:
            return _PHYSICS_S + _ADAM_EPOCH_S * protocol.epochs
        width, blocks = protocol.network.features, protocol.network.blocks
        weights = 3 * width + 2 * blocks * width * (width + 1) + width + 1
        return _PHYSICS_S + _LEAST_SQUARES_S * weights / _WEIGHTS_OF_THE_PAPER


def figure_3_cases(learned: tuple[str, ...], *, is_quick: bool) -> tuple[Case, ...]:
    """The paper's protocol for simulated data, and the recommended one."""
    return _shortened(
        (
            Case("in-silico (paper)", IN_SILICO.with_changes(learned=learned)),
            Case("recommended", RECOMMENDED.with_changes(learned=learned)),
        ),
        is_quick=is_quick,
    )


def region_cases(*, is_quick: bool) -> tuple[Case, ...]:
    """The paper's protocol for recordings, and the recommended one."""
    return _shortened(
        (Case("ex-vivo (paper)", EX_VIVO), Case("recommended", RECOMMENDED)), is_quick=is_quick
    )


def ablation_cases(*, is_quick: bool) -> tuple[Case, ...]:
    """One thing changed at a time, from the recommended protocol and from the paper's."""
    # As in Fig. 3b, whose fits then serve here too.
    base = RECOMMENDED.with_changes(learned=THREE_LEARNED)
    papers = IN_SILICO.with_changes(learned=THREE_LEARNED)
    network = NetworkSettings()

    def with_network(**changes: int | bool) -> Protocol:
        return base.with_changes(network=replace(network, **changes))  # type: ignore[arg-type]

    long = papers.with_changes(epochs=LONG_ADAM_EPOCHS)
    return _shortened(
        (
            Case("recommended", base, "base"),
            Case("network off", base.with_changes(network=None), "network"),
            Case("width 4", with_network(features=4), "width"),
            Case("width 12", with_network(features=12), "width"),
            Case("1 block", with_network(blocks=1), "depth"),
            Case("5 blocks", with_network(blocks=5), "depth"),
            Case("input v only", with_network(sees_gate=False), "inputs"),
            Case(
                "stimulus fixed, 1/ms for 1 ms",
                base.with_changes(stimulus=Stimulus(), learn_stimulus=False),
                "stimulus",
            ),
            Case(
                "in-silico (paper), stimulus learned",
                papers.with_changes(learn_stimulus=True),
                "stimulus",
            ),
            *(
                Case(
                    f"Adam, γ = {growth:g}",
                    long.with_changes(lambda_growth=growth),
                    "lambda",
                )
                for growth in (0.0, 1.0, 10.0, 100.0)
            ),
        ),
        is_quick=is_quick,
    )


def _shortened(cases: tuple[Case, ...], *, is_quick: bool) -> tuple[Case, ...]:
    if not is_quick:
        return cases
    return tuple(
        replace(case, protocol=case.protocol.with_changes(epochs=_QUICK_EPOCHS)) for case in cases
    )
