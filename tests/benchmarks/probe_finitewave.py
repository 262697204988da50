"""Runs finitewave on a slab each time a line arrives; for an interpreter that has it.

Takes nodes, time step (ms), spacing (mm), simulated time (ms), threads and a file for the final
potential; answers each line with the seconds that the run took, compilation done before. Imports
nothing of this project, whose numpy finitewave does not accept.
"""

import contextlib
import json
import sys
import time

import finitewave
import numpy as np


def main() -> None:
    """Compile, then run on demand."""
    nodes, threads = int(sys.argv[1]), int(sys.argv[5])
    time_step_ms, spacing_mm, duration_ms = (float(text) for text in sys.argv[2:5])

    def run(simulated_ms: float) -> tuple[float, np.ndarray]:
        # finitewave zeroes the outer ring of its mesh: it is no tissue.
        tissue = finitewave.CardiacTissue([nodes + 2, nodes + 2])
        model = finitewave.TenTusscherPanfilov2006()
        model.dt, model.dr, model.t_max = time_step_ms, spacing_mm, simulated_ms
        model.prog_bar = False
        stimuli = finitewave.StimSequence()
        stimuli.add_stim(finitewave.StimCurrentCoord(0, 100, 1, 1, 6, 1, 6))
        model.cardiac_tissue, model.stim_sequence = tissue, stimuli
        started = time.perf_counter()
        model.run(num_of_threads=threads)
        return time.perf_counter() - started, model.u[1:-1, 1:-1]

    run(2 * time_step_ms)
    print("ready", flush=True)
    for _ in sys.stdin:
        with contextlib.redirect_stdout(sys.stderr):
            seconds, potential = run(duration_ms)
        np.save(sys.argv[6], potential)
        print(json.dumps(seconds), flush=True)


if __name__ == "__main__":
    main()
