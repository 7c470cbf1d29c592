import numpy as np

from sharewise.report.differing import by_label, confusions, differing, disagreement, pairs, rows_table
from sharewise.report.document import Folded


def test_each_task_is_one_click_away(dialogue):
    section = differing(dialogue)
    folded = [block for block in section.blocks if isinstance(block, Folded)]
    assert [block.title for block in folded] == [f"{task}: rows and confusions" for task in dialogue.tasks]
    assert all(len(block.blocks) == 4 for block in folded)


def test_results_of_an_earlier_version_have_no_such_section(published):
    assert differing(published) is None


def test_the_first_table_counts_rows_that_divide_and_rows_that_decide(dialogue):
    row = disagreement(dialogue).rows[1]
    found = dialogue.details["consistency"]
    assert [cell.text for cell in row] == [
        "consistency",
        "1,500",
        str(found.disagreeing),
        f"{100 * found.disagreeing / 1500:.1f} %",
        str(dialogue.verdicts[1].deciding_rows),
    ]


def test_rows_are_shown_with_text_target_and_every_arms_answers(dialogue):
    found = dialogue.details["consistency"]
    table = rows_table(found)
    assert [c.title for c in table.columns] == ["Row", "Text", "Target", "single", "hard"]
    row, first = table.rows[0], found.most[0]
    assert [cell.text for cell in row] == [
        f"dialogues {first.row}",
        f"{first.text} ⟶ {first.pair}",
        first.target,
        first.answers["single"],
        first.answers["hard"],
    ]
    assert row[1].prose
    assert rows_table(found.model_copy(update={"most": []})) is None


def test_confusions_are_means_of_models_with_the_recall_of_each_label(dialogue):
    arms = dialogue.details["consistency"].arms
    table = confusions(arms, {name: arm.confusion for name, arm in arms.items()}, ["0", "1"])
    assert [row[0].text + row[1].text for row in table.rows] == ["single0", "single1", "hard0", "hard1"]
    line = arms["hard"].confusion[0]
    assert [cell.text for cell in table.rows[2][2:]] == [
        f"{line[0] / 3:,.1f}",
        f"{line[1] / 3:,.1f}",
        f"{line[0] / sum(line):.4f}",
    ]
    assert [cell.bold for cell in table.rows[2][2:4]] == [True, False]
    assert sum(map(sum, arms["hard"].confusion)) == 3 * 1500


def test_of_many_labels_the_scores_of_the_worst_are_shown(dialogue):
    labels = [f"l{i:02}" for i in range(30)]
    values = np.random.default_rng(1).permutation(30) / 30
    arm = (
        dialogue.details["consistency"]
        .arms["hard"]
        .model_copy(
            update={
                "class_f1": {n: (float(v), 0.0) for n, v in zip(labels, values, strict=True)},
                "confusion": None,
            }
        )
    )
    table = by_label({"hard": arm}, labels)
    shown = [row[0].text.removeprefix("F1 of ") for row in table.rows[:-1]]
    assert shown == [n for n, v in zip(labels, values, strict=True) if v < 20 / 30]
    assert "The 20 labels of 30" in table.note


def test_tests_of_pairs_say_what_they_are_not(dialogue):
    table = pairs(dialogue.details["consistency"])
    assert [cell.text for cell in table.rows[0]] == ["hard", "single", "1", "12", "9", ".664"]
    assert "no verdict" in table.note
