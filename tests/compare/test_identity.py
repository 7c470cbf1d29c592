"""What a run's hash depends on, and what it doesn't."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import torch
from safetensors.torch import load_file, save_file

from sharewise.compare import plan_runs
from sharewise.compare.identity import run_hash
from sharewise.compare.workspace import Workspace
from sharewise.models.options import ScratchOptions
from sharewise.models.scratch import scratch_backbone
from sharewise.models.tokenizers import train_tokenizer, wrap
from sharewise.study import Study
from sharewise.train.options import TrainingOptions
from tiny_study import KEYS, change_cell, keys_with, read_rows, tiny_study, write_data, write_rows

SHARED, ALONE = "hard, seed 1", "single polite, seed 1"
Hashes = Callable[..., dict[str, str]]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The tiny study's data, read once."""
    folder = tmp_path_factory.mktemp("base")
    return Workspace(tiny_study(folder, {"seeds": [1, 2]}), folder / "cache")


@pytest.fixture(scope="module")
def before(base: Workspace) -> dict[str, str]:
    """The hashes of the study as it stands, by label."""
    return hashes_of(base.study, base)


@pytest.fixture
def configured(base: Workspace) -> Hashes:
    """The hashes with keys changed that leave the data alone."""

    def of(changes: dict[str, Any]) -> dict[str, str]:
        study = Study(**keys_with({"seeds": [1, 2], **changes}))
        study._folder = base.study.folder
        return hashes_of(study, base)

    return of


@pytest.fixture
def read(tmp_path: Path, base: Workspace) -> Hashes:
    """The hashes of a study read anew from a folder."""

    def of(changes: dict[str, Any] | None = None, folder: Path = tmp_path) -> dict[str, str]:
        study = tiny_study(folder, {"seeds": [1, 2], **(changes or {})})
        return hashes_of(study, Workspace(study, base.cache))

    return of


def hashes_of(study: Study, space: Workspace) -> dict[str, str]:
    return {run.label: run_hash(run, space) for run in plan_runs(study)}


def changed(one: dict[str, str], other: dict[str, str]) -> set[str]:
    assert one.keys() == other.keys()
    return {label for label in one if one[label] != other[label]}


def test_every_run_has_a_hash_of_its_own(before: dict[str, str]) -> None:
    assert len(set(before.values())) == len(before) == 10


TRAINING = {
    "kernels": "torch",
    "epochs": 2,
    "optimizer": "adafactor",
    "batch_rows": 9,
    "learning_rate": 0.02,
    "warmup": 0.3,
    "weight_decay": 0.2,
    "max_gradient_norm": 2.0,
    "precision": "bf16",
    "patience": 5,
    "evaluate_every": 3,
    "stop": "never",
    "select": "worst",
    "max_length": 64,
    "sampling": "equal",
    "r_drop": {},
    "fgm": {},
}


def test_the_table_of_training_keys_is_whole() -> None:
    assert TRAINING.keys() | {"batch_tokens", "curriculum"} == TrainingOptions.model_fields.keys()


@pytest.mark.parametrize("key", TRAINING)
def test_every_training_key_counts(configured: Hashes, before: dict[str, str], key: str) -> None:
    assert changed(before, configured({f"training.{key}": TRAINING[key]})) == before.keys()


def test_batch_tokens_count(configured: Hashes) -> None:
    one = configured({"training.batch_rows": None})
    assert changed(one, configured({"training.batch_rows": None, "training.batch_tokens": 512})) == one.keys()


@pytest.mark.parametrize(
    "changes",
    [
        {"encoder.pooling": "cls"},
        {"encoder.dropout": 0.3},
        {"encoder.scratch": {"layers": 2, "width": 16, "vocabulary": 300}},
        {"encoder.scratch": {"layers": 1, "width": 32, "vocabulary": 300}},
        {"encoder.scratch": {"layers": 1, "width": 16, "vocabulary": 310}},
    ],
)
def test_encoder_options_count(configured: Hashes, before: dict[str, str], changes: dict[str, Any]) -> None:
    assert changed(before, configured(changes)) == before.keys()


