"""The fairness audit: equal budgets and rules, every seed, weights chosen on validation, numbers that agree."""

from __future__ import annotations

from typing import Any

from sharewise.compare.budgets import Budget, unequal
from sharewise.compare.evidence import doubtful
from sharewise.compare.objections import Objection, object_to, to_halving
from sharewise.compare.recommending import recommend
from sharewise.compare.results import Recommendation, Results
from sharewise.compare.sentences import sentence
from sharewise.study import SINGLE
from sharewise.tasks import DECISION_KEYS


def audited(results: Results) -> Results:
    """Look for unfairness in results, and name it beside the verdicts that it concerns.

    It needs nothing but results.json, and so is done whenever one is written or read: numbers that were changed in
    between are found as well. Doing it twice changes nothing.
    """
    found = list(dict.fromkeys([*results.objections, *objections(results)]))
    if not found:
        return results
    verdicts = object_to(results.verdicts, found, {name: arm.baseline for name, arm in results.arms.items()})
    advice = results.recommendation
    if any(o.bars for o in found) and advice is not None:
        candidates = [n for n, arm in results.arms.items() if arm.swept is None or arm.swept.chosen]
        best, reason = recommend(verdicts, candidates, list(results.tasks))
        advice = Recommendation(arm=best, reason=reason)
    return results.model_copy(
        update={
            "objections": found,
            "verdicts": verdicts,
            "sentences": [sentence(verdict) for verdict in verdicts],
            "recommendation": advice,
        }
    )


def objections(results: Results) -> list[Objection]:
    """Why arms were not compared fairly, as far as the results tell; empty if they were."""
    found = []
    for name, arm in results.arms.items():
        if arm.baseline in results.arms:
            found += unequal(name, _budget(results, name), arm.baseline, _budget(results, arm.baseline))
    halved = {record.arm for record in results.stopped}
    found += [
        to_halving(name, arm.swept.arm)
        for name, arm in results.arms.items()
        if arm.swept and arm.swept.arm in halved
    ]
    return [*found, *doubtful(results)]


def _budget(results: Results, arm: str) -> Budget:
    updates: dict[str, dict[int, int]] = {}
    for run in results.runs:
        if run.arm == arm:
            for task, planned in run.updates.items():
                updates.setdefault(task, {})[run.seed] = planned
    record = results.arms[arm]
    return Budget(
        record.training, record.trials, record.baseline is not None, updates, _decisions(results, arm)
    )


def _decisions(results: Results, arm: str) -> dict[str, dict[str, Any]]:
    """How an arm calibrates and decides, by task; nothing of `single` with an arm's keys, which decides as it does."""
    if arm.startswith(f"{SINGLE}["):
        return {}
    declared = results.configuration.get("tasks", {})
    own = results.arms[arm].overrides.get("tasks", {})
    return {
        task: {key: own.get(task, {}).get(key, keys.get(key)) for key in DECISION_KEYS}
        for task, keys in declared.items()
    }
