"""One training epoch against torchdiffeq, for few and for many sequences."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from table import Row, interleaved_medians
from torchdiffeq_peer import TorchdiffeqEpoch

from aphyn_gui.study.benchmark_work import EPOCH_GRID, TrainingEpoch, engine_threads

_ROUNDS = {10: 3, 100: 3, 1000: 2}
_REPEATS = {10: 30, 100: 8, 1000: 2}
_EXPECTED = {10: 700.0}
_LARGEST_DIFFERENCE = 1e-4


def measure(counts: tuple[int, ...] = (10, 100, 1000)) -> Iterator[Row]:
    """Rows for each number of sequences, and for the time per sequence."""
    own_ms: dict[int, float] = {}
    for count in counts:
        with engine_threads(1):
            own_s, peer_s, difference = _epoch_s(count)
        own_ms[count] = 1e3 * own_s
        ratio, expected = peer_s / own_s, _EXPECTED.get(count)
        yield Row(
            f"epoch, N = {count}, one core", own_ms[count], "ms", 1e3 * peer_s, "torchdiffeq",
            ratio, target="" if expected is None else f">= {expected:.0f} times",
            met=None if expected is None else ratio >= expected,
            note=f"{EPOCH_GRID.step_count} Euler steps; the losses differ by {difference:.0e} "
            f"relative; {_ROUNDS[count]} interleaved rounds",
        )  # fmt: skip
    if 10 in own_ms and 1000 in own_ms:
        few, many = own_ms[10] / 10, own_ms[1000] / 1000
        yield Row(
            "epoch per sequence, N = 1000, one core", many, "ms", few, "N = 10", few / many,
            target="<= N = 10", met=many <= few,
        )  # fmt: skip


def _epoch_s(count: int) -> tuple[float, float, float]:
    """Median of this engine and of torchdiffeq, and how far their losses lie apart."""
    own = TrainingEpoch(count)
    peer = TorchdiffeqEpoch(own)
    print(f"  N = {count}: the same loss?", file=sys.stderr, flush=True)
    # Each takes one step of Adam, so that the second loss compares the gradients too.
    differences = [abs(own() / peer() - 1) for _ in range(2)]
    if max(differences) > _LARGEST_DIFFERENCE:
        raise RuntimeError(f"the losses of the two epochs differ: {differences}, relative")
    own_s, peer_s = interleaved_medians([(own, _REPEATS[count]), (peer, 1)], _ROUNDS[count])
    return own_s, peer_s, max(differences)
