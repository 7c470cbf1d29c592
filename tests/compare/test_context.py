"""A study whose texts have earlier turns before them: trained, hashed, saved, and scored alike from a file."""

from __future__ import annotations

import random
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from sharewise.compare import compare, load_results
from sharewise.compare.identity import run_hash
from sharewise.compare.planning import plan_runs
from sharewise.compare.workspace import Workspace
from sharewise.data.turn import Turn
from sharewise.serve import Scorer, predict_file
from sharewise.study import Study

CONTEXT = {"dialogue": "id", "turn": "n", "last": 1}


def write(file: Path, dialogues: int, seed: int) -> None:
    """Dialogues of three turns; `echo` can be told from the turn before alone, `nice` from the text."""
    draw = random.Random(seed)
    rows: list[dict[str, Any]] = []
    for dialogue in range(dialogues):
        before = ""
        for turn in range(1, 4):
            mood, topic = draw.choice(["lovely", "awful"]), draw.choice(["ball", "soup"])
            text = f"{mood} {topic} {draw.randint(0, 9)}"
            echo = int("lovely" in before) if before else draw.randint(0, 1)
            rows.append(
                {
                    "id": f"{file.stem}{dialogue}",
                    "n": turn,
                    "text": text,
                    "nice": int(mood == "lovely"),
                    "echo": echo,
                }
            )
            before = text
    pl.DataFrame(rows).write_csv(file)


def study_in(folder: Path, **data: Any) -> Study:
    for name, dialogues, seed in (("train", 24, 1), ("valid", 8, 2), ("test", 8, 3)):
        write(folder / f"{name}.csv", dialogues, seed)
    files = {"train": "train.csv", "validation": "valid.csv", "test": "test.csv"}
    files = {split: str(folder / file) for split, file in files.items()}
    return Study(
        name="talk",
        data={"d": {**files, "text": "text", **data}},
        tasks={name: {"data": "d", "kind": "binary", "label": name} for name in ("nice", "echo")},
        encoder={"scratch": {"layers": 1, "width": 32, "vocabulary": 300}},
        training={"epochs": 6, "batch_rows": 8, "learning_rate": 0.01, "precision": "fp32", "max_length": 24},
        seeds=[1],
        # The second answers as it began, and so not as models do that have learned.
        arms={"hard": {}, "untaught": {"training": {"learning_rate": 1e-9}}},
    )


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("talk")
    compare(study_in(folder, context=CONTEXT), runs=folder / "runs")
    return folder


def test_an_export_reads_earlier_turns_as_pytorch_does(talk: Path, tmp_path: Path) -> None:
    """From a file's own columns and from Python, with turns that have no room, on ragged batches."""
    pytest.importorskip("onnxruntime", reason="the extra `onnx` is not installed")
    from sharewise.serve.export import export_onnx

    folder = tmp_path / "model"
    shutil.copytree(talk / "runs" / "talk" / "model", folder)
    exact = Scorer.load(folder, engine="torch")
    export_onnx(folder)
    exported = Scorer.load(folder, engine="onnx")
    for scorer in (exact, exported):
        predict_file(scorer, talk / "test.csv", tmp_path / f"{scorer.engine}.parquet", window=5)
    files = [pl.read_parquet(tmp_path / f"{engine}.parquet") for engine in ("torch", "onnx")]
    for name in ("nice.p.1", "echo.p.1"):
        np.testing.assert_allclose(files[1][name].to_numpy(), files[0][name].to_numpy(), atol=1e-5)
    turns = [
        Turn("lovely ball 1", context=("awful soup 2",)),
        Turn("lovely ball 1", context=("lovely soup 2",)),
        Turn("lovely ball 1", context=("awful soup 2 " * 30, "lovely soup 2 " * 30)),
        Turn("awful soup 3 " * 40, context=("lovely soup 2",)),
        "lovely ball 1",
    ]
    expected, found = exact.scores(turns), exported.scores(turns)
    for task in ("nice", "echo"):
        np.testing.assert_allclose(found[task], expected[task], atol=1e-5)
        # What was said before is read, and so is whether anything was.
        assert len(np.unique(np.round(found[task][[0, 1, 4]], 6))) == 3


def test_a_file_is_scored_as_the_study_scored_it(talk: Path) -> None:
    (run,) = (talk / "runs" / "talk" / "hard" / "all").glob("seed-1-*")
    stored = pl.read_parquet(run / "predictions.parquet").filter(pl.col("split") == "test")
    scorer = Scorer.load(run / "model" if (run / "model").is_dir() else talk / "runs" / "talk" / "model")
    (context,) = scorer.context.values()
    assert (context.dialogue, context.turn, context.turns, context.texts) == ("id", "n", 1, 1)
    predict_file(scorer, talk / "test.csv", talk / "out.parquet", window=5)
    scored = pl.read_parquet(talk / "out.parquet")
    for task in ("nice", "echo"):
        own = stored.filter(pl.col("task") == task).sort("row")
        outputs = np.stack(own["output"].to_list()).reshape(len(own), -1)[:, -1]
        np.testing.assert_allclose(scored[f"{task}.p.1"].to_numpy(), outputs, atol=1e-5)


def test_the_hash_knows_of_earlier_turns(tmp_path: Path) -> None:
    hashes = set()
    for keys in ({}, {"context": CONTEXT}, {"context": {**CONTEXT, "last": 2}}):
        study = study_in(tmp_path, **keys)
        hashes.add(run_hash(plan_runs(study)[0], Workspace(study, tmp_path / "cache")))
    assert len(hashes) == 3


def test_rows_are_shown_with_what_was_before_them(talk: Path) -> None:
    details = load_results(talk / "runs" / "talk").details
    rows = [row for found in details.values() for row in found.most]
    assert rows
    by_row = pl.read_csv(talk / "test.csv")
    for row in rows:
        turn = by_row["n"][row.row]
        assert row.text == by_row["text"][row.row]
        assert row.context == ((by_row["text"][row.row - 1],) if turn > 1 else ())
