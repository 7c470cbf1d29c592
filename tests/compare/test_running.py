"""Finding and making single runs."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import pytest

from sharewise.compare import RunSpec, plan_runs
from sharewise.compare.packing import threads_set
from sharewise.compare.running import find_run, make_run
from sharewise.compare.workspace import Workspace
from sharewise.errors import RunError
from sharewise.files import locked
from tiny_study import Compared, SpyRun


def shared(compared: Compared) -> tuple[RunSpec, Workspace]:
    study = compared.study
    return next(r for r in plan_runs(study) if r.arm == "hard"), Workspace(study, compared.runs / ".cache")


def folder_of(compared: Compared) -> str:
    return next(r.folder for r in compared.results.runs if r.arm == "hard")


def test_a_finished_run_is_found_with_its_answers(compared: Compared) -> None:
    spec, space = shared(compared)
    found = find_run(spec, space, compared.root)
    assert found is not None
    assert found.record == next(r for r in compared.results.runs if r.arm == "hard")
    assert found.versions["torch"]
    assert found.machine["threads"] == "1"
    for split in ("validation", "test"):
        assert list(found.scores[split]) == ["polite", "loud", "topic", "good"]


@pytest.mark.parametrize("missing", ["run.json", "predictions.parquet"])
def test_a_run_without_one_of_its_files_is_not_finished(compared: Compared, missing: str) -> None:
    (compared.root / folder_of(compared) / missing).unlink()
    spec, space = shared(compared)
    assert find_run(spec, space, compared.root) is None


def test_a_run_of_another_hash_is_not_taken_for_it(compared: Compared) -> None:
    """Folders name eight digits of the hash only."""
    file = compared.root / folder_of(compared) / "run.json"
    content = json.loads(file.read_text())
    content["record"]["hash"] = content["record"]["hash"][:8] + "0" * 56
    file.write_text(json.dumps(content))
    spec, space = shared(compared)
    assert find_run(spec, space, compared.root) is None


def test_a_run_is_found_under_another_name_of_its_arm(compared: Compared) -> None:
    spec, space = shared(compared)
    found = find_run(replace(spec, arm="renamed"), space, compared.root)
    assert found is not None
    assert (found.record.arm, found.record.folder) == ("renamed", folder_of(compared))


def test_a_damaged_run_is_made_again_and_comes_out_the_same(compared: Compared) -> None:
    spec, space = shared(compared)
    before = find_run(spec, space, compared.root)
    folder = compared.root / folder_of(compared)
    (folder / "predictions.parquet").write_bytes(b"PAR1")
    (folder / ".model.0123456789ab.part").mkdir()
    (folder / ".run.77.part.json").touch()
    shutil.rmtree(folder / "model", ignore_errors=True)
    assert find_run(spec, space, compared.root) is None
    told = SpyRun()
    with threads_set(1):
        make_run(spec, space, compared.root, observer=told)
    after = find_run(spec, space, compared.root)
    assert before is not None
    assert after is not None
    assert after.record.metrics == before.record.metrics
    assert told.started == (0, len(told.steps))
    assert (len(told.evaluations), told.ended) == (1, 1)
    left = {path.name for path in folder.iterdir()}
    assert left == {".lock", "history.jsonl", "model", "predictions.parquet", "run.json"}


def test_the_files_of_a_run_say_how_it_was_made(compared: Compared) -> None:
    folder = compared.root / folder_of(compared)
    content = json.loads((folder / "run.json").read_text())
    assert content["configuration"]["training"]["learning_rate"] == 0.01
    assert content["configuration"]["tasks"]["topic"]["kind"] == "multiclass"
    assert content["record"]["updates"].keys() == {"polite", "loud", "topic", "good"}
    assert content["record"]["seconds"] > 0
    assert {"versions", "machine", "git"} <= content.keys()
    lines = [json.loads(line) for line in (folder / "history.jsonl").read_text().splitlines()]
    # A line leaves out the coefficients that a weighting with none to log doesn't have.
    assert [{"weights": {}} | line for line in lines] == content["record"]["history"]


def test_a_run_that_another_process_makes_is_left_to_it(
    compared: Compared, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sharewise.compare import running

    monkeypatch.setattr(running, "PATIENCE_SECONDS", 0.1)
    spec, space = shared(compared)
    with (
        locked(compared.root / folder_of(compared) / ".lock", busy="-"),
        pytest.raises(RunError, match="another process is making this run"),
    ):
        make_run(spec, space, compared.root, observer=SpyRun())
