import codecs

import polars as pl
import pytest

from sharewise.data.corpus import generate_dialogues, write_dialogues
from sharewise.data.simulated import NOTE
from sharewise.errors import UserError


def write(folder, **arguments):
    return write_dialogues(
        folder, **({"language": "ko", "rows": 100, "seed": 1, "length": "short"} | arguments)
    )


def test_eighty_ten_ten(tmp_path):
    files = write(tmp_path / "new" / "corpus")
    assert list(files) == ["train", "validation", "test"]
    assert [pl.read_csv(file).height for file in files.values()] == [80, 10, 10]


def test_csv_has_a_byte_order_mark(tmp_path):
    assert write(tmp_path)["train"].read_bytes().startswith(codecs.BOM_UTF8)


@pytest.mark.parametrize("format", ["csv", "parquet"])
def test_files_hold_what_is_generated(tmp_path, format):
    splits = {"train": 50}
    file = write(tmp_path, rows=50, splits=splits, format=format)["train"]
    expected = generate_dialogues(language="ko", rows=50, seed=1)
    read = pl.read_csv(file, schema_overrides=expected.schema) if format == "csv" else pl.read_parquet(file)
    assert read.equals(expected)


def test_given_sizes_are_exact_and_dialogues_stay_together(tmp_path):
    sizes = {"train": 333, "validation": 41}
    files = write(tmp_path, rows=374, splits=sizes)
    frames = {split: pl.read_csv(file) for split, file in files.items()}
    assert {split: frame.height for split, frame in frames.items()} == sizes
    assert not set(frames["train"]["dialogue_id"]) & set(frames["validation"]["dialogue_id"])


def test_the_note_says_that_it_is_simulated(tmp_path):
    write(tmp_path)
    note = (tmp_path / NOTE).read_text(encoding="utf-8")
    assert "SIMULATED" in note
    assert "language ko, rows 100, seed 1, length short" in note


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"splits": {"dev": 100}}, "split 'dev'"),
        ({"splits": {"train": 90}}, "90 rows together"),
        ({"splits": {"train": 100, "test": 0}}, "leave a split empty"),
        ({"rows": 3}, "leave a split empty"),
        ({"format": "xlsx"}, "format 'xlsx'"),
    ],
)
def test_wrong_arguments_are_told_before_anything_is_written(tmp_path, arguments, message):
    with pytest.raises(UserError, match=message):
        write(tmp_path / "corpus", **arguments)
    assert not (tmp_path / "corpus").exists()
