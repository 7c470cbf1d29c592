import yaml

from report.fixtures import KOREAN, dialogue_results
from sharewise.report.document import Code, Folded, Items, Notice
from sharewise.report.reproduce import reproduce, warnings
from sharewise.report.tables import Table


def test_the_configuration_is_the_studys_and_readable_as_yaml():
    results = dialogue_results(names=KOREAN, seeds=(1,), epochs=1)
    folded = next(block for block in reproduce(results).blocks if isinstance(block, Folded))
    (code,) = folded.blocks
    assert isinstance(code, Code)
    assert "일관성" in code.text
    assert yaml.safe_load(code.text) == results.configuration


def test_every_run_is_listed_with_its_hash(dialogue):
    table = reproduce(dialogue).blocks[-1].blocks[0]
    assert [row[-1].text for row in table.rows] == [run.hash for run in dialogue.runs]


def test_failed_runs_are_counted_named_and_explained():
    results = dialogue_results(failed=True, seeds=(1,), epochs=1)
    notice, table, items = warnings(results).blocks
    assert isinstance(notice, Notice)
    assert notice.title == "1 of 10 runs failed"
    assert isinstance(table, Table)
    assert [cell.text for cell in table.rows[0][:3]] == ["hard", "all", "1"]
    assert "constant answer" in table.rows[0][3].text
    assert isinstance(items, Items)


def test_without_warnings_there_is_no_section(published):
    assert warnings(published) is None
