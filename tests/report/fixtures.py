"""Realistic results in code: simulated predictions scored by the real metrics, and judged as a study's are."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from sharewise.compare.detail import ArmDetail, DisagreedRow, PairTest, TaskDetail
from sharewise.compare.overfitting import find_peaks, peak_sentences
from sharewise.compare.results import ArmRecord, EpochRecord, Recommendation, Results, RunRecord, TaskRecord
from sharewise.compare.statistics import Comparison, Verdict, judge_family, recommend, sentence
from sharewise.stats import class_f1, count
from sharewise.stats.classification import classification_metrics
from sharewise.stats.joint import joint_binary_metrics

CRITERIA = (
    "linguistic_acceptability",
    "consistency",
    "interestingness",
    "unbias",
    "harmlessness",
    "no_hallucination",
    "understandability",
    "sensibleness",
    "specificity",
)
KOREAN = (
    "언어적_수용성",
    "일관성",
    "흥미성",
    "무편향성",
    "무해성",
    "환각_없음",
    "이해가능성",
    "타당성",
    "구체성",
)
ROWS = {"train": 40057, "validation": 1200, "test": 1500}
_POSITIVES = (0.91, 0.89, 0.907, 0.92, 0.921, 0.796, 0.86, 0.9, 0.922)
# Share of rows that each arm gets wrong less (or more) than single, task by task.
_GAINS = (0.0, 0.016, 0.0, 0.001, -0.001, 0.02, -0.018, 0.001, 0.0)


def dialogue_results(
    *,
    names: Sequence[str] = CRITERIA,
    arms: Sequence[str] = ("single", "hard"),
    seeds: Sequence[int] = (1, 2, 3),
    epochs: int = 4,
    scored: Literal["test", "validation"] = "test",
    simulated: bool = False,
    failed: bool = False,
) -> Results:
    """A study like system A: nine binary tasks on the same rows."""
    study = _Study(names, arms, seeds, epochs)
    runs = study.runs()
    if failed:
        runs[-1] = runs[-1].model_copy(update={"failed": "its score is no better than the constant answer's"})
    verdicts = study.verdicts() if scored == "test" else []
    advice = recommend(verdicts, arms, names) if verdicts else None
    return Results(
        study="dialogue-quality",
        sharewise="0.1.0",
        created="2026-03-01T09:30:00+00:00",
        git="6c509f6d2e1c",
        versions={"python": "3.11.2", "torch": "2.13.0", "transformers": "5.23.0"},
        machine={"processor": "AMD EPYC 9B14", "cores": "2", "memory": "24 GiB"},
        configuration={
            "name": "dialogue-quality",
            "data": {"dialogues": {"train": "train.csv", "validation": "valid.csv", "test": "test.csv"}},
            "tasks": {n: {"data": "dialogues", "kind": "binary", "label": f"{n}_majority"} for n in names},
            "encoder": {"name": "klue/roberta-base", "pooling": "mean"},
            "training": {"epochs": epochs, "batch_tokens": 4096, "learning_rate": 2e-5},
            "seeds": list(seeds),
        },
        seeds=list(seeds),
        scored=scored,
        epoch_metric="accuracy",
        simulated=simulated,
        tasks={n: study.task(i) for i, n in enumerate(names)},
        joint_baseline=study.constant_joint(),
        arms={arm: study.arm(arm, runs) for arm in arms},
        runs=runs,
        verdicts=verdicts,
        sentences=[sentence(v) for v in verdicts],
        recommendation=Recommendation(arm=advice[0], reason=advice[1]) if advice else None,
        details={n: study.detail(i) for i, n in enumerate(names)},
        peaks=(found := find_peaks({n: study.task(i) for i, n in enumerate(names)}, arms, runs)),
        peak_sentences=peak_sentences(found, [arm for arm in arms if arm != "single"]),
        warnings=["train: 412 of 40057 texts are longer than 256 tokens and were cut"],
    )


class _Study:
    """Predictions of every arm, task, seed and epoch as flipped targets, and what follows from them."""

    def __init__(self, names: Sequence[str], arms: Sequence[str], seeds: Sequence[int], epochs: int) -> None:
        self.names, self.arms, self.seeds, self.epochs = list(names), list(arms), list(seeds), epochs
        self.middle = max(1, epochs // 2)
        random = np.random.default_rng(7)
        self.targets = {
            split: (random.random((ROWS[split], len(names))) < np.array(_POSITIVES)[: len(names)]).astype(
                np.int64
            )
            for split in ("validation", "test")
        }
        self.scored: dict[tuple[str, int, int, int, str], dict[str, float]] = {}
        # Rows that are hard for every model, so that arms and seeds agree on most mistakes.
        self.hardness = {split: random.random(t.shape) for split, t in self.targets.items()}

    def predictions(self, arm: str, task: int, seed: int, epoch: int, split: str) -> np.ndarray:
        place = min(self.arms.index(arm), 3)
        random = np.random.default_rng([self.arms.index(arm), task, seed, epoch, split == "test"])
        error = (
            0.045
            + 0.05 / epoch
            + 0.004 * max(0, epoch - 2)
            - (_GAINS[task] if place else 0) * (0.6 + 0.4 * place)
        )
        target, hardness = self.targets[split][:, task], self.hardness[split][:, task]
        noisy = 0.8 * hardness + 0.2 * random.random(hardness.shape)
        wrong = noisy < np.quantile(noisy, error + random.normal(0, 0.003))
        return np.where(wrong, 1 - target, target)

    def metrics(self, arm: str, task: int, seed: int, epoch: int, split: str) -> dict[str, float]:
        key = (arm, task, seed, epoch, split)
        if key not in self.scored:
            found = classification_metrics(self.targets[split][:, task], self.predictions(*key), 2)
            self.scored[key] = found | {"loss": self.losses(arm, task, seed, epoch)[1]}
        return self.scored[key]

    def losses(self, arm: str, task: int, seed: int, epoch: int) -> tuple[float, float]:
        """Training and validation loss: the one falls, the other rises after the second epoch."""
        random = np.random.default_rng([self.arms.index(arm), task, seed, epoch, 9])
        train = 0.08 + 0.14 / epoch + random.normal(0, 0.003)
        return train, 0.12 + 0.05 / epoch + 0.012 * max(0, epoch - 2) + 0.004 * task + random.normal(0, 0.003)

    def joint(self, arm: str, seed: int, epoch: int, split: str) -> dict[str, float]:
        predicted = [self.predictions(arm, t, seed, epoch, split) for t in range(len(self.names))]
        return joint_binary_metrics(self.targets[split], np.stack(predicted, axis=1))

    def constant_joint(self) -> dict[str, float]:
        return joint_binary_metrics(self.targets["test"], np.ones_like(self.targets["test"]))

    def best_epoch(self, arm: str, tasks: Sequence[int], seed: int) -> int:
        scores = [
            statistics.fmean(self.metrics(arm, t, seed, e, "validation")["mcc"] for t in tasks)
            for e in range(1, self.epochs + 1)
        ]
        return 1 + int(np.argmax(scores))

    def runs(self) -> list[RunRecord]:
        every = list(range(len(self.names)))
        return [
            self.run(arm, tasks, seed)
            for seed in self.seeds
            for arm in self.arms
            for tasks in ([[t] for t in every] if arm == "single" else [every])
        ]

    def run(self, arm: str, tasks: Sequence[int], seed: int) -> RunRecord:
        best = self.best_epoch(arm, tasks, seed)
        name = "all" if len(tasks) > 1 else self.names[tasks[0]]
        # A single model that stops early has fewer lines than its siblings.
        last = self.epochs - (arm == "single" and tasks[0] % 4 == 3 and best < self.epochs)
        updates = {self.names[t]: 6259 * self.epochs // 3 for t in tasks}
        return RunRecord(
            arm=arm,
            task=name,
            seed=seed,
            hash=f"{abs(hash((arm, tuple(tasks), seed))) % 16**8:08x}",
            folder=f"{arm}/{name}/seed-{seed}",
            best_epoch=float(best),
            best_step=best * 100,
            stopped_early=last < self.epochs,
            failed=None,
            seconds=900.0 if len(tasks) > 1 else 310.0,
            rows_seen=ROWS["train"] * last,
            updates=updates,
            updates_made={t: n * last // self.epochs for t, n in updates.items()},
            parameters=110_650_000,
            precision="bf16",
            notes=[],
            metrics={
                self.names[t]: {s: self.metrics(arm, t, seed, best, s) for s in ("validation", "test")}
                for t in tasks
            },
            joint={s: self.joint(arm, seed, best, s) for s in ("validation", "test")}
            if len(tasks) > 1
            else {},
            history=[self.line(arm, tasks, seed, e, best) for e in range(1, last + 1)],
        )

    def line(self, arm: str, tasks: Sequence[int], seed: int, epoch: int, best: int) -> EpochRecord:
        losses = {t: self.losses(arm, t, seed, epoch) for t in tasks}
        metrics = {t: self.metrics(arm, t, seed, epoch, "validation") for t in tasks}
        return EpochRecord(
            epoch=float(epoch),
            step=epoch * 100,
            learning_rate=2e-5,
            seconds=200.0 * epoch,
            train_loss=sum(pair[0] for pair in losses.values()),
            validation_loss=sum(pair[1] for pair in losses.values()),
            score=statistics.fmean(m["mcc"] for m in metrics.values()),
            selected=epoch <= best,
            joint=self.joint(arm, seed, epoch, "validation") if len(tasks) > 1 else {},
            tasks={
                self.names[t]: {"train_loss": losses[t][0], "validation_loss": losses[t][1], **metrics[t]}
                for t in tasks
            },
        )

    def task(self, index: int) -> TaskRecord:
        shares = {s: float(t[:, index].mean()) for s, t in self.targets.items()} | {
            "train": _POSITIVES[index]
        }
        constant = classification_metrics(
            self.targets["test"][:, index], np.ones(ROWS["test"], dtype=np.int64), 2
        )
        return TaskRecord(
            kind="binary",
            labels=["0", "1"],
            metric="mcc",
            higher_is_better=True,
            margin=0.01,
            rows=ROWS,
            shares={split: {"0": 1 - share, "1": share} for split, share in shares.items()},
            baselines={"majority": constant},
            smaller_class="0",
            smaller_class_rows=int((self.targets["test"][:, index] == 0).sum()),
        )

    def detail(self, index: int) -> TaskDetail:
        """As of a study of pairs of texts; every arm's models at the middle epoch."""
        truth = self.targets["test"][:, index]
        decided = {
            arm: np.stack([self.predictions(arm, index, s, self.middle, "test") for s in self.seeds])
            for arm in self.arms
        }
        majorities = np.stack([(d.mean(axis=0) > 0.5).astype(int) for d in decided.values()])
        divided = np.flatnonzero(np.ptp(majorities, axis=0))
        return TaskDetail(
            rows=len(truth),
            disagreeing=len(divided),
            most=[
                DisagreedRow(
                    dataset="dialogues",
                    row=int(row),
                    text="부산에서 가장 높은 산은 어디예요? " * 4,
                    pair="한국에서 가장 높은 산은 한라산이에요.",
                    target=str(truth[row]),
                    answers={arm: f"1 {int(d[:, row].sum())}" for arm, d in decided.items()},
                )
                for row in divided[:10]
            ],
            arms={arm: self.arm_detail(truth, d) for arm, d in decided.items()},
            pairs=[
                PairTest(arm=arm, baseline=self.arms[0], seed=seed, only_arm=12, only_baseline=9, p=0.6636)
                for arm in self.arms[1:]
                for seed in self.seeds
            ],
        )

    def arm_detail(self, truth: np.ndarray, decided: np.ndarray) -> ArmDetail:
        counts = [count(truth, one, 2) for one in decided]
        by_label = [[float(value) for value in class_f1(c)] for c in counts]
        cells = np.bincount((2 * truth + decided).ravel(), minlength=4)
        return ArmDetail(
            models=len(decided),
            class_f1={
                label: (
                    statistics.fmean(f[i] for f in by_label),
                    statistics.stdev([f[i] for f in by_label]) if len(by_label) > 1 else 0.0,
                )
                for i, label in enumerate(("0", "1"))
            },
            confusion=cells.reshape(2, 2).tolist(),
            calibration_error=(0.021, 0.004),
        )

    def arm(self, arm: str, runs: Sequence[RunRecord]) -> ArmRecord:
        own = [run for run in runs if run.arm == arm]
        models = len(self.names) if arm == "single" else 1
        joint: dict[str, Any] = {}
        for split in ("validation", "test"):
            by_seed = [self.joint(arm, seed, self.middle, split) for seed in self.seeds]
            joint[split] = _spread(by_seed)
        return ArmRecord(
            sharing="single" if arm == "single" else "hard",
            baseline=None if arm == "single" else "single",
            overrides={},
            models=models,
            parameters=110_650_000 * models,
            seconds=sum(run.seconds for run in own),
            examples_per_second=sum(run.rows_seen for run in own) / sum(run.seconds for run in own),
            updates=dict.fromkeys(self.names, 6259.0 * self.epochs // 3),
            updates_made={
                n: statistics.fmean(run.updates_made[n] for run in own if n in run.updates_made)
                for n in self.names
            },
            summary={
                n: {
                    s: _spread([r.metrics[n][s] for r in own if n in r.metrics])
                    for s in ("validation", "test")
                }
                for n in self.names
            },
            joint=joint,
        )

    def verdicts(self) -> list[Verdict]:
        shared = [arm for arm in self.arms if arm != "single"]
        outputs = {
            (arm, t): np.stack([self.predictions(arm, t, s, self.middle, "test") for s in self.seeds])
            for arm in self.arms
            for t in range(len(self.names))
        }
        return judge_family(
            [
                Comparison(
                    task=name,
                    arm=arm,
                    metric="mcc",
                    targets=self.targets["test"][:, t],
                    outputs=outputs[arm, t],
                    baseline_outputs=outputs["single", t],
                    margin=0.01,
                    classes=2,
                )
                for t, name in enumerate(self.names)
                for arm in shared
            ]
        )


def _spread(entries: Sequence[dict[str, float]]) -> dict[str, tuple[float, float]]:
    return {
        m: (
            statistics.fmean(e[m] for e in entries),
            statistics.stdev([e[m] for e in entries]) if len(entries) > 1 else 0.0,
        )
        for m in entries[0]
    }
