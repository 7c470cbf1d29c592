"""System B's published numbers as results, and a study of tasks whose metrics have other units."""

from __future__ import annotations

from typing import Any

from sharewise.compare.results import ArmRecord, EpochRecord, Results, RunRecord, TaskRecord
from sharewise.compare.swept import SweptRecord

_NAMES = (
    "loss",
    "accuracy",
    "macro_f1",
    "micro_f1",
    "macro_precision",
    "micro_precision",
    "macro_recall",
    "micro_recall",
)
# Arm -> task -> the rows of the published table, in its order.
PUBLISHED = {
    "single": {
        "AMCD": (0.0648, 0.9475, 0.8486, 0.9475, 0.8734, 0.9475, 0.8278, 0.9475),
        "MARC": (0.1695, 0.7495, 0.2634, 0.7495, 0.3333, 0.7495, 0.2287, 0.7495),
    },
    "multi": {
        "AMCD": (0.0446, 0.9518, 0.8688, 0.9518, 0.8705, 0.9518, 0.8671, 0.9518),
        "MARC": (0.1766, 0.7378, 0.2198, 0.7378, 0.3000, 0.7378, 0.1945, 0.7378),
    },
}
# Three rows of the published sweep of task weights.
SWEEP = {
    "w28": {
        "weights": {"MARC": 0.2, "AMCD": 0.8},
        "AMCD": (0.0735, 0.9336, 0.7725, 0.9336, 0.8834, 0.9336, 0.7186, 0.9336),
        "MARC": (0.1699, 0.7402, 0.2544, 0.7402, 0.3333, 0.7402, 0.2217, 0.7402),
    },
    "w37": {
        "weights": {"MARC": 0.3, "AMCD": 0.7},
        "AMCD": (0.0481, 0.9497, 0.8642, 0.9497, 0.8625, 0.9497, 0.8659, 0.9497),
        "MARC": (0.1586, 0.7318, 0.2362, 0.7318, 0.3000, 0.7318, 0.2026, 0.7318),
    },
    "w55": {
        "weights": {"MARC": 0.5, "AMCD": 0.5},
        "AMCD": (0.0755, 0.9176, 0.8204, 0.9176, 0.7744, 0.9176, 0.9033, 0.9176),
        "MARC": (0.1724, 0.7396, 0.2219, 0.7396, 0.3000, 0.7396, 0.1959, 0.7396),
    },
}
_TASKS = {"AMCD": ("binary", ["0", "1"]), "MARC": ("multiclass", ["negative", "neutral", "positive"])}


def published_results() -> Results:
    """System B's table, one seed, scored on test."""
    return _published(PUBLISHED)


def published_sweep(*, chosen: str | None) -> Results:
    """System B's single task beside rows of its sweep of task weights, of which one was chosen on validation."""
    results = _published({"single": PUBLISHED["single"]} | SWEEP)
    swept = {
        name: SweptRecord(
            arm="multi", values={"weights": rows["weights"]}, added=False, score=0.5, chosen=name == chosen
        )
        for name, rows in SWEEP.items()
    }
    arms = {n: arm.model_copy(update={"swept": swept.get(n)}) for n, arm in results.arms.items()}
    return results.model_copy(update={"arms": arms})


def with_arms(results: Results, **arms: ArmRecord) -> Results:
    """The same with further arms, without runs."""
    return results.model_copy(update={"arms": {**results.arms, **arms}})


def _published(numbers: dict[str, Any]) -> Results:
    return results_of(
        study="t5-single-against-multi",
        tasks={name: task(kind, "macro_f1", labels) for name, (kind, labels) in _TASKS.items()},
        scores={
            arm: {t: dict(zip(_NAMES, rows[t], strict=True)) for t in _TASKS} for arm, rows in numbers.items()
        },
        weights={arm: rows["weights"] for arm, rows in numbers.items() if "weights" in rows},
    )


