import pytest

from report.fixtures import dialogue_results
from sharewise.report.charts import draw
from sharewise.report.curves import curves


def _layer(section, title, place):
    chart = next(chart for chart in section.blocks[0].charts if chart.title == title)
    return chart.spec["layer"][place]["data"]["values"]


def test_each_task_has_both_losses_and_its_metric(dialogue):
    charts = curves(dialogue).blocks[0].charts
    assert [c.title for c in charts[:3]] == [
        "linguistic_acceptability: training loss",
        "linguistic_acceptability: validation loss",
        "linguistic_acceptability: validation MCC",
    ]
    assert len(charts) == 27


def test_thin_lines_are_seeds_and_thick_ones_their_mean(dialogue):
    section = curves(dialogue)
    thin = _layer(section, "consistency: validation loss", 0)
    thick = _layer(section, "consistency: validation loss", 1)
    hard = [p["value"] for p in thin if p["arm"] == 1 and p["epoch"] == 2.0]
    mean = next(m["value"] for m in thick if m["arm"] == 1 and m["epoch"] == 2.0)
    assert len(hard) == len(dialogue.seeds)
    assert mean == pytest.approx(sum(hard) / len(hard))


def test_the_mean_ends_where_the_first_seed_stops(dialogue):
    runs = [
        run.model_copy(update={"history": run.history[:2]}) if (run.arm, run.seed) == ("hard", 1) else run
        for run in dialogue.runs
    ]
    section = curves(dialogue.model_copy(update={"runs": runs}))
    thick = [m for m in _layer(section, "unbias: training loss", 1) if m["arm"] == 1]
    assert [m["epoch"] for m in thick] == [1.0, 2.0]


def test_a_dot_marks_the_selected_evaluation_of_each_seed(dialogue):
    dots = [p for p in _layer(curves(dialogue), "unbias: training loss", 2) if p["arm"] == 1]
    best = {(run.seed, run.best_epoch) for run in dialogue.runs if run.arm == "hard"}
    assert {(dot["seed"], dot["epoch"]) for dot in dots} == best


def test_a_quantity_that_no_run_has_gets_no_chart(dialogue):
    def without(metrics):
        return {name: value for name, value in metrics.items() if name != "train_loss"}

    def bare(line):
        return line.model_copy(
            update={"tasks": {task: without(metrics) for task, metrics in line.tasks.items()}}
        )

    runs = [run.model_copy(update={"history": [bare(line) for line in run.history]}) for run in dialogue.runs]
    titles = {chart.title for chart in curves(dialogue.model_copy(update={"runs": runs})).blocks[0].charts}
    assert len(titles) == 18
    assert not any("training loss" in title for title in titles)


def test_one_evaluation_is_no_curve():
    assert curves(dialogue_results(seeds=(1,), epochs=1)).blocks == ()


def test_a_run_of_less_than_an_epoch_has_its_ends_as_ticks(dialogue):
    def early(run):
        return [line.model_copy(update={"epoch": line.epoch / 10}) for line in run.history]

    runs = [run.model_copy(update={"history": early(run)}) for run in dialogue.runs]
    chart = curves(dialogue.model_copy(update={"runs": runs})).blocks[0].charts[0]
    assert chart.spec["layer"][0]["encoding"]["x"]["axis"]["values"] == [0.1, 0.4]
    assert "<path" in draw(chart)
