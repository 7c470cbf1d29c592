"""Scored files: every format, in order, nothing lost or doubled, also after SIGKILL."""

from __future__ import annotations

import gzip
import io
import json
import os
import random
import signal
import sys
import time
import tracemalloc
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import zstandard

from sharewise.errors import UserError
from sharewise.serve import predict_file
from sharewise.serve.parts import Parts

WORDS = ["배우", "연기", "film", "good", "軽い", "掃除機", "lamp"]


def write(path: Path, rows: int = 25) -> list[str]:
    draw = random.Random(rows)
    texts = [" ".join(draw.choices(WORDS, k=draw.randint(1, 12))) + f" {i}" for i in range(rows)]
    frame = pl.DataFrame({"id": [str(i) for i in range(rows)], "text": texts})
    packed = path.suffix if path.suffix in (".gz", ".zst") else ""
    kind = Path(path.name.removesuffix(packed)).suffix
    if kind == ".parquet":
        frame.write_parquet(path)
        return texts
    separator = "\t" if kind == ".tsv" else ","
    content = (frame.write_ndjson() if kind == ".jsonl" else frame.write_csv(separator=separator)).encode()
    if packed:
        content = gzip.compress(content) if packed == ".gz" else zstandard.ZstdCompressor().compress(content)
    path.write_bytes(content)
    return texts


def read(path: Path) -> pl.DataFrame:
    content = path.read_bytes()
    if path.suffix == ".gz":
        content = gzip.decompress(content)
    elif path.suffix == ".zst":
        content = (
            zstandard.ZstdDecompressor().stream_reader(io.BytesIO(content), read_across_frames=True).read()
        )
    kind = Path(path.name.removesuffix(".gz").removesuffix(".zst")).suffix
    if kind == ".parquet":
        return pl.read_parquet(path)
    if kind == ".jsonl":
        return pl.read_ndjson(content)
    return pl.read_csv(content, separator="\t" if kind == ".tsv" else ",", infer_schema_length=None)


@pytest.mark.parametrize(
    ("source", "output"),
    [("a.csv", "o.csv"), ("a.tsv.gz", "o.jsonl"), ("a.jsonl", "o.parquet"), ("a.parquet", "o.tsv.zst"),
     ("a.csv.zst", "o.csv.gz"), ("a.jsonl", "o.jsonl.zst"), ("a.parquet", "o.parquet"), ("a.jsonl", "o.csv")],
)  # fmt: skip
def test_every_format_keeps_rows_and_order(scorer, tmp_path, source, output):
    texts = write(tmp_path / source)
    seen = []
    done = predict_file(
        scorer, tmp_path / source, tmp_path / output, window=8, watch=lambda n, share: seen.append((n, share))
    )
    assert (done.rows, done.rejected, done.rejected_file, done.resumed) == (25, 0, None, 0)
    frame = read(tmp_path / output)
    assert frame["text"].to_list() == texts
    assert [int(i) for i in frame["id"].to_list()] == list(range(25))
    expected = scorer.score(texts)
    assert frame["topic.predicted"].to_list() == [a["topic"].decision for a in expected]
    found = frame["polite.p.yes"].to_list()
    assert found == pytest.approx([a["polite"].probabilities["yes"] for a in expected], abs=1e-5)
    assert [n for n, _ in seen] == [8, 16, 24, 25]
    assert seen[-1][1] == 1.0
    assert sorted(p.name for p in tmp_path.iterdir() if p.suffix != ".lock") == sorted([source, output])


def test_tasks_and_columns_are_chosen(scorer, pair_scorer, tmp_path):
    write(tmp_path / "a.csv", 5)
    predict_file(scorer, tmp_path / "a.csv", tmp_path / "o.csv", tasks=["polite"], text="id")
    frame = read(tmp_path / "o.csv")
    assert frame.columns == ["id", "text", "polite.predicted", "polite.p.yes"]
    predict_file(pair_scorer, tmp_path / "a.csv", tmp_path / "p.csv", tasks=["polite"], text=["id", "text"])
    expected = pair_scorer.score(list(zip(map(str, frame["id"]), frame["text"], strict=True)), ["polite"])
    assert read(tmp_path / "p.csv")["polite.predicted"].to_list() == [a["polite"].decision for a in expected]
    with pytest.raises(
        UserError, match=r"a\.csv: which columns hold the text isn't clear: .*question and answer"
    ):
        predict_file(pair_scorer, tmp_path / "a.csv", tmp_path / "q.csv")


