"""Which files are splits of one data set, found out from their names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from sharewise.data.reading import FORMATS
from sharewise.errors import UserError

_WORDS = {
    "train": ("train", "training", "trn", "tr"),
    "validation": ("validation", "valid", "val", "dev", "devel", "development", "eval"),
    "test": ("test", "testing", "tst", "heldout", "holdout"),
}
_SPLITS = {word: split for split, words in _WORDS.items() for word in words}


def group_files(files: Sequence[Path]) -> dict[str, dict[str, Path]]:
    """Group files by data set and split: ``EN_train.tsv`` and ``EN_test.tsv`` are of ``EN``.

    A file whose name holds no word for a split is the training split of a data set of its own. Where the name
    is such a word only, the folder names the data set.

    Returns:
        data set -> split -> file, in the order of the files.

    Raises:
        UserError: for no file, two files for one split, or a data set without a training split.
    """
    if not files:
        raise UserError(
            "there is no file to draft a study from", action="name one or more: sharewise init train.csv"
        )
    groups: dict[str, dict[str, Path]] = {}
    for file in dict.fromkeys(files):
        name, split = _name_and_split(file)
        splits = groups.setdefault(name, {})
        if split in splits:
            raise UserError(
                f"{splits[split]} and {file} would both be the {split} split of data set {name}",
                action="name one of them only, or rename one",
            )
        splits[split] = file
    for name, splits in groups.items():
        if "train" not in splits:
            raise UserError(
                f"data set {name} has no training split, only {', '.join(map(str, splits.values()))}",
                expected="a file with `train` in its name, or with no word for a split",
                action="name the training file too, or rename the file",
            )
    return {name: {s: splits[s] for s in _WORDS if s in splits} for name, splits in groups.items()}


def plain_name(text: str) -> str:
    """Make a name that a study file takes from any text."""
    return re.sub(r"[^\w-]+", "_", text).strip("_-")[:80] or "data"


def _name_and_split(file: Path) -> tuple[str, str]:
    stem = file.name
    while Path(stem).suffix.lower() in (*FORMATS, ".gz", ".zst"):
        stem = Path(stem).stem
    parts = [p for p in re.split(r"[-_. ]+", stem) if p]
    for number in reversed(range(len(parts))):
        split = _SPLITS.get(parts[number].lower())
        if split:
            rest = "_".join(parts[:number] + parts[number + 1 :])
            return plain_name(rest or file.resolve().parent.name), split
    return plain_name(stem), "train"