@pytest.fixture
def encoder(tmp_path: Path) -> Path:
    """A saved encoder."""
    folder = tmp_path / "encoder"
    tokenizer = wrap(train_tokenizer(pl.DataFrame({"text": ["a ball"], "pair": [None]}), 300))
    torch.manual_seed(0)
    scratch_backbone(ScratchOptions(layers=1, width=16, vocabulary=300), tokenizer).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def test_the_encoders_bytes_count_and_its_folder_does_not(
    configured: Hashes, encoder: Path, tmp_path: Path
) -> None:
    one = configured({"encoder": str(encoder)})
    moved = tmp_path / "elsewhere"
    shutil.copytree(encoder, moved)
    assert configured({"encoder": str(moved)}) == one
    other = tmp_path / "other"
    shutil.copytree(encoder, other)
    weights = load_file(other / "model.safetensors")
    next(iter(weights.values()))[0] += 1.0
    save_file(weights, other / "model.safetensors", metadata={"format": "pt"})
    assert changed(one, configured({"encoder": str(other)})) == one.keys()


@pytest.mark.parametrize("file", ["train.csv", "valid.csv", "test.csv"])
def test_a_text_of_any_split_counts(read: Hashes, before: dict[str, str], tmp_path: Path, file: str) -> None:
    write_data(tmp_path)
    change_cell(tmp_path / file, 3, "text", "another text altogether")
    assert changed(before, read()) == before.keys()


@pytest.mark.parametrize("file", ["train.csv", "valid.csv", "test.csv"])
@pytest.mark.parametrize("hole", [False, True])
def test_a_target_counts_for_the_runs_of_its_task_alone(
    read: Hashes, before: dict[str, str], tmp_path: Path, file: str, hole: bool
) -> None:
    write_data(tmp_path)
    turned = {"yes": "no", "no": "yes"}[read_rows(tmp_path / file)[3]["polite"]]
    change_cell(tmp_path / file, 3, "polite", "" if hole else turned)
    assert changed(before, read()) == {
        label for label in before if label.startswith(("hard", "single polite"))
    }


def test_the_primary_metric_counts_for_it_selects(configured: Hashes, before: dict[str, str]) -> None:
    after = configured({"tasks.polite.metric": "accuracy"})
    assert changed(before, after) == {
        label for label in before if label.startswith(("hard", "single polite"))
    }


@pytest.mark.parametrize("key", [{"pos_weight": "auto"}, {"label_smoothing": 0.1}, {"gamma": 2.0}])
def test_the_loss_counts_for_the_runs_of_its_task_alone(
    read: Hashes, before: dict[str, str], tmp_path: Path, key: dict[str, Any]
) -> None:
    after = read({f"tasks.polite.{name}": value for name, value in key.items()}, tmp_path)
    assert changed(before, after) == {
        label for label in before if label.startswith(("hard", "single polite"))
    }


@pytest.mark.parametrize(
    "changes",
    [{"tasks.polite.weight": 3.0}, {"tasks": dict(reversed(KEYS["tasks"].items()))}],
    ids=["weight", "order of tasks"],
)
def test_weights_and_the_order_of_tasks_count_for_the_shared_arm_alone(
    configured: Hashes, before: dict[str, str], changes: dict[str, Any]
) -> None:
    assert changed(before, configured(changes)) == {"hard, seed 1", "hard, seed 2"}


def test_the_way_to_share_counts(base: Workspace, before: dict[str, str]) -> None:
    run = next(r for r in plan_runs(base.study) if r.label == SHARED)
    other = replace(run, resolved=run.resolved.model_copy(update={"sharing": "another"}))
    assert run_hash(run, base) == before[SHARED]
    assert run_hash(other, base) != before[SHARED]