BAD = "id,text\n0,fine\n1,\n2,b,c\n3,good\n"


def test_bad_rows_stop_with_their_place_or_are_put_apart(scorer, tmp_path):
    (tmp_path / "a.csv").write_text(BAD)
    output = tmp_path / "o.csv"
    with pytest.raises(UserError, match=r"a\.csv, line 3: an empty text"):
        predict_file(scorer, tmp_path / "a.csv", output)
    assert not output.exists()
    done = predict_file(scorer, tmp_path / "a.csv", output, on_error="apart")
    assert (done.rows, done.rejected) == (2, 2)
    assert read(output)["id"].to_list() == [0, 3]
    apart = [json.loads(line) for line in done.rejected_file.read_text().splitlines()]
    assert [(row["place"], row["reason"]) for row in apart] == [
        (3, "an empty text"),
        (4, "3 field(s), and the first line has 2"),
    ]
    (tmp_path / "b.csv").write_text("id,text\n1,\n")
    with pytest.raises(UserError, match="none of its 1 rows could be scored"):
        predict_file(scorer, tmp_path / "b.csv", output, on_error="apart")


def test_a_window_of_bad_rows_alone_is_no_hole(scorer, tmp_path):
    (tmp_path / "a.csv").write_text("id,text\n" + "0,\n" * 4 + "1,fine\n" * 3 + "2,\n" * 4)
    for name in ("o.csv", "o.parquet", "o.jsonl"):
        done = predict_file(scorer, tmp_path / "a.csv", tmp_path / name, on_error="apart", window=2)
        assert (done.rows, done.rejected) == (3, 8)
        assert [int(i) for i in read(tmp_path / name)["id"]] == [1, 1, 1]


def test_json_keys_that_come_late(scorer, tmp_path):
    lines = ['{"text": "a"}', '{"text": "b"}', '{"text": "c", "n": {"x": 1}}']
    (tmp_path / "a.jsonl").write_text("\n".join(lines))
    predict_file(scorer, tmp_path / "a.jsonl", tmp_path / "o.jsonl", tasks=["stars"], window=2)
    objects = [json.loads(line) for line in (tmp_path / "o.jsonl").read_text().splitlines()]
    assert [list(o) for o in objects] == [["text", "stars.predicted"]] * 2 + [
        ["text", "n", "stars.predicted"]
    ]
    assert objects[2]["n"] == {"x": 1}
    with pytest.raises(UserError, match="a later row has the key 'n'"):
        predict_file(scorer, tmp_path / "a.jsonl", tmp_path / "o.csv", window=2)


def test_what_cannot_be_is_refused(scorer, tmp_path):
    write(tmp_path / "a.csv")
    with pytest.raises(UserError, match="would overwrite the input"):
        predict_file(scorer, tmp_path / "a.csv", tmp_path / "a.csv")
    with pytest.raises(UserError, match="the format is not known"):
        predict_file(scorer, tmp_path / "a.csv", tmp_path / "o.xlsx")
    pl.DataFrame({"text": ["a"], "l": [[1]]}).write_parquet(tmp_path / "a.parquet")
    with pytest.raises(UserError, match="values of type List"):
        predict_file(scorer, tmp_path / "a.parquet", tmp_path / "o.csv")


def test_a_byte_order_mark_stays(scorer, tmp_path):
    (tmp_path / "a.csv").write_text("text\n글\n", encoding="utf-8-sig")
    predict_file(scorer, tmp_path / "a.csv", tmp_path / "o.csv")
    assert (tmp_path / "o.csv").read_bytes().startswith(b"\xef\xbb\xbftext,polite")


