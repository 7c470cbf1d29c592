"""Studies that hold every key between them, and what tests do with them."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest

from sharewise.errors import UserError
from sharewise.study import Study, load_study

# What no message may hold: words of pydantic and Python that aren't the study file's.
FOREIGN = (
    "Input should",
    "type=",
    "pydantic",
    "literal[",
    "constrained",
    "NoneType",
    "tuple",
    "dict[",
    "Traceback",
)

NAMED: dict[str, Any] = {
    "name": "demo",
    "data": {
        "talk": {
            "train": "train.csv",
            "validation": "valid.csv",
            "test": "10%",
            "text": ["question", "answer"],
            "group": "dialogue_id",
            "context": {"dialogue": "dialogue_id", "turn": "turn", "last": 2},
            "slice": ["turn", "topic"],
            "encoding": "cp949",
        },
        "reviews": {"train": "reviews.jsonl", "test": "10%", "text": "review"},
    },
    "tasks": {
        "polite": {
            "data": "talk",
            "kind": "binary",
            "label": "polite",
            "votes": {"yes": "polite_yes", "no": "polite_no"},
            "metric": "auroc",
            "weight": 2.0,
            "margin": 0.02,
            "labels": ["no", "yes"],
            "positive": "yes",
            "targets": "soft",
            "ties": "last",
            "vote_weights": "agreement",
            "map": {"0": "no", "1": "yes", "?": None},
            "prefix": "polite>",
            "threshold": "tuned",
            "calibration": "temperature",
            "pos_weight": "auto",
            "label_smoothing": 0.1,
            "gamma": 0.5,
            "gamma_negative": 4.0,
            "shift": 0.05,
        },
        "topic": {
            "data": "reviews",
            "kind": "multiclass",
            "label": "topic",
            "votes": ["first", "second"],
            "metric": "accuracy",
            "weight": 0.5,
            "margin": 0.01,
            "labels": ["off", "on", "007", 3],
            "targets": "majority",
            "ties": "first",
            "vote_weights": "equal",
            "map": {"a": "off", "b": 3},
            "prefix": "topic>",
            "calibration": "isotonic",
            "class_weights": {"off": 2.0, "3": 0.5},
            "label_smoothing": 0.1,
            "gamma": 2.0,
        },
        "stars": {
            "data": "reviews",
            "kind": "regression",
            "label": "stars",
            "votes": ["first", "second"],
            "metric": "mae",
            "weight": 1,
            "margin": 0.5,
            "map": {"bad": 1, "good": 5},
            "prefix": "stars>",
            "increment": 0.5,
            "minimum": 0,
            "maximum": 5.0,
        },
        "level": {
            "data": "talk",
            "kind": "ordinal",
            "label": "level",
            "votes": ["first", "second"],
            "metric": "qwk",
            "weight": 1,
            "margin": 0.5,
            "labels": [0, 1, 2],
            "increment": 1.0,
            "map": {"a": 0, "b": 2},
            "prefix": "level>",
            "threshold": {"2": "tuned", "3": 0.4},
            "calibration": "isotonic",
            "link": "cumulative",
            "class_weights": "balanced",
            "gamma": 1.0,
        },
        "tags": {
            "data": "talk",
            "kind": "multilabel",
            "label": ["tag_a", "tag_b"],
            "separator": "/",
            "votes": ["first", "second"],
            "metric": "exact_match",
            "weight": 1,
            "margin": 0.5,
            "labels": ["tag_a", "tag_b"],
            "map": {"x": True, "y": False},
            "prefix": "tags>",
            "threshold": 0.4,
            "calibration": "temperature",
            "pos_weight": {"tag_a": 2.0},
            "label_smoothing": 0.1,
            "gamma": 0.5,
            "gamma_negative": 4.0,
            "shift": 0.05,
        },
    },
    "encoder": {
        "name": "klue/roberta-base",
        "pooling": "cls",
        "dropout": 0.2,
        "revision": "main",
        "trust_remote_code": True,
    },
    "training": {
        "epochs": 3,
        "optimizer": "adafactor",
        "batch_tokens": 2048,
        "learning_rate": 2e-5,
        "warmup": 0.1,
        "weight_decay": 0.01,
        "max_gradient_norm": 1.0,
        "precision": "fp32",
        "kernels": "torch",
        "patience": 2,
        "evaluate_every": 100,
        "stop": "never",
        "select": "macro_f1",
        "max_length": 128,
        "sampling": "equal",
    },
    "seeds": [1, 2, 3],
    "arms": {
        "hard": {"sharing": "hard", "baseline": "big"},
        "big": {
            "encoder": {"name": "klue/roberta-large", "pooling": "mean"},
            "training": {"epochs": 2, "batch_rows": 32},
            "backend": {"name": "text2text", "objective": "labels"},
            "tasks": {"polite": {"weight": 1.0}},
        },
        "mlp": {"sharing": "hard", "head": "mlp"},
        "grouped": {
            "sharing": "grouped",
            "groups": "auto",
            "group_threshold": 0.5,
            "hidden": 64,
        },
        "interaction": {"sharing": "interaction", "scope": "groups"},
        "stitched": {"sharing": "cross_stitch", "towers": 1, "stitch": 0.8},
        "ple": {"sharing": "ple", "experts": 2, "task_experts": 1, "levels": 2},
        "soft": {"sharing": "soft", "strength": 0.1},
        "adapters": {"sharing": "adapters", "per_task": False, "bottleneck": 32, "freeze": True},
        "lora": {"sharing": "lora", "rank": 4, "alpha": 8},
        "weighted": {"weighting": {"method": "famo", "rate": 0.01}},
        "dwa": {"weighting": {"method": "dwa", "temperature": 1.0}},
        "stch": {"weighting": {"method": "stch", "smoothing": 0.5}},
        "boundary": {"weighting": {"method": "pbi", "theta": 1.0}},
        "cosmos": {"weighting": {"method": "cosmos", "similarity": 0.5}},
        "cagrad": {"weighting": {"method": "cagrad", "on": "representation", "radius": 0.5}},
        "nash": {"weighting": {"method": "nash_mtl", "update_every": 2, "max_norm": 2.0}},
        "aligned": {"weighting": {"method": "aligned_mtl", "scale": "rmse"}},
        "vaccine": {"weighting": {"method": "gradvac", "beta": 0.9}},
        "fair": {"weighting": {"method": "fairgrad", "alpha": 2.0}},
        "excess": {"weighting": {"method": "excess_mtl", "step_size": 0.5}},
    },
    "keep": "none",
    "report": {"epoch_metric": "accuracy", "rows": 5},
}

SCRATCH: dict[str, Any] = {
    "name": "scratch",
    "data": {**NAMED["data"], "talk": {**NAMED["data"]["talk"], "context": {"columns": ["before"]}}},
    "tasks": NAMED["tasks"],
    "encoder": {
        "scratch": {"layers": 2, "width": 128, "heads": 4, "vocabulary": 4000, "dropout": 0.0},
        "pooling": "mean",
    },
    "backend": {
        "name": "text2text",
        "objective": "labels",
        "score": "mean",
        "max_target_length": 8,
        "generate": True,
    },
    "training": {"batch_rows": 32, "sampling": {"temperature": 2.0}, "evaluate_every": "epoch"},
    "arms": {"hard": {}},
    "sweep": {"hard": {"training.learning_rate": [1e-4, 3e-4]}},
    "halving": True,
}

TECHNIQUES: dict[str, Any] = {
    "name": "techniques",
    "data": NAMED["data"],
    "tasks": NAMED["tasks"],
    "encoder": "klue/roberta-base",
    "training": {
        "r_drop": {"alpha": 0.5},
        "fgm": {"epsilon": 0.5},
        "curriculum": {"start": 0.4, "until": 0.6, "pace": "linear"},
    },
    "arms": {"hard": {}, "hidden": {"sharing": "grouped"}},
    "search": {
        "hidden": {"over": {"hidden": {"low": 16, "high": 64, "log": True}}, "trials": 5, "pruner": "none"}
    },
}

STUDIES = (NAMED, SCRATCH, TECHNIQUES)


def changed(study: dict[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """Set one key of a copy."""
    study = copy.deepcopy(study)
    section = study
    for step in path[:-1]:
        section = section[step]
    section[path[-1]] = value
    return study


def renamed(study: dict[str, Any], path: tuple[str, ...], name: str) -> dict[str, Any]:
    """Rename one key of a copy, in its place."""
    study = copy.deepcopy(study)
    section = study
    for step in path[:-1]:
        section = section[step]
    entries = [(name if key == path[-1] else key, value) for key, value in section.items()]
    section.clear()
    section.update(entries)
    return study


def without(study: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    """Take one key out of a copy."""
    study = copy.deepcopy(study)
    section = study
    for step in path[:-1]:
        section = section[step]
    del section[path[-1]]
    return study


def written(study: dict[str, Any]) -> str:
    """Write a study as JSON, which is YAML too, with a line for each key; quicker than YAML by far."""
    return json.dumps(study, indent=1, ensure_ascii=False)


def load(folder: Path, study: dict[str, Any] | str, *overrides: str) -> Study:
    """Write a study file and load it."""
    file = folder / "study.yaml"
    file.write_text(study if isinstance(study, str) else written(study), encoding="utf-8")
    return load_study(file, overrides=overrides)


def refusal(folder: Path, study: dict[str, Any] | str, *overrides: str) -> str:
    """Return the message with which a study is refused, the file called study.yaml."""
    with pytest.raises(UserError) as error:
        load(folder, study, *overrides)
    message = str(error.value).replace(str(folder / "study.yaml"), "study.yaml")
    assert not [word for word in FOREIGN if word in message], message
    return message


def located(message: str, study: dict[str, Any]) -> str:
    """Return the path that a message names, after a look whether its key stands on the line that it names."""
    place = re.search(r"line (\d+), ([^ ]+): (`\w+` is missing)?", message)
    assert place, message
    line = written(study).splitlines()[int(place[1]) - 1].strip()
    path = place[2].split(".")[:-1] if place[3] else place[2].split(".")
    assert "[" in path[-1] or line.startswith(f'"{path[-1]}":'), (message, line)
    return place[2]
