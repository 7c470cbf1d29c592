from __future__ import annotations

import gzip
import json
import os
import shutil

import numpy as np
import polars as pl
import pytest

from sharewise.data import kept
from sharewise.data.context_options import ContextOptions
from sharewise.data.kept import load_kept
from sharewise.data.loading import load
from sharewise.data.options import DataOptions
from sharewise.errors import UserError
from sharewise.tasks import (
    BinaryOptions,
    MulticlassOptions,
    MultilabelOptions,
    OrdinalOptions,
    RegressionOptions,
)

ROWS = 60
DATA = {
    "chats": DataOptions(
        train="chats.csv",
        validation="20%",
        test="20%",
        text=("said", "answered"),
        group="dialogue",
        slice="turn",
        context=ContextOptions(columns=("before",)),
    ),
    "reviews": DataOptions(train="reviews.jsonl", validation="more.jsonl", test="more.jsonl.gz", text="said"),
}
TASKS = {
    "kind": BinaryOptions(data="chats", label="kind", pos_weight="auto", threshold=0.4),
    "topic": MulticlassOptions(data="chats", label="topic", class_weights="balanced", label_smoothing=0.1),
    "voted": BinaryOptions(data="chats", votes={"yes": "up", "no": "down"}, vote_weights="agreement"),
    "soft": BinaryOptions(data="chats", votes={"yes": "up", "no": "down"}, targets="soft"),
    "tags": MultilabelOptions(data="reviews", label="tags"),
    "stars": OrdinalOptions(data="reviews", label="stars", link="cumulative"),
    "price": RegressionOptions(data="reviews", label="price", increment=0.25),
}


