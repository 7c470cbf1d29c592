"""What a report says and in which order, composed from the results alone."""

from __future__ import annotations

from sharewise.compare.results import Results
from sharewise.report.comparison import comparison
from sharewise.report.costs import costs
from sharewise.report.curves import curves
from sharewise.report.differing import differing
from sharewise.report.document import Document, Notice
from sharewise.report.epochs import epochs
from sharewise.report.fairness import fairness, notices
from sharewise.report.peaks import peaks
from sharewise.report.predicted import predicted
from sharewise.report.reliability import reliability
from sharewise.report.reproduce import reproduce, warnings
from sharewise.report.scores import beyond, scores
from sharewise.report.sweeps import sweeps
from sharewise.report.verdicts import verdicts, why_none
from sharewise.report.words import count, listing


def compose(results: Results) -> Document:
    """The whole report, for any medium to draw."""
    sections = (
        verdicts(results),
        predicted(results),
        scores(results),
        comparison(results),
        sweeps(results),
        epochs(results),
        peaks(results),
        curves(results),
        beyond(results),
        reliability(results),
        differing(results),
        costs(results),
        fairness(results),
        warnings(results),
        reproduce(results),
    )
    found = results.recommendation
    return Document(
        title=results.study,
        subtitle=_subtitle(results),
        answer=f"Recommended: {found.arm}{_served(results, found.arm)}."
        if found
        else "No arm is recommended.",
        reason=found.reason if found else why_none(results),
        notices=_notices(results),
        sections=tuple(section for section in sections if section is not None and section.blocks),
    )


def _served(results: Results, arm: str) -> str:
    """What is served of an arm, for a reader who doesn't know its name."""
    models = results.arms[arm].models
    if len(results.tasks) == 1 or models not in (1, len(results.tasks)):
        return ""
    return ", one model for all tasks" if models == 1 else ", a model for each task"


def _subtitle(results: Results) -> str:
    tasks, arms, seeds = len(results.tasks), list(results.arms), len(results.seeds)
    cells = sum(task.rows.get(results.scored, 0) for task in results.tasks.values())
    return (
        f"{tasks} task{'s' if tasks != 1 else ''}, {listing(arms)}, {seeds} seed{'s' if seeds != 1 else ''}; "
        f"scored on {count(cells)} cells of the {results.scored} split"
    )


def _notices(results: Results) -> tuple[Notice, ...]:
    found = []
    if results.simulated:
        found.append(
            Notice(
                "Simulated data",
                "The texts and labels were made by a program. The numbers show how a study works and prove nothing "
                "about real data.",
                "simulated",
            )
        )
    if results.scored == "validation":
        found.append(
            Notice(
                "Validation split only, no verdict",
                "The scores are of the split that chose the weights, so they are too good.",
                "warning",
            )
        )
    failed = sum(run.failed is not None for run in results.runs)
    if failed:
        found.append(Notice(f"{failed} of {len(results.runs)} runs failed", "See Warnings.", "failure"))
    return (*found, *notices(results))
