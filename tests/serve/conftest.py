"""Tiny saved models and scorers, made once a session."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from models.families import TEXTS
from models.saving import save_tiny
from sharewise.models.calibration import Calibration
from sharewise.models.manifest import SavedContext
from sharewise.models.saved import save_models
from sharewise.serve import Scorer
from sharewise.tasks import BinaryOptions, MulticlassOptions, RegressionOptions, Task

FRAME = pl.DataFrame({"text": TEXTS, "pair": [None] * len(TEXTS)}, schema_overrides={"pair": pl.String})


def make_tasks() -> dict[str, Task]:
    return {
        "polite": BinaryOptions(data="d", label="polite").build("polite", pl.Series(["yes", "no"])),
        "topic": MulticlassOptions(data="d", label="t").build("topic", pl.Series(["food", "sport", "art"])),
        "stars": RegressionOptions(data="d", label="s").build("stars", pl.Series([1.0, 2.5, 4.0])),
    }


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shared model, trained on single texts; the threshold of `polite` isn't .5, and `topic` is calibrated."""
    folder = tmp_path_factory.mktemp("shared") / "model"
    save_tiny(
        folder,
        FRAME,
        make_tasks(),
        texts={"d": ("text",)},
        thresholds={"polite": (0.7,)},
        calibration={"topic": Calibration(temperature=2.0)},
    )
    return folder


@pytest.fixture(scope="session")
def scorer(model_folder: Path) -> Scorer:
    return Scorer.load(model_folder)


@pytest.fixture(scope="session")
def pair_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three single-task models, trained on question and answer."""
    home = tmp_path_factory.mktemp("single")
    parts = {}
    for seed, (name, task) in enumerate(make_tasks().items()):
        parts[name] = home / "parts" / name
        save_tiny(parts[name], FRAME, {name: task}, seed=seed, texts={"d": ("question", "answer")})
    save_models(home / "model", parts)
    return home / "model"


@pytest.fixture(scope="session")
def pair_scorer(pair_folder: Path) -> Scorer:
    return Scorer.load(pair_folder)


@pytest.fixture(scope="session")
def turn_scorer(tmp_path_factory: pytest.TempPathFactory) -> Scorer:
    """A shared model, trained on questions and answers with up to two earlier turns."""
    folder = tmp_path_factory.mktemp("turns") / "model"
    context = SavedContext(dialogue="id", turn="n", turns=2, texts=2)
    save_tiny(folder, FRAME, make_tasks(), texts={"d": ("question", "answer")}, context={"d": context})
    return Scorer.load(folder)
