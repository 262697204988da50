"""Fitted physics in the languages of other simulators, run there or as near as can be."""

from __future__ import annotations

import ctypes
import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import sympy
import torch

from aphyn_gui.hybrid import TimeGrid, TrajectoryProblem, simulate
from aphyn_gui.physics import MITCHELL_SCHAEFFER, MODELS, IonicModel, Parameter
from aphyn_gui.recording import Recording
from aphyn_gui.study import Study
from aphyn_gui.study.export import ExportPart, export_study, fitted_regions
from aphyn_gui.study.export.finitewave import finitewave_parameters
from aphyn_gui.study.export.myokit_model import myokit_model
from aphyn_gui.study.export.opencarp import easyml_model, opencarp_parameters
from aphyn_gui.study.export.physics_text import FittedPhysics, hybrid_physics, one_line

STEP_MS = 0.2
PULSE = {"stimulus_amplitude": 0.3, "stimulus_duration": 3.25, "stimulus_onset": 1.02}
ODD = IonicModel(
    name="odd",
    title='Odd """ */ model',
    source="nobody\\",
    parameters=(
        Parameter("tau_x", "ms", 5.0, 1.0, 9.0, "Meaning\nin two lines.", "x"),
        Parameter("_u", "furlong", 0.5, 0.1, 1.0, "Odd unit.", "x"),
        Parameter("if", "", 0.2, 0.1, 1.0, "Odd name.", "x"),
        Parameter("Vm", "", 0.2, 0.1, 1.0, "Odd name.", "x"),
    ),
    rates=lambda v, h, p: (
        (sympy.tanh(h / p["if"]) - v ** p["_u"] - sympy.sqrt(v + 1) * 1e-3) / p["tau_x"],
        (sympy.exp(-v) - 1 / (1 + h) ** 2 - sympy.log(1 + v) ** 3 * p["Vm"]) / p["tau_x"],
    ),
    gate_label="in",
)  # fmt: skip


def physics_of(model: IonicModel) -> FittedPhysics:
    """A model at values a fit could have found."""
    values = {p.name: min(p.default * 1.07, p.upper) for p in model.parameters} | PULSE
    return FittedPhysics(
        title=one_line(model.title),
        model=model,
        values=values,
        comments={p.name: one_line(p.meaning) for p in model.parameters},
        initial_voltage=0.02,
        initial_gate=model.resting_gate,
        time_step_ms=STEP_MS,
        about=(one_line(f"Equations: {model.source}"),),
    )


def ours(physics: FittedPhysics, duration_ms: float) -> np.ndarray:
    """v as this package computes it, at every step."""
    model = physics.model
    problem = TrajectoryProblem(model, None, TimeGrid(STEP_MS, 1, round(duration_ms / STEP_MS) + 1))
    physical = torch.tensor([physics.values[n] for n in problem.physical_names]).double()
    start = torch.tensor([[physics.initial_voltage, physics.initial_gate]]).double()
    return simulate(problem, physical, None, start).voltage[0].numpy()


def level(time_ms: float) -> float:
    """Share of a step during which the pulse is on."""
    onset = PULSE["stimulus_onset"]
    end = min(time_ms + STEP_MS, onset + PULSE["stimulus_duration"])
    return max(0.0, end - max(time_ms, onset)) / STEP_MS


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_myokit_gives_the_same_action_potential(model: IonicModel) -> None:
    myokit = pytest.importorskip("myokit", exc_type=ImportError)
    physics = physics_of(model)
    parsed, protocol, _ = myokit.parse(myokit_model(physics))
    parsed.validate()
    parsed.check_units(myokit.UNIT_STRICT)
    (event,) = protocol.events()
    assert (event.start(), event.duration()) == (
        PULSE["stimulus_onset"], PULSE["stimulus_duration"],
    )  # fmt: skip
    expected = ours(physics, 350.0)
    assert expected.max() > 0.7
    state = np.array(parsed.initial_values(True))
    found = [state[0]]
    for index in range(expected.size - 1):
        rates = parsed.evaluate_derivatives(state, inputs={"pace": level(index * STEP_MS)})
        state = state + STEP_MS * np.array(rates)
        found.append(state[0])
    np.testing.assert_allclose(found, expected, atol=1e-3)


def test_myokit_takes_odd_names_units_and_functions() -> None:
    myokit = pytest.importorskip("myokit", exc_type=ImportError)
    physics = physics_of(ODD)
    parsed, _, _ = myokit.parse(myokit_model(physics))
    parsed.validate()
    v, h = 0.3, 0.4
    wanted = [
        float(rate.subs({"v": v, "h": h, **physics.values}))
        for rate in (
            sympy.sympify(
                expression.xreplace({s: sympy.Symbol(s.name) for s in expression.free_symbols})
            )
            for expression in ODD.rate_expressions
        )
    ]
    np.testing.assert_allclose(parsed.evaluate_derivatives([v, h]), wanted, rtol=1e-12)


