from __future__ import annotations

import math

import pytest
from pydantic import ValidationError

from sharewise.train import Temperature, TrainingOptions
from sharewise.train.options import SELECTIONS


@pytest.mark.parametrize(
    ("sampling", "temperature"),
    [
        ("proportional", 1.0),
        ("equal", math.inf),
        (Temperature(temperature=3.0), 3.0),
        ({"temperature": 2}, 2.0),
    ],
)
def test_temperature_of_sampling(sampling, temperature):
    assert TrainingOptions(sampling=sampling).temperature == temperature


def test_a_step_is_sized_by_tokens_or_by_rows():
    assert TrainingOptions(batch_rows=64).batch_rows == 64
    with pytest.raises(ValidationError, match="name only one of them"):
        TrainingOptions(batch_rows=64, batch_tokens=1024)


def test_select_takes_rules_and_metrics():
    for rule in ("mean", "worst", "loss", "macro_f1", "accuracy", "exact_match", "pearson"):
        assert rule in SELECTIONS
        assert TrainingOptions(select=rule).select == rule
    with pytest.raises(ValidationError, match="no rule or metric `best`"):
        TrainingOptions(select="best")


@pytest.mark.parametrize(
    "keys",
    [
        {"epochs": 10**24},
        {"max_length": 10**24},
        {"epochs": 0},
        {"patience": 0},
        {"evaluate_every": 0},
        {"evaluate_every": "step"},
        {"learning_rate": 0.0},
        {"warmup": 1.0},
        {"stop": "per_task"},
        {"precision": "fp16"},
        {"sampling": {"temperature": 0.5}},
        {"weight_decay": math.inf},
        {"steps": 3},
    ],
)
def test_what_makes_no_sense_is_refused(keys):
    with pytest.raises(ValidationError):
        TrainingOptions(**keys)
