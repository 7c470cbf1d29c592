from report.fixtures import CRITERIA, dialogue_results
from sharewise.report.document import Folded
from sharewise.report.epochs import epoch_table, epochs
from sharewise.report.tables import NONE, Table


def _history(results, arm, seed, edit):
    """The results with every history of one arm and seed put through a function."""
    runs = [
        run.model_copy(update={"history": edit(run)}) if (run.arm, run.seed) == (arm, seed) else run
        for run in results.runs
    ]
    return results.model_copy(update={"runs": runs})


def test_a_shared_run_has_the_published_columns(dialogue):
    table = epoch_table(dialogue, "hard", 1)
    assert [column.title for column in table.columns] == [
        *("Epoch", "Training Loss", "Validation Loss", "Exact Match", "Micro F1", "Macro F1"),
        *("Linguistic Acceptability Acc", "Consistency Acc", "Interestingness Acc", "Unbias Acc"),
        *("Harmlessness Acc", "No Hallucination Acc", "Understandability Acc", "Sensibleness Acc"),
        "Specificity Acc",
    ]
    run = next(run for run in dialogue.runs if (run.arm, run.seed) == ("hard", 1))
    assert [row[0].text for row in table.rows] == [str(int(line.epoch)) for line in run.history]
    second = run.history[1]
    assert table.rows[1][1].text == f"{second.train_loss:.4f}"
    assert table.rows[1][7].text == f"{second.tasks['consistency']['accuracy']:.4f}"
    assert [row[0].bold for row in table.rows] == [line.step == run.best_step for line in run.history]
    assert table.strong == int(run.best_epoch) - 1


def test_separate_runs_are_joined_by_epoch_with_losses_summed(dialogue):
    table = epoch_table(dialogue, "single", 1)
    runs = [run for run in dialogue.runs if (run.arm, run.seed) == ("single", 1)]
    assert table.rows[0][2].text == f"{sum(run.history[0].validation_loss for run in runs):.4f}"
    for index, run in enumerate(runs):
        column = [row[3 + index] for row in table.rows]
        assert [i for i, cell in enumerate(column) if cell.bold] == [int(run.best_epoch) - 1]


def test_a_run_that_stopped_early_leaves_dashes_and_no_sum(dialogue):
    cut = _history(
        dialogue, "single", 1, lambda run: run.history[: 2 if run.task == "unbias" else len(run.history)]
    )
    last = epoch_table(cut, "single", 1).rows[-1]
    assert last[1].text == last[2].text == last[3 + CRITERIA.index("unbias")].text == NONE
    assert last[3].text != NONE


def test_a_loss_that_is_not_finite_shows_a_dash(dialogue):
    broken = _history(
        dialogue,
        "hard",
        1,
        lambda run: [line.model_copy(update={"train_loss": None}) for line in run.history],
    )
    assert {row[1].text for row in epoch_table(broken, "hard", 1).rows} == {NONE}


def test_runs_evaluated_at_other_epochs_are_joined_by_evaluation(dialogue):
    shifted = _history(
        dialogue,
        "single",
        1,
        lambda run: [
            line.model_copy(update={"epoch": line.epoch / (2 if run.task == "unbias" else 3)})
            for line in run.history
        ],
    )
    table = epoch_table(shifted, "single", 1)
    assert table.columns[0].title == "Evaluation"
    assert [row[0].text for row in table.rows] == ["1", "2", "3", "4"]


def test_the_tasks_own_metric_stands_in_for_one_that_it_lacks(mixed):
    accuracy = mixed.model_copy(update={"epoch_metric": "accuracy"})
    titles = [column.title for column in epoch_table(accuracy, "hard", 1).columns]
    assert titles[-2:] == ["Toxic Acc", "Stars MAE"]


def test_the_median_seed_is_in_full_and_the_others_are_folded(dialogue):
    blocks = epochs(dialogue).blocks
    assert [type(block) for block in blocks] == [Table, Folded, Table, Folded]
    assert len(blocks[1].blocks) == 2
    shown = {block.caption.split("seed ")[1][0] for block in (blocks[2], *blocks[3].blocks)}
    assert shown == {"1", "2", "3"}


def test_a_failed_run_is_called_failed():
    table = epoch_table(dialogue_results(failed=True, epochs=1), "hard", 3)
    assert "(failed)" in table.caption
