"""The simulated slab beside finitewave, whose equations it uses, on the same slab.

finitewave accepts no numpy that this project does, so it runs in an interpreter of its own: make
one with ``python -m venv DIR && DIR/bin/pip install finitewave`` and name it in the environment
variable APHYN_FINITEWAVE_PYTHON (``DIR/bin/python``). Beside it, and where it is missing instead
of it, the package's own step in a plain numba loop with a weighted stencil: what finitewave does,
without its Python loop over time steps.
"""

from __future__ import annotations

import inspect
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from types import FunctionType
from typing import Any

import numba
import numpy as np
import numpy.typing as npt
from probing import HERE
from table import Row
from ten_tusscher_panfilov_2006 import ops

from aphyn_gui.insilico import Rectangle, SlabSettings, Stimulus, run_slab

FINITEWAVE = "APHYN_FINITEWAVE_PYTHON"
"""Environment variable: an interpreter that has finitewave."""

NODES = 48
SPACING_MM = 0.25
TIME_STEP_MS = 0.01
DURATION_MS = 32.0
"""Until every node is on its plateau, where potentials can be compared."""
_ROUNDS = 3
_MARGIN = 5
"""finitewave places the edges half a node further in: potentials are compared away from them."""

Array = npt.NDArray[np.float64]
Work = Callable[[], tuple[float, Array]]
"""Runs the slab; the time it took, s, and the final potential, mV."""


def measure() -> Iterator[Row]:
    """Nodes times steps a second, ours against each peer in turn."""
    ours = _Ours()
    loop = _NumbaLoop()
    peers: list[tuple[str, Work]] = [("package in a numba loop, one thread", loop.run)]
    interpreter = os.environ.get(FINITEWAVE)
    if interpreter is None:
        print(f"  finitewave itself is skipped: {FINITEWAVE} is not set", file=sys.stderr)
        yield from _compare(ours, peers)
        return
    cores = os.cpu_count() or 1
    with (
        closing(_Finitewave(interpreter, 1)) as single,
        closing(_Finitewave(interpreter, cores)) as several,
    ):
        peers.append(("finitewave, one thread", single.run))
        if cores > 1:
            peers.append((f"finitewave, {cores} threads", several.run))
        yield from _compare(ours, peers)


def _compare(ours: _Ours, peers: list[tuple[str, Work]]) -> Iterator[Row]:
    own: list[float] = []
    times: list[list[float]] = [[] for _ in peers]
    distances = [0.0] * len(peers)
    inner = np.s_[_MARGIN:-_MARGIN, _MARGIN:-_MARGIN]
    for _ in range(_ROUNDS):
        for index, (_, work) in enumerate(peers):
            seconds, potential = ours.run()
            own.append(seconds)
            peer_seconds, peer_potential = work()
            times[index].append(peer_seconds)
            distances[index] = float(np.abs(potential - peer_potential)[inner].max())
    steps = NODES * NODES * round(DURATION_MS / TIME_STEP_MS) / 1e6
    rate = steps / statistics.median(own)
    for (name, _), taken, distance in zip(peers, times, distances, strict=True):
        peer_rate = steps / statistics.median(taken)
        yield Row(
            f"tissue, against {name}", rate, "M node steps/s", peer_rate, "peer",
            rate / peer_rate, target=">= finitewave", met=rate >= peer_rate,
            note=f"{NODES} x {NODES} nodes, {DURATION_MS:g} ms at {TIME_STEP_MS} ms; ours in one "
            f"thread, its tables included; potentials differ by at most {distance:.2g} mV away "
            "from the edges",
        )  # fmt: skip


class _Ours:
    """This project's slab, in one thread."""

    def __init__(self) -> None:
        self._settings = SlabSettings(
            NODES,
            NODES,
            DURATION_MS,
            # finitewave stimulates one step longer than it is told.
            (Stimulus(Rectangle(0, 0, 5, 5), time_ms=0.0, duration_ms=1.0 + TIME_STEP_MS),),
            spacing_mm=SPACING_MM,
            time_step_ms=TIME_STEP_MS,
        )
        run_slab(self._settings)

    def run(self) -> tuple[float, Array]:
        """One run."""
        started = time.perf_counter()
        result = run_slab(self._settings)
        return time.perf_counter() - started, result.potential_mv[-1].astype(np.float64)


