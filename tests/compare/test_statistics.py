import dataclasses
import json

import numpy as np
import pytest

from sharewise.compare.statistics import Comparison, Verdict, judge_family
from sharewise.stats.groups import Groups
from sharewise.stats.intervals import difference
from sharewise.stats.jackknife import influence
from sharewise.stats.metrics import METRICS

ROWS = 2_000


def models(targets, error, seeds, random, *, wobble=0.02):
    """Predictions `(seeds, rows)` that are wrong on a share of rows, mostly the same for each seed."""
    wrong = random.random(len(targets)) < error
    return np.stack([targets ^ wrong ^ (random.random(len(targets)) < wobble) for _ in range(seeds)])


def comparison(error=0.10, baseline_error=0.10, seeds=5, rows=ROWS, draw=0, **options):
    random = np.random.default_rng(draw)
    targets = (random.random(rows) < 0.4).astype(int)
    outputs = models(targets, error, seeds, random)
    baseline = outputs if options.pop("same", False) else models(targets, baseline_error, seeds, random)
    settings = {"task": "consistency", "arm": "hard", "metric": "accuracy", "classes": 2, **options}
    return Comparison(targets=targets, outputs=outputs, baseline_outputs=baseline, **settings)


def judge(*comparisons, **options):
    return judge_family(comparisons, **options)


def marked(verdict, words):
    return any(words in mark for mark in verdict.marks)


def test_a_family_holds_every_comparison_in_order_with_the_numbers_of_the_procedure():
    first = comparison(0.05, 0.15, task="a")
    second = comparison(0.10, 0.10, task="b", draw=1)
    verdicts = judge(first, second)
    assert [(v.task, v.m, v.seeds) for v in verdicts] == [("a", 2, 5), ("b", 2, 5)]
    groups = Groups.of(None, ROWS)
    arm, baseline = (
        influence(METRICS["accuracy"], first.targets, outputs, groups, 2)
        for outputs in (first.outputs, first.baseline_outputs)
    )
    measured = difference(arm, baseline)
    verdict = verdicts[0]
    assert verdict.difference == measured.difference
    half_width = measured.half_width(0.05)
    assert verdict.interval == (measured.difference - half_width, measured.difference + half_width)
    assert verdict.interval_family[1] - measured.difference == pytest.approx(measured.half_width(0.025))
    assert verdict.p == measured.p()
    assert verdict.p_adjusted == pytest.approx(2 * measured.p())
    assert verdict.df == measured.seed_freedom
    assert verdict.variance.rows == measured.row_variance
    assert (verdict.variance.seeds, verdict.variance.interaction) == (
        measured.seed_variance,
        measured.interaction_variance,
    )
    assert verdict.detectable > 0
    assert verdict.marks == []


@pytest.mark.parametrize(("error", "expected"), [(0.05, "helps"), (0.15, "hurts"), (0.10, "inconclusive")])
def test_helps_hurts_inconclusive(error, expected):
    (verdict,) = judge(comparison(error, 0.10, draw=3))
    assert verdict.verdict == expected
    assert not verdict.preliminary


def test_a_baseline_shared_by_several_arms_gives_what_each_gives_alone():
    first = comparison(0.08)
    second = dataclasses.replace(
        first, arm="grouped", outputs=comparison(0.12, draw=9).outputs, targets=first.targets.copy()
    )
    together = judge(first, second)
    for one, verdict in zip((first, second), together, strict=True):
        (alone,) = judge(one)
        assert (alone.difference, alone.interval, alone.p) == (
            verdict.difference,
            verdict.interval,
            verdict.p,
        )


def test_a_bigger_family_makes_it_harder():
    case = comparison(0.07, 0.10, draw=3)
    (alone,) = judge(case)
    assert alone.verdict == "helps"
    (among_many,) = judge(case, family=54)
    assert (among_many.verdict, among_many.m) == ("inconclusive", 54)
    assert among_many.p == alone.p
    assert marked(among_many, "Taken alone")
    assert among_many.interval_family[0] < 0 < among_many.interval[0]


def test_equivalent_goes_before_helps_and_says_so():
    case = comparison(0.05, 0.15, margin=0.2)
    (verdict,) = judge(case)
    assert verdict.verdict == "equivalent"
    assert verdict.p_adjusted < 0.05
    assert (verdict.margin_shown, verdict.not_worse) == (True, True)
    assert marked(verdict, "Small but real")


