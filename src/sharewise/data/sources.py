"""The files that a study names, each read once however many data sets and tasks name it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sharewise.data.options import DataOptions, fraction
from sharewise.data.reading import Records, is_hub, read_records
from sharewise.data.reading.records import ColumnError
from sharewise.data.table import SPLITS
from sharewise.errors import UserError
from sharewise.tasks import AnyTaskOptions

# What makes two sources the same: the file (or hub id and split) and how it is decoded.
_Identity = tuple[str, str, str | None]


def read_sources(
    study_data: Mapping[str, DataOptions], tasks: Mapping[str, AnyTaskOptions], *, folder: Path
) -> dict[tuple[str, str], Records]:
    """Read all files of the study.

    Args:
        study_data: the data sets by name, those that a task uses.
        tasks: the tasks by name.
        folder: folder that relative paths are relative to.

    Returns:
        Records by data set and split; none for splits that are cut from another one.

    Raises:
        UserError: if a file can't be read, or is named for two splits of a data set, or a label is read as text.
    """
    identities: dict[tuple[str, str], _Identity] = {}
    columns: dict[_Identity, dict[str, str]] = {}
    keys: dict[_Identity, tuple[str, str]] = {}
    lists: dict[_Identity, set[str]] = {}
    for name, options in study_data.items():
        _check_no_label_is_read(name, options, tasks)
        wanted = _columns(name, options, tasks)
        split_cells = {
            c for t in tasks.values() if t.data == name and t.splits_cells for c in t.label_columns
        }
        split_cells.update((options.context and options.context.columns) or ())
        for split in SPLITS:
            source = getattr(options, split)
            if source is None or fraction(source) is not None:
                continue
            identity = _identity(source, split, options, folder)
            earlier = next((s for s in SPLITS if identities.get((name, s)) == identity), None)
            if earlier is not None:
                raise UserError(
                    f"data.{name}.{split}: {source} is the {earlier} split of this data set already",
                    expected="a file of its own for every split",
                    action="name another file, or a fraction such as `10%` to cut from train",
                )
            identities[name, split] = identity
            for column, key in wanted:
                columns.setdefault(identity, {}).setdefault(column, key)
            lists.setdefault(identity, set()).update(split_cells)
            keys.setdefault(identity, (source, f"data.{name}.{split}"))
    records: dict[_Identity, Records] = {}
    for identity, (source, key) in keys.items():
        named = columns[identity]
        try:
            records[identity] = read_records(
                source,
                folder=folder,
                columns=list(named),
                lists=lists[identity],
                encoding=identity[2],
                key=key,
            )
        except ColumnError as error:
            error.key = named[error.column]
            raise
    return {place: records[identity] for place, identity in identities.items()}


def local_files(
    study_data: Mapping[str, DataOptions], tasks: Mapping[str, AnyTaskOptions], *, folder: Path
) -> list[Path] | None:
    """Return the files that `load` would read for these tasks, in a fixed order; None if any is a hub's."""
    used = {task.data for task in tasks.values()}
    named = [
        (getattr(options, split), split, options)
        for name, options in study_data.items()
        if name in used
        for split in SPLITS
    ]
    sources = [(s, split, options) for s, split, options in named if s is not None and fraction(s) is None]
    if any(is_hub(source) for source, *_ in sources):
        return None
    return [Path(_identity(*source, folder)[0]) for source in sources]


def _check_no_label_is_read(name: str, options: DataOptions, tasks: Mapping[str, AnyTaskOptions]) -> None:
    """A model that reads its label has nothing to learn."""
    context = options.context.columns if options.context is not None else None
    read = dict.fromkeys(options.columns, "text") | dict.fromkeys(context or (), "context")
    for key, task in tasks.items():
        for column in (*task.label_columns, *task.vote_columns) if task.data == name else ():
            if column in read:
                raise UserError(
                    f"tasks.{key}: column {column!r} is under `{read[column]}` of data.{name} too",
                    expected="a column with labels, which the model doesn't read",
                    action=f"correct the task's column, or `data.{name}.{read[column]}`",
                )


def _columns(name: str, options: DataOptions, tasks: Mapping[str, AnyTaskOptions]) -> list[tuple[str, str]]:
    """The wanted columns, each beside a key that names it."""
    named = [(column, f"data.{name}.text") for column in options.columns]
    if options.group is not None:
        named.append((options.group, f"data.{name}.group"))
    if options.context is not None:
        named += [(column, f"data.{name}.context.{key}") for key, column in options.context.keyed]
    named += [(column, f"data.{name}.slice") for column in options.slices]
    for key, task in tasks.items():
        if task.data == name:
            named += [(column, f"tasks.{key}.label") for column in task.label_columns]
            named += [(column, f"tasks.{key}.votes") for column in task.vote_columns]
    return named


def _identity(source: str, split: str, options: DataOptions, folder: Path) -> _Identity:
    if is_hub(source):
        return source, "" if "#" in source else split, None
    return str((folder / Path(source).expanduser()).resolve()), "", options.encoding
