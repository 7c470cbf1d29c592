import pytest

from report.fixtures import dialogue_results
from sharewise.report.document import Folded, Items, Paragraph
from sharewise.report.tables import Table
from sharewise.report.verdicts import overview, tally, verdict_table, verdicts, why_none


def _edit(results, index, **changes):
    """The results with fields of one verdict changed."""
    edited = list(results.verdicts)
    edited[index] = edited[index].model_copy(update=changes)
    return results.model_copy(update={"verdicts": edited})


def _sentences(section) -> list[str]:
    """Every sentence, those folded too; marks left out."""
    lists = [b for block in section.blocks for b in (block.blocks if isinstance(block, Folded) else [block])]
    return [
        item for block in lists if isinstance(block, Items) and block.title != "Marks" for item in block.items
    ]


def test_every_verdict_has_its_sentence_and_those_found_come_first(dialogue):
    told = _sentences(verdicts(dialogue))
    assert sorted(told) == sorted(dialogue.sentences)
    found = [
        s for s, v in zip(dialogue.sentences, dialogue.verdicts, strict=True) if v.verdict != "inconclusive"
    ]
    assert set(told[: len(found)]) == set(found)


def test_of_many_verdicts_the_inconclusive_are_folded_not_dropped():
    many = dialogue_results(arms=("single", "hard", "grouped"), seeds=(1, 2, 3), epochs=1)
    section = verdicts(many)
    assert sorted(_sentences(section)) == sorted(many.sentences)
    assert any(isinstance(block, Folded) for block in section.blocks)
    table = overview(many)
    assert [column.title for column in table.columns] == ["Task", "hard", "grouped"]
    assert table.rows[1][1].text.split()[0] == many.verdicts[2].verdict


def test_the_table_holds_each_number_in_points(dialogue):
    verdict = dialogue.verdicts[5]
    row = verdict_table(dialogue).rows[5]
    assert [cell.text for cell in row[:2]] == [verdict.task, verdict.verdict]
    assert row[2].text == f"{100 * verdict.difference:+.2f}".replace("-", "−")
    assert row[3].text.startswith(f"[{100 * verdict.interval[0]:+.2f}".replace("-", "−"))
    assert row[6].text == f"{100 * verdict.detectable:.2f}"
    assert row[7].text == str(verdict.deciding_rows)
    assert row[1].tone == verdict.verdict


def test_arms_are_named_in_the_table_where_there_are_several():
    several = dialogue_results(arms=("single", "hard", "grouped"), seeds=(1, 2, 3), epochs=1)
    table = verdict_table(several)
    assert [row[1].text for row in table.rows] == [verdict.arm for verdict in several.verdicts]
    assert (table.columns[1].title, table.stub) == ("Arm", 2)


def test_an_error_metric_is_told_in_its_own_unit(dialogue):
    odd = _edit(dialogue, 0, metric="mae", difference=0.034, interval=(0.01, 0.058))
    table = verdict_table(odd)
    assert table.rows[0][2].text == "+0.034"
    assert "linguistic_acceptability in MAE" in table.caption


def test_a_comparison_without_interval_is_no_verdict(dialogue):
    bare = _edit(dialogue, 0, interval=None, interval_family=None, p=None, p_adjusted=None, detectable=None)
    row = verdict_table(bare).rows[0]
    assert [cell.text for cell in row[3:7]] == ["–"] * 4
    assert (row[1].text, row[1].tone) == ("no verdict", "muted")
    assert "1 no verdict" in tally(bare)


def test_a_difference_that_no_arm_can_make_is_none(dialogue):
    row = verdict_table(_edit(dialogue, 0, detectable=1.2)).rows[0]
    assert row[6].text == "none"


def test_each_mark_is_numbered_once_and_explained(dialogue):
    rows = verdict_table(dialogue).rows
    (marks,) = (b for b in verdicts(dialogue).blocks if isinstance(b, Items) and b.title == "Marks")
    assert {text for v in dialogue.verdicts for text in v.marks} == {
        item.split(": ", 1)[1] for item in marks.items if item[0].isdigit()
    }
    for row, verdict in zip(rows, dialogue.verdicts, strict=True):
        told = row[8].text.split(", ")
        assert ("not worse" in told) == (verdict.not_worse is True)
        assert len([mark for mark in told if mark.isdigit()]) == len(verdict.marks)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"scored": "validation"}, "no test split"),
        ({"seeds": [1]}, "one seed"),
        ({"seeds": [1, 2]}, "2 seeds"),
        ({}, "no arm was compared"),
    ],
)
def test_a_study_without_verdicts_says_why(dialogue, changes, reason):
    without = dialogue.model_copy(update={"verdicts": [], "sentences": [], **changes})
    assert reason in why_none(without)
    assert verdicts(without).blocks == (Paragraph(why_none(without)),)


def test_where_nothing_can_be_decided_the_reason_stands_for_the_sentences(dialogue):
    bare = [v.model_copy(update={"interval": None, "interval_family": None}) for v in dialogue.verdicts]
    section = verdicts(dialogue.model_copy(update={"verdicts": bare, "seeds": [1, 2]}))
    assert section.blocks[0] == Paragraph(
        "No verdict: 2 seeds can't tell an effect from chance; three can, and five settle it."
    )
    assert sorted(_sentences(section)) == sorted(dialogue.sentences)
    assert [type(block) for block in section.blocks[1:3]] == [Folded, Table]
