"""The numbers the paper prints, as far as they are at hand; what it does not print is None.

Kashtanova et al., APHYN-EP, STACOM 2022: recordings of swine by MICAM02 (3.7 ms frames,
di-4-ANEPPS), 300 ms, about 10 training and 5 validation sequences for each region.
"""

from __future__ import annotations

from dataclasses import dataclass

TRAINING_TIME = "2 h on a Quadro M2200"
FORECAST_TIME = "less than 10 s"

REGIONS = ("ROI A", "ROI B (ischaemic)")


@dataclass(frozen=True, slots=True)
class PaperNumbers:
    """What the paper says of one predictor in one region.

    Parameters
    ----------
    training_mse, validation_mse : float
        Dimensionless.
    training_f_dl, validation_f_dl : float or None
        ||F_dl||^2, 1/ms^2.
    """

    training_mse: float
    validation_mse: float
    training_f_dl: float | None = None
    validation_f_dl: float | None = None


_TABLE_1 = (
    {
        "hybrid": PaperNumbers(9.12e-3, 5.72e-3, 1.6e-4, 8e-5),
        "physics only": PaperNumbers(1.4e-2, 1e-2),
    },
    {
        "hybrid": PaperNumbers(1e-2, 8e-3, 8e-5, 7e-5),
        "physics only": PaperNumbers(1.45e-2, 9.3e-3),
    },
)


def table_1(region: int, predictor: str) -> PaperNumbers | None:
    """Numbers of Table 1 for a region, counted from 0; None where the paper has none."""
    return _TABLE_1[region].get(predictor) if region < len(_TABLE_1) else None