class _NumbaLoop:
    """The package's functions, compiled one by one, in a loop over nodes; weights as a stencil."""

    def __init__(self) -> None:
        names: dict[str, Any] = dict(vars(ops))
        for name in [name for name in names if name.startswith("calc_")]:
            copied = FunctionType(names[name].__code__, names, name)
            names[name] = numba.njit(fastmath=True)(copied)
        step = numba.njit(fastmath=True)(FunctionType(ops.ionic_step.__code__, names))
        arguments = list(inspect.signature(ops.ionic_step).parameters)[1:]
        variables = ops.get_variables()
        parameters = ops.get_parameters()
        self._initial = [float(variables[name]) for name in arguments if name in variables]
        self._parameters = tuple(
            float(parameters[name]) for name in arguments if name not in variables
        )
        self._weights = _stencil()
        self._advance = _node_loop(step)
        self._steps = round(DURATION_MS / TIME_STEP_MS)
        self._integrate(2)

    def run(self) -> tuple[float, Array]:
        """One run."""
        started = time.perf_counter()
        potential = self._integrate(self._steps)
        return time.perf_counter() - started, potential

    def _integrate(self, steps: int) -> Array:
        fields = tuple(np.full((NODES, NODES), value) for value in self._initial)
        self._advance(
            fields, fields[0].copy(), self._weights, self._parameters, TIME_STEP_MS, steps,
            round(1.0 / TIME_STEP_MS) + 1,
        )  # fmt: skip
        return fields[0]


def _stencil() -> Array:
    """Weights of above, left, here, right and below, shape (rows, columns, 5); no flux outside."""
    number = ops.get_diffusion_coefficient()["D_model"] * TIME_STEP_MS / SPACING_MM**2
    weights = np.full((NODES, NODES, 5), number)
    weights[0, :, 0] = weights[:, 0, 1] = weights[:, -1, 3] = weights[-1, :, 4] = 0.0
    weights[:, :, 2] = 1.0 - weights[:, :, [0, 1, 3, 4]].sum(axis=2)
    return weights


def _node_loop(step: Any) -> Any:
    """The loop over time steps and nodes, around a compiled step of one node."""

    @numba.njit(fastmath=True)
    def advance(
        fields: Any, diffused: Array, weights: Array, parameters: Any, dt: float, steps: int,
        stimulated: int,
    ) -> None:  # fmt: skip
        u = fields[0]
        rows, columns = u.shape
        for number in range(steps):
            if number < stimulated:
                u[:5, :5] += dt * 100.0
            for i in range(rows):
                for j in range(columns):
                    w = weights[i, j]
                    diffused[i, j] = (
                        u[max(i - 1, 0), j] * w[0]
                        + u[i, max(j - 1, 0)] * w[1]
                        + u[i, j] * w[2]
                        + u[i, min(j + 1, columns - 1)] * w[3]
                        + u[min(i + 1, rows - 1), j] * w[4]
                    )
            for i in range(rows):
                for j in range(columns):
                    (
                        rate, f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14, f15,
                        f16, f17, f18,
                    ) = step(
                        dt, u[i, j], fields[1][i, j], fields[2][i, j], fields[3][i, j],
                        fields[4][i, j], fields[5][i, j], fields[6][i, j], fields[7][i, j],
                        fields[8][i, j], fields[9][i, j], fields[10][i, j], fields[11][i, j],
                        fields[12][i, j], fields[13][i, j], fields[14][i, j], fields[15][i, j],
                        fields[16][i, j], fields[17][i, j], fields[18][i, j], *parameters,
                    )  # fmt: skip
                    u[i, j] = diffused[i, j] + dt * rate
                    fields[1][i, j], fields[2][i, j], fields[3][i, j] = f1, f2, f3
                    fields[4][i, j], fields[5][i, j], fields[6][i, j] = f4, f5, f6
                    fields[7][i, j], fields[8][i, j], fields[9][i, j] = f7, f8, f9
                    fields[10][i, j], fields[11][i, j], fields[12][i, j] = f10, f11, f12
                    fields[13][i, j], fields[14][i, j], fields[15][i, j] = f13, f14, f15
                    fields[16][i, j], fields[17][i, j], fields[18][i, j] = f16, f17, f18

    return advance


class _Finitewave:
    """finitewave in a process of its own, compiled and waiting."""

    def __init__(self, interpreter: str, threads: int) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="aphyn-finitewave-")
        self._potential = Path(self._folder.name) / "potential.npy"
        self._process = subprocess.Popen(
            [
                interpreter, str(HERE / "probe_finitewave.py"), str(NODES), str(TIME_STEP_MS),
                str(SPACING_MM), str(DURATION_MS), str(threads), str(self._potential),
            ],
            cwd=self._folder.name,
            # This project's own packages would shadow that interpreter's.
            env={key: value for key, value in os.environ.items() if key != "PYTHONPATH"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )  # fmt: skip
        self._read()

    def run(self) -> tuple[float, Array]:
        """One run."""
        assert self._process.stdin is not None
        self._process.stdin.write("run\n")
        self._process.stdin.flush()
        seconds = float(json.loads(self._read()))
        return seconds, np.load(self._potential)

    def close(self) -> None:
        """End the process."""
        self._process.communicate()
        self._folder.cleanup()

    def _read(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("finitewave ended early; what it said is above")
        return line
