"""The fused GPU engine agrees with the reference.

Without a GPU, its source is compiled for the processor: CUDA's keywords vanish, and the threads of
a block run one after the other between two barriers. Everything else is what runs on a GPU.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import shutil
import subprocess
import sys
import types
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor
from trajectories import Case, assert_gradients_agree, random_case, relative_error

from aphyn_gui.hybrid import INITIAL_VOLTAGE, Integrator, NetworkShape, trajectory_gpu
from aphyn_gui.hybrid import trajectory_reference as reference
from aphyn_gui.hybrid.gpu import compiler, driver
from aphyn_gui.hybrid.gpu.cuda_code import cuda_program, kernel_names
from aphyn_gui.hybrid.gpu.network_source import weights_by_value
from aphyn_gui.hybrid.gpu.step_source import ProgramSpecification
from aphyn_gui.hybrid.step_graph import step_graph
from aphyn_gui.physics import MITCHELL_SCHAEFFER, MITCHELL_SCHAEFFER_SMOOTH, MODELS

TOLERANCE = {torch.float64: 1e-12, torch.float32: 1e-5}
BY_POINTER = NetworkShape(20, 3)
SHAPES = (None, NetworkShape(), NetworkShape(4, 1), NetworkShape(12, 2), BY_POINTER)

SHIM = """
#include <math.h>
struct Index { int x; };
static Index blockIdx, gridDim;
#define EACH_THREAD(count) for (int thread = 0; thread < (count); ++thread)
#define __global__
#define __device__ static
#define __forceinline__ inline
#define __launch_bounds__(count)
#define __shared__ static
static inline void __syncthreads() {}
static inline float rsqrtf(float x) { return 1 / sqrtf(x); }
static inline double rsqrt(double x) { return 1 / sqrt(x); }
extern "C" void set_block(int block, int blocks) { blockIdx.x = block; gridDim.x = blocks; }
"""

CPP_COMPILER = next(filter(None, map(shutil.which, ("g++", "c++", "clang++"))), None)
needs_cpp = pytest.mark.skipif(CPP_COMPILER is None, reason="no C++ compiler to emulate a GPU")
needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="torch finds no CUDA GPU")


class EmulatedProgram:
    """The kernels of a specification, compiled for the processor."""

    def __init__(self, specification: ProgramSpecification, folder: Path) -> None:
        source = SHIM + cuda_program(specification)
        name = hashlib.sha256(source.encode()).hexdigest()[:20]
        library, code = folder / f"{name}.so", folder / f"{name}.cpp"
        if not library.exists():
            code.write_text(source)
            flags = ["-O1", "-shared", "-fPIC", "-Wall", "-Werror", "-Wno-unknown-pragmas"]
            ignored = ["-Wno-unused-variable", "-Wno-unused-but-set-variable"]
            subprocess.run(
                [str(CPP_COMPILER), *flags, *ignored, str(code), "-o", str(library)], check=True
            )
        self._library = ctypes.CDLL(str(library))
        self._names = kernel_names(specification)

    def launch(self, name, blocks, threads, arguments) -> None:
        assert name in self._names
        function = getattr(self._library, name)
        function.restype = None
        for block in range(blocks):
            self._library.set_block(block, blocks)
            function(*arguments)


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of emulated kernels, compiled once."""
    return tmp_path_factory.mktemp("emulated")


@pytest.fixture
def emulated(monkeypatch, libraries: Path):
    """The GPU engine on the processor."""
    monkeypatch.setattr(
        trajectory_gpu,
        "load_program",
        lambda specification, device: EmulatedProgram(specification, libraries),
    )
    trajectory_gpu._kernels.cache_clear()
    yield trajectory_gpu
    trajectory_gpu._kernels.cache_clear()


def check_gradients(case: Case, dtype: torch.dtype, device: str = "cpu") -> dict[str, Tensor]:
    """Compare with the reference in float64; gives what was found."""
    expected = case.loss_gradients(reference, torch.float64)
    found = moved(case, device).loss_gradients(trajectory_gpu, dtype)
    assert_gradients_agree(found, expected, dtype)
    return found


def check_forecasts(case: Case, device: str = "cpu") -> None:
    there = moved(case, device)
    for found, expected in zip(
        trajectory_gpu.simulate(there.problem, there.physical, there.weights, there.initial),
        reference.simulate(case.problem, case.physical, case.weights, case.initial),
        strict=True,
    ):
        assert relative_error(found.cpu(), expected) < 1e-12
    alone = replace(case.problem, network=None)
    names = (
        *case.problem.model.learned_by_default,
        "stimulus_amplitude",
        "stimulus_onset",
        INITIAL_VOLTAGE,
    )
    for found, expected in zip(
        trajectory_gpu.sensitivities(alone, there.physical, there.initial, names),
        reference.sensitivities(alone, case.physical, case.initial, names),
        strict=True,
    ):
        assert relative_error(found.cpu(), expected) < 1e-12


