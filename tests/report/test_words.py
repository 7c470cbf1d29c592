import pytest

from sharewise.report import words


@pytest.mark.parametrize(
    ("value", "metric", "told"),
    [
        (0.0123, "mcc", "+1.23"),
        (-0.0045, "macro_f1", "−0.45"),
        (0.0, "mcc", "0.00"),
        (0.00001, "mcc", "+0.001"),
        (0.034, "mae", "+0.034"),
        (-0.00004, "mae", "0.0000"),
    ],
)
def test_differences_are_in_points_or_the_metrics_own_unit(value, metric, told):
    assert words.difference(value, metric) == told


def test_an_interval_bound_that_is_not_zero_does_not_look_like_zero():
    assert words.interval((0.00002, 0.02), "mcc") == "[+0.002, +2.00]"


@pytest.mark.parametrize(
    ("p", "told"), [(0.00001, "< .0001"), (0.0327, ".0327"), (0.185, ".185"), (1.0, "1.000")]
)
def test_p_values(p, told):
    assert words.p_value(p) == told


@pytest.mark.parametrize(
    ("seconds", "told"), [(3.25, "3.2 s"), (3486, "58 min 06 s"), (59.99, "60.0 s"), (8349, "2 h 19 min")]
)
def test_durations(seconds, told):
    assert words.duration(seconds) == told


def test_names():
    assert words.heading("no_hallucination") == "No Hallucination"
    assert words.heading("AMCD") == "AMCD"
    assert words.metric_name("macro_f1") == "F1 Score (Macro)"
    assert words.metric_name("some_new_metric") == "Some New Metric"
    assert words.listing(["a"]) == "a"
    assert words.listing(["a", "b", "c"]) == "a, b and c"


def test_one_seed_has_no_deviation():
    assert words.mean_sd(0.5, float("nan")) == "0.5000"
    assert words.mean_sd(0.5, 0.01) == "0.5000 ± 0.0100"


def test_errors_are_better_low():
    lower = [m for m in ("loss", "mae", "brier", "mcc", "pearson") if not words.higher_is_better(m)]
    assert lower == ["loss", "mae", "brier"]
