"""The export: the same answers in onnxruntime, dynamic in both axes, refused where it differs or was changed."""

from __future__ import annotations

import json
import shutil

import numpy as np
import polars as pl
import pytest

pytest.importorskip("onnxruntime", reason="the extra `onnx` is not installed")

import onnx
import onnxruntime
from typer.testing import CliRunner

from models.families import save_family
from models.saving import save_tiny, save_writer
from serve.conftest import FRAME, make_tasks
from sharewise.cli import app
from sharewise.errors import RunError, UserError
from sharewise.models.calibration import Calibration
from sharewise.models.options import EncoderOptions
from sharewise.models.saved import save_models
from sharewise.serve import Scorer, predict_file
from sharewise.serve.engines import OnnxEngine, TorchEngine
from sharewise.serve.export import AGREEMENT, TOLERANCE, OnnxFacts, export_onnx
from sharewise.tasks import BinaryOptions, OrdinalOptions, RegressionOptions

TEXTS = ["a lovely film", "배우의 연기가 정말 좋았다 " * 3, "軽い", "It never broke, not once!"]


@pytest.fixture(scope="module")
def exported(model_folder, tmp_path_factory):
    folder = tmp_path_factory.mktemp("exported") / "model"
    shutil.copytree(model_folder, folder)
    done = CliRunner().invoke(app, ["export", str(folder), "--onnx", "--json"])
    assert done.exit_code == 0
    return folder, OnnxFacts.model_validate_json(done.stdout)


def test_the_command_wants_a_format(model_folder):
    done = CliRunner().invoke(app, ["export", str(model_folder)])
    assert isinstance(done.exception, UserError)
    assert "add `--onnx`" in str(done.exception)


def test_answers_are_pytorchs_but_for_rounding(exported, scorer):
    folder, facts = exported
    assert facts.difference <= TOLERANCE
    other = Scorer.load(folder, engine="onnx")
    assert other.engine == "onnx"
    expected, found = scorer.scores(TEXTS), other.scores(TEXTS)
    for task in expected:
        np.testing.assert_allclose(found[task], expected[task], atol=1e-4)
    assert [len(other.scores(TEXTS[:1] * n)["polite"]) for n in (1, 2, 9)] == [1, 2, 9]


def test_the_file_says_what_it_is(exported, scorer):
    folder, facts = exported
    model = onnx.load(folder / "onnx" / "model.onnx")
    props = {p.key: p.value for p in model.metadata_props}
    assert props["model"] == scorer.digest
    assert json.loads(props["outputs"]) == {"output_0": "polite", "output_1": "topic", "output_2": "stars"}
    assert json.loads(props["files"])[scorer.digest] == scorer.models[0].manifest.files
    assert {o.domain: o.version for o in model.opset_import}[""] == facts.opset == int(props["opset"])
    session = onnxruntime.InferenceSession(folder / "onnx" / "model.onnx", providers=["CPUExecutionProvider"])
    assert [entry.shape for entry in session.get_inputs()] == [["batch", "length"]] * 2


def test_integers_are_smaller_and_close(exported, scorer):
    folder, facts = exported
    assert all(share >= AGREEMENT for share in facts.agreement.values())
    sizes = [(folder / "onnx" / name).stat().st_size for name in ("model.onnx", "model.int8.onnx")]
    assert sizes[1] < 0.8 * sizes[0]
    found = Scorer.load(folder, engine="onnx-int8").scores(TEXTS)
    np.testing.assert_allclose(found["topic"], scorer.scores(TEXTS)["topic"], atol=0.1)


def test_the_faster_engine_is_taken(exported, monkeypatch):
    folder, _ = exported
    for fast in (TorchEngine, OnnxEngine):
        monkeypatch.setattr(
            "sharewise.serve.engines._seconds", lambda engine, models, fast=fast: 1 - isinstance(engine, fast)
        )
        assert Scorer.load(folder).engine == ("torch" if fast is TorchEngine else "onnx")


