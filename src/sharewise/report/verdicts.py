"""The verdicts: a sentence each, the forest plot, and every number behind them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from sharewise.compare.results import Results
from sharewise.compare.sentences import out_of_reach
from sharewise.compare.verdict import Verdict
from sharewise.report.document import Block, Folded, Items, Paragraph, Section
from sharewise.report.forest import forests
from sharewise.report.tables import NONE, Cell, Column, Table, Tone, number
from sharewise.report.words import count, difference, in_points, interval, metric_name, p_value, scale, size

NO_VERDICT = "no verdict"
_FOUND = ("helps", "hurts", "equivalent")
_MANY = 12
"""Verdicts from which on the inconclusive sentences are folded."""
_ORDER = ("helps", "hurts", "equivalent", "inconclusive", NO_VERDICT)


def verdicts(results: Results) -> Section:
    """Sentences, plot and table; of a study without verdicts, why there are none."""
    if not results.verdicts:
        return Section("verdicts", "Verdicts", (Paragraph(why_none(results)),))
    several = len({verdict.arm for verdict in results.verdicts}) > 1
    return Section(
        "verdicts",
        "Verdicts",
        (
            Paragraph(tally(results) if _decidable(results) else why_none(results)),
            *([overview(results)] if several else []),
            *forests(results),
            *sentences(results),
            verdict_table(results),
            *_remarks(results),
        ),
    )


def why_none(results: Results) -> str:
    """Why a study has no verdict."""
    if results.scored == "validation":
        return (
            "No verdict: the study has no test split, and the validation split chose the weights. "
            'A test split makes verdicts possible; a fraction such as test: "10%" cuts one.'
        )
    if len(results.seeds) < 3:
        seeds = "one seed" if len(results.seeds) == 1 else f"{len(results.seeds)} seeds"
        return f"No verdict: {seeds} can't tell an effect from chance; three can, and five settle it."
    if results.verdicts:
        return "No verdict: no difference has an interval; the marks below say why."
    return "No verdict: no arm was compared with a baseline."


def _decidable(results: Results) -> bool:
    """Whether any comparison could have a verdict."""
    return any(verdict.interval is not None for verdict in results.verdicts)


def said(verdict: Verdict) -> str:
    """The verdict's word, or that there is none where there is no interval."""
    return verdict.verdict if verdict.interval is not None else NO_VERDICT


def tally(results: Results) -> str:
    """How often each verdict was said, over all arms."""
    counts = Counter(said(verdict) for verdict in results.verdicts)
    told = ", ".join(f"{counts[word]} {word}" for word in _ORDER if counts[word])
    return f"{_comparisons(len(results.verdicts))} of an arm with its baseline: {told}."


def _comparisons(number: int) -> str:
    return "1 comparison" if number == 1 else f"{number} comparisons"


def sentences(results: Results) -> list[Block]:
    """The plain sentences, under a heading an arm where there are several; of many, what wasn't found is folded."""
    told: dict[str, list[tuple[Verdict, str]]] = {}
    for sentence, verdict in zip(results.sentences, results.verdicts, strict=True):
        told.setdefault(verdict.arm, []).append((verdict, sentence))
    brief = len(results.verdicts) > _MANY or not _decidable(results)
    blocks: list[Block] = []
    for arm, own in told.items():
        ordered = sorted(own, key=lambda pair: _ORDER.index(said(pair[0])))
        shown = [text for verdict, text in ordered if not brief or said(verdict) in _FOUND]
        folded = [text for verdict, text in ordered if brief and said(verdict) not in _FOUND]
        if shown:
            blocks.append(Items(tuple(shown), title=arm if len(told) > 1 else ""))
        if folded:
            blocks.append(Folded(f"{arm}: {len(folded)} undecided", (Items(tuple(folded)),)))
    return blocks


