"""When tasks are best, and whether they over-fit afterwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from sharewise.compare.overfitting import find_peaks, peak_sentences
from sharewise.compare.peaks import Peak, Rise
from sharewise.compare.results import EpochRecord, RunRecord, Selection, TaskRecord
from tiny_study import Compared

FALLING = (0.6, 0.5, 0.4, 0.3, 0.2)


def task(metric: str = "mcc") -> TaskRecord:
    return TaskRecord(
        kind="binary",
        labels=["0", "1"],
        metric=metric,
        higher_is_better=metric != "mae",
        margin=None,
        rows={},
        shares={},
        baselines={},
    )


def run(
    seed: int = 1,
    *,
    arm: str = "hard",
    metrics: Mapping[str, Sequence[float | None]] | None = None,
    validation: Sequence[float] = (0.5, 0.4, 0.3, 0.2, 0.1),
    train: Sequence[float | None] = FALLING,
    failed: str | None = None,
    **others: object,
) -> RunRecord:
    """A run whose tasks all have these losses; of each epoch a line."""
    metrics = metrics or {"a": (0.1, 0.2, 0.3, 0.4, 0.5)}
    count = len(next(iter(metrics.values())))
    history = []
    for i in range(count):
        own = {
            name: {"train_loss": train[i], "validation_loss": validation[i], "mcc": values[i]}
            for name, values in metrics.items()
        }
        history.append(
            EpochRecord(
                epoch=i + 1.0,
                step=10 * (i + 1),
                learning_rate=0.1,
                seconds=1.0,
                train_loss=1.0,
                validation_loss=1.0,
                score=0.5,
                selected=False,
                joint={},
                tasks={t: {k: v for k, v in values.items() if v is not None} for t, values in own.items()},
            )
        )
    return RunRecord(
        arm=arm,
        task="all",
        seed=seed,
        hash="0",
        folder="f",
        best_epoch=2.0,
        best_step=20,
        stopped_early=False,
        failed=failed,
        seconds=1.0,
        rows_seen=1,
        updates=dict.fromkeys(metrics, 5),
        updates_made=dict.fromkeys(metrics, 5),
        parameters=1,
        precision="fp32",
        notes=[],
        metrics={},
        joint={},
        history=history,
        **others,
    )


def peak(*runs: RunRecord) -> Peak:
    (found,) = find_peaks({"a": task()}, ["hard"], runs)
    return found


def test_the_best_evaluation_is_the_first_of_equals_over_all_of_the_run():
    found = peak(run(metrics={"a": (0.1, 0.4, 0.4, 0.3)}), run(2, metrics={"a": (0.1, 0.2, 0.3, 0.5)}))
    assert [s.epoch for s in found.seeds] == [2.0, 4.0]
    assert [s.value for s in found.seeds] == [0.4, 0.5]
    assert found.epoch == 3.0
    assert [(s.kept_epoch, s.kept_value) for s in found.seeds] == [(2.0, 0.4), (2.0, 0.2)]
    assert not found.still_rising, "one of two seeds is no majority"


def test_an_error_is_best_where_it_is_lowest():
    (found,) = find_peaks({"a": task("mae")}, ["hard"], [run()])
    assert found.seeds[0].epoch is None, "the run has no such metric"
    lines = [
        line.model_copy(update={"tasks": {"a": line.tasks["a"] | {"mae": (0.5, 0.2, 0.3, 0.4, 0.4)[i]}}})
        for i, line in enumerate(run().history)
    ]
    (found,) = find_peaks({"a": task("mae")}, ["hard"], [run().model_copy(update={"history": lines})])
    assert found.epoch == 2.0


def test_weights_of_its_own_are_the_kept_ones():
    chosen = {"a": Selection(epoch=4.0, step=40)}
    (seed,) = peak(run(selected=chosen, stopped={"a": 4.0})).seeds
    assert (seed.kept_epoch, seed.kept_value, seed.left) == (4.0, 0.4, 4.0)


def test_a_metric_that_is_never_defined_has_no_peak():
    found = peak(run(), run(2, metrics={"a": (None,) * 5}))
    assert found.seeds[1].epoch is None
    assert found.epoch is None


def test_a_metric_that_never_changes_has_no_peak():
    assert peak(run(metrics={"a": (0.0,) * 5})).epoch is None
    assert peak(run(metrics={"a": (0.0,)})).epoch == 1.0


def test_failed_runs_are_left_out():
    assert len(peak(run(), run(2, failed="NaN")).seeds) == 1
    assert find_peaks({"a": task()}, ["hard"], [run(failed="NaN")]) == []


@pytest.mark.parametrize(
    ("validation", "start"),
    [
        ((0.5, 0.4, 0.3, 0.35, 0.4), 4.0),
        ((0.3, 0.35, 0.4, 0.5, 0.6), 2.0),
        ((0.5, 0.4, 0.3, 0.2, 0.25), 5.0),
        ((0.5, 0.4, 0.3, 0.2, 0.1), None),  # The lowest is the last.
        ((0.5, 0.3, 0.4, 0.39, 0.45), 3.0),  # A dip on a loss that has risen.
        ((0.5, 0.3, 0.4, 0.31, 0.45), None),  # A loss that wavers.
        ((0.5, 0.3, 0.4, 0.45, 0.3), None),  # Back at its lowest.
    ],
)
def test_overfitting_is_a_rise_to_the_end_while_the_training_loss_falls(
    validation: Sequence[float], start: float | None
):
    found = peak(run(validation=validation))
    assert found.seeds[0].overfits_from == found.overfits_from == start
    assert found.overfitting_seeds == (start is not None)


def test_a_training_loss_that_rises_too_is_no_overfitting():
    assert (
        peak(run(validation=(0.3, 0.4, 0.5, 0.6, 0.7), train=(0.3, 0.4, 0.5, 0.6, 0.7))).overfits_from is None
    )


def test_losses_are_told_at_the_lowest_and_at_the_end():
    (seed,) = peak(run(validation=(0.5, 0.4, 0.3, 0.35, 0.4))).seeds
    assert seed.losses == Rise(epoch=3.0, validation_loss=(0.3, 0.4), train_loss=(0.4, 0.2))


def test_evaluations_count_as_long_as_the_task_is_trained():
    (seed,) = peak(run(validation=(0.3, 0.35, 0.4, 0.1, 0.1), train=(0.6, 0.5, 0.4, None, None))).seeds
    assert seed.overfits_from == 2.0
    assert seed.losses is not None
    assert seed.losses.validation_loss == (0.3, 0.4)
    assert peak(run(train=(None,) * 5)).seeds[0].losses is None


@pytest.mark.parametrize(
    ("starts", "told"),
    [((2, None), None), ((2, 4, None), 4.0), ((2, 3, 4), 3.0), ((2, 3, None, 5), 3.0), ((None, None), None)],
)
def test_an_arm_overfits_where_more_than_half_of_its_seeds_do(
    starts: Sequence[int | None], told: float | None
):
    def losses(start: int | None) -> list[float]:
        return [abs(epoch - (start or 99) + 1) for epoch in range(1, 6)]

    found = peak(*(run(seed, validation=losses(start)) for seed, start in enumerate(starts)))
    assert [s.overfits_from for s in found.seeds] == list(starts)
    assert found.overfits_from == told


def told(*runs: RunRecord, shared: Sequence[str] = ("hard",)) -> list[str]:
    names = list(dict.fromkeys(t for r in runs for t in r.updates))
    arms = list(dict.fromkeys(r.arm for r in runs))
    return peak_sentences(find_peaks({t: task() for t in names}, arms, runs), shared)


def test_tasks_that_overfit_from_the_same_epoch_are_told_together():
    same = (0.5, 0.3, 0.2)
    up = (0.3, 0.4, 0.5)
    assert told(run(metrics={"a": same, "b": same}, validation=up)) == [
        "hard over-fits a and b from epoch 2 on."
    ]
    many = told(run(metrics=dict.fromkeys("abcdef", same), validation=up))
    assert many == ["hard over-fits all 6 tasks from epoch 2 on."]
    six = find_peaks(
        dict.fromkeys("abcdef", task()), ["hard"], [run(metrics=dict.fromkeys("abcdef", same), validation=up)]
    )
    six[5] = six[5].model_copy(update={"overfits_from": None})
    assert peak_sentences(six, []) == ["hard over-fits a, b, c and 2 more tasks from epoch 2 on."]


def test_tasks_of_one_model_that_peak_apart_are_told():
    early, late = (0.1, 0.5, 0.4, 0.3), (0.1, 0.2, 0.3, 0.4)
    runs = [run(seed, metrics={"early": early, "late": late, "too": early}) for seed in (1, 2, 3)]
    assert told(*runs) == ["In hard, late still rises when early has peaked (epoch 2 on average)."]
    assert told(*runs, shared=()) == [], "models of one task each have an epoch of their own"


def test_one_seed_of_three_makes_no_sentence():
    early, late = (0.1, 0.5, 0.4), (0.1, 0.2, 0.3)
    runs = [run(seed, metrics={"a": early, "b": late if seed == 1 else early}) for seed in (1, 2, 3)]
    assert told(*runs) == []


def test_a_study_has_a_peak_for_every_task_and_arm(trained: Compared):
    results = trained.results
    assert [(p.task, p.arm) for p in results.peaks] == [(t, a) for t in results.tasks for a in results.arms]
    for found in results.peaks:
        assert [s.seed for s in found.seeds] == results.seeds
        assert found.epoch == 1.0
        assert not found.still_rising, "one evaluation is no rise"
        assert found.overfits_from is None
