"""What a study will cost, before it is trained."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sharewise.compare import estimate
from sharewise.study import load_study
from tiny_study import Compared, tiny_study, write_study

PAIR = {"tasks.topic": None, "tasks.good": None, "data.reviews": None, "seeds": [1, 2]}


def test_a_study_on_disk_takes_no_more_time(compared: Compared) -> None:
    plan = estimate(compared.study, runs=compared.runs, workers=1)
    assert plan.seconds == 0.0
    assert [run.label for run in plan.runs] == compared.spy.made
    assert all(run.on_disk for run in plan.runs)
    made = {
        f"{r.arm}{'' if r.task == 'all' else ' ' + r.task}, seed {r.seed}": r for r in compared.results.runs
    }
    for run in plan.runs:
        assert run.updates == max(made[run.label].updates.values())
        assert run.rows == made[run.label].rows_seen


def test_only_what_is_missing_takes_time(compared: Compared) -> None:
    study = load_study(write_study(compared.file.parent, {"seeds": [1, 2, 3, 4]}))
    plan = estimate(study, runs=compared.runs, workers=1)
    missing = [run for run in plan.runs if not run.on_disk]
    assert [run.label for run in missing] == [
        *(f"single {task}, seed 4" for task in ("polite", "loud", "topic", "good")),
        "hard, seed 4",
    ]
    assert all(run.seconds > 0 for run in missing)
    assert plan.seconds == pytest.approx(sum(run.seconds for run in missing))


def test_nothing_is_trained_and_no_run_is_written(tmp_path: Path, one_thread: None) -> None:
    estimate(tiny_study(tmp_path, PAIR), runs=tmp_path / "runs", workers=1)
    assert not (tmp_path / "runs" / "tiny").exists()


@pytest.mark.parametrize("keep", ["all", "selected", "none"])
def test_weights_are_those_of_whole_models(compared: Compared, keep: str) -> None:
    """The vocabulary is compacted in training, and whole again on disk."""
    study = tiny_study(compared.file.parent, {"keep": keep})
    plan = estimate(study, runs=compared.runs, workers=1)
    one_seed = 4 * sum(arm.parameters for arm in compared.results.arms.values())
    kept = {"all": 3 * one_seed, "selected": one_seed, "none": 0}[keep]
    assert plan.kept_bytes == pytest.approx(kept, rel=0.01)  # Heads differ a little between tasks.
    largest = 4 * max(run.parameters for run in compared.results.runs)
    peak = (0 if keep == "none" else 3 * one_seed) + 7 * largest
    assert plan.peak_bytes == pytest.approx(peak, rel=0.01)


@pytest.mark.parametrize(("workers", "count"), [(2, 2), (99, 6)])
def test_runs_side_by_side_share_the_time(tmp_path: Path, one_thread: None, workers: int, count: int) -> None:
    plan = estimate(tiny_study(tmp_path, PAIR), runs=tmp_path / "runs", workers=workers)
    assert plan.workers == count
    assert plan.seconds == pytest.approx(sum(run.seconds for run in plan.runs) / count)


def test_more_epochs_are_more_updates(tmp_path: Path, one_thread: None) -> None:
    def updates(epochs: int) -> dict[str, Any]:
        study = tiny_study(tmp_path, {**PAIR, "seeds": [1], "training.epochs": epochs})
        return {run.label: run.updates for run in estimate(study, runs=tmp_path / "runs").runs}

    assert updates(3) == {label: 3 * number for label, number in updates(1).items()}
