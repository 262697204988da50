"""Compiled kernels with arrays in and out: blocks of sequences, shared among threads."""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from aphyn_gui.hybrid.cpu.compiler import Library
from aphyn_gui.hybrid.cpu.gradient_workspace import workspace_vectors
from aphyn_gui.hybrid.cpu.kernel_code import KernelSpecification
from aphyn_gui.hybrid.fused_network import Fusion, fused_weight_count
from aphyn_gui.hybrid.threads import thread_count
from aphyn_gui.hybrid.trajectory import (
    TimeGrid,
)
from aphyn_gui.physics import STIMULUS_PARAMETERS

Array = npt.NDArray[Any]

_ALIGNMENT = 128


class Kernels:
    """The compiled kernels of one problem, and the blocks they work on.

    A block is as many sequences as a kernel carries at once; within a block the sequence is the
    fastest index. The last block is filled up with copies of the last sequence.
    """

    def __init__(self, library: Library, specification: KernelSpecification) -> None:
        # The functions below live in the library's memory.
        self._library = library
        lanes, network = specification.lanes, specification.network
        self._lanes = lanes.count
        self._dtype = np.dtype(np.float32 if lanes.bits == 32 else np.float64)
        self._tangents = len(specification.tangents)
        self._pulse = [
            specification.step.parameter_names.index(p.name) for p in STIMULUS_PARAMETERS[1:]
        ]
        self._weights = 0 if network is None else fused_weight_count(network)
        self._scratch = 0 if network is None else workspace_vectors(network, lanes.registers)
        if self._tangents:
            self._sensitivities = library.function("sensitivities", 4, integers=3)
            self._normal_equations = library.function("normal_equations", 6, integers=3)
        else:
            self._observe = library.function("observe", 6)
            self._gradient = library.function("gradient", 9)
            self._simulate = library.function("simulate", 4)
            if network is None:
                self._follow = library.function("follow", 4)

    def block(self, values: Array, count: int, *, filled: bool = True) -> Array:
        """Sequences side by side.

        Parameters
        ----------
        values : ndarray, shape (count, n), or (n,) where all sequences share them
            What each sequence has.
        count : int
            Sequences.
        filled : bool
            Fill the last block with copies of the last sequence; otherwise with zeros.

        Returns
        -------
        ndarray, shape (blocks, n, lanes)
        """
        lanes = self._lanes
        width = values.shape[-1]
        blocked = np.empty((-(-count // lanes), width, lanes), self._dtype)
        if values.ndim == 1:
            blocked[:] = values[:, None]
            return blocked
        full, rest = divmod(count, lanes)
        whole = values[: full * lanes].reshape(full, lanes, width)
        blocked[:full] = whole.transpose(0, 2, 1)
        if rest:
            blocked[full, :, :rest] = values[full * lanes :].T
            blocked[full, :, rest:] = values[-1][:, None] if filled else 0.0
        return blocked

    @staticmethod
    def unblock(blocked: Array, count: int) -> Array:
        """(blocks, n, lanes) to (count, n)."""
        rows = blocked.transpose(0, 2, 1).reshape(-1, blocked.shape[1])
        return np.ascontiguousarray(rows[:count])

    def observe(
        self, grid: TimeGrid, physical: Array, fusion: Fusion | None, initial: Array
    ) -> tuple[Array, Array, Array]:
        """States (blocks, ...), v (sequences, samples), mean F_dl^2 (sequences,)."""
        count = len(initial)
        blocks = len(physical)
        states = self._empty(blocks, 2 * (grid.step_count + 1))
        observed = self._empty(blocks, grid.sample_count)
        squared = self._empty(blocks, 1)
        self._run(
            self._observe, grid, [self._shared(fusion)],
            [physical, self.block(initial, count), states, observed, squared],
        )  # fmt: skip
        mean = self.unblock(squared, count)[:, 0] / max(1, grid.step_count)
        return states, self.unblock(observed, count), mean

    def gradient(
        self,
        grid: TimeGrid,
        physical: Array,
        fusion: Fusion | None,
        states: Array,
        voltage_bar: Array,
        squared_bar: Array,
    ) -> tuple[Array, Array, Array]:
        """Gradients of physical (sequences, parameters), fused weights, initial (sequences, 2)."""
        count = len(voltage_bar)
        blocks = len(states)
        mean_bar = squared_bar[:, None] / max(1, grid.step_count)
        physical_bar = np.empty_like(physical)
        initial_bar = self._empty(blocks, 2)
        # One workspace a thread: memory does not grow with the number of sequences.
        parts = min(thread_count(), blocks)
        scratch = _aligned((parts, self._scratch * self._lanes), self._dtype)
        sums = np.zeros((parts, self._weights), self._dtype)
        self._run(
            self._gradient, grid, [self._shared(fusion)],
            [
                physical, states, self.block(voltage_bar, count, filled=False),
                self.block(mean_bar, count, filled=False), physical_bar, initial_bar,
            ],
            [scratch, sums],
        )  # fmt: skip
        return (
            self.unblock(physical_bar, count),
            sums.sum(axis=0),
            self.unblock(initial_bar, count),
        )

    def simulate(
        self, grid: TimeGrid, physical: Array, fusion: Fusion | None, initial: Array
    ) -> Array:
        """v, h, F_p and F_dl at every step, shape (sequences, steps + 1, 4)."""
        count = len(initial)
        rows = self._empty(len(physical), 4 * (grid.step_count + 1))
        start = self.block(initial, count)
        self._run(self._simulate, grid, [self._shared(fusion)], [physical, start, rows])
        return self.unblock(rows, count).reshape(count, -1, 4)

    def follow(self, grid: TimeGrid, physical: Array, initial: Array, path: Array) -> Array:
        """h and F_p at every step of a path of v, shape (sequences, steps, 2)."""
        count = len(initial)
        blocked = self.block(physical, count)
        rows = self._empty(len(blocked), 2 * grid.step_count)
        arrays = [blocked, self.block(initial, count), self.block(path, count), rows]
        self._run(self._follow, grid, [], arrays)
        return self.unblock(rows, count).reshape(count, -1, 2)

    def sensitivities(self, grid: TimeGrid, physical: Array, initial: Array) -> tuple[Array, Array]:
        """v (sequences, samples) and its derivatives (sequences, samples, tangents)."""
        count = len(initial)
        blocked = self.block(physical, count)
        observed = self._empty(len(blocked), grid.sample_count)
        derivatives = self._empty(len(blocked), grid.sample_count * self._tangents)
        start = self.block(initial, count)
        arrays = [blocked, start, observed, derivatives]
        self._run(self._sensitivities, grid, [], arrays, quiet_from=self._quiet(grid, physical))
        by_parameter = self.unblock(derivatives, count).reshape(count, -1, self._tangents)
        return self.unblock(observed, count), by_parameter

    def normal_equations(
        self, grid: TimeGrid, physical: Array, initial: Array, measured: Array
    ) -> tuple[Array, Array, Array]:
        """Sum of r^2 (sequences,), J^T r (sequences, tangents) and J^T J (..., tangents)."""
        count, tangents = len(initial), self._tangents
        blocked = self.block(physical, count)
        rows, columns = np.tril_indices(tangents)
        squared = self._empty(len(blocked), 1)
        gradient = self._empty(len(blocked), tangents)
        triangle = self._empty(len(blocked), len(rows))
        inputs = [blocked, self.block(initial, count), self.block(measured, count)]
        self._run(
            self._normal_equations, grid, [], [*inputs, squared, gradient, triangle],
            quiet_from=self._quiet(grid, physical),
        )  # fmt: skip
        normal = np.empty((count, tangents, tangents), self._dtype)
        normal[:, rows, columns] = normal[:, columns, rows] = self.unblock(triangle, count)
        return self.unblock(squared, count)[:, 0], self.unblock(gradient, count), normal

    def _quiet(self, grid: TimeGrid, physical: Array) -> int:
        """The observation from which on no sequence is stimulated any more."""
        end_ms = float(physical[..., self._pulse].sum(-1).max())
        interval_ms = grid.time_step_ms * grid.steps_per_sample
        intervals = grid.sample_count - 1
        # Comparisons with NaN are false: the pulse is then taken to last.
        if not end_ms < intervals * interval_ms:
            return intervals
        return max(0, math.ceil(end_ms / interval_ms))

    def _shared(self, fusion: Fusion | None) -> Array:
        return np.empty(0, self._dtype) if fusion is None else fusion.weights

    def _empty(self, blocks: int, width: int) -> Array:
        return np.empty((blocks, width, self._lanes), self._dtype)

    def _run(
        self,
        kernel: Callable[..., None],
        grid: TimeGrid,
        shared: list[Array],
        blocked: list[Array],
        private: list[Array] | None = None,
        quiet_from: int | None = None,
    ) -> None:
        """Call a kernel on every block, over several threads.

        Parameters
        ----------
        shared, blocked, private : list of ndarray
            Arrays that all blocks read, that have a row for each block, and for each thread.
        quiet_from : int or None
            The observation after which a kernel that knows of it leaves the stimulus out.
        """
        counts = [grid.time_step_ms, grid.steps_per_sample, grid.sample_count]
        if quiet_from is not None:
            counts.append(quiet_from)
        fixed = [_address(array) for array in shared]
        starts = [(_address(array), array.strides[0]) for array in blocked]
        own_starts = [(_address(array), array.strides[0]) for array in private or []]
        blocks = len(blocked[0])
        parts = min(thread_count(), blocks)

        def work(part: int) -> None:
            own = [start + part * stride for start, stride in own_starts]
            # Neighbouring blocks go to one thread; each thread's share differs by one at most.
            for block in range(part * blocks // parts, (part + 1) * blocks // parts):
                rows = [start + block * stride for start, stride in starts]
                kernel(*fixed, *rows, *own, *counts)

        if parts == 1:
            work(0)
            return
        waiting = [_pool().submit(work, part) for part in range(1, parts)]
        work(0)
        for future in waiting:
            future.result()


def _address(array: Array) -> int:
    address: int = array.__array_interface__["data"][0]
    return address


def _aligned(shape: tuple[int, int], dtype: np.dtype[Any]) -> Array:
    """Memory whose rows begin where the widest vectors may be loaded whole."""
    row = -(-shape[1] * dtype.itemsize // _ALIGNMENT) * _ALIGNMENT
    memory = np.empty(shape[0] * row + _ALIGNMENT, np.uint8)
    start = -_address(memory) % _ALIGNMENT
    return memory[start : start + shape[0] * row].reshape(shape[0], row)


@lru_cache(maxsize=1)
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max(1, thread_count() - 1), thread_name_prefix="aphyn-engine")
