"""The audit as a page and on the terminal, from one audit that has something of everything."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from sharewise.audit import Audit
from sharewise.compare.auditing import audit_study, suggested_arm
from sharewise.data.corpus import write_dialogues
from sharewise.errors import UserError
from sharewise.report.as_html import page
from sharewise.report.audit import print_audit, write_audit
from sharewise.report.audit.content import compose
from sharewise.study import Study

CRITERIA = ("consistency", "no_hallucination", "specificity", "interestingness")


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> tuple[Audit, Path]:
    folder = tmp_path_factory.mktemp("audited")
    write_dialogues(folder, language="ja", rows=1500, seed=1, length="short")
    study = Study(
        name="対話",
        data={
            "dialogues": {
                **{split: str(folder / f"{split}.csv") for split in ("train", "validation", "test")},
                "text": ["human_question", "bot_response"],
                "group": "dialogue_id",
                "slice": "turn",
            }
        },
        tasks={
            c: {
                "data": "dialogues",
                "kind": "binary",
                "label": f"{c}_majority",
                "votes": {"yes": f"{c}_yes_count", "no": f"{c}_no_count"},
            }
            for c in CRITERIA
        },
        encoder={"scratch": {"vocabulary": 400}},
    )
    return audit_study(study, runs=folder / "runs"), folder / "runs" / "対話"


def test_what_is_written_can_be_read_back(audited):
    audit, folder = audited
    read = Audit.model_validate_json((folder / "audit.json").read_text(encoding="utf-8"))
    assert read == audit
    assert json.loads((folder / "audit.json").read_text())["schema"] == 1
    assert (
        (folder / "audit-rows.csv")
        .read_bytes()
        .startswith(b"\xef\xbb\xbffinding,tasks,split,data,file,line,text,note")
    )
    rows = (folder / "audit-rows.csv").read_text(encoding="utf-8-sig").splitlines()
    assert len(rows) - 1 >= sum(f.count for f in audit.findings)


def test_all_that_is_shown_is_in_the_json(audited):
    """Read back from what `--json` prints, an audit gives the same page and the same words on a terminal."""
    audit, _ = audited
    read = Audit.model_validate_json(audit.model_dump_json())
    assert page(compose(read)) == page(compose(audit))
    told = []
    for one in (audit, read):
        console = Console(file=io.StringIO(), width=120)
        print_audit(one, console)
        told.append(console.file.getvalue())
    assert told[0] == told[1]


def test_the_page_is_whole_and_offline(audited):
    audit, folder = audited
    html = write_audit(audit, folder).read_text(encoding="utf-8")
    assert "Sharewise audit" in html
    assert "from audit.json." in html
    assert "Simulated data" in html
    assert html.count("<svg") == 3
    assert "http://" not in html.replace("http://www.w3.org", "")
    for section in compose(audit).sections:
        assert f'id="{section.key}"' in html


def test_the_terminal_says_what_to_do(audited):
    audit, _ = audited
    console = Console(file=io.StringIO(), width=100)
    print_audit(audit, console)
    text = console.file.getvalue()
    for words in ("What was found", "To do:", "Suggested groups", "Raters", "What the test split can show"):
        assert words in text
    assert all(len(line) <= 100 for line in text.splitlines())


def test_the_built_in_groups_become_an_arm(audited):
    audit, _ = audited
    assert suggested_arm(audit) == {
        "sharing": "grouped",
        "groups": {
            "consistency+no_hallucination": ["consistency", "no_hallucination"],
            "specificity+interestingness": ["specificity", "interestingness"],
        },
    }


def test_one_group_of_all_is_no_arm(audited):
    audit, _ = audited
    one = audit.relations.model_copy(update={"groups": audit.relations.groups[:1]})
    with pytest.raises(UserError, match="all tasks into one group"):
        suggested_arm(audit.model_copy(update={"relations": one}))


def test_names_of_users_are_escaped(audited):
    audit, _ = audited
    finding = audit.findings[0].model_copy(update={"says": "<script>alert(1)</script>"})
    html = page(compose(audit.model_copy(update={"study": "<b>x", "findings": (finding,)})))
    assert "<script>alert" not in html
    assert "<b>x" not in html


def test_an_audit_without_findings_says_so(audited):
    audit, _ = audited
    document = compose(
        audit.model_copy(update={"findings": (), "lengths": None, "agreement": (), "power": ()})
    )
    assert document.answer == "Nothing stands in the way of training."
    assert {"lengths", "raters", "power", "rows"}.isdisjoint(s.key for s in document.sections)
