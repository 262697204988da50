"""Files that are written whole, whatever they hold."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

import pytest

from aphyn_gui.study.writing import write_text, write_whole


def test_text_is_written_in_utf_8_with_its_own_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "notes.csv"
    assert write_text(path, "µ,é\n1,2\n") == path
    assert path.read_bytes() == "µ,é\n1,2\n".encode()
    assert list(tmp_path.iterdir()) == [path]


def test_a_writer_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    path = write_text(tmp_path / "notes.csv", "old")

    def fail(file: BinaryIO) -> None:
        file.write(b"half")
        raise ValueError("no more")

    with pytest.raises(ValueError, match="no more"):
        write_whole(path, fail)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(
    os.name == "nt" or os.geteuid() == 0, reason="rights of POSIX, which bind everyone but root"
)
def test_a_write_protected_file_is_not_replaced(tmp_path: Path) -> None:
    path = write_text(tmp_path / "notes.csv", "old")
    path.chmod(0o400)
    with pytest.raises(PermissionError, match="write-protected"):
        write_text(path, "new")
