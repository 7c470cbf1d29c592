"""Groups of tasks: named in the study file, or found from the labels' association on the training split."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Literal

from pydantic import Field

from sharewise.data.table import StudyData
from sharewise.models.sharing.sharing import SharingOptions
from sharewise.stats.association import THRESHOLD, association, groups_by_association

AUTO: Literal["auto"] = "auto"
Members = Annotated[tuple[str, ...], Field(min_length=1)]


class GroupsOptions(SharingOptions):
    """Keys of methods that know groups of tasks."""

    groups: Literal["auto"] | dict[str, Members] = Field(
        default=AUTO,
        description="groups of tasks, {name: [task, …]} with each task once; auto: tasks whose labels go together",
    )
    group_threshold: float = Field(
        default=THRESHOLD,
        gt=0.0,
        le=1.0,
        description="`groups: auto` puts tasks together whose mean association, from 0 to 1, is at least this",
    )


def with_groups(options: SharingOptions, data: StudyData, tasks: Iterable[str]) -> SharingOptions:
    """Fill in the groups that ``auto`` stands for; other options come back as they are.

    Args:
        options: of a sharing method.
        data: the study's data, of which the training split alone is read.
        tasks: the model's own tasks.
    """
    if not isinstance(options, GroupsOptions) or options.groups != AUTO:
        return options
    names = list(tasks)
    unordered = {name for name in names if not data.tasks[name].ordered}
    measured = association({name: data.train.targets[name] for name in names}, unordered)
    found = groups_by_association(measured, threshold=options.group_threshold)
    return options.model_copy(update={"groups": {"+".join(group): group for group in found}})


def members(options: GroupsOptions, tasks: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return the groups that hold some of these tasks, without others.

    Raises:
        ValueError: where the groups don't hold each task once; `auto` must have been filled in.
    """
    names = list(tasks)
    if isinstance(options.groups, str):
        raise ValueError("`groups: auto` is filled in with the training data, by `with_groups`")
    listed = [task for group in options.groups.values() for task in group]
    wrong = [name for name in names if listed.count(name) != 1]
    if wrong:
        raise ValueError(f"the groups hold these tasks not at all or twice: {', '.join(wrong)}")
    own: Mapping[str, tuple[str, ...]] = {
        name: tuple(task for task in group if task in names) for name, group in options.groups.items()
    }
    return {name: group for name, group in own.items() if group}


def groups_in_use(options: SharingOptions) -> dict[str, tuple[str, ...]]:
    """Return the groups that a model of these options knows, once they are filled in; empty where it needs none."""
    if not isinstance(options, GroupsOptions) or isinstance(options.groups, str):
        return {}
    return dict(options.groups) if getattr(options, "scope", "groups") == "groups" else {}
