"""Whether kernels are being compiled can be asked from anywhere."""

from __future__ import annotations

from pathlib import Path

import pytest
from llvmlite import ir

from aphyn_gui.compilation import compiling, is_compiling
from aphyn_gui.hybrid.cpu.compiler import compile_library, host_target


def test_compiling_is_said_while_it_lasts_and_not_when_the_cache_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("APHYN_KERNEL_CACHE", str(tmp_path))
    heard: list[bool] = []

    def build() -> ir.Module:
        heard.append(is_compiling())
        return ir.Module()

    for _ in range(2):
        compile_library("an empty module", build, host_target())
    assert heard == [True]
    assert not is_compiling()


def test_a_compilation_that_fails_has_ended_too() -> None:
    def fail() -> None:
        with compiling(), compiling():
            assert is_compiling()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert not is_compiling()
