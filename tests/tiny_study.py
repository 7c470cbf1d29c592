"""A study that trains in seconds: two data sets, one with holes, three binary tasks and one of several labels."""

from __future__ import annotations

import copy
import csv
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sharewise.audit.schema import Power
    from sharewise.compare import RunSpec
    from sharewise.compare.results import Results
    from sharewise.compare.swept import StoppedRecord
    from sharewise.study import Study

WORDS = {"sport": "ball", "food": "soup", "travel": "train"}

KEYS: dict[str, Any] = {
    "name": "tiny",
    "data": {
        "talk": {"train": "train.csv", "validation": "valid.csv", "test": "test.csv", "text": "text"},
        "reviews": {"train": "reviews.csv", "validation": "25%", "test": "30%", "text": "review"},
    },
    "tasks": {
        "polite": {"data": "talk", "kind": "binary", "label": "polite"},
        "loud": {"data": "talk", "kind": "binary", "label": "loud"},
        "topic": {"data": "talk", "kind": "multiclass", "label": "topic"},
        "good": {"data": "reviews", "kind": "binary", "label": "good"},
    },
    "encoder": {"scratch": {"layers": 1, "width": 16, "vocabulary": 300}},
    "training": {"epochs": 1, "batch_rows": 8, "learning_rate": 0.01, "precision": "fp32"},
    "seeds": [1, 2, 3],
    "arms": {"hard": {}},
}


@dataclass(frozen=True)
class Compared:
    """A compared study: its file, the folder of all runs, what came out, and what its observer was told."""

    file: Path
    runs: Path
    results: Results
    spy: Spy

    @property
    def study(self) -> Study:
        from sharewise.study import load_study

        return load_study(self.file)

    @property
    def root(self) -> Path:
        return self.runs / self.results.study


def write_data(folder: Path) -> None:
    """Write the study's four files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows, seed in (("train", 40, 1), ("valid", 16, 2), ("test", 20, 3)):
        write_rows(folder / f"{name}.csv", _talk(rows, seed))
    reviews = [{"review": f"{row['text']} film", "good": row["loud"] or "0"} for row in _talk(32, 4)]
    write_rows(folder / "reviews.csv", reviews)


def write_rows(file: Path, rows: list[dict[str, str]]) -> None:
    """Write a CSV file."""
    with file.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(handle, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def read_rows(file: Path) -> list[dict[str, str]]:
    """Read a CSV file."""
    with file.open(newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


def change_cell(file: Path, row: int, column: str, value: str) -> None:
    """Change one cell of a CSV file."""
    rows = read_rows(file)
    assert rows[row][column] != value
    rows[row][column] = value
    write_rows(file, rows)


def _talk(rows: int, seed: int) -> list[dict[str, str]]:
    draw = random.Random(seed)
    written = []
    for number in range(rows):
        nice, topic = draw.random() < 0.5, draw.choice(sorted(WORDS))
        words = ["lovely" if nice else "awful", WORDS[topic], draw.choice(["today", "maybe"]), str(number)]
        draw.shuffle(words)
        written.append(
            {
                "text": " ".join(words),
                "polite": "yes" if nice else "no",
                "loud": ["0", "1", ""][number % 3],
                "topic": topic if number % 5 else "",
            }
        )
    return written


def keys_with(changes: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The study's keys, some of them changed: ``{"training.epochs": 2}``; None takes a key away."""
    keys = copy.deepcopy(KEYS)
    for path, value in (changes or {}).items():
        *sections, last = path.split(".")
        section = keys
        for name in sections:
            section = section.setdefault(name, {})
        if value is None:
            section.pop(last)
        else:
            section[last] = value
    return keys


def write_study(folder: Path, changes: Mapping[str, Any] | None = None, *, name: str = "study.yaml") -> Path:
    """Write a study file, as JSON, which is YAML too; and its data where they aren't there yet."""
    if not (folder / "train.csv").exists():
        write_data(folder)
    file = folder / name
    file.write_text(json.dumps(keys_with(changes), indent=1), encoding="utf-8")
    return file


def tiny_study(folder: Path, changes: Mapping[str, Any] | None = None) -> Study:
    """Write and load a study."""
    from sharewise.study import load_study

    return load_study(write_study(folder, changes))


def numbers(results: Results) -> dict[str, Any]:
    """All of results.json that mustn't depend on when, where and how quickly the runs were made."""
    found = results.model_dump(mode="json")
    for key in ("created", "git", "machine", "configuration"):
        del found[key]
    for arm in found["arms"].values():
        del arm["seconds"], arm["examples_per_second"], arm["energy"]
    for run in found["runs"]:
        del run["seconds"], run["energy"]
        for line in run["history"]:
            del line["seconds"]
    return found


class Spy:
    """A study's observer that remembers what it was told."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self.cached: list[str] = []
        self.numbers: list[tuple[int, int]] = []
        self.runs: dict[str, SpyRun] = {}
        self.foreseen: list[list[Power]] = []
        self.stopped: list[tuple[list[str], int]] = []

    def on_run(self, spec: RunSpec, *, number: int, total: int, cached: bool) -> SpyRun:
        (self.cached if cached else self.made).append(spec.label)
        self.numbers.append((number, total))
        return self.runs.setdefault(spec.label, SpyRun())

    def on_baseline(self, powers: Sequence[Power]) -> None:
        self.foreseen.append(list(powers))

    def on_stopped(self, stopped: Sequence[StoppedRecord], *, total: int) -> None:
        self.stopped.append(([record.name for record in stopped], total))


class SpyRun:
    """One run's observer that remembers what it was told."""

    def __init__(self) -> None:
        self.started: tuple[int, int] | None = None
        self.steps: list[int] = []
        self.evaluations: list[Mapping[str, Any]] = []
        self.notes: list[str] = []
        self.ended = 0

    def on_start(self, *, done: int, total: int) -> None:
        self.started = (done, total)

    def on_step(self, *, step: int, total: int) -> None:
        self.steps.append(step)

    def on_evaluation(self, record: Mapping[str, Any]) -> None:
        self.evaluations.append(record)

    def on_note(self, note: str) -> None:
        self.notes.append(note)

    def on_end(self) -> None:
        self.ended += 1
