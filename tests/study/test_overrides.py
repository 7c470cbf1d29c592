import pytest

from sharewise.models.options import ScratchOptions
from study.studies import NAMED, SCRATCH, changed, load, refusal


def test_a_key_is_set(tmp_path):
    study = load(
        tmp_path, NAMED, "training.epochs=1", "tasks.polite.weight=3", "data.reviews.train=other.csv"
    )
    assert study.training.epochs == 1
    assert study.training.patience == 2
    assert study.tasks["polite"].weight == 3.0
    assert study.data["reviews"].train == "other.csv"


def test_values_are_yaml(tmp_path):
    study = load(
        tmp_path, NAMED, "seeds=[1, 2]", "training.sampling={temperature: 3}", "training.learning_rate=1e-4"
    )
    assert study.seeds == (1, 2)
    assert study.training.sampling.temperature == 3.0
    assert study.training.learning_rate == 1e-4
    assert load(tmp_path, NAMED, "data.reviews.text=007").data["reviews"].text == "007"
    assert load(tmp_path, NAMED, "data.reviews.text=5").data["reviews"].text == "5"
    assert load(tmp_path, NAMED, "data.reviews.train=a=b.csv").data["reviews"].train == "a=b.csv"


def test_values_take_environment_variables(tmp_path, monkeypatch):
    monkeypatch.setenv("HERE", "/data")
    assert load(tmp_path, NAMED, "data.reviews.train=${HERE}/x.csv").data["reviews"].train == "/data/x.csv"


def test_the_last_one_holds(tmp_path):
    assert load(tmp_path, NAMED, "training.epochs=1", "training.epochs=4").training.epochs == 4


def test_sections_are_made_where_there_are_none(tmp_path):
    short = {k: NAMED[k] for k in ("name", "data", "tasks", "encoder")}
    study = load(
        tmp_path, short, "training.epochs=1", "report.epoch_metric=mcc", "arms.hard.training.epochs=2"
    )
    assert study.training.epochs == 1
    assert study.report.epoch_metric == "mcc"
    assert study.arms["hard"].training == {"epochs": 2}


def test_one_source_of_the_encoder_takes_the_others_place(tmp_path):
    named = load(tmp_path, SCRATCH, "encoder=/models/x").encoder
    assert (named.name, named.scratch, named.pooling) == ("/models/x", None, "mean")
    scratch = load(tmp_path, NAMED, "encoder.scratch.width=64").encoder
    assert (scratch.name, scratch.scratch, scratch.pooling) == (None, ScratchOptions(width=64), "cls")
    assert (scratch.revision, scratch.trust_remote_code) == (None, False)
    merged = load(tmp_path, SCRATCH, "encoder.scratch.layers=1").encoder.scratch
    assert (merged.layers, merged.width) == (1, 128)
    assert load(tmp_path, NAMED, "encoder={scratch: {}}").encoder.pooling == "mean"
    assert load(tmp_path, NAMED, "encoder.name=x").encoder.revision is None
    short = changed(NAMED, ("encoder",), "x")
    assert load(tmp_path, short, "encoder.pooling=cls").encoder.name == "x"
    assert load(tmp_path, short, "encoder.scratch={width: 64}").encoder.scratch == ScratchOptions(width=64)


def test_the_encoder_of_an_arm(tmp_path):
    arm = load(tmp_path, NAMED, "arms.big.encoder.scratch.width=64").arms["big"]
    assert arm.encoder == {"scratch": {"width": 64}, "pooling": "mean"}
    assert load(tmp_path, NAMED, "arms.hard.encoder=x").resolve("hard").encoder.name == "x"


def test_one_size_of_batches_takes_the_others_place(tmp_path):
    training = load(tmp_path, NAMED, "training.batch_rows=8").training
    assert training.batch_rows == 8
    assert load(tmp_path, SCRATCH, "training.batch_tokens=64").training.batch_rows is None
    assert (
        load(tmp_path, NAMED, "arms.big.training.batch_tokens=64").arms["big"].training["batch_tokens"] == 64
    )


def test_null_takes_a_key_away(tmp_path):
    assert load(tmp_path, NAMED, "training.epochs=null").training.epochs == 3
    assert load(tmp_path, NAMED, "training=null").training.patience == 3
    assert "big" not in load(tmp_path, NAMED, "arms.big=null", "arms.hard.baseline=~").arms
    assert (
        load(tmp_path, NAMED, "training.batch_rows=null", "data.reviews.group=null").training.batch_rows
        is None
    )
    assert load(tmp_path, NAMED, "data.reviews.validation=null").data["reviews"].validation == "10%"


def test_names_with_dots(tmp_path):
    study = changed(NAMED, ("arms",), {"v1.2": {}, "v1": {}})
    arms = load(tmp_path, study, "arms.v1.2.training.epochs=9", "arms.v1.training.epochs=8").arms
    assert arms["v1.2"].training == {"epochs": 9}
    assert arms["v1"].training == {"epochs": 8}


def test_whole_entries_may_be_added(tmp_path):
    study = load(tmp_path, NAMED, "arms.new={sharing: hard, training: {epochs: 1}}")
    assert study.arms["new"].training == {"epochs": 1}


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("training.epohcs=1", ["there is no such key here", "did you mean `epochs`?"]),
        ("training.epohcs=null", ["did you mean `epochs`?"]),
        ("trainig.epochs=1", [", trainig: there is no such key here", "did you mean `training`?"]),
        ("encoder.scratch.widht=64", ["did you mean `width`?"]),
        ("training.epochs=x", ['"x" is not a whole number from 1 to 10000']),
        ("seeds=[1, x]", [", seeds[1]", '"x" is not a whole number']),
        ("encoder=null", ["`encoder` is missing"]),
        ("arms.big.training.epochs=two", ['"two" is not']),
        ("arms.hrd.training.epochs=2", ["there is no arm `hrd`", "did you mean `hard`?", "'arms.hrd={…}'"]),
        ("arms.hrd=null", ["there is no arm `hrd`"]),
        ("tasks.plite.weight=2", ["there is no task `plite`", "did you mean `polite`?"]),
        ("data.rviews.train=x", ["there is no data set `rviews`", "did you mean `reviews`?"]),
        ("tasks.new={data: talk, kind: binary}", ["`label` is missing", "or `votes`"]),
        ("training.epochs.x=1", ["`training.epochs` is a value without keys"]),
        ("seeds.0=1", ["`seeds` is a list, and is set as a whole"]),
        ("seeds=[1", ["is not closed"]),
        ("data.reviews.train=${NO_SUCH_VARIABLE}", ["`NO_SUCH_VARIABLE` is not set"]),
        ("epochs", ["this is not key=value", "--set training.epochs=1"]),
        ("=1", ["this is not key=value"]),
        ("training.epochs=", ["this is not key=value"]),
    ],
)
def test_mistakes_are_located_at_the_option(tmp_path, override, words):
    message = refusal(tmp_path, NAMED, override)
    assert message.startswith(f"--set {override}")
    assert [word for word in words if word not in message] == []
    assert f"--set {override}, {override.partition('=')[0]}:" not in message


def test_mistakes_of_file_and_options_come_together(tmp_path):
    message = refusal(tmp_path, changed(NAMED, ("keep",), "best"), "training.epochs=x")
    assert message.startswith("study.yaml: 2 mistakes")
    assert "keep: " in message
    assert "--set training.epochs=x: " in message


def test_a_mistake_in_the_file_can_be_mended(tmp_path):
    broken = changed(NAMED, ("training", "epochs"), "three")
    assert load(tmp_path, broken, "training.epochs=3").training.epochs == 3
