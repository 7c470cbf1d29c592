"""Where and with what a run was made."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import torch

from sharewise.compare import environment
from sharewise.compare.environment import git_commit, machine, versions
from sharewise.compare.packing import threads_set


def test_versions_name_python_and_the_libraries_numbers_depend_on() -> None:
    found = versions()
    assert found["python"] == ".".join(map(str, sys.version_info[:3]))
    assert found["torch"] == torch.__version__.partition("+")[0] or found["torch"] == torch.__version__
    assert {"transformers", "tokenizers", "numpy", "polars", "scikit-learn", "scipy"} <= found.keys()


def test_the_machine_names_the_threads_of_now() -> None:
    with threads_set(2):
        assert machine()["threads"] == "2"
    with threads_set(1):
        found = machine()
    assert found["threads"] == "1"
    assert int(found["cores"]) >= 1
    assert found["memory"].endswith(" GiB")
    assert found["processor"]


def test_a_study_in_a_checkout_has_a_commit_that_says_whether_it_is_clean(tmp_path: Path) -> None:
    assert git_commit(tmp_path) is None

    def git(*arguments: str) -> str:
        identity = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
        done = subprocess.run(
            ["git", *identity, "-C", tmp_path, *arguments], check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    git("init", "-q")
    assert git_commit(tmp_path) is None  # There is no commit yet.
    (tmp_path / "study.yaml").write_text("name: a")
    git("add", ".")
    git("commit", "-q", "-m", "a")
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "results.json").touch()
    commit = git("rev-parse", "HEAD")
    assert git_commit(tmp_path) == commit
    (tmp_path / "study.yaml").write_text("name: b")
    assert git_commit(tmp_path) == f"{commit}+changes"


def test_without_git_there_is_no_commit(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert git_commit(Path(environment.__file__).parent) is None
