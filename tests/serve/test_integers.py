"""Models in 8-bit integers: near float32, tried on validation, and taken unasked only where they bear it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch
from transformers import BertConfig, BertModel

from models.families import TEXTS
from models.saving import SCRATCH
from serve.conftest import FRAME
from serve.test_bfloat16 import TASKS
from sharewise.compare import compare, quantising
from sharewise.data.tokens import tokenize_now
from sharewise.errors import UserError
from sharewise.models.encoder import Encoder, build_encoder
from sharewise.models.kernels.integer_layer import integers_are_exact
from sharewise.models.kernels.native import kernels
from sharewise.models.manifest import Manifest, SavedMetric, read_manifest
from sharewise.models.saved import restate_integers
from sharewise.models.sharing import SHARINGS
from sharewise.models.tokenizers import load_tokenizer
from sharewise.serve import Scorer, engines
from sharewise.serve.integers import bears_integers, in_integers
from sharewise.serve.predict import predict_file
from sharewise.study import Study
from tiny_study import tiny_study

CPU = torch.device("cpu")
pytestmark = pytest.mark.skipif(
    kernels() is None or not integers_are_exact(), reason="no kernels in C, or no VNNI, on this machine"
)


def bert(words: int = 300) -> BertModel:
    config = BertConfig(
        vocab_size=words, hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64
    )
    with torch.random.fork_rng():
        torch.manual_seed(1)
        return BertModel(config, add_pooling_layer=False)


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_a_copy_in_integers_is_near_the_model_and_leaves_it_as_it_is(pooling):
    options = SCRATCH.model_copy(update={"pooling": pooling})
    model = SHARINGS["hard"](Encoder(bert(), options), TASKS, seed=1).eval()
    tokens = tokenize_now(TEXTS, load_tokenizer(SCRATCH, FRAME), max_length=32).batch(np.arange(len(TEXTS)))
    copy = in_integers(model, CPU)
    with torch.inference_mode():
        before = model(tokens)
        with torch.autocast("cpu", torch.bfloat16):
            found = copy(tokens)
        again = model(tokens)
    assert all(a is b for a, b in zip(model.parameters(), copy.parameters(), strict=True))
    for task, expected in before.items():
        spread = float(expected.abs().max())
        away = float((found[task].float() - expected).abs().max())
        assert 0 < away < 0.05 * max(1.0, spread)
        assert torch.equal(again[task], expected)


def test_where_it_can_not_compute_the_engine_says_what_it_needs(model_folder):
    model = SHARINGS["hard"](build_encoder(SCRATCH, load_tokenizer(SCRATCH, FRAME), seed=1), TASKS, seed=1)
    assert in_integers(model.eval(), CPU) is None
    with pytest.raises(
        UserError, match=r"torch-int8 can't compute this model here\n  Expected: heads on an enc"
    ):
        Scorer.load(model_folder, engine="torch-int8")


def with_metrics(
    manifest: Manifest, *, metric: str = "mcc", rows: int = 200, **values: tuple[float, float | None]
) -> Manifest:
    """A manifest whose tasks scored the first number, and in 8-bit integers the second."""

    def scored(value: float) -> SavedMetric:
        return SavedMetric(metric=metric, value=value, interval=(value, value), rows=rows)

    metrics = {task: {"validation": scored(exact)} for task, (exact, _) in values.items()}
    integers = {task: scored(found) for task, (_, found) in values.items() if found is not None}
    update = {"metrics": metrics, "integers": integers, "serves": tuple(values)}
    return manifest.model_copy(update=update)


def test_every_task_has_to_bear_it(model_folder):
    manifest = read_manifest(model_folder)
    assert isinstance(manifest, Manifest)
    assert not bears_integers(manifest)
    assert bears_integers(with_metrics(manifest, polite=(0.9, 0.8955), topic=(0.5, 0.504)))
    assert not bears_integers(with_metrics(manifest, polite=(0.9, 0.8945), topic=(0.5, 0.5)))
    assert not bears_integers(with_metrics(manifest, polite=(0.9, 0.9), topic=(0.5, 0.506)))
    assert not bears_integers(with_metrics(manifest, polite=(0.9, 0.9), topic=(0.5, None)))
    assert not bears_integers(with_metrics(manifest, polite=(0.9, float("nan"))))
    # Errors in a unit of their own, large or small.
    for unit in (1e-3, 1e3):
        assert bears_integers(with_metrics(manifest, metric="mae", stars=(2 * unit, 2.009 * unit)))
        assert not bears_integers(with_metrics(manifest, metric="mae", stars=(2 * unit, 2.011 * unit)))


def test_nothing_is_shown_by_few_rows_or_where_the_metric_is_undefined(model_folder):
    manifest = read_manifest(model_folder)
    assert isinstance(manifest, Manifest)
    assert not bears_integers(with_metrics(manifest, rows=199, polite=(0.9, 0.9)))
    borne = with_metrics(manifest, polite=(0.0, 0.0))
    undefined = borne.metrics["polite"]["validation"].model_copy(update={"interval": None})
    assert bears_integers(borne)
    assert not bears_integers(borne.model_copy(update={"metrics": {"polite": {"validation": undefined}}}))


def test_processors_that_do_not_add_exactly_take_no_part(model_folder, monkeypatch):
    """Older ones add pairs of products in 16 bits."""
    model = SHARINGS["hard"](Encoder(bert(), SCRATCH), TASKS, seed=1).eval()
    monkeypatch.setattr(torch, "_int_mm", lambda a, b: (a.float() @ b.float()).clamp(-32768, 32767).int())
    integers_are_exact.cache_clear()
    try:
        assert not integers_are_exact()
        assert in_integers(model, CPU) is None
    finally:
        integers_are_exact.cache_clear()


def studied(folder: Path, **changes: object) -> Study:
    keys = {"encoder": {"name": str(folder / "encoder")}, "seeds": [1], "training.precision": "bf16"}
    return tiny_study(folder, keys | changes)


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Study, Path]:
    folder = tmp_path_factory.mktemp("integers")
    tokenizer = load_tokenizer(SCRATCH, FRAME)
    tokenizer.save_pretrained(folder / "encoder")
    bert(len(tokenizer)).save_pretrained(folder / "encoder")
    study = studied(folder)
    compare(study, runs=folder / "runs", workers=1)
    return study, folder / "runs"


def told(runs: Path) -> dict[str, SavedMetric]:
    """What the recommended models say of 8-bit integers."""
    folder = runs / "tiny" / "model"
    return {
        task: one for model in Scorer.load(folder).models for task, one in model.manifest.integers.items()
    }


def test_the_recommended_model_says_what_its_tasks_score_in_integers(compared):
    study, runs = compared
    folder, found = runs / "tiny" / "model", told(runs)
    assert set(found) == set(study.tasks)
    scorer = Scorer.load(folder, engine="torch-int8")
    assert (scorer.engine, scorer.readers[0].engine.packs) == ("torch-int8", True)
    exact = scorer.with_engine("torch").scores(list(TEXTS))
    for task, scores in scorer.scores(list(TEXTS)).items():
        assert 0 < np.abs(scores - exact[task]).max() < 0.05 * max(1.0, np.abs(exact[task]).max())
    card = (folder / "README.md").read_text(encoding="utf-8")
    for task, metric in found.items():
        assert f"| {task} | validation, in 8-bit integers | {metric.metric} | {metric.value:.4f} |" in card


def test_it_is_tried_once_and_again_when_a_threshold_changes(compared, monkeypatch):
    study, runs = compared
    tried = []
    load = quantising.load_model

    def watched(folder, **keys):
        model = load(folder, **keys)
        tried.extend(model.tasks)
        return model

    monkeypatch.setattr(quantising, "load_model", watched)
    compare(study, runs=runs, workers=1)
    assert tried == []
    compare(studied(study.folder, **{"tasks.polite.threshold": 0.9}), runs=runs, workers=1)
    assert tried == ["polite"]
    assert set(told(runs)) == set(study.tasks)


def test_who_stops_it_there_has_results_and_model(compared, monkeypatch):
    study, runs = compared

    def stopped(*given: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(quantising, "_scored", stopped)
    another = study.model_copy(update={"name": "stopped"})
    with pytest.raises(KeyboardInterrupt):
        compare(another, runs=runs, workers=1)
    assert (runs / "stopped" / "results.json").is_file()
    assert Scorer.load(runs / "stopped" / "model", engine="torch").score(["a text"])
    monkeypatch.undo()
    compare(another, runs=runs, workers=1)
    models = Scorer.load(runs / "stopped" / "model").models
    assert all(model.manifest.integers for model in models)


def test_auto_takes_integers_only_where_they_were_borne_and_are_the_fastest(compared, monkeypatch):
    _, runs = compared
    folder = runs / "tiny" / "model"
    speeds = {"torch": 3.0, "torch-bf16": 2.0, "torch-int8": 1.0}
    monkeypatch.setattr(engines, "_seconds", lambda engine, models: speeds[engine.name])
    exact = {
        task: manifest["validation"].model_copy(update={"rows": 200})
        for model in Scorer.load(folder, engine="torch").models
        for task, manifest in model.manifest.metrics.items()
    }
    restate_integers(folder, exact)
    assert Scorer.load(folder).engine == "torch-int8"
    speeds["torch-int8"] = 4.0
    assert Scorer.load(folder).engine != "torch-int8"
    speeds["torch-int8"] = 1.0
    restate_integers(folder, {task: one.model_copy(update={"value": 0.3}) for task, one in exact.items()})
    assert Scorer.load(folder).engine != "torch-int8"


def test_a_file_begun_with_integers_is_not_gone_on_with_where_there_are_none(compared, tmp_path, monkeypatch):
    _, runs = compared
    pl.DataFrame({"text": list(TEXTS)}).write_csv(tmp_path / "in.csv")
    given = {"text": "text", "window": 1}

    def killed(rows: int, share: float | None) -> None:
        raise KeyboardInterrupt

    scorer = Scorer.load(runs / "tiny" / "model", engine="torch-int8")
    with pytest.raises(KeyboardInterrupt):
        predict_file(scorer, tmp_path / "in.csv", tmp_path / "out.csv", watch=killed, **given)
    monkeypatch.setattr(engines, "in_integers", lambda model, device: None)
    elsewhere = Scorer.load(runs / "tiny" / "model", engine="torch")
    with pytest.raises(
        UserError, match=r"can't be gone on with: the engine torch-int8[^\n]*\n  To do: .*--restart"
    ):
        predict_file(elsewhere, tmp_path / "in.csv", tmp_path / "out.csv", **given)
    done = predict_file(elsewhere, tmp_path / "in.csv", tmp_path / "out.csv", restart=True, **given)
    assert (done.engine, done.rows) == ("torch", len(TEXTS))
