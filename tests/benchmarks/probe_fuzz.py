"""Opens the files named on its input, one a line, and says in one line of JSON what happened.

Each is opened and its first and last frame are read, under a limit on memory; but for the first
file, which is sound and loads what its format needs.
"""

from __future__ import annotations

import errno
import json
import sys
import time
import traceback
import warnings
from pathlib import Path

from aphyn_gui.recording import RecordingError, open_recording

MEMORY_BYTES = 200 * 2**20
"""What opening may add, beyond the size of the file."""


def main() -> None:
    """Answer every line until there are no more."""
    warnings.simplefilter("ignore")
    for number, line in enumerate(sys.stdin):
        answer = _tried(Path(line.rstrip("\n")), is_limited=number > 0)
        print(json.dumps(answer), flush=True)


def _tried(path: Path, is_limited: bool) -> dict[str, object]:
    files = [path] if path.is_file() else list(path.parent.rglob("*"))
    size = sum(file.stat().st_size for file in files if file.is_file())
    before = _status()
    if is_limited:
        _limit(before.get("VmSize"), MEMORY_BYTES + size)
    _forget_peak()
    started = time.perf_counter()
    outcome, why = "opened", ""
    try:
        recording = open_recording(path)
        recording.read_frame(0)
        recording.read_frame(recording.frame_count - 1)
        del recording
    except RecordingError as error:
        outcome, why = "refused", str(error)
        if _ran_out_of_memory(error):
            outcome, why = "memory", traceback.format_exc()
    except Exception:
        outcome, why = "error", traceback.format_exc()
    seconds = time.perf_counter() - started
    _limit(None, 0)
    added = max(0, _status().get("VmHWM", 0) - before.get("VmRSS", 0) - size)
    if is_limited and outcome in ("opened", "refused") and added > MEMORY_BYTES:
        outcome, why = "memory", f"{added / 2**20:.0f} MB were added\n{why}"
    return {"outcome": outcome, "why": why, "seconds": seconds, "added_mb": added / 2**20}


def _ran_out_of_memory(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, MemoryError):
            return True
        if isinstance(error, OSError) and error.errno == errno.ENOMEM:  # a map that does not fit
            return True
        error = error.__cause__ or error.__context__
    return False


def _status() -> dict[str, int]:
    """Sizes of this process, bytes; empty where the system does not say."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return {}
    return {
        line.split(":")[0]: 1024 * int(line.split()[1]) for line in lines if line.endswith(" kB")
    }


def _forget_peak() -> None:
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return


def _limit(now: int | None, more: int) -> None:
    """Let the process grow by so much; None: as it will."""
    try:
        import resource
    except ImportError:  # Windows
        return
    most = resource.getrlimit(resource.RLIMIT_AS)[1]
    wanted = most if now is None else now + more
    resource.setrlimit(resource.RLIMIT_AS, (wanted, most))


if __name__ == "__main__":
    main()
