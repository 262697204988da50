"""Damaged files of every format: each must open or be refused, soon and without much memory."""

from __future__ import annotations

import json
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from probing import HERE, ROOT
from table import Row

ENCODERS = ROOT / "tests" / "recording"
FILES_PER_FORMAT = 10_000
LIMIT_S = 2.0
_START_S = 60.0
"""Patience with a worker that starts, and loads what a format needs."""


def measure(
    files_per_format: int = FILES_PER_FORMAT, formats: tuple[str, ...] = ()
) -> Iterator[Row]:
    """One row a format; what failed is kept, and the notes say where.

    Parameters
    ----------
    files_per_format : int
        Damaged files of each.
    formats : tuple of str
        Names of encoder modules; none: all.
    """
    sys.path.insert(0, str(ENCODERS))
    from mutations import samples

    found = samples()
    kept = Path(tempfile.mkdtemp(prefix="aphyn-fuzz-failures-"))
    for name in formats or found:
        yield _row(name, found[name], files_per_format, kept)
    if not any(kept.iterdir()):
        kept.rmdir()


def _row(name: str, write: Any, count: int, kept: Path) -> Row:
    from mutations import damaged_copy

    outcomes: Counter[str] = Counter()
    longest = largest = 0.0
    with tempfile.TemporaryDirectory(prefix="aphyn-fuzz-") as temporary:
        source = Path(temporary, "sample")
        source.mkdir()
        opened = write(source)
        worker = _Worker(opened)
        for number in range(count):
            target = Path(temporary, "damaged")
            path = damaged_copy(source, opened, target, f"{name} {number}")
            answer = worker.tries(path)
            if answer["outcome"] == "late":
                # Other work on the machine, or the file? A second try decides.
                answer = worker.tries(path)
            outcomes[answer["outcome"]] += 1
            longest = max(longest, answer["seconds"])
            largest = max(largest, answer["added_mb"])
            if answer["outcome"] not in ("opened", "refused"):
                place = kept / f"{name}-{number}"
                shutil.copytree(target, place)
                (place / "WHY.txt").write_text(
                    f"{answer['outcome']}: {answer['why']}\n", encoding="utf-8"
                )
            shutil.rmtree(target)
        worker.stop()
    failures = count - outcomes["opened"] - outcomes["refused"]
    words = ", ".join(f"{number} {what}" for what, number in sorted(outcomes.items()))
    return Row(
        f"damaged files that fail, {name}", failures, f"of {count}",
        target="0", met=failures == 0,
        note=f"{words}; at most {longest:.2f} s and {largest:.0f} MB"
        + (f"; kept in {kept}" if failures else ""),
    )  # fmt: skip


class _Worker:
    """A process that opens files; another takes over when it crashes or is late."""

    def __init__(self, sound: Path) -> None:
        self._sound = sound
        self._start()

    def tries(self, path: Path, limit_s: float = LIMIT_S) -> dict[str, Any]:
        """What happened with a file."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(f"{path}\n")
            self._process.stdin.flush()
            line = self._answers.get(timeout=2 * limit_s)
        except (queue.Empty, BrokenPipeError):
            line = ""
        if line:
            answer: dict[str, Any] = json.loads(line)
            if answer["outcome"] in ("opened", "refused") and answer["seconds"] > limit_s:
                answer["outcome"] = "late"
            return answer
        what = "late" if self._process.poll() is None else "crashed"
        self.stop()
        self._start()
        return {"outcome": what, "why": "", "seconds": limit_s, "added_mb": 0.0}

    def stop(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.close()

    def _start(self) -> None:
        environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONFAULTHANDLER": "1"}
        self._process = subprocess.Popen(
            [sys.executable, str(HERE / "probe_fuzz.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment,
        )
        self._answers: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._listen, args=(self._process, self._answers)).start()
        # It loads what the format needs before the time counts.
        answer = self.tries(self._sound, _START_S)
        if answer["outcome"] != "opened":
            raise RuntimeError(f"the undamaged {self._sound.name}: {answer['why']}")

    @staticmethod
    def _listen(process: subprocess.Popen[str], answers: queue.Queue[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            answers.put(line)
        process.wait()
        answers.put("")
