"""What the fit's plots show, whether the fit still runs or has ended."""

from __future__ import annotations

from dataclasses import dataclass

from aphyn_gui.fitting import FitForecast, History, Protocol, Stage
from aphyn_gui.gui.fit_worker import Snapshot
from aphyn_gui.recording import SequenceSet
from aphyn_gui.study import Region, RegionFit
from aphyn_gui.study.network_map import Shortfall, shortfalls


@dataclass(frozen=True, slots=True, eq=False)
class FitPicture:
    """A running or an ended fit, as the plots need it.

    Parameters
    ----------
    source : object
        Equal for all pictures of one fit: plots start their ranges anew when it changes.
    region : Region
        As it was fitted.
    protocol : Protocol
        Settings of the fit.
    sequences : SequenceSet
        What is fitted.
    forecast : FitForecast or None
        Current forecast and its decomposition; None before the first.
    physics_forecast : FitForecast or None
        Forecast of the physics-only fit; None while nothing is known of it.
    is_hybrid : bool
        Whether ``forecast`` is the hybrid's; otherwise it is the physics-only fit's.
    history : History or None
        Epochs so far; None before the first.
    epochs : int
        Epochs in all.
    shortfalls : tuple of Shortfall
        Where the physics falls short, once the fit has ended.
    """

    source: object
    region: Region
    protocol: Protocol
    sequences: SequenceSet
    forecast: FitForecast | None
    physics_forecast: FitForecast | None
    is_hybrid: bool
    history: History | None
    epochs: int
    shortfalls: tuple[Shortfall, ...] = ()

    @classmethod
    def of_snapshot(cls, snapshot: Snapshot) -> FitPicture:
        """Picture of a running fit."""
        detail = snapshot.detail
        has_network = snapshot.protocol.network is not None
        return cls(
            source=snapshot.run_id,
            region=snapshot.region,
            protocol=snapshot.protocol,
            sequences=snapshot.sequences,
            forecast=None if detail is None else detail.forecast,
            physics_forecast=snapshot.physics_forecast,
            is_hybrid=snapshot.progress.stage is Stage.HYBRID,
            history=None if detail is None else detail.history,
            epochs=snapshot.protocol.epochs if has_network else snapshot.progress.epochs,
        )

    @classmethod
    def of_fit(cls, fit: RegionFit) -> FitPicture:
        """Picture of a fit that has ended."""
        has_network = fit.fit.protocol.network is not None
        return cls(
            source=fit,
            region=fit.region,
            protocol=fit.fit.protocol,
            sequences=fit.fit.sequences,
            forecast=fit.fit.forecast,
            physics_forecast=fit.fit.physics_forecast,
            is_hybrid=has_network,
            history=fit.fit.history,
            epochs=fit.fit.history.epochs,
            shortfalls=shortfalls(fit.fit.forecast) if has_network else (),
        )
