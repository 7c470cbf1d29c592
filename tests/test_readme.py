"""Every command and snippet of the README runs, at a small size."""

from __future__ import annotations

import csv
import os
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
TINY = [
    "encoder.scratch={layers: 1, width: 16, vocabulary: 300}",
    "training={epochs: 1, max_length: 24, precision: fp32}",
    "seeds=[1]",
]
HATE = ("none", "offensive", "hate")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


def commands() -> list[str]:
    lines = [line.split("#")[0].strip() for block in blocks("bash") for line in block.splitlines()]
    return [line for line in lines if line]


def write_comments(path: Path, rows: int, *, delimiter: str, wrong_row: int | None = None) -> None:
    draw = random.Random(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow(["comments", "contain_gender_bias", "bias", "hate"])
        for row in range(rows):
            hate = "offensiv" if row == wrong_row else HATE[row % 3]
            text = f"comment {row} says {hate} things about {draw.choice(['films', 'songs', 'games'])}"
            writer.writerow([text, str(row % 2 == 0), draw.choice(["none", "gender", "others"]), hate])


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, rows in (("train", 60), ("test", 30)):
        write_comments(tmp_path / f"{name}.csv", rows, delimiter=",")
    for name, rows in (("train", 60), ("dev", 30)):
        write_comments(tmp_path / f"{name}.tsv", rows, delimiter="\t")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    return tmp_path


def run(command: str, *more: str) -> subprocess.CompletedProcess[str]:
    words = command.split()
    assert words[0] == "sharewise"
    call = [sys.executable, "-m", "sharewise.cli", *words[1:], *more]
    return subprocess.run(call, capture_output=True, text=True, timeout=300, check=False)


def overrides(*settings: str) -> list[str]:
    return [word for setting in (*TINY, *settings) for word in ("--set", setting)]


def test_the_readme_begins_with_two_commands() -> None:
    assert commands()[:2] == ["make demo", "make test"]
    assert all(c.startswith("sharewise ") for c in commands()[2:])


def test_commands_on_your_own_data(data: Path) -> None:
    for command in commands()[2:]:
        more = overrides() if " compare " in command or " audit " in command else []
        if " affinity " in command:
            # One update alone shows nothing.
            more = overrides("training.batch_rows=16")
        done = run(command.replace("runs/comments", f"runs/{data.name}"), *more)
        assert done.returncode == 0, done.stderr
    assert (data / "runs" / data.name / "report.html").is_file()
    assert len((data / "answers.csv").read_text(encoding="utf-8").splitlines()) == 31


def test_study_file_and_python(data: Path) -> None:
    import sharewise

    (data / "study.yaml").write_text(blocks("yaml")[0], encoding="utf-8")
    study = sharewise.load_study("study.yaml", overrides=list(TINY))
    assert list(study.tasks) == ["gender_bias", "bias", "hate"]
    (data / "study.yaml").write_text(_yaml(study), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", f"if __name__ == '__main__':\n{_indented(blocks('python')[0])}"],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "No verdict" in done.stdout or "can't tell" in done.stdout


def test_the_message_for_a_misspelt_label(data: Path) -> None:
    write_comments(data / "train.csv", 60, delimiter=",", wrong_row=5)
    (data / "study.yaml").write_text(
        "name: x\ndata:\n  d: {train: train.csv, text: comments}\n"
        "tasks:\n  hate: {data: d, kind: multiclass, label: hate, labels: [none, offensive, hate]}\n"
        "encoder: {scratch: {}}\n",
        encoding="utf-8",
    )
    done = run("sharewise compare study.yaml --plan")
    assert done.returncode == 2
    shown = next(line for line in README.splitlines() if ", line 7, column" in line)
    assert shown.strip() in done.stderr


@pytest.mark.parametrize("target", ["demo", "test", "check"])
def test_make_knows_its_targets(target: str) -> None:
    environment = os.environ | {"MAKEFLAGS": ""}
    done = subprocess.run(
        ["make", "--dry-run", target], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_demo_at_small_size(tmp_path: Path) -> None:
    """The demo's own commands, read from the Makefile, with fewer rows and a smaller encoder."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    recipe = makefile.partition("\ndemo:")[2].partition("\n\n")[0].splitlines()[1:]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "DIALOGUES": str(tmp_path / "data")}
    for line in recipe:
        command = line.strip().removeprefix("$(BIN)/").replace("demo/", f"{tmp_path}/")
        command = re.sub(r"--rows \d+ --test \d+", "--rows 200 --test 60", command)
        more = overrides() if " compare " in command else []
        call = [sys.executable, "-m", "sharewise.cli", *command.split()[1:], *more]
        done = subprocess.run(
            call, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False
        )
        assert done.returncode == 0, done.stderr
    assert "simulated" in done.stdout.lower()
    assert str(tmp_path / "runs" / "dialogue-quality-demo" / "report.html") in done.stdout.replace("\n", "")


def _yaml(study: object) -> str:
    import yaml

    dump = study.model_dump(mode="json", exclude_unset=True)  # type: ignore[attr-defined]
    return yaml.safe_dump(dump, allow_unicode=True, sort_keys=False)


def _indented(code: str) -> str:
    return "".join(f"    {line}\n" for line in code.splitlines())
