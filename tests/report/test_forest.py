from report.fixtures import dialogue_results
from sharewise.report.forest import forests


def _data(figure, place=0):
    """The rows that the point layer of one drawing shows."""
    layers = figure.charts[place].spec["layer"]
    return next(layer["data"]["values"] for layer in layers if layer["encoding"].get("shape"))


def test_every_verdict_is_drawn_in_points_with_both_intervals(dialogue):
    (figure,) = forests(dialogue)
    for place in (0, 1):
        rows = _data(figure, place)
        for row, verdict in zip(rows, dialogue.verdicts, strict=True):
            assert row["difference"] == 100 * verdict.difference
            assert (row["low"], row["high"]) == tuple(100 * edge for edge in verdict.interval)
            assert (row["family_low"], row["family_high"]) == tuple(
                100 * edge for edge in verdict.interval_family
            )
            assert row["margin"] == 1.0


def test_a_metric_with_its_own_unit_has_its_own_figure(dialogue):
    edited = list(dialogue.verdicts)
    edited[0] = edited[0].model_copy(update={"metric": "mae", "difference": 0.2, "interval": (0.1, 0.3)})
    points, own = forests(dialogue.model_copy(update={"verdicts": edited}))
    assert len(_data(points)) == len(edited) - 1
    assert [(row["low"], row["high"]) for row in _data(own)] == [(0.1, 0.3)]
    assert own.charts[0].title == "Differences in MAE of linguistic_acceptability"


def test_verdicts_without_intervals_are_not_drawn(dialogue):
    bare = [v.model_copy(update={"interval": None, "interval_family": None}) for v in dialogue.verdicts]
    assert forests(dialogue.model_copy(update={"verdicts": bare})) == []


def test_rows_of_several_arms_stand_under_their_task():
    results = dialogue_results(arms=("single", "hard", "grouped"), epochs=1)
    rows = _data(forests(results)[0])
    places = [row["y"] for row in rows]
    assert places == sorted(places)
    assert [row["arm"] for row in rows[:4]] == ["hard", "grouped", "hard", "grouped"]
    assert places[1] - places[0] < places[2] - places[1]


def test_a_huge_simultaneous_interval_does_not_flatten_the_others(dialogue):
    edited = list(dialogue.verdicts)
    edited[0] = edited[0].model_copy(update={"interval_family": (-0.9, 0.9)})
    (figure,) = forests(dialogue.model_copy(update={"verdicts": edited}))
    axis = figure.charts[0].spec["layer"][1]["encoding"]["x"]["scale"]["domain"]
    assert max(abs(edge) for edge in axis) <= 3 * max(abs(100 * e) for v in edited for e in v.interval)
