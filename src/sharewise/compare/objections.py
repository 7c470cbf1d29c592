"""Why an arm was not compared fairly: the record, and what it does to the verdicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from pydantic import Field

from sharewise.compare.verdict import Verdict
from sharewise.options import Options

Kind = Literal["budget", "rule", "seeds", "selection", "record"]
_UNEQUAL: tuple[Kind, ...] = ("budget", "rule")


class Objection(Options):
    """Why the comparisons of an arm are not fair, or can't be believed."""

    kind: Kind = Field(
        description="budget, rule: an arm had more of something than its baseline, or was chosen otherwise; seeds: not "
        "every seed counts; selection: the weights were not chosen on validation, or the arm was by the very models "
        "that are judged; record: the numbers contradict one another"
    )
    arm: str
    baseline: str | None = Field(
        description="the arm that it had more than, or less; none where that is no matter"
    )
    text: str = Field(description="in plain words, without a full stop")

    @property
    def bars(self) -> bool:
        """Whether no verdict can be said; an unequal budget or rule is named and changes none."""
        return self.kind not in _UNEQUAL

    @property
    def mark(self) -> str:
        """What stands beside the verdicts."""
        if self.bars:
            return f"No verdict: {self.text}."
        return f"Unequal {'budgets' if self.kind == 'budget' else 'rules'}: {self.text}."


def to_halving(arm: str, swept: str) -> Objection:
    """Object to a verdict on a setting whose rivals were stopped by the scores of the models that are judged."""
    return Objection(
        kind="selection",
        arm=arm,
        baseline=None,
        text=f"settings of {swept} were stopped by the scores of the very models that are left, which flatters these; "
        "to judge one, compare it as an arm by itself with other seeds",
    )


def object_to(
    verdicts: Sequence[Verdict], objections: Sequence[Objection], baselines: Mapping[str, str | None]
) -> list[Verdict]:
    """Mark the verdicts that objections concern, and take back those that they bar.

    Args:
        verdicts: of a study.
        objections: to its arms; one that concerns a baseline concerns every arm that is compared with it.
        baselines: the arm that each arm is compared with.
    """
    return [_marked(verdict, objections, baselines.get(verdict.arm)) for verdict in verdicts]


def _marked(verdict: Verdict, objections: Sequence[Objection], baseline: str | None) -> Verdict:
    own = [o for o in objections if o.arm == verdict.arm or (o.bars and o.arm == baseline)]
    marks = dict.fromkeys(
        [o.mark for o in own if o.bars] + verdict.marks + [o.mark for o in own if not o.bars]
    )
    changes: dict[str, object] = {"marks": list(marks)}
    if any(o.bars for o in own):
        measured = ("interval", "interval_family", "p", "p_adjusted", "df", "variance", "detectable")
        changes |= dict.fromkeys((*measured, "not_worse", "margin_shown", "equivalent_p_adjusted"))
        changes |= {"verdict": "inconclusive", "preliminary": False}
    return verdict.model_copy(update=changes)
