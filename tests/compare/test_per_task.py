"""Arms that stop and select task by task, from the study to the saved models."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch
from numpy.testing import assert_allclose

from sharewise.compare import compare
from sharewise.compare.fairness import objections
from sharewise.compare.packing import threads_set
from sharewise.compare.results import ArmRecord, RunRecord, Selection
from sharewise.compare.shipping import ship
from sharewise.compare.workspace import Workspace
from sharewise.data.tokens import TokenBatch, tokenize
from sharewise.models.hub import SharewiseModel
from sharewise.models.saved import load_model, load_models
from sharewise.train.scoring import score_split
from tiny_study import Compared, Spy, tiny_study, write_study

CHANGES = {
    "seeds": [1],
    "keep": "all",
    "training.epochs": 4,
    "training.patience": 1,
    "arms": {
        "selected": {"training": {"select": "per_task", "stop": "never"}, "baseline": "single"},
        "stopped": {"training": {"select": "per_task", "stop": "per_task", "patience": 1}},
    },
}


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Compared:
    folder = tmp_path_factory.mktemp("per_task")
    file, spy = write_study(folder, CHANGES), Spy()
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("OMP_NUM_THREADS", "1")
        results = compare(tiny_study(folder, CHANGES), runs=folder / "runs", observer=spy, workers=1)
    return Compared(file, folder / "runs", results, spy)


def runs_of(compared: Compared, arm: str) -> list[RunRecord]:
    return [run for run in compared.results.runs if run.arm == arm]


def test_each_task_has_the_scores_of_its_own_best_evaluation(kept: Compared) -> None:
    for run in runs_of(kept, "selected"):
        assert run.selected.keys() == kept.results.tasks.keys()
        for task, record in kept.results.tasks.items():
            lines = {line.step: line.tasks[task].get(record.metric, -1.0) for line in run.history}
            assert run.selected_step(task) == max(lines, key=lambda step: lines[step])
            found = run.metrics[task]["validation"].get(record.metric, -1.0)
            assert found == pytest.approx(lines[run.selected_step(task)], abs=1e-5)
    assert max(run.states for run in runs_of(kept, "selected")) > 1


def test_states_are_counted_as_models(kept: Compared) -> None:
    arm: ArmRecord = kept.results.arms["selected"]
    runs = runs_of(kept, "selected")
    assert arm.models == max(run.states for run in runs)
    assert arm.parameters == arm.models * runs[0].parameters
    assert kept.results.arms["single"].models == 4


def test_a_stopped_task_makes_fewer_updates_of_the_same_plan(kept: Compared) -> None:
    results = kept.results
    runs = runs_of(kept, "stopped")
    assert any(run.stopped for run in runs)
    for run in runs:
        last = run.history[-1].epoch
        for task, epoch in run.stopped.items():
            trained = [line.epoch for line in run.history if "train_loss" in line.tasks[task]]
            assert max(trained) == epoch <= last
            assert run.updates_made[task] == pytest.approx(run.updates[task] * epoch / 4, abs=1.0)
    assert results.arms["stopped"].updates == results.arms["single"].updates
    assert results.arms["stopped"].updates_made != results.arms["stopped"].updates


def test_saved_states_load_and_score_as_the_run_did(kept: Compared) -> None:
    space = Workspace(kept.study, kept.runs / ".cache")
    run = max(runs_of(kept, "selected"), key=lambda run: run.states)
    folder = kept.root / run.folder / "model"
    names = sorted(path.name for path in folder.glob("step-*"))
    assert names == sorted({f"step-{chosen.step:09d}" for chosen in run.selected.values()})
    frame = pl.read_parquet(folder.parent / "predictions.parquet")
    answered: list[str] = []
    for name, model in zip(names, load_models(folder), strict=True):
        answered += model.tasks
        assert {f"step-{run.selected[task].step:09d}" for task in model.tasks} == {name}
        table = space.base.tables["test"]
        store = tokenize(table.texts, model.tokenizer, max_length=model.max_length)
        device = next(model.sharing.parameters()).device
        with threads_set(1):
            scores = score_split(
                lambda tokens, _, sharing=model.sharing: sharing(tokens),
                tasks=model.tasks,
                table=table,
                store=store,
                device=device,
            )
        for task, found in scores.items():
            part = frame.filter(pl.col("task") == task, pl.col("split") == "test")
            # Models in training compute with faster layers: the same but for rounding.
            assert_allclose(np.stack(part["output"].to_list()), found.scores, rtol=0, atol=1e-6)
    assert sorted(answered) == sorted(kept.results.tasks)


def test_a_model_of_several_states_ships_as_one(kept: Compared, tmp_path: Path) -> None:
    run = max(runs_of(kept, "selected"), key=lambda run: run.states)
    shipped = ship(kept.results, kept.root, tmp_path / "model", arm="selected")
    assert shipped.models == run.states
    models = load_models(tmp_path / "model")
    whole = SharewiseModel.from_pretrained(tmp_path / "model")
    encoded = models[0].tokenizer(["lovely ball today"], return_tensors="pt")
    logits = whole(**encoded).logits
    assert sorted(logits) == sorted(kept.results.tasks)
    tokens = TokenBatch(encoded["input_ids"], encoded["attention_mask"].bool(), None)
    for model in models:
        for task in model.tasks:
            assert torch.equal(logits[task], model.sharing(tokens)[task])
    card = (tmp_path / "model" / "README.md").read_text()
    assert card.count("| polite | binary |") == 1
    whole.save_pretrained(tmp_path / "again")
    again = SharewiseModel.from_pretrained(tmp_path / "again")(**encoded).logits
    assert all(torch.equal(again[task], logits[task]) for task in logits)


def test_rules_are_compared_as_models_of_one_task_would_have_them(kept: Compared) -> None:
    assert [(o.kind, o.arm, o.text) for o in kept.results.objections] == [
        ("rule", "selected", "selected has stop never against joint with single")
    ]


def test_weights_that_were_not_a_tasks_best_are_found(kept: Compared) -> None:
    results = kept.results
    metrics = {task: record.metric for task, record in results.tasks.items() if record.higher_is_better}
    run, task, worse = next(
        (run, task, line)
        for run in runs_of(kept, "selected")
        for task, metric in metrics.items()
        for line in run.history
        if line.tasks[task].get(metric, 1) < max(other.tasks[task].get(metric, 0) for other in run.history)
    )
    kept_worse = Selection(epoch=worse.epoch, step=worse.step)
    other = run.model_copy(update={"selected": run.selected | {task: kept_worse}})
    runs = [other if one == run else one for one in results.runs]
    found = [o for o in objections(results.model_copy(update={"runs": runs})) if o.kind == "selection"]
    assert len(found) == 1
    assert f"was kept for {task}, though by its own history epoch" in found[0].text


def test_one_state_for_all_is_saved_as_one_model(kept: Compared) -> None:
    for run in runs_of(kept, "single"):
        model = load_model(Path(kept.root / run.folder / "model"))
        assert list(model.tasks) == [run.task]
