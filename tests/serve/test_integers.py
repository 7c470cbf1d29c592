"""Models in 8-bit integers: near float32, tried on validation, and taken unasked only where they bear it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
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
from sharewise.models.kernels.native import kernels
from sharewise.models.manifest import Manifest, SavedMetric, read_manifest
from sharewise.models.saved import restate_integers
from sharewise.models.sharing import SHARINGS
from sharewise.models.tokenizers import load_tokenizer
from sharewise.serve import Scorer, engines
from sharewise.serve.integers import bears_integers, in_integers
from sharewise.study import Study
from tiny_study import tiny_study

CPU = torch.device("cpu")
pytestmark = pytest.mark.skipif(kernels() is None, reason="no kernels in C on this machine")


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


def with_metrics(manifest: Manifest, **values: tuple[float, float | None]) -> Manifest:
    """A manifest whose tasks scored the first number, and in 8-bit integers the second."""

    def scored(value: float) -> SavedMetric:
        return SavedMetric(metric="mcc", value=value, interval=None, rows=100)

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
    # Errors in a unit of their own.
    assert bears_integers(with_metrics(manifest, stars=(20.0, 20.09)))
    assert not bears_integers(with_metrics(manifest, stars=(20.0, 20.11)))


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
    engine = quantising.TorchEngine

    def watched(models, **keys):
        tried.extend(task for model in models for task in model.tasks)
        return engine(models, **keys)

    monkeypatch.setattr(quantising, "TorchEngine", watched)
    compare(study, runs=runs, workers=1)
    assert tried == []
    compare(studied(study.folder, **{"tasks.polite.threshold": 0.9}), runs=runs, workers=1)
    assert tried == ["polite"]
    assert set(told(runs)) == set(study.tasks)


def test_auto_takes_integers_only_where_they_were_borne_and_are_the_fastest(compared, monkeypatch):
    _, runs = compared
    folder = runs / "tiny" / "model"
    speeds = {"torch": 3.0, "torch-bf16": 2.0, "torch-int8": 1.0}
    monkeypatch.setattr(engines, "_seconds", lambda engine, models: speeds[engine.name])
    exact = {
        task: manifest["validation"]
        for model in Scorer.load(folder, engine="torch").models
        for task, manifest in model.manifest.metrics.items()
    }
    restate_integers(folder, exact)
    assert Scorer.load(folder).engine == "torch-int8"
    speeds["torch-int8"] = 4.0
    assert Scorer.load(folder).engine != "torch-int8"
    speeds["torch-int8"] = 1.0
    restate_integers(folder, {})
    assert Scorer.load(folder).engine != "torch-int8"
