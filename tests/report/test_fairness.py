from typing import Any

import pytest

from sharewise.compare.objections import Objection
from sharewise.compare.results import Results
from sharewise.report.document import Items, Paragraph
from sharewise.report.fairness import budgets, fairness, notices, rules, updates
from sharewise.report.tables import Table

TRAINING = {"epochs": 3, "patience": 2, "stop": "joint", "select": "mean", "evaluate_every": "epoch"}
UNEQUAL = Objection(
    kind="budget", arm="hard", baseline="single", text="hard has epochs 6 against 3 with single"
)
CHOSEN = Objection(
    kind="seeds", arm="hard", baseline=None, text="of a, hard has seed 2 where the study has seeds 1, 2"
)


def with_arm(results: Results, name: str, **changes: Any) -> Results:
    return results.model_copy(
        update={"arms": results.arms | {name: results.arms[name].model_copy(update=changes)}}
    )


def rows_of(table: Table) -> dict[str, list[str]]:
    return {row[0].text: [cell.text for cell in row[1:]] for row in table.rows}


def test_updates_are_made_of_planned(dialogue):
    arm = dialogue.arms["hard"].model_copy(update={"updates_made": {"consistency": 1200.4}})
    table = updates(dialogue.model_copy(update={"arms": {**dialogue.arms, "hard": arm}}))
    by_task = {row[0].text: row[2].text for row in table.rows}
    assert by_task["consistency"] == "1,200 / 8,345"
    assert by_task["unbias"] == "–"


def test_an_arm_is_told_with_budget_rules_and_costs(dialogue):
    results = with_arm(dialogue, "hard", training=TRAINING, rows_seen=120_171.0)
    table = budgets(results)
    assert rows_of(table)["hard"] == [
        "single",
        "8,345",
        "8,345",
        "120,171",
        "1",
        "110.7 M",
        "45 min 00 s",
    ]
    assert rows_of(rules(results))["hard"] == [
        "mean on validation, every epoch",
        "3 epochs, or patience 2 (joint)",
        "1, 2, 3",
    ]
    assert "Energy is left out" in table.note
    other = with_arm(
        dialogue, "hard", training=TRAINING | {"stop": "never", "evaluate_every": 50, "epochs": 1}
    )
    assert rows_of(rules(other))["hard"][:2] == [
        "mean on validation, every 50 updates",
        "1 epoch, never before",
    ]


@pytest.mark.parametrize(("joules", "told"), [(7200.0, "2.00 Wh"), (9e6, "2.50 kWh")])
def test_energy_stands_where_it_could_be_read(dialogue, joules, told):
    table = budgets(with_arm(dialogue, "hard", energy=joules))
    assert table.columns[-1].title == "Energy"
    assert (rows_of(table)["hard"][-1], rows_of(table)["single"][-1]) == (told, "–")
    assert "RAPL" in table.note


def test_where_all_is_equal_the_section_says_so(dialogue):
    first = fairness(dialogue).blocks[0]
    assert isinstance(first, Paragraph)
    assert first.text.startswith("Nothing to object to")
    assert notices(dialogue) == []


def test_what_is_unequal_is_listed_and_stands_at_the_top(dialogue):
    results = dialogue.model_copy(update={"objections": [UNEQUAL, CHOSEN]})
    first = fairness(results).blocks[0]
    assert isinstance(first, Items)
    assert first.items == (
        "Unequal budgets: hard has epochs 6 against 3 with single.",
        "No verdict: of a, hard has seed 2 where the study has seeds 1, 2.",
    )
    told = {notice.tone: notice.text for notice in notices(results)}
    assert "seed 2 where" in told["failure"]
    assert "epochs 6 against 3" in told["warning"]


def test_models_that_did_not_learn_are_counted_and_listed(dialogue):
    runs = [run.model_copy(deep=True) for run in dialogue.runs]
    for run in runs:
        if run.arm == "hard" and run.seed != 2:
            run.metrics["unbias"]["test"]["mcc"] = 0.0
    results = dialogue.model_copy(update={"runs": runs})
    table = fairness(results).blocks[-1]
    assert isinstance(table, Table)
    assert [[cell.text for cell in row] for row in table.rows] == [["hard", "unbias", "2 of 3", "1, 3"]]
    (notice,) = notices(results)
    assert notice.title == "2 of 54 models did not learn"
    assert "(hard)" in notice.text


def test_arms_to_which_the_same_is_objected_share_a_sentence(dialogue):
    trials = [
        Objection(
            kind="budget",
            arm=f"hard[{i}]",
            baseline="single",
            text=f"hard[{i}] has 4 trials against 1 with single",
        )
        for i in range(4)
    ]
    results = dialogue.model_copy(update={"objections": [*trials, UNEQUAL]})
    first = fairness(results).blocks[0]
    assert isinstance(first, Items)
    assert first.items == (
        "Unequal budgets: hard[0], hard[1], hard[2] and hard[3] have 4 trials against 1 with single.",
        "Unequal budgets: hard has epochs 6 against 3 with single.",
    )
    (notice,) = notices(results)
    assert notice.text == (
        "Unequal budgets: hard[0], hard[1] and 2 others have 4 trials against 1 with single. "
        "Unequal budgets: hard has epochs 6 against 3 with single."
    )