def moved(case: Case, device: str) -> Case:
    return replace(
        case,
        physical=case.physical.to(device),
        weights=None if case.weights is None else case.weights.to(device),
        initial=case.initial.to(device),
        cotangent=case.cotangent.to(device),
    )


# Emulated

case_strategy = {
    "stimulated": st.booleans(),
    "sequences": st.integers(1, 70),
    "samples": st.integers(2, 5),
    "seed": st.integers(0, 2**31),
}


@needs_cpp
@settings(
    derandomize=True,
    max_examples=16,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(shape=st.sampled_from(SHAPES),
       integrator=st.sampled_from(list(Integrator)), **case_strategy)  # fmt: skip
def test_every_shape_emulated(emulated, shape, integrator, **size) -> None:
    """In double precision: drawn cases may be ill-conditioned beyond what single can resolve."""
    case = random_case(MITCHELL_SCHAEFFER_SMOOTH, integrator, shape, **size)
    check_gradients(case, torch.float64)


@needs_cpp
@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
@pytest.mark.parametrize("integrator", Integrator)
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_every_model_emulated(emulated, model, integrator, dtype) -> None:
    check_gradients(random_case(model, integrator, NetworkShape(), sequences=37), dtype)


@needs_cpp
@pytest.mark.parametrize("integrator", Integrator)
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_forecasts_and_sensitivities_emulated(emulated, model, integrator) -> None:
    check_forecasts(random_case(model, integrator, NetworkShape(), sequences=35, samples=8))


@needs_cpp
def test_a_long_backward_pass_goes_in_parts(emulated, monkeypatch) -> None:
    case = random_case(MITCHELL_SCHAEFFER, shape=NetworkShape(4, 1), sequences=40)
    whole = check_gradients(case, torch.float64)
    # Parts of 7 steps, which end between observations; several tiles for each of 2 blocks.
    monkeypatch.setattr(trajectory_gpu, "_WORKSPACE_NUMBERS", 7 * 3 * 40)
    monkeypatch.setattr(trajectory_gpu, "_GRADIENT_BLOCKS", 2)
    parts = check_gradients(case, torch.float64)
    for name, value in whole.items():
        assert relative_error(parts[name], value) < 1e-13


@needs_cpp
def test_one_set_of_parameters_serves_all_sequences_emulated(emulated) -> None:
    case = random_case(MITCHELL_SCHAEFFER, shape=NetworkShape(4, 1))
    found = check_gradients(replace(case, physical=case.physical[0]), torch.float64)
    assert found["physical"].shape == (len(case.problem.physical_names),)


@needs_cpp
@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
def test_divergence_is_seen_emulated(emulated, dtype) -> None:
    case = random_case(MITCHELL_SCHAEFFER, shape=NetworkShape(4, 1), samples=40)
    wild = replace(case, weights=case.weights * 1000)
    inputs = (wild.physical.to(dtype), wild.weights.to(dtype), wild.initial.to(dtype))
    assert not trajectory_gpu.observe(wild.problem, *inputs).voltage.isfinite().all()


# Compiling


def specification(shape: NetworkShape | None = None, bits: int = 32) -> ProgramSpecification:
    return ProgramSpecification(step_graph(MITCHELL_SCHAEFFER, Integrator.EULER), shape, (), bits)


def test_large_networks_travel_by_pointer() -> None:
    assert weights_by_value(NetworkShape(), 64)
    assert not weights_by_value(BY_POINTER, 32)
    assert "const real *w" in cuda_program(specification(BY_POINTER))


class FakeNvrtc:
    """A compiler that counts its compilations."""

    version = (13, 0)
    compilations = 0

    def target(self, capability: int) -> str:
        return f"sm_{capability}"

    def compile(self, source: str, target: str) -> bytes:
        self.compilations += 1
        return f"{target}: {len(source)}".encode()


def test_device_code_is_cached_for_each_device(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setenv("APHYN_KERNEL_CACHE", str(tmp_path))
    fake = FakeNvrtc()
    monkeypatch.setattr(compiler, "nvrtc", lambda: fake)
    source = cuda_program(specification())
    first = compiler.device_code(source, 90)
    assert compiler.device_code(source, 90) == first
    assert fake.compilations == 1
    (kept,) = tmp_path.glob("*.cubin")
    kept.write_bytes(kept.read_bytes()[:-1])
    assert compiler.device_code(source, 90) == first
    assert compiler.device_code(source, 86) != first
    assert fake.compilations == 3


def test_a_missing_compiler_is_said(monkeypatch) -> None:
    monkeypatch.setattr(compiler, "_candidates", lambda: iter(["/nowhere/libnvrtc.so.12"]))
    compiler.nvrtc.cache_clear()
    with pytest.raises(compiler.GpuError, match="NVRTC"):
        compiler.nvrtc()
    compiler.nvrtc.cache_clear()


def test_a_missing_driver_is_said(monkeypatch) -> None:
    def refuse(name: str) -> None:
        raise OSError(f"{name}: cannot open shared object file")

    monkeypatch.setattr(driver.ctypes, "WinDLL" if sys.platform == "win32" else "CDLL", refuse)
    driver._driver.cache_clear()
    with pytest.raises(driver.GpuError, match="driver"):
        driver._driver()
    driver._driver.cache_clear()


class FakeDriver:
    """A driver that writes down what is launched; handles are small numbers."""

    def __init__(self) -> None:
        self.launches: list[tuple[object, ...]] = []

    def __getattr__(self, name: str):
        def call(handle, *rest) -> int:
            if hasattr(handle, "_obj"):
                handle._obj.value = 1 + len(name)
            return 0

        return call

    def cuLaunchKernel(self, function, *rest) -> int:
        *sizes, shared, stream, addresses, extra = rest
        weights = (ctypes.c_float * 2).from_address(addresses[0])
        pointer = ctypes.c_void_p.from_address(addresses[1]).value
        number = ctypes.c_int.from_address(addresses[2]).value
        self.launches.append((sizes, shared, stream.value, list(weights), pointer, number, extra))
        return 0 if number > 0 else 700

    def cuGetErrorString(self, status: int, text) -> int:
        text._obj.value = b"an illegal memory access"
        return 0


def test_launches_pass_weights_pointers_and_numbers(monkeypatch) -> None:
    fake = FakeDriver()
    monkeypatch.setattr(driver, "_driver", lambda: fake)
    monkeypatch.setattr(torch.cuda, "device", lambda device: contextlib.nullcontext())
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 0)
    stream = types.SimpleNamespace(cuda_stream=77)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda device: stream)
    program = driver.DeviceProgram(b"code", ["observe"], torch.device("cuda:0"))
    weights = trajectory_gpu._weights_type(2, 32)((1.5, -2.0))
    arguments = [weights, ctypes.c_void_p(4096), ctypes.c_int(9)]
    program.launch("observe", 3, 32, arguments)
    assert fake.launches == [([3, 1, 1, 32, 1, 1], 0, 77, [1.5, -2.0], 4096, 9, None)]
    with pytest.raises(compiler.GpuError, match="illegal memory access"):
        program.launch("observe", 3, 32, [*arguments[:2], ctypes.c_int(0)])


