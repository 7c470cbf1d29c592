"""Which arm to take, from the verdicts alone."""

from __future__ import annotations

from collections.abc import Sequence

from sharewise.compare.verdict import Verdict

BASELINE = "single"


def recommend(verdicts: Sequence[Verdict], arms: Sequence[str], tasks: Sequence[str]) -> tuple[str, str]:
    """The arm that a user should take, and why in one sentence.

    An arm that hurts no task and helps at least one beats `single`; else one that is not worse on any task is
    recommended as cheaper; else `single`. Ties are broken by the number of tasks helped, then by the mean
    difference. Only comparisons with `single` count.

    Args:
        verdicts: of the study.
        arms: names in the study's order; the baseline may be among them.
        tasks: names of all tasks.

    Returns:
        The arm and the reason.
    """
    candidates = {
        arm: [v for v in verdicts if v.arm == arm and v.baseline == BASELINE]
        for arm in arms
        if arm != BASELINE
    }
    helping = [
        arm
        for arm, said in candidates.items()
        if any(v.verdict == "helps" for v in said) and not any(v.verdict == "hurts" for v in said)
    ]
    if helping:
        best = max(helping, key=lambda arm: _merit(candidates[arm]))
        helped = [v.task for v in candidates[best] if v.verdict == "helps"]
        return best, f"{best} helps {_listed(helped)} and was not shown to hurt any task."
    cheaper = [
        arm
        for arm, said in candidates.items()
        if {v.task for v in said if v.not_worse} >= set(tasks) and tasks
    ]
    cheaper = [arm for arm in cheaper if not any(v.verdict == "hurts" for v in candidates[arm])]
    if cheaper:
        best = max(cheaper, key=lambda arm: _merit(candidates[arm]))
        return best, (
            f"{best} was shown to be not worse than {BASELINE} on every task, and it is cheaper than a model "
            "for each."
        )
    hurting = {arm: said for arm, said in candidates.items() if any(v.verdict == "hurts" for v in said)}
    if hurting:
        told = "; ".join(_balance(arm, said) for arm, said in hurting.items())
        return BASELINE, f"No other arm was shown to be safe for every task: {told}."
    return BASELINE, "No arm was shown to help a task, nor to be not worse on every task."


def _balance(arm: str, verdicts: Sequence[Verdict]) -> str:
    """What an arm that hurts some task does to which."""
    hurt, helped = ([v.task for v in verdicts if v.verdict == word] for word in ("hurts", "helps"))
    return f"{arm} hurts {_listed(hurt)}" + (f", though it helps {_listed(helped)}" if helped else "")


def _merit(verdicts: Sequence[Verdict]) -> tuple[int, float]:
    differences = [v.difference for v in verdicts if v.difference is not None]
    helped = sum(v.verdict == "helps" for v in verdicts)
    return helped, sum(differences) / len(differences) if differences else 0.0


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
