from report.fixtures import dialogue_results
from sharewise.report.scores import beyond, joint, primary, shares


def test_each_row_has_the_constant_answer_and_every_arm(dialogue):
    table = primary(dialogue)
    assert [column.title for column in table.columns] == [
        "Task",
        "Metric",
        "Smaller class",
        "Constant answer",
        "single",
        "hard",
    ]
    mean, deviation = dialogue.arms["hard"].summary["consistency"]["test"]["mcc"]
    row = next(row for row in table.rows if row[0].text == "consistency")
    assert row[3].text == "0.0000"
    assert row[5].text == f"{mean:.4f} ± {deviation:.4f}"
    assert [cell.bold for cell in row] == [False, False, False, False, False, True]


def test_beside_each_score_stand_the_smaller_class_its_rows_and_its_f1(dialogue, mixed):
    row = next(row for row in primary(dialogue).rows if row[0].text == "consistency")
    task, detail = dialogue.tasks["consistency"], dialogue.details["consistency"]
    assert (row[2].text, row[2].below) == ("0", f"{task.smaller_class_rows} of 1,500 rows")
    assert row[3].below == "F1 0.0000"
    assert [cell.below for cell in row[4:]] == [
        f"F1 {detail.arms[arm].class_f1['0'][0]:.4f}" for arm in ("single", "hard")
    ]
    stars = next(row for row in primary(mixed).rows if row[0].text == "stars")
    assert [cell.below for cell in stars[2:]] == ["934 rows", "", "", ""]


def test_a_constant_answer_may_be_the_smaller_class_of_another_split(dialogue):
    task = dialogue.tasks["consistency"]
    turned = task.model_copy(update={"shares": task.shares | {"train": {"0": 0.9, "1": 0.1}}})
    results = dialogue.model_copy(update={"tasks": dialogue.tasks | {"consistency": turned}})
    row = next(row for row in primary(results).rows if row[0].text == "consistency")
    share = task.shares["test"]["0"]
    assert row[3].below == f"F1 {2 * share / (1 + share):.4f}"


def test_errors_are_best_low_and_one_seed_has_no_spread(mixed):
    stars = next(row for row in primary(mixed).rows if row[0].text == "stars")
    assert [cell.text for cell in stars] == ["stars", "MAE", "–", "1.1000", "0.6120", "0.5800"]
    assert [cell.bold for cell in stars[4:]] == [False, True]


def test_joint_metrics_stand_beside_the_constant_answers(dialogue):
    table = joint(dialogue)
    assert [row[0].text for row in table.rows] == ["Exact Match", "Micro F1", "Macro F1"]
    assert table.rows[1][1].text == f"{dialogue.joint_baseline['micro_f1']:.4f}"
    without = joint(dialogue.model_copy(update={"joint_baseline": {}}))
    assert [column.title for column in without.columns] == ["Metric", "single", "hard"]


def test_without_binary_tasks_there_are_no_joint_metrics(mixed):
    assert joint(mixed) is None
    assert len(beyond(mixed).blocks) == 1


def test_shares_name_the_most_frequent_label_and_what_it_scores(dialogue, mixed):
    row = next(row for row in shares(dialogue).rows if row[0].text == "no_hallucination")
    task = dialogue.tasks["no_hallucination"]
    share, score = task.shares["train"]["1"], task.baselines["majority"]["accuracy"]
    assert [cell.text for cell in row[5:8]] == ["1", f"{100 * share:.1f} %", f"{score:.4f}"]
    stars = next(row for row in shares(mixed).rows if row[0].text == "stars")
    assert [cell.text for cell in stars[5:]] == ["–", "–", "–", "–", "1.1000"]


def test_the_constant_answer_is_that_of_training_though_the_test_split_has_another_majority(dialogue):
    task = dialogue.tasks["no_hallucination"]
    other = task.model_copy(update={"shares": {**task.shares, "test": {"0": 0.9, "1": 0.1}}})
    results = dialogue.model_copy(update={"tasks": {**dialogue.tasks, "no_hallucination": other}})
    row = next(row for row in shares(results).rows if row[0].text == "no_hallucination")
    assert row[5].text == "1"


def test_validation_scores_say_so():
    assert "validation split" in primary(dialogue_results(scored="validation", epochs=1)).caption