@pytest.fixture
def files(tmp_path, monkeypatch):
    """Two data sets with every kind of task, holes, groups, slices, votes and earlier turns."""
    monkeypatch.setattr(kept, "_SMALL", 0)
    rng = np.random.default_rng(0)

    def choices(*values: object, rows: int = ROWS) -> list[object]:
        return [values[i] for i in rng.integers(len(values), size=rows)]

    numbers = range(ROWS)
    pl.DataFrame(
        {
            "said": [f"question {i}" for i in numbers],
            "answered": [f"answer {i}" for i in numbers],
            "before": choices("earlier", "", "long ago"),
            "dialogue": [str(i // 3) for i in numbers],
            "turn": [str(i % 3) for i in numbers],
            "kind": choices("0", "1", ""),
            "topic": choices("food", "sport", "news"),
            "up": choices("0", "1", "2", "3"),
            "down": choices("1", "2"),
        }
    ).write_csv(tmp_path / "chats.csv")
    lines = [
        json.dumps(
            {"said": f"review {i}", "tags": tags, "stars": stars, "price": float(rng.normal()) / 3}
            | ({"price": None} if i == 4 else {})
        )
        for i, (tags, stars) in enumerate(
            zip(choices(["good"], ["good", "big"], ["big"]), choices(1, 2, 3), strict=True)
        )
    ]
    (tmp_path / "reviews.jsonl").write_text("\n".join(lines))
    (tmp_path / "more.jsonl").write_text("\n".join(lines[:20]))
    (tmp_path / "more.jsonl.gz").write_bytes(gzip.compress("\n".join(lines[20:50]).encode()))
    return tmp_path


def opened(files, data=DATA, tasks=TASKS):
    return load_kept(data, tasks, folder=files, cache=files / "cache")


def folders(files):
    return sorted((files / "cache" / "tables").iterdir()) if (files / "cache").exists() else []


def forbid_reading(monkeypatch):
    def refuse(*args: object, **keys: object) -> None:
        raise AssertionError("the files were read again")

    monkeypatch.setattr(kept, "load", refuse)


def state(value):
    """All that an object holds, ready to be compared."""
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tobytes()
    if isinstance(value, pl.DataFrame):
        return value.schema, value.rows()
    if isinstance(value, dict):
        return [(k, state(v)) for k, v in value.items()]
    if isinstance(value, tuple | list):
        return [state(v) for v in value]
    if hasattr(value, "model_dump_json"):
        return type(value), value.model_dump_json()
    if hasattr(value, "__dict__"):
        lazy = ("digest_of_texts", "known_digest")
        return type(value), [(k, state(v)) for k, v in vars(value).items() if k not in lazy]
    return value


def test_what_is_kept_is_what_was_read(files, monkeypatch):
    read = load(DATA, TASKS, folder=files)
    first = opened(files)
    forbid_reading(monkeypatch)
    for found in (first, opened(files)):
        assert state(found) == state(read)
        for split, table in read.tables.items():
            assert found.tables[split].text_digest() == table.text_digest()
    assert len(folders(files)) == 1


def test_a_changed_file_is_read_anew(files):
    before = opened(files)
    file = files / "chats.csv"
    file.write_text(file.read_text().replace("question 7,", "question seven,"))
    after = opened(files)
    texts = [set(pl.concat([t.texts for t in data.tables.values()])["text"]) for data in (before, after)]
    assert texts[1] - texts[0] == {"question seven"}
    assert len(folders(files)) == 2


def test_other_keys_of_data_and_tasks_are_read_anew(files):
    opened(files)
    opened(files, DATA | {"chats": DATA["chats"].model_copy(update={"test": "30%"})})
    assert len(folders(files)) == 2
    mapped = TASKS["topic"].model_copy(update={"map": {"food": "a", "sport": "b", "news": "b"}})
    assert opened(files, tasks=TASKS | {"topic": mapped}).tasks["topic"].labels == ("a", "b")
    assert len(folders(files)) == 3


def test_keys_that_no_table_depends_on_are_taken_as_they_are_now(files, monkeypatch):
    opened(files)
    forbid_reading(monkeypatch)
    changes = {
        "weight": 3.0,
        "margin": 0.1,
        "threshold": 0.7,
        "metric": "accuracy",
        "gamma": 2.0,
        "pos_weight": 3.0,
    }
    other = TASKS["kind"].model_copy(update=changes)
    found = opened(files, tasks=TASKS | {"kind": other})
    assert state(found) == state(load(DATA, TASKS | {"kind": other}, folder=files))
    assert found.tasks["kind"].describe()["loss"] == {
        "weights": [3.0],
        "gamma": 2.0,
        "gamma_negative": 2.0,
    }
    wrong = other.model_copy(update={"threshold": {"9": 0.5}})
    with pytest.raises(UserError, match="threshold"):
        opened(files, tasks=TASKS | {"kind": wrong})


def test_other_code_reads_anew(files, monkeypatch):
    opened(files)
    monkeypatch.setattr(kept, "_code", lambda: "another version")
    opened(files)
    assert len(folders(files)) == 2


@pytest.mark.parametrize("file", ["facts.json", "train.npz", "train.texts.arrow", "test.slices.arrow"])
@pytest.mark.parametrize("harm", ["cut", "missing", "changed", "emptied"])
def test_damage_is_found_and_mended(files, file, harm):
    read = state(opened(files).train)
    victim = folders(files)[0] / file
    content = bytearray(victim.read_bytes())
    if harm == "missing":
        victim.unlink()
    else:
        content[len(content) // 2] ^= 0x55
        changed = {"cut": content[: len(content) // 2], "changed": content, "emptied": b""}[harm]
        victim.unlink()  # The old bytes may still be mapped.
        victim.write_bytes(changed)
    found = opened(files)
    assert state(found.train) == read
    assert "damaged" in found.notes[-1]
    assert "damaged" not in "".join(opened(files).notes)


def test_no_changed_byte_goes_unnoticed(files):
    read = state(opened(files).train)
    rng = np.random.default_rng(1)
    for name in ("facts.json", "train.npz", "train.texts.arrow"):
        victim = folders(files)[0] / name
        content = victim.read_bytes()
        for place in rng.integers(len(content), size=25):
            changed = bytearray(content)
            changed[place] ^= 1 << int(rng.integers(8))
            victim.write_bytes(changed)
            with pytest.raises(ValueError, match=r"is not what was written|utf-8"):
                kept._opened(folders(files)[0], TASKS)
        victim.write_bytes(content)
    assert state(opened(files).train) == read


def test_names_of_tasks_are_nobodys_file_names(files, monkeypatch):
    tasks = {
        name: TASKS[of] for name, of in {"q": "kind", "q.npy": "topic", "../q": "soft", "a/b": "tags"}.items()
    }
    read = load(DATA, tasks, folder=files)
    opened(files, tasks=tasks)
    forbid_reading(monkeypatch)
    assert state(opened(files, tasks=tasks)) == state(read)


def test_where_nothing_can_be_kept_the_data_are_read_all_the_same(files):
    (files / "cache").mkdir()
    (files / "cache" / "tables").write_text("in the way")
    found = opened(files)
    assert "can't be kept" in found.notes[-1]
    assert state(found.train) == state(load(DATA, TASKS, folder=files).train)


def test_a_copy_is_not_the_same_file(files):
    shutil.copy(files / "more.jsonl", files / "copy.jsonl")
    data = DATA | {"reviews": DATA["reviews"].model_copy(update={"test": "copy.jsonl"})}
    opened(files, data)
    (files / "copy.jsonl").unlink()
    (files / "copy.jsonl").symlink_to(files / "more.jsonl")
    with pytest.raises(UserError, match="is the validation split of this data set already"):
        opened(files, data)


def test_a_file_that_can_not_be_opened_is_named(files, monkeypatch):
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(kept, "_key", refuse)
    assert state(opened(files)) == state(load(DATA, TASKS, folder=files))
    assert not folders(files)


def test_errors_are_not_kept(files):
    file = files / "chats.csv"
    good = file.read_text()
    file.write_text(good.replace("question 0,answer 0,", "question 0,,"))
    for _ in range(2):
        with pytest.raises(UserError, match="line 2"):
            opened(files)
    file.write_text(good)
    opened(files)


def test_a_file_written_to_meanwhile_is_not_kept(files, monkeypatch):
    def load_and_write(*args: object, **keys: object):
        data = load(*args, **keys)
        with (files / "chats.csv").open("a") as file:
            file.write("late,late,,99,0,1,food,1,1\n")
        return data

    monkeypatch.setattr(kept, "load", load_and_write)
    opened(files)
    assert not folders(files)


def test_small_files_and_missing_ones_go_the_plain_way(files, monkeypatch):
    monkeypatch.setattr(kept, "_SMALL", 1 << 30)
    opened(files)
    assert not folders(files)
    (files / "chats.csv").unlink()
    with pytest.raises(UserError, match="there is no file"):
        opened(files)


def test_the_folder_of_a_study_may_move(files, monkeypatch):
    opened(files)
    moved = files.with_name("moved")
    shutil.copytree(files, moved)
    forbid_reading(monkeypatch)
    load_kept(DATA, TASKS, folder=moved, cache=moved / "cache")


def test_what_no_start_has_read_for_a_month_goes(files):
    def change(old, new):
        (files / "chats.csv").write_text((files / "chats.csv").read_text().replace(old, new))

    opened(files)
    (unread,) = folders(files)
    change("question", "query")
    opened(files)
    (read,) = set(folders(files)) - {unread}
    beside = unread.parent / "notes"
    beside.mkdir()
    for place in (unread, read, beside):
        (place / "facts.json").touch()
        os.utime(place / "facts.json", (0, 0))
    # Reading what was kept counts, so that it stays.
    opened(files)
    change("query", "what")
    opened(files)
    left = folders(files)
    assert unread not in left
    assert {read, beside} < set(left)
    assert len(left) == 3