def test_pipes(scorer, tmp_path, monkeypatch):
    texts = write(tmp_path / "a.csv", 9)

    class Standard:
        def __init__(self, content=b""):
            self.buffer = io.BytesIO(content)

    out = Standard()
    monkeypatch.setattr(sys, "stdin", Standard((tmp_path / "a.csv").read_bytes()))
    monkeypatch.setattr(sys, "stdout", out)
    done = predict_file(scorer, "-", "-", input_format="csv", window=4)
    predict_file(scorer, tmp_path / "a.csv", tmp_path / "o.csv", window=4)
    assert done.rows == 9
    assert out.buffer.getvalue() == (tmp_path / "o.csv").read_bytes()
    monkeypatch.setattr(sys, "stdin", Standard((tmp_path / "a.csv").read_bytes()))
    predict_file(scorer, "-", tmp_path / "p.jsonl", input_format="csv")
    assert read(tmp_path / "p.jsonl")["text"].to_list() == texts


def test_an_unfinished_output_of_another_job_is_not_mixed_in(scorer, tmp_path):
    write(tmp_path / "a.csv")
    output = tmp_path / "o.csv"

    def stop(rows, share):
        if rows >= 16:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        predict_file(scorer, tmp_path / "a.csv", output, window=8, watch=stop)
    assert len(list(Parts(output, ".csv").folder.glob("0*.csv"))) == 2
    with pytest.raises(UserError, match="made with another tasks"):
        predict_file(scorer, tmp_path / "a.csv", output, window=8, tasks=["polite"])
    done = predict_file(scorer, tmp_path / "a.csv", output, window=8)
    assert (done.rows, done.resumed) == (25, 16)
    with pytest.raises(KeyboardInterrupt):
        predict_file(scorer, tmp_path / "a.csv", output, window=8, watch=stop)
    assert predict_file(scorer, tmp_path / "a.csv", output, window=8, restart=True).resumed == 0


def test_memory_does_not_grow_with_the_rows(scorer, tmp_path):
    """A file of eight times as many windows needs no more at once; what computes is left out, as it holds a window."""

    def nothing(texts, tasks):
        return {task: np.zeros((len(texts), scorer.tasks[task].outputs), dtype=np.float32) for task in tasks}

    def peak(rows):
        write(tmp_path / "a.csv", rows)
        tracemalloc.start()
        predict_file(scorer, tmp_path / "a.csv", tmp_path / "o.csv", window=200, compute=nothing)
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(400)
    assert peak(8000) < 1.3 * peak(1000)


@pytest.mark.kill
def test_killed_at_twenty_random_moments_and_resumed_it_ends_the_same(scorer, tmp_path):
    """Workers are forked from this warm process, so that each has milliseconds to be killed in, not seconds."""
    name, texts = "o.csv", write(tmp_path / "a.csv", 72)
    with (tmp_path / "a.csv").open("a", encoding="utf-8") as file:
        file.write("x,\n1,2,3\n")
    options = {"window": 8, "on_error": "apart"}
    started = time.perf_counter()
    predict_file(scorer, tmp_path / "a.csv", tmp_path / f"whole-{name}", **options)
    seconds = time.perf_counter() - started
    draw = random.Random(5)
    killed = 0
    while killed < 20:
        child = os.fork()
        if child == 0:
            try:
                predict_file(scorer, tmp_path / "a.csv", tmp_path / name, **options)
            finally:
                os._exit(0)
        time.sleep(draw.uniform(0, seconds * 0.6))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            killed += 1
        else:  # It was quicker than the signal: begin anew.
            (tmp_path / name).unlink()
    done = predict_file(scorer, tmp_path / "a.csv", tmp_path / name, **options)
    assert (done.rows, done.rejected) == (72, 2)
    assert (tmp_path / name).read_bytes() == (tmp_path / f"whole-{name}").read_bytes()
    assert read(tmp_path / name)["text"].to_list() == texts
    rejected = [(tmp_path / f"{stem}{name}.rejected.jsonl").read_bytes() for stem in ("", "whole-")]
    assert rejected[0] == rejected[1]
