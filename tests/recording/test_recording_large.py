"""A stack of 10 GB opens at once and shows its frames, where its format lets it lie on the disk."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import tifffile

FRAMES, ROWS, COLUMNS = 5000, 1024, 1024
SIZE = FRAMES * ROWS * COLUMNS * 2

PROBE = """
import json, sys, time
import h5py, tifffile
from aphyn_gui.recording import RectangularRoi, open_recording
started = time.perf_counter()
recording = open_recording(sys.argv[1])
opened_s = time.perf_counter() - started
means = [float(recording.read_frame(index).mean()) for index in (0, 2500, 4999)]
region = recording.read_region(RectangularRoi(500, 500, 4, 4))
# Not ru_maxrss: that counts the program this one was started from, too.
status = dict(line.split(":", 1) for line in open("/proc/self/status") if ":" in line)
peak = int(status["VmHWM"].split()[0]) / 1024
print(json.dumps([opened_s, peak, means, region.shape, float(region.max())]))
"""


def npy(path: Path) -> None:
    with path.open("wb") as file:
        header = {"descr": "<u2", "fortran_order": False, "shape": (FRAMES, ROWS, COLUMNS)}
        np.lib.format.write_array_header_1_0(file, header)
        file.truncate(file.tell() + SIZE)


def bigtiff(path: Path) -> None:
    tifffile.imwrite(
        path, shape=(FRAMES, ROWS, COLUMNS), dtype="uint16", bigtiff=True, photometric="minisblack"
    )


def hdf5(path: Path) -> None:
    with h5py.File(path, "w") as file:
        movie = file.create_dataset("movie", (FRAMES, ROWS, COLUMNS), "u2")
        movie[0, 0, 0] = 0  # the room is taken with the first value


@pytest.mark.skipif(sys.platform != "linux", reason="sparse files and memory as Linux has them")
@pytest.mark.parametrize("write", [npy, bigtiff, hdf5])
def test_ten_gigabytes_open_within_a_second_and_300_mb(tmp_path: Path, write: Any) -> None:
    path = tmp_path / f"movie.{ {'npy': 'npy', 'bigtiff': 'tif', 'hdf5': 'h5'}[write.__name__] }"
    write(path)
    if path.stat().st_blocks * 512 > 2**30:
        pytest.skip("this disk has no sparse files")
    assert path.stat().st_size > SIZE
    run = subprocess.run(
        [sys.executable, "-c", PROBE, str(path)],
        capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2],
    )  # fmt: skip

    assert run.returncode == 0, run.stderr
    opened_s, peak_mb, means, shape, highest = json.loads(run.stdout)
    assert opened_s < 1.0
    assert peak_mb < 300
    assert means == [0.0, 0.0, 0.0]
    assert (shape, highest) == ([FRAMES, 4, 4], 0.0)
