"""The recommended model in one folder, with what was found out about it."""

from __future__ import annotations

import json
import shutil

import pytest

from sharewise.compare import ship
from sharewise.compare.results import Recommendation
from sharewise.compare.shipping import ship_anew
from sharewise.errors import UserError
from sharewise.models.saved import load_models


def recommending(compared, arm):
    return compared.results.model_copy(update={"recommendation": Recommendation(arm=arm, reason="It won.")})


def test_compare_leaves_the_recommended_model(compared):
    loaded = load_models(compared.root / "model")
    assert sorted(task for model in loaded for task in model.tasks) == sorted(compared.results.tasks)


def test_single_ships_as_a_model_a_task(compared, tmp_path):
    shipped = ship(recommending(compared, "single"), compared.root, tmp_path / "model")
    assert (shipped.arm, shipped.models, shipped.reason) == ("single", 4, "It won.")
    assert [list(model.tasks) for model in load_models(shipped.folder)] == [
        ["polite"],
        ["loud"],
        ["topic"],
        ["good"],
    ]


def test_a_shared_arm_ships_as_one_model_with_its_facts(compared, tmp_path):
    shipped = ship(compared.results, compared.root, tmp_path / "model", arm="hard", licence="mit")
    (model,) = load_models(shipped.folder)
    record = next(r for r in compared.results.runs if r.arm == "hard" and r.seed == shipped.seed)
    manifest = model.manifest
    assert manifest.study["run"] == record.hash
    assert manifest.texts == {"talk": ("text",), "reviews": ("review",)}
    assert manifest.licence.model == "mit"
    assert set(manifest.languages) <= {"en", "und"}
    for task, by_split in manifest.metrics.items():
        for split, found in by_split.items():
            assert found.value == pytest.approx(record.metrics[task][split][found.metric])
            low, high = found.interval
            assert low <= found.value <= high


def test_other_arms_and_lost_weights_are_refused(compared, tmp_path):
    with pytest.raises(UserError, match="did you mean `hard`"):
        ship(compared.results, compared.root, tmp_path / "model", arm="hrad")
    for folder in (compared.root / "hard").glob("all/*/model"):
        shutil.rmtree(folder)
    with pytest.raises(UserError, match=r"no weights of arm 'hard' are on disk"):
        ship(compared.results, compared.root, tmp_path / "model", arm="hard")
    ship_anew(recommending(compared, "hard"), compared.root)
    assert not (compared.root / "model").exists()


def test_the_shipped_folder_is_readable_json(compared):
    folder = next((compared.root / "hard").glob("all/*/model"))
    content = json.loads((folder / "sharewise.json").read_text(encoding="utf-8"))
    assert content["thresholds"] == {}
    assert content["calibration"] == {}
    assert set(content["study"]["labels"]) == {"polite", "loud", "topic", "good"}