@pytest.mark.parametrize(("sampling", "counts"), [("proportional", False), ("equal", True)])
def test_which_rows_are_of_which_data_set_counts_where_sampling_balances_them(
    base: Workspace, monkeypatch: pytest.MonkeyPatch, sampling: str, counts: bool
) -> None:
    study = Study(**keys_with({"training.sampling": sampling}))
    run = plan_runs(study)[0]
    one = run_hash(run, base)
    data = base.data(run.resolved)
    turned = replace(data, train=replace(data.train, sources=1 - data.train.sources))
    monkeypatch.setattr(base, "data", lambda arm: turned)
    assert (run_hash(run, base) != one) == counts


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "another"},
        {"keep": "none"},
        {"tasks.polite.margin": 0.05},
        {"report": {"epoch_metric": "accuracy"}},
    ],
    ids=["name", "keep", "margin", "report"],
)
def test_what_changes_no_number_does_not_count(
    configured: Hashes, before: dict[str, str], changes: dict[str, Any]
) -> None:
    assert configured(changes) == before


def test_the_arms_name_and_other_seeds_do_not_count(configured: Hashes, before: dict[str, str]) -> None:
    after = configured({"arms": {"renamed": {}}, "seeds": [9, 1]})
    assert after["renamed, seed 1"] == before[SHARED]
    assert after[ALONE] == before[ALONE]


def test_names_and_places_of_files_and_columns_do_not_count(
    read: Hashes, before: dict[str, str], tmp_path: Path
) -> None:
    write_data(tmp_path)
    for name in ("train", "valid", "test"):
        rows = read_rows(tmp_path / f"{name}.csv")
        renamed = [{"kind" if k == "polite" else k: v for k, v in row.items()} for row in rows]
        write_rows(tmp_path / f"{name}.csv", renamed)
    (tmp_path / "train.csv").rename(tmp_path / "renamed.csv")
    write_rows(tmp_path / "train.csv", [{"text": "not read"}])
    assert read({"data.talk.train": "renamed.csv", "tasks.polite.label": "kind"}) == before


def test_row_numbers_of_scored_splits_count_for_predictions_are_joined_by_them(
    read: Hashes, tmp_path: Path
) -> None:
    write_data(tmp_path)
    for name in ("train", "valid", "test"):
        rows = [
            row | {"dialogue": f"{name}{i // 2}"} for i, row in enumerate(read_rows(tmp_path / f"{name}.csv"))
        ]
        write_rows(tmp_path / f"{name}.csv", rows)
    grouped = {"data.talk": KEYS["data"]["talk"] | {"group": "dialogue"}}
    one = read(grouped)
    unlabelled = {"text": "nobody looked at this", "polite": "", "loud": "", "topic": ""}
    for name, count in (("train", set()), ("test", one.keys())):
        rows = read_rows(tmp_path / f"{name}.csv")
        write_rows(tmp_path / f"{name}.csv", [unlabelled | {"dialogue": f"{name}0"}, *rows])
        assert changed(one, read(grouped)) == count


def test_votes_count_for_a_curriculum_alone(tmp_path: Path) -> None:
    votes = {"tasks.polite.votes": {"yes": "yes", "no": "no"}}
    curriculum = votes | {"training.epochs": 2, "training.curriculum": {}}
    found = {}
    for divided in (False, True):
        folder = tmp_path / str(divided)
        write_data(folder)
        for file in ("train.csv", "valid.csv", "test.csv"):
            rows = [row | {"yes": "3", "no": "0"} for row in read_rows(folder / file)]
            if divided and file == "train.csv":
                rows[0] |= {"yes": "2", "no": "1"}
            write_rows(folder / file, rows)
        found[divided] = [_voted(keys, folder) for keys in (votes, curriculum)]
    assert changed(found[False][0], found[True][0]) == set()
    assert changed(found[False][1], found[True][1]) == set(found[False][1])


def _voted(keys: dict[str, Any], folder: Path) -> dict[str, str]:
    study = Study(**keys_with(keys))
    study._folder = folder
    return hashes_of(study, Workspace(study, folder / "cache"))
