from report.small_fixtures import published_results, published_sweep, with_arms
from sharewise.report.task_weights import task_weights

# A table of the published sweep, a setting a row; bold where it is bold there.
PUBLISHED = """
AMCD: 0.8, MARC: 0.2 |0.0735    |0.9336    |0.7725    |0.9336    |**0.8834**|0.9336    |0.7186    |0.9336
AMCD: 0.7, MARC: 0.3 |**0.0481**|**0.9497**|**0.8642**|**0.9497**|0.8625    |**0.9497**|0.8659    |**0.9497**
AMCD: 0.5, MARC: 0.5 |0.0755    |0.9176    |0.8204    |0.9176    |0.7744    |0.9176    |**0.9033**|0.9176
"""


def _lines(table):
    return [[f"**{cell.text}**" if cell.bold else cell.text for cell in row] for row in table.rows]


def test_the_published_sweep_comes_out_a_table_a_task_and_a_setting_a_row():
    tables = task_weights(published_sweep(chosen="w37"))
    assert [t.caption for t in tables] == ["AMCD: task weights, test split", "MARC: task weights, test split"]
    assert [c.title for c in tables[0].columns] == [
        "Task Weights",
        "Loss",
        "Accuracy",
        "F1 Score (Macro)",
        "F1 Score (Micro)",
        "Precision (Macro)",
        "Precision (Micro)",
        "Recall (Macro)",
        "Recall (Micro)",
    ]
    assert _lines(tables[0]) == [
        [c.strip() for c in line.split("|")] for line in PUBLISHED.strip().splitlines()
    ]


def test_arms_that_weights_do_not_tell_apart_are_named():
    results = published_sweep(chosen="w37")
    twin = with_arms(results, w37b=results.arms["w37"])
    table = task_weights(twin)[0]
    assert [c.title for c in table.columns[:2]] == ["Task Weights", "Arm"]
    assert [row[1].text for row in table.rows] == ["w28", "w37", "w55", "w37b"]


def test_equal_proportions_are_told_to_be_one_setting_to_the_optimizer():
    results = published_sweep(chosen="w37")
    assert not task_weights(results)[0].note
    whole = {"tasks": {"AMCD": {"weight": 1.0}, "MARC": {"weight": 1.0}}}
    one = with_arms(results, w11=results.arms["w55"].model_copy(update={"overrides": whole}))
    note = task_weights(one)[1].note
    assert note.startswith("(AMCD: 0.5, MARC: 0.5) and (AMCD: 1.0, MARC: 1.0) are the same proportions.")
    assert "clipped" in note
    assert "epsilon" in note


def test_one_setting_of_weights_is_no_sweep():
    assert task_weights(published_results()) == []
