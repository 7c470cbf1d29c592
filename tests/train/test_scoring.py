from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn import metrics as sk

from sharewise.models.encoder import build_encoder
from sharewise.models.sharing import SHARINGS
from sharewise.train import scoring
from sharewise.train.scoring import defined, joint_metrics, metrics_of, score_split
from support import (
    COLUMNS,
    TASKS,
    make_data,
    make_stores,
    make_table,
    make_tasks,
    make_tokenizer,
    pick,
    tiny_encoder,
)

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def model():
    built = SHARINGS["hard"](build_encoder(tiny_encoder(), make_tokenizer(), seed=1), make_tasks(), seed=1)
    with torch.no_grad():
        for head in built.heads:
            # Untrained heads say nearly the same of every text.
            head.weight.mul_(4 * math.sqrt(3 * built.encoder.width))
    return built.eval()


def score(model, table, *, tasks=TASKS):
    data = replace(make_data(), validation=table)
    own = {name: task for name, task in make_tasks().items() if name in tasks}
    store = make_stores(data)["validation"]
    return score_split(lambda tokens, asked: model(tokens), tasks=own, table=table, store=store, device=CPU)


@pytest.fixture(scope="module")
def table():
    return make_table("validation", rows=24)


@pytest.fixture(scope="module")
def logits(model, table):
    """Outputs of each row alone, without padding: task -> (rows, outputs)."""
    store = make_stores(replace(make_data(), validation=table))["validation"]
    with torch.no_grad():
        rows = [model(store.batch(np.array([row]))) for row in range(len(table))]
    return {name: torch.cat([row[name] for row in rows]).double().numpy() for name in TASKS}


def held(table, task) -> list[int]:
    return [row for row, value in enumerate(table.targets[task][:, 0].tolist()) if not math.isnan(value)]


def test_answers_are_those_of_each_row_in_the_order_of_the_table(model, table, logits, monkeypatch):
    monkeypatch.setitem(scoring.SCORING_TOKENS, "cpu", 150)  # Several batches, longest rows first.
    scores = score(model, table)
    for task, kind in make_tasks().items():
        rows = held(table, task)
        assert scores[task].rows.tolist() == rows
        assert scores[task].targets.tolist() == table.targets[task][rows].tolist()
        expected = kind.activate(torch.from_numpy(logits[task][rows])).numpy()
        np.testing.assert_allclose(scores[task].scores, expected, atol=1e-5)
        assert scores[task].scores.dtype == np.float32


def test_losses_are_means_over_the_present_cells(model, table, logits):
    scores = score(model, table)
    truth = {task: table.targets[task][held(table, task), 0] for task in TASKS}
    z = {task: logits[task][held(table, task)] for task in TASKS}
    expected = {
        task: np.mean(np.log1p(np.exp(-np.where(truth[task] == 1, 1, -1) * z[task][:, 0])))
        for task in ("spam", "urgent", "tone")
    }
    # Stars 1 … 5: mean 3, variance 2.
    expected["stars"] = np.mean((z["stars"][:, 0] - (truth["stars"] - 3) / np.sqrt(2)) ** 2)
    shares = np.exp(z["topic"]) / np.exp(z["topic"]).sum(axis=1, keepdims=True)
    expected["topic"] = -np.mean(np.log(shares[np.arange(len(shares)), truth["topic"].astype(int)]))
    for task in TASKS:
        assert scores[task].loss == pytest.approx(expected[task], abs=1e-5)


def test_metrics_count_the_present_cells_alone(model, table, logits):
    found = metrics_of(make_tasks(), score(model, table))
    for task in ("spam", "urgent", "tone"):
        rows = held(table, task)
        truth, said = table.targets[task][rows, 0] == 1, logits[task][rows, 0] > 0
        assert found[task]["accuracy"] == pytest.approx(np.mean(truth == said))
        assert found[task]["mcc"] == pytest.approx(sk.matthews_corrcoef(truth, said))
        assert found[task]["auroc"] == pytest.approx(sk.roc_auc_score(truth, logits[task][rows, 0]))
    rows = held(table, "topic")
    macro = sk.f1_score(
        table.targets["topic"][rows, 0],
        logits["topic"][rows].argmax(axis=1),
        average="macro",
        labels=range(3),
        zero_division=0,
    )
    assert found["topic"]["macro_f1"] == pytest.approx(macro)
    rows = held(table, "stars")
    correlation = np.corrcoef(table.targets["stars"][rows, 0], logits["stars"][rows, 0])[0, 1]
    assert found["stars"]["pearson"] == pytest.approx(correlation, abs=1e-4)


def test_a_table_without_the_holes_scores_the_same(model, table):
    with_holes = score(model, table)
    for task in TASKS:
        alone = score(model, pick(table, held(table, task)), tasks=[task])[task]
        assert alone.loss == pytest.approx(with_holes[task].loss, abs=1e-6)
        np.testing.assert_allclose(alone.scores, with_holes[task].scores, atol=1e-6)


def test_rows_of_other_tasks_are_not_computed(model, table):
    seen = []

    def forward(tokens, asked):
        seen.append(len(tokens.input_ids))
        return model(tokens)

    store = make_stores(replace(make_data(), validation=table))["validation"]
    own = {name: make_tasks()[name] for name in COLUMNS["forum"]}
    score_split(forward, tasks=own, table=table, store=store, device=CPU)
    assert sum(seen) == int((table.sources == 1).sum())


def test_a_split_without_a_cell_has_no_metric_and_computes_nothing(table):
    forum = pick(table, np.flatnonzero(table.sources == 1))

    def forward(tokens, asked):
        raise AssertionError("a model was asked")

    scores = score(lambda tokens: forward(tokens, {}), forum, tasks=["spam", "stars"])
    assert scores["spam"].scores.shape == (0, 1)
    assert math.isnan(scores["spam"].loss)
    assert list(metrics_of(make_tasks(), scores)["spam"]) == ["loss"]
    assert joint_metrics(make_tasks(), scores) == {}


def test_joint_metrics_are_of_rows_with_all_binary_cells(model, logits, table):
    reviews = pick(table, np.flatnonzero(table.sources == 0))
    scores = score(model, reviews, tasks=["spam", "urgent", "stars"])
    full = sorted(set(held(table, "spam")) & set(held(table, "urgent")))
    assert 2 <= len(full) < len(reviews)
    truth = np.stack([table.targets[t][full, 0] == 1 for t in ("spam", "urgent")], axis=1)
    said = np.stack([logits[t][full, 0] > 0 for t in ("spam", "urgent")], axis=1)
    found = joint_metrics({t: make_tasks()[t] for t in scores}, scores)
    assert found["exact_match"] == pytest.approx(np.mean((truth == said).all(axis=1)))
    for average in ("micro", "macro"):
        expected = sk.f1_score(truth, said, average=average, zero_division=0)
        assert found[f"{average}_f1"] == pytest.approx(expected)


def test_no_joint_metric_without_two_binary_tasks_on_a_row(model, table):
    assert joint_metrics(make_tasks(), score(model, table, tasks=["spam", "stars"])) == {}
    # Spam and tone are of different data sets.
    assert joint_metrics(make_tasks(), score(model, table, tasks=["spam", "tone"])) == {}


def test_defined_leaves_out_what_is_no_number():
    values = {"loss": 0.5, "mcc": math.nan, "mae": math.inf, "f1": 0.0}
    assert defined(values) == {"loss": 0.5, "f1": 0.0}
    assert defined(values, leave="loss") == {"f1": 0.0}
