"""What a reader must know beside a verdict, and which verdicts the data can't carry."""

from __future__ import annotations

from dataclasses import dataclass, field

from sharewise.compare.finding import FEWEST_SEEDS, Finding
from sharewise.compare.verdict import Judgement

SETTLED_SEEDS = 5
FEWEST_DECIDING = 5
FEWEST_GROUPS = 20
HIGH_AUROC = 0.97
FEWEST_OF_CLASS = 300


@dataclass
class Marks:
    """The marks of one verdict, and what they bar."""

    texts: list[str] = field(default_factory=list)
    barred: set[Judgement] = field(default_factory=set)

    def add(self, text: str, *barred: Judgement) -> None:
        """Add a mark and the verdicts that it bars."""
        self.texts.append(text)
        self.barred.update(barred)


def marks_of(finding: Finding) -> Marks:
    """The marks that follow from the data of a comparison alone."""
    marks = Marks()
    _of_seeds(finding, marks)
    _of_rows(finding, marks)
    return marks


def _of_seeds(finding: Finding, marks: Marks) -> None:
    seeds, comparison = finding.seeds, finding.comparison
    if seeds < FEWEST_SEEDS:
        marks.add(
            f"No verdict: {seeds} {_plural(seeds, 'seed')} can't show how much seeds matter; "
            "run three or more, better five."
        )
    elif not finding.usable:
        marks.add(
            "No verdict: the metric is undefined for some model, or without some group of rows "
            "(a constant answer, or a class that is missing)."
        )
    elif seeds < SETTLED_SEEDS:
        marks.add(f"Preliminary: {seeds} seeds; five or more settle it.")
    for name, failed in (
        (comparison.arm, comparison.failed),
        (comparison.baseline, comparison.baseline_failed),
    ):
        if failed:
            marks.add(
                f"Left out: {failed} failed {_plural(failed, 'seed')} of {name}; "
                "neither helps nor equivalent can be said.",
                "helps",
                "equivalent",
            )
    for name, stuck in (
        (comparison.arm, comparison.unlearned),
        (comparison.baseline, comparison.baseline_unlearned),
    ):
        if stuck:
            marks.add(
                f"Did not learn: {stuck} {_plural(stuck, 'seed')} of {name} "
                f"{'is' if stuck == 1 else 'are'} no better than a constant answer; they count in the numbers, and "
                "neither helps nor equivalent can be said.",
                "helps",
                "equivalent",
            )
    if comparison.baseline_failed or comparison.baseline_unlearned:
        marks.barred.add("hurts")


def _of_rows(finding: Finding, marks: Marks) -> None:
    grouped = finding.comparison.groups is not None
    if finding.deciding < FEWEST_DECIDING:
        unit = "group" if grouped else "row"
        number = (
            f"only {finding.deciding} {_plural(finding.deciding, unit)}" if finding.deciding else f"no {unit}"
        )
        marks.add(
            f"The two differ on {number}: too few for a verdict.",
            "helps",
            "hurts",
            "equivalent",
        )
    if finding.groups < FEWEST_GROUPS:
        marks.add(
            f"Only {finding.groups} independent {'groups' if grouped else 'rows'}: the interval is rough "
            f"below {FEWEST_GROUPS}."
        )
    highest = max(finding.arm.mean_score, finding.baseline.mean_score)
    few = finding.smaller_class < FEWEST_OF_CLASS if finding.comparison.metric == "auroc" else False
    if few and highest > HIGH_AUROC:
        marks.add(
            f"Approximate: an AUROC over {HIGH_AUROC} with {finding.smaller_class} rows of the smaller "
            "class; equivalence can't be said.",
            "equivalent",
        )


def _plural(number: int, noun: str) -> str:
    return noun if number == 1 else f"{noun}s"
