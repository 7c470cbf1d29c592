"""Earlier turns in the audit: what they cost, what they make equal, and what goes with their number."""

from __future__ import annotations

import polars as pl
import pytest
from transformers import BertTokenizer

from sharewise.audit.alike import alike
from sharewise.audit.effects import effects
from sharewise.audit.leakage import overlaps
from sharewise.audit.lengths import lengths
from sharewise.audit.repeats import contradictions
from sharewise.report.audit import lengths as report_lengths

WORDS = [f"word{i}" for i in range(40)]
COLUMNS = {"context": ["before"]}


def split(texts, before, labels):
    return {"text": texts, "before": before, "y": labels}


@pytest.fixture(scope="module")
def tokenizer():
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]
    return BertTokenizer(vocab={piece: i for i, piece in enumerate(pieces)})


def test_an_answer_in_another_context_is_no_leak_and_no_contradiction(rows_of):
    same = "it is very much what I expected"
    train = split([same, same, "x", "y"], ["who came?", "was it good?", "", ""], [1, 0, 1, 0])
    test = split([same, same, same.upper()], ["Who came", "where?", "was it good?"], [1, 0, 0])
    rows = rows_of(
        {"d": {"train": train, "validation": split(["v", "w"], ["", ""], [1, 0]), "test": test}}, **COLUMNS
    )
    found = alike(rows)
    assert contradictions(rows, found) == []
    (overlap,) = overlaps(rows, found)[0]
    assert (overlap.exact, overlap.normalised, overlap.near) == (0, 2, 1)
    plain = rows_of({"d": {"train": train, "validation": split(["v", "w"], ["", ""], [1, 0]), "test": test}})
    assert len(contradictions(plain, alike(plain))) == 1
    (overlap,) = overlaps(plain, alike(plain))[0]
    assert (overlap.exact, overlap.normalised) == (2, 1)


def test_lengths_tell_what_turns_cost(rows_of, tokenizer):
    texts = [" ".join(WORDS[:8])] * 20
    before = [" ".join(WORDS[: i % 20]) for i in range(20)]
    rows = rows_of({"d": {"train": split(texts, before, [0, 1] * 10), "validation": split(texts, before, [0, 1] * 10)}},
                   **COLUMNS)  # fmt: skip
    found, findings = lengths(rows, tokenizer, name="t", max_length=20, batch_tokens=64, batch_rows=None)
    train = found.splits[0]
    assert train.cut == 0
    assert train.shortened == pytest.approx(10 / 20), "8 words and 2 signs leave 10: 9 words and a sign"
    assert train.earlier == pytest.approx((190 + 19) / (190 + 19 + 200))
    (told,) = (f for f in findings if f.key == "context")
    assert "from 10 tokens on average to 20; 50.0 % of the rows have no room" in told.says
    assert len(told.rows) == 10
    section = report_lengths.lengths(_audit_with(found))
    assert [c.title for c in section.blocks[0].columns][-2:] == ["Earlier turns", "Turns lost"]


def _audit_with(found):
    from types import SimpleNamespace

    return SimpleNamespace(lengths=found)


def test_the_number_of_turns_is_an_effect(rows_of):
    frame = pl.DataFrame({"d": [f"d{i // 3}" for i in range(300)], "n": [i % 3 + 1 for i in range(300)]})
    columns = {
        "text": [f"text {i}" for i in range(300)],
        "d": frame["d"].to_list(),
        "n": frame["n"].to_list(),
        "y": [int(n == 3) if i % 7 else 1 for i, n in enumerate(frame["n"])],
    }
    context = {"dialogue": "d", "turn": "n", "last": 1}
    rows = rows_of({"d": {"train": columns, "validation": columns}}, context=context)
    measured, findings = effects(rows)
    (turns,) = (e for e in measured if e.by == "number of earlier turns")
    assert [(b.name, b.rows) for b in turns.bins] == [("0", 100), ("1", 100), ("2", 100)]
    assert turns.strength > 0.7
    assert any("number of earlier turns is 0" in f.says for f in findings)
