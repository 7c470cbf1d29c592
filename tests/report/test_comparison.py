from report.fixtures import dialogue_results
from report.small_fixtures import published_results
from sharewise.report.comparison import comparison, constants, side_by_side
from sharewise.report.document import Folded
from sharewise.report.tables import Table

# The published table, bold where it is bold there.
PUBLISHED_TABLE = """
Loss              | 0.0648     | **0.1695** | **0.0446** | 0.1766
Accuracy          | 0.9475     | **0.7495** | **0.9518** | 0.7378
F1 Score (Macro)  | 0.8486     | **0.2634** | **0.8688** | 0.2198
F1 Score (Micro)  | 0.9475     | **0.7495** | **0.9518** | 0.7378
Precision (Macro) | **0.8734** | **0.3333** | 0.8705     | 0.3000
Precision (Micro) | 0.9475     | **0.7495** | **0.9518** | 0.7378
Recall (Macro)    | 0.8278     | **0.2287** | **0.8671** | 0.1945
Recall (Micro)    | 0.9475     | **0.7495** | **0.9518** | 0.7378
"""


def _lines(table: Table) -> list[list[str]]:
    return [[f"**{cell.text}**" if cell.bold else cell.text for cell in row] for row in table.rows]


def _tables(section) -> list[Table]:
    """All but the constant answer's, which has a test of its own."""
    return [b for b in section.blocks if isinstance(b, Table) and "constant answer" not in b.caption]


def test_the_published_table_comes_out_as_it_was_published(published):
    (table,) = _tables(comparison(published))
    assert [c.title for c in table.columns] == [
        "Metric",
        "Single AMCD",
        "Single MARC",
        "Multi AMCD",
        "Multi MARC",
    ]
    expected = [[cell.strip() for cell in line.split("|")] for line in PUBLISHED_TABLE.strip().splitlines()]
    assert _lines(table) == expected


def test_equal_scores_are_all_bold(published):
    summary = {"AMCD": {"test": {"macro_f1": (0.8486, 0.0)}}}
    arms = {name: arm.model_copy(update={"summary": summary}) for name, arm in published.arms.items()}
    table = side_by_side(published.model_copy(update={"arms": arms}), ["AMCD"], ["macro_f1"])
    assert [cell.bold for cell in table.rows[0][1:]] == [True, True]


def test_a_sweep_of_task_weights_has_a_table_a_task_with_a_setting_a_row():
    tables = [t for t in _tables(comparison(published_results(sweep=True))) if "task weights" in t.caption]
    assert [table.caption for table in tables] == [
        "AMCD: task weights, test split",
        "MARC: task weights, test split",
    ]
    rows = _lines(tables[0])
    assert [row[0] for row in rows] == ["AMCD: 0.8, MARC: 0.2", "AMCD: 0.7, MARC: 0.3"]
    assert rows[1][2:] == ["**0.0481**", "**0.9497**", "**0.8642**", "**0.9497**", "0.8625", *rows[1][7:]]
    assert rows[0][6] == "**0.8834**"


def test_tasks_whose_kinds_differ_share_a_table_with_dashes(mixed):
    (table,) = _tables(comparison(mixed))
    by_metric = {row[0].text: [cell.text for cell in row[1:]] for row in table.rows}
    assert by_metric["MAE"] == ["–", "0.6120", "–", "0.5800"]
    assert [cell.bold for cell in table.rows[[r[0].text for r in table.rows].index("MAE")]] == [False] * 4 + [
        True
    ]
    assert by_metric["Accuracy"][1] == "–"


def test_many_tasks_go_to_several_tables_and_none_is_lost():
    results = dialogue_results(arms=("single", "hard", "grouped"), seeds=(1,), epochs=1)
    titles = [column.title for table in _tables(comparison(results)) for column in table.columns[1:]]
    assert len(titles) == len(set(titles)) == 27
    assert all(len(table.columns) <= 9 for table in _tables(comparison(results)))


def test_metrics_beyond_the_form_are_folded_not_dropped(dialogue):
    (folded,) = (block for block in comparison(dialogue).blocks if isinstance(block, Folded))
    assert "MCC" in {row[0].text for row in folded.blocks[0].rows}


def test_the_same_metrics_of_a_constant_answer_stand_below(published, mixed):
    table = constants(published)
    assert [c.title for c in table.columns] == ["Metric", "AMCD", "MARC"]
    assert _lines(table) == [["Accuracy", "0.9000", "0.9000"], ["F1 Score (Macro)", "0.4700", "0.4700"]]
    assert table in comparison(published).blocks
    assert _lines(constants(mixed))[-1] == ["MAE", "–", "1.1000"]
    bare = {name: t.model_copy(update={"baselines": {}}) for name, t in published.tasks.items()}
    assert constants(published.model_copy(update={"tasks": bare})) is None
