"""Maps: one number a pixel, with its name, unit and definition, as CSV, NPY or TIFF."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from aphyn_gui.study.study import StudyError
from aphyn_gui.study.writing import write_text, write_whole

MAP_SUFFIXES = (".csv", ".npy", ".tif", ".tiff")
"""File types a map can be written as."""


def write_map(
    path: Path,
    values: npt.ArrayLike,
    name: str,
    unit: str,
    definition: str,
    pixel_pitch_mm: float | None,
) -> list[Path]:
    """Write one map; the suffix of the path says how.

    CSV begins with lines after ``#`` that say what it is. NPY holds the numbers alone: what they
    are stands in a ``.json`` beside it. TIFF is one 32-bit image with its resolution and
    description, as ImageJ reads them.

    Parameters
    ----------
    path : Path
        ".csv", ".npy", ".tif" or ".tiff".
    values : array_like, shape (rows, columns)
        NaN where the map has no value.
    name, unit, definition : str
        What the numbers are; the unit is empty where they have none.
    pixel_pitch_mm : float or None
        Distance of neighbouring pixels on the tissue, mm; None: unknown.

    Returns
    -------
    list of Path
        Files written.

    Raises
    ------
    StudyError
        If the values are no map, the pitch is not positive, or the suffix is another.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 2 or array.size == 0:
        raise StudyError(
            f"{name}: a map has rows and columns, this has the shape {array.shape}; "
            "write one map at a time"
        )
    if pixel_pitch_mm is not None and not (math.isfinite(pixel_pitch_mm) and pixel_pitch_mm > 0):
        raise StudyError(f"{name}: the pixel pitch must be positive, got {pixel_pitch_mm} mm")
    about: dict[str, object] = {
        "name": _one_line(name),
        "unit": _one_line(unit),
        "definition": _one_line(definition),
        "pixel_pitch_mm": pixel_pitch_mm,
    }
    match path.suffix.lower():
        case ".csv":
            return [_write_csv(path, array, about)]
        case ".npy":
            return _write_npy(path, array, about)
        case ".tif" | ".tiff":
            return [_write_tiff(path, array, about, pixel_pitch_mm)]
    raise StudyError(f"{path.name}: a map is written as {', '.join(MAP_SUFFIXES)}; choose one")


def _write_csv(path: Path, array: npt.NDArray[np.float64], about: dict[str, object]) -> Path:
    lines = [f"# {key}: {'unknown' if value is None else value}" for key, value in about.items()]
    lines += [",".join(map(repr, row)) for row in array.tolist()]
    return write_text(path, "\n".join(lines) + "\n")


def _write_npy(path: Path, array: npt.NDArray[np.float64], about: dict[str, object]) -> list[Path]:
    description = json.dumps(about, indent=2, ensure_ascii=False) + "\n"
    return [
        write_whole(path, lambda file: np.save(file, array, allow_pickle=False)),
        write_text(path.with_suffix(".json"), description),
    ]


def _write_tiff(
    path: Path,
    array: npt.NDArray[np.float64],
    about: dict[str, object],
    pixel_pitch_mm: float | None,
) -> Path:
    import tifffile

    metadata: dict[str, object] = {
        "axes": "YX",
        # What ImageJ shows under Image > Show Info; any text.
        "Info": "\n".join(f"{key}: {value}" for key, value in about.items() if value is not None),
    }
    resolution = None
    if pixel_pitch_mm is not None:
        metadata["unit"] = "mm"
        resolution = (1 / pixel_pitch_mm, 1 / pixel_pitch_mm)

    def write(file: BinaryIO) -> None:
        tifffile.imwrite(
            file, array.astype(np.float32), imagej=True, resolution=resolution, metadata=metadata
        )

    return write_whole(path, write)


def _one_line(text: str) -> str:
    return " ".join(text.split())
