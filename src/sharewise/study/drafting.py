"""A study file drafted from the user's own data, every choice in it with its reason."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sharewise.data.reading import Records, read_records
from sharewise.errors import UserError
from sharewise.study.ballots import Ballot
from sharewise.study.columns import Column, Roles, assign_roles
from sharewise.study.filesets import group_files, plain_name
from sharewise.study.marks import dump_text
from sharewise.tasks import KINDS

# Encoders that transformers loads without further packages, by the writing that they know.
_ENCODERS = {
    "Korean": "klue/roberta-base",
    "Japanese": "sbintuitions/modernbert-ja-130m",
    "English": "FacebookAI/roberta-base",
    "several languages": "FacebookAI/xlm-roberta-base",
}
_METRICS = {kind.model_fields["kind"].default: kind.valid_metrics for kind in KINDS}
_METRICS_SHOWN = 5
_SAMPLE = 2000


@dataclass(frozen=True, kw_only=True)
class _DataSet:
    name: str
    files: Mapping[str, Path]
    records: Mapping[str, Records]
    roles: Roles

    @property
    def columns(self) -> set[str]:
        """Columns that every split must have."""
        chosen = (*self.roles.text, *self.roles.labels, *([self.roles.group] if self.roles.group else []))
        counts = (name for ballot in self.roles.ballots for name in (ballot.yes, ballot.no))
        return {*(c.name for c in chosen), *counts}

    @property
    def unlabelled(self) -> tuple[Ballot, ...]:
        """Criteria that are known by their votes alone."""
        return tuple(ballot for ballot in self.roles.ballots if ballot.label is None)


def draft(files: Sequence[Path], *, name: str | None = None, folder: Path | None = None) -> str:
    """Write the text of a study file for some data files.

    Splits are known by the files' names, columns by their names and contents; every choice has its reason.

    Args:
        files: csv, tsv, jsonl or parquet files: splits of one data set, or several data sets.
        name: of the study; the data set's if left out.
        folder: where the study file will lie, from which its paths start; the current folder if left out.

    Raises:
        UserError: where a file can't be read, or holds no text or no label.
    """
    groups = group_files(files)
    sets = [_read(data_set, splits) for data_set, splits in groups.items()]
    lines = [
        "# Drafted by `sharewise init` from the data; look over every choice.",
        "# Next: `sharewise compare STUDY --plan` says what it takes, without --plan it trains and compares the arms.",
        "",
        f"name: {dump_text(plain_name(name) if name else '-'.join(groups)[:80])}",
        "",
        "data:",
    ]
    for data_set in sets:
        lines += _data(data_set, folder or Path.cwd())
    lines += ["", "tasks:"]
    tasks = _task_names(sets)
    for data_set in sets:
        ballots = {ballot.label: ballot for ballot in data_set.roles.ballots if ballot.label is not None}
        for column in data_set.roles.labels:
            name = tasks[data_set.name, column.name]
            lines += _task(name, data_set.name, column, ballots.get(column.name))
        for ballot in data_set.unlabelled:
            lines += _voted_task(tasks[data_set.name, ballot.name], data_set.name, ballot)
    lines += ["", *_training(sets), "", *_arms(len(tasks))]
    return "\n".join(lines) + "\n"


def _read(name: str, files: Mapping[str, Path]) -> _DataSet:
    records = {
        split: read_records(str(file.absolute()), folder=Path(), columns=None, key=f"data.{name}.{split}")
        for split, file in files.items()
    }
    roles = assign_roles(records["train"].frame)
    columns = ", ".join(repr(c) for c in records["train"].frame.columns)
    if not roles.text:
        raise UserError(
            f"{files['train']}: no column holds text (columns: {columns})", expected="a column of texts"
        )
    if not roles.labels and not roles.ballots:
        raise UserError(
            f"{files['train']}: no column looks like a label (columns: {columns})",
            expected="a column of 2 to 20 different labels, or of numbers",
            action="write the study file by hand if one of them is",
        )
    return _DataSet(name=name, files=files, records=records, roles=roles)


def _data(data_set: _DataSet, folder: Path) -> list[str]:
    roles = data_set.roles
    lines = [f"  {data_set.name}:"]
    for split in ("train", "validation", "test"):
        lines += _split(data_set, split, folder)
    text = [dump_text(c.name) for c in roles.text]
    why = (
        "a pair, encoded together" if len(text) == 2 else f"{roles.text[0].length:.0f} characters on average"
    )
    lines.append(_commented(f"    text: {text[0] if len(text) == 1 else '[' + ', '.join(text) + ']'}", why))
    if roles.group:
        why = f"{roles.group.distinct:,} groups of rows that belong together: never split, resampled as one"
        others = [f"or {c.name}" for c in roles.groups]
        lines.append(_commented(f"    group: {dump_text(roles.group.name)}", "; ".join([why, *others])))
    else:
        lines.append(
            "    # group: …    # name the column of rows that belong together, turns of a dialogue say"
        )
    lines += _context(roles)
    if roles.votes:
        lines.append(_comment(f"    # not used, rater votes: {', '.join(roles.votes)}"))
    lines += [_comment(f"    # not used: {name or '(no name)'} ({reason})") for name, reason in roles.unused]
    return lines


def _context(roles: Roles) -> list[str]:
    """Earlier turns, which the draft names and leaves to the user: they make texts longer."""
    named = [dump_text(c) for c in roles.context]
    choices = []
    if roles.group and roles.turn and roles.group.name != roles.turn:
        keys = f"{{dialogue: {dump_text(roles.group.name)}, turn: {dump_text(roles.turn)}, last: 3}}"
        choices.append(f"    # context: {keys}")
    if named:
        choices.append(f"    # context: [{', '.join(named)}]")
    why = (
        "puts earlier turns before each text, and costs the time of longer texts",
        "or these columns, the oldest first",
    )
    return [_commented(line, reason) for line, reason in zip(choices, why, strict=False)]


def _split(data_set: _DataSet, split: str, folder: Path) -> list[str]:
    cut = _commented(f'    {split}: "10%"', "cut from train, by group and stratified; or name a file")
    if split not in data_set.files:
        return [cut]
    records = data_set.records[split]
    path = _relative(data_set.files[split], folder)
    about = f"{records.frame.height:,} rows" + (f", {records.encoding}" if records.encoding else "")
    line = _commented(f"    {split}: {dump_text(path)}", about)
    lacking = data_set.columns - set(records.frame.columns)
    if lacking:
        return [_comment(f"    # no column {', '.join(sorted(lacking))}, so left out: {line.strip()}"), cut]
    return [line]


def _relative(file: Path, folder: Path) -> str:
    """Return the path from the study file's folder, or the whole path where there is no such way."""
    try:
        return Path(os.path.relpath(file.absolute(), folder.absolute())).as_posix()
    except ValueError:  # another drive, on Windows
        return file.absolute().as_posix()


