from report.fixtures import dialogue_results
from sharewise.report import lookup


def _with_scores(results, scores, failed=()):
    """The results with the selected score of `hard` set by seed."""
    runs = []
    for run in results.runs:
        if run.arm == "hard":
            history = [line.model_copy(update={"score": scores[run.seed]}) for line in run.history]
            run = run.model_copy(
                update={"history": history, "failed": "collapsed" if run.seed in failed else None}
            )
        runs.append(run)
    return results.model_copy(update={"runs": runs})


def test_the_median_seed_is_of_the_middle_score(dialogue):
    assert lookup.median_seed(_with_scores(dialogue, {1: 0.9, 2: 0.1, 3: 0.5}), "hard") == 3


def test_failed_and_undefined_seeds_are_not_the_median_while_others_are_left(dialogue):
    scored = _with_scores(dialogue, {1: 0.9, 2: None, 3: 0.5})
    assert lookup.median_seed(scored, "hard") == 3
    assert lookup.median_seed(_with_scores(dialogue, {1: 0.9, 2: 0.1, 3: 0.5}, failed=(2, 3)), "hard") == 1


def test_runs_of_single_come_in_the_order_of_the_tasks():
    results = dialogue_results(seeds=(1,), epochs=1)
    shuffled = results.model_copy(update={"runs": results.runs[::-1]})
    assert [run.task for run in lookup.runs_of(shuffled, "single", 1)] == list(results.tasks)
