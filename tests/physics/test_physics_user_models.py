"""Models of the user's own: files, entry points, and everything that can be wrong with them."""

from __future__ import annotations

import logging
import re
import shutil
from pathlib import Path

import pytest
from model_rates import rates_at

from aphyn_gui.physics import MODELS, PhysicsError, ionic_model, models
from aphyn_gui.physics.user_models import models_folder

EXAMPLE = Path(__file__).parent / "user_model_example.py"
"""The example of the documentation."""

MODEL_LINES = """
from aphyn_gui.physics import IonicModel, Parameter
def model(name):
    return IonicModel(
        name=name, title=name, source="none",
        parameters=(Parameter("k", "1/ms", 1.0, 0.1, 2.0, "A rate.", "none", learned=True),),
        rates=lambda v, h, p: (-p["k"] * v, -h),
    )
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """An empty models folder, in force during the test."""
    chosen = tmp_path / "models"
    chosen.mkdir()
    monkeypatch.setenv("APHYN_MODELS", str(chosen))
    yield chosen
    monkeypatch.undo()
    models(reload=True)


def own_models() -> list[str]:
    return [model.name for model in models(reload=True)[len(MODELS) :]]


def test_the_example_is_found_and_its_rates_are_its_formula(folder: Path) -> None:
    shutil.copy(EXAMPLE, folder)
    assert own_models() == ["rogers_mcculloch"]
    model = ionic_model("rogers_mcculloch")
    assert model is ionic_model("rogers_mcculloch"), "engines know a model by its identity"
    v, w = 0.4, 0.3
    expected = (0.26 * v * (v - 0.13) * (1 - v) - 0.1 * v * w, 0.013 * (v - w))
    assert rates_at(model, v, w) == pytest.approx(expected)
    assert rates_at(model, 0.0, model.resting_gate) == (0.0, 0.0)
    assert sorted(path.name for path in folder.iterdir()) == [EXAMPLE.name]


def test_a_file_may_hold_several_models_and_hidden_ones_are_passed_over(folder: Path) -> None:
    (folder / "several.py").write_text(MODEL_LINES + "MODELS = [model('one'), model('two')]\n")
    (folder / "_common.py").write_text("raise RuntimeError\n")
    (folder / ".one.py").write_bytes(b"\0\5\26\7")
    (folder / "notes.txt").write_text("no model\n")
    assert own_models() == ["one", "two"]


def test_models_are_read_once_until_asked_again(folder: Path) -> None:
    assert own_models() == []
    (folder / "late.py").write_text(MODEL_LINES + "MODEL = model('late')\n")
    assert len(models()) == len(MODELS)
    assert own_models() == ["late"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("def rates(:\n", "SyntaxError: "),
        ("\n\nimport no_such_module\n", r"No module named 'no_such_module' \(line 3\)"),
        ("raise SystemExit(1)\n", r"it ends the program \(line 1\)"),
        ("x = 1\n", "it defines neither MODEL nor MODELS"),
        ("MODEL = 'mitchell_schaeffer'\n", "'mitchell_schaeffer' is no IonicModel"),
        ("MODELS = 3\n", "TypeError: "),
        ("# \xff\n", "encoding"),
        (MODEL_LINES + "MODEL = model('two words')\n", "'two words' is no name"),
        (MODEL_LINES.replace('"k"', '"dt"') + "MODEL = model('m')\n", "can be called dt"),
        (MODEL_LINES.replace("0.1, 2.0", "3.0, 2.0") + "MODEL = model('m')\n", "must lie between"),
    ],
)
def test_a_broken_file_is_left_out_with_its_reason(
    folder: Path, caplog: pytest.LogCaptureFixture, content: str, reason: str
) -> None:
    (folder / "broken.py").write_text(content, encoding="latin-1")
    (folder / "good.py").write_text(MODEL_LINES + "MODEL = model('good')\n")
    with caplog.at_level(logging.WARNING):
        assert own_models() == ["good"]
    (record,) = caplog.records
    message = record.getMessage()
    assert str(folder / "broken.py") in message
    assert message.endswith("Correct the file, or remove it from the folder.")
    assert re.search(reason, message), message


def test_a_name_that_is_taken_is_refused(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    (folder / "a.py").write_text(MODEL_LINES + "MODEL = model('mine')\n")
    (folder / "b.py").write_text(MODEL_LINES + "MODELS = [model('mine'), model('other')]\n")
    (folder / "c.py").write_text(MODEL_LINES + "MODEL = model('aliev_panfilov')\n")
    with caplog.at_level(logging.WARNING):
        assert own_models() == ["mine", "other"]
    first, second = (record.getMessage() for record in caplog.records)
    assert f"mine in {folder / 'b.py'} is left out: {folder / 'a.py'} has a model" in first
    assert "aphyn_gui itself has a model of that name" in second
    assert ionic_model("aliev_panfilov") in MODELS


def test_rates_that_fail_say_which_model_and_why(folder: Path) -> None:
    text = MODEL_LINES.replace('p["k"] * v', 'p["kk"] * v') + "MODEL = model('typo')\n"
    (folder / "typo.py").write_text(text)
    assert own_models() == ["typo"]
    with pytest.raises(PhysicsError, match=r"model typo: its rates cannot be derived \(KeyError"):
        _ = ionic_model("typo").rate_expressions


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed package with two entry points, one of them broken."""
    site = tmp_path / "site"
    information = site / "aphyn_example_models-1.0.dist-info"
    information.mkdir(parents=True)
    (information / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: aphyn-example-models\nVersion: 1.0\n"
    )
    (information / "entry_points.txt").write_text(
        "[aphyn_gui.models]\n"
        "pair = aphyn_example_models:PAIR\n"
        "single = aphyn_example_models:SINGLE\n"
        "stale = aphyn_example_models:REMOVED\n"
    )
    text = MODEL_LINES + "SINGLE = model('packed')\nPAIR = [model('left'), model('right')]\n"
    (site / "aphyn_example_models.py").write_text(text)
    monkeypatch.syspath_prepend(str(site))
    return site


def test_packages_offer_models_by_entry_point(
    folder: Path, package: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert own_models() == ["left", "right", "packed"]
    (record,) = caplog.records
    assert "entry point stale of aphyn-example-models" in record.getMessage()
    assert "Update that package" in record.getMessage()


def test_nothing_is_loaded_from_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, folder: Path
) -> None:
    recordings = tmp_path / "recordings"
    (recordings / "models").mkdir(parents=True)
    trap = "raise AssertionError('code of a recording folder was run')\n"
    (recordings / "models" / "trap.py").write_text(trap)
    (recordings / "trap.py").write_text(trap)
    monkeypatch.chdir(recordings)
    assert own_models() == []
    for relative in ("models", "."):
        monkeypatch.setenv("APHYN_MODELS", relative)
        caplog.clear()
        with caplog.at_level(logging.WARNING):
            assert own_models() == []
        assert "set it to an absolute path" in caplog.text


def test_a_missing_folder_is_told_only_where_it_was_chosen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, folder: Path
) -> None:
    with caplog.at_level(logging.WARNING):
        monkeypatch.setenv("APHYN_MODELS", str(tmp_path / "nowhere"))
        assert own_models() == []
        assert "which is no folder" in caplog.text
        caplog.clear()
        monkeypatch.delenv("APHYN_MODELS")
        monkeypatch.setattr("platformdirs.user_data_dir", lambda name: str(tmp_path / name))
        assert models_folder() == tmp_path / "aphyn_gui" / "models"
        assert own_models() == []
    assert not caplog.records
