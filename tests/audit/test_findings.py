"""What the audit measures of labels, raters, lengths, relations, effects and power, on tables small enough to check."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from sharewise.audit.balance import balance, coverage
from sharewise.audit.effects import effects
from sharewise.audit.lengths import lengths
from sharewise.audit.power import power
from sharewise.audit.raters import raters
from sharewise.audit.relations import measure_of, relations
from sharewise.models.tokenizers import train_tokenizer, wrap
from sharewise.tasks import BinaryOptions, MulticlassOptions, RegressionOptions

DRAW = np.random.default_rng(3)


def texts(rows: int, name: str = "t") -> list[str]:
    return [f"{name} {i}" for i in range(rows)]


def small(split: str) -> dict[str, list[object]]:
    return {"text": texts(2, split), "y": [0, 1], "z": ["a", "b"], "s": [1, 2]}


def test_rows_and_holes(rows_of):
    data = {
        "train": {"text": texts(4), "y": [1, "", 0, 1], "z": ["a", "b", "", "a"]},
        "validation": small("v"),
    }
    data["validation"].pop("s")
    tasks = {
        "y": BinaryOptions(data="d", label="y"),
        "z": MulticlassOptions(data="d", label="z"),
    }
    found = coverage(rows_of({"d": data}, tasks))
    assert [(c.task, c.split, c.rows, c.cells) for c in found] == [
        ("y", "train", 4, 3),
        ("y", "validation", 2, 2),
        ("z", "train", 4, 3),
        ("z", "validation", 2, 2),
    ]


def test_a_constant_answer_and_a_metric_that_it_flatters(rows_of):
    train = {"text": texts(50), "y": [1] * 45 + [0] * 5}
    test = {"text": texts(50, "u"), "y": [1] * 40 + [0] * 10}
    data = {"d": {"train": train, "validation": {"text": texts(4, "v"), "y": [1, 1, 0, 0]}, "test": test}}
    tasks = {
        "plain": BinaryOptions(data="d", label="y"),
        "flattered": BinaryOptions(data="d", label="y", metric="accuracy"),
    }
    (plain, _), findings = balance(rows_of(data, tasks))
    assert (plain.majority, plain.scored) == ("1", "test")
    assert plain.baseline["accuracy"] == pytest.approx(0.8)
    assert plain.baseline["mcc"] == 0
    assert plain.shares["train"] == pytest.approx({"0": 0.1, "1": 0.9})
    imbalance = [f for f in findings if f.key == "imbalance"]
    assert [f.tasks for f in imbalance] == [("flattered",)]
    rare = [f for f in findings if f.key == "rare"]
    assert [f.tasks for f in rare] == [("plain",), ("flattered",)]
    assert len(rare[0].rows) == 10


def test_numbers_have_means(rows_of):
    data = {
        "d": {
            "train": {"text": texts(4), "s": [1, 2, 3, 6]},
            "validation": {"text": texts(2, "v"), "s": [1, 5]},
        }
    }
    (found,), _ = balance(rows_of(data, {"s": RegressionOptions(data="d", label="s")}))
    assert found.majority == "3"
    assert found.means["train"][0] == pytest.approx(3)
    assert found.baseline["mae"] == pytest.approx(2)


def test_relations_and_groups(rows_of):
    y = DRAW.integers(0, 2, 300)
    train = {
        "text": texts(300),
        "y": y,
        "like": np.where(DRAW.random(300) < 0.1, 1 - y, y),
        "other": DRAW.integers(0, 2, 300),
        "z": np.array(["a", "b", "c"])[np.where(y == 1, 0, DRAW.integers(1, 3, 300))],
        "s": y * 2.0 + DRAW.random(300),
    }
    tasks = {n: BinaryOptions(data="d", label=n) for n in ("y", "like", "other")}
    tasks |= {"z": MulticlassOptions(data="d", label="z"), "s": RegressionOptions(data="d", label="s")}
    valid = {"text": texts(4, "v"), "y": [0, 1] * 2, "like": [0, 1] * 2, "other": [0, 1] * 2, "s": [1, 2, 3, 4],
             "z": ["a", "b", "c", "a"]}  # fmt: skip
    rows = rows_of({"d": {"train": train, "validation": valid}}, tasks)
    found, findings = relations(rows)
    by = {(p.one, p.other): p for p in found.pairs}
    assert by["y", "like"].measure == "phi"
    assert by["y", "like"].value == pytest.approx(np.corrcoef(y, train["like"])[0, 1], abs=1e-6)
    assert by["y", "z"].measure == "Cramér's V"
    assert by["y", "z"].value == pytest.approx(1)
    assert by["y", "s"].measure == "Spearman"
    assert by["z", "s"].measure == "correlation ratio"
    assert {g.tasks for g in found.groups} == {("y", "like", "z", "s"), ("other",)}
    assert [f.tasks for f in findings if f.key == "redundant"] == [("y", "z")]
    assert set(found.order) == set(tasks)
    assert len(found.merges) == 4
    assert "on average" in found.groups[0].reason
    assert measure_of(rows.data.tasks["z"], rows.data.tasks["z"]) == "Cramér's V"


def test_tasks_on_different_texts_have_no_relation(rows_of):
    data = {n: {"train": small(f"{n}t"), "validation": small(f"{n}v")} for n in ("a", "b")}
    found, (finding,) = relations(rows_of(data))
    assert [p.value for p in found.pairs] == [None]
    assert finding.says.startswith("No two tasks have labels on common rows")


def test_raters(rows_of):
    counts = [[3, 0], [0, 3], [2, 1], [1, 2], [3, 0], [0, 3]]
    train = {
        "text": texts(6),
        "y": [1, 0, 1, 0, 0, 0],
        "yes": [c[0] for c in counts],
        "no": [c[1] for c in counts],
        "r1": [1, 0, 1, 0, 1, 0],
        "r2": [1, 0, 0, 0, 1, ""],
    }
    valid = {"text": texts(2, "v"), "y": [0, 1], "yes": [0, 3], "no": [3, 0], "r1": [0, 1], "r2": [0, 1]}
    tasks = {
        "counted": BinaryOptions(data="d", label="y", votes={"yes": "yes", "no": "no"}),
        "named": BinaryOptions(data="d", label="y", votes=("r1", "r2")),
    }
    rows = rows_of({"d": {"train": train, "validation": valid}}, tasks)
    (counted, named), difficulty, findings = raters(rows)
    assert (counted.rows, counted.votes) == (8, 24)
    assert counted.unanimous == pytest.approx(6 / 8)
    assert counted.disagreement_share == pytest.approx(2 / 3)
    assert counted.one_rater["accuracy"] == pytest.approx(1 - 2 / 3 / 8)
    assert (named.rows, named.votes) == (7, 14)
    assert [(d.disagreements, d.rows) for d in difficulty] == [(0, 6), (1, 1), (2, 1)]
    outvoted = [f for f in findings if f.key == "outvoted"]
    assert [f.tasks for f in outvoted] == [("counted",), ("named",)]
    (place,) = outvoted[0].finding(rows).rows
    assert (place.line, place.note) == (6, "label 0, votes 0 0, 1 3")
    hard = next(f for f in findings if f.key == "difficult")
    assert hard.notes == ["counted, named"]


def test_without_votes_there_are_no_raters(rows_of):
    assert raters(rows_of({"d": {"train": small("t"), "validation": small("v")}})) == ([], [], [])


def test_effects_of_length_groups_and_slices(rows_of):
    y = DRAW.integers(0, 2, 400)
    turn = np.where(DRAW.random(400) < 0.5, 1, DRAW.integers(2, 5, 400))
    fallen = np.where((turn > 1) & (DRAW.random(400) < 0.6), 0, y)
    train = {
        "text": [f"{i}" + " word" * (8 if v else int(i % 4)) for i, v in enumerate(y)],
        "y": y,
        "z": fallen,
        "turn": turn,
        "place": np.array(["news", "blog", ""])[np.arange(400) % 3],
        "id": np.arange(400) // 2,
    }
    valid = {k: v[:4] for k, v in train.items()} | {"text": texts(4, "v"), "id": [900, 901, 902, 903]}
    tasks = {n: BinaryOptions(data="d", label=n) for n in "yz"}
    rows = rows_of({"d": {"train": train, "validation": valid}}, tasks, slice=("turn", "place"), group="id")
    found, findings = effects(rows)
    by = {(e.task, e.by): e for e in found}
    assert {e.by for e in found} == {
        "text length in characters",
        "turn",
        "place",
    }  # all groups are of two rows
    assert by["y", "text length in characters"].strength == pytest.approx(1, abs=0.05)
    assert by["y", "place"].strength < 0.1
    assert [b.name for b in by["z", "turn"].bins] == ["1", "2", "3", "4"]
    assert sum(b.rows for b in by["y", "place"].bins) == np.count_nonzero(train["place"] != "")
    first, *rest = by["z", "turn"].bins
    assert first.value == pytest.approx(fallen[turn == 1].mean(), abs=1e-6)
    assert all(b.value < first.value for b in rest)
    told = [f for f in findings if f.tasks == ("z",) and "turn" in f.says]
    assert len(told) == 1
    assert np.array_equal(told[0].rows, np.flatnonzero(turn == 4))


def test_lengths(rows_of):
    train = {"text": ["word " * n for n in range(1, 41)], "y": [0, 1] * 20}
    rows = rows_of({"d": {"train": train, "validation": small("v")}})
    sample = pl.DataFrame(
        {"text": ["word " * 50] * 20, "pair": None}, schema={"text": pl.String, "pair": pl.String}
    )
    tokenizer = wrap(train_tokenizer(sample, 300))
    found, findings = lengths(rows, tokenizer, name="t", max_length=20, batch_tokens=100, batch_rows=None)
    first = found.splits[0]
    tokens = np.array([len(tokenizer(t)["input_ids"]) for t in train["text"]])
    assert first.mean == pytest.approx(tokens.mean())
    assert first.longest == tokens.max()
    assert first.cut == pytest.approx(np.mean(tokens > 20))
    assert first.lost == pytest.approx(np.maximum(tokens - 20, 0).sum() / tokens.sum())
    assert sum(n for _, _, n in first.histogram) == 40
    assert found.padding.bucketed < found.padding.random_batches < found.padding.to_max_length + 0.2
    assert [f.key for f in findings] == ["cut", "padding"]
    assert np.array_equal(findings[0].rows, np.flatnonzero(tokens > 20))


def test_power(rows_of):
    rows = DRAW.integers(0, 2, 500)
    data = {"train": {"text": texts(4), "y": [0, 1] * 2, "s": [1, 2, 3, 4]},
            "validation": {"text": texts(4, "v"), "y": [0, 1] * 2, "s": [1, 2, 3, 4]},
            "test": {"text": texts(500, "u"), "y": rows, "s": rows}}  # fmt: skip
    tasks = {"y": BinaryOptions(data="d", label="y"), "s": RegressionOptions(data="d", label="s")}
    found = {}
    for seeds in (3, 10):
        found[seeds], findings = power(
            rows_of({"d": data}, tasks), seeds=seeds, comparisons=2, margins={"y": 0.01, "s": 0.01}
        )
    assert found[10][0].gain < found[3][0].gain
    assert found[10][0].gain < found[10][0].loss < found[3][0].loss
    assert found[3][0].equivalence is False
    assert "no number of rows" in found[3][0].why
    assert found[10][0].why == "too few test rows for so small a margin"
    assert not found[3][1].known
    assert (found[3][1].gain, found[3][1].loss) == (None, None)
    assert "once the baseline is trained" in found[3][1].why
    assert [f.key for f in findings] == ["equivalence"]
    two, _ = power(rows_of({"d": data}, tasks), seeds=2, comparisons=2, margins={})
    assert "three seeds" in two[0].why


def test_alike_labels_in_groups_cost_power(rows_of):
    y = np.repeat(DRAW.integers(0, 2, 100), 5)

    def data(ids):
        return {"d": {"train": small("t") | {"id": [1, 2]}, "validation": small("v") | {"id": [3, 4]},
                      "test": {"text": texts(500, "u"), "y": y, "z": "a", "s": 1, "id": ids}}}  # fmt: skip

    (together,), _ = power(rows_of(data(np.repeat(np.arange(100), 5) + 10), group="id"), seeds=3, comparisons=1,
                           margins={})  # fmt: skip
    (apart,), _ = power(rows_of(data(np.arange(500) + 10), group="id"), seeds=3, comparisons=1, margins={})
    assert together.design_effect == pytest.approx(5)
    assert apart.design_effect == 1
    assert together.groups == 100
    assert together.loss > 1.5 * apart.loss


def test_without_test_split_there_is_no_verdict(rows_of):
    found, (finding,) = power(rows_of({"d": {"train": small("t"), "validation": small("v")}}), seeds=3,
                              comparisons=1, margins={})  # fmt: skip
    assert found == []
    assert finding.severity == "problem"
