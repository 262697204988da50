"""Opens mutated project files and notes what must not happen."""

from __future__ import annotations

import random
import sys
import time
import tracemalloc
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from project_mutations import members, mutated

from aphyn_gui.physics import models
from aphyn_gui.study import compare
from aphyn_gui.study.project_codec import ProjectError
from aphyn_gui.study.project_file import load_project

_FORBIDDEN = (
    "exec", "compile", "pickle.find_class", "marshal.loads", "subprocess.Popen", "os.system",
    "os.exec", "os.posix_spawn", "os.fork", "socket.connect", "ctypes.dlopen", "import",
    "os.remove", "os.rename", "os.mkdir",
)  # fmt: skip


@dataclass
class FuzzResult:
    """What happened with all files.

    Parameters
    ----------
    opened, refused : int
        Files.
    slowest_s : float
        Longest time for one.
    most_bytes : int
        Most that was allocated for one, beyond three times its size.
    events : set of str
        Forbidden things that were done, such as running code.
    crashes : list of str
        Errors other than a ProjectError.
    """

    opened: int = 0
    refused: int = 0
    slowest_s: float = 0.0
    most_bytes: int = 0
    events: set[str] = field(default_factory=set)
    crashes: list[str] = field(default_factory=list)


def fuzz(source: Path, folder: Path, count: int, seed: int) -> FuzzResult:
    """Mutate a project ``count`` times and open each; an opened one must bear being compared."""
    chance = random.Random(seed)
    whole, contents = source.read_bytes(), members(source)
    path = folder / "mutated.aphyn"
    result = FuzzResult()
    # What is loaded once, for the first project, is not what the file does.
    models()
    compare(load_project(source))
    watch = _Watch(result.events)
    for number in range(count):
        content = mutated(whole, contents, chance)
        path.write_bytes(content)
        tracemalloc.start()
        watch.is_on = True
        began = time.perf_counter()
        try:
            compare(load_project(path))
        except ProjectError:
            result.refused += 1
        except Exception as error:
            result.crashes.append(f"{number}: {type(error).__name__}: {error}")
        else:
            result.opened += 1
        finally:
            took = time.perf_counter() - began
            watch.is_on = False
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
        result.slowest_s = max(result.slowest_s, took)
        result.most_bytes = max(result.most_bytes, peak - 3 * len(content))
    return result


class _Watch:
    """Notes forbidden events; Python's audit hooks can be added but never taken away."""

    def __init__(self, events: set[str]) -> None:
        self.is_on = False
        self._events = events
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.is_on and event in _FORBIDDEN:
            self._events.add(event)
