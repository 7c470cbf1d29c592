"""The GPU benchmark at small size on the CPU: it builds, checks, learns, and measures without Sharewise."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import pytest
import torch

FILE = Path(__file__).parents[1] / "benchmarks" / "gpu_dialogues.py"
SMALL = ["--epochs", "2", "--layers", "1", "--width", "32", "--heads", "2", "--rival-steps", "0"]


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("gpu_dialogues", FILE)
    module = importlib.util.module_from_spec(spec)
    sys.modules["gpu_dialogues"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["gpu_dialogues"]


@pytest.fixture(scope="module")
def cache(script, tmp_path_factory):
    folder = tmp_path_factory.mktemp("gpu") / "cache"
    script.main(["build", str(folder), "--rows", "320", "64", "--vocabulary", "500"])
    return folder


def test_it_measures_from_the_cache_alone(script, cache, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "sharewise", None)
    script.main(["measure", str(cache), *SMALL])
    found = json.loads(capsys.readouterr().out)
    assert found["rows"] == {"train": 320, "validation": 64}
    assert found["difference_to_transformers"] < 1e-4
    losses = [line["train_loss"] for line in found["history"]]
    assert losses[1] < losses[0]
    assert all(len(line["macro_f1"]) == 9 for line in found["history"])
    assert 0 < found["seconds_of_training"] <= found["seconds"]


def test_every_token_and_label_is_in_a_batch_once(script, cache):
    split = script.Split.read(cache, "train", torch.device("cpu"))
    order = torch.randperm(len(split)).numpy()
    seen = 0
    for first, batch in enumerate(script.batches(split, order, 64, 1)):
        rows = order[first * 64 : (first + 1) * 64]
        assert len(batch.starts) == len(rows) + 2
        assert len(batch.ids) % 256 == 0
        for row, start, end in zip(rows, batch.starts, batch.starts[1:], strict=False):
            expected = split.ids[split.offsets[row] : split.offsets[row + 1]]
            assert torch.equal(batch.ids[start:end], expected.long())
            assert batch.positions[start:end].tolist() == list(range(len(expected)))
        assert torch.equal(batch.targets, split.targets[rows])
        assert (batch.ids[batch.starts[-2] :] == 1).all()
        seen += len(rows)
    assert seen == len(split)


def test_another_models_states_are_refused(script, cache, monkeypatch):
    monkeypatch.setattr(script, "attend", lambda q, k, v, starts, longest: v)
    with pytest.raises(SystemExit, match="other states than padded ones"):
        script.main(["measure", str(cache), *SMALL])


def test_without_a_cache_measuring_says_what_to_do(script, tmp_path, capsys):
    with pytest.raises(SystemExit):
        script.main(["measure", str(tmp_path)])
    assert "`build` writes it where Sharewise is installed" in capsys.readouterr().err