def _task_names(sets: Sequence[_DataSet]) -> dict[tuple[str, str], str]:
    """Name each task for its column, with the data set before it where two would have one name."""
    columns = [(s.name, [*(c.name for c in s.roles.labels), *(b.name for b in s.unlabelled)]) for s in sets]
    short = {(data, c): plain_name(c.removesuffix("_majority")) for data, names in columns for c in names}
    folded = [n.casefold() for n in short.values()]
    names: dict[tuple[str, str], str] = {}
    for (data_set, column), task in short.items():
        if folded.count(task.casefold()) > 1:
            task = plain_name(f"{data_set}_{column}")
        while task.casefold() in {n.casefold() for n in names.values()}:
            task += "_"
        names[data_set, column] = task
    return names


def _task(name: str, data_set: str, column: Column, ballot: Ballot | None = None) -> list[str]:
    kind = column.kind or ""
    shares = ", ".join(f"{label}: {share:.1%}" for label, share in column.shares[:6])
    numbers = f"{column.distinct:,} different numbers"
    why = {
        "binary": shares,
        "multiclass": shares + (f", … {column.distinct} labels" if len(column.shares) > 6 else ""),
        "multilabel": shares + (", …" if len(column.shares) > 6 else ""),
        "regression": numbers,
    }[kind]
    if kind == "multiclass" and column.numeric:
        why += "; or ordinal, if the numbers are levels in their order, or regression, if they are a scale"
    lines = [
        f"  {dump_text(name)}:",
        f"    data: {dump_text(data_set)}",
        _commented(f"    kind: {kind}", why),
        _commented(f"    label: {dump_text(column.name)}", f"{column.filled:,} rows hold one"),
    ]
    if kind == "binary" and column.positive is not None:
        lines.append(
            _commented(f"    positive: {dump_text(column.positive)}", "a guess: the rarer of the two")
        )
    lines += _votes(ballot) if ballot is not None and kind == "binary" else []
    if column.separator is not None:
        lines.append(f"    separator: {dump_text(column.separator)}")
    default, *others = _METRICS[kind]
    more = ", …" if len(others) > _METRICS_SHOWN else ""
    lines.append(f"    # metric: {default}    # or {', '.join(others[:_METRICS_SHOWN])}{more}")
    return lines


