from sharewise.compare.recommending import recommend
from sharewise.compare.verdict import Verdict

TASKS = ["a", "b"]
ARMS = ["single", "hard", "grouped"]


def verdict(task, arm, said="inconclusive", difference=0.0, *, not_worse=None, baseline="single"):
    return Verdict(
        task=task,
        arm=arm,
        baseline=baseline,
        metric="mcc",
        difference=difference,
        interval=(difference - 0.01, difference + 0.01),
        interval_family=(difference - 0.02, difference + 0.02),
        p=0.5,
        p_adjusted=1.0,
        m=4,
        seeds=5,
        df=8.0,
        variance=None,
        deciding_rows=50,
        preliminary=False,
        not_worse=not_worse,
        verdict=said,
        detectable=0.02,
        margin=0.02,
        margin_shown=False,
        equivalent_p_adjusted=1.0,
        marks=[],
    )


def test_an_arm_that_helps_and_hurts_nothing_beats_single():
    verdicts = [
        verdict("a", "hard", "helps", 0.1),
        verdict("b", "hard", "hurts", -0.1),
        verdict("a", "grouped", "helps", 0.02),
        verdict("b", "grouped"),
    ]
    arm, reason = recommend(verdicts, ARMS, TASKS)
    assert arm == "grouped"
    assert reason == "grouped helps a and was not shown to hurt any task."


def test_ties_go_by_tasks_helped_then_by_mean_difference():
    one = [verdict("a", "hard", "helps", 0.5), verdict("b", "hard")]
    two = [verdict("a", "grouped", "helps", 0.02), verdict("b", "grouped", "helps", 0.02)]
    assert recommend([*one, *two], ARMS, TASKS)[0] == "grouped"
    better = [verdict("a", "grouped", "helps", 0.6), verdict("b", "grouped")]
    assert recommend([*one, *better], ARMS, TASKS)[0] == "grouped"
    assert recommend([*better, *one], ARMS, TASKS)[0] == "grouped"


def test_not_worse_on_every_task_is_recommended_as_cheaper():
    verdicts = [
        verdict("a", "hard", not_worse=True),
        verdict("b", "hard", not_worse=False),
        verdict("a", "grouped", not_worse=True),
        verdict("b", "grouped", "equivalent", not_worse=True),
    ]
    arm, reason = recommend(verdicts, ARMS, TASKS)
    assert arm == "grouped"
    assert "cheaper" in reason
    assert recommend(verdicts[:3], ARMS, TASKS)[0] == "single"


def test_else_single_with_the_reason():
    verdicts = [
        verdict("a", "hard", "helps", 0.1),
        verdict("b", "hard", "hurts", -0.1),
        verdict("a", "grouped", "hurts", -0.1),
        verdict("b", "grouped"),
    ]
    arm, reason = recommend(verdicts, ARMS, TASKS)
    assert arm == "single"
    assert reason.endswith("every task: hard hurts b, though it helps a; grouped hurts a.")
    assert recommend([], ["single"], TASKS)[0] == "single"


def test_comparisons_with_another_baseline_don_t_speak_against_single():
    verdicts = [verdict(task, "hard", "helps", 0.1, baseline="grouped") for task in TASKS]
    assert recommend(verdicts, ARMS, TASKS)[0] == "single"
