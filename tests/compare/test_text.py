"""Text to text from the study file to the report, beside heads, and the model that comes out of it."""

from __future__ import annotations

import pytest
import torch

from sharewise.compare import compare
from sharewise.models.kernels.native import kernels
from sharewise.report import write_reports
from sharewise.serve import Scorer
from sharewise.serve.bfloat16 import has_bfloat16
from sharewise.study import load_study
from tiny_study import write_study

CHANGES = {
    "backend": {"name": "text2text", "generate": True},
    "encoder.scratch.dropout": 0.0,
    "training.optimizer": "adafactor",
    "tasks.polite.labels": {"yes": "kind", "no": "rude"},
    "tasks.loud": None,
    "seeds": [1],
    "arms": {"multi": {}, "heads": {"backend": "heads"}},
    "sweep": {"multi": {"weights": [{"polite": 0.5, "topic": 0.5, "good": 0.5}, {"good": 0.2}]}},
}


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    folder = tmp_path_factory.mktemp("text")
    file = write_study(folder, CHANGES)
    results = compare(load_study(file), runs=folder / "runs", workers=1)
    return results, folder / "runs" / results.study


def test_heads_and_written_labels_stand_in_one_report(compared):
    results, root = compared
    assert {"single", "single[heads]", "heads"} <= results.arms.keys()
    written = results.arms["single"].summary["polite"]["test"]
    assert {"invalid_outputs", "written_accuracy", "written_mcc"} <= written.keys()
    assert "invalid_outputs" not in results.arms["heads"].summary["polite"]["test"]
    files = write_reports(results, root)
    text = next(f for f in files.values() if f.suffix == ".md").read_text(encoding="utf-8")
    assert "Heads Polite" in text
    assert "Free answers that are no label" in text
    assert "polite: 0.5, topic: 0.5, good: 0.5" in text


def test_the_model_that_comes_out_is_loaded_and_scores(compared):
    results, root = compared
    weights = next(f.parent for f in sorted(root.glob("multi*/**/sharewise.json")))
    (answer,) = Scorer.load(weights).score(["lovely ball today 3"])
    assert answer["polite"].decision in ("yes", "no")
    assert set(answer) == set(results.tasks)


@pytest.mark.skipif(
    kernels() is None or not has_bfloat16(torch.device("cpu")), reason="no kernels in C, or no bfloat16"
)
def test_kernels_in_c_score_the_same_labels(compared):
    _, root = compared
    weights = next(f.parent for f in sorted(root.glob("multi*/**/sharewise.json")))
    texts = ["lovely ball today 3", "a bad day", "the lamp was good, good, good"]
    exact, quick = (Scorer.load(weights, engine=name) for name in ("torch", "torch-bf16"))
    (copy,) = (model for _, model in quick.readers[0].engine.models)
    assert copy.quick
    for one, other in zip(exact.score(texts), quick.score(texts), strict=True):
        for task, answer in one.items():
            assert other[task].probabilities == pytest.approx(answer.probabilities, abs=0.02)
            assert other[task].probabilities != answer.probabilities
