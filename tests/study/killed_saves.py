"""Kills a program that saves a project over and over: the file is always the old or the new one.

``python killed_saves.py FOLDER KILLS [SEED]`` prints one JSON object. The saving program is a fork
of this one, so that no kill waits for imports.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path

from project_samples import sample_study

from aphyn_gui.study.project_file import load_project, save_project

_LONGEST_LIFE_S = 0.06
"""Some saves, so that a kill hits any moment of one."""


def main(folder: Path, kills: int, seed: int) -> dict[str, object]:
    """Kill, open, repeat; how often the file was which of the two, and how saves were cut."""
    chance = random.Random(seed)
    path = folder / "project.aphyn"
    first = sample_study()
    second = replace(first, protocol=first.protocol.with_changes(epochs=7), fits={})
    contents = {}
    for name, study in (("second", second), ("first", first)):
        save_project(study, path)
        contents[path.read_bytes()] = name
    found = {"first": 0, "second": 0}
    cut = 0
    for _ in range(kills):
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            _save_forever(path, first, second, writing)
        os.close(writing)
        os.read(reading, 1)
        os.close(reading)
        time.sleep(chance.uniform(0, _LONGEST_LIFE_S))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        load_project(path)
        found[contents[path.read_bytes()]] += 1
        leftovers = [entry for entry in folder.iterdir() if entry != path]
        cut += bool(leftovers)
        for leftover in leftovers:
            leftover.unlink()
    return {**found, "kills": kills, "cut_in_a_save": cut}


def _save_forever(path: Path, first: object, second: object, ready: int) -> None:
    os.write(ready, b".")
    while True:
        save_project(second, path)
        save_project(first, path)


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), int(sys.argv[2]), int((sys.argv[3:] or ["0"])[0]))))
