"""One region from recording to fit: the same steps for the window and the command line."""

from __future__ import annotations

from collections.abc import Callable, Generator

from aphyn_gui.fitting import Progress, Protocol, fit
from aphyn_gui.recording import Preparation, Recording, prepare_region
from aphyn_gui.study.reading import Reading
from aphyn_gui.study.study import Region, RegionFit


def fit_region(
    recording: Recording,
    region: Region,
    preparation: Preparation,
    protocol: Protocol,
    should_stop: Callable[[], bool] = lambda: False,
) -> Generator[Progress, None, RegionFit]:
    """Prepare one region's sequences and fit them.

    Parameters
    ----------
    recording, region, preparation, protocol
        The inputs; all are copied into the result.
    should_stop : callable
        Asked between epochs; when it answers True the fit ends with what it has.

    Yields
    ------
    Progress
        One report an epoch.

    Returns
    -------
    RegionFit
        The fit, whatever its outcome.

    Raises
    ------
    RecordingError
        If the region gives too few usable sequences.
    """
    prepared = prepare_region(recording, region.roi, preparation)
    result = yield from fit(prepared.sequences, protocol, should_stop)
    return RegionFit(region, prepared.measures, result, Reading.of(recording))