def mixed_results() -> Results:
    """A binary task beside one of numbers whose primary metric is an error in its own unit; one seed."""
    toxic = {"loss": 0.21, "accuracy": 0.91, "macro_f1": 0.74, "mcc": 0.52}
    stars = {"loss": 0.4, "mae": 0.612, "pearson": 0.71, "spearman": 0.7}
    return results_of(
        study="mixed",
        tasks={"toxic": task("binary", "mcc", ["no", "yes"]), "stars": task("regression", "mae", [])},
        scores={
            "single": {"toxic": toxic, "stars": stars},
            "hard": {"toxic": toxic | {"mcc": 0.55}, "stars": stars | {"mae": 0.58}},
        },
        weights={},
    )


def task(kind: str, metric: str, labels: list[str]) -> TaskRecord:
    shares = {label: 1 / len(labels) for label in labels}
    return TaskRecord(
        kind=kind,
        labels=labels,
        metric=metric,
        higher_is_better=metric != "mae",
        margin=None,
        rows={"train": 5600, "validation": 466, "test": 934},
        shares=dict.fromkeys(("train", "validation", "test"), shares) if labels else {},
        baselines={"majority": {"accuracy": 0.9, "macro_f1": 0.47, "mcc": 0.0} if labels else {"mae": 1.1}},
    )


def results_of(
    *,
    study: str,
    tasks: dict[str, TaskRecord],
    scores: dict[str, dict[str, dict[str, float]]],
    weights: dict[str, dict[str, float]],
) -> Results:
    """Results of one seed around given test scores."""
    runs = [
        run(arm, name, {t: by_task[t] for t in own})
        for arm, by_task in scores.items()
        for name, own in ([(t, [t]) for t in tasks] if arm == "single" else [("all", list(tasks))])
    ]
    return Results(
        study=study,
        sharewise="0.1.0",
        created="2026-03-01T09:30:00+00:00",
        git=None,
        versions={"python": "3.11.2"},
        machine={"cores": "2"},
        configuration={"name": study, "tasks": {name: {"kind": t.kind} for name, t in tasks.items()}},
        seeds=[1],
        scored="test",
        epoch_metric=None,
        simulated=False,
        tasks=tasks,
        arms={arm: _arm(arm, by_task, weights.get(arm)) for arm, by_task in scores.items()},
        runs=runs,
        verdicts=[],
        sentences=[],
        recommendation=None,
        warnings=[],
    )


def _arm(arm: str, by_task: dict[str, dict[str, float]], weights: dict[str, float] | None) -> ArmRecord:
    return ArmRecord(
        sharing="single" if arm == "single" else "hard",
        baseline=None if arm == "single" else "single",
        overrides={"tasks": {t: {"weight": w} for t, w in weights.items()}} if weights else {},
        models=2 if arm == "single" else 1,
        parameters=222_000_000 * (2 if arm == "single" else 1),
        seconds=3400.0,
        examples_per_second=66.0,
        updates=dict.fromkeys(by_task, 2800.0),
        updates_made=dict.fromkeys(by_task, 2800.0),
        summary={
            t: {"test": {m: (value, 0.0) for m, value in metrics.items()}} for t, metrics in by_task.items()
        },
        joint={},
    )


def run(arm: str, name: str, metrics: dict[str, dict[str, float]]) -> RunRecord:
    lines = [
        EpochRecord(
            epoch=float(epoch),
            step=700 * epoch,
            learning_rate=3e-4,
            seconds=400.0 * epoch,
            train_loss=0.3 / epoch,
            validation_loss=0.2,
            score=0.8,
            selected=epoch == 1,
            joint={},
            tasks={t: {"train_loss": 0.3 / epoch, "validation_loss": 0.2, **m} for t, m in metrics.items()},
        )
        for epoch in (1, 2)
    ]
    return RunRecord(
        arm=arm,
        task=name,
        seed=1,
        hash="0a1b2c3d",
        folder=f"{arm}/{name}/seed-1-0a1b2c3d",
        best_epoch=1.0,
        best_step=700,
        stopped_early=False,
        failed=None,
        seconds=800.0,
        rows_seen=11200,
        updates=dict.fromkeys(metrics, 1400),
        updates_made=dict.fromkeys(metrics, 1400),
        parameters=222_000_000,
        precision="bf16",
        notes=[],
        metrics={t: {"test": m} for t, m in metrics.items()},
        joint={},
        history=lines,
    )