def overview(results: Results) -> Table:
    """Tasks down, arms across: each verdict and its difference at a glance."""
    arms = list(dict.fromkeys(v.arm for v in results.verdicts))
    by_place = {(v.task, v.arm): v for v in results.verdicts}
    rows = tuple(
        (Cell(task), *(_glance(by_place.get((task, arm))) for arm in arms)) for task in results.tasks
    )
    return Table(
        (Column("Task", numeric=False), *(Column(arm) for arm in arms)),
        rows,
        caption="At a glance: each verdict, and the difference from the baseline",
    )


def _glance(verdict: Verdict | None) -> Cell:
    if verdict is None or verdict.difference is None:
        return Cell(NONE, tone="muted")
    told = f"{said(verdict)} {difference(verdict.difference, verdict.metric)}"
    return Cell(told, sort=verdict.difference, tone=_tone(verdict))


def _tone(verdict: Verdict) -> Tone:
    return verdict.verdict if verdict.interval is not None else "muted"


def verdict_table(results: Results) -> Table:
    """A row a task and arm, with all that a verdict rests on."""
    marks = _marks(results)
    numbers = ("Difference", "95 % interval", "Simultaneous", "Adjusted p", "Detectable", "Deciding rows")
    # What is the same in every row says nothing, and a page is only so wide.
    several = len({v.arm for v in results.verdicts}) > 1
    titles = ("Task", *(("Arm",) if several else ()), "Verdict", *numbers, "Marks")
    own = [f"{v.task} in {metric_name(v.metric)}" for v in results.verdicts if not in_points(v.metric)]
    units = "points (.01) of the primary metric" + "".join(f", {told}" for told in dict.fromkeys(own))
    return Table(
        tuple(Column(title, numeric=title in numbers) for title in titles),
        tuple(_row(verdict, marks, several=several) for verdict in results.verdicts),
        caption=f"Differences of {'each arm' if several else results.verdicts[0].arm} from the baseline, in {units}",
        note="Positive is better. Simultaneous: the intervals that hold for all comparisons at once. Adjusted p: "
        f"Holm's, over {_comparisons(results.verdicts[0].m)}. Detectable: the true difference that such a study finds "
        "four times in five (none: not even a hundred points). Deciding rows (groups, where declared): those that arm "
        "and baseline answer differently. A verdict says nothing about another training sample.",
        stub=2 if several else 1,
    )


def _row(verdict: Verdict, marks: Mapping[str, int], *, several: bool) -> tuple[Cell, ...]:
    metric = verdict.metric
    remarks = ["not worse"] * (verdict.not_worse is True) + [str(marks[mark]) for mark in verdict.marks]
    return (
        Cell(verdict.task),
        *((Cell(verdict.arm),) if several else ()),
        Cell(said(verdict), tone=_tone(verdict)),
        number(verdict.difference, lambda value: difference(value, metric)),
        _interval(verdict.interval, metric),
        _interval(verdict.interval_family, metric),
        number(verdict.p_adjusted, p_value),
        Cell("none", tone="muted")
        if out_of_reach(verdict)
        else number(verdict.detectable, lambda value: size(value, metric)),
        number(verdict.deciding_rows, count),
        Cell(", ".join(remarks) or NONE, tone="" if remarks else "muted"),
    )


def _interval(bounds: tuple[float, float] | None, metric: str) -> Cell:
    """Sorted by its lower end: what is surely gained."""
    if bounds is None:
        return Cell(NONE, tone="muted")
    return Cell(interval(bounds, metric), sort=bounds[0] * scale(metric))


def _marks(results: Results) -> dict[str, int]:
    """Every different mark and its number, in the order of the table."""
    found = dict.fromkeys(mark for verdict in results.verdicts for mark in verdict.marks)
    return {mark: index for index, mark in enumerate(found, start=1)}


def _remarks(results: Results) -> list[Block]:
    marks = _marks(results)
    told = [f"{index}: {mark}" for mark, index in marks.items()]
    if any(verdict.not_worse for verdict in results.verdicts):
        told.append("not worse: the 90 % interval leaves out any loss larger than the margin.")
    return [Items(tuple(told), title="Marks")] if told else []