def test_a_file_goes_on_with_the_engine_that_it_began_with(exported, tmp_path):
    folder, _ = exported
    pl.DataFrame({"text": [f"text {i}" for i in range(20)]}).write_csv(tmp_path / "a.csv")

    def stop(rows, share):
        raise KeyboardInterrupt

    exact = Scorer.load(folder, engine="onnx")
    predict_file(exact, tmp_path / "a.csv", tmp_path / "whole.csv", window=8)
    with pytest.raises(KeyboardInterrupt):
        predict_file(exact, tmp_path / "a.csv", tmp_path / "o.csv", window=8, watch=stop)
    predict_file(Scorer.load(folder, engine="torch"), tmp_path / "a.csv", tmp_path / "o.csv", window=8)
    assert (tmp_path / "o.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()


def test_changed_and_foreign_exports_are_refused(exported, model_folder, pair_folder, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(exported[0], folder)
    with pytest.raises(UserError, match="the model is not exported"):
        Scorer.load(model_folder, engine="onnx")
    file = folder / "onnx" / "model.onnx"
    file.write_bytes(file.read_bytes()[:-10])
    with pytest.raises(UserError, match=r"model\.onnx: the file is missing, or not the one"):
        Scorer.load(folder, engine="onnx")
    with pytest.raises(UserError, match=r"model\.onnx: the file is missing, or not the one"):
        Scorer.load(folder)
    save_tiny(tmp_path / "other", FRAME, make_tasks(), seed=9)
    shutil.copytree(exported[0] / "onnx", tmp_path / "other" / "onnx")
    with pytest.raises(UserError, match="the export of another model"):
        Scorer.load(tmp_path / "other", engine="onnx")
    (folder / "onnx" / "onnx.json").write_text("{")
    with pytest.raises(UserError, match=r"onnx\.json: JSONDecodeError"):
        Scorer.load(folder, engine="onnx")


def test_what_differs_is_thrown_away(model_folder, exported, tmp_path, monkeypatch):
    folder = tmp_path / "model"
    shutil.copytree(model_folder, folder)
    monkeypatch.setattr(
        "sharewise.serve.export._export",
        lambda scorer, inputs, file: shutil.copy(exported[0] / "onnx" / "model.onnx", file),
    )
    plain = OnnxEngine.forward
    monkeypatch.setattr(
        OnnxEngine,
        "forward",
        lambda self, tokens, tasks: {t: b + 0.1 for t, b in plain(self, tokens, tasks).items()},
    )
    with pytest.raises(RunError, match=r"differs from PyTorch by 0\.\d+ of the outputs' spread"):
        export_onnx(folder, int8=False)
    assert not (folder / "onnx").exists()


def test_a_pretrained_encoder_with_segments(tmp_path):
    options = EncoderOptions(name=str(save_family("bert", tmp_path / "bert")))
    tasks = make_tasks()
    save_tiny(tmp_path / "model", FRAME, {"topic": tasks["topic"]}, options)
    facts = export_onnx(tmp_path / "model", int8=False).facts
    assert facts.inputs == ["input_ids", "attention_mask", "token_type_ids"]
    pairs = [("a lamp", "배우"), ("軽い", "It never broke")]
    found = Scorer.load(tmp_path / "model", engine="onnx").scores(pairs)["topic"]
    np.testing.assert_allclose(
        found, Scorer.load(tmp_path / "model", engine="torch").scores(pairs)["topic"], atol=1e-4
    )


def test_models_that_answer_together_become_one_file(pair_folder, pair_scorer, tmp_path):
    folder = tmp_path / "model"
    save_models(folder, {name: pair_folder / name for name in ("polite", "topic")})
    assert export_onnx(folder, int8=False).facts.tasks == ["polite", "topic"]
    pairs = [("a", "b"), ("question", "answer")]
    found = Scorer.load(folder, engine="onnx").scores(pairs)
    expected = pair_scorer.scores(pairs, ["polite", "topic"])
    for task in expected:
        np.testing.assert_allclose(found[task], expected[task], atol=1e-4)
    with pytest.raises(UserError, match="not exported in this form"):
        Scorer.load(folder, engine="onnx-int8")


def test_integers_that_change_decisions_are_not_kept(model_folder, exported, tmp_path, monkeypatch):
    folder = tmp_path / "model"
    shutil.copytree(model_folder, folder)
    monkeypatch.setattr(
        "sharewise.serve.export._export",
        lambda scorer, inputs, file: shutil.copy(exported[0] / "onnx" / "model.onnx", file),
    )
    monkeypatch.setattr("sharewise.serve.export.AGREEMENT", 1.01)
    done = export_onnx(folder)
    assert not done.int8
    assert done.facts.agreement
    assert sorted(path.name for path in done.folder.iterdir()) == ["model.onnx", "onnx.json"]


def test_a_model_that_writes_its_answers(tmp_path):
    """Text to text is scored like heads, and not exported."""
    text2text = save_writer(tmp_path / "model")
    scorer = Scorer.load(tmp_path / "model")
    (answer,) = scorer.score([TEXTS[0]])
    assert list(answer) == text2text
    assert sum(answer["topic"].probabilities.values()) == pytest.approx(1.0, abs=1e-4)
    assert answer["topic"].decision == max(
        answer["topic"].probabilities, key=answer["topic"].probabilities.get
    )
    with pytest.raises(UserError, match="writes its answers"):
        export_onnx(tmp_path / "model")


def test_models_of_different_tokens_are_refused(tmp_path):
    tasks = make_tasks()
    save_tiny(tmp_path / "a", FRAME, {"polite": tasks["polite"]})
    options = EncoderOptions(name=str(save_family("bert", tmp_path / "bert")))
    save_tiny(tmp_path / "b", FRAME, {"topic": tasks["topic"]}, options)
    save_models(tmp_path / "model", {"a": tmp_path / "a", "b": tmp_path / "b"})
    assert set(Scorer.load(tmp_path / "model").score(["a lamp"])[0]) == {"polite", "topic"}
    with pytest.raises(UserError, match="read different tokens"):
        export_onnx(tmp_path / "model")


def test_what_follows_the_heads_is_the_same_whoever_computes(tmp_path):
    """Cut points of levels, bounds of numbers, isotonic curves and thresholds."""
    levels = OrdinalOptions(data="d", label="s", link="cumulative").build(
        "level", pl.Series(["1", "2", "3", "4"])
    )
    levels.fit(np.array([4.0, 3.0, 2.0, 1.0]), 10.0)
    number = RegressionOptions(data="d", label="n", minimum=0.9, maximum=1.1).build(
        "number", pl.Series([0.9, 1.1])
    )
    spam = BinaryOptions(data="d", label="y").build("spam", pl.Series([0, 1]))
    curve = Calibration(isotonic={"1": ((0.0, 0.5, 1.0), (0.1, 0.2, 0.9))})
    tasks = {"level": levels, "number": number, "spam": spam}
    folder = tmp_path / "m"
    save_tiny(folder, FRAME, tasks, calibration={"spam": curve}, thresholds={"spam": (0.2,)})
    export_onnx(folder, int8=False)
    torch, onnx_ = (Scorer.load(folder, engine=name) for name in ("torch", "onnx"))
    expected, found = torch.scores(TEXTS), onnx_.scores(TEXTS)
    for task in tasks:
        np.testing.assert_allclose(found[task], expected[task], atol=1e-4)
    assert ((expected["number"] >= np.float32(0.9)) & (expected["number"] <= np.float32(1.1))).all()
    assert (np.diff(expected["level"], axis=1) < 0).all()
    assert len(np.unique(expected["level"][:, 0])) == len(TEXTS)
    assert ((expected["spam"] >= 0.1) & (expected["spam"] <= 0.9)).all()
    for one, other in zip(torch.score(TEXTS), onnx_.score(TEXTS), strict=True):
        assert {t: a.decision for t, a in one.items() if t != "number"} == {
            t: a.decision for t, a in other.items() if t != "number"
        }
