import polars as pl
import pytest

from sharewise.study.columns import assign_roles

_ROWS = 60
_TEXT = [f"a sentence that is number {n} of them" for n in range(_ROWS)]


def _roles(**columns):
    return assign_roles(pl.DataFrame({"text": _TEXT, **columns}))


def _cycle(*values):
    return [values[n % len(values)] for n in range(_ROWS)]


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (_cycle(0, 1), "binary"),
        (_cycle("0", "1", ""), "binary"),
        (_cycle(True, False, None), "binary"),
        (_cycle("good", "bad"), "binary"),
        (_cycle(1.0, 0.0, float("nan")), "binary"),
        (_cycle(1, 2, 3, 4, 5), "multiclass"),
        (_cycle("a", "b", "c"), "multiclass"),
        (_cycle(0.0, 2.4, 5.0), "regression"),
        ([n / 7 for n in range(_ROWS)], "regression"),
        ([n // 2 for n in range(_ROWS)], "regression"),
        (list(range(_ROWS)), None),
        (_cycle("only"), None),
        ([f"word {n}" for n in range(_ROWS)], None),
        ([None] * _ROWS, None),
    ],
)
def test_the_kind_of_a_column(cells, kind):
    roles = _roles(column=pl.Series(cells))
    assert [c.kind for c in roles.labels] == ([kind] if kind else [])
    assert [c.name for c in roles.text] == ["text"]
    assert ("column" in dict(roles.unused)) == (kind is None)


@pytest.mark.parametrize("name", ["id", "turn", "index", "sentence_id", "fold", "count"])
def test_names_that_are_no_labels(name):
    assert not _roles(**{name: _cycle(1, 2, 3)}).labels


def test_shares_and_the_rarer_label():
    (label,) = _roles(label=_cycle("ham", "ham", "spam")).labels
    assert [name for name, _ in label.shares] == ["ham", "spam"]
    assert label.shares[1][1] == pytest.approx(1 / 3)
    assert label.positive == "spam"
    (label,) = _roles(label=_cycle("No", "No", "Yes")).labels
    assert label.positive is None


@pytest.mark.parametrize(
    ("names", "pair"),
    [
        (("sentence1", "sentence2"), True),
        (("question", "answer"), True),
        (("human_question", "bot_response"), True),
        (("Premise", "Hypothesis"), True),
        (("left_a", "left_b"), True),
        (("title", "body"), False),
    ],
)
def test_pairs(names, pair):
    first, second = ([f"{word} {t}" for t in _TEXT] for word in ("one", "the other"))
    roles = assign_roles(pl.DataFrame({names[0]: first, names[1]: second, "label": _cycle(0, 1)}))
    assert tuple(c.name for c in roles.text) == (names if pair else names[1:])


def test_groups_and_their_alternatives():
    repeated = [f"d{n // 4}" for n in range(_ROWS)]
    roles = _roles(batch_id=repeated, dialogue_id=repeated, sentence_id=[str(n) for n in range(_ROWS)])
    assert roles.group.name == "dialogue_id"
    assert [c.name for c in roles.groups] == ["batch_id"]
    assert dict(roles.unused) == {"sentence_id": "different in nearly every row"}


def test_votes_by_name_and_by_sum():
    yes = _cycle(0, 3, 2, 1)
    roles = _roles(kind_majority=_cycle(0, 1), kind_yes_count=yes, kind_no_count=[3 - n for n in yes])
    assert roles.votes == ()
    (ballot,) = roles.ballots
    assert (ballot.label, ballot.yes, ballot.no) == ("kind_majority", "kind_yes_count", "kind_no_count")
    assert [c.name for c in roles.labels] == ["kind_majority"]
    roles = _roles(count=_cycle(3, 6), hate=_cycle(0, 2), neither=_cycle(3, 4), label=_cycle(1, 2, 0))
    assert roles.votes == ("hate", "neither")
    assert [c.name for c in roles.labels] == ["label"]


def test_lists_are_passed_over():
    roles = assign_roles(pl.DataFrame({"text": _TEXT, "tags": [["a"]] * _ROWS, "label": _cycle(0, 1)}))
    assert dict(roles.unused) == {"tags": "no plain values"}


def test_a_table_without_text():
    assert assign_roles(pl.DataFrame({"label": _cycle(0, 1), "x": _cycle(0.5, 1.5)})).text == ()
