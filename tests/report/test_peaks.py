from __future__ import annotations

import pytest

from report.fixtures import dialogue_results
from sharewise.compare.overfitting import find_peaks
from sharewise.compare.results import Results, Selection
from sharewise.report import markdown
from sharewise.report.costs import arms
from sharewise.report.curves import curves
from sharewise.report.document import Items, Paragraph
from sharewise.report.epochs import epoch_table
from sharewise.report.peaks import peaks, table


def rows_of(results: Results) -> dict[tuple[str, str], list[str]]:
    return {(r[0].text, r[1].text): [cell.text for cell in r[2:]] for r in table(results).rows}


def with_runs(results: Results, change) -> Results:
    runs = [change(run) for run in results.runs]
    return results.model_copy(
        update={"runs": runs, "peaks": find_peaks(results.tasks, list(results.arms), runs)}
    )


def test_sentences_come_before_the_table(dialogue):
    told, shown = peaks(dialogue).blocks
    assert isinstance(told, Items)
    assert told.items == tuple(dialogue.peak_sentences)
    assert any(text.startswith("hard over-fits ") for text in told.items)
    assert len(shown.rows) == len(dialogue.tasks) * len(dialogue.arms)


def test_where_nothing_was_found_that_is_said(dialogue):
    told = peaks(dialogue.model_copy(update={"peak_sentences": []})).blocks[0]
    assert isinstance(told, Paragraph)


def test_one_evaluation_has_no_peak():
    assert peaks(dialogue_results(seeds=(1,), epochs=1)).blocks == ()


def test_a_row_tells_epochs_of_each_seed_and_the_means(dialogue):
    peak = next(p for p in dialogue.peaks if (p.task, p.arm) == ("consistency", "hard"))
    row = rows_of(dialogue)["consistency", "hard"]
    seeds = ", ".join(f"{s.epoch:g}" for s in peak.seeds)
    assert row[0] == f"{peak.epoch:.2f}".rstrip("0").rstrip(".") + f" ({seeds})"
    assert row[2] == f"{sum(s.value for s in peak.seeds) / 3:.4f}"
    assert row[3] == f"{sum(s.kept_value for s in peak.seeds) / 3:.4f}"
    low, end = (sum(s.losses.validation_loss[i] for s in peak.seeds) / 3 for i in (0, 1))
    assert row[4] == f"{low:.3f} → {end:.3f}"


def test_overfitting_is_told_with_its_seeds(dialogue):
    calm = dialogue.peaks[0].model_copy(update={"overfits_from": None})
    results = dialogue.model_copy(update={"peaks": [calm, *dialogue.peaks[1:]]})
    for peak in results.peaks:
        told = rows_of(results)[peak.task, peak.arm][6]
        count = f"({peak.overfitting_seeds} of {len(peak.seeds)})"
        assert told == ("–" if peak.overfits_from is None else f"{peak.overfits_from:g} {count}")


def test_a_metric_that_still_rises_is_remarked(dialogue):
    rising = dialogue.peaks[0].model_copy(update={"still_rising": True})
    results = dialogue.model_copy(update={"peaks": [rising, *dialogue.peaks[1:]]})
    assert rows_of(results)[rising.task, rising.arm][-1].startswith("still rises")
    calm = [p.model_copy(update={"still_rising": False}) for p in dialogue.peaks]
    titles = [c.title for c in table(dialogue.model_copy(update={"peaks": calm})).columns]
    assert "Remarks" not in titles


def test_who_left_the_mixture_is_told(dialogue):
    results = with_runs(
        dialogue,
        lambda run: (
            run.model_copy(update={"stopped": {"unbias": float(run.seed)}}) if run.arm == "hard" else run
        ),
    )
    assert "left the mixture at epoch 1, 2 or 3" in rows_of(results)["unbias", "hard"][-1]
    assert "left" not in rows_of(results)["consistency", "hard"][-1]


def test_the_epoch_table_says_whose_training_loss_it_is(dialogue):
    run = next(r for r in dialogue.runs if r.arm == "hard")
    left = run.model_copy(update={"stopped": {"unbias": 1.0}})
    results = dialogue.model_copy(update={"runs": [left]})
    assert "had not left the mixture" in epoch_table(results, "hard", run.seed).note
    assert "left" not in epoch_table(dialogue, "hard", run.seed).note


def per_task(run):
    """Three states of a shared model: two tasks have one each."""
    if run.arm != "hard":
        return run
    best = Selection(epoch=run.best_epoch, step=run.best_step)
    others = [line for line in run.history if line.step != run.best_step]
    chosen = dict.fromkeys(run.updates, best)
    for task, line in zip(("unbias", "consistency"), others, strict=False):
        chosen[task] = Selection(epoch=line.epoch, step=line.step)
    return run.model_copy(update={"selected": chosen})


@pytest.fixture
def selected(dialogue) -> Results:
    return with_runs(dialogue, per_task)


def test_kept_weights_are_the_tasks_own(selected):
    run = next(r for r in selected.runs if r.arm == "hard")
    peak = next(p for p in selected.peaks if (p.task, p.arm) == ("unbias", "hard"))
    assert peak.seeds[0].kept_epoch == run.selected["unbias"].epoch != run.best_epoch
    section = curves(selected)
    chart = next(c for c in section.blocks[0].charts if c.title == "unbias: training loss")
    dots = [p for p in chart.spec["layer"][2]["data"]["values"] if p["arm"] == 1 and p["seed"] == run.seed]
    assert [dot["epoch"] for dot in dots] == [run.selected["unbias"].epoch]


def test_the_epoch_table_marks_each_tasks_own_epoch(selected):
    run = next(r for r in selected.runs if r.arm == "hard")
    shown = epoch_table(selected, "hard", run.seed)
    assert shown.strong is None
    assert "the weights that serve the task" in shown.note
    titles = [column.title for column in shown.columns]
    for task, chosen in run.selected.items():
        place = titles.index(f"{' '.join(w.capitalize() for w in task.split('_'))} Acc")
        bold = [i for i, row in enumerate(shown.rows) if row[place].bold]
        assert bold == [next(i for i, line in enumerate(run.history) if line.step == chosen.step)]


def test_states_are_explained_where_they_are_counted(dialogue, selected):
    assert "counts as one" in arms(selected).note
    assert "counts as one" not in arms(dialogue).note


def test_markdown_holds_the_same(dialogue):
    text = markdown(dialogue)
    assert "## Peaks and over-fitting" in text
    assert all(told.split(" on.")[0] in text for told in dialogue.peak_sentences)
