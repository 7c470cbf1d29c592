"""Which weights stay on disk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from sharewise.compare.keeping import kept_folders, prune, seeds_by_score
from sharewise.compare.results import RunRecord
from sharewise.study import Study
from tiny_study import Compared, keys_with


@pytest.fixture
def record(trained: Compared) -> RunRecord:
    return next(r for r in trained.results.runs if r.arm == "hard")


def runs(
    record: RunRecord, scores: dict[int, float | None], arm: str = "hard", failed: Sequence[int] = ()
) -> list[RunRecord]:
    """Runs of these seeds with these selection scores."""
    line = record.history[0]
    return [
        record.model_copy(
            update={
                "arm": arm,
                "seed": seed,
                "folder": f"{arm}/all/seed-{seed}",
                "best_step": line.step,
                "failed": "diverged" if seed in failed else None,
                "history": [line.model_copy(update={"score": score})],
            }
        )
        for seed, score in scores.items()
    ]


def study(keep: str) -> Study:
    return Study(**keys_with({"keep": keep}))


def with_models(root: Path, records: Sequence[RunRecord], seeds: Sequence[int] | None = None) -> None:
    for run in records:
        (root / run.folder / "checkpoints").mkdir(parents=True)
        if seeds is None or run.seed in seeds:
            (root / run.folder / "model").mkdir()


def models(root: Path) -> set[str]:
    return {path.parent.relative_to(root).as_posix() for path in root.glob("*/*/*/model")}


def test_seeds_are_ranked_by_the_mean_over_their_models(record: RunRecord) -> None:
    one, two = runs(record, {1: 0.9, 2: 0.1, 3: 0.5}), runs(record, {1: 0.0, 2: 0.2, 3: 0.3})
    assert seeds_by_score(one) == [2, 3, 1]
    assert seeds_by_score([*one, *two]) == [2, 3, 1]
    assert seeds_by_score(runs(record, {4: 0.5, 3: 0.5})) == [3, 4]


def test_failed_seeds_are_ranked_only_among_themselves(record: RunRecord) -> None:
    assert seeds_by_score(runs(record, {1: 0.9, 2: None, 3: 0.5}, failed=[2])) == [3, 1]
    assert seeds_by_score(runs(record, {1: 0.9, 2: None}, failed=[1, 2])) == [2, 1]


def test_of_each_arm_the_seed_with_the_median_score_is_kept(tmp_path: Path, record: RunRecord) -> None:
    records = runs(record, {1: 0.9, 2: 0.1, 3: 0.5}) + runs(record, {1: 0.1, 2: 0.2}, arm="single")
    with_models(tmp_path, records)
    kept, notes = kept_folders(study("selected"), tmp_path, records)
    assert (kept, notes) == ({"hard/all/seed-3", "single/all/seed-1"}, [])
    prune(tmp_path, records, kept)
    assert models(tmp_path) == kept
    assert not list(tmp_path.rglob("checkpoints"))


def test_all_or_none_are_kept(tmp_path: Path, record: RunRecord) -> None:
    records = runs(record, {1: 0.9, 2: 0.1})
    with_models(tmp_path, records)
    kept, notes = kept_folders(study("all"), tmp_path, records)
    prune(tmp_path, records, kept)
    assert (models(tmp_path), notes) == ({"hard/all/seed-1", "hard/all/seed-2"}, [])
    kept, notes = kept_folders(study("none"), tmp_path, records)
    prune(tmp_path, records, kept)
    assert (models(tmp_path), notes) == (set(), [])


def test_weights_that_were_deleted_before_are_replaced_by_the_nearest(
    tmp_path: Path, record: RunRecord
) -> None:
    records = runs(record, {1: 0.1, 2: 0.2, 3: 0.3, 4: 0.4, 5: 0.5})
    records += runs(record, {1: 0.5}, arm="single")
    with_models(tmp_path, records[:5], seeds=[1, 4])
    with_models(tmp_path, records[5:])
    kept, notes = kept_folders(study("selected"), tmp_path, records)
    assert kept == {"hard/all/seed-4", "single/all/seed-1"}
    assert len(notes) == 1
    assert notes[0].startswith("hard: seed 3 has the median score now")
    assert "seed 4 are kept" in notes[0]


@pytest.mark.parametrize(("keep", "number"), [("selected", 1), ("all", 2)])
def test_weights_that_are_gone_are_missed(tmp_path: Path, record: RunRecord, keep: str, number: int) -> None:
    records = runs(record, {1: 0.1, 2: 0.2}) + runs(record, {1: 0.5}, arm="single")
    with_models(tmp_path, records[2:])
    kept, notes = kept_folders(study(keep), tmp_path, records)
    assert "single/all/seed-1" in kept
    assert len(notes) == number
    assert all(f"keep is `{keep}`" in note and "hard/all/seed-1" in notes[0] for note in notes)


def test_the_trained_study_kept_one_seed_of_each_arm(trained: Compared) -> None:
    by_arm = {
        arm: seeds_by_score([r for r in trained.results.runs if r.arm == arm])[1]
        for arm in ("single", "hard")
    }
    expected = {r.folder for r in trained.results.runs if r.seed == by_arm[r.arm]}
    assert models(trained.root) == expected
    assert len(expected) == 5
