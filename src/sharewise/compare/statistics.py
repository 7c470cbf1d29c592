"""From the outputs of trained models to the family of verdicts; the procedure is in `docs/statistics.md`."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

from sharewise.compare.finding import Comparison, Finding, Measurer
from sharewise.compare.marks import SETTLED_SEEDS, Marks, marks_of
from sharewise.compare.recommending import recommend
from sharewise.compare.sentences import ALPHA, sentence
from sharewise.compare.verdict import Judgement, Variance, Verdict
from sharewise.stats.holm import holm
from sharewise.stats.power import detectable_difference, observed_noise

__all__ = ["Comparison", "Variance", "Verdict", "judge_family", "recommend", "sentence"]


def judge_family(
    comparisons: Sequence[Comparison], *, family: int | None = None, second_look: bool = False
) -> list[Verdict]:
    """Judge all comparisons of a study together.

    Args:
        comparisons: every task under every arm.
        family: number of comparisons that the study makes, where more were looked at than are judged here
            (such as the settings of a sweep).
        second_look: whether seeds or arms were added after verdicts had been seen.

    Returns:
        One verdict a comparison, in the same order.

    Raises:
        ValueError: targets and outputs don't have the same rows, or an output is no valid one for its metric.
    """
    number = max(family or 0, len(comparisons))
    measure = Measurer()
    findings = [measure(comparison) for comparison in comparisons]
    adjusted = holm([finding.p for finding in findings], number)
    with_margin = [i for i, comparison in enumerate(comparisons) if comparison.margin is not None]
    tested = number - (len(comparisons) - len(with_margin))
    equivalences = holm([findings[i].equivalence_p for i in with_margin], tested)
    of_equivalence = dict(zip(with_margin, equivalences, strict=True))
    return [
        _verdict(finding, number, adjusted[i], of_equivalence.get(i, 1.0), second_look)
        for i, finding in enumerate(findings)
    ]


def _verdict(finding: Finding, m: int, p: float, equivalence_p: float, second_look: bool) -> Verdict:
    comparison, measured, usable = finding.comparison, finding.difference, finding.usable
    marks = marks_of(finding)
    if second_look:
        marks.add("A second look: seeds or arms were added after verdicts had been seen.")
    judgement = _judgement(finding, p, equivalence_p, marks) if usable else "inconclusive"
    margin = comparison.margin if usable else None
    low, high = finding.interval(2 * ALPHA)
    return Verdict(
        task=comparison.task,
        arm=comparison.arm,
        baseline=comparison.baseline,
        metric=comparison.metric,
        difference=measured.difference if isfinite(measured.difference) else None,
        interval=finding.interval(ALPHA) if usable else None,
        interval_family=finding.interval(ALPHA / m) if usable else None,
        p=finding.p if usable else None,
        p_adjusted=p if usable else None,
        m=m,
        seeds=finding.seeds,
        df=measured.seed_freedom if usable else None,
        variance=Variance(
            rows=measured.row_variance,
            seeds=measured.seed_variance,
            interaction=measured.interaction_variance,
        )
        if usable
        else None,
        deciding_rows=finding.deciding,
        preliminary=usable and finding.seeds < SETTLED_SEEDS,
        not_worse=None if margin is None or "equivalent" in marks.barred else low > -margin,
        verdict=judgement,
        detectable=_detectable(finding, m) if usable else None,
        margin=comparison.margin,
        margin_shown=None if margin is None else -margin < low and high < margin,
        equivalent_p_adjusted=None if margin is None else equivalence_p,
        marks=marks.texts,
    )


def _judgement(finding: Finding, p: float, equivalence_p: float, marks: Marks) -> Judgement:
    """The verdict that the adjusted p values give and the marks allow; adds the marks that follow from it."""
    low, high = finding.interval(ALPHA)
    if not low <= 0 <= high and p > ALPHA:
        marks.add(
            "Taken alone, its 95 % interval leaves out 0; among all comparisons of the study that is not "
            "enough (Holm)."
        )
    if equivalence_p <= ALPHA and "equivalent" not in marks.barred:
        if p <= ALPHA:
            marks.add("Small but real: there is a difference, and it lies within the margin.")
        return "equivalent"
    direction: Judgement = "helps" if finding.difference.difference > 0 else "hurts"
    return direction if p <= ALPHA and direction not in marks.barred else "inconclusive"


def _detectable(finding: Finding, m: int) -> float:
    return detectable_difference(
        observed_noise(finding.difference), finding.arm.seeds, m, baseline_seeds=finding.baseline.seeds
    )
