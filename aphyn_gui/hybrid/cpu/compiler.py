"""From LLVM modules to callable kernels, with a cache of object code in the user's cache folder."""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import llvmlite
import platformdirs
from llvmlite import binding as llvm
from llvmlite import ir

from aphyn_gui.compilation import compiling
from aphyn_gui.hybrid.cpu.vector_arithmetic import Lanes
from aphyn_gui.hybrid.errors import CompilationError

_MAGIC = b"aphyn kernel 1\n"
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Target:
    """The processor to compile for.

    Parameters
    ----------
    processor : str
        LLVM's name of it; empty for a generic one.
    features : str
        LLVM's list of features, such as "+avx2,+fma".
    vector_bytes : int
        Width of its vectors, bytes.
    is_x86 : bool
        Whether x86 instructions may be written.
    """

    processor: str
    features: str
    vector_bytes: int
    is_x86: bool

    def lanes(self, bits: int) -> Lanes:
        """Sequences of this precision that a kernel carries at once.

        Two registers each: the loads of the weights are then shared, and one chain of dependent
        operations hides behind the other.
        """
        return Lanes(
            bits,
            2 * self.vector_bytes * 8 // bits,
            registers=2,
            has_root_estimate=self.is_x86 and self.vector_bytes <= 32,
        )


@cache
def host_target() -> Target:
    """The processor this runs on; AVX-512 where it exists, else AVX2, else what there is."""
    _initialise()
    features = llvm.get_host_cpu_features()
    flags = ",".join(
        f"{'+' if present else '-'}{name}" for name, present in sorted(features.items())
    )
    is_x86 = platform.machine().lower() in {"x86_64", "amd64"}
    if features.get("avx512f"):
        # Without this preference LLVM splits 64-byte vectors on some processors.
        return Target(llvm.get_host_cpu_name(), flags + ",-prefer-256-bit", 64, is_x86)
    width = 32 if features.get("avx2") and features.get("fma") else 16
    return Target(llvm.get_host_cpu_name(), flags, width, is_x86)


def kernel_cache_folder() -> Path:
    """Where compiled kernels are kept: ``APHYN_KERNEL_CACHE``, or the user's cache folder."""
    chosen = os.environ.get("APHYN_KERNEL_CACHE")
    return Path(chosen) if chosen else Path(platformdirs.user_cache_dir("aphyn_gui")) / "kernels"


class Library:
    """Compiled kernels of one module.

    Parameters
    ----------
    engine : llvmlite ExecutionEngine
        Holds the code; kept alive with the library and its kernels.
    """

    def __init__(self, engine: llvm.ExecutionEngine) -> None:
        self._engine = engine

    def function(
        self, name: str, pointers: int, integers: int = 2, reals: int = 1
    ) -> Callable[..., None]:
        """A kernel taking ``pointers`` addresses, real numbers (a time step), and some counts.

        The call releases Python's global lock.
        """
        address = self._engine.get_function_address(name)
        signature = ctypes.CFUNCTYPE(
            None,
            *([ctypes.c_void_p] * pointers),
            *([ctypes.c_double] * reals),
            *([ctypes.c_int64] * integers),
        )
        kernel = signature(address)
        kernel.library = self  # type: ignore[attr-defined]
        return kernel


def compile_library(key: str, build: Callable[[], ir.Module], target: Target) -> Library:
    """Compile a module, or load its object code from the cache.

    Parameters
    ----------
    key : str
        Everything the code depends on besides the target and the versions.
    build : callable
        Gives the module; asked only when the cache has nothing.
    target : Target
        Processor.

    Raises
    ------
    CompilationError
        If LLVM refuses.
    """
    with _lock:
        try:
            return _compile(key, build, target)
        except (RuntimeError, OSError, ValueError) as error:
            raise CompilationError(f"the fast engine cannot be compiled here: {error}") from error


def _compile(key: str, build: Callable[[], ir.Module], target: Target) -> Library:
    _initialise()
    machine = llvm.Target.from_default_triple().create_target_machine(
        cpu=target.processor, features=target.features, opt=3, jit=True
    )
    path = kernel_cache_folder() / f"{_digest(key, target)}.o"
    code = read_cached(path)
    if code is None:
        with compiling():
            code = _object_code(build(), machine)
        write_cached(path, code)
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    return Library(engine)


def _object_code(code: ir.Module, machine: llvm.TargetMachine) -> bytes:
    module = llvm.parse_assembly(str(code))
    module.triple = machine.triple
    module.verify()
    options = llvm.create_pipeline_tuning_options(speed_level=2)
    options.loop_unrolling = False
    passes = llvm.create_pass_builder(machine, options)
    passes.getModulePassManager().run(module, passes)
    machine_code: bytes = machine.emit_object(module)
    return machine_code


@cache
def _initialise() -> None:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()


@cache
def _generator_digest() -> str:
    """Hash of every source file that decides about the code, so that an upgrade recompiles."""
    digest = hashlib.sha256()
    here = Path(__file__).resolve().parent
    for path in sorted([*here.glob("*.py"), *here.parent.glob("*.py")]):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _digest(key: str, target: Target) -> str:
    parts = (
        key,
        repr(target),
        llvmlite.__version__,
        ".".join(map(str, llvm.llvm_version_info)),
        _generator_digest(),
    )
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:40]


def read_cached(path: Path) -> bytes | None:
    """Object code from the cache; None where there is none, or where it is damaged."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    header = len(_MAGIC) + 32
    code = content[header:]
    if content[:header] != _MAGIC + hashlib.sha256(code).digest():
        return None
    return code


def write_cached(path: Path, code: bytes) -> None:
    """Put object code into the cache in one move, so that two programs never see half a file."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(_MAGIC + hashlib.sha256(code).digest() + code)
            os.replace(temporary, path)
        except OSError:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError:
        # A cache that cannot be written costs a compilation at the next start, nothing else.
        return