def test_equivalence_has_its_own_family():
    case = comparison(0.1, 0.1, margin=0.02, draw=2)
    (alone,) = judge(case)
    assert alone.verdict == "equivalent"
    assert alone.equivalent_p_adjusted > 0.01
    (among,) = judge(case, family=54)
    assert among.equivalent_p_adjusted == pytest.approx(min(1, 54 * alone.equivalent_p_adjusted))
    assert among.verdict == "inconclusive"
    assert among.margin_shown
    without_margin = [comparison(task=str(i), draw=i) for i in range(8)]
    first = judge(case, *without_margin)[0]
    assert first.equivalent_p_adjusted == pytest.approx(alone.equivalent_p_adjusted)


def test_without_a_margin_nothing_is_said_of_it():
    (verdict,) = judge(comparison())
    assert (verdict.not_worse, verdict.margin_shown, verdict.equivalent_p_adjusted) == (None, None, None)


def test_not_worse_is_the_ninety_percent_bound():
    case = comparison(0.10, 0.10, draw=4)
    measured = judge(case)[0]
    arm, baseline = (
        influence(METRICS["accuracy"], case.targets, o, Groups.of(None, ROWS), 2)
        for o in (case.outputs, case.baseline_outputs)
    )
    low = measured.difference - difference(arm, baseline).half_width(0.10)
    assert low < 0
    for margin, expected in ((-low * 1.001, True), (-low * 0.999, False)):
        assert judge(dataclasses.replace(case, margin=margin))[0].not_worse is expected


@pytest.mark.parametrize(("seeds", "preliminary"), [(3, True), (4, True), (5, False)])
def test_few_seeds_are_preliminary(seeds, preliminary):
    (verdict,) = judge(comparison(seeds=seeds))
    assert verdict.preliminary is preliminary
    assert marked(verdict, "Preliminary") is preliminary


@pytest.mark.parametrize("seeds", [1, 2])
def test_two_seeds_give_no_verdict_and_don_t_spoil_the_family(seeds):
    none, other = judge(comparison(0.01, 0.2, seeds=seeds, margin=0.3), comparison(0.05, 0.15))
    assert none.verdict == "inconclusive"
    assert none.difference == pytest.approx(0.19, abs=0.03)
    assert {none.interval, none.p, none.p_adjusted, none.df, none.variance, none.not_worse} == {None}
    assert marked(none, "No verdict")
    assert (other.verdict, other.m) == ("helps", 2)


def test_an_arm_of_which_every_seed_failed():
    case = comparison(margin=0.1)
    for changes in ({"outputs": np.zeros((0, 0)), "failed": 5}, {"baseline_outputs": np.zeros((0, 0))}):
        (verdict,) = judge(dataclasses.replace(case, **changes))
        assert (verdict.difference, verdict.verdict, verdict.seeds) == (None, "inconclusive", 0)
        assert marked(verdict, "No verdict: 0 seeds")


def test_a_model_that_gave_no_number_gives_no_verdict():
    random = np.random.default_rng(1)
    targets, outputs, baseline = random.integers(0, 2, 90), random.random((3, 90)), random.random((3, 90))
    outputs[1, 7] = np.nan
    (verdict,) = judge(Comparison("t", "hard", "auroc", targets, outputs, baseline))
    assert (verdict.difference, verdict.verdict) == (None, "inconclusive")
    assert marked(verdict, "undefined")


def test_single_precision_is_enough_for_the_outputs():
    random = np.random.default_rng(1)
    targets = random.normal(size=90) + 1e4
    outputs, baseline = (targets + random.normal(size=(3, 90)) for _ in range(2))
    wide, narrow = (
        judge(Comparison("t", "hard", "pearson", targets, outputs.astype(kind), baseline.astype(kind)))[0]
        for kind in (np.float64, np.float32)
    )
    assert narrow.difference == pytest.approx(wide.difference, abs=1e-3)
    assert narrow.interval == pytest.approx(wide.interval, abs=1e-3)


def test_failed_seeds_bar_what_they_would_flatter():
    better, worse = comparison(0.05, 0.15, margin=0.3), comparison(0.15, 0.05)
    (verdict,) = judge(dataclasses.replace(better, failed=1))
    assert (verdict.verdict, verdict.not_worse) == ("inconclusive", None)
    assert marked(verdict, "1 failed seed of hard")
    assert judge(dataclasses.replace(worse, failed=2))[0].verdict == "hurts"
    assert judge(dataclasses.replace(worse, baseline_failed=2))[0].verdict == "inconclusive"
    assert judge(dataclasses.replace(better, baseline_failed=1))[0].verdict == "inconclusive"


def test_few_deciding_rows_bar_a_verdict():
    targets = np.tile([0, 1], 500)
    baseline = np.stack([targets] * 5)
    baseline[:, :4] = 1 - targets[:4]
    case = Comparison("t", "hard", "accuracy", targets, np.stack([targets] * 5), baseline, margin=0.2)
    (verdict,) = judge(case)
    assert (verdict.deciding_rows, verdict.verdict, verdict.not_worse) == (4, "inconclusive", None)
    assert marked(verdict, "only 4 rows")
    baseline[:, 4] = 1 - targets[4]
    (verdict,) = judge(case)
    assert (verdict.deciding_rows, verdict.verdict) == (5, "equivalent")


