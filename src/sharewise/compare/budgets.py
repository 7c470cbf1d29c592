"""What an arm may spend and how its weights are chosen, held against its baseline's.

Updates that were really made are no part of it: early stopping makes them unequal, which is reported and no more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sharewise.compare.objections import Objection, to_halving
from sharewise.compare.planning import PlannedArm, RunSpec, plan_arms, plan_runs
from sharewise.compare.workspace import Workspace
from sharewise.errors import UserError
from sharewise.study import Study
from sharewise.tasks import DECISION_KEYS
from sharewise.train.options import rules_for_one_task
from sharewise.train.steps import batch_plan, planned_updates

BUDGET_KEYS = ("epochs", "batch_tokens", "batch_rows", "sampling", "max_length")
"""Keys of `training` that say how much a model is trained on."""
RULE_KEYS = ("select", "stop", "patience", "evaluate_every")
"""Keys of `training` that say which weights are taken, and when it is enough."""
_SHOWN = 3
"""Tasks whose updates are named."""


@dataclass(frozen=True)
class Budget:
    """What one arm may spend.

    Attributes:
        training: keys of `training` as resolved; may be empty where they aren't known.
        trials: settings that were trained to choose this one.
        shared: whether the tasks have one model; in models of one task some rules differ in words alone.
        updates: task -> seed -> planned updates; may be empty before training.
        decisions: task -> its keys of calibration and threshold; may be empty where they aren't known.
    """

    training: Mapping[str, Any]
    trials: int = 1
    shared: bool = True
    updates: Mapping[str, Mapping[int, int]] = field(default_factory=dict)
    decisions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def unequal(arm: str, own: Budget, baseline: str, its: Budget) -> list[Objection]:
    """Object where an arm and its baseline differ in budget or rules."""
    found = []
    budget = [*_updates(own, its), *_keys(own, its, BUDGET_KEYS)]
    if own.trials != its.trials:
        budget.append(f"{own.trials} tuning trials against {its.trials}")
    rules = [*_keys(_rules(own, its), _rules(its, its), RULE_KEYS), *_decisions(own, its)]
    if budget:
        found.append(Objection(kind="budget", arm=arm, baseline=baseline, text=_said(arm, baseline, budget)))
    if rules:
        found.append(Objection(kind="rule", arm=arm, baseline=baseline, text=_said(arm, baseline, rules)))
    return found


def refuse_unequal(study: Study, workspace: Workspace) -> None:
    """Refuse a study whose arms would not be compared with equal budgets and rules, before anything is trained.

    Raises:
        UserError: naming all that is unequal.
    """
    arms = {arm.name: arm for arm in plan_arms(study)}
    found: list[Objection] = []
    for arm in arms.values():
        if arm.baseline is not None:
            baseline = arms[arm.baseline]
            own, its = arm.resolved, baseline.resolved
            # With the same keys both walk through the same batches: there is nothing to count.
            alike = (own.training, own.encoder, own.backend) == (its.training, its.encoder, its.backend)
            budgets = [_planned(study, workspace, one, count=not alike) for one in (arm, baseline)]
            found += unequal(arm.name, budgets[0], baseline.name, budgets[1])
    found += [to_halving(name, name) for name in study.sweep if study.halves]
    refuse(
        found,
        action="give both arms the same keys under `training` and as many settings to choose from, without halving, or "
        "leave out --strict to have it reported",
    )


def refuse(objections: Sequence[Objection], *, action: str) -> None:
    """Raise one message that names every objection; nothing where there is none.

    Raises:
        UserError: where there is any.
    """
    if objections:
        raise UserError(
            "--strict: arms are not compared fairly:"
            + "".join(f"\n  {objection.mark}" for objection in objections),
            action=action,
        )


def _planned(study: Study, workspace: Workspace, arm: PlannedArm, *, count: bool) -> Budget:
    """The budget of an arm that isn't trained yet; its updates are counted in the batches of the first seed."""
    training = arm.resolved.training.model_dump(mode="json")
    decisions = {
        name: task.model_dump(mode="json", include=set(DECISION_KEYS))
        for name, task in arm.resolved.tasks.items()
    }
    if not count:
        return Budget(training, arm.trials, shared=arm.one_model, decisions=decisions)
    runs = [s for s in plan_runs(study.model_copy(update={"seeds": study.seeds[:1]})) if s.arm == arm.name]
    updates = {
        task: {spec.seed: count} for spec in runs for task, count in _updates_of(spec, workspace).items()
    }
    return Budget(training, arm.trials, shared=arm.one_model, updates=updates, decisions=decisions)


def _updates_of(spec: RunSpec, workspace: Workspace) -> dict[str, int]:
    targets, plan = batch_plan(workspace.job(spec))
    return planned_updates(targets, plan, spec.resolved.training.epochs)


def _updates(own: Budget, its: Budget) -> list[str]:
    """Tasks whose planned updates differ with some seed that both arms have."""
    differing = []
    for task, by_seed in own.updates.items():
        against = its.updates.get(task, {})
        seed = next((s for s in by_seed if s in against and by_seed[s] != against[s]), None)
        if seed is not None:
            differing.append(f"{by_seed[seed]:,} planned updates against {against[seed]:,} of {task}")
    more = len(differing) - _SHOWN
    return differing[:_SHOWN] + ([f"and so of {more} more task{'s' if more > 1 else ''}"] if more > 0 else [])


def _rules(budget: Budget, baseline: Budget) -> Budget:
    """The arm's rules as they would be in a model of one task, where the baseline has such models."""
    if baseline.shared:
        return budget
    return replace(budget, training=rules_for_one_task(budget.training))


def _keys(own: Budget, its: Budget, keys: Sequence[str]) -> list[str]:
    if not own.training or not its.training:
        return []
    return [
        f"{key} {_value(own.training.get(key))} against {_value(its.training.get(key))}"
        for key in keys
        if own.training.get(key) != its.training.get(key)
    ]


def _decisions(own: Budget, its: Budget) -> list[str]:
    """Tasks that are calibrated, or decided on, otherwise than by the baseline."""
    return [
        f"{key} {_value(keys.get(key))} against {_value(its.decisions[task].get(key))} of {task}"
        for task, keys in own.decisions.items()
        for key in DECISION_KEYS
        if task in its.decisions and keys.get(key) != its.decisions[task].get(key)
    ]


def _value(value: Any) -> str:
    return "none" if value is None else str(value)


def _said(arm: str, baseline: str, differences: Sequence[str]) -> str:
    return f"{arm} has {', '.join(differences)} with {baseline}"