def compiled(source: str, gate: str, folder: Path):
    """Rates of an EasyML text, its statements compiled as the C they are."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler on this machine")
    without_comments = re.sub(r"/\*.*?\*/|//[^\n]*", "", source, flags=re.DOTALL)
    group = re.search(r"group \{(.*?)\} \.param\(\);", without_comments, re.DOTALL)
    assert group is not None
    constants = re.findall(r"(\w+) = ([^;]+);", group[1])
    rest = without_comments[group.end() :]
    statements = re.findall(r"(\w+) = ([^;]+);", rest)
    lines = [f"double {name} = {value};" for name, value in [*constants, *statements]]
    code = (
        "#include <math.h>\n"
        f"void rates(double V, double {gate}, double *out) {{\n"
        + "\n".join(lines)
        + f"\nout[0] = -Iion; out[1] = diff_{gate};\n}}\n"
    )
    (folder / "rates.c").write_text(code)
    library = folder / "rates.so"
    command = [compiler, "-shared", "-fPIC", "-o", str(library), str(folder / "rates.c"), "-lm"]
    subprocess.run(command, check=True, capture_output=True)
    function = ctypes.CDLL(str(library)).rates
    function.argtypes = [ctypes.c_double, ctypes.c_double, ctypes.POINTER(ctypes.c_double)]
    out = (ctypes.c_double * 2)()

    def rates(v: float, h: float) -> np.ndarray:
        function(v, h, out)
        return np.array(out)

    return rates


@pytest.mark.parametrize("model", [*MODELS, ODD], ids=lambda model: model.name)
def test_easyml_holds_the_same_rates(model: IonicModel, tmp_path: Path) -> None:
    physics = physics_of(model)
    source = easyml_model(physics)
    gate = re.findall(r"diff_(\w+) =", source)[0]
    rates = compiled(source, gate, tmp_path)
    v, h = sympy.symbols("v h", real=True)
    values = {sympy.Symbol(name, real=True): value for name, value in physics.values.items()}
    for point in ((0.02, 0.9), (0.13, 0.5), (0.15, 0.5), (0.9, 0.1)):
        wanted = [
            float(rate.subs({v: point[0], h: point[1], **values}))
            for rate in model.rate_expressions
        ]
        np.testing.assert_allclose(rates(*point), wanted, rtol=1e-9, atol=1e-12)


def test_opencarps_own_model_is_ours() -> None:
    """Published output of bench (openCARP 16) for V_min=0,V_max=1,tau_out=5, stimulus 0.5."""
    values = {p.name: p.default for p in MITCHELL_SCHAEFFER.parameters} | {"tau_out": 5.0}
    pulse = {"stimulus_amplitude": 0.5, "stimulus_duration": 1.0, "stimulus_onset": 1.0}
    problem = TrajectoryProblem(MITCHELL_SCHAEFFER, None, TimeGrid(0.01, 5000, 5))
    physical = torch.tensor([(values | pulse)[n] for n in problem.physical_names]).double()
    run = simulate(problem, physical, None, torch.tensor([[0.0, 1.0]]).double())
    np.testing.assert_allclose(
        run.voltage[0].numpy()[5000::5000], [0.90898, 0.86715, 0.80001, 0.67458], atol=1e-4
    )


def test_parameters_for_simulators_that_know_the_model(study: Study) -> None:
    for fitted in fitted_regions(study):
        physics = hybrid_physics(fitted)
        fit = fitted.region_fit.fit
        text = opencarp_parameters(physics)
        assert text is not None
        *notes, command, setting = text.splitlines()
        assert all(note.startswith("# ") for note in notes)
        assert command.startswith("bench --imp MitchellSchaeffer --imp-par V_min=0,V_max=1,")
        pairs = dict(re.findall(r"(\w+)=([-\d.e]+)", setting.partition('"')[2]))
        assert {name: float(value) for name, value in pairs.items()} == {
            "V_min": 0.0, "V_max": 1.0,
            **{n: fit.parameters[n] for n in ("tau_in", "tau_out", "tau_open", "tau_close")},
        }  # fmt: skip
        content = json.loads(finitewave_parameters(physics) or "")
        assert content["parameters"]["u_gate"] == fit.parameters["v_gate"]
        assert content["parameters"]["tau_close"] == fit.parameters["tau_close"]
        assert any("switches at the threshold" in note for note in content["notes"])


def test_other_models_have_no_parameters_there() -> None:
    for model in MODELS[2:]:
        assert opencarp_parameters(physics_of(model)) is None
        assert finitewave_parameters(physics_of(model)) is None


def test_a_fit_with_a_network_gives_its_physics_alone_as_well(
    study: Study, recording: Recording, tmp_path: Path
) -> None:
    myokit = pytest.importorskip("myokit", exc_type=ImportError)
    names = [p.name for p in export_study(study, [recording], tmp_path, what=[ExportPart.MODELS])]
    assert sum(name.endswith(".mmt") for name in names) == 3
    models = [name.removesuffix(".model") for name in names if name.endswith(".model")]
    assert len(models) == 3
    assert all(name.isascii() and name.isidentifier() for name in models)
    (alone,) = tmp_path.glob("*/*_physics_only.mmt")
    beside = alone.with_name(alone.name.replace("_physics_only", ""))
    fit = study.fits["roi-2"].fit
    for path, parameters in ((alone, fit.physics_parameters), (beside, fit.parameters)):
        parsed, _, _ = myokit.load(str(path))
        assert parsed.get("parameters.tau_in").eval() == parameters["tau_in"]
    assert "F_dl, the residual network, is not part" in beside.read_text()
    assert "95 % interval" in beside.read_text()
