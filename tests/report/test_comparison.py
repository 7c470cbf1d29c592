from report.fixtures import dialogue_results
from report.small_fixtures import published_sweep
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
    table = side_by_side(
        published.model_copy(update={"arms": arms}), ["AMCD"], ["macro_f1"], {a: a for a in arms}
    )
    assert [cell.bold for cell in table.rows[0][1:]] == [True, True]


def test_of_a_sweep_the_chosen_setting_stands_beside_the_others():
    section = comparison(published_sweep(chosen="w37"))
    table = _tables(section)[0]
    assert [c.title for c in table.columns[1:]] == ["Single AMCD", "Single MARC", "Multi AMCD", "Multi MARC"]
    assert section.blocks[0].text.endswith(" multi is w37, chosen on validation.")
    (folded,) = (b for b in section.blocks if isinstance(b, Folded) and "not chosen" in b.title)
    assert [c.title for c in folded.blocks[0].columns[1:]] == ["W28 AMCD", "W28 MARC", "W55 AMCD", "W55 MARC"]


def test_where_no_setting_could_be_chosen_all_stand_there():
    section = comparison(published_sweep(chosen=None))
    titles = [c.title for t in _tables(section) if "weights" not in t.caption for c in t.columns[1:]]
    assert len(titles) == 8
    assert not any(isinstance(b, Folded) for b in section.blocks)


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
