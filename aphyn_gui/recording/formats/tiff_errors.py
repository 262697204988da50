"""What tifffile raises and logs, as errors for the user."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aphyn_gui.recording.errors import RecordingError

_MOST_COMPLAINTS = 50
_OBJECT = re.compile(r"<tifffile\.[^>]*>:? *")
"""What tifffile calls its own objects, which says nothing to who has the file."""


@contextmanager
def tifffile_errors(path: Path, what: str = "") -> Iterator[list[str]]:
    """Turn whatever tifffile raises into a RecordingError; collect what it only logs as errors."""
    complaints: list[str] = []
    reading_thread = threading.get_ident()

    def keep_to_ourselves(record: logging.LogRecord) -> bool:
        if record.thread != reading_thread:
            return True
        if record.levelno >= logging.ERROR:
            complaints.append(_OBJECT.sub("", record.getMessage()))
            if len(complaints) > _MOST_COMPLAINTS:
                # A damaged list of pages may have no end.
                raise RecordingError(
                    f"{what}{path.name} is truncated or damaged ({complaints[0]}): copy it again "
                    "from its source"
                )
        return False

    logger = logging.getLogger("tifffile")
    logger.addFilter(keep_to_ourselves)
    try:
        yield complaints
    except RecordingError:
        raise
    except MemoryError as error:
        raise RecordingError(f"{what}{path.name} does not fit into memory") from error
    except Exception as error:
        # tifffile meets damaged files with many types of exception.
        why = _OBJECT.sub("", str(error))
        raise RecordingError(
            f"{what}{path.name} could not be read as TIFF ({why}): it may be truncated or use an "
            "unusual compression; copy it again, or save it uncompressed"
        ) from error
    finally:
        logger.removeFilter(keep_to_ourselves)
