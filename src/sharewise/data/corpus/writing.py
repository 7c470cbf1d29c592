"""The corpus as files: one a split, and a note that says what they are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from sharewise.data.corpus.dialogues import Length, simulate
from sharewise.data.corpus.facts import LanguageCode
from sharewise.data.simulated import NOTE
from sharewise.errors import UserError

Format = Literal["csv", "parquet"]
FORMATS: tuple[Format, ...] = ("csv", "parquet")
SPLITS: tuple[str, ...] = ("train", "validation", "test")

_HELD_OUT = 0.1
"""Share of rows of the validation and of the test split, where no sizes are given."""

_NOTE = """SIMULATED DIALOGUES

The files in this folder hold no real dialogues and no real people's ratings. Questions, answers,
earlier turns, labels and raters' votes were made by `sharewise corpus dialogue`.

language {language}, rows {rows}, seed {seed}, length {length}
{splits}

They show and test what Sharewise does. They prove nothing about real dialogues: rates, correlations
and the groups of criteria are built in. Where some answers are biased, hostile or false, that is what
their labels say, and nobody's opinion.
"""


def write_dialogues(
    folder: Path,
    *,
    language: LanguageCode,
    rows: int,
    seed: int,
    length: Length = "short",
    format: Format = "csv",
    splits: Mapping[str, int] | None = None,
) -> dict[str, Path]:
    """Write a simulated corpus to files, split by dialogue, with a note that it is simulated.

    Args:
        folder: where to; made if it isn't there. Files of the same names are replaced.
        language: `ko`, `en` or `ja`.
        rows: of all splits together.
        seed: of the random numbers, not negative.
        length: `short` or `published`, see `generate_dialogues`.
        format: `csv` (utf-8 with a byte order mark, as published) or `parquet`.
        splits: rows of each split, exactly; 80, 10 and 10 % of all rows if left out.

    Returns:
        split -> the file.

    Raises:
        UserError: if an argument isn't one of these, or the splits don't sum up to the rows.
    """
    if format not in FORMATS:
        raise UserError(f"format {format!r} is unknown", expected=f"one of {', '.join(FORMATS)}")
    sizes = _sizes(rows) if splits is None else dict(splits)
    _check(sizes, rows)
    table = simulate(language, list(sizes.values()), seed, length)
    folder.mkdir(parents=True, exist_ok=True)
    files, start = {}, 0
    for split, size in sizes.items():
        files[split] = folder / f"{split}.{format}"
        part = table.slice(start, size)
        if format == "csv":
            part.write_csv(files[split], include_bom=True)
        else:
            part.write_parquet(files[split])
        start += size
    shares = "\n".join(f"{file.name}: {sizes[split]:,} rows" for split, file in files.items())
    note = _NOTE.format(language=language, rows=rows, seed=seed, length=length, splits=shares)
    (folder / NOTE).write_text(note, encoding="utf-8")
    return files


def _sizes(rows: int) -> dict[str, int]:
    held_out = round(rows * _HELD_OUT)
    return dict(zip(SPLITS, (rows - 2 * held_out, held_out, held_out), strict=True))


def _check(sizes: Mapping[str, int], rows: int) -> None:
    unknown = sorted(set(sizes) - set(SPLITS))
    if unknown:
        raise UserError(f"split {unknown[0]!r} is unknown", expected=f"some of {', '.join(SPLITS)}")
    if any(size < 1 for size in sizes.values()):
        raise UserError(
            f"{rows} rows leave a split empty",
            expected="at least one row in each split",
            action="ask for 10 rows or more",
        )
    if sum(sizes.values()) != rows:
        raise UserError(
            f"the splits have {sum(sizes.values())} rows together",
            expected=f"the {rows} rows of the whole corpus",
        )
