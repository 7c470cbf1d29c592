import pytest

from study.studies import NAMED, changed, load, located, refusal, without


@pytest.mark.parametrize(
    ("path", "value", "at", "words"),
    [
        (
            ("tasks", "stars", "data"),
            "review",
            "tasks.stars.data",
            "no data set `review`; did you mean `reviews`?",
        ),
        (("arms", "single"), {}, "arms.single", "is always there; give this arm another name"),
        (
            ("arms", "hard", "baseline"),
            "bgi",
            "arms.hard.baseline",
            "no other arm `bgi`; did you mean `big`?",
        ),
        (("arms", "hard", "baseline"), "hard", "arms.hard.baseline", "can't be its own baseline"),
        (
            ("arms", "hard", "sharing"),
            "hrad",
            "arms.hard.sharing",
            "no sharing method `hrad`; did you mean `hard`?",
        ),
        (
            ("arms", "big", "tasks", "polit"),
            {},
            "arms.big.tasks.polit",
            "no task `polit`; did you mean `polite`?",
        ),
        (
            ("arms", "big", "tasks", "polite", "weight"),
            "x",
            "arms.big.tasks.polite.weight",
            '"x" is not a number',
        ),
        (
            ("arms", "big", "tasks", "polite", "wieght"),
            1,
            "arms.big.tasks.polite.wieght",
            "did you mean `weight`?",
        ),
        (
            ("arms", "big", "tasks", "polite", "label"),
            "x",
            "arms.big.tasks.polite.label",
            "what the task is, which every arm shares",
        ),
        (("arms", "big", "training", "epochs"), 0, "arms.big.training.epochs", "0 is not a whole number"),
        (
            ("arms", "big", "training", "select"),
            "f1_macro",
            "arms.big.training.select",
            "did you mean `macro_f1`?",
        ),
        (
            ("arms", "big", "encoder", "pooling"),
            "max",
            "arms.big.encoder.pooling",
            '"max" is not cls or mean',
        ),
        (
            ("arms", "big", "encoder"),
            {"scratch": {"widht": 1}},
            "arms.big.encoder.scratch.widht",
            "mean `width`?",
        ),
        (
            ("arms", "big", "encoder"),
            {"name": "x", "scratch": {}},
            "arms.big.encoder",
            "name exactly one encoder",
        ),
        (("arms", "big", "encoder"), [], "arms.big.encoder", "an empty list is not a text or a mapping"),
        (("arms", "Hard"), {}, "arms.Hard", "differs from `hard` in case only"),
        (("arms", "a/b"), {}, "arms.a/b", "did you mean `a_b`?"),
        (("tasks", "Polite"), NAMED["tasks"]["polite"], "tasks.Polite", "differs from `polite` in case only"),
    ],
)
def test_names_must_refer(tmp_path, path, value, at, words):
    study = changed(NAMED, path, value)
    message = refusal(tmp_path, study)
    assert located(message, study) == at
    assert words in message


def test_a_metric_of_the_study_must_be_one_of_its_tasks(tmp_path):
    binary = {"tasks": {"polite": NAMED["tasks"]["polite"]}, "arms": {}}
    stars = {"tasks": {"stars": NAMED["tasks"]["stars"]}, "arms": {}, "report": {}}
    base = changed(NAMED, ("training",), {"select": "exact_match"})
    load(tmp_path, base | binary)
    message = refusal(tmp_path, base | stars)
    assert "training.select: no task of this study has the metric `exact_match`" in message
    assert "pearson, spearman, mae" in message
    message = refusal(tmp_path, changed(NAMED, ("report", "epoch_metric"), "pearson") | binary)
    assert "report.epoch_metric: no task of this study has the metric `pearson`" in message
    arm = base | binary | {"arms": {"a": {"training": {"select": "mae"}}}}
    assert "arms.a.training.select: no task of this study has the metric `mae`" in refusal(tmp_path, arm)


def test_every_data_set_has_a_test_split_or_none(tmp_path):
    message = refusal(tmp_path, without(NAMED, ("data", "reviews", "test")))
    assert "data.reviews.test: `test` is missing, and data set `talk` has one" in message
    neither = without(without(NAMED, ("data", "reviews", "test")), ("data", "talk", "test"))
    load(tmp_path, neither)
    unused = without(without(NAMED, ("data", "reviews", "test")), ("tasks", "stars"))
    load(tmp_path, without(unused, ("tasks", "topic")))


def test_a_mistake_of_the_study_is_not_repeated_for_its_arms(tmp_path):
    study = changed(NAMED, ("training", "epohcs"), 3)
    assert refusal(tmp_path, study).count("epohcs") == 2  # path and line
    study = changed(NAMED, ("encoder",), {"pooling": "cls"})
    assert (
        refusal(tmp_path, changed(study, ("arms", "big", "encoder"), {"dropout": 0.5})).count("name exactly")
        == 1
    )
    assert "arms" not in refusal(tmp_path, changed(study, ("arms", "big", "encoder"), "x"))


def test_arms_are_checked_though_the_rest_is_wrong(tmp_path):
    study = changed(NAMED, ("tasks", "polite", "kind"), "binery")
    study = changed(study, ("arms", "big", "training", "epohcs"), 1)
    message = refusal(tmp_path, study)
    assert "arms.big.training.epohcs" in message
    assert "tasks.polite.kind" in message