def _voted_task(name: str, data_set: str, ballot: Ballot) -> list[str]:
    """A criterion whose label is what most of its raters said."""
    return [
        f"  {dump_text(name)}:",
        f"    data: {dump_text(data_set)}",
        _commented("    kind: binary", f"yes: {ballot.yeses:.1%} of {ballot.voted:,} rows with votes"),
        *_votes(ballot),
        f"    # metric: {_METRICS['binary'][0]}",
    ]


def _votes(ballot: Ballot) -> list[str]:
    return [
        _commented(f"    votes: {{yes: {dump_text(ballot.yes)}, no: {dump_text(ballot.no)}}}", ballot.about),
        _commented(
            "    # targets: soft", "train on the share of votes, not on the majority; an arm can do so too"
        ),
    ]


def _training(sets: Sequence[_DataSet]) -> list[str]:
    text = "".join(
        " ".join(s.records["train"].frame[c.name].cast(str).drop_nulls().head(_SAMPLE))
        for s in sets
        for c in s.roles.text
    )
    language = _language(text)
    others = [
        f"# encoder: {encoder:<29}  # {known}" for known, encoder in _ENCODERS.items() if known != language
    ]
    return [
        _commented(f"encoder: {_ENCODERS[language]}", f"the texts look like {language}"),
        *others,
        "# encoder: {scratch: {layers: 4, width: 256}}  # random weights, nothing to download",
        "",
        "training:",
        "  epochs: 3              # at most; a run stops early when validation gets no better",
        "  batch_tokens: 4096     # or batch_rows: 32",
        "  learning_rate: 2.0e-5  # higher for random weights, 5.0e-4 say",
        "  max_length: 256        # tokens of a text or pair; longer ones are cut",
        "",
        "seeds: [1, 2, 3]         # each arm is trained once with each; more seeds, narrower intervals",
    ]


def _language(text: str) -> str:
    """Tell by the writing which of the encoders fits."""
    letters = max(1, sum(c.isalpha() for c in text))
    hangul = sum("가" <= c <= "힣" for c in text) / letters
    kana = sum("ぁ" <= c <= "ヿ" for c in text) / letters
    ascii_ = sum(c.isascii() and c.isalpha() for c in text) / letters
    if hangul > 0.5:
        return "Korean"
    if kana > 0.2:
        return "Japanese"
    return "English" if ascii_ > 0.998 else "several languages"


def _arms(tasks: int) -> list[str]:
    lines = ["arms:                    # compared with `single`, one model a task, which is always there"]
    if tasks == 1:
        lines.append("  # there is one task only, and nothing to share: add tasks or data sets")
    return [
        *lines,
        "  hard: {sharing: hard}  # one encoder for all tasks, a head each",
        "  # longer: {sharing: hard, training: {epochs: 6}}    # also encoder, and tasks' weights",
    ]


def _commented(line: str, comment: str) -> str:
    return _comment(f"{line:<40}  # {comment}" if comment else line)


def _comment(line: str) -> str:
    """Keep a comment on its line, whatever the data put into it."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]+", " ", line)