def test_cuda_accepts_the_kernels() -> None:
    """NVRTC compiles without a GPU, so this runs wherever the compiler is installed."""
    try:
        nvrtc = compiler.nvrtc()
    except compiler.GpuError as error:
        pytest.skip(str(error))
    newest = nvrtc.architectures()[-1]
    assert nvrtc.target(newest) == f"sm_{newest}"
    assert nvrtc.target(newest + 1) == f"compute_{newest}"
    with pytest.raises(compiler.GpuError, match="older"):
        nvrtc.target(10)
    for bits in (32, 64):
        for shape in (None, NetworkShape(), BY_POINTER):
            source = cuda_program(specification(shape, bits))
            assert nvrtc.compile(source, f"sm_{newest}").startswith(b"\x7fELF")
    assert b".target" in nvrtc.compile(source, nvrtc.target(newest + 1))
    with pytest.raises(compiler.GpuError, match="refuses"):
        nvrtc.compile("no program", f"sm_{newest}")


# On a GPU


@needs_gpu
@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
@pytest.mark.parametrize("integrator", Integrator)
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_every_model_on_a_gpu(model, integrator, dtype) -> None:
    case = random_case(model, integrator, NetworkShape(), sequences=300)
    check_gradients(case, dtype, "cuda")
    check_forecasts(case, "cuda")


@needs_gpu
@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_every_shape_on_a_gpu(shape, dtype) -> None:
    for sequences in (1, 33, 1000):
        case = random_case(MITCHELL_SCHAEFFER_SMOOTH, shape=shape, sequences=sequences)
        check_gradients(case, dtype, "cuda")


@needs_gpu
def test_a_gpu_gives_the_same_numbers_every_time() -> None:
    case = moved(random_case(MITCHELL_SCHAEFFER, shape=NetworkShape(), sequences=500), "cuda")
    first = case.loss_gradients(trajectory_gpu, torch.float32)
    for _ in range(3):
        again = case.loss_gradients(trajectory_gpu, torch.float32)
        assert all(torch.equal(again[name], value) for name, value in first.items())


@needs_gpu
@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
def test_divergence_is_seen_on_a_gpu(dtype) -> None:
    case = moved(random_case(MITCHELL_SCHAEFFER, shape=NetworkShape(4, 1), samples=40), "cuda")
    inputs = (case.physical.to(dtype), case.weights.to(dtype) * 1000, case.initial.to(dtype))
    assert not trajectory_gpu.observe(case.problem, *inputs).voltage.isfinite().all()


@needs_gpu
def test_a_stream_of_ones_own_is_respected_on_a_gpu() -> None:
    case = random_case(MITCHELL_SCHAEFFER, shape=NetworkShape(4, 1), sequences=200)
    with torch.cuda.stream(torch.cuda.Stream()):
        check_gradients(case, torch.float64, "cuda")
