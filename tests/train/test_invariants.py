"""What holds of training whatever its data: order, holes and the vocabulary change nothing, one task is `single`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch

from sharewise.compare.planning import plan_runs
from sharewise.compare.workspace import Workspace
from sharewise.data.tokens import TokenStore
from sharewise.models.compaction import Compaction
from sharewise.models.encoder import build_encoder
from sharewise.models.sharing import SHARINGS
from sharewise.study import Study
from sharewise.train.cells import task_losses
from sharewise.train.learners import heads
from sharewise.train.steps import Targets
from support import COLUMNS, TASKS, make_data, make_job, make_stores, make_table, pick, with_tables
from train.comparing import assert_close, assert_same, train

CPU = torch.device("cpu")
FOREIGN = [task for task in TASKS if task != "spam"]


def one_task_study(folder: Path) -> Study:
    for split, rows in (("train", 40), ("validation", 16), ("test", 16)):
        table = make_table(split, rows=2 * rows, holes=0.0)
        reviews = pick(table, np.flatnonzero(table.sources == 0))
        spam = pl.Series("spam", reviews.targets["spam"][:, 0].astype(int))
        reviews.texts.select("text").with_columns(spam).write_csv(folder / f"{split}.csv")
    return Study(
        name="one",
        data={
            "d": {split: str(folder / f"{split}.csv") for split in ("train", "validation", "test")}
            | {"text": "text"}
        },
        tasks={"spam": {"data": "d", "kind": "binary", "label": "spam", "weight": 2.5}},
        encoder={"scratch": {"layers": 1, "width": 16, "vocabulary": 300}},
        training={"epochs": 2, "batch_tokens": 512, "learning_rate": 0.01},
        seeds=(1,),
    )


def test_hard_with_one_task_is_the_single_arm_number_for_number(tmp_path):
    study = one_task_study(tmp_path)
    workspace = Workspace(study, tmp_path / "cache")
    runs = {spec.arm: train(workspace.job(spec), tmp_path / spec.arm) for spec in plan_runs(study)}
    assert sorted(runs) == ["hard", "single"]
    assert_same(runs["hard"], runs["single"])


def losses_and_gradients(job, rows, *, tasks=None):
    """Losses of one step and the gradient of their sum, by name of task and parameter."""
    kinds = {name: job.tasks[name] for name in tasks or job.tasks}
    model = SHARINGS["hard"](build_encoder(job.encoder, job.tokenizer, seed=1), kinds, seed=1)
    targets = Targets(job.data.train, list(kinds))
    cells = targets.cells(rows, targets.counts(rows), CPU)
    losses = task_losses(model(job.stores["train"].batch(rows)), cells, kinds)
    torch.stack(list(losses.values())).sum().backward()
    heads = {f"heads.{index}.": f"heads {name} " for index, name in enumerate(kinds)}
    gradients = {}
    for name, parameter in model.named_parameters():
        prefix = name[: len("heads.0.")]
        gradients[heads.get(prefix, prefix) + name[len(prefix) :]] = parameter.grad
    return {name: value.item() for name, value in losses.items()}, gradients


@pytest.mark.parametrize("change", ["rows", "tasks"])
def test_the_order_of_rows_and_tasks_changes_no_loss_and_no_gradient(change):
    job, rows = make_job(), np.arange(24)
    losses, gradients = losses_and_gradients(job, rows)
    if change == "rows":
        its_losses, its_gradients = losses_and_gradients(job, np.random.default_rng(0).permutation(rows))
    else:
        its_losses, its_gradients = losses_and_gradients(job, rows, tasks=TASKS[::-1])
    assert its_losses == pytest.approx(losses, abs=1e-6)
    assert its_gradients.keys() == gradients.keys()
    for name, gradient in gradients.items():
        assert gradient.abs().max() > 0, name
        torch.testing.assert_close(its_gradients[name], gradient, atol=1e-6, rtol=1e-4, msg=name)


def test_the_order_of_a_tables_rows_changes_no_run_of_whole_batches(tmp_path):
    data = make_data()
    order = np.random.default_rng(0).permutation(len(data.train))
    turned = with_tables(data, train=pick(data.train, order))
    common = {"batch_rows": 100, "epochs": 3, "learning_rate": 0.003}
    assert_close(
        train(make_job(data=data, **common), tmp_path / "one"),
        train(make_job(data=turned, **common), tmp_path / "other"),
    )


def test_a_row_of_holes_is_in_no_step():
    job = make_job()
    batch = np.arange(12)
    losses, gradients = losses_and_gradients(job, batch, tasks=["spam"])
    held = batch[job.data.train.present("spam")[batch]]
    assert 0 < len(held) < len(batch)
    its_losses, its_gradients = losses_and_gradients(job, held, tasks=["spam"])
    assert its_losses == pytest.approx(losses, abs=1e-6)
    for name, gradient in gradients.items():
        torch.testing.assert_close(its_gradients[name], gradient, atol=1e-6, rtol=1e-4, msg=name)


def reversed_texts(store: TokenStore, rows) -> TokenStore:
    """A store in which some rows hold their tokens in reverse: other texts, as long, of the same pieces."""
    changed = object.__new__(TokenStore)
    changed.__dict__.update(store.__dict__)
    changed.ids = store.ids.copy()
    for row in rows:
        start, end = store.offsets[row], store.offsets[row + 1]
        changed.ids[start:end] = store.ids[start:end][::-1]
    return changed


def test_what_other_tasks_rows_hold_changes_nothing(tmp_path):
    data = make_data()
    stores = make_stores(data)
    foreign = {split: np.flatnonzero(~table.present("spam")) for split, table in data.tables.items()}
    rng = np.random.default_rng(0)
    tables = {}
    for split, table in data.tables.items():
        targets = dict(table.targets)
        for task in FOREIGN:
            targets[task] = rng.permuted(targets[task], axis=0)
        tables[split] = replace(table, targets=targets)
    other = {split: reversed_texts(store, foreign[split]) for split, store in stores.items()}
    one = train(make_job("spam", data=data, stores=stores, dropout=0.1), tmp_path / "one")
    two = train(
        make_job("spam", data=with_tables(data, **tables), stores=other, dropout=0.1), tmp_path / "two"
    )
    assert_same(one, two)


def test_what_own_rows_hold_does_change_a_run(tmp_path):
    """The same change as above where it must be felt."""
    data = make_data()
    stores = make_stores(data)
    own = np.flatnonzero(data.train.present("spam"))
    other = stores | {"train": reversed_texts(stores["train"], own)}
    one = train(make_job("spam", data=data, stores=stores), tmp_path / "one")
    two = train(make_job("spam", data=data, stores=other), tmp_path / "two")
    assert one.history != two.history


@pytest.mark.parametrize("tasks", [TASKS, ("topic",), COLUMNS["reviews"]])
def test_compaction_changes_no_training_curve(tmp_path, monkeypatch, tasks):
    job = make_job(*tasks, dropout=0.1)
    compacted = train(job, tmp_path / "compacted")

    def keep_all(encoder, used):
        return Compaction(encoder, np.arange(len(encoder.table.weight)))

    monkeypatch.setattr(heads, "compact", keep_all)
    whole = train(job, tmp_path / "whole")
    assert_close(compacted, whole)

    name = "encoder.backbone.embeddings.tok_embeddings.weight"
    start = build_encoder(job.encoder, job.tokenizer, seed=job.seed).table.weight.detach()
    trained = np.unique(np.concatenate([job.stores["train"].ids[begin:end] for begin, end in own_spans(job)]))
    untouched = np.setdiff1d(np.arange(len(start)), trained)
    assert len(untouched) > 50
    for run in (compacted, whole):
        table = run.weights[name]
        assert table.shape == start.shape
        assert torch.equal(table[untouched], start[untouched])
        assert (table[trained] != start[trained]).any(dim=1).all()


def own_spans(job):
    offsets = job.stores["train"].offsets
    return [
        (offsets[row], offsets[row + 1])
        for row in np.flatnonzero(job.data.train.present_any(list(job.tasks)))
    ]


def test_pads_are_kept_where_the_encoders_own_pad_is_another(tmp_path, monkeypatch):
    """Some tokenizers and encoders disagree about the pad's id; the store's is the one that is fed."""
    job = make_job()
    used = np.unique(np.concatenate([store.vocabulary_used() for store in job.stores.values()]))
    free = int(np.setdiff1d(np.arange(len(job.tokenizer)), used)[-1])
    stores = {}
    for split, store in job.stores.items():
        stores[split] = reversed_texts(store, [])
        stores[split].pad_id = free
    padded = train(replace(job, stores=stores), tmp_path / "padded")
    assert_close(padded, train(job, tmp_path / "plain"))