def test_equal_models_differ_in_no_row():
    (verdict,) = judge(comparison(same=True))
    assert (verdict.deciding_rows, verdict.difference, verdict.p, verdict.verdict) == (
        0,
        0,
        1,
        "inconclusive",
    )


def test_deciding_rows_are_counted_over_shares_of_seeds_and_by_group():
    targets = np.zeros(40, dtype=int)
    outputs, baseline = np.zeros((2, 4, 40), dtype=int)
    outputs[0, 0] = baseline[3, 0] = 1  # the same share of the seeds: the arms don't differ here
    outputs[:2, 1:9] = 1
    case = Comparison("t", "hard", "accuracy", targets, outputs, baseline, classes=2)
    assert judge(case)[0].deciding_rows == 8
    fewer = dataclasses.replace(case, baseline_outputs=baseline[2:], outputs=outputs)
    assert judge(fewer)[0].deciding_rows == 9  # 1 of 4 is not 1 of 2
    assert judge(dataclasses.replace(fewer, baseline_outputs=np.tile(outputs, (2, 1))))[0].deciding_rows == 0
    assert judge(dataclasses.replace(case, groups=np.arange(40) // 8))[0].deciding_rows == 2


def test_few_groups_are_a_warning():
    case = comparison(groups=np.arange(ROWS) % 19)
    assert marked(judge(case)[0], "Only 19 independent groups")
    assert judge(dataclasses.replace(case, groups=np.arange(ROWS) % 20))[0].marks == []


@pytest.mark.parametrize(
    ("positives", "noise", "approximate"), [(299, 0.3, True), (300, 0.3, False), (299, 1, False)]
)
def test_high_auroc_on_few_rows_bars_equivalence(positives, noise, approximate):
    random = np.random.default_rng(0)
    targets = np.repeat([0, 1], [2_000, positives])
    common = random.normal(size=len(targets))
    outputs, baseline = (
        targets + noise * (common + 0.2 * random.normal(size=(5, len(targets)))) for _ in range(2)
    )
    (verdict,) = judge(Comparison("t", "hard", "auroc", targets, outputs, baseline, margin=0.05))
    assert verdict.margin_shown
    assert marked(verdict, "Approximate") is approximate
    assert verdict.verdict == ("inconclusive" if approximate else "equivalent")
    assert verdict.not_worse is (None if approximate else True)


def test_errors_are_turned_so_that_positive_is_better():
    random = np.random.default_rng(1)
    targets = random.normal(size=500)
    near, far = (targets + size * random.normal(size=(5, 500)) for size in (0.5, 0.7))
    (verdict,) = judge(Comparison("t", "hard", "mae", targets, near, far))
    assert verdict.verdict == "helps"
    assert verdict.difference == pytest.approx(0.2 * np.sqrt(2 / np.pi), abs=0.02)


def test_an_undefined_metric_gives_no_verdict():
    random = np.random.default_rng(1)
    targets, outputs = random.normal(size=50), random.normal(size=(3, 50))
    constant = outputs.copy()
    constant[1] = 0
    (verdict,) = judge(Comparison("t", "hard", "pearson", targets, constant, outputs))
    assert (verdict.difference, verdict.interval, verdict.verdict) == (None, None, "inconclusive")
    assert marked(verdict, "undefined")
    assert not verdict.preliminary


def test_several_labels_a_row():
    random = np.random.default_rng(2)
    targets = random.integers(0, 2, (600, 4))
    good, bad = (targets ^ (random.random((5, 600, 4)) < error) for error in (0.05, 0.2))
    (verdict,) = judge(Comparison("t", "hard", "macro_f1", targets, good, bad))
    assert verdict.verdict == "helps"
    assert verdict.deciding_rows > 300


def test_a_second_look_is_marked():
    assert marked(judge(comparison(), second_look=True)[0], "second look")


def test_rows_must_fit():
    case = comparison()
    with pytest.raises(ValueError, match="consistency, hard: outputs of 1999 rows for 2000 targets"):
        judge(dataclasses.replace(case, outputs=case.outputs[:, 1:]))


def test_verdicts_survive_json():
    for verdict in judge(comparison(margin=0.01), comparison(seeds=2), comparison(same=True)):
        text = verdict.model_dump_json()
        assert Verdict.model_validate_json(text) == verdict
        assert "NaN" not in text
        assert set(json.loads(text)) == set(Verdict.model_fields)
