"""Kills a program that keeps unsaved work over and over: what is found next always opens.

``python killed_autosaves.py FOLDER KILLS [SEED]`` prints one JSON object. The program that is
killed is a fork of this one, so that no kill waits for imports.
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

from aphyn_gui.gui.recovery_file import RecoveryFile, find_abandoned
from aphyn_gui.study import Study
from aphyn_gui.study.project_file import load_project, save_project

_LONGEST_LIFE_S = 0.06
"""Some savings, so that a kill hits any moment of one."""


def main(folder: Path, kills: int, seed: int) -> dict[str, object]:
    """Kill, look for what is abandoned, open; how often it was which of the two studies."""
    chance = random.Random(seed)
    first = sample_study()
    second = replace(first, protocol=first.protocol.with_changes(epochs=7), fits={})
    contents = {}
    for name, study in (("second", second), ("first", first)):
        save_project(study, folder / "contents.aphyn")
        contents[(folder / "contents.aphyn").read_bytes()] = name
    (folder / "contents.aphyn").unlink()
    found = {"first": 0, "second": 0}
    living, cut = 0, 0
    for _ in range(kills):
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            _keep_forever(folder, first, second, writing)
        os.close(writing)
        os.read(reading, 1)
        os.close(reading)
        time.sleep(chance.uniform(0, _LONGEST_LIFE_S))
        living += len(find_abandoned(folder))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        (study,) = find_abandoned(folder)
        load_project(study.file.path)
        found[contents[study.file.path.read_bytes()]] += 1
        study.file.remove()
        leftovers = list(folder.iterdir())
        cut += bool(leftovers)
        for leftover in leftovers:
            leftover.unlink()
    return {**found, "kills": kills, "cut_in_a_save": cut, "taken_from_the_living": living}


def _keep_forever(folder: Path, first: Study, second: Study, ready: int) -> None:
    file = RecoveryFile.create(folder)
    file.keep(first, None)
    os.write(ready, b".")
    while True:
        file.keep(second, folder / "hearts.aphyn")
        file.keep(first, None)


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), int(sys.argv[2]), int((sys.argv[3:] or ["0"])[0]))))
