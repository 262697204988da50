"""Recordings are found again after files moved, and what is another file is told."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from aphyn_gui.study import RecordingReference, Study, StudyError
from aphyn_gui.study.content_hash import content_hash
from aphyn_gui.study.locating import MissingRecording, locate, relinked
from aphyn_gui.study.opening import open_project
from aphyn_gui.study.project_file import load_project, save_project


def movie(path: Path, value: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    frames = np.full((300, 8, 8), value, np.uint16)
    np.save(path, frames)
    return path


def project(tmp_path: Path) -> Path:
    """A project in ``a/`` whose recording lies in ``a/data/``."""
    path = movie(tmp_path / "a" / "data" / "heart.npy")
    reference = RecordingReference(path, 1.0, content_hash=content_hash(path))
    save_project(Study.of(reference), tmp_path / "a" / "study.aphyn")
    return tmp_path / "a" / "study.aphyn"


def found_by(path: Path) -> Path | MissingRecording:
    reference = load_project(path).recording
    assert reference is not None
    return locate(reference, path)


def test_a_project_that_moved_with_its_recording_finds_it(tmp_path: Path) -> None:
    project(tmp_path)
    (tmp_path / "a").rename(tmp_path / "b")
    assert found_by(tmp_path / "b" / "study.aphyn") == tmp_path / "b" / "data" / "heart.npy"


def test_a_project_that_moved_alone_finds_it_where_it_was(tmp_path: Path) -> None:
    path = project(tmp_path)
    (tmp_path / "elsewhere").mkdir()
    moved = path.rename(tmp_path / "elsewhere" / "study.aphyn")
    assert found_by(moved) == tmp_path / "a" / "data" / "heart.npy"


def test_a_recording_next_to_the_project_is_found_by_name_and_content(tmp_path: Path) -> None:
    path = project(tmp_path)
    recording = tmp_path / "a" / "data" / "heart.npy"
    beside = recording.rename(path.parent / "heart.npy")
    assert found_by(path) == beside
    movie(beside, 1)
    assert isinstance(found_by(path), MissingRecording)


def test_a_missing_recording_says_where_it_was_looked_for(tmp_path: Path) -> None:
    path = project(tmp_path)
    recording = tmp_path / "a" / "data" / "heart.npy"
    recording.unlink()
    missing = found_by(path)
    assert isinstance(missing, MissingRecording)
    assert missing.changed is None
    assert recording in missing.looked_at
    assert "heart.npy was not found" in missing.message


def test_a_changed_recording_is_not_taken_for_the_old_one(tmp_path: Path) -> None:
    path = project(tmp_path)
    recording = movie(tmp_path / "a" / "data" / "heart.npy", 1)
    missing = found_by(path)
    assert isinstance(missing, MissingRecording)
    assert missing.changed == recording
    assert "its content differs" in missing.message


def test_the_original_elsewhere_wins_over_a_changed_file(tmp_path: Path) -> None:
    path = project(tmp_path)
    recording = tmp_path / "a" / "data" / "heart.npy"
    original = recording.rename(path.parent / "heart.npy")
    movie(recording, 1)
    assert found_by(path) == original


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes of POSIX")
def test_a_pipe_in_place_of_the_recording_does_not_hang(tmp_path: Path) -> None:
    path = project(tmp_path)
    recording = tmp_path / "a" / "data" / "heart.npy"
    recording.unlink()
    os.mkfifo(recording)
    assert isinstance(found_by(path), MissingRecording)


def test_paths_of_another_system_are_known_by_their_name(tmp_path: Path) -> None:
    beside = movie(tmp_path / "heart.npy")
    reference = RecordingReference(Path("D:\\data\\heart.npy"), content_hash=content_hash(beside))
    assert locate(reference, tmp_path / "study.aphyn") == beside


def test_relinking_says_when_the_content_differs(tmp_path: Path) -> None:
    study = load_project(project(tmp_path))
    again = movie(tmp_path / "c" / "copy.npy")
    other = movie(tmp_path / "c" / "other.npy", 5)
    same = relinked(study, study.current_id, again)
    assert same.difference == ""
    reference = same.study.recording
    assert reference is not None
    assert (reference.path, reference.frame_interval_ms) == (again, 1.0)
    different = relinked(study, study.current_id, other)
    assert "content of other.npy differs from that of heart.npy" in different.difference
    new = different.study.recording
    assert new is not None
    assert new.content_hash == content_hash(other)
    assert study.recording is not None
    unknown = study.with_recording(
        replace(study.current, reference=replace(study.recording, content_hash=""))
    )
    assert "is not known" in relinked(unknown, study.current_id, other).difference
    with pytest.raises(StudyError, match="cannot be read"):
        relinked(study, study.current_id, tmp_path / "nowhere.npy")


def test_opening_opens_what_is_there_and_says_what_is_not(tmp_path: Path) -> None:
    study = load_project(project(tmp_path))
    second = study.new_recording(RecordingReference(movie(tmp_path / "a" / "second.npy", 2), 2.0))
    study = study.with_recording(second).showing(study.recordings[0].id)
    path = tmp_path / "a" / "study.aphyn"
    save_project(study, path)
    (tmp_path / "a" / "data" / "heart.npy").unlink()
    document = open_project(path)
    assert set(document.recordings) == {second.id}
    assert document.recordings[second.id].frame_interval_ms == 2.0
    assert "heart.npy was not found" in document.problems[study.current_id]
    assert document.study.current_id == second.id


def test_a_recording_that_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    path = tmp_path / "heart.npy"
    path.write_bytes(b"no movie")
    study = Study.of(RecordingReference(path, content_hash=content_hash(path)))
    save_project(study, tmp_path / "study.aphyn")
    document = open_project(tmp_path / "study.aphyn")
    assert document.recording is None
    assert "heart.npy" in document.problems[study.current_id]


def test_the_content_hash_sees_size_start_middle_and_end(tmp_path: Path) -> None:
    path = tmp_path / "large.bin"
    size = 12 * 2**20
    content = bytearray(size)
    path.write_bytes(content)
    hashes = {content_hash(path)}
    for place in (0, size // 2, size - 1):
        changed = bytearray(content)
        changed[place] = 1
        path.write_bytes(changed)
        hashes.add(content_hash(path))
    path.write_bytes(content[:-1])
    hashes.add(content_hash(path))
    assert len(hashes) == 5


def test_a_folder_of_frames_has_a_content_too(tmp_path: Path) -> None:
    (tmp_path / "frames").mkdir()
    (tmp_path / "frames" / "1.png").write_bytes(b"a")
    before = content_hash(tmp_path / "frames")
    (tmp_path / "frames" / "2.png").write_bytes(b"b")
    assert content_hash(tmp_path / "frames") != before
